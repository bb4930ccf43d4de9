"""How far a beat grid is to be trusted, passage by passage.

Three witnesses speak for each beat: how clearly the network heard the beats around it; whether a second estimator,
which knows nothing of the network and taps to the rises of loudness alone, comes to the same beats (agreement of
trackers as a measure of trust: Holzapfel et al. 2012); and whether the music repeats when it is read along the grid.
All of them may agree on beats that are half or twice as many as a listener's: how probable that is, the metre says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import running_max
from suno_video.analyze.pointer import follow_beats
from suno_video.analyze.spectra import RATE_HZ, Matrix
from suno_video.core.analysis import GridVerdict, Passage

_EAR = np.array([1.0, 0.6, 0.5, 0.5, 0.35], dtype=np.float32)
"""How much each register of the flux counts for the second estimator."""
_AROUND = 8
"""Beats to either side that are judged together."""
_PLACES = 8
"""Places within a beat at which repetition is looked for."""
_LEAST_TRUST = 0.5
_FAINT = 0.12
"""Beats that the network hears less than this are nothing to tap to."""
_LOOSE = 0.09
"""Spread of beat lengths (the middle four fifths, against the median) above which the beat breathes."""
_SHORTEST_S = 5.0
"""A shorter passage goes to its neighbour."""
_EDGE_S = 2.5
"""So long before the first beat and after the last the grid still stands for the music."""

# Set by hand, not fitted: neither the network nor the other estimator is to carry a doubtful passage alone. On the
# public songs a weaker say of the other estimator called a passage sure in which the network tapped between the beats.
_INTERCEPT, _HEARD, _AGREED, _REPEATED = -4.6, 5.0, 4.0, 1.2


@dataclass(frozen=True)
class Witnesses:
    """What speaks for each beat, each of shape (n,), 0..1."""

    heard: NDArray[np.float64]
    agreed: NDArray[np.float64]
    repeated: NDArray[np.float64]
    level: NDArray[np.float64]
    """How probable it is that beats are counted at the right level, and not at half, twice or three times as many."""

    @property
    def trust(self) -> NDArray[np.float64]:
        """How far the beat is to be trusted."""
        logit = _INTERCEPT + _HEARD * self.heard + _AGREED * self.agreed + _REPEATED * self.repeated
        return np.asarray(self.level / (1 + np.exp(-logit)))


def no_witnesses() -> Witnesses:
    """Of a song without beats."""
    return Witnesses(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))


def question_witnesses(
    beats_s: NDArray[np.float64], levels: Matrix, flux: Matrix, beats_per_bar: int, level_chance: NDArray[np.float64]
) -> Witnesses:
    """Ask all four about each beat.

    Args:
        levels: How clearly the network heard each beat, 0..1.
        flux: Rises of each register at `RATE_HZ`.
        level_chance: How probable the level is at which beats were counted, of each beat.
    """
    curve = np.asarray(flux @ (_EAR / _EAR.sum()), dtype=np.float32)
    return Witnesses(
        _over_neighbours(levels.astype(np.float64)),
        _over_neighbours(_agreement(beats_s, _tap_to_rises(curve))),
        _repetition(beats_s, curve, beats_per_bar),
        level_chance,
    )


def judge_passages(beats_s: NDArray[np.float64], witnesses: Witnesses, duration_s: float) -> tuple[Passage, ...]:
    """Divide a song into passages that are equally far to be trusted. They tile it; no beats give one passage."""
    if len(beats_s) < 2:
        return (no_passage(0.0, duration_s),)
    verdicts = _verdicts(beats_s, witnesses)
    starts = [0, *(i for i in range(1, len(verdicts)) if verdicts[i] != verdicts[i - 1])]
    spans = [(a, b, verdicts[a]) for a, b in pairwise([*starts, len(verdicts)])]
    spans = _without_short(spans, beats_s)
    edges = [_begin(beats_s), *(float(beats_s[a]) for a, _, _ in spans[1:]), _finish(beats_s, duration_s)]
    passages = [
        _passage(edge, end, beats_s[a:b], verdict, witnesses, slice(a, b))
        for (a, b, verdict), (edge, end) in zip(spans, pairwise(edges), strict=True)
    ]
    before = [no_passage(0.0, edges[0])] if edges[0] > 0 else []
    after = [no_passage(edges[-1], duration_s)] if edges[-1] < duration_s else []
    return (*before, *passages, *after)


def overall_trust(passages: tuple[Passage, ...]) -> float:
    """Mean trust over the time in which there is music to tap to or none to trust; 0 where there is no grid."""
    heard = [p for p in passages if p.tempo_bpm > 0]
    total_s = sum(p.end_s - p.start_s for p in heard)
    return sum(p.trust * (p.end_s - p.start_s) for p in heard) / total_s if total_s else 0.0


def _tap_to_rises(curve: Matrix) -> NDArray[np.float64]:
    peaks = running_max(curve, int(0.4 * RATE_HZ))
    strong = float(np.percentile(peaks, 85)) if len(peaks) else 0.0
    activation = np.clip(curve / max(strong, 0.05), 0, 1) * np.float32(0.9) + np.float32(0.02)
    return (follow_beats(activation, RATE_HZ, 55, 215) + 0.5) / RATE_HZ


def _agreement(beats_s: NDArray[np.float64], others_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whether the other tapped here too; that it tapped twice as often or half as often is no quarrel."""
    if len(others_s) < 2:
        return np.zeros(len(beats_s))
    near_s = np.minimum(0.06, 0.15 * np.gradient(beats_s))
    ours = _distance(beats_s, others_s) <= near_s
    theirs = _distance(others_s, beats_s) <= 0.06
    nearest = np.clip(np.searchsorted(others_s, beats_s), 0, len(others_s) - 1)
    return np.asarray(np.maximum(ours, 0.9 * theirs[nearest]), dtype=np.float64)


