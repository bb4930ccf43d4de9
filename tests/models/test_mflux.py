"""Stills by the real mflux, with a tiny random model on mlx's processor device. How to install: `make test-mlx`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("mflux")
pytest.importorskip("mlx.core")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendSetup, FailureKind, Job, MakeFailed, StillRequest
from suno_video.backends.mflux import MfluxBackend
from suno_video.core.frames import FrameSize
from suno_video.render.isolate import IsolatedBackend
from tests.models.tiny_flux2 import build_tiny_flux2, tiny_card

# The model libraries warn about themselves.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]

SIZE = FrameSize(width_px=64, height_px=48)
FULL = BackendSetup(quantize=False)


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flux2")
    build_tiny_flux2(folder)
    return folder


def still(seed: int = 1, references: tuple[Path, ...] = ()) -> StillRequest:
    return StillRequest("s001", "a fox", "", seed, SIZE, references)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.info == {}
        return np.asarray(picture)


def test_a_seed_gives_the_same_still_again_and_another_seed_another(weights: Path, tmp_path: Path) -> None:
    backend = MfluxBackend(tiny_card(weights), FULL)
    first, again, other = (pixels(backend.make(still(seed), Job(tmp_path))) for seed in (1, 1, 2))
    assert first.shape == (48, 64, 3)
    assert first.std() > 1
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_stop_leaves_between_two_steps(weights: Path, tmp_path: Path) -> None:
    backend, n_asked = MfluxBackend(tiny_card(weights), FULL), 0

    def check_stop() -> None:
        nonlocal n_asked
        n_asked += 1
        if n_asked == 3:
            raise Stopped

    with pytest.raises(Stopped):
        backend.make(still(), Job(tmp_path, check_stop=check_stop))
    assert list(tmp_path.iterdir()) == []


def test_closing_gives_memory_back(weights: Path, tmp_path: Path) -> None:
    import mlx.core as mx

    backend = MfluxBackend(tiny_card(weights), FULL)
    backend.make(still(), Job(tmp_path))
    held = mx.get_active_memory()
    backend.close()
    assert mx.get_active_memory() < held / 10
    assert mx.get_cache_memory() == 0


def test_eight_bits_make_a_still_as_well(weights: Path, tmp_path: Path) -> None:
    backend = MfluxBackend(tiny_card(weights), BackendSetup())
    assert backend.version.endswith("-q8")
    assert pixels(backend.make(still(), Job(tmp_path))).shape == (48, 64, 3)


def test_a_process_of_its_own_makes_the_same_still(weights: Path, tmp_path: Path) -> None:
    factory = partial(MfluxBackend, tiny_card(weights), FULL)
    isolated = IsolatedBackend(factory)
    try:
        there = pixels(isolated.make(still(), Job(tmp_path)))
    finally:
        isolated.close()
    assert np.array_equal(there, pixels(factory().make(still(), Job(tmp_path))))


def test_weights_that_are_not_there_are_said(tmp_path: Path) -> None:
    backend = MfluxBackend(tiny_card(tmp_path / "nowhere"), FULL)
    with pytest.raises(MakeFailed) as caught:
        backend.open()
    assert caught.value.kind in (FailureKind.UNAVAILABLE, FailureKind.BUG)
