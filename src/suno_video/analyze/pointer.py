"""A hand that taps along: it moves from beat to beat, and seldom changes its tempo much.

The bar pointer of Whiteley, Cemgil and Godsill (2006) in the state space of Krebs, Böck and Widmer (2015), where tempo
changes at beats only. Since nothing is decided between beats, we score whole beats at a time (a semi-Markov model): the
best way to a beat at frame t of length l comes from a beat at t - l. No beat is shorter than the shortest, so that as
many frames are scored at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import Matrix

_CHANGE = 100.0
"""How much the hand dislikes a change of tempo: log probability per relative change of beat length."""
_REACH = 7
"""Lengths to either side, about 2 % apart, that may follow each other at once; more takes several beats."""
_STEP = 0.02
_BEAT_SHARE = 16
"""A beat covers 1/16 of its length; the rest is where nothing is expected."""
_NEVER = np.float32(-1e9)


def follow_beats(activation: Matrix, rate_hz: float, lowest_bpm: float, highest_bpm: float) -> NDArray[np.int64]:
    """Find the most likely beats (Viterbi).

    Args:
        activation: How much each frame looks like a beat, 0..1.

    Returns:
        Frames of the beats, rising; they reach from end to end. Too little for two beats gives none.
    """
    lengths = beat_lengths(rate_hz, lowest_bpm, highest_bpm)
    n, shortest, longest = len(activation), int(lengths[0]), int(lengths[-1])
    if n < 2 * shortest:
        return np.zeros(0, dtype=np.int64)
    gains, cost = _Gains(activation, lengths), _change_costs(lengths)
    # Row t + longest holds the best score of a beat at frame t by the length that led to it. A first beat may stand
    # anywhere.
    score = np.full((n + longest, len(lengths)), -np.log(len(lengths)), dtype=np.float32)
    # What each is worth for the length that follows; as far back as a beat is long, so that an hour needs no more.
    n_kept = longest + shortest
    onward = np.full((n_kept, len(lengths)), -np.log(len(lengths)), dtype=np.float32)
    columns = np.arange(len(lengths))[None, :]
    padded = np.full((shortest, len(lengths) + 2 * _REACH), _NEVER, dtype=np.float32)
    # Row k of `before` is what lies k - `_REACH` lengths away.
    before = np.lib.stride_tricks.sliding_window_view(padded, len(lengths), axis=1).swapaxes(0, 1)
    ways = np.empty(before.shape, dtype=np.float32)
    for start in range(0, n, shortest):
        t = np.arange(start, min(n, start + shortest))
        now = onward[(t[:, None] + longest - lengths[None, :]) % n_kept, columns] + gains.at(start, start + len(t))
        score[t + longest] = now
        padded[: len(t), _REACH:-_REACH] = now
        np.add(before, cost[:, None, :], out=ways)
        onward[(t + longest) % n_kept] = ways.max(axis=0)[: len(t)]
    return _walk_back(score, cost, lengths, n)


def beat_lengths(rate_hz: float, lowest_bpm: float, highest_bpm: float) -> NDArray[np.int64]:
    """Beat lengths in frames that lie between two tempi: each whole number, or 2 % apart where that is coarser."""
    length, out = int(np.floor(60 * rate_hz / highest_bpm)), list[int]()
    while length < np.ceil(60 * rate_hz / lowest_bpm):
        out.append(length)
        length = max(length + 1, round(length * (1 + _STEP)))
    return np.array([*out, length], dtype=np.int64)


class _Gains:
    """What a beat at a frame is worth against none there, by the length that leads to it."""

    def __init__(self, activation: Matrix, lengths: NDArray[np.int64]) -> None:
        a = np.clip(activation.astype(np.float64), 1e-4, 1 - 1e-4)
        worth = np.log(a) - np.log((1 - a) / (_BEAT_SHARE - 1))
        self._sums = np.concatenate([[0.0], np.cumsum(worth)])
        self._widths, self._which = np.unique(-(-lengths // _BEAT_SHARE), return_inverse=True)

    def at(self, start: int, stop: int) -> Matrix:
        """For some frames, shape (stop - start, len(lengths))."""
        n = len(self._sums) - 1
        low = np.clip(np.arange(start, stop)[:, None] - self._widths // 2, 0, n)
        gains = self._sums[np.minimum(low + self._widths, n)] - self._sums[low]
        return np.asarray(gains[:, self._which], dtype=np.float32)


def _change_costs(lengths: NDArray[np.int64]) -> Matrix:
    """Log probability of each length after the one that lies k - `_REACH` places on, shape (2 _REACH + 1, n)."""
    away = np.arange(-_REACH, _REACH + 1)[:, None]
    before = np.arange(len(lengths))[None, :] + away
    known = lengths[np.clip(before, 0, len(lengths) - 1)]
    change = -_CHANGE * np.abs(lengths[None, :] / known - 1)
    change[(before < 0) | (before >= len(lengths))] = _NEVER
    return np.asarray(change - np.log(np.exp(change).sum(axis=0)), dtype=np.float32)


def _walk_back(score: Matrix, cost: Matrix, lengths: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    longest = int(lengths[-1])
    # The last beat is one after which less than a beat of its length remains.
    tail = np.arange(max(0, n - longest), n)
    ends = np.where((n - tail)[:, None] <= lengths[None, :], score[tail + longest], _NEVER)
    row, which = (int(i) for i in np.unravel_index(int(np.argmax(ends)), ends.shape))
    at, beats = int(tail[row]), list[int]()
    while at >= 0:
        beats.append(at)
        at -= int(lengths[which])
        if at >= 0:
            low, high = max(0, which - _REACH), min(len(lengths), which + _REACH + 1)
            ways = score[at + longest, low:high] + cost[low - which + _REACH : high - which + _REACH, which]
            which = low + int(np.argmax(ways))
    return np.array(beats[::-1], dtype=np.int64)
