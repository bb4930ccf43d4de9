"""Which beat is the first of its bar: the network's downbeats and changes of harmony, held against bars of 2, 3 and 4.

That chords change with the bar is an old observation (Goto 2001; Davies and Plumbley 2006 find downbeats by it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import SLOW_RATE_HZ, Matrix

METRES = (4, 3, 2)
_OTHER, _TWO = -1.5, -5.0
"""What a bar costs that is not of the song's metre, and one of two among longer ones: who counts to two can go on."""
_CHANGE = 1.0
"""How much more likely (log odds) the greatest change of harmony makes a downbeat, and the least an inner beat."""
_SLIP = -6.0
"""Cost of a bar that is cut short or drawn out."""
_TURN = -9.0
"""Cost of another metre from one bar on."""


@dataclass(frozen=True)
class Bars:
    """How beats fall into bars."""

    beats_per_bar: int
    """The metre of most bars."""
    places: NDArray[np.int64]
    """Place of each beat in its bar; 0 is the downbeat."""
    clearness: float
    """How far downbeats stand out from the other beats, 0..1."""


def find_bars(downbeat: Matrix, beat: Matrix, usual: int, change: NDArray[np.float64] | None = None) -> Bars:
    """Find where bars begin, and where their metre changes (Viterbi over beats).

    Args:
        downbeat: How much each beat looks like a downbeat, 0..1, shape (n,) with n >= 1.
        beat: How much it looks like a beat.
        usual: Beats in most bars of the song.
        change: How much the harmony changes at each beat, against the others; None where nobody knows.
    """
    # A beat that is barely heard says little about bars.
    share = np.clip(downbeat / np.maximum(beat, 0.05), 0.03, 0.97)
    weight = np.clip(beat / 0.3, 0.15, 1)
    if change is not None:
        share = 1 / (1 + (1 / share - 1) * np.exp(-_CHANGE * _ranked(change)))
    metre, place = _states()
    fit = np.where(place[None, :] == 0, np.log(share)[:, None], np.log(1 - share)[:, None]) * weight[:, None]
    fit += np.where((place == 0) & (metre != usual), np.where(metre == 2, _TWO, _OTHER), 0)[None, :] * weight[:, None]
    path = _follow(fit, _moves(metre, place))
    places, metres = place[path], metre[path]
    beats_per_bar = max(METRES, key=lambda m: (int((metres == m).sum()), m))
    first = places == 0
    clear = float(share[first].mean() - share[~first].mean()) if first.any() and (~first).any() else 0.0
    return Bars(int(beats_per_bar), places, float(np.clip(clear, 0, 1)))


def _ranked(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the least (-1) to the most (1) by rank: how chords are written differs too much from song to song."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(2 * (ranks + 0.5) / max(1, len(values)) - 1)


def harmonic_change(chroma: Matrix, beats_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How unlike the pitches after each beat are to those before it: 0 alike, 1 unrelated; shape (n,), n >= 2.

    Args:
        chroma: Pitch classes at `SLOW_RATE_HZ`, shape (n_frames, 12).
    """
    unit = chroma / (np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-9)
    sums = np.concatenate([np.zeros((1, unit.shape[1])), np.cumsum(unit, axis=0)])
    steps_s = np.gradient(beats_s)
    before = _mean_between(sums, beats_s - 0.95 * steps_s, beats_s - 0.05 * steps_s)
    after = _mean_between(sums, beats_s + 0.1 * steps_s, beats_s + steps_s)
    alike = (before * after).sum(axis=1) / (np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1) + 1e-6)
    return np.asarray(1 - alike)


def _mean_between(
    sums: NDArray[np.float64], start_s: NDArray[np.float64], end_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over some spans, less what all pitch classes share."""
    n = len(sums) - 1
    low = np.clip(np.round(start_s * SLOW_RATE_HZ).astype(np.int64), 0, max(0, n - 1))
    high = np.clip(np.round(end_s * SLOW_RATE_HZ).astype(np.int64), low + 1, n)
    mean = (sums[high] - sums[low]) / (high - low)[:, None]
    return np.asarray(mean - mean.mean(axis=1, keepdims=True))


def _states() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pairs = [(metre, place) for metre in METRES for place in range(metre)]
    return np.array([metre for metre, _ in pairs]), np.array([place for _, place in pairs])


def _moves(metre: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log cost from each state to each: on to the next place, or with a slip, or into another metre at a bar's end."""
    onward = (metre[:, None] == metre[None, :]) & ((place[:, None] + 1) % metre[:, None] == place[None, :])
    ends = (place[:, None] + 1 == metre[:, None]) & (place[None, :] == 0)
    slips = metre[:, None] == metre[None, :]
    return np.where(onward, 0.0, np.where(ends, _TURN, np.where(slips, _SLIP, _SLIP + _TURN)))


def _follow(fit: NDArray[np.float64], moves: NDArray[np.float64]) -> NDArray[np.int64]:
    score, came_from = fit[0].copy(), np.zeros(fit.shape, dtype=np.int64)
    for i in range(1, len(fit)):
        ways = score[:, None] + moves
        came_from[i] = ways.argmax(axis=0)
        score = ways.max(axis=0) + fit[i]
    path = np.zeros(len(fit), dtype=np.int64)
    path[-1] = int(np.argmax(score))
    for i in range(len(fit) - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path
