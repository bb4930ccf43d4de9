"""Where the parts of a song begin and which of them sound alike: novelty and likeness of whole bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import MEL_GROUPS
from suno_video.analyze.spectra import N_MELS, RATE_HZ, SLOW_RATE_HZ, Spectra
from suno_video.core.grid import BeatGrid

Matrix64 = NDArray[np.float64]

_MAX_UNITS = 2400
"""Most bars that are compared with each other; an hour-long mix has about 1900."""
_NO_BEAT_BAR_S = 2.0
_MAX_BARS = 40
# How long parts of songs are, in bars (share of parts in popular music, from our own composing experience): powers of
# two and their sums are common, everything else is rare.
_LENGTH_SHARE = {2: 0.01, 4: 0.12, 6: 0.02, 8: 0.42, 10: 0.03, 12: 0.06, 16: 0.16, 20: 0.01, 24: 0.02, 32: 0.015}
_RARE, _TOO_SHORT = 0.006, 0.002
_LENGTH_WEIGHT = 0.35
_ALIKE = 0.4
_LOUD_STEP_DB = 1.6


@dataclass(frozen=True)
class BarTable:
    """A song bar by bar. Row i describes `edges_s[i]` to `edges_s[i + 1]`."""

    edges_s: Matrix64
    timbre: Matrix64
    """Shape (n, 13): cepstrum of the mel bands."""
    chroma: Matrix64
    """Shape (n, 12), unit length."""
    levels: Matrix64
    """Shape (n, 1 + N_GROUPS): decibels of the whole, then of each register."""
    rhythm: Matrix64
    """Shape (n, N_GROUPS): how much begins in each register."""

    @property
    def n(self) -> int:
        """Number of bars."""
        return len(self.edges_s) - 1


@dataclass(frozen=True)
class Form:
    """The parts of a song as spans of bars."""

    borders: tuple[int, ...]
    """Bars at which parts begin, and the end: rising from 0 to n."""
    groups: tuple[int, ...]
    """For each part the number of its group; the first part has group 0."""
    clearness: tuple[float, ...]
    """For each part how clearly it begins, 0..1."""


def tabulate_bars(
    spectra: Spectra, flux: NDArray[np.float32], beats: BeatGrid, start_s: float, end_s: float
) -> BarTable:
    """Describe each bar from `start_s` to `end_s`; without beats, each stretch of two seconds."""
    edges = _bar_edges(beats, start_s, end_s)
    mel = np.concatenate([_means(spectra.mel_db[:, i : i + 4], RATE_HZ, edges) for i in range(0, N_MELS, 4)], axis=1)
    index = np.arange(N_MELS)
    cepstrum = np.cos(np.pi / N_MELS * (index[None, :] + 0.5) * np.arange(1, 14)[:, None])
    loud = np.percentile(mel.max(axis=1), 95)
    mel = np.maximum(mel, loud - 60)
    chroma = _means(spectra.chroma / (spectra.chroma.sum(axis=1, keepdims=True) + 1e-6), SLOW_RATE_HZ, edges)
    whole = 10 * np.log10(_means(spectra.weighted[:, None], RATE_HZ, edges) + 1e-12)
    bands = [mel[:, low:high].mean(axis=1) for low, high in zip(MEL_GROUPS, MEL_GROUPS[1:], strict=False)]
    return BarTable(
        edges_s=edges,
        timbre=mel @ cepstrum.T / N_MELS,
        chroma=chroma / (np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-9),
        levels=np.column_stack([np.maximum(whole, whole.max() - 50), *bands]),
        rhythm=_means(flux, RATE_HZ, edges),
    )


def _bar_edges(beats: BeatGrid, start_s: float, end_s: float) -> Matrix64:
    downs = np.array([t for t in beats.downbeats_s if start_s - 0.1 <= t < end_s])
    if len(downs) < 4 or beats.confidence < 0.3:
        step = max(_NO_BEAT_BAR_S, (end_s - start_s) / _MAX_UNITS)
        downs = np.arange(start_s, end_s, step)
    bar = float(np.median(np.diff(downs))) if len(downs) > 1 else end_s
    before = np.arange(downs[0] - bar, start_s + 0.4 * bar, -bar)[::-1]
    after = np.arange(downs[-1] + bar, end_s - 0.4 * bar, bar)
    edges = np.concatenate([before, downs, after])
    edges = edges[(edges > start_s + 0.4 * bar) & (edges < end_s - 0.4 * bar)]
    every = int(np.ceil((len(edges) + 2) / _MAX_UNITS))
    return np.concatenate([[start_s], edges[::every], [end_s]])


def _means(values: NDArray[np.generic], rate_hz: float, edges_s: Matrix64) -> Matrix64:
    """Mean of rows between neighbouring edges, shape (len(edges_s) - 1, columns)."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    low = np.clip((edges_s[:-1] * rate_hz).round().astype(np.int64), 0, len(values) - 1)
    high = np.clip((edges_s[1:] * rate_hz).round().astype(np.int64), low + 1, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None], dtype=np.float64)


