"""A hidden Markov model of a hand that taps along: it moves through beats, and seldom changes its tempo.

After the bar pointer of Whiteley, Cemgil and Godsill (2006) in the state space of Krebs, Böck and Widmer (2015):
a state is a beat length in frames and a position within that beat; tempo can change at beats only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import Matrix

_CHANGE = 100.0
"""How much the hand dislikes a change of tempo: log probability per relative change of beat length."""
_BEAT_SHARE = 16
"""A beat covers 1/16 of its length; the rest is where nothing is expected."""


def follow_beats(
    activation: Matrix,
    rate_hz: float,
    lowest_bpm: float,
    highest_bpm: float,
) -> NDArray[np.int64]:
    """Find the most likely beats (Viterbi).

    Args:
        activation: How much each frame looks like a beat, 0..1.

    Returns:
        Frames of the beats, rising.
    """
    lengths = beat_lengths(rate_hz, lowest_bpm, highest_bpm)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    last = np.cumsum(lengths) - 1
    change = -_CHANGE * np.abs(lengths[None, :] / lengths[:, None] - 1)
    change -= np.log(np.exp(change).sum(axis=1, keepdims=True))
    on_beat = np.zeros(int(lengths.sum()), dtype=bool)
    for start, length in zip(first, lengths, strict=True):
        on_beat[start : start + max(1, -(-length // _BEAT_SHARE))] = True
    log_on = np.log(np.clip(activation, 1e-4, 1)).astype(np.float32)
    log_off = np.log(np.clip((1 - activation) / (_BEAT_SHARE - 1), 1e-4, 1)).astype(np.float32)
    gain = on_beat.astype(np.float32)
    score = np.full(len(on_beat), -np.log(len(on_beat)), dtype=np.float32)
    change = change.astype(np.float32)
    came_from = np.zeros((len(activation), len(lengths)), dtype=np.uint8)
    columns = np.arange(len(lengths))
    moved = np.empty_like(score)
    for t in range(len(activation)):
        arriving = score[last][:, None] + change
        best = arriving.argmax(axis=0)
        came_from[t] = best
        moved[1:] = score[:-1]
        moved[first] = arriving[best, columns]
        moved += log_off[t] + gain * (log_on[t] - log_off[t])
        score, moved = moved - moved.max(), score
    return _walk_back(score, came_from, lengths, first, last)


def beat_lengths(rate_hz: float, lowest_bpm: float, highest_bpm: float) -> NDArray[np.int64]:
    """Beat lengths in frames that lie between two tempi."""
    return np.arange(int(np.floor(60 * rate_hz / highest_bpm)), int(np.ceil(60 * rate_hz / lowest_bpm)) + 1)


def _walk_back(
    score: Matrix,
    came_from: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> NDArray[np.int64]:
    state = int(np.argmax(score))
    which = int(np.searchsorted(last, state))
    at = len(came_from) - 1 - (state - int(first[which]))
    beats: list[int] = []
    while at >= 0:
        beats.append(at)
        which = int(came_from[at][which])
        at -= int(lengths[which])
    return np.array(beats[::-1], dtype=np.int64)
