"""When each beat falls: tempo, how a band drifts, rubato, changes of tempo, swing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Times = NDArray[np.float64]


@dataclass(frozen=True)
class BeatMap:
    """Beats of a song and what lies between them."""

    times_s: Times
    """Every beat, and some beyond the end."""
    beats_per_bar: int
    swing: float = 0.5
    """Where the second half of a swung pair lies, 0.5 even, 0.667 triplets."""
    swung_beat: float = 1.0
    """Length of the swung pair in beats: 1 swings eighths, 0.5 swings sixteenths."""

    def seconds(self, beats: ArrayLike) -> Times:
        """Moments of places in the song that are given in beats."""
        pair, at = np.divmod(np.asarray(beats, dtype=np.float64), self.swung_beat)
        share = at / self.swung_beat
        late = np.where(share < 0.5, share * 2 * self.swing, self.swing + (share - 0.5) * 2 * (1 - self.swing))
        swung = (pair + late) * self.swung_beat
        index = np.arange(len(self.times_s))
        inside = np.interp(swung, index, self.times_s)
        before = self.times_s[0] + swung * (self.times_s[1] - self.times_s[0])
        return np.asarray(np.where(swung < 0, before, inside))


def draw_beats(
    rng: np.random.Generator, n_bars: int, beats_per_bar: int, bpm: float, *, drift: float, rubato: float, change: str
) -> Times:
    """Draw beat times from 0 s on.

    Args:
        drift: How far the tempo wanders slowly, as a share (0.02 is a live band without a click).
        rubato: How much phrases breathe, as a share.
        change: Whether the tempo changes somewhere: at once (`jump`), over some bars (`ramp`), by a `pause`, towards a
            `slow end`, by lot (`any`), or not at all (empty).
    """
    n = n_bars * beats_per_bar + 4 * beats_per_bar
    steps = np.full(n, 60 / bpm)
    if change:
        _change(rng, steps, beats_per_bar, change)
    if drift:
        walk = np.cumsum(rng.normal(0, 1, n))
        walk = np.convolve(walk - np.linspace(walk[0], walk[-1], n), np.ones(8) / 8, "same")
        steps *= 1 + drift * walk / (np.abs(walk).max() + 1e-9)
    if rubato:
        phrase = beats_per_bar * int(rng.choice([2, 4, 4, 8]))
        share = np.arange(n) % phrase / phrase
        arch = 1.5 * np.clip(share - 0.7, 0, 1) / 0.3 - 0.35 * np.sin(np.pi * share)
        steps *= 1 + rubato * arch + rng.normal(0, 0.2 * rubato, n)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _change(rng: np.random.Generator, steps: Times, beats_per_bar: int, kind: str) -> None:
    at = int(len(steps) * rng.uniform(0.25, 0.7)) // beats_per_bar * beats_per_bar
    drawn = str(rng.choice(["jump", "ramp", "pause", "slow end"]))
    kind = drawn if kind == "any" else kind
    factor = float(np.exp(rng.uniform(np.log(0.72), np.log(1.4))))
    factor = float(np.clip(factor, steps[0] * 40 / 60, steps[0] * 220 / 60))
    if kind == "jump":
        steps[at:] /= factor
    elif kind == "ramp":
        n = beats_per_bar * int(rng.choice([1, 2, 4, 8]))
        ramp = np.linspace(1, factor, n)[: len(steps) - at]
        steps[at : at + n] /= ramp
        steps[at + n :] /= factor
    elif kind == "pause":  # a fermata: the last beat of a bar is held
        steps[at - 1] *= rng.uniform(1.3, 3.0)
    else:
        n = min(2 * beats_per_bar, len(steps) - at)
        steps[at : at + n] *= np.linspace(1, 1.5, n)
