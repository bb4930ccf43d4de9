"""Taps along at a tempo that is known: the phase is found, and followed slowly where the music hurries or drags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import SILENCE_DB, Onsets, running_max
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.core.grid import BeatGrid

_EAR = np.array([1.0, 0.6, 0.5, 0.5, 0.35], dtype=np.float32)
_GROUP = 8
"""Beats that share one shift of the grid."""
_OFFSETS = 96
"""Phases of a beat that are tried: at 120 bpm 5 ms apart."""
_MOST_DRIFT = 0.03
"""The tempo may be off by so much for a while."""
_EDGE_S = 0.05
"""A beat may lie so far outside of what sounds: the first sound is the first beat, give or take."""
_DRIFT_COST = 20.0
"""What a shift by a whole beat costs, in beats that are heard."""


def tap_at_tempo(
    bpm: float, heard: BeatGrid, spectra: Spectra, onsets: Onsets, through_s: float | None = None
) -> NDArray[np.float64]:
    """Give beats at a tempo over all that sounds.

    Args:
        heard: What was tapped freely; its beats count as evidence at whatever tempo they are.
        through_s: A moment that is one of the beats.

    Silence still gives beats, at the same distance: the person knows better.
    """
    period_s = 60 / bpm
    start_s, end_s = _sounding(spectra)
    curve = _evidence(onsets, heard, spectra.n)
    anchor_s = start_s if through_s is None else through_s
    first, last = int(np.ceil((start_s - anchor_s) / period_s)) - 1, int((end_s - anchor_s) / period_s) + 1
    index = np.arange(first, last + 1, dtype=np.float64)
    fits = _fits(curve, anchor_s + index * period_s, period_s)
    path = _follow_phase(fits, None if through_s is None else -first // _GROUP)
    # The middle of each group has its shift; between the middles it changes evenly.
    middles = (np.arange(len(path)) + 0.5) * _GROUP - 0.5
    beats = anchor_s + (index + np.interp(np.arange(len(index)), middles, path)) * period_s
    kept = beats[(beats >= start_s - _EDGE_S) & (beats <= min(end_s + _EDGE_S, spectra.duration_s))]
    return np.asarray(np.maximum(kept, 0.0), dtype=np.float64)


def _sounding(spectra: Spectra) -> tuple[float, float]:
    heard = np.flatnonzero(spectra.weighted > 10 ** (SILENCE_DB / 10))
    return (float(heard[0]) / RATE_HZ, float(heard[-1] + 1) / RATE_HZ) if len(heard) else (0.0, spectra.duration_s)


def _evidence(onsets: Onsets, heard: BeatGrid, n: int) -> Matrix:
    """What speaks for a beat at each frame: rises of loudness, beats that were heard, and bars above all."""
    curve = np.minimum(onsets.flux @ (_EAR / _EAR.sum()), 1.0) if len(onsets.flux) else np.zeros(n, dtype=np.float32)
    curve = np.asarray(0.5 * curve, dtype=np.float32)
    for times, weight in ((heard.beats_s, 0.3), (heard.downbeats_s, 0.4)):
        at = np.clip((np.array(times) * RATE_HZ).astype(np.int64), 0, n - 1)
        np.add.at(curve, at, np.float32(weight))
    return running_max(curve, 3)


def _fits(curve: Matrix, beats_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """How much speaks for each shift of each group of beats, shape (groups, _OFFSETS)."""
    shifts = (np.arange(_OFFSETS) - _OFFSETS // 2) / _OFFSETS * period_s
    at = ((beats_s[:, None] + shifts[None, :]) * RATE_HZ).astype(np.int64)
    levels = np.where((at >= 0) & (at < len(curve)), curve[np.clip(at, 0, len(curve) - 1)], 0.0)
    return np.add.reduceat(levels, np.arange(0, len(levels), _GROUP), axis=0).astype(np.float64)


def _follow_phase(fits: NDArray[np.float64], through: int | None) -> NDArray[np.float64]:
    """Find the best shift of each group, in beats, which changes little from one group to the next (Viterbi).

    The phase is round: the shift goes on beyond half a beat where the tempo is a little off all the time.

    Args:
        through: The group whose shift is 0.
    """
    reach = int(_MOST_DRIFT * _GROUP * _OFFSETS)
    moves = np.arange(-reach, reach + 1)
    cost = _DRIFT_COST * np.abs(moves) / _OFFSETS
    fits = fits.copy()
    if through is not None:
        shut = np.arange(_OFFSETS) != _OFFSETS // 2
        fits[min(max(through, 0), len(fits) - 1), shut] = -1e6
    score, came = fits[0], np.zeros(fits.shape, dtype=np.int64)
    source = (np.arange(_OFFSETS)[None, :] - moves[:, None]) % _OFFSETS
    for i in range(1, len(fits)):
        ways = score[source] - cost[:, None]
        came[i] = np.argmax(ways, axis=0)
        score = ways[came[i], np.arange(_OFFSETS)] + fits[i]
    state = int(np.argmax(score))
    shifts, total = np.zeros(len(fits)), 0.0
    states = np.zeros(len(fits), dtype=np.int64)
    for i in range(len(fits) - 1, -1, -1):
        states[i], shifts[i] = state, total
        move = int(moves[came[i][state]]) if i else 0
        total -= move
        state = (state - move) % _OFFSETS
    # `shifts` counts back from the last group; its own phase makes them absolute.
    absolute = shifts + states[-1] - _OFFSETS // 2
    if through is not None:
        at = min(max(through, 0), len(fits) - 1)
        absolute -= _OFFSETS * round(absolute[at] / _OFFSETS)
    return np.asarray(absolute / _OFFSETS, dtype=np.float64)
