"""Finds backends by name through the entry-point group `suno_video.backends`; ours register the same way."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from suno_video.core.errors import BackendUnavailableError, UsageError

GROUP = "suno_video.backends"


def backend_names() -> list[str]:
    """Names of all registered backends that are for people, sorted; loads none."""
    # The make-believe service is for those who test paid backends; it shows itself where one runs.
    shown = os.environ.get("SUNO_VIDEO_FAKE_SERVICE_URL")
    return sorted(name for name in _entries() if shown or not name.startswith("fake-"))


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
