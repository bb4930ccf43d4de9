"""Beats, bars and tempo: a bar pointer taps along with several ears, and the grid that makes the best bars wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.beats import BeatGrid
from suno_video.analyze.onsets import Onsets, refine_times, running_max
from suno_video.analyze.short_bars import METRE_BONUS, Bars, find_bars
from suno_video.analyze.short_pointer import follow_beats
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra

# Two ears: one hears all registers, one hears the kick drum above all. The first is led astray by open hats between
# the kicks of house music, the second by the syncopated kicks of hip-hop.
_EARS = (np.array([1.0, 0.6, 0.5, 0.5, 0.35], dtype=np.float32), np.array([2.0, 0.6, 0.5, 0.4, 0.2], dtype=np.float32))
_STEP = 2  # the pointer walks at half the feature rate: 20 ms are enough to know which beat, refinement does the rest
LOWEST_BPM, HIGHEST_BPM = 55.0, 215.0
_HALVE_FROM_BPM = 110.0
_HALVE_COST = 0.15
_MIN_BEATS = 6


@dataclass(frozen=True)
class _Candidate:
    beats_s: NDArray[np.float64]
    bars: Bars
    score: float


def track_short_beats(spectra: Spectra, onsets: Onsets) -> BeatGrid:
    """Find the beats and bars of a song. Silence and noise give an empty grid, not an error."""
    strong = onsets.strengths >= 0.3
    if strong.sum() < _MIN_BEATS or strong.sum() < 0.15 * spectra.duration_s:
        return BeatGrid()
    grids = [grid for ear in _EARS for grid in _readings(_tap_along(onsets.flux, ear))]
    candidates = [_judge(grid, cost, spectra, onsets.flux) for grid, cost in grids if len(grid) >= _MIN_BEATS]
    if not candidates:
        return BeatGrid()
    best = max(candidates, key=lambda candidate: candidate.score)
    beats = _within_music(refine_beats(spectra, best.beats_s), spectra)
    if len(beats) < _MIN_BEATS:
        return BeatGrid()
    bars = find_bars(onsets.flux, spectra, beats)
    return BeatGrid(
        beats_s=tuple(np.round(beats, 4).tolist()),
        downbeats_s=tuple(np.round(beats[bars.places == 0], 4).tolist()),
        beats_per_bar=bars.beats_per_bar,
        tempo_bpm=float(60 / np.median(np.diff(beats))),
        confidence=_confidence(beats, bars, onsets, spectra),
    )


def beat_activation(flux: Matrix, weights: NDArray[np.float32]) -> Matrix:
    """Weigh the registers into one curve, 0..1."""
    curve = flux @ (weights / weights.sum())
    peaks = running_max(curve, int(0.4 * RATE_HZ))
    strong = float(np.percentile(peaks, 85)) if len(peaks) else 0.0
    return np.asarray(np.clip(curve / max(strong, 0.05), 0, 1), dtype=np.float32)


def _tap_along(flux: Matrix, ear: NDArray[np.float32]) -> NDArray[np.float64]:
    activation = beat_activation(flux, ear)
    n = len(activation) // _STEP
    coarse = activation[: n * _STEP].reshape(n, _STEP).max(axis=1)
    frames = follow_beats(coarse * np.float32(0.9) + np.float32(0.02), RATE_HZ / _STEP, LOWEST_BPM, HIGHEST_BPM)
    return np.asarray(frames * _STEP / RATE_HZ + 0.5 / RATE_HZ, dtype=np.float64)


def _readings(beats_s: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Other ways to tap to the same pulse, with what each must be better by: between the beats, or every second one."""
    if len(beats_s) < _MIN_BEATS:
        return
    yield beats_s, 0.0
    yield (beats_s[1:] + beats_s[:-1]) / 2, 0.0
    if 60 / np.median(np.diff(beats_s)) >= _HALVE_FROM_BPM:
        yield beats_s[::2], _HALVE_COST
        yield beats_s[1::2], _HALVE_COST


def _judge(beats_s: NDArray[np.float64], cost: float, spectra: Spectra, flux: Matrix) -> _Candidate:
    """Say how well a grid explains the music: clear bars, and kick and drums on the beats rather than between."""
    bars = find_bars(flux, spectra, beats_s)
    contrast = _levels_at(flux, beats_s) - _levels_at(flux, (beats_s[1:] + beats_s[:-1]) / 2)
    score = bars.score + METRE_BONUS[bars.beats_per_bar] + 0.4 * contrast[0] + 0.2 * contrast[1:].mean() - cost
    score -= 3.0 * bars.slip_rate
    return _Candidate(beats_s, bars, float(score))


def _levels_at(flux: Matrix, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean level of each register at some moments, give or take 40 ms."""
    near = np.stack([running_max(flux[:, group], 9) for group in range(flux.shape[1])], axis=1)
    at = np.clip((times_s * RATE_HZ).astype(np.int64), 0, len(flux) - 1)
    return np.asarray(near[at].mean(axis=0), dtype=np.float64)


def refine_beats(spectra: Spectra, times_s: NDArray[np.float64], span: int = 4) -> NDArray[np.float64]:
    """Move beats to the attacks they mean; one that leaves the line of its neighbours is put back on that line."""
    refined = refine_times(spectra, times_s)
    n = len(refined)
    line = refined.copy()
    for i in range(n):
        low, high = max(0, min(i - span, n - 2 * span - 1)), min(n, max(i + span, 2 * span) + 1)
        index = np.arange(low, high) - i
        slopes = np.median(np.diff(refined[low:high]))
        line[i] = np.median(refined[low:high] - slopes * index)
    away = np.abs(refined - line)
    # Where nobody keeps strict time (rubato), the attacks are right and the line is not.
    loose = np.array([np.median(away[max(0, i - 8) : i + 9]) for i in range(n)])
    settled = np.where(away <= np.maximum(0.010, 2.0 * loose), refined, line)
    return np.asarray(np.maximum.accumulate(settled), dtype=np.float64)


def _within_music(beats_s: NDArray[np.float64], spectra: Spectra) -> NDArray[np.float64]:
    """Drop beats in the silence before and after the music, and beats that do not rise."""
    heard = np.flatnonzero(spectra.weighted > 1e-7)
    if not len(heard):
        return beats_s[:0]
    first, last = heard[0] / RATE_HZ - 0.05, heard[-1] / RATE_HZ + 0.05
    kept = beats_s[(beats_s >= max(0.0, first)) & (beats_s <= min(last, spectra.duration_s))]
    return np.asarray(kept[np.diff(kept, prepend=-1.0) > 0.1], dtype=np.float64)


def _confidence(beats_s: NDArray[np.float64], bars: Bars, onsets: Onsets, spectra: Spectra) -> float:
    """Trust a grid when its steps are even, its beats are heard, and its bars are clear."""
    steps = np.diff(beats_s)
    even = float(np.mean(np.abs(steps / np.median(steps) - 1) < 0.06))
    nearest = np.searchsorted(onsets.times_s, beats_s)
    before = np.abs(onsets.times_s[np.clip(nearest - 1, 0, len(onsets.times_s) - 1)] - beats_s)
    after = np.abs(onsets.times_s[np.clip(nearest, 0, len(onsets.times_s) - 1)] - beats_s)
    heard = float(np.mean(np.minimum(before, after) < 0.03))
    covered = float(np.clip((beats_s[-1] - beats_s[0]) / spectra.duration_s * 1.25, 0, 1))
    clear = float(np.clip(bars.score / 0.6, 0, 1))
    return float(np.clip(even * (0.45 * heard + 0.3 * clear + 0.25 * covered), 0, 1))
