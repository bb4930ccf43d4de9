"""Where a director may cut: numbered places on our grid, so that no answer can break the tiling of the film."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from suno_video.core.gridtrust import where_trusted
from suno_video.direct import pacing
from suno_video.direct.cutting import MOST_SLOWER, Shot
from suno_video.direct.rules import Draft


@dataclass(frozen=True)
class Place:
    """A moment at which a scene may begin."""

    number: int
    """From 1, in order of time."""
    shot: Shot
    """What begins here; its end is that of the longest scene that rules would make here."""
    is_cut: bool
    """Whether rules cut here."""
    opens_section: bool

    @property
    def frame(self) -> int:
        """First frame of a scene that begins here."""
        return self.shot.start_frame


def places_of(draft: Draft) -> tuple[Place, ...]:
    """Every cut of the rules, and between them the downbeats at which no line is torn, a shortest shot apart."""
    cuts = {shot.start_frame: shot for shot in draft.shots}
    frames = dict(sorted({**_downbeats(draft), **cuts}.items()))
    return tuple(
        Place(number, shot, frame in cuts, shot.place == 0)
        for number, (frame, shot) in enumerate(frames.items(), start=1)
    )


def recut(draft: Draft, places: Sequence[Place], chosen: Mapping[int, Collection[int]]) -> tuple[Shot, ...]:
    """Cut the film at the places that a director chose; sections without a choice keep the cuts of the rules.

    Whatever is chosen, the shots tile the song: the first place of a section always begins a shot, what would be too
    short to be seen joins its neighbour, and what would be too long is divided where rules had cut it.

    Args:
        chosen: Numbers of places by section.
    """
    frames: list[int] = []
    for section in dict.fromkeys(place.shot.section for place in places):
        own = [place for place in places if place.shot.section == section]
        wanted = chosen.get(section)
        frames += _frames_of(draft, own, wanted, _end_of(draft, own)) if wanted else [p.frame for p in own if p.is_cut]
    return _numbered(draft, {place.frame: place for place in places}, frames)


def place_row(draft: Draft, place: Place, words: str) -> dict[str, Any]:
    """Tell of a place as data, for a prompt."""
    section = draft.analysis.sections[place.shot.section]
    row: dict[str, Any] = {"cut": place.number, "s": round(draft.grid.time_of(place.frame), 1)}
    if place.shot.bar:
        row["bar"] = place.shot.bar
    if place.opens_section:
        row |= {"section": section.label, "motif": draft.roles[place.shot.section].motif, "energy": section.energy}
    if place.is_cut:
        row |= {"kept": "cut", "lasts": round(place.shot.n_frames / draft.grid.fps, 1)}
    if words:
        row["sung"] = words
    return row


def _downbeats(draft: Draft) -> dict[int, Shot]:
    """Shots that would begin at the downbeats between the cuts, each as the rest of the shot it lies in."""
    steady = where_trusted(draft.analysis, draft.analysis.downbeats_s, steady=True)
    shortest = round(pacing.MIN_SHOT_S * draft.grid.fps)
    starts = [shot.start_frame for shot in draft.shots]
    found: dict[int, Shot] = {}
    for bar, time_s in enumerate(draft.analysis.downbeats_s, start=1):
        frame = draft.grid.frame_at(time_s)
        shot = draft.shots[max(0, bisect_right(starts, frame) - 1)]
        fits = frame - shot.start_frame >= shortest and shot.end_frame - frame >= shortest
        if fits and steady[bar - 1] and draft.sung.around(time_s) is None:
            found[frame] = replace(shot, start_frame=frame, bar=bar, reason="downbeat", place=max(1, shot.place))
    return found


def _end_of(draft: Draft, own: Sequence[Place]) -> int:
    """The frame at which a section's last shot ends."""
    return max(shot.end_frame for shot in draft.shots if shot.section == own[0].shot.section)


def _frames_of(draft: Draft, own: Sequence[Place], wanted: Collection[int], end: int) -> list[int]:
    """First frames of a section's shots: what was wanted, as far as it can be seen and filled."""
    fps = draft.grid.fps
    shortest = round(pacing.MIN_SHOT_S * fps)
    frames = [own[0].frame]
    for place in own[1:]:
        if place.number in wanted and place.frame - frames[-1] >= shortest and end - place.frame >= shortest:
            frames.append(place.frame)
    longest = _longest_frames(draft)
    divided = []
    for left, right in pairwise([*frames, end]):
        divided += [left, *_divisions(own, left, right, longest, shortest)]
    return divided


def _longest_frames(draft: Draft) -> int:
    longest_s = pacing.MAX_SHOT_S * pacing.stretch_of(draft.analysis.duration_s)
    if draft.longest_s is not None:
        longest_s = min(longest_s, max(draft.longest_s, 2 * pacing.MIN_SHOT_S))
    return round(longest_s * MOST_SLOWER * draft.grid.fps)


def _divisions(own: Sequence[Place], left: int, right: int, longest: int, shortest: int) -> list[int]:
    """Cuts of the rules inside a shot that is too long, as few as will do."""
    between = [place.frame for place in own if place.is_cut and left + shortest <= place.frame <= right - shortest]
    found: list[int] = []
    start = left
    for frame, after in pairwise([*between, right]):
        if after - start > longest and frame - start >= shortest:
            found.append(frame)
            start = frame
    return found


def _numbered(draft: Draft, places: Mapping[int, Place], frames: Sequence[int]) -> tuple[Shot, ...]:
    counts, seen = Counter(places[frame].shot.section for frame in frames), Counter[int]()
    shots = []
    for number, (frame, end) in enumerate(pairwise([*frames, draft.grid.n_frames]), start=1):
        shot = places[frame].shot
        shots.append(
            replace(shot, number=number, end_frame=end, place=seen[shot.section], n_places=counts[shot.section])
        )
        seen[shot.section] += 1
    return tuple(shots)
