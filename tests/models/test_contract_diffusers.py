"""The contract suite over a tiny FLUX for stills and a tiny Wan for clips: `--backend diffusers` would need weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendInfo, BackendSetup, MakesKind
from suno_video.backends.diffusers import DiffusersBackend
from tests.contract import test_contract as contract
from tests.models.tiny.cards import card_of

globals().update({name: test for name, test in vars(contract).items() if name.startswith("test_")})


@pytest.fixture(scope="module", params=["flux", "wan22-5b"])
def backend_type(request: pytest.FixtureRequest, tiny_folder: Callable[[str], Path]) -> type[Any]:
    card = card_of(request.param, tiny_folder(request.param))

    class Tiny(DiffusersBackend):
        def __init__(self) -> None:
            super().__init__(card, BackendSetup())

        @classmethod
        def info(cls) -> BackendInfo:
            makes: MakesKind = "still" if card.makes == "still" else "clip"
            return replace(super().info(), makes=makes)

    return Tiny


@pytest.fixture
def backend(backend_type: type[Any]) -> Iterator[Any]:
    made = backend_type()
    made.open()
    yield made
    made.close()
