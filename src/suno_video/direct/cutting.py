"""Where the film is cut: on section borders and downbeats, never through a sung line; on phrases where no beat is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import Section, SongAnalysis
from suno_video.core.frames import FrameGrid
from suno_video.core.storyboard import MIN_SCENE_FRAMES
from suno_video.direct import pacing
from suno_video.direct.sung import SungLines

TRUSTED_BEATS = 0.4
"""Below this confidence the grid is not cut on."""

MIN_SECTION_S = 0.8
"""A shorter section has no shot of its own."""

MIN_FREE_S, MAX_FREE_S = 4.0, 8.0
"""Phrases where there is no grid."""

MOST_SLOWER = 1.25
"""A clip may be played so many times slower to fill its scene: hardly seen, and better than a cut off the beat."""

REACH_S = {"downbeat": 2.5, "beat": 4.0, "onset": 0.6}
"""How far a cut may move to a mark. In a slow song the next bar is too far, and a beat beside the line serves."""


@dataclass(frozen=True)
class Shot:
    """A span of frames of the song, before anybody decided what is seen."""

    number: int
    """1-based place in the whole song, kept when only a part of the song is filmed."""
    start_frame: int
    end_frame: int
    section: int
    bar: int
    reason: str
    place: int
    """Number within its section, from 0."""
    n_places: int
    """Shots that the section has."""

    @property
    def opens_section(self) -> bool:
        """Whether it is the first of its section."""
        return self.place == 0

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return self.end_frame - self.start_frame


@dataclass(frozen=True)
class _Cut:
    time_s: float
    section: int
    reason: str


def beats_are_sure(analysis: SongAnalysis) -> bool:
    """Whether there is a grid to cut on."""
    return analysis.beat_confidence >= TRUSTED_BEATS and len(analysis.downbeats_s) >= 2


def bar_length_s(analysis: SongAnalysis) -> float:
    """Usual length of a bar; two seconds where there is no sure grid."""
    if not beats_are_sure(analysis):
        return pacing.USUAL_BAR_S
    return max(0.2, float(np.median(np.diff(analysis.downbeats_s))))


def cut_song(
    analysis: SongAnalysis,
    sung: SungLines,
    grid: FrameGrid,
    *,
    pace: float,
    seed: int,
    longest_s: float | None = None,
) -> tuple[Shot, ...]:
    """Cut the whole song into shots that tile its frame grid.

    Args:
        longest_s: The longest clip that can be had; shots are cut to it, and pass it by `MOST_SLOWER` at most.
    """
    marks = _Marks.of(analysis, sung)
    cuts = _section_cuts(analysis, marks)
    for opening, following in zip(list(cuts), [*cuts[1:], None], strict=True):
        end_s = following.time_s if following else analysis.duration_s
        cuts += _inner_cuts(analysis, marks, opening, end_s, pace=pace, seed=seed, limit_s=longest_s)
    return _to_shots(sorted(cuts, key=lambda cut: cut.time_s), analysis, grid)


def keep_window(shots: tuple[Shot, ...], first_frame: int, end_frame: int, fps: int) -> tuple[Shot, ...]:
    """Keep what lies in a window of the song; a rest too short to be seen goes to its neighbour."""
    kept = [
        replace(shot, start_frame=max(shot.start_frame, first_frame), end_frame=min(shot.end_frame, end_frame))
        for shot in shots
        if shot.end_frame > first_frame and shot.start_frame < end_frame
    ]
    shortest = max(MIN_SCENE_FRAMES, round(0.5 * fps))
    if len(kept) > 1 and kept[0].n_frames < shortest:
        kept[:2] = [replace(kept[1], start_frame=kept[0].start_frame)]
    if len(kept) > 1 and kept[-1].n_frames < shortest:
        kept[-2:] = [replace(kept[-2], end_frame=kept[-1].end_frame)]
    return tuple(kept)


@dataclass(frozen=True)
class _Marks:
    """The moments at which a cut may be set."""

    sure: bool
    bar_s: float
    downbeats_s: NDArray[np.float64]
    beats_s: NDArray[np.float64]
    onsets_s: NDArray[np.float64]
    sung: SungLines

    @classmethod
    def of(cls, analysis: SongAnalysis, sung: SungLines) -> _Marks:
        sure = beats_are_sure(analysis)
        return cls(
            sure=sure,
            bar_s=bar_length_s(analysis),
            downbeats_s=np.array(analysis.downbeats_s if sure else (), dtype=np.float64),
            beats_s=np.array(analysis.beats_s if sure else (), dtype=np.float64),
            onsets_s=np.array(analysis.onsets_s, dtype=np.float64),
            sung=sung,
        )

    def place(self, time_s: float, reach_s: float) -> tuple[float, str] | None:
        """Find the best moment near one: a downbeat, else a beat, else an onset, else the edge of the sung line."""
        names = (("downbeat", self.downbeats_s), ("beat", self.beats_s), ("onset", self.onsets_s))
        for name, marks in names if self.sure else names[2:]:
            near = marks[np.abs(marks - time_s) <= min(reach_s, REACH_S[name])]
            free = [float(mark) for mark in near if self.sung.around(float(mark)) is None]
            if free:
                return min(free, key=lambda mark: abs(mark - time_s)), name
        line = self.sung.around(time_s)
        if line is None:
            return time_s, "phrase"
        edges = [edge for edge in line if self.sung.around(edge) is None]
        return (min(edges, key=lambda edge: abs(edge - time_s)), "edge of a line") if edges else None

    def nearest_beat(self, time_s: float, reach_s: float) -> tuple[float, str]:
        """Find a downbeat, else a beat, near a moment, whatever is sung there; else the moment itself."""
        for name, marks in (("downbeat", self.downbeats_s), ("beat", self.beats_s)):
            near = marks[np.abs(marks - time_s) <= reach_s]
            if len(near):
                return float(near[np.argmin(np.abs(near - time_s))]), name
        return time_s, "as long as a clip"


def _section_cuts(analysis: SongAnalysis, marks: _Marks) -> list[_Cut]:
    cuts = [_Cut(0.0, 0, "the song begins")]
    for index, section in enumerate(analysis.sections[1:], start=1):
        found = marks.place(section.start_s, 0.75 * marks.bar_s if marks.sure else 0.3)
        if found is None or found[0] >= analysis.duration_s - MIN_SECTION_S:
            continue
        time_s, name = found
        if time_s < cuts[-1].time_s + MIN_SECTION_S:
            # The section before was too short to be seen: this one takes its place.
            cuts[-1] = replace(cuts[-1], section=index)
            continue
        cuts.append(_Cut(time_s, index, name))
    return cuts


def _inner_cuts(
    analysis: SongAnalysis,
    marks: _Marks,
    opening: _Cut,
    end_s: float,
    *,
    pace: float,
    seed: int,
    limit_s: float | None = None,
) -> list[_Cut]:
    section = analysis.sections[opening.section]
    stretch = pacing.stretch_of(analysis.duration_s)
    wanted_s = pacing.wanted_shot_s(pacing.drive_of(section), pace, marks.bar_s, stretch)
    longest_s = pacing.MAX_SHOT_S * stretch
    if limit_s is not None:
        limit_s = max(limit_s, 2 * pacing.MIN_SHOT_S)
        longest_s, wanted_s = min(longest_s, limit_s), min(wanted_s, limit_s)
    targets = _bar_targets(marks, section, opening.time_s, end_s, wanted_s, longest_s, seed + opening.section)
    reach_s = 1.05 * marks.bar_s
    if targets is None:
        wanted_s = min(max(wanted_s, MIN_FREE_S / max(pace, 1)), MAX_FREE_S * stretch, longest_s)
        n_phrases = max(1, round((end_s - opening.time_s) / wanted_s))
        targets = list(np.linspace(opening.time_s, end_s, n_phrases + 1)[1:-1])
        reach_s = wanted_s / 3
    times: dict[float, str] = {}
    for target in targets:
        found = marks.place(target, reach_s)
        if found:
            times.setdefault(*found)
    spaced = _space(times, opening.time_s, end_s)
    whole = _split_long(spaced, marks, opening.time_s, end_s, longest_s)
    if limit_s is not None:
        whole = _force_short(whole, marks, opening.time_s, end_s, limit_s)
    return [_Cut(time_s, opening.section, name) for time_s, name in sorted(whole.items())]


def _bar_targets(
    marks: _Marks, section: Section, start_s: float, end_s: float, wanted_s: float, longest_s: float, seed: int
) -> list[float] | None:
    """Downbeats at which the shots of a section should end; None where there is no grid."""
    bars = marks.downbeats_s[(marks.downbeats_s > start_s - 0.5 * marks.bar_s) & (marks.downbeats_s < end_s - 0.05)]
    if len(bars) < 2:
        return None
    cuts = pacing.phrase(len(bars), wanted_s, marks.bar_s, section, longest_s, seed)
    targets = [float(bars[cut]) for cut in cuts]
    # A tail much shorter than its neighbours looks like a mistake.
    return [target for target in targets if end_s - target >= min(0.4 * wanted_s, 2 * marks.bar_s)]


def _space(times: dict[float, str], start_s: float, end_s: float) -> dict[float, str]:
    """Drop cuts that leave a shot too short to be seen."""
    kept: dict[float, str] = {}
    last = start_s
    for time_s in sorted(times):
        if time_s - last >= pacing.MIN_SHOT_S and end_s - time_s >= pacing.MIN_SHOT_S:
            kept[time_s] = times[time_s]
            last = time_s
    return kept


def _split_long(
    times: dict[float, str], marks: _Marks, start_s: float, end_s: float, longest_s: float
) -> dict[float, str]:
    """Divide shots that go on for too long (no grid there, or lines that pushed the cuts away)."""
    edges = [start_s, *sorted(times), end_s]
    out = dict(times)
    for left, right in zip(edges, edges[1:], strict=False):
        n_parts = int(np.ceil((right - left) / (longest_s + 0.05)))
        part_s = (right - left) / n_parts
        found = [marks.place(left + k * part_s, part_s / 3) for k in range(1, n_parts)]
        out.update(_space(dict(filter(None, found)), left, right))
    return out


def _force_short(
    times: dict[float, str], marks: _Marks, start_s: float, end_s: float, limit_s: float
) -> dict[float, str]:
    """Divide what no clip can fill even when it is played a little slower: on beats, through a sung line if need be."""
    edges = [start_s, *sorted(times), end_s]
    out = dict(times)
    for left, right in pairwise(edges):
        if right - left <= limit_s * MOST_SLOWER:
            continue
        n_parts = int(np.ceil((right - left) / limit_s))
        part_s = (right - left) / n_parts
        for k in range(1, n_parts):
            time_s, name = marks.nearest_beat(left + k * part_s, (MOST_SLOWER - 1) / 2 * part_s)
            out[time_s] = name
    return out


def _to_shots(cuts: list[_Cut], analysis: SongAnalysis, grid: FrameGrid) -> tuple[Shot, ...]:
    kept: list[tuple[int, _Cut]] = []
    for cut in cuts:
        frame = grid.frame_at(cut.time_s)
        if kept and (frame - kept[-1][0] < MIN_SCENE_FRAMES or grid.n_frames - frame < MIN_SCENE_FRAMES):
            continue
        kept.append((frame, cut))
    downbeats = np.array(analysis.downbeats_s if beats_are_sure(analysis) else ())
    ends = [frame for frame, _ in kept[1:]] + [grid.n_frames]
    n_places = Counter(cut.section for _, cut in kept)
    seen = Counter[int]()
    shots: list[Shot] = []
    for number, ((frame, cut), end) in enumerate(zip(kept, ends, strict=True), start=1):
        bar = int(np.searchsorted(downbeats, cut.time_s + 0.5 / grid.fps, side="right"))
        place = seen[cut.section]
        shots.append(Shot(number, frame, end, cut.section, bar, cut.reason, place, n_places[cut.section]))
        seen[cut.section] += 1
    return tuple(shots)