def _distance(times_s: NDArray[np.float64], others_s: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.searchsorted(others_s, times_s)
    before, after = others_s[np.clip(at - 1, 0, len(others_s) - 1)], others_s[np.clip(at, 0, len(others_s) - 1)]
    return np.minimum(np.abs(times_s - before), np.abs(after - times_s))


def _repetition(beats_s: NDArray[np.float64], curve: Matrix, beats_per_bar: int) -> NDArray[np.float64]:
    """Correlation of the rises around each beat with those one beat, one bar and two bars on, read along the grid."""
    n = len(beats_s)
    smooth = running_max(curve, 5)
    at = np.interp(np.arange(n * _PLACES) / _PLACES, np.arange(n), beats_s)
    rises = smooth[np.clip((at * RATE_HZ).astype(np.int64), 0, len(smooth) - 1)].astype(np.float64)
    best = np.zeros(n)
    for lag in {1, 2, beats_per_bar, 2 * beats_per_bar}:
        if n <= lag + 2:
            continue
        a, b = rises[: -lag * _PLACES], rises[lag * _PLACES :]
        means = [_sums(x, n - lag) for x in (a, b, a * b, a * a, b * b)]
        a1, b1, ab, aa, bb = means
        spread = np.sqrt(np.maximum(aa - a1**2, 1e-6) * np.maximum(bb - b1**2, 1e-6))
        found = np.clip((ab - a1 * b1) / spread, 0, 1)
        best[: n - lag] = np.maximum(best[: n - lag], found)
        best[lag:] = np.maximum(best[lag:], found)
    return best


def _sums(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Mean over the beats around each beat."""
    return _over_neighbours(values[: n * _PLACES].reshape(n, _PLACES).mean(axis=1))


def _over_neighbours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    low, high = np.maximum(index - _AROUND, 0), np.minimum(index + _AROUND + 1, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low))


def _verdicts(beats_s: NDArray[np.float64], witnesses: Witnesses) -> list[GridVerdict]:
    trust = witnesses.trust
    out: list[GridVerdict] = []
    for i, (low, middle, high) in enumerate(_steps_around(beats_s)):
        if witnesses.heard[i] < _FAINT:
            out.append("none")
        elif trust[i] < _LEAST_TRUST:
            out.append("unsure")
        else:
            out.append("free" if (high - low) / middle > _LOOSE else "steady")
    return out


def _steps_around(beats_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 10th, 50th and 90th percentile of the beat lengths around each beat, shape (n, 3)."""
    out, n, wide = np.ones((len(beats_s), 3)), len(beats_s), 2 * _AROUND
    steps = np.diff(beats_s)
    for i in range(n) if n <= wide else (*range(_AROUND), *range(n - _AROUND, n)):
        if len(near := steps[max(0, i - _AROUND) : i + _AROUND]):
            out[i] = np.percentile(near, (10, 50, 90))
    if n > wide:
        windows = np.lib.stride_tricks.sliding_window_view(steps, wide)
        out[_AROUND : n - _AROUND] = np.percentile(windows, (10, 50, 90), axis=1).T
    return out


def _without_short(
    spans: list[tuple[int, int, GridVerdict]], beats_s: NDArray[np.float64]
) -> list[tuple[int, int, GridVerdict]]:
    """Give the shortest passage to its longer neighbour until none is too short."""

    def length_s(span: tuple[int, int, GridVerdict]) -> float:
        return float(beats_s[min(span[1], len(beats_s) - 1)] - beats_s[span[0]])

    while len(spans) > 1:
        k = min(range(len(spans)), key=lambda i: length_s(spans[i]))
        if length_s(spans[k]) >= _SHORTEST_S:
            break
        sides = [i for i in (k - 1, k + 1) if 0 <= i < len(spans)]
        taker = max(sides, key=lambda i: length_s(spans[i]))
        spans[taker] = (min(spans[k][0], spans[taker][0]), max(spans[k][1], spans[taker][1]), spans[taker][2])
        del spans[k]
        merged: list[tuple[int, int, GridVerdict]] = []
        for span in spans:
            if merged and merged[-1][2] == span[2]:
                merged[-1] = (merged[-1][0], span[1], span[2])
            else:
                merged.append(span)
        spans = merged
    return spans


def _begin(beats_s: NDArray[np.float64]) -> float:
    return 0.0 if beats_s[0] < _EDGE_S else float(beats_s[0])


def _finish(beats_s: NDArray[np.float64], duration_s: float) -> float:
    return duration_s if duration_s - beats_s[-1] < _EDGE_S else float(beats_s[-1])


def no_passage(start_s: float, end_s: float) -> Passage:
    """A passage without anything to tap to."""
    return Passage(start_s=start_s, end_s=end_s, verdict="none", trust=0.0, why="nothing to tap to is heard")


def _passage(
    start_s: float, end_s: float, beats_s: NDArray[np.float64], verdict: GridVerdict, witnesses: Witnesses, part: slice
) -> Passage:
    steps = np.diff(beats_s)
    return Passage(
        start_s=start_s,
        end_s=end_s,
        verdict=verdict,
        trust=round(float(witnesses.trust[part].mean()), 3),
        tempo_bpm=round(float(60 / np.median(steps)), 2) if len(steps) else 0.0,
        why=_reason(verdict, witnesses, part),
    )


def _reason(verdict: GridVerdict, witnesses: Witnesses, part: slice) -> str:
    asked = (witnesses.heard, witnesses.agreed, witnesses.repeated, witnesses.level)
    heard, agreed, repeated, level = (float(each[part].mean()) for each in asked)
    if verdict == "none":
        return "nothing to tap to is heard"
    if verdict == "unsure":
        doubts = [
            (heard, f"beats are barely heard ({heard:.0%})"),
            (agreed, f"a second estimator agrees at {agreed:.0%} of the beats only"),
            (repeated, f"little repeats along the grid ({repeated:.0%})"),
            (level, f"beats may as well be counted slower or quicker (these at {level:.0%})"),
        ]
        return "; ".join(text for level, text in sorted(doubts) if level < 0.6) or doubts[0][1]
    breathes = ", and the tempo breathes" if verdict == "free" else ""
    return f"beats are heard ({heard:.0%}) and a second estimator agrees at {agreed:.0%} of them{breathes}"