def find_form(table: BarTable, hints_s: tuple[float, ...] = ()) -> Form:
    """Cut bars into parts where the music changes, and group parts that sound alike.

    Args:
        hints_s: Moments at which a part is known to begin, such as section tags in timed lyrics.
    """
    if table.n < 4:
        return Form((0, table.n), (0,), (0.0,))
    novelty = bar_novelty(table)
    for hint_s in hints_s:
        novelty[int(np.argmin(np.abs(table.edges_s[:-1] - hint_s)))] += 1.0
    borders = _choose_borders(novelty)
    groups = _group_parts(table, borders)
    # A part that merely goes on is no new part.
    new = [0, *(i for i in range(1, len(groups)) if groups[i] != groups[i - 1])]
    kept = tuple(borders[i] for i in new)
    clear = tuple(float(np.clip(novelty[b] / 1.5, 0, 1)) if b else 1.0 for b in kept)
    return Form((*kept, table.n), tuple(groups[i] for i in new), clear)


def _standard(values: Matrix64) -> Matrix64:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.maximum(spread, 1e-3 + 0.05 * spread.max()))


def _distances(rows: Matrix64) -> NDArray[np.float32]:
    """Squared distances between all rows, over their median."""
    slim = rows.astype(np.float32)
    squares = (slim**2).sum(axis=1)
    apart = np.maximum(0, squares[:, None] + squares[None, :] - 2 * slim @ slim.T)
    return np.asarray(apart / (np.median(apart[:: max(1, len(apart) // 400)]) + 1e-9), dtype=np.float32)


def bar_novelty(table: BarTable) -> Matrix64:
    """How much changes at the start of each bar, about 1 at a clear border (Foote 2000, on four kinds of likeness)."""
    views = (
        (_standard(table.timbre), 1.0),
        (table.chroma, 0.8),
        (_standard(table.levels), 1.2),
        (_standard(table.rhythm), 0.7),
    )
    total = np.zeros(table.n)
    for rows, weight in views:
        likeness = np.exp(-_distances(rows))
        for half, share in ((2, 0.5), (4, 1.0), (8, 1.0)):
            edge = _checkerboard(likeness, half)
            total += weight * share * edge / (np.percentile(edge, 98) + 1e-6)
    total /= sum(weight for _, weight in views) * 2.5
    around = np.convolve(np.pad(total, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    wide = np.pad(total, 2, mode="edge")
    is_peak = total >= np.max([wide[k : k + table.n] for k in range(5)], axis=0)
    return np.asarray(np.where(is_peak, 2 * total - around, np.minimum(total - around, 0) + 0.2 * total) * 4)


def _checkerboard(likeness: NDArray[np.float32], half: int) -> Matrix64:
    """Correlate the diagonal with a tapered checkerboard: high where two unlike blocks meet."""
    n = len(likeness)
    steps = np.arange(-half + 0.5, half)
    taper = np.exp(-0.5 * (steps / (0.5 * half)) ** 2)
    kernel = np.outer(taper * np.sign(steps), taper * np.sign(steps))
    padded = np.pad(likeness, half, mode="reflect" if n > half else "edge")
    edge = np.array([(padded[i : i + 2 * half, i : i + 2 * half] * kernel).sum() for i in range(n)])
    return np.asarray(np.maximum(0, edge) / np.abs(kernel).sum(), dtype=np.float64)


def length_bonus(n_bars: int) -> float:
    """How usual a length in bars is for a part of a song: 0 or less, in the unit of novelty."""
    share = _LENGTH_SHARE.get(n_bars, _RARE if n_bars > 4 else _TOO_SHORT)
    return _LENGTH_WEIGHT * float(np.log(share))


def _choose_borders(novelty: Matrix64) -> tuple[int, ...]:
    """Choose the borders with the most novelty and the likeliest lengths between them (dynamic programming)."""
    n = len(novelty)
    bonus = [length_bonus(length) for length in range(_MAX_BARS + 1)]
    best, came_from = np.full(n + 1, -np.inf), np.zeros(n + 1, dtype=np.int64)
    best[0] = 0.0
    for end in range(1, n + 1):
        for start in range(max(0, end - _MAX_BARS), end):
            score = best[start] + bonus[end - start] + (novelty[end] if end < n else 0.0)
            if score > best[end]:
                best[end], came_from[end] = score, start
    borders = [n]
    while borders[-1] > 0:
        borders.append(int(came_from[borders[-1]]))
    return tuple(borders[::-1])


def _group_parts(table: BarTable, borders: tuple[int, ...]) -> tuple[int, ...]:
    """Group parts by the likeness of their bars in order and of their sound as a whole."""
    spans = list(zip(borders, borders[1:], strict=False))
    apart = _bar_distances(table)
    sound = np.hstack([_standard(table.timbre), _standard(table.levels[:, :1]) * 2])
    means = np.array([sound[a:b].mean(axis=0) for a, b in spans])
    loud = [float(table.levels[a:b, 0].mean()) for a, b in spans]
    k = len(spans)
    likeness = np.eye(k)
    for i in range(k):
        for j in range(i):
            in_order = _best_diagonal(apart, spans[i], spans[j])
            as_whole = np.exp(-((means[i] - means[j]) ** 2).sum() / (2 * 2.2**2))
            # A verse and its chorus may share chords and band; the chorus is the louder of the two.
            as_loud = np.exp(-0.5 * ((loud[i] - loud[j]) / _LOUD_STEP_DB) ** 2)
            likeness[i, j] = likeness[j, i] = in_order**0.4 * as_whole**0.6 * as_loud
    return _cluster(likeness)


def _bar_distances(table: BarTable) -> NDArray[np.float32]:
    return _distances(np.hstack([table.chroma * 2.2, _standard(table.timbre) * 0.3]))


def bar_likeness(table: BarTable) -> Matrix64:
    """Likeness of each bar to each in harmony and timbre, shape (n, n), 0..1."""
    return np.asarray(np.exp(-_bar_distances(table) / 0.6), dtype=np.float64)


def _best_diagonal(apart: NDArray[np.float32], left: tuple[int, int], right: tuple[int, int]) -> float:
    """Likeness of two spans bar against bar, at the best of a few shifts."""
    n = min(left[1] - left[0], right[1] - right[0])
    best = 0.0
    for shift in range(-2, 3):
        a, b = np.arange(left[0], left[0] + n), np.arange(right[0], right[0] + n) + shift
        inside = (b >= right[0]) & (b < right[1])
        if inside.sum() >= max(1, 0.6 * n):
            best = max(best, float(np.exp(-apart[a[inside], b[inside]].mean() / 0.6)))
    return best


def _cluster(likeness: Matrix64) -> tuple[int, ...]:
    """Join the two most alike groups (by mean) until none are alike enough; number them in order of appearance."""
    groups = [[i] for i in range(len(likeness))]
    between = likeness.copy()
    np.fill_diagonal(between, -1)
    while len(groups) > 1 and between.max() >= _ALIKE:
        a, b = sorted(np.unravel_index(int(np.argmax(between)), between.shape))
        n_a, n_b = len(groups[a]), len(groups[b])
        merged = (between[a] * n_a + between[b] * n_b) / (n_a + n_b)
        between[a], between[:, a] = merged, merged
        between[a, a] = -1
        between = np.delete(np.delete(between, b, axis=0), b, axis=1)
        groups[a] += groups.pop(b)
    order = sorted(groups, key=min)
    return tuple(next(g for g, members in enumerate(order) if i in members) for i in range(len(likeness)))
