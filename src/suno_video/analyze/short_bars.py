"""Which beat is the first of its bar: each beat is held against what popular music does at each place of a bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import running_max
from suno_video.analyze.spectra import RATE_HZ, SLOW_RATE_HZ, Matrix, Spectra

# What a place in the bar sounds like: kick, backbeat, change of harmony, bass note.
_TEMPLATES = {
    4: np.array([[1.0, -0.6, 1.2, 0.8], [-0.7, 0.6, -0.5, -0.4], [0.3, -0.6, -0.2, 0.0], [-0.6, 0.6, -0.5, -0.4]]),
    3: np.array([[1.2, -1.0, 1.2, 1.2], [-0.6, 0.5, -0.6, -0.6], [-0.6, 0.5, -0.6, -0.6]]),
}
METRE_BONUS = {4: 0.0, 3: -0.25}
"""Mean score that a waltz must be better by: it is rarer."""
_SLIP = -9.0
"""Cost of a bar that is cut short or drawn out."""


@dataclass(frozen=True)
class Bars:
    """How beats fall into bars."""

    beats_per_bar: int
    places: NDArray[np.int64]
    """Place of each beat in its bar; 0 is the downbeat."""
    score: float
    """Mean fit of a beat; above 0.3 is clear."""

    @property
    def slip_rate(self) -> float:
        """Share of beats at which a bar is cut short or drawn out."""
        return float(np.mean(np.diff(self.places) % self.beats_per_bar != 1)) if len(self.places) > 1 else 0.0


def find_bars(flux: Matrix, spectra: Spectra, beats_s: NDArray[np.float64]) -> Bars:
    """Decide metre and bar phase. Needs at least four beats."""
    features = beat_features(flux, spectra, beats_s)
    found = [_follow(features @ template.T, metre) for metre, template in _TEMPLATES.items()]
    return max(found, key=lambda bars: bars.score + METRE_BONUS[bars.beats_per_bar])


def beat_features(flux: Matrix, spectra: Spectra, beats_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kick, backbeat, harmonic change and bass entry at each beat, each with mean 0 and deviation 1; shape (n, 4)."""
    near = np.stack([running_max(flux[:, group], 9) for group in range(flux.shape[1])], axis=1)
    at = np.clip((beats_s * RATE_HZ).astype(np.int64), 0, len(flux) - 1)
    kick, body = near[at, 0], near[at, 1:5].mean(axis=1)
    raw = np.stack([kick, body - 0.5 * kick, _harmonic_change(spectra, beats_s), near[at, 1]], axis=1)
    spread = raw.std(axis=0)
    return np.asarray((raw - raw.mean(axis=0)) / np.maximum(spread, 0.05), dtype=np.float64)


def _harmonic_change(spectra: Spectra, beats_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much the pitch classes after a beat differ from those before it, 0..1."""
    chroma = spectra.chroma / (np.linalg.norm(spectra.chroma, axis=1, keepdims=True) + 1e-9)
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    gap = np.median(np.diff(beats_s))

    def mean(start_s: NDArray[np.float64], end_s: NDArray[np.float64]) -> NDArray[np.float64]:
        low = np.clip((start_s * SLOW_RATE_HZ).astype(np.int64), 0, len(chroma) - 1)
        high = np.clip((end_s * SLOW_RATE_HZ).astype(np.int64), low + 1, len(chroma))
        part = sums[high] - sums[low]
        return np.asarray(part / (np.linalg.norm(part, axis=1, keepdims=True) + 1e-9))

    after, before = mean(beats_s, beats_s + 1.5 * gap), mean(beats_s - 1.5 * gap, beats_s)
    return np.asarray(1 - (after * before).sum(axis=1))


def _follow(fit: NDArray[np.float64], metre: int) -> Bars:
    """Find the best places (Viterbi): mostly one after the other, with a slip where the music slips."""
    n = len(fit)
    score, came_from = fit[0].copy(), np.zeros((n, metre), dtype=np.int64)
    for i in range(1, n):
        onward = np.roll(score, 1)
        best = int(np.argmax(score))
        slips = onward < score[best] + _SLIP
        came_from[i] = np.where(slips, best, (np.arange(metre) - 1) % metre)
        score = np.where(slips, score[best] + _SLIP, onward) + fit[i]
    places = np.zeros(n, dtype=np.int64)
    places[-1] = int(np.argmax(score))
    for i in range(n - 1, 0, -1):
        places[i - 1] = came_from[i][places[i]]
    return Bars(metre, places, float(score.max()) / n)
