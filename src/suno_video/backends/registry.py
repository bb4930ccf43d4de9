"""Finds backends by name through the entry-point group `suno_video.backends`; ours register the same way."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from suno_video.core.errors import BackendUnavailableError, UsageError

GROUP = "suno_video.backends"


def backend_names() -> list[str]:
    """Names of all registered backends, sorted; loads none."""
    return sorted(_entries())


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def backend_class(name: str) -> type[Any]:
    """Load the class of one backend.

    Raises:
        UsageError: No such backend.
        BackendUnavailableError: It is registered, but its package cannot be imported.
    """
    entry = _entries().get(name)
    if entry is None:
        raise UsageError(f"There is no backend {name!r}.", f"Choose one of: {', '.join(backend_names())}.")
    try:
        loaded = entry.load()
    except ImportError as exc:
        raise BackendUnavailableError(
            f"Backend {name!r} cannot be loaded: {exc}", "Run `suno-video backends` to see what it needs."
        ) from exc
    if not isinstance(loaded, type):
        raise BackendUnavailableError(f"Backend {name!r} is not a class.", "Update or remove its package.")
    return loaded
