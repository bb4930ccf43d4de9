"""Loaded models, kept for the next scene and let go in good order."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from suno_video.core.memory.cleanup import force_cleanup

M = TypeVar("M")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Loaded(Generic[M]):
    model: M
    size_mb: float


class ModelCache(Generic[M]):
    """Keeps the models that were asked for last, and makes room *before* it loads another one.

    A model that is let go is unloaded at once, also when somebody still uses it: ask for no more models at a time than
    fit. One model is loaded at a time; who asks for one that is here never waits.
    """

    def __init__(
        self,
        *,
        capacity: int = 1,
        max_mb: float | None = None,
        unload: Callable[[M], None] | None = None,
        clean: Callable[[], object] = force_cleanup,
    ) -> None:
        """Begin empty.

        Args:
            capacity: How many models are kept, at least 1.
            max_mb: How large they may be together. One that is too large by itself is kept alone.
            unload: Closes a model that is let go. If it fails, the log is told, and the model goes nevertheless.
            clean: Gives the memory back afterwards.
        """
        if capacity < 1:
            raise ValueError(f"a cache keeps at least one model, not {capacity}")
        self._capacity = capacity
        self._max_mb = max_mb
        self._unload = unload
        self._clean = clean
        self._loaded: OrderedDict[Hashable, _Loaded[M]] = OrderedDict()
        self._lock = threading.Lock()  # for the table: held for moments
        self._changing = threading.RLock()  # for loading and letting go; a load may ask for a part that is kept here

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._loaded

    def __len__(self) -> int:
        with self._lock:
            return len(self._loaded)

    def get(self, key: Hashable, load: Callable[[], M], *, size_mb: float | None = None) -> M:
        """Give the model of this key, loading it if it is not here. A load that fails leaves nothing behind.

        Args:
            key: All that makes it another model: name, precision, size.
            load: Loads it. Called once, however many threads ask.
            size_mb: What it will take; left out, it counts for nothing towards `max_mb`.
        """
        found = self._find(key)
        if found is None:
            with self._changing:
                found = self._find(key) or self._load(key, load, size_mb or 0.0)
        return found.model

    def evict(self, key: Hashable) -> bool:
        """Let one model go; False when it is not here."""
        with self._changing:
            return self._drop(key)

    def clear(self) -> None:
        """Let all models go, the one used longest ago first."""
        with self._changing:
            for key in self._oldest_first():
                self._drop(key)

    def _find(self, key: Hashable) -> _Loaded[M] | None:
        with self._lock:
            found = self._loaded.get(key)
            if found is not None:
                self._loaded.move_to_end(key)
            return found

    def _load(self, key: Hashable, load: Callable[[], M], size_mb: float) -> _Loaded[M]:
        self._make_room(size_mb)
        loaded = _Loaded(load(), size_mb)
        self._make_room(size_mb)  # a load that asked for another model has filled it again
        with self._lock:
            self._loaded[key] = loaded
        return loaded

    def _make_room(self, size_mb: float) -> None:
        for key in self._oldest_first():
            if self._fits(size_mb):
                return
            self._drop(key)

    def _fits(self, size_mb: float) -> bool:
        with self._lock:
            total_mb = size_mb + sum(loaded.size_mb for loaded in self._loaded.values())
            return len(self._loaded) < self._capacity and (self._max_mb is None or total_mb <= self._max_mb)

    def _oldest_first(self) -> list[Hashable]:
        with self._lock:
            return list(self._loaded)

    def _drop(self, key: Hashable) -> bool:
        with self._lock:
            loaded = self._loaded.pop(key, None)
        if loaded is None:
            return False
        if self._unload is not None:
            _close(self._unload, loaded.model)
        del loaded  # or this very frame would keep it over the cleanup
        self._clean()
        return True


def _close(unload: Callable[[M], None], model: M) -> None:
    try:
        unload(model)
    except Exception as exc:  # noqa: BLE001 - one that does not close must not keep the next one out
        logger.warning("A model did not close: %s", repr(exc))
