"""The contract suite over a tiny FLUX.2 Klein: `--backend mflux` would need weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mflux")
pytest.importorskip("mlx.core")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendSetup
from suno_video.backends.mflux import MfluxBackend
from tests.contract import test_contract as contract
from tests.models.tiny_flux2 import tiny_card

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

globals().update({name: test for name, test in vars(contract).items() if name.startswith("test_")})


@pytest.fixture(scope="module")
def backend_type(tiny_flux2: Path) -> type[Any]:
    class Tiny(MfluxBackend):
        def __init__(self) -> None:
            super().__init__(tiny_card(tiny_flux2), BackendSetup(quantize=False))

    return Tiny


@pytest.fixture(scope="module")
def backend(backend_type: type[Any]) -> Iterator[Any]:
    made = backend_type()
    made.open()
    yield made
    made.close()
