"""Where the film is cut: on section borders and downbeats, never through a sung line; on phrases where no beat is.

Whether there is a grid to cut on is asked for each passage (`core.gridtrust`): a song may be steady but for its middle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from suno_video.core.analysis import Section, SongAnalysis
from suno_video.core.frames import FrameGrid
from suno_video.core.gridtrust import where_trusted
from suno_video.core.storyboard import MIN_SCENE_FRAMES
from suno_video.direct import pacing
from suno_video.direct.marks import Marks
from suno_video.direct.sung import SungLines

MIN_SECTION_S = 0.8
"""A shorter section has no shot of its own."""

MIN_FREE_S, MAX_FREE_S = 4.0, 8.0
"""Phrases where there is no grid."""

OFF_GRID_REACH_S = 0.6
"""How far from the border of a section its first cut may lie where there is no grid: borders are heard that well."""

OPENING_REACH_S, MIN_OPENING_S = 1.2, 1.9
"""How far the end of an opening may move to a mark, and how long it and what comes after it are at least."""

MOST_SLOWER = 1.25
"""A clip may be played so many times slower to fill its scene: hardly seen, and better than a cut off the beat."""


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


def cut_song(
    analysis: SongAnalysis,
    sung: SungLines,
    grid: FrameGrid,
    *,
    pace: float,
    seed: int,
    longest_s: float | None = None,
    short: Mapping[int, float] | None = None,
) -> tuple[Shot, ...]:
    """Cut the whole song into shots that tile its frame grid.

    Args:
        longest_s: The longest clip that can be had; shots are cut to it, and pass it by `MOST_SLOWER` at most.
        short: Sections whose first shot ends after about so many seconds, where it would go on for much longer.
    """
    marks = Marks.of(analysis, sung)
    cuts = _section_cuts(analysis, marks)
    for opening, following in zip(list(cuts), [*cuts[1:], None], strict=True):
        end_s = following.time_s if following else analysis.duration_s
        cuts += _inner_cuts(analysis, marks, opening, end_s, pace=pace, seed=seed, limit_s=longest_s)
    for opening in [cut for cut in cuts if cut.section in (short or {})]:
        if all(cut.time_s >= opening.time_s for cut in cuts if cut.section == opening.section):
            cuts += _end_opening(marks, opening, cuts, analysis.duration_s, (short or {})[opening.section])
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


def _section_cuts(analysis: SongAnalysis, marks: Marks) -> list[_Cut]:
    cuts = [_Cut(0.0, 0, "the song begins")]
    for index, section in enumerate(analysis.sections[1:], start=1):
        found = marks.place(
            section.start_s, 0.75 * marks.bar_s if marks.is_steady(section.start_s) else OFF_GRID_REACH_S
        )
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
    marks: Marks,
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
    pattern = _Pattern(section, wanted_s, longest_s, pace, stretch, seed + opening.section)
    times: dict[float, str] = {}
    for target, reach_s in _targets(marks, opening.time_s, end_s, pattern):
        found = marks.place(target, reach_s)
        if found:
            times.setdefault(*found)
    spaced = _space(times, opening.time_s, end_s)
    whole = _split_long(spaced, marks, opening.time_s, end_s, longest_s)
    if limit_s is not None:
        whole = _force_short(whole, marks, opening.time_s, end_s, limit_s)
    return [_Cut(time_s, opening.section, name) for time_s, name in sorted(whole.items())]


@dataclass(frozen=True)
class _Pattern:
    """How the shots of a section should follow each other."""

    section: Section
    wanted_s: float
    longest_s: float
    pace: float
    stretch: float
    seed: int

    @property
    def phrase_s(self) -> float:
        """Length of a shot where there is no grid."""
        most_s = min(MAX_FREE_S * self.stretch, self.longest_s)
        return min(max(self.wanted_s, MIN_FREE_S / max(self.pace, 1)), most_s)


def _targets(marks: Marks, start_s: float, end_s: float, pattern: _Pattern) -> list[tuple[float, float]]:
    """Moments at which the shots of a section should end, and how far each may move to a mark; run by run."""
    targets: list[tuple[float, float]] = []
    for run_start, run_end, steady in marks.runs:
        if run_end <= start_s or run_start >= end_s:
            continue
        last = targets[-1][0] if targets else start_s
        until = min(run_end, end_s)
        on_bars = _bar_targets(marks, max(run_start, start_s), until, pattern) if steady else None
        if on_bars is not None:
            targets += [(target, 1.05 * marks.bar_s) for target in on_bars]
            continue
        phrases = marks.phrases_from(last, until, pattern.phrase_s)
        targets += [(phrase, pattern.phrase_s / 3) for phrase in phrases]
        # Where the section goes on in another passage, that begins with a cut.
        targets += [(until, pattern.phrase_s / 3)] if until < end_s else []
    return targets


def _end_opening(marks: Marks, opening: _Cut, cuts: list[_Cut], end_s: float, length_s: float) -> list[_Cut]:
    """Cut the first shot of a section where it goes on for longer than it may, if what is left is worth a shot."""
    next_s = min((cut.time_s for cut in cuts if cut.time_s > opening.time_s), default=end_s)
    found = marks.place(opening.time_s + length_s, OPENING_REACH_S)
    is_worth = found is not None and opening.time_s + MIN_OPENING_S <= found[0] <= next_s - MIN_OPENING_S
    return [_Cut(found[0], opening.section, found[1])] if found and is_worth else []


def _bar_targets(marks: Marks, start_s: float, end_s: float, pattern: _Pattern) -> list[float] | None:
    """Downbeats at which the shots of a steady passage should end; None where it has no two."""
    bars = marks.downbeats_s[(marks.downbeats_s > start_s - 0.5 * marks.bar_s) & (marks.downbeats_s < end_s - 0.05)]
    if len(bars) < 2:
        return None
    section, wanted_s = pattern.section, pattern.wanted_s
    cuts = pacing.phrase(len(bars), wanted_s, marks.bar_s, section, pattern.longest_s, pattern.seed)
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
    times: dict[float, str], marks: Marks, start_s: float, end_s: float, longest_s: float
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
    times: dict[float, str], marks: Marks, start_s: float, end_s: float, limit_s: float
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
    downbeats = np.array(analysis.downbeats_s)
    counted = where_trusted(analysis, [cut.time_s for _, cut in kept])
    ends = [frame for frame, _ in kept[1:]] + [grid.n_frames]
    n_places = Counter(cut.section for _, cut in kept)
    seen = Counter[int]()
    shots: list[Shot] = []
    for number, ((frame, cut), end) in enumerate(zip(kept, ends, strict=True), start=1):
        bar = int(np.searchsorted(downbeats, cut.time_s + 0.5 / grid.fps, side="right")) if counted[number - 1] else 0
        place = seen[cut.section]
        shots.append(Shot(number, frame, end, cut.section, bar, cut.reason, place, n_places[cut.section]))
        seen[cut.section] += 1
    return tuple(shots)
