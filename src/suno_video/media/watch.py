"""Watches a clip or a still once, small, and keeps a few numbers of each frame: what all checks of pictures go by.

Light and colour are as in the file of a film: 16 is black, 235 white, 128 no colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suno_video.core.frames import I420, FrameSize, planes
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_frames

LOOK = FrameSize(width_px=96, height_px=54)
"""Every picture is seen at this size, whatever its shape: enough for all that is looked for, and quickly compared."""
BLACK, WHITE = 24, 228
"""Light at or below, at or above which nothing more is seen in a picture (16 and 235 are the ends of the scale)."""
_TOP_PIXELS = 8
_THUMB = (32, 18)

Series = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Watched:
    """A few numbers of each frame. Every series has one value a frame; those that compare have 0 for the first."""

    n_frames: int
    light: Series
    """Mean of the light."""
    blue: Series
    """Mean of Cb."""
    red: Series
    """Mean of Cr."""
    brightest: Series
    """Light that all but the brightest half percent stay below."""
    detail: Series
    """Spread (standard deviation) of the light within the frame."""
    colours: Series
    """Spread of the colour within the frame, of Cb or Cr, whichever is more."""
    white: Series
    """Share of the picture that is blown out."""
    black: Series
    """Share of the picture that is crushed."""
    smooth: Series
    """Correlation of each point with its right neighbour, -1..1; near 0 for static."""
    change: Series
    """Mean difference of the light from the frame before."""
    alike: Series
    """Correlation with the frame before, -1..1."""
    moved: Series
    """Difference from the first frame where it is most, over a few points."""
    away: Series
    """Mean difference from the first frame."""
    thumbs: NDArray[np.uint8] = field(repr=False)
    """The light of each frame, smaller still: shape (n_frames, 18, 32)."""
    first: I420 = field(repr=False)
    """The first frame, at the size of `LOOK`."""

    def likeness(self, other: Watched) -> float:
        """How alike the light of the two first frames is, -1..1."""
        mine, theirs = (planes(each.first)[0].astype(np.float32) for each in (self, other))
        return correlation(mine, theirs)


def watch_clip(path: Path, check_stop: Callable[[], None]) -> Watched:
    """Decode a whole MP4, small, and give its numbers.

    Args:
        check_stop: Called at each frame; what it raises goes through.

    Raises:
        EncoderError: It is damaged.
        ValueError: There is no frame in it.
    """
    scale = ("-vf", f"scale={LOOK.width_px}:{LOOK.height_px}:flags=area")
    raw = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1")
    source = (*SAFE_INPUT, "-f", "mov", "-xerror", "-i", file_url(path), "-map", "0:v:0")

    def seen() -> Iterator[I420]:
        with closing(read_frames([*source, *scale, *raw], LOOK)) as frames:
            for frame in frames:
                check_stop()
                yield frame

    return watch_frames(seen())


def watch_still(path: Path) -> Watched:
    """Give the numbers of a picture, as of a clip with one frame. Raises `OSError` and `ValueError` as Pillow does."""
    import cv2
    from PIL import Image

    with Image.open(path) as picture:
        # First fewer points in the decoder, then the mean of those: no picture is ever held at full size twice.
        picture.draft("RGB", (LOOK.width_px * 4, LOOK.height_px * 4))
        small = picture.convert("RGB").resize((LOOK.width_px, LOOK.height_px), Image.Resampling.BOX)
    full = cv2.cvtColor(np.asarray(small), cv2.COLOR_RGB2YUV_I420)  # this one gives 16..235, as films have it
    return watch_frames(iter([full.astype(np.uint8)]))


def watch_frames(frames: Iterator[I420]) -> Watched:
    """Give the numbers of frames of the size of `LOOK`. Raises `ValueError` when there are none."""
    import cv2

    rows: list[tuple[float, ...]] = []
    thumbs: list[NDArray[np.uint8]] = []
    first = before = None
    for frame in frames:
        light, blue, red = planes(frame)
        flat = light.astype(np.float32)
        if first is None or before is None:
            first, start, before = frame.copy(), flat, flat
        off = np.abs(flat - start)
        rows.append(
            (
                float(flat.mean()),
                float(blue.mean()),
                float(red.mean()),
                float(np.percentile(flat, 99.5)),
                float(flat.std()),
                max(float(blue.std()), float(red.std())),
                float((light >= WHITE).mean()),
                float((light <= BLACK).mean()),
                correlation(flat[:, :-1], flat[:, 1:]),
                float(np.abs(flat - before).mean()),
                correlation(flat, before),
                float(np.partition(off, off.size - _TOP_PIXELS, axis=None)[-_TOP_PIXELS:].mean()),
                float(off.mean()),
            )
        )
        thumbs.append(cv2.resize(light, _THUMB, interpolation=cv2.INTER_AREA).astype(np.uint8))
        before = flat
    if first is None:
        raise ValueError("there is no frame in it")
    names = [each.name for each in fields(Watched)][1:-2]  # in the order of a row
    series: dict[str, Any] = dict(zip(names, np.array(rows, dtype=np.float64).T, strict=True))
    return Watched(n_frames=len(rows), thumbs=np.stack(thumbs), first=first, **series)


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """How alike two pictures are, -1..1; 1 where both are without any detail."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 1e-3 else 1.0
