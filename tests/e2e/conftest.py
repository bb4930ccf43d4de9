"""Small songs with known answers, and a way to render them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 22050


def write_song(path: Path, seconds: float = 6.0, bpm: float = 120.0) -> Path:
    """Write a wav: a kick on each beat, a brighter one on each bar, a chord that changes halfway."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = 0.1 * np.sin(2 * np.pi * np.where(t < seconds / 2, 220.0, 330.0) * t)
    beat = 60 / bpm
    for number, at in enumerate(np.arange(0, seconds, beat)):
        since = t - at
        hit = np.where(since >= 0, np.exp(-np.clip(since, 0, None) * 30), 0)
        sound += 0.6 * hit * np.sin(2 * np.pi * (60 if number % 4 else 90) * since)
        sound += 0.15 * hit * np.random.default_rng(number).normal(0, 1, len(t)) * (2 if number % 4 == 0 else 1)
    soundfile.write(path, np.clip(sound, -1, 1).astype(np.float32), RATE_HZ)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Six seconds at 120 bpm."""
    return write_song(tmp_path / "song.wav")


@pytest.fixture
def make_song(tmp_path: Path) -> Callable[..., Path]:
    """Write a song under a name of your choice."""

    def make(name: str = "song.wav", seconds: float = 6.0) -> Path:
        return write_song(tmp_path / name, seconds)

    return make
