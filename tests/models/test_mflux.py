"""Stills by the real mflux, with a tiny random model on mlx's processor device. How to install: `make test-mlx`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

pytest.importorskip("mflux")
pytest.importorskip("mlx.core")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendSetup, FailureKind, Job, MakeFailed, StillRequest
from suno_video.backends.mflux import MfluxBackend
from suno_video.core.frames import FrameSize
from suno_video.render.isolate import IsolatedBackend
from tests.models.tiny_flux2 import tiny_card, write_lora

# The model libraries warn about themselves. Minutes for what takes seconds: the machine may have other work.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

SIZE = FrameSize(width_px=32, height_px=32)  # the decoder is as large as the real one, and slow on a processor
FULL = BackendSetup(quantize=False)


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


@pytest.fixture(scope="module")
def loaded(tiny_flux2: Path) -> Iterator[MfluxBackend]:
    """A backend over the tiny model, loaded once for the tests that change nothing in it."""
    backend = MfluxBackend(tiny_card(tiny_flux2), FULL)
    backend.open()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def usual(loaded: MfluxBackend, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """What the tiny model makes of the usual request."""
    return pixels(loaded.make(still(), Job(tmp_path_factory.mktemp("usual"))))


def still(seed: int = 1, references: tuple[Path, ...] = ()) -> StillRequest:
    return StillRequest("s001", "a fox", "", seed, SIZE, references)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.info == {}
        return np.asarray(picture)


def made_by(card: Any, place: Path, setup: BackendSetup = FULL, request: StillRequest | None = None) -> np.ndarray:
    """Give what a fresh backend makes, and let it go."""
    backend = MfluxBackend(card, setup)
    try:
        return pixels(backend.make(request or still(), Job(place)))
    finally:
        backend.close()


def picture(path: Path, colour: str) -> Path:
    Image.new("RGB", (32, 32), colour).save(path)
    return path


def test_a_seed_gives_the_same_still_again_and_another_seed_another(
    loaded: MfluxBackend, usual: np.ndarray, tmp_path: Path
) -> None:
    again, other = (pixels(loaded.make(still(seed), Job(tmp_path))) for seed in (1, 2))
    assert usual.shape == (32, 32, 3)
    assert usual.std() > 1
    assert np.array_equal(usual, again)
    assert not np.array_equal(usual, other)


def test_a_stop_leaves_between_two_steps(loaded: MfluxBackend, tmp_path: Path) -> None:
    n_asked = 0

    def check_stop() -> None:
        nonlocal n_asked
        n_asked += 1
        if n_asked == 3:  # before all, before the first step, after it
            raise Stopped

    with pytest.raises(Stopped):
        loaded.make(still(), Job(tmp_path, check_stop=check_stop))
    assert n_asked == 3
    assert list(tmp_path.iterdir()) == []


def test_tiles_are_for_one_still_and_not_the_next(loaded: MfluxBackend, usual: np.ndarray, tmp_path: Path) -> None:
    tiled = pixels(loaded.make(still(), Job(tmp_path, economies=frozenset({"tiling"}))))
    assert tiled.shape == usual.shape
    assert np.array_equal(usual, pixels(loaded.make(still(), Job(tmp_path))))


def test_stills_pile_up_no_memory(loaded: MfluxBackend, tmp_path: Path) -> None:
    import mlx.core as mx

    held = []
    for seed in range(3):
        loaded.make(still(seed), Job(tmp_path))
        loaded.trim()
        held.append(mx.get_active_memory() + mx.get_cache_memory())
    assert held[-1] - held[0] < held[0] / 100


def test_a_process_of_its_own_makes_the_same_still_and_is_gone(
    usual: np.ndarray, tiny_flux2: Path, tmp_path: Path
) -> None:
    before = set(psutil.Process().children(recursive=True))
    isolated = IsolatedBackend(partial(MfluxBackend, tiny_card(tiny_flux2), FULL))
    try:
        there = pixels(isolated.make(still(), Job(tmp_path)))
    finally:
        isolated.close()
    assert isolated.last_peak_mb is not None and isolated.last_peak_mb > 100
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    assert not any("worker" in " ".join(child.cmdline()) for child in left)
    assert np.array_equal(there, usual)


def test_saving_memory_makes_the_same_still_and_the_model_is_loaded_anew(
    usual: np.ndarray, tiny_flux2: Path, tmp_path: Path
) -> None:
    import mlx.core as mx

    before = mx.get_active_memory()
    backend = MfluxBackend(tiny_card(tiny_flux2), FULL)
    saved = pixels(backend.make(still(), Job(tmp_path, economies=frozenset({"tiling", "offload"}))))
    assert mx.get_active_memory() - before < 10_000_000
    assert np.array_equal(saved, usual)  # too small to be decoded in more than one tile
    assert np.array_equal(pixels(backend.make(still(), Job(tmp_path))), usual)
    backend.close()


def test_a_model_that_is_not_to_be_kept_leaves_memory_after_each_still(tiny_flux2: Path, tmp_path: Path) -> None:
    import mlx.core as mx

    before = mx.get_active_memory()
    backend = MfluxBackend(tiny_card(tiny_flux2), dataclasses.replace(FULL, keep_models=False))
    assert pixels(backend.make(still(), Job(tmp_path))).std() > 1
    assert mx.get_active_memory() - before < 10_000_000


def test_closing_gives_memory_back(tiny_flux2: Path, tmp_path: Path) -> None:
    import mlx.core as mx

    before = mx.get_active_memory()
    backend = MfluxBackend(tiny_card(tiny_flux2), FULL)
    backend.make(still(), Job(tmp_path))
    assert mx.get_active_memory() - before > 100_000_000
    backend.close()
    assert mx.get_active_memory() - before < 10_000_000
    assert mx.get_cache_memory() == 0


@pytest.mark.parametrize("bits", [8, 4])
def test_fewer_bits_make_a_still_as_well(tiny_flux2: Path, tmp_path: Path, bits: int) -> None:
    card = tiny_card(tiny_flux2, quantize=bits)
    assert MfluxBackend(card).version.endswith(f"-q{bits}")
    few = made_by(card, tmp_path, BackendSetup())
    assert few.shape == (32, 32, 3)
    assert few.std() > 1


def test_a_lora_changes_the_still_as_far_as_it_is_asked_to(usual: np.ndarray, tiny_flux2: Path, tmp_path: Path) -> None:
    lora = write_lora(tmp_path / "style.safetensors")
    none, full = (
        made_by(tiny_card(tiny_flux2, lora_paths=[str(lora)], lora_scales=[scale]), tmp_path) for scale in (0.0, 1.0)
    )
    assert np.array_equal(none, usual)
    assert not np.array_equal(full, usual)


def test_references_are_seen(tiny_flux2: Path, tmp_path: Path) -> None:
    red, blue = (picture(tmp_path / f"{colour}.png", colour) for colour in ("red", "blue"))
    place = tmp_path / "made"
    place.mkdir()
    backend = MfluxBackend(tiny_card(tiny_flux2, family="flux2-edit"), FULL)
    assert "reference" in backend.capabilities.accepts and backend.capabilities.max_references == 2
    try:
        seen = [
            pixels(backend.make(still(references=references), Job(place))) for references in ((), (red,), (red, blue))
        ]
    finally:
        backend.close()
    assert all(each.shape == (32, 32, 3) for each in seen)
    assert not any(np.array_equal(one, other) for one, other in zip(seen, [*seen[1:], seen[0]], strict=True))


def test_the_limit_of_the_cache_is_told_to_mlx(tiny_flux2: Path) -> None:
    import mlx.core as mx

    backend = MfluxBackend(tiny_card(tiny_flux2, cache_gb=0.5), FULL)
    backend.open()
    backend.close()
    assert mx.set_cache_limit(1000**3) == 500_000_000  # it gives the limit before


def test_a_card_with_sizes_of_its_own_changes_no_other_card(tiny_flux2: Path) -> None:
    from mflux.models.common.config.model_config import ModelConfig

    from suno_video.backends.mflux.families import model_config

    assert model_config(tiny_card(tiny_flux2)).transformer_overrides["num_attention_heads"] == 1
    assert ModelConfig.flux2_klein_4b().transformer_overrides["num_attention_heads"] == 24


def test_weights_that_are_not_there_are_said(tmp_path: Path) -> None:
    backend = MfluxBackend(tiny_card(tmp_path / "nowhere"), FULL)
    with pytest.raises(MakeFailed, match="nowhere") as caught:
        backend.open()
    assert caught.value.kind == FailureKind.UNAVAILABLE
