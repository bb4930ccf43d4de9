"""Small songs with known answers, and a way to render them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.unit.sounds import two_parts

RATE_HZ = 22050


def write_song(path: Path, seconds: float = 6.0) -> Path:
    """Write a wav of two parts, the second brighter."""
    soundfile.write(path, np.clip(two_parts(seconds, rate_hz=RATE_HZ), -1, 1).astype(np.float32), RATE_HZ)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Six seconds of two parts."""
    return write_song(tmp_path / "song.wav")


@pytest.fixture
def make_song(tmp_path: Path) -> Callable[..., Path]:
    """Write a song under a name of your choice."""

    def make(name: str = "song.wav", seconds: float = 6.0) -> Path:
        return write_song(tmp_path / name, seconds)

    return make
