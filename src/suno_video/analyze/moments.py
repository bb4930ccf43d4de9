"""When a line of lyrics might begin, and how much is sung between two moments: what placing chooses among."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import SectionLabel, SongAnalysis, VoiceSpan

Vector = NDArray[np.float64]

STEP_S = 0.02
"""Grid on which the voice is summed up."""
_MOST_WORK = 8e7
"""Lines times moments times moments within reach: what is more is thinned, so that hours of music take seconds."""
_REACH_S = 45.0
UNSUNG: frozenset[SectionLabel] = frozenset({"silence", "intro", "outro", "solo", "build", "drop", "breakdown"})
"""Parts in which nobody sings as a rule; only asked where nobody has heard the voice."""
_PICKUP_S = 0.35
"""A line may begin that much before the bar that it belongs to."""
_JOINS_S = 0.25
_GRID_COST = {"downbeat": 1.2, "beat": 1.8}
_EDGE_COST, _NEAR_EDGE_COST = 0.9, 0.3
_STEM_BLUR_S, _MIX_BLUR_S = 0.1, 0.4
_UNVOICED_COST = 2.5
_ELSEWHERE = 0.25


@dataclass(frozen=True)
class Moments:
    """Moments of a song at which a line might begin, in order."""

    times_s: Vector
    costs: Vector
    """How unlikely it is that a line begins there, in nats: 0 where a voice sets in."""
    sections: NDArray[np.int64]
    """Index of the section that each belongs to; one just before a border belongs to what follows."""
    voiced_s: Vector
    """Seconds of voice from the start of the song up to each step of `STEP_S`."""
    bar_s: float
    """Length of a bar; 0 where there is no grid to go by."""
    trust: float
    """How far the voice was heard: 0 not at all (guessed from the names of the parts) .. 1."""
    duration_s: float

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.times_s)

    def voice_until(self, times_s: Vector) -> Vector:
        """Seconds of voice before each moment."""
        steps = np.clip((times_s / STEP_S).astype(np.int64), 0, len(self.voiced_s) - 1)
        return self.voiced_s[steps]


def find_moments(
    analysis: SongAnalysis,
    anchors_s: tuple[float, ...] = (),
    n_lines: int = 60,
    sung: frozenset[SectionLabel] | None = None,
) -> Moments:
    """Gather the moments at which lines might begin: where voices set in, the starts of parts, beats and bars.

    Args:
        anchors_s: Moments at which lines are known to begin; they are among them.
        n_lines: How many lines are to be placed.
        sung: Names of the parts that have words, where the parts are known from the lyrics themselves: a voice that was
            heard elsewhere is probably none.
    """
    voice, trust = _voice(analysis)
    for part in analysis.sections if sung is not None else ():
        if part.label not in (sung or ()):
            voice[int(part.start_s / STEP_S) : int(part.end_s / STEP_S)] *= _ELSEWHERE
    voiced = np.concatenate([[0.0], np.cumsum(voice) * STEP_S])
    bar_s = _bar_s(analysis)
    found: dict[float, float] = {}
    for time, cost in _grid(analysis, bar_s):
        level = voice[min(int((time + 0.1) / STEP_S), len(voice) - 1)]
        found[round(time, 3)] = cost + _UNVOICED_COST * (1 - level) * max(0.3, trust)
    blur_s = _STEM_BLUR_S if "vocals" in analysis.stems else _MIX_BLUR_S
    for time in found:
        # In a mix a voice is heard to set in a little too soon or late: a beat close by is as likely.
        near = min((abs(time - span.start_s) for span in analysis.voices), default=np.inf)
        found[time] = min(found[time], _NEAR_EDGE_COST + near / blur_s)
    for span in analysis.voices:
        found[round(span.start_s, 3)] = _EDGE_COST * (1 - span.confidence)
    anchors = dict.fromkeys((round(time, 3) for time in anchors_s), -1.0)
    found.update(anchors)
    n_most = int(np.sqrt(_MOST_WORK * analysis.duration_s / (max(1, n_lines) * _REACH_S)))
    times = np.array(_thinned(sorted(time for time in found if time < analysis.duration_s), found, n_most))
    starts = np.array([part.start_s for part in analysis.sections])
    sections = np.searchsorted(starts, times + _PICKUP_S, side="right") - 1
    costs = np.array([found[time] for time in times.tolist()])
    return Moments(times, costs, np.maximum(0, sections), voiced, bar_s, trust, analysis.duration_s)


def _thinned(times: list[float], costs: dict[float, float], n_most: int) -> list[float]:
    """Leave the likeliest of each two where there are too many, and those that are known."""
    while len(times) > n_most:
        pairs = [times[i : i + 2] for i in range(0, len(times), 2)]
        kept = [time for pair in pairs for time in pair if costs[time] < 0 or time == min(pair, key=costs.__getitem__)]
        if len(kept) == len(times):
            return times
        times = kept
    return times


def _voice(analysis: SongAnalysis) -> tuple[Vector, float]:
    """How likely somebody sings, step by step, and how far that is to be trusted."""
    voice = np.zeros(max(1, int(np.ceil(analysis.duration_s / STEP_S))))
    spans = joined_spans(analysis.voices)
    if spans:
        for span in spans:
            voice[int(span.start_s / STEP_S) : int(np.ceil(span.end_s / STEP_S))] = max(0.3, span.confidence)
        total = sum(span.end_s - span.start_s for span in spans)
        trust = sum((span.end_s - span.start_s) * span.confidence for span in spans) / max(total, 1e-6)
        return voice, float(np.clip(trust, 0.2, 1.0))
    for part in analysis.sections:
        voice[int(part.start_s / STEP_S) : int(part.end_s / STEP_S)] = 0.05 if part.label in UNSUNG else 0.6
    if not voice[voice > 0.1].size:
        voice[:] = 0.6  # nothing but intro and outro: the names say nothing
    return voice, 0.0


def joined_spans(spans: tuple[VoiceSpan, ...]) -> list[VoiceSpan]:
    """Join spans with no more than a breath between them."""
    joined: list[VoiceSpan] = []
    for span in spans:
        if joined and span.start_s - joined[-1].end_s < _JOINS_S:
            last = joined[-1]
            joined[-1] = last.model_copy(
                update={"end_s": max(last.end_s, span.end_s), "confidence": max(last.confidence, span.confidence)}
            )
        else:
            joined.append(span)
    return joined


def _bar_s(analysis: SongAnalysis) -> float:
    bars = np.diff(analysis.downbeats_s)
    return float(np.median(bars)) if len(bars) >= 4 else 0.0


def _grid(analysis: SongAnalysis, bar_s: float) -> list[tuple[float, float]]:
    """Beats and bars, or every half second where there is no grid; and the starts of the parts."""
    parts = [(part.start_s, 0.8) for part in analysis.sections]
    if not bar_s:
        return [*((float(time), 1.5) for time in np.arange(0, analysis.duration_s, 0.5)), *parts]
    downs = set(analysis.downbeats_s)
    beats = [(time, _GRID_COST["downbeat" if time in downs else "beat"]) for time in analysis.beats_s]
    return [*parts, *beats]
