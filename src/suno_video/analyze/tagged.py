"""Section tags of the lyrics laid over what is heard: a dynamic programme puts each tag on bar lines.

A tag knows its order, its words and its kind; the sound knows where something changes, what returns, where it is loud
and where somebody sings. Tags that were not sung, and parts of the song that no tag names, are allowed for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.form import BarTable, bar_likeness, length_bonus
from suno_video.analyze.wanted import WantedPart
from suno_video.core.analysis import SectionLabel

Curve64 = NDArray[np.float64]

_MAX_SPAN = 64  # bars
_MAX_BARS = 1200
_BARS_PER_LINE = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
_CHORUS_PACES = (1.0, 2.0, 0.5)
"""How much longer a line of a chorus may last than one of a verse: a rapped verse has a sung chorus."""
_N_STARTS, _N_ROUNDS = 3, 3
_LENGTH_SPREAD = 0.4  # of log length
_FILL, _FILL_AT_ENDS = -2.5, -0.5
_SKIP, _SKIP_EMPTY = -4.0, -1.2
_NOVELTY, _VOICE, _REPEAT = 1.0, 0.25, 4.0
# How loud and full a part is against the song, as its name promises; per bar.
_INTENSITY: dict[SectionLabel, float] = {
    "chorus": 0.12,
    "drop": 0.2,
    "verse": -0.05,
    "bridge": -0.05,
    "intro": -0.12,
    "outro": -0.12,
    "breakdown": -0.2,
    "build": -0.08,
}
_USUAL_BARS: dict[SectionLabel, float] = {"drop": 16, "build": 8, "breakdown": 8}


@dataclass(frozen=True)
class TaggedPart:
    """A span of bars, and what the lyrics call it."""

    start: int
    stop: int
    label: SectionLabel | None
    """None where no tag names it."""


@dataclass(frozen=True)
class TaggedForm:
    """How the tags lie on a song."""

    parts: tuple[TaggedPart, ...]
    """They tile the bars."""
    fit: float
    """How well the tags fit what is heard, 0..1; below 0.35 they belong to another song, or another cut of it."""


def lay_tags(
    table: BarTable, novelty: Curve64, wanted: tuple[WantedPart, ...], voice: Curve64, intensity: Curve64
) -> TaggedForm | None:
    """Find where each part lies; None where there are too few bars or tags for that.

    Args:
        novelty: How much changes at the start of each bar, about 1 at a clear border.
        voice: For each bar how far somebody sings, 0..1.
        intensity: For each bar how loud and full it is, mean 0, deviation 1.
    """
    if len(wanted) < 2 or not 8 <= table.n <= _MAX_BARS:
        return None
    likeness = bar_likeness(table)
    bars = _Bars(table.edges_s, np.clip(novelty, -0.5, 2.0), voice - 0.5, np.clip(intensity, -2, 2), likeness)
    starts = []
    for pace in _BARS_PER_LINE:
        for chorus in _CHORUS_PACES:
            paces = {part.label: pace * (chorus if part.label == "chorus" else 1.0) for part in wanted}
            if 0.4 < sum(_expected_bars(part, paces[part.label]) for part in wanted) / bars.n < 1.7:
                starts.append((*_lay(bars, wanted, paces, None), paces))
    if not starts:
        return None
    starts.sort(key=lambda start: -start[0])
    best_score, best = -np.inf, starts[0][1]
    for _, spans, paces in starts[:_N_STARTS]:
        for _ in range(_N_ROUNDS):
            paces = _learn_paces(wanted, spans, paces)
            score, spans = _lay(bars, wanted, paces, spans)
        if score > best_score:
            best_score, best = score, spans
    return TaggedForm(_tile(wanted, best, table.n), _fit(bars, wanted, best))


Spans = tuple[tuple[int, int] | None, ...]
Marks = NDArray[np.int64]


@dataclass(frozen=True)
class _Bars:
    edges_s: Curve64
    novelty: Curve64
    voice: Curve64
    intensity: Curve64
    likeness: Curve64

    @property
    def n(self) -> int:
        return len(self.novelty)


def _lay(
    bars: _Bars, wanted: tuple[WantedPart, ...], paces: dict[SectionLabel, float], known: Spans | None
) -> tuple[float, Spans]:
    """Lay all parts in order for the highest score (dynamic programming over bar lines)."""
    n = bars.n
    before = np.full(n + 1, -np.inf)
    before[0] = 0.0
    trail: list[tuple[Marks, Marks, NDArray[np.bool_]]] = []
    for j, part in enumerate(wanted):
        opens = j == 0 and part.label != "intro"
        before, fill_from = _with_fill(bars, before, _FILL_AT_ENDS if opens else _FILL)
        after, part_from = _best_ends(bars, before, part, paces[part.label], _gains(bars, part, j, known, wanted))
        skipped = before + (_SKIP if part.n_lines else _SKIP_EMPTY)
        trail.append((fill_from, part_from, skipped > after))
        before = np.maximum(skipped, after)
    ends = wanted[-1].label != "outro"
    before, last_from = _with_fill(bars, before, _FILL_AT_ENDS if ends else _FILL)
    return float(before[n]), _walk_back(trail, int(last_from[n]))


def _walk_back(trail: list[tuple[Marks, Marks, NDArray[np.bool_]]], at: int) -> Spans:
    spans: list[tuple[int, int] | None] = []
    for fill_from, part_from, skip in reversed(trail):
        spans.append(None if skip[at] else (int(part_from[at]), at))
        at = at if skip[at] else int(part_from[at])
        at = int(fill_from[at])
    return tuple(reversed(spans))


def _with_fill(bars: _Bars, before: Curve64, cost: float) -> tuple[Curve64, Marks]:
    """Let a stretch that no tag names (rare, rarely sung) come before each bar line, and say where it began."""
    n = bars.n
    per_bar = np.concatenate([[0.0], np.cumsum(_VOICE * np.maximum(0, bars.voice) + 0.04)])
    novelty = np.concatenate([bars.novelty, [0.0]])
    begun = before + per_bar + 0.5 * _NOVELTY * novelty
    best = np.maximum.accumulate(begun)
    first = np.maximum.accumulate(np.where(begun >= best, np.arange(n + 1), 0))
    # From the bar before: a stretch has a bar at least.
    filled = np.concatenate([[-np.inf], best[:-1]]) + cost - per_bar
    first = np.concatenate([[0], first[:-1]])
    longer = filled > before
    return np.where(longer, filled, before), np.where(longer, first, np.arange(n + 1))


def _best_ends(bars: _Bars, before: Curve64, part: WantedPart, pace: float, gains: Curve64) -> tuple[Curve64, Marks]:
    """For each bar line the best score of a part that ends there, and where it begins."""
    n = bars.n
    expected = _expected_bars(part, pace)
    spread = _LENGTH_SPREAD if part.n_lines else 0.6
    begin = before[:n] + gains + _NOVELTY * bars.novelty
    per_bar = _INTENSITY.get(part.label, 0.0) * bars.intensity
    if part.is_sung is not None:
        per_bar = per_bar + (_VOICE if part.is_sung else -_VOICE) * bars.voice
    sums = np.concatenate([[0.0], np.cumsum(per_bar)])
    begin, end = begin - sums[:n], sums.copy()
    if part.start_s is not None and part.end_s is not None:
        early, late = _time_scores(bars, part.start_s, part.end_s)
        begin, end = begin + early, end + late
    best, came_from = np.full(n + 1, -np.inf), np.zeros(n + 1, dtype=np.int64)
    for length in range(max(1, int(expected / 3)), min(n, _MAX_SPAN, int(3 * expected) + 1) + 1):
        size = -0.5 * (np.log(length / expected) / spread) ** 2 + length_bonus(length) - length_bonus(8)
        total = begin[: n + 1 - length] + (end[length:] + size)
        better = np.flatnonzero(total > best[length:])
        best[better + length] = total[better]
        came_from[better + length] = better
    return best, came_from


def _expected_bars(part: WantedPart, pace: float) -> float:
    return max(1.0, part.n_lines * pace if part.n_lines else _USUAL_BARS.get(part.label, 8.0))


def _gains(bars: _Bars, part: WantedPart, index: int, known: Spans | None, wanted: tuple[WantedPart, ...]) -> Curve64:
    return np.zeros(bars.n) if known is None else _REPEAT * _returns(bars, part, index, known, wanted)


def _time_scores(bars: _Bars, first_s: float, last_s: float) -> tuple[Curve64, Curve64]:
    """A part begins at or a little before its first line, and ends after its last one has begun."""
    bar = float(np.median(np.diff(bars.edges_s)))
    lead = (first_s - bars.edges_s[:-1]) / bar
    begin = np.where(lead < -0.4, 6.0 * (-0.4 - lead), 0.8 * np.maximum(0, lead - 0.6))
    short = np.maximum(0, (last_s - bars.edges_s) / bar + 0.2)
    return -np.minimum(12.0, begin), -np.minimum(12.0, 6.0 * short)


def _returns(bars: _Bars, part: WantedPart, index: int, known: Spans, wanted: tuple[WantedPart, ...]) -> Curve64:
    """How much the music from each bar on is that of the other parts of this name, against the usual likeness."""
    gains = np.zeros(bars.n)
    others = [
        span
        for j, (span, other) in enumerate(zip(known, wanted, strict=True))
        if j != index and span is not None and other.label == part.label and other.n_lines
    ]
    for start, stop in others:
        n = min(stop - start, 8)
        diagonal = np.full(bars.n, 0.0)
        for k in range(n):
            column = bars.likeness[:, min(start + k, bars.n - 1)]
            diagonal += np.concatenate([column[k:], np.full(k, column.min())]) / n
        gains += (diagonal - np.median(diagonal)) / len(others)
    return gains


def _learn_paces(
    wanted: tuple[WantedPart, ...], spans: Spans, paces: dict[SectionLabel, float]
) -> dict[SectionLabel, float]:
    """Take the usual bars per line of each name from where its parts lie now."""
    found: dict[SectionLabel, list[float]] = {}
    for part, span in zip(wanted, spans, strict=True):
        if span is not None and part.n_lines:
            found.setdefault(part.label, []).append((span[1] - span[0]) / part.n_lines)
    return paces | {label: float(np.median(values)) for label, values in found.items()}


def _tile(wanted: tuple[WantedPart, ...], spans: Spans, n: int) -> tuple[TaggedPart, ...]:
    parts: list[TaggedPart] = []
    at = 0
    for part, span in zip(wanted, spans, strict=True):
        if span is None:
            continue
        if span[0] > at:
            parts.append(TaggedPart(at, span[0], None))
        parts.append(TaggedPart(span[0], span[1], part.label))
        at = span[1]
    if at < n:
        parts.append(TaggedPart(at, n, None))
    return tuple(parts)


def _fit(bars: _Bars, wanted: tuple[WantedPart, ...], spans: Spans) -> float:
    """Clear borders, returns that return, and few tags left over."""
    laid = [(part, span) for part, span in zip(wanted, spans, strict=True) if span is not None]
    if not laid:
        return 0.0
    borders = [span[0] for _, span in laid if 0 < span[0] < bars.n]
    clear = float(np.mean([np.clip(bars.novelty[b], 0, 1) for b in borders])) if borders else 0.0
    gains = [
        float(_returns(bars, part, j, spans, wanted)[span[0]])
        for j, (part, span) in enumerate(zip(wanted, spans, strict=True))
        if span is not None and part.n_lines and sum(other.label == part.label for other, _ in laid) > 1
    ]
    alike = float(np.clip(np.mean(gains) / 0.25, 0, 1)) if gains else 0.5
    return float(np.clip((0.5 * clear + 0.5 * alike) * len(laid) / len(wanted), 0, 1))
