"""Arrays in the user's cache: made once, read ever after, never trusted when damaged, never needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suno_video.analyze.onsets import running_max
from suno_video.analyze.spectra import mel_bank
from suno_video.media.kept import kept_array


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    return tmp_path / "cache"


class Maker:
    def __init__(self) -> None:
        self.n_calls = 0

    def __call__(self) -> np.ndarray:
        self.n_calls += 1
        return np.arange(6, dtype=np.float32).reshape(2, 3)


def test_an_array_is_made_once_and_read_after_that(cache: Path) -> None:
    make = Maker()
    first, second = (kept_array("a", (2, 3), make) for _ in range(2))
    assert make.n_calls == 1
    assert np.array_equal(first, second)
    assert second.dtype == np.float32


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x93NUMPY\x01\x00"])
def test_a_damaged_one_is_made_again_and_mended(cache: Path, damage: bytes) -> None:
    make = Maker()
    kept_array("a", (2, 3), make)
    file = next(cache.rglob("a.npy"))
    file.write_bytes(damage)
    assert np.array_equal(kept_array("a", (2, 3), make), make())
    kept_array("a", (2, 3), make)
    assert make.n_calls == 3, "first, mended, and the one of this test"


def test_one_of_another_shape_is_not_taken(cache: Path) -> None:
    make = Maker()
    kept_array("a", (2, 3), make)
    kept_array("a", (3, 2), make)
    assert make.n_calls == 2


def test_a_cache_that_cannot_be_written_costs_only_time(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert kept_array("a", (2, 3), Maker()).shape == (2, 3)


def test_the_mel_bank_is_the_one_of_librosa_and_is_kept(cache: Path) -> None:
    from librosa.filters import mel

    ours = mel_bank(44100, 2048, 80, 27.5, 11000.0)
    again = mel_bank(44100, 2048, 80, 27.5, 11000.0)
    theirs = mel(sr=44100, n_fft=2048, n_mels=80, fmin=27.5, fmax=11000.0, htk=True, norm=None).T
    assert np.allclose(ours, theirs)
    assert np.array_equal(ours, again)
    assert len(list(cache.rglob("mel-*.npy"))) == 1


@pytest.mark.parametrize("width", [1, 2, 7, 40, 50])
def test_the_running_maximum_is_that_of_scipy(width: int) -> None:
    from scipy.ndimage import maximum_filter1d

    values = np.random.default_rng(width).normal(size=200).astype(np.float32)
    assert np.array_equal(running_max(values, width), maximum_filter1d(values, width))
