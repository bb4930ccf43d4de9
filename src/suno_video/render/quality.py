"""Judges what a backend made, without any model: black, flat, frozen, static, drifting, cut in the middle.

Text is judged in `letters`, where there is something that reads it.

Every threshold is a constant with its reason; `docs/quality.md` has what was measured. They are meant to find what
nobody would show, and to let everything else pass: a false alarm costs another clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from suno_video.backends.base import ClipRequest
from suno_video.media.watch import Series, Watched, correlation, watch_still

ALL_CHECKS = ("black", "flat", "frozen", "static", "blown", "drift", "cut", "join", "text")
"""Every check by its name, in the order in which they are made: the first one that finds something is told."""

MOST = 0.5
"""A picture that is black or flat for more than this part of its frames is; a fade in or out is much less."""
BLACK_LIGHT = 24.0
"""Light (16 is black) that all but half a percent of a black picture stay below: noise of an encoder, and no star."""
FLAT_SPREAD = 1.5
"""Spread of light and of colour (levels) of a picture in which nothing is: our own footage has 13 and 5 at least."""
FROZEN_MOVE = 3.0
"""Levels by which the few points that change most must differ from the first frame. An encoder makes up to 2 of its own
in a clip of one still picture; a lid that closes, or a zoom by half a percent, makes 10 and more."""
SHORTEST_FROZEN = 8
"""Frames below which a clip may stand still."""
STATIC_SMOOTH = 0.3
"""Correlation of neighbours, and of frames with the frame before, below which a picture is static (0 is pure noise).
The busiest of our own footage has 0.56."""
STATIC_SPREAD = 4.0
"""Spread of the light from which static is seen: points are means over many, which leave little of fine noise."""
BLOWN_SHARE, BLOWN_GROWTH = 0.6, 0.4
"""Share of the last frames that is white (or crushed to black), and by how much that grew over the clip."""
DRIFT = 45.0
"""Levels of colour (of 112) by which the mean may move over a clip: more than from a red picture to a grey one."""
CUT_CHANGE, CUT_FACTOR, CUT_STAYS = 30.0, 5.0, 25.0
"""A cut changes the light by so many levels from one frame to the next, by so many times more than the clip does
otherwise, and the picture after it stays so far from the one before it: a flash of lightning comes back."""
CUT_LOOK, CUT_ALIKE = 4, 0.5
"""How many frames before and after a change are compared, and the correlation from which they are one picture."""
JOIN_LIGHT, JOIN_COLOUR, JOIN_ALIKE = 60.0, 40.0, 0.3
"""How far light and colour of the first frame may be from the still it starts from, or else it must look like it: a
model may grade anew, but not show something else in other colours."""
_END = 0.15
"""Part of a clip that is taken for its beginning and for its end."""


@dataclass(frozen=True)
class Flaw:
    """Something that must not be shown."""

    check: str
    """Name of the check that found it."""
    words: str
    """For people: what is seen."""


def judge_clip(watched: Watched, request: ClipRequest, *, starts_from_still: bool) -> Iterator[Flaw]:
    """Give what is wrong with a clip, in the order of `ALL_CHECKS`.

    Args:
        starts_from_still: Whether the backend begins with `request.first_frame`, where there is one.
    """
    yield from _black(watched)
    yield from _flat(watched)
    if request.motion.amount > 0:
        yield from _frozen(watched)
    yield from _static(watched)
    yield from _blown(watched)
    yield from _drift(watched)
    yield from _cut(watched)
    if starts_from_still and request.first_frame is not None:
        yield from _join(watched, watch_still(request.first_frame))


def judge_still(watched: Watched) -> Iterator[Flaw]:
    """Give what is wrong with a still."""
    yield from _black(watched)
    yield from _flat(watched)
    if np.median(watched.smooth) < STATIC_SMOOTH and np.median(watched.detail) > STATIC_SPREAD:
        yield Flaw("static", "it is nothing but noise")


def flicker_of(watched: Watched) -> float:
    """How much the light of the whole picture trembles from frame to frame, in levels; 0 for one frame or two.

    A beat that flashes and fades is no flicker: what counts is the median over all frames of how far each is from the
    mean of its two neighbours.
    """
    if watched.n_frames < 3:
        return 0.0
    light = watched.light
    return float(np.median(np.abs(light[1:-1] - (light[:-2] + light[2:]) / 2)))


def numbers_of(watched: Watched) -> dict[str, float]:
    """Give what a receipt keeps of a clip: `flicker` and `motion` in levels, mean `light`."""
    return {
        "flicker": round(flicker_of(watched), 3),
        "motion": round(float(watched.change[1:].mean()), 3) if watched.n_frames > 1 else 0.0,
        "light": round(float(watched.light.mean()), 1),
    }


def _black(watched: Watched) -> Iterator[Flaw]:
    share = float((watched.brightest <= BLACK_LIGHT).mean())
    if share > MOST:
        yield Flaw("black", "its picture is black" + ("" if share == 1 else f" for {share:.0%} of its frames"))


def _flat(watched: Watched) -> Iterator[Flaw]:
    share = float(((watched.detail < FLAT_SPREAD) & (watched.colours < FLAT_SPREAD)).mean())
    if share > MOST:
        yield Flaw("flat", "its picture is one colour and nothing else")


def _frozen(watched: Watched) -> Iterator[Flaw]:
    if watched.n_frames >= SHORTEST_FROZEN and float(watched.moved.max()) < FROZEN_MOVE:
        yield Flaw("frozen", "nothing moves from beginning to end")


def _static(watched: Watched) -> Iterator[Flaw]:
    is_noise = np.median(watched.smooth) < STATIC_SMOOTH and np.median(watched.detail) > STATIC_SPREAD
    # A fine pattern that stays is a pattern; noise is another one in each frame.
    if is_noise and watched.n_frames > 1 and np.median(watched.alike[1:]) < STATIC_SMOOTH:
        yield Flaw("static", "it is nothing but noise")


def _blown(watched: Watched) -> Iterator[Flaw]:
    for share, words in ((watched.white, "blown out to white"), (watched.black, "sunk into black")):
        first, last = _ends(share)
        if last > BLOWN_SHARE and last - first > BLOWN_GROWTH and watched.n_frames >= SHORTEST_FROZEN:
            yield Flaw("blown", f"it ends {words} over {last:.0%} of its picture")


def _drift(watched: Watched) -> Iterator[Flaw]:
    moved = max(abs(last - first) for first, last in (_ends(watched.blue), _ends(watched.red)))
    if moved > DRIFT:
        yield Flaw("drift", f"its colour drifts by {moved:.0f} levels")


def _cut(watched: Watched) -> Iterator[Flaw]:
    if watched.n_frames < 2 * SHORTEST_FROZEN:
        return
    changes = watched.change[1:]
    number = int(changes.argmax())
    others = np.delete(changes, number)
    if changes[number] < CUT_CHANGE or changes[number] < CUT_FACTOR * float(np.percentile(others, 90)):
        return
    # What is another picture stays another: a flash comes back, and a light that goes on shows the same things.
    before, after = (watched.thumbs[at].astype(np.float32) for at in _around(number, watched.n_frames))
    stays = float(np.abs(after - before).mean())
    if stays > CUT_STAYS and correlation(before, after) < CUT_ALIKE:
        yield Flaw("cut", f"another picture begins at frame {number + 1}")


def _around(number: int, n_frames: int) -> tuple[int, int]:
    """Frames a little before and a little after a change."""
    return max(0, number - CUT_LOOK), min(n_frames - 1, number + 1 + CUT_LOOK)


def _join(watched: Watched, still: Watched) -> Iterator[Flaw]:
    light = abs(float(watched.light[0] - still.light[0]))
    colour = max(abs(float(watched.blue[0] - still.blue[0])), abs(float(watched.red[0] - still.red[0])))
    if (light > JOIN_LIGHT or colour > JOIN_COLOUR) and watched.likeness(still) < JOIN_ALIKE:
        yield Flaw("join", "it does not begin with the still that it was given")


def _ends(series: Series) -> tuple[float, float]:
    n = max(1, round(len(series) * _END))
    return float(series[:n].mean()), float(series[-n:].mean())
