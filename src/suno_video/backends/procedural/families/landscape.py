"""Outlines of land for the outdoor families: hills, trees and islands as heights along the horizon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.camera import Points

_N = 4096


class Outline:
    """A fixed height curve over x, repeating after `span`; sampled smoothly anywhere."""

    def __init__(self, heights: NDArray[np.float64], span: float) -> None:
        self._heights, self._span = heights, span

    def at(self, x: Points) -> Points:
        """Heights at x."""
        place = (np.asarray(x, np.float64) / self._span) % 1.0 * len(self._heights)
        low = place.astype(np.int64) % len(self._heights)
        part = place - np.floor(place)
        return self._heights[low] * (1 - part) + self._heights[(low + 1) % len(self._heights)] * part


def mountains(rng: np.random.Generator, span: float, height: float, roughness: float = 1.15) -> Outline:
    """Ragged peaks, 0 .. `height`."""
    wave = np.fft.rfftfreq(_N, 1 / _N)
    size = np.where((wave >= 2) & (wave < 700), np.maximum(wave, 1) ** -roughness, 0)
    phase = rng.uniform(0, 2 * np.pi, len(wave))
    curve = np.fft.irfft(size * np.exp(1j * phase), _N)
    curve = (curve - curve.min()) / np.ptp(curve)
    return Outline(height * curve**1.25, span)


def forest(rng: np.random.Generator, span: float, height: float, n_trees: int) -> Outline:
    """Spruces of many sizes on rolling ground, 0 .. about `height`."""
    x = np.arange(_N) / _N * span
    ground = 0.18 * height * (1 + np.sin(2 * np.pi * x / span * 2 + rng.uniform(0, 6)))
    curve = ground.copy()
    for _ in range(n_trees):
        middle, tall = rng.uniform(0, span), height * np.clip(rng.normal(0.55, 0.22), 0.2, 1.1)
        away = np.abs((x - middle + span / 2) % span - span / 2)
        wide = rng.uniform(0.13, 0.19) * tall
        near = away < wide
        rise = 1 - away[near] / wide
        # Branches: the outline rises in steps, each hanging a little, and ends in a thin tip.
        tiers = rng.integers(7, 11)
        step, part = np.floor(rise * tiers), (rise * tiers) % 1.0
        tier = (step + 0.30 * part + 0.70 * np.clip(part * 3 - 2, 0, 1)) / tiers
        curve[near] = np.maximum(curve[near], ground[near] + tall * tier**1.15)
    return Outline(curve, span)
