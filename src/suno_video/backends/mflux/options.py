"""What a card of mflux and a person's setup say about memory."""

from __future__ import annotations

from suno_video.backends.base import BackendSetup
from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import ConfigError

_USUAL_CACHE_GB = 1.0
_USUAL_BITS = 8
_BITS = (3, 4, 5, 6, 8)


def picture_card(card: ModelCard) -> ModelCard:
    """Give the card without what changes no picture, so that another limit makes no still anew."""
    return card.model_copy(update={"extra": {name: value for name, value in card.extra.items() if name != "cache_gb"}})


def cache_bytes(card: ModelCard) -> int:
    """Bytes that MLX may keep of what it freed. Raises `ConfigError`."""
    cache_gb = card.extra.get("cache_gb", _USUAL_CACHE_GB)
    if isinstance(cache_gb, bool) or not isinstance(cache_gb, int | float) or cache_gb < 0:
        raise ConfigError(f"{card.spec}: extra.cache_gb must be a number of GB, 0 or more.", "Leave it out for 1.")
    return int(cache_gb * 1000**3)


def quantize_bits(card: ModelCard, setup: BackendSetup) -> int | None:
    """Eight unless said otherwise: half the memory; None for the full sixteen. Raises `ConfigError`."""
    if setup.quantize is False:
        return None
    bits = card.extra.get("quantize", _USUAL_BITS)
    if bits not in _BITS:
        raise ConfigError(f"{card.spec}: extra.quantize must be one of {_BITS}.", "Leave it out for 8.")
    return int(bits)
