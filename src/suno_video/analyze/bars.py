"""Which beat is the first of its bar: the network's downbeats, held against bars of two, three and four beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import Matrix

METRES = (4, 3, 2)
_OTHER, _TWO = -1.5, -5.0
"""What a bar costs that is not of the song's metre, and one of two among longer ones: who counts to two can go on."""
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


def find_bars(downbeat: Matrix, beat: Matrix, usual: int) -> Bars:
    """Find where bars begin, and where their metre changes (Viterbi over beats).

    Args:
        downbeat: How much each beat looks like a downbeat, 0..1, shape (n,) with n >= 1.
        beat: How much it looks like a beat.
        usual: Beats in most bars of the song.
    """
    # A beat that is barely heard says little about bars.
    share = np.clip(downbeat / np.maximum(beat, 0.05), 0.03, 0.97)
    weight = np.clip(beat / 0.3, 0.15, 1)
    metre, place = _states()
    fit = np.where(place[None, :] == 0, np.log(share)[:, None], np.log(1 - share)[:, None]) * weight[:, None]
    fit += np.where((place == 0) & (metre != usual), np.where(metre == 2, _TWO, _OTHER), 0)[None, :] * weight[:, None]
    path = _follow(fit, _moves(metre, place))
    places, metres = place[path], metre[path]
    beats_per_bar = max(METRES, key=lambda m: (int((metres == m).sum()), m))
    first = places == 0
    clear = float(share[first].mean() - share[~first].mean()) if first.any() and (~first).any() else 0.0
    return Bars(int(beats_per_bar), places, float(np.clip(clear, 0, 1)))


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
