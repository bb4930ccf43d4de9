"""Mixes stems anew each time an excerpt is learnt from: levels, rests, equalizers, rooms, limiters, noise, codecs.

All of it happens on mel power, where sounds simply add; that is hundreds of times cheaper than to render each mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from excerpts import FLOOR_DB, STEP_DB
from numpy.typing import NDArray
from scipy.signal import lfilter

from suno_video.analyze.beatnet import NET_RATE_HZ, compress

Matrix = NDArray[np.float32]
_POWER = np.where(np.arange(256) > 0, 10 ** ((FLOOR_DB + STEP_DB * np.arange(256)) / 10), 0).astype(np.float32)


@dataclass(frozen=True)
class Excerpt:
    """An excerpt as it lies on disk."""

    levels: NDArray[np.uint8]
    """Shape (4, n, 80): drums, bass, chords, lead."""
    beats_s: NDArray[np.float64]
    downbeats_s: NDArray[np.float64]
    division: int
    swing: float
    style: str

    @classmethod
    def load(cls, path: Path) -> Excerpt:
        """Read one file that `excerpts.py` has made."""
        with np.load(path) as z:
            return cls(z["mel"], z["beats_s"], z["downbeats_s"], int(z["division"]), float(z["swing"]), str(z["style"]))


@dataclass(frozen=True)
class Lesson:
    """What the network sees, and what it should say."""

    log: Matrix
    """Shape (n, 80)."""
    wanted: Matrix
    """Shape (n, 3): beat, downbeat, beats fall into three."""
    counts: Matrix
    """Shape (n, 3): how much each counts."""


def draw_lesson(rng: np.random.Generator, excerpts: list[Excerpt], n: int) -> Lesson:
    """Mix one excerpt by lot, stretched by lot."""
    excerpt = excerpts[int(rng.integers(len(excerpts)))]
    stretch = float(np.exp(rng.uniform(-0.2, 0.2))) if rng.random() < 0.7 else 1.0
    lead = int(rng.uniform(0.2, 8) * NET_RATE_HZ) if rng.random() < 0.12 else 0
    used = min(int((n - lead) / stretch) + 2, excerpt.levels.shape[1])
    start = 0 if lead else int(rng.integers(0, excerpt.levels.shape[1] - used + 1))
    stems = _POWER[excerpt.levels[:, start : start + used]]
    if rng.random() < 0.3:  # somebody sings who has never heard the song
        other = excerpts[int(rng.integers(len(excerpts)))].levels[3]
        stems[3] += _POWER[np.roll(other, int(rng.integers(len(other))), axis=0)[:used]]
    log = _stretched(compress(_mix(rng, stems), gain=float(np.exp(rng.normal(0, 0.35)))), stretch)
    shift = int(rng.integers(-3, 4)) if rng.random() < 0.5 else 0
    if shift:
        log = np.roll(log, shift, axis=1)
        edge = slice(0, shift) if shift > 0 else slice(shift, None)
        log[:, edge] = log[:, [shift if shift > 0 else shift - 1]]
    marks = [_marks(len(log), t - start / NET_RATE_HZ, stretch) for t in (excerpt.beats_s, excerpt.downbeats_s)]
    log, wanted = log[: n - lead], np.stack(marks, axis=1)[: n - lead]
    before, after = (lead, 0), (n - lead - len(log), 0)
    log = np.pad(log, ((before[0], after[0]), (0, 0)))
    wanted = np.pad(wanted, ((before[0], after[0]), (0, 1)))
    wanted[:, 2] = excerpt.division == 3
    counts = np.ones_like(wanted)
    unclear = excerpt.division == 0 or excerpt.swing > 0.56
    counts[:, 2] = 0.0 if unclear else 0.3
    return Lesson(log.astype(np.float32), wanted.astype(np.float32), counts)


def _marks(n: int, times_s: NDArray[np.float64], stretch: float) -> Matrix:
    """1 at each time, half as much beside it."""
    out = np.zeros(n, dtype=np.float32)
    at = np.round(times_s * NET_RATE_HZ * stretch - 0.5).astype(np.int64)
    for away, value in ((-1, 0.5), (1, 0.5), (0, 1.0)):
        near = at + away
        near = near[(near >= 0) & (near < n)]
        out[near] = np.maximum(out[near], value)
    return out


def _stretched(log: Matrix, stretch: float) -> Matrix:
    if stretch == 1.0:
        return log
    at = np.clip((np.arange(int(len(log) * stretch)) + 0.5) / stretch - 0.5, 0, len(log) - 1.001)
    index = at.astype(np.int64)
    share = (at - index).astype(np.float32)[:, None]
    return log[index] * (1 - share) + log[index + 1] * share


def _mix(rng: np.random.Generator, stems: Matrix) -> Matrix:
    n = stems.shape[1]
    # 1. Levels, rests and tone of each stem
    loud = np.array([np.percentile(stem.sum(axis=1), 90) for stem in stems])
    gains_db = rng.normal((1, -1, -2, -2), (6, 5, 6, 7))
    gone = rng.random(4) < (0.13, 0.12, 0.1, 0.25)
    heard = loud > 1e-8
    if not (heard & ~gone)[:3].any():
        gone[:] = False
    gains = np.where(gone | ~heard, 0, 10 ** (gains_db / 10) / np.maximum(loud, 1e-8)).astype(np.float32)
    curves = np.stack([_tone_curve(rng) for _ in range(4)])
    stems *= gains[:, None, None] * curves[:, None, :]
    for k, often in enumerate((0.4, 0.2, 0.2, 0.2)):
        if rng.random() < often:
            start, length = int(rng.integers(n)), int(rng.uniform(3, 16) * NET_RATE_HZ)
            stems[k, start : start + length] *= np.float32(0.0 if rng.random() < 0.6 else 0.02)
    # 2. Side chain, room
    if rng.random() < 0.2:
        pump = _smooth(stems[0, :, :8].sum(axis=1), rng.uniform(0.05, 0.25))
        stems[1:] *= (1 / (1 + pump / (np.percentile(pump, 80) + 1e-9) * rng.uniform(0.5, 6)))[None, :, None]
    mix = stems.sum(axis=0)
    if rng.random() < 0.4:
        fall = 10 ** (-6 / (rng.uniform(0.3, 2.8) * NET_RATE_HZ))
        tail = lfilter([0, 1 - fall], [1, -fall], mix, axis=0)
        mix = mix + tail.astype(np.float32) * np.float32(10 ** (rng.uniform(-12, 3) / 10))
    # 3. Whole mix: tone, limiter, swells, noise
    mix *= _tone_curve(rng)[None, :]
    if rng.random() < 0.5:
        level = _smooth(mix.sum(axis=1), rng.uniform(0.05, 0.4)) / (mix.sum(axis=1).mean() + 1e-9)
        mix *= ((1 + level / rng.uniform(0.3, 1.5)) ** -rng.uniform(0.3, 0.95))[:, None].astype(np.float32)
    if rng.random() < 0.3:
        swell_db = np.interp(np.arange(n), np.linspace(0, n, 7), rng.normal(0, 6, 7))
        mix *= (10 ** (swell_db / 10))[:, None].astype(np.float32)
    mean = float(mix.mean()) + 1e-12
    hiss = mean * 10 ** (rng.uniform(-6, -1) if rng.random() < 0.8 else rng.uniform(-1.5, 0.3))
    mix += (hiss * _tone_curve(rng) * 2 * rng.random((n, 1 if rng.random() < 0.5 else 80), dtype=np.float32)).astype(
        np.float32
    )
    # 4. Damage: narrow band, codec
    if rng.random() < 0.25:
        mix[:, int(rng.integers(48, 80)) :] *= np.float32(1e-6)
    if rng.random() < 0.12:
        mix[:, : int(rng.integers(3, 18))] *= np.float32(1e-4)
    if rng.random() < 0.25:
        mix[mix < mix.max(axis=1, keepdims=True) * 10 ** (-rng.uniform(2.2, 5))] = 0
    if rng.random() < 0.1:
        start = int(rng.integers(80))
        mix[:, start : start + int(rng.integers(4, 14))] = 0
    return mix


def _smooth(curve: Matrix, tau_s: float) -> Matrix:
    keep = np.exp(-1 / (tau_s * NET_RATE_HZ))
    return np.asarray(lfilter([1 - keep], [1, -keep], curve), dtype=np.float32)


def _tone_curve(rng: np.random.Generator) -> Matrix:
    """A gentle equalizer, power per band."""
    x = np.linspace(-1, 1, 80)
    curve_db = rng.normal(0, 4) * x
    for k in (1, 2, 3):
        curve_db = curve_db + rng.normal(0, 3 / k) * np.cos(np.pi * k * (x + 1) / 2 + rng.uniform(0, 6.3))
    return (10 ** (curve_db / 10)).astype(np.float32)
