"""Tiny models with random weights, saved to disk once a session, as real ones would lie there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.contract.test_contract")
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}  # before any of them is imported
# On the processor mlx fuses operations by running g++ for each new pattern: some forty times for one tiny still, which
# takes minutes on a busy machine. Metal needs none of it. Set it to 0 to try that way as well.
os.environ.setdefault("MLX_DISABLE_COMPILE", "1")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the folder of a tiny model by name; each is built when it is first asked for."""
    pytest.importorskip("diffusers")
    from tests.models.tiny.pipelines import TINY

    root = tmp_path_factory.mktemp("weights")

    def folder(name: str) -> Path:
        place = root / name
        if not place.exists():
            TINY[name].build().save_pretrained(place, safe_serialization=True)
        return place

    return folder


@pytest.fixture(scope="session")
def tiny_flux2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a tiny FLUX.2 Klein for mflux."""
    pytest.importorskip("diffusers")
    from tests.models.tiny_flux2 import build_tiny_flux2

    folder = tmp_path_factory.mktemp("flux2")
    build_tiny_flux2(folder)
    return folder


@pytest.fixture
def opened(tiny_folder: Callable[[str], Path]) -> Iterator[Callable[..., Any]]:
    """Give a backend over a tiny model, opened; closed after the test."""
    from suno_video.backends.base import BackendSetup
    from suno_video.backends.diffusers import DiffusersBackend
    from tests.models.tiny.cards import card_of

    made: list[Any] = []

    def backend(name: str, setup: BackendSetup | None = None, **changes: Any) -> Any:
        card = card_of(name, tiny_folder(name), **changes)
        made.append(DiffusersBackend.for_model(card, setup or BackendSetup()))
        made[-1].open()
        return made[-1]

    yield backend
    for each in made:
        each.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What these libraries warn of among themselves is no fault of ours."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.filterwarnings("default"))
