"""The dynamic programme that places lines: costs in nats, the cheapest way through, and how sure each step of it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.moments import Moments, Vector
from suno_video.core.analysis import SectionLabel, SongAnalysis

Matrix64 = NDArray[np.float64]

NEAR_S = 0.3
"""A line that begins within 0.3 s of where we say counts as right (as MIREX counts words)."""

_FAST_S, _USUAL_S, _SLOW_S = 0.11, 0.24, 0.55
"""Seconds a syllable takes on the mean of a song."""
_FASTEST_S, _PAUSE_S = 0.07, 0.25
_LONGEST_GAP_S, _LONGEST_REST_S = 24.0, 120.0
"""Most time between two lines of one block, and of two blocks."""
_TOO_SHORT, _NO_VOICE, _LEFT_OVER, _MOST_LEFT_OVER = 3.0, 5.0, 0.9, 9.0
_OFF_GRID, _UNEVEN, _MOST_UNEVEN = 2.0, 2.0, 1.5
_WRONG_PART, _KIN_PART, _NOT_AT_START = 2.2, 1.0, 1.4
_KNOWN = 3.0
"""How much more a wrong part counts where the parts are those of the lyrics."""
_TEMPERATURE = 0.9
"""Costs are divided by it before they are taken for probabilities."""
_KIN: dict[SectionLabel, tuple[SectionLabel, ...]] = {
    "verse": ("prechorus", "other", "bridge"),
    "prechorus": ("verse", "build", "other", "chorus"),
    "chorus": ("drop", "other", "prechorus"),
    "bridge": ("breakdown", "verse", "other", "solo"),
    "drop": ("chorus",),
    "build": ("prechorus", "verse"),
    "breakdown": ("bridge", "verse"),
    "intro": ("verse", "other"),
    "outro": ("chorus", "other", "verse"),
}
"""Names that stand for one another: our ears tell a verse from a pre-chorus only now and then."""


@dataclass(frozen=True)
class LineTask:
    """Lines to be placed, in numbers."""

    syllables: Vector
    first_of_block: NDArray[np.bool_]
    labels: tuple[SectionLabel | None, ...]
    anchors: Mapping[int, float]
    """Lines of which is known when they begin."""
    parts_are_known: bool = False
    """Whether the parts of the song are those that the lyrics name, in their order."""

    @property
    def n(self) -> int:
        """How many lines there are."""
        return len(self.syllables)


@dataclass(frozen=True)
class Placed:
    """Where lines begin, in order."""

    starts_s: tuple[float, ...]
    confidences: tuple[float, ...]
    """For each how probable it is that it begins within `NEAR_S` of there."""
    rate_s: float
    """Seconds a syllable takes."""


@dataclass(frozen=True)
class _Pace:
    """What is known of how fast lines follow each other."""

    rate_s: float
    gaps_s: Mapping[SectionLabel | None, float]
    """Usual time from line to line, by the part they stand in; empty where it is not known yet."""


def place_lines(task: LineTask, moments: Moments, analysis: SongAnalysis) -> Placed | None:
    """Place lines, first by what is heard alone, then once more by the pace that this shows.

    None where they cannot all be sung in the song.
    """
    too_many = float(task.syllables.sum()) * _FASTEST_S > analysis.duration_s or task.n >= moments.n
    if task.n == 0 or too_many:
        return None
    lattice = _Lattice(task, moments, analysis)
    pace = _Pace(_first_rate(task, moments), {})
    path = lattice.cheapest(pace)
    for _ in range(2):
        if path is None:
            break
        before, pace = path, _heard_pace(task, moments, path, pace)
        path = lattice.cheapest(pace)
        if path is None or np.array_equal(path, before):
            break
    if path is None:
        return None
    sure = lattice.confidences(pace, path)
    return Placed(tuple(moments.times_s[path].tolist()), tuple(round(float(c), 3) for c in sure), pace.rate_s)


def _first_rate(task: LineTask, moments: Moments) -> float:
    if moments.trust <= 0:
        return _USUAL_S
    return float(np.clip(moments.voiced_s[-1] / task.syllables.sum(), _FAST_S, _SLOW_S))


def _heard_pace(task: LineTask, moments: Moments, path: NDArray[np.int64], pace: _Pace) -> _Pace:
    """Learn the pace of a placing: the voice over each line, and the usual time from line to line."""
    times = moments.times_s[path]
    gaps = np.diff(times)
    inner = ~task.first_of_block[1:]
    heard = moments.voice_until(times[1:]) - moments.voice_until(times[:-1])
    rate_s = pace.rate_s
    # Only a voice that falls silent before the next line says how long its line takes.
    measured = (heard > 0.3) & (gaps - heard > _PAUSE_S)
    if moments.trust > 0 and measured.sum() >= max(3, 0.15 * len(gaps)):
        rate_s = float(np.clip(np.median((heard / task.syllables[:-1])[measured]), _FAST_S, _SLOW_S))
    elif moments.trust > 0:
        rate_s = min(rate_s, _USUAL_S)
    usual: dict[SectionLabel | None, float] = {}
    for label in set(task.labels):
        mine = inner & np.array([each == label for each in task.labels[:-1]], dtype=bool)
        if mine.sum() >= 2:
            usual[label] = float(np.median(gaps[mine]))
    return replace(pace, rate_s=rate_s, gaps_s=usual)


@dataclass(frozen=True)
class _Reach:
    """Pairs of moments, from one to a later one within reach, and what holds for them whatever the line.

    Row k is of moment `first + k`, column w leads to the moment `w + 1` after it.
    """

    first: int
    to: NDArray[np.int64]
    gaps_s: Matrix64
    voice_s: Matrix64
    """Seconds of voice between the two."""
    is_open: NDArray[np.bool_]

    @classmethod
    def of(cls, moments: Moments, reach_s: float) -> _Reach:
        """Pair all moments."""
        times = moments.times_s
        last = np.searchsorted(times, times + reach_s, side="right")
        width = int((last - np.arange(moments.n) - 1).max(initial=1))
        index = np.arange(moments.n)[:, None] + 1 + np.arange(max(1, width))[None, :]
        to = np.minimum(index, moments.n - 1)
        gaps_s = times[to] - times[:, None]
        until = moments.voice_until(times)
        return cls(0, to, gaps_s, until[to] - until[:, None], (index < moments.n) & (gaps_s <= reach_s))

    def within(self, first: int, last: int) -> _Reach:
        """The same for some moments alone."""
        rows = slice(first, last + 1)
        return _Reach(first, self.to[rows], self.gaps_s[rows], self.voice_s[rows], self.is_open[rows])


class _Lattice:
    """Costs of lines at moments, and of the steps between them."""

    def __init__(self, task: LineTask, moments: Moments, analysis: SongAnalysis) -> None:
        self._task, self._moments = task, moments
        self._inner, self._rest = _Reach.of(moments, _LONGEST_GAP_S), _Reach.of(moments, _LONGEST_REST_S)
        self._until = moments.voice_until(moments.times_s)
        self._labels = np.array([analysis.sections[s].label for s in moments.sections.tolist()])
        self._bands = _bands(task, moments)
        starts = np.array([analysis.sections[s].start_s for s in moments.sections.tolist()])
        self._at_part_start = np.abs(moments.times_s - starts) < max(0.6, 0.55 * moments.bar_s)
        self._part_trust = np.array([0.4 + 0.6 * analysis.sections[s].confidence for s in moments.sections.tolist()])

    def _node(self, i: int) -> Vector:
        """Cost of line i at each moment."""
        task, cost = self._task, self._moments.costs.copy()
        label = task.labels[i]
        if label is not None:
            kin = np.isin(self._labels, _KIN.get(label, ()))
            wrong = np.where(kin, _KIN_PART, _WRONG_PART) * (self._labels != label)
            cost += wrong * self._part_trust * (_KNOWN if self._task.parts_are_known else 1)
        if task.first_of_block[i] and label is not None:
            cost += _NOT_AT_START * ~self._at_part_start
        if i in task.anchors:
            nearest = int(np.argmin(np.abs(self._moments.times_s - task.anchors[i])))
            fixed = np.full(len(cost), np.inf)
            fixed[nearest] = 0.0
            return fixed
        return np.asarray(cost)

    def _steps(self, i: int, pace: _Pace) -> tuple[_Reach, Matrix64]:
        """Cost of going on to the next line, from each moment at which line i may be to each one within reach."""
        rest = bool(self._task.first_of_block[i + 1])
        reach = (self._rest if rest else self._inner).within(*self._bands[i])
        need_s = float(self._task.syllables[i]) * pace.rate_s
        cost = self._of_line(reach.gaps_s, reach.voice_s, need_s)
        if not rest:
            usual_s = pace.gaps_s.get(self._task.labels[i])
            if self._moments.bar_s:
                halves = reach.gaps_s / (self._moments.bar_s / 2)
                cost += _OFF_GRID * (2 * np.abs(halves - np.round(halves))) ** 2
            if usual_s is not None:
                uneven = np.abs(np.log2(np.maximum(reach.gaps_s, 0.05) / max(usual_s, 0.3)))
                cost += _UNEVEN * np.minimum(uneven, _MOST_UNEVEN)
        return reach, np.where(reach.is_open, cost, np.inf)

    def _of_line(self, gaps_s: Matrix64, voice_s: Matrix64, need_s: float) -> Matrix64:
        """Cost of a line that is followed after a gap in which a voice is heard for so long."""
        short = np.maximum(0, 0.92 * need_s - gaps_s) / (0.16 * need_s + 0.1)
        missing = np.maximum(0, np.minimum(need_s, gaps_s) - voice_s) / need_s
        left = np.maximum(0, voice_s - 1.25 * need_s - 0.3)
        trust = max(0.25, self._moments.trust)
        cost = np.minimum(_TOO_SHORT * short, 60) + _NO_VOICE * trust * missing
        return np.asarray(cost + np.minimum(_LEFT_OVER * trust * left, _MOST_LEFT_OVER))

    def _first(self) -> Vector:
        left = np.minimum(_LEFT_OVER * max(0.25, self._moments.trust) * self._until, _MOST_LEFT_OVER)
        return np.asarray(left + self._node(0))

    def _last(self, pace: _Pace) -> Vector:
        """Cost of the last line, followed by nothing."""
        gaps = np.maximum(0.05, self._moments.duration_s - self._moments.times_s)
        need_s = float(self._task.syllables[-1]) * pace.rate_s
        return self._of_line(gaps, self._moments.voiced_s[-1] - self._until, need_s)

    def cheapest(self, pace: _Pace) -> NDArray[np.int64] | None:
        """Find the moments, one for each line, that cost least together; None where there is no way."""
        best, came = self._first(), []
        for i in range(self._task.n - 1):
            reach, cost = self._steps(i, pace)
            rows = slice(reach.first, reach.first + len(cost))
            best, source = _least(best[rows, None] + cost, reach.first, self._moments.n)
            best = best + self._node(i + 1)
            came.append(source)
        best = best + self._last(pace)
        if not np.isfinite(best.min()):
            return None
        path = [int(np.argmin(best))]
        for source in reversed(came):
            path.append(int(source[path[-1]]))
        return np.array(path[::-1])

    def confidences(self, pace: _Pace, path: NDArray[np.int64]) -> Vector:
        """Say for each line how probable it is that it begins near its moment on a path."""
        forward = [-self._first() / _TEMPERATURE]
        for i in range(self._task.n - 1):
            reach, cost = self._steps(i, pace)
            total = forward[-1][reach.first : reach.first + len(cost), None] - cost / _TEMPERATURE
            forward.append(_gathered(total, reach.first, self._moments.n) - self._node(i + 1) / _TEMPERATURE)
        backward = -self._last(pace) / _TEMPERATURE
        sure = np.zeros(self._task.n)
        for i in range(self._task.n - 1, -1, -1):
            chance = forward[i] + backward
            chance = np.exp(chance - chance.max())
            near = np.abs(self._moments.times_s - self._moments.times_s[path[i]]) <= NEAR_S
            sure[i] = chance[near].sum() / chance.sum()
            if i > 0:
                reach, cost = self._steps(i - 1, pace)
                ahead = (backward - self._node(i) / _TEMPERATURE)[reach.to] - cost / _TEMPERATURE
                backward = np.full(self._moments.n, -np.inf)
                backward[reach.first : reach.first + len(cost)] = _log_sum(ahead)
        return sure


def _bands(task: LineTask, moments: Moments) -> list[tuple[int, int]]:
    """First and last moment at which each line may be, for all others to find room before and after it."""
    times, fastest = moments.times_s, task.syllables * _FASTEST_S
    early = np.concatenate([[0.0], np.cumsum(fastest)[:-1]])
    late = moments.duration_s - np.cumsum(fastest[::-1])[::-1]
    first, last = np.searchsorted(times, early), np.searchsorted(times, late, side="right") - 1
    for i, start_s in task.anchors.items():
        at = int(np.argmin(np.abs(times - start_s)))
        first[i:], last[: i + 1] = np.maximum(first[i:], at), np.minimum(last[: i + 1], at)
    number = np.arange(task.n)
    first, last = np.maximum(first, number), np.minimum(last, moments.n - task.n + number)
    return [(int(a), max(int(a), int(b))) for a, b in zip(first, last, strict=True)]


def _diagonals(total: Matrix64, first: int, n: int) -> Iterator[tuple[slice, Vector, slice]]:
    """Row k leads to moment first + k + 1 + w: give origins and targets a column at a time, without all pairs."""
    for w in range(total.shape[1]):
        n_rows = min(len(total), n - 1 - w - first)
        if n_rows > 0:
            yield slice(first + 1 + w, first + 1 + w + n_rows), total[:n_rows, w], slice(first, first + n_rows)


def _least(total: Matrix64, first: int, n: int) -> tuple[Vector, NDArray[np.int64]]:
    """Give for each moment the least cost of coming to it, and from where."""
    best, source = np.full(n, np.inf), np.zeros(n, dtype=np.int64)
    rows = np.arange(n)
    for target, column, origin in _diagonals(total, first, n):
        better = column < best[target]
        best[target] = np.where(better, column, best[target])
        source[target] = np.where(better, rows[origin], source[target])
    return best, source


def _gathered(total: Matrix64, first: int, n: int) -> Vector:
    """Log of the summed chances of coming to each moment."""
    top = np.full(n, -np.inf)
    for target, column, _ in _diagonals(total, first, n):
        np.maximum(top[target], column, out=top[target])
    floor = np.where(np.isfinite(top), top, 0.0)
    chance = np.zeros(n)
    for target, column, _ in _diagonals(total, first, n):
        chance[target] += np.exp(column - floor[target])
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(chance) + floor)


def _log_sum(values: Matrix64) -> Vector:
    top = values.max(axis=1)
    floor = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - floor[:, None]).sum(axis=1)) + floor)
