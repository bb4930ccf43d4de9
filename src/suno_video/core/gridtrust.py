"""Where the beat grid of a song is to be trusted: asked passage by passage, never of the song as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suno_video.core.analysis import CUTS_FOLLOW, STEADY, GridVerdict, Passage, SongAnalysis
from suno_video.core.clock import clock
from suno_video.core.song import Lyrics

TRUSTED_BEATS = 0.4
"""Where an older analysis has no passages: below this confidence its grid is not to be trusted."""

SHORTEST_TOLD_S = 2.0
"""What is shorter is not told to people: the end of a song has a few seconds without a beat."""

_SUNG_SHARE = 0.2
"""Sung for at least this share of the time: cuts follow the singing."""


def passages_of(analysis: SongAnalysis) -> tuple[Passage, ...]:
    """Passages that tile the song; of an older analysis one, by its confidence in the whole."""
    if analysis.passages:
        return analysis.passages
    sure = analysis.beat_confidence >= TRUSTED_BEATS and len(analysis.beats_s) > 1
    verdict: GridVerdict = "steady" if sure else "unsure" if analysis.beats_s else "none"
    return (Passage(start_s=0.0, end_s=analysis.duration_s, verdict=verdict, trust=analysis.beat_confidence),)


def grid_spans(analysis: SongAnalysis) -> tuple[tuple[float, float, GridVerdict], ...]:
    """Stretches of one verdict, in order; they tile the song."""
    passages = passages_of(analysis)
    starts = [0, *(k for k in range(1, len(passages)) if passages[k].verdict != passages[k - 1].verdict)]
    return tuple(
        (passages[a].start_s, passages[b - 1].end_s, passages[a].verdict) for a, b in pairwise([*starts, len(passages)])
    )


def verdict_at(analysis: SongAnalysis, time_s: float) -> GridVerdict:
    """How far the grid is to be trusted at a moment."""
    passages = passages_of(analysis)
    index = int(np.searchsorted([passage.start_s for passage in passages], time_s + 1e-9, side="right")) - 1
    return passages[max(0, index)].verdict


def beats_are_heard_at(analysis: SongAnalysis, time_s: float) -> bool:
    """Whether there are beats at a moment, steady or breathing."""
    return verdict_at(analysis, time_s) in CUTS_FOLLOW


def beats_are_heard_in(analysis: SongAnalysis, start_s: float, end_s: float) -> bool:
    """Whether there are beats, steady or breathing, in at least half of a stretch."""
    heard = (min(end, end_s) - max(start, start_s) for start, end, v in grid_spans(analysis) if v in CUTS_FOLLOW)
    return sum(max(0.0, part) for part in heard) >= (end_s - start_s) / 2


def where_trusted(analysis: SongAnalysis, times_s: ArrayLike, *, steady: bool = False) -> NDArray[np.bool_]:
    """Tell for each moment whether beats are to be trusted there, shape (n,).

    Args:
        steady: Only where they do not breathe.
    """
    passages = passages_of(analysis)
    good = STEADY if steady else CUTS_FOLLOW
    trusted = np.array([passage.verdict in good for passage in passages])
    starts = np.array([passage.start_s for passage in passages])
    times = np.asarray(times_s, dtype=np.float64)
    return np.asarray(trusted[np.maximum(np.searchsorted(starts, times + 1e-9, side="right") - 1, 0)])


def trusted_beats_s(analysis: SongAnalysis, *, steady: bool = False) -> tuple[float, ...]:
    """Beats of the passages in which they are to be trusted."""
    return _those(analysis.beats_s, where_trusted(analysis, analysis.beats_s, steady=steady))


def trusted_downbeats_s(analysis: SongAnalysis, *, steady: bool = False) -> tuple[float, ...]:
    """Downbeats of the passages in which they are to be trusted."""
    return _those(analysis.downbeats_s, where_trusted(analysis, analysis.downbeats_s, steady=steady))


def _those(times_s: tuple[float, ...], wanted: NDArray[np.bool_]) -> tuple[float, ...]:
    return tuple(time for time, is_wanted in zip(times_s, wanted.tolist(), strict=True) if is_wanted)


@dataclass(frozen=True)
class GridDoubt:
    """A stretch of the song in which the film does not follow the grid, and what it follows."""

    start_s: float
    end_s: float
    verdict: GridVerdict
    what: str
    """For people: `no steady beat; cuts follow the singing`."""

    @property
    def text(self) -> str:
        """In one line: `0:42-1:03: no steady beat; cuts follow the singing`."""
        return f"{clock(self.start_s)}-{clock(self.end_s)}: {self.what}"


def grid_doubts(
    analysis: SongAnalysis, lyrics: Lyrics | None = None, within_s: tuple[float, float] | None = None
) -> tuple[GridDoubt, ...]:
    """Say in plain words where the grid is not to be trusted, and what cuts follow there.

    Args:
        lyrics: Lines with times say what is sung, beside the voice that was heard.
        within_s: Only of this part of the song.
    """
    first_s, last_s = within_s or (0.0, analysis.duration_s)
    lines = (line for line in (lyrics.timed_lines if lyrics else ()) if line.is_sure)
    voices = [(line.start_s or 0.0, line.end_s or 0.0) for line in lines]
    voices += [(span.start_s, span.end_s) for span in analysis.voices]
    found = []
    for start, end, verdict in grid_spans(analysis):
        start, end = max(start, first_s), min(end, last_s)
        if verdict not in STEADY and end - start >= SHORTEST_TOLD_S:
            is_sung = _sung_s(voices, start, end) >= _SUNG_SHARE * (end - start)
            is_heard = any(start <= onset < end for onset in analysis.onsets_s)
            found.append(GridDoubt(start, end, verdict, _words(verdict, is_sung=is_sung, is_heard=is_heard)))
    return tuple(found)


def _sung_s(spans: list[tuple[float, float]], start_s: float, end_s: float) -> float:
    total, at = 0.0, start_s
    for start, end in sorted(spans):
        left, right = max(at, start), min(end_s, end)
        total += max(0.0, right - left)
        at = max(at, right)
    return total


def _words(verdict: GridVerdict, *, is_sung: bool, is_heard: bool) -> str:
    notes = "cuts follow the notes that are heard" if is_heard else "nothing to cut on is heard"
    follow = "cuts follow the singing" if is_sung else notes
    return {
        "free": f"the beat breathes; {follow}",
        "none": f"no beat; {follow}",
    }.get(verdict, f"no steady beat; {follow}")
