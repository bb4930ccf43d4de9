"""At which level to tap, and how beats fall into bars: all readings of one pulse, judged side by side.

Whoever taps to a song may tap its beats, every second of them, its eighths, or across a bar of six. Each reading is
asked the same questions (is every one of its beats heard, what sounds between them, do the downbeats stand in its
bars), and a conditional logit (McFadden 1974) that was fitted to composed music says which is the likeliest. How it
was fitted: `training/beats/learn_metre.py` in the repository; `data/metre.txt` beside the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.beatnet import NET_RATE_HZ
from suno_video.analyze.spectra import Matrix

Times = NDArray[np.float64]

METRES: tuple[tuple[int, Literal[2, 3]], ...] = ((4, 2), (3, 2), (2, 3), (4, 3))
"""Beats in a bar, and into how many a beat falls."""
_LEVELS = ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (3, 2), (2, 3))
"""How often to tap against the pulse: times the first, over the second."""
_SLOWEST_BPM, _FASTEST_BPM = 38.0, 228.0
_WINDOW = 24
"""Beats that are folded into bars at once: whole bars of two, three, four and six."""
_SLIP = 8.0
"""Cost of leaving the rhythm in which beats are picked out of a quicker pulse."""
_LEAST = 6
_USUAL_BPM, _SPREAD = 110.0, 0.45
"""Quick tempi are rare in the world, as in a log-normal (in octaves); the composed ones go evenly up to 220 bpm."""
_CHANGE = {(1, 1): 0.0, (2, 1): 1.5, (1, 2): 1.5, (3, 1): 4.0, (1, 3): 3.0, (3, 2): 5.0, (2, 3): 5.0}
"""How much likelier (log) another level has to be than that of the pulse; those of threes are believed less easily."""


@dataclass(frozen=True)
class Reading:
    """One way to tap and count."""

    times_s: Times
    beats_per_bar: int
    division: Literal[2, 3]
    level: tuple[int, int]
    """How often it is tapped against the pulse, as in `_LEVELS`."""
    features: NDArray[np.float64]

    @property
    def worth(self) -> float:
        """Log of how likely it is against the other readings of the same pulse."""
        octaves = np.log2(60 / float(np.median(np.diff(self.times_s))) / _USUAL_BPM)
        return float(self.features @ _weights()) - 0.5 * max(0.0, float(octaves / _SPREAD)) ** 2


@dataclass(frozen=True)
class ReadPulse:
    """How a pulse was read."""

    times_s: Times
    beats_per_bar: int
    division: Literal[2, 3]
    level_chance: NDArray[np.float64]
    """For each beat how probable it is that beats are these, and not half or twice as many; shape (n,)."""


def read_metre(pulse_s: Times, near: Matrix, rise: Matrix, three: Matrix) -> ReadPulse | None:
    """Find the likeliest reading of a pulse, at one level from end to end; None where there is too little of it.

    The level of the pulse stays unless another one is clearly likelier: the weights know composed music alone, and a
    tracker that changes octave on a guess is worse than one that is steady.

    Args:
        pulse_s: Moments of a regular pulse: the beats, or twice, three times or half as many.
        near: How much a beat and a downbeat is heard near each frame, shape (n, 2), at `NET_RATE_HZ`.
        rise: How much the sound rises near each frame, about 1 where it rises clearly: all of it, its low and its high
            registers, shape (n, 3).
        three: How much beats seem to fall into three, shape (n,).
    """
    readings = list(all_readings(pulse_s, near, rise, three))
    if not readings:
        return None
    best = max(readings, key=lambda each: each.worth - _CHANGE[each.level])
    chance = np.full(len(best.times_s), _level_chance(best, readings))
    return ReadPulse(best.times_s, best.beats_per_bar, best.division, chance)


def _level_chance(best: Reading, readings: Sequence[Reading]) -> float:
    """How probable the level of one reading is, whatever the metre; that of the pulse keeps its advantage."""
    worths = np.array([each.worth - _CHANGE[each.level] for each in readings])
    chance = np.exp(worths - worths.max())
    same = np.array([each.times_s is best.times_s for each in readings])
    return float(chance[same].sum() / chance.sum())


def all_readings(pulse_s: Times, near: Matrix, rise: Matrix, three: Matrix) -> Iterator[Reading]:
    """Give every reading whose tempo a hand can follow."""
    for times, over in _LEVELS:
        bpm = 60 / float(np.median(np.diff(pulse_s))) * times / over if len(pulse_s) > 1 else 0.0
        if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
            continue
        taps = _every(_between(pulse_s, times), over, near)
        if len(taps) < _LEAST:
            continue
        heard = _ask(taps, near, rise, three)
        for m, division in METRES:
            yield Reading(taps, m, division, (times, over), _features(heard, m, division, bpm))


def _between(times_s: Times, k: int) -> Times:
    """Tap k times as often."""
    if k == 1:
        return times_s
    at = np.arange((len(times_s) - 1) * k + 1) / k
    return np.asarray(np.interp(at, np.arange(len(times_s)), times_s))


def _every(times_s: Times, k: int, near: Matrix) -> Times:
    """Tap every k-th time: those at which beats are heard best (Viterbi; a bar may be cut short)."""
    if k == 1:
        return times_s
    share = np.clip(_at(near[:, 0], times_s) + 0.5 * _at(near[:, 1], times_s), 0.02, 1.48) / 1.5
    worth = np.log(share / (1 - share))
    score, came = [0.0] * k, list[list[int]]()
    for each in worth.tolist():  # state: taps since the last beat
        slip = max(range(k), key=score.__getitem__)
        leaps = [score[slip] - _SLIP > score[state - 1] for state in range(k)]
        came.append([slip if leap else (state - 1) % k for state, leap in enumerate(leaps)])
        score = [score[before] - _SLIP * leap for before, leap in zip(came[-1], leaps, strict=True)]
        score[0] += each
    state, kept = max(range(k), key=score.__getitem__), list[int]()
    for i in range(len(came) - 1, -1, -1):
        if state == 0:
            kept.append(i)
        state = came[i][state]
    return times_s[kept[::-1]]


@dataclass(frozen=True)
class _Heard:
    """What is heard at the beats of a reading and between them."""

    beat: NDArray[np.float64]
    down: NDArray[np.float64]
    rise: NDArray[np.float64]
    """Shape (n, 3): all, low, high."""
    half: tuple[float, float]
    """Beats and rises half-way between two beats."""
    thirds: tuple[float, float]
    quarters: tuple[float, float]
    three: float


def _ask(taps_s: Times, near: Matrix, rise: Matrix, three: Matrix) -> _Heard:
    steps = np.diff(taps_s)

    def between(*shares: float) -> tuple[float, float]:
        moments = np.concatenate([taps_s[:-1] + share * steps for share in shares])
        return float(_at(near[:, 0], moments).mean()), float(_at(rise[:, 0], moments).mean())

    beat = _at(near[:, 0], taps_s)
    return _Heard(
        beat,
        _at(near[:, 1], taps_s),
        _at(rise, taps_s),
        between(1 / 2),
        between(1 / 3, 2 / 3),
        between(1 / 4, 3 / 4),
        float(np.average(_at(three, taps_s), weights=beat + 1e-6)),
    )


def _at(curve: Matrix, times_s: Times) -> NDArray[np.float64]:
    frames = np.clip((times_s * NET_RATE_HZ).astype(np.int64), 0, max(0, len(curve) - 1))
    return curve[frames].astype(np.float64)


def _folded(levels: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """Mean by place in bars of m beats, of windows each turned so that its loudest place is the first; shape (m,)."""
    wide = min(_WINDOW, len(levels) // m * m)
    if wide < m:
        return np.full(m, float(levels.mean()))
    n = len(levels) // wide
    places = levels[: n * wide].reshape(n, wide // m, m).mean(axis=1)
    turned = (np.argmax(places, axis=1)[:, None] + np.arange(m)[None, :]) % m
    return np.asarray(np.take_along_axis(places, turned, axis=1).mean(axis=0))


def _backbeat(low: NDArray[np.float64], high: NDArray[np.float64], period: int) -> float:
    """How far kick and snare take turns with that period of beats, -1..1."""
    wide = min(_WINDOW, len(low) // period * period)
    if wide < period:
        return 0.0
    n = len(low) // wide
    wave = np.exp(-2j * np.pi * np.arange(wide) / period)
    a, b = ((x[: n * wide].reshape(n, wide) * wave[None, :]).mean(axis=1) for x in (low, high))
    return float(-np.mean((a * b.conj()).real))


def _features(heard: _Heard, m: int, division: int, bpm: float) -> NDArray[np.float64]:
    bar = _folded(heard.down, m)
    others, twice = float(bar[1:].max()), _folded(heard.down, 2 * m)
    pair, triple = _folded(heard.beat, 2), _folded(heard.beat, 3)
    low, high = _folded(heard.rise[:, 1], 2), _folded(heard.rise[:, 2], 2)
    octaves = float(np.log2(bpm / 110))
    is_three = float(division == 3)
    shared = [
        float(heard.beat.mean()),
        float(np.percentile(heard.beat, 20)),
        pair[0] - pair[1],
        triple[0] - float(triple[1:].mean()),
        heard.half[0],
        heard.thirds[0],
        heard.rise[:, 0].mean() - max(heard.half[1], heard.thirds[1]),
        octaves,
        octaves**2,
        abs(octaves) ** 3,
        bar[0] - float(bar[1:].mean()),
        bar[0] - others,
        float(bar[0]),
        _backbeat(heard.rise[:, 1], heard.rise[:, 2], 2),
        _backbeat(heard.rise[:, 1], heard.rise[:, 2], 4),
        low[0] - low[1],
        high[0] - high[1],
        heard.quarters[1],
        twice[0] - twice[m],
        (twice[0] - twice[m]) * octaves,
    ]
    apart = [
        1.0,
        heard.half[0],
        heard.thirds[0],
        heard.half[1],
        heard.thirds[1],
        heard.quarters[1],
        heard.three,
        octaves,
    ]
    in_metre = [float((m, division) == each) * x for each in METRES[1:] for x in (1.0, octaves, bar[0] - others)]
    return np.array([*shared, *(is_three * x for x in apart), *in_metre])


@cache
def _weights() -> NDArray[np.float64]:
    path = resources.files("suno_video.analyze") / "data" / "metre.npz"
    with resources.as_file(path) as file, np.load(file, allow_pickle=False) as packed:
        return np.asarray(packed["weights"], dtype=np.float64)
