"""Backends in a pass over stills or clips: opened once, closed at its end, opened anew when memory does not return."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from suno_video.backends.base import MakeFailed, Prepares
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.events import Warned
from suno_video.core.memory import Advice, forget_tracebacks
from suno_video.render.attempts import Workbench
from suno_video.render.orders import Wish

log = logging.getLogger(__name__)


class Sessions:
    """Opens and closes backends.

    Args:
        backends: By name; one may be replaced here by one that works in fresh processes.
        bench: What all attempts share.
    """

    def __init__(self, backends: dict[str, Any], bench: Workbench) -> None:
        self._backends, self._bench = backends, bench

    @contextmanager
    def opened(self, name: str, wishes: Sequence[Wish]) -> Iterator[str | None]:
        """Open a backend for a pass and close it after it. Gives the reason when it cannot be opened."""
        try:
            self._backends[name].open()
            self._prepare(name, wishes)
            trouble = None
        except BackendUnavailableError as exc:
            trouble = exc.message
        try:
            yield trouble
        finally:
            self._close(self._backends[name])

    def follow(self, advice: Advice, name: str) -> None:
        """Close and open a model whose memory does not come back, or move it into fresh processes."""
        backend = self._backends[name]
        if advice == "fine" or backend.capabilities.concurrency != 1:
            return
        if advice == "isolate" and self._bench.isolate is None:
            return
        self._close(backend)
        if advice == "isolate" and self._bench.isolate is not None:
            self._bench.events(Warned(f"memory of {name} does not come back: each scene now gets a fresh process"))
            self._backends[name] = self._bench.isolate(name, backend.capabilities.makes)
        self._backends[name].open()

    def _prepare(self, name: str, wishes: Sequence[Wish]) -> None:
        backend = self._backends[name]
        if not isinstance(backend, Prepares):
            return
        try:
            backend.prepare([wish.request for wish in wishes], self._bench.check_stop)
        except MakeFailed as exc:
            forget_tracebacks(exc)
            log.warning("%s could not prepare: %s (%s)", name, exc.reason, exc.kind)

    def _close(self, backend: Any) -> None:
        try:
            backend.close()
        except Exception as exc:  # noqa: BLE001 - a backend that fails to say goodbye must not cost the film
            self._bench.events(Warned(f"backend {backend.name} did not close cleanly: {exc}"))
        self._bench.after_backend()
