"""What a backend costs, in the words of its own description."""

from __future__ import annotations

from functools import lru_cache

from suno_video.core.errors import SunoVideoError


@lru_cache
def price_of_backend(name: str) -> str:
    """Give the price of a backend for people; `?` where it cannot be loaded."""
    from suno_video.backends.registry import backend_class

    try:
        return str(backend_class(name).info().price)
    except SunoVideoError:
        return "?"
