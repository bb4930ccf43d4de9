"""Which drum is hit when: kick, snare and hats, each onset judged by the shape of its rise and of its decay.

A logistic regression on the rises of fifteen registers, with and without what is tonal in them, and on how fast each
falls again. Its weights are ours, learned on music that a script composes (`training/beats/learn_drums.py`).
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import Onsets, log_amplitude, refine_times, running_max
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.core.analysis import DrumHits

CLASSES = ("kick", "snare", "hat")
# Borders of fifteen registers among the mel bands, and of six wider ones among those.
_REGISTERS = (0, 2, 4, 6, 8, 11, 15, 20, 26, 33, 41, 49, 57, 65, 73, 80)
_WIDE = (0, 2, 4, 7, 10, 12, 15)
_LEAST_RISE = 0.12
_LEAST_HITS = 6
_APART_S = 0.045
_ONSETS = 4000
"""Onsets that are described at once."""
_SURE = {"kick": 0.7, "snare": 0.45, "hat": 0.25}


def find_drums(spectra: Spectra, onsets: Onsets) -> DrumHits:
    """Find the drums in a mix, or better in a stem of drums alone. Silence, noise and tones give none."""
    at = drum_candidates(onsets)
    if len(at) < _LEAST_HITS:
        return DrumHits()
    with resources.as_file(resources.files("suno_video.analyze") / "data" / "drums.npz") as path:
        weights, bias = _load(str(path))
    likely = 1 / (1 + np.exp(-(drum_features(spectra, at) @ weights + bias)))
    times = refine_times(spectra, (at + 0.5) / RATE_HZ, reach_s=0.03)
    kick, snare, hat = (_pick(times, likely[:, k], _SURE[name]) for k, name in enumerate(CLASSES))
    return DrumHits(kick_s=kick, snare_s=snare, hat_s=hat)


@cache
def _load(path: str) -> tuple[Matrix, Matrix]:
    with np.load(path, allow_pickle=False) as packed:
        return packed["weights"], packed["bias"]


def drum_candidates(onsets: Onsets) -> NDArray[np.int64]:
    """Frames in which something begins in the register of some drum, rising."""
    peaks = np.zeros(len(onsets.flux), dtype=bool)
    for group in (0, 2, 3, 4):
        curve = onsets.flux[:, group]
        peaks |= (curve >= running_max(curve, 5)) & (curve > _LEAST_RISE)
    at = np.flatnonzero(peaks)
    return at[np.diff(at, prepend=-9) > 1]


def drum_features(spectra: Spectra, at: NDArray[np.int64]) -> Matrix:
    """Describe the onsets in some frames, shape (len(at), 48), about 1 where the song's own strong ones lie."""
    loud_db = float(np.percentile(spectra.mel_db.max(axis=1)[: 10**6], 95))
    # In parts: an hour has tens of thousands of onsets.
    parts = [_shapes(spectra, at[k : k + _ONSETS], loud_db) for k in range(0, max(1, len(at)), _ONSETS)]
    whole, noisy, *falls = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    usual = np.percentile(whole, 95, axis=0) + np.float32(0.02)
    return np.hstack([whole / usual, noisy / usual, *falls]).astype(np.float32)


def _shapes(spectra: Spectra, at: NDArray[np.int64], loud_db: float) -> tuple[Matrix, ...]:
    """Rise of each register, the same without what is tonal, two falls, and what is held."""
    n = spectra.n

    @cache
    def level(step: int) -> Matrix:
        rows = spectra.mel_db[np.clip(at + step, 0, n - 1)].astype(np.float32)
        return log_amplitude(rows, loud_db, 100.0)

    def rise(step: int) -> Matrix:
        past = level(step - 3)
        wide = np.maximum(past, np.maximum(np.roll(past, 1, axis=1), np.roll(past, -1, axis=1)))
        out = np.maximum(0, level(step) - np.maximum(wide, level(step - 4)))
        out[at + step < 3] = 0
        return out

    rises = [rise(step) for step in (-1, 0, 1, 2)]
    whole = np.maximum.reduce([_pooled(each, _REGISTERS) for each in rises])
    noisy = np.maximum.reduce([_pooled(_without_lines(each), _REGISTERS) for each in rises])
    held = np.maximum.reduce([_pooled(level(step), _REGISTERS) for step in (0, 1, 2, 3)])
    falls = [_pooled(held - _pooled(level(step), _REGISTERS), _WIDE) for step in (10, 20)]
    return whole, noisy, *falls, _pooled(held, _WIDE)


def _pooled(rows: Matrix, borders: tuple[int, ...]) -> Matrix:
    sums = np.add.reduceat(rows, borders[:-1], axis=1)
    return np.asarray(sums / np.diff(borders), dtype=np.float32)


def _without_lines(rows: Matrix) -> Matrix:
    """Rises that the neighbouring bands share: a note rises in few bands, a drum in many (median over five)."""
    padded = np.pad(rows, ((0, 0), (2, 2)), mode="edge")
    a, b, c, d, e = (padded[:, k : k + rows.shape[1]] for k in range(5))
    # Of four, neither the least nor the largest is the middle of five: a tenth of the time of sorting.
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    middle = np.maximum(np.minimum(low, high), np.minimum(e, np.maximum(low, high)))
    return np.asarray(np.minimum(rows, np.float32(1.5) * middle), dtype=np.float32)


def _pick(times_s: NDArray[np.float64], likely: Matrix, least: float) -> tuple[float, ...]:
    """The likelier of any two that are too close to be two strokes; too few in a song are none."""
    chosen: list[int] = []
    for i in np.flatnonzero(likely > least):
        if chosen and times_s[i] - times_s[chosen[-1]] < _APART_S:
            if likely[i] > likely[chosen[-1]]:
                chosen[-1] = int(i)
        else:
            chosen.append(int(i))
    if len(chosen) < _LEAST_HITS:
        return ()
    rising = np.unique(np.round(np.maximum(0.0, times_s[chosen]), 4))
    return tuple(float(t) for t in rising)
