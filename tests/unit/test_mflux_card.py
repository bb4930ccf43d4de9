"""What a card of mflux may say; no model is needed to look at it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from suno_video.backends.base import BackendSetup
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.mflux import MfluxBackend
from suno_video.core.errors import ConfigError


def backend(setup: BackendSetup | None = None, **extra: Any) -> MfluxBackend:
    facts = {"backend": "mflux", "id": "mine", "makes": "still", "inputs": {"prompt": "prompt"}, "licence": "MIT"}
    card = ModelCard(**facts, commercial_use=True, checked_on=date(2026, 11, 25), extra={"family": "flux2"} | extra)
    return MfluxBackend(card, setup)


def test_another_limit_of_the_cache_makes_no_still_anew() -> None:
    assert backend(cache_gb=0.5).version == backend(cache_gb=4).version == backend().version
    assert backend(lora_paths=["a.safetensors"]).version != backend().version
    assert backend(quantize=4).version != backend().version


@pytest.mark.parametrize("cache_gb", [-1, "much", True])
def test_a_limit_that_is_no_size_is_refused(cache_gb: Any) -> None:
    with pytest.raises(ConfigError, match="cache_gb"):
        backend(cache_gb=cache_gb)


def test_memory_can_be_saved_in_two_ways() -> None:
    assert backend().capabilities.economies == {"tiling", "offload"}


def test_all_our_cards_fit_the_backend() -> None:
    cards = ModelCatalog.load().of_backend("mflux")
    assert len(cards) == 9
    for card in cards:
        made = MfluxBackend.for_model(card, BackendSetup())
        assert made.version.endswith("-q8")
        assert made.capabilities.size_multiple == 16
