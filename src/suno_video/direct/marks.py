"""The moments at which a cut may be set: on the grid where it is steady, else where lines begin and notes are heard."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import STEADY, SongAnalysis
from suno_video.core.gridtrust import grid_spans, trusted_beats_s, trusted_downbeats_s, where_trusted
from suno_video.direct import pacing
from suno_video.direct.sung import SungLines

REACH_S = {"downbeat": 2.5, "beat": 4.0, "onset": 0.6, "sung line": 2.5, "note": 2.0}
"""How far a cut may move to a mark. In a slow song the next bar is too far, and a beat beside the line serves."""

SHORTEST_PHRASE, LONGEST_PHRASE = 0.5, 1.6
"""How far the length of a phrase may be from what is wanted, so that a cut falls where a line begins."""

NOTE_AT_BEAT_S = 0.07
"""Where the beat breathes, a note this close to it is the beat."""

Times = NDArray[np.float64]


def bar_length_s(analysis: SongAnalysis) -> float:
    """Usual length of a bar; two seconds where no grid is to be trusted."""
    downbeats = trusted_downbeats_s(analysis)
    steps = [after - before for before, after in pairwise(downbeats)]
    return max(0.2, float(np.median(steps))) if steps else pacing.USUAL_BAR_S


@dataclass(frozen=True)
class Marks:
    """All moments of a song at which a cut may be set."""

    bar_s: float
    runs: tuple[tuple[float, float, bool], ...]
    """Start, end, and whether the grid is steady there; they tile the song."""
    downbeats_s: Times
    """Of the steady passages; so are `beats_s`."""
    beats_s: Times
    notes_s: Times
    """Onsets on the beats of the passages that breathe."""
    onsets_s: Times
    phrases_s: Times
    """Where somebody begins to sing, outside the steady passages."""
    sung: SungLines

    @classmethod
    def of(cls, analysis: SongAnalysis, sung: SungLines) -> Marks:
        """Collect them from what was heard and what is sung."""
        steady = np.array(trusted_beats_s(analysis, steady=True), dtype=np.float64)
        downbeats = np.array(trusted_downbeats_s(analysis, steady=True), dtype=np.float64)
        onsets = np.array(analysis.onsets_s, dtype=np.float64)
        begins = np.unique([start for start, _ in sung.spans] + [span.start_s for span in analysis.voices])
        return cls(
            bar_s=bar_length_s(analysis),
            runs=_runs(analysis),
            downbeats_s=downbeats,
            beats_s=steady,
            notes_s=_at_beats(onsets, analysis),
            onsets_s=onsets,
            phrases_s=begins[~where_trusted(analysis, begins, steady=True)] if len(begins) else begins,
            sung=sung,
        )

    def is_steady(self, time_s: float) -> bool:
        """Whether the grid is cut on at a moment."""
        return next((steady for _, end, steady in self.runs if time_s < end), self.runs[-1][2])

    def place(self, time_s: float, reach_s: float) -> tuple[float, str] | None:
        """Find the best moment near one, and what it is; None where every one would tear a sung line.

        On the grid a downbeat, else a beat, else an onset; off it where a line begins, else a note on a breathing beat,
        else an onset; then the edge of the sung line.
        """
        for name, marks, most_s in self._kinds(steady=self.is_steady(time_s)):
            near = marks[np.abs(marks - time_s) <= min(reach_s, most_s)]
            free = [float(mark) for mark in near if self.sung.around(float(mark)) is None]
            if free:
                return min(free, key=lambda mark: abs(mark - time_s)), name
        line = self.sung.around(time_s)
        if line is None:
            return time_s, "phrase"
        edges = [edge for edge in line if self.sung.around(edge) is None]
        return (min(edges, key=lambda edge: abs(edge - time_s)), "edge of a line") if edges else None

    def _kinds(self, *, steady: bool) -> tuple[tuple[str, Times, float], ...]:
        grid = (("downbeat", self.downbeats_s, REACH_S["downbeat"]), ("beat", self.beats_s, REACH_S["beat"]))
        if steady:
            return (*grid, ("onset", self.onsets_s, REACH_S["onset"]))
        return (
            ("sung line", self.phrases_s, REACH_S["sung line"]),
            ("note", self.notes_s, REACH_S["note"]),
            ("onset", self.onsets_s, REACH_S["note"]),
        )

    def phrases_from(self, start_s: float, end_s: float, wanted_s: float) -> list[float]:
        """Divide a stretch without a grid: where lines begin, about as far apart as is wanted; else evenly."""
        found: list[float] = []
        last = start_s
        while True:
            due = end_s - last
            step_s = due / max(1, round(due / wanted_s))
            begins = self.phrases_s
            near = begins[(begins >= last + SHORTEST_PHRASE * wanted_s) & (begins <= last + LONGEST_PHRASE * wanted_s)]
            free = [float(mark) for mark in near if self.sung.around(float(mark)) is None]
            at = min(free, key=lambda mark: abs(mark - last - wanted_s)) if free else last + step_s
            if end_s - at < SHORTEST_PHRASE * wanted_s:
                return found
            found.append(at)
            last = at

    def nearest_beat(self, time_s: float, reach_s: float) -> tuple[float, str]:
        """Find a downbeat, else a beat or a note, near a moment, whatever is sung there; else the moment itself."""
        names = (("downbeat", self.downbeats_s), ("beat", self.beats_s), ("note", self.notes_s))
        for name, marks in (*names, ("onset", self.onsets_s)):
            near = marks[np.abs(marks - time_s) <= reach_s]
            if len(near):
                return float(near[np.argmin(np.abs(near - time_s))]), name
        return time_s, "as long as a clip"


def _runs(analysis: SongAnalysis) -> tuple[tuple[float, float, bool], ...]:
    runs: list[tuple[float, float, bool]] = []
    for start, end, verdict in grid_spans(analysis):
        steady = verdict in STEADY
        if runs and runs[-1][2] == steady:
            start = runs.pop()[0]
        runs.append((start, end, steady))
    return tuple(runs)


def _at_beats(onsets_s: Times, analysis: SongAnalysis) -> Times:
    beats = np.array(trusted_beats_s(analysis), dtype=np.float64)
    breathing = beats[~where_trusted(analysis, beats, steady=True)] if len(beats) else beats
    if not len(breathing) or not len(onsets_s):
        return np.zeros(0)
    at = np.searchsorted(breathing, onsets_s)
    after, before = breathing[np.minimum(at, len(breathing) - 1)], breathing[np.maximum(at - 1, 0)]
    near = np.minimum(np.abs(after - onsets_s), np.abs(onsets_s - before))
    return np.asarray(onsets_s[near <= NOTE_AT_BEAT_S])
