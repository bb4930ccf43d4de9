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
    gain, cost = _gains(activation, lengths), _change_costs(lengths)
    # Row t + longest holds the best score of a beat at frame t by the length that led to it; `onward` what it is worth
    # for the length that follows. A first beat may stand anywhere.
    score = np.full((n + longest, len(lengths)), -np.log(len(lengths)), dtype=np.float32)
    onward = score.copy()
    columns = np.arange(len(lengths))[None, :]
    padded = np.full((shortest, len(lengths) + 2 * _REACH), _NEVER, dtype=np.float32)
    # Row k of `before` is what lies k - `_REACH` lengths away.
    before = np.lib.stride_tricks.sliding_window_view(padded, len(lengths), axis=1).swapaxes(0, 1)
    ways = np.empty(before.shape, dtype=np.float32)
    for start in range(0, n, shortest):
        t = np.arange(start, min(n, start + shortest))
        now = onward[t[:, None] + longest - lengths[None, :], columns] + gain[t]
        score[t + longest] = now
        padded[: len(t), _REACH:-_REACH] = now
        np.add(before, cost[:, None, :], out=ways)
        onward[t + longest] = ways.max(axis=0)[: len(t)]
    return _walk_back(score, cost, lengths, n)


def beat_lengths(rate_hz: float, lowest_bpm: float, highest_bpm: float) -> NDArray[np.int64]:
    """Beat lengths in frames that lie between two tempi: each whole number, or 2 % apart where that is coarser."""
    length, out = int(np.floor(60 * rate_hz / highest_bpm)), list[int]()
    while length < np.ceil(60 * rate_hz / lowest_bpm):
        out.append(length)
        length = max(length + 1, round(length * (1 + _STEP)))
    return np.array([*out, length], dtype=np.int64)


def _gains(activation: Matrix, lengths: NDArray[np.int64]) -> Matrix:
    """What a beat at a frame is worth against none there, by the length that leads to it, shape (n, len(lengths))."""
    a = np.clip(activation.astype(np.float64), 1e-4, 1 - 1e-4)
    worth = np.log(a) - np.log((1 - a) / (_BEAT_SHARE - 1))
    widths = -(-lengths // _BEAT_SHARE)
    sums = np.concatenate([[0.0], np.cumsum(worth)])
    t = np.arange(len(a))
    by_width = {}
    for width in np.unique(widths):
        low = np.clip(t - width // 2, 0, len(a))
        by_width[int(width)] = sums[np.minimum(low + width, len(a))] - sums[low]
    return np.stack([by_width[int(width)] for width in widths], axis=1).astype(np.float32)


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
