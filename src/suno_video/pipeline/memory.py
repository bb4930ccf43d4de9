"""Memory of a run: given back after each scene, read, said as an event, and kept within bounds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from suno_video.core.events import EventSink, MemoryRead, Warned
from suno_video.core.memory import (
    Advice,
    LeakWatch,
    MemoryGuard,
    MemoryInfo,
    MemoryLimits,
    force_cleanup,
    get_memory_info,
)

log = logging.getLogger(__name__)

Isolate: TypeAlias = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class MemoryOptions:
    """How a run treats memory."""

    limits: MemoryLimits = field(default_factory=MemoryLimits)
    aggressive: bool = True
    """Whether the C heap is returned too after each scene; costs milliseconds."""
    interval: int = 1
    """Check the limits only after so many scenes."""
    logging: bool = False
    """Whether readings are written to the log."""
    isolate: Isolate = "auto"
    """Make each still and clip in a fresh process: always, never, or when memory does not come back."""
    keep_sound: bool = True
    """Whether the encoded sound is kept for the next run."""
    keep_sound_hours: float = 24.0
    """Encoded sound and half-made files that were not used for so long are removed."""
    keep_models: bool = True
    """Whether a model stays loaded from one scene to the next."""


class MemoryKeeper:
    """Gives memory back after each scene. May be shared by threads.

    Raises `MemoryLowError` from its methods when the machine is about to run out: the run ends in good order.
    """

    def __init__(
        self,
        options: MemoryOptions,
        events: EventSink,
        *,
        read: Callable[[], MemoryInfo] = get_memory_info,
    ) -> None:
        self._options, self._events, self._read = options, events, read
        self._guard = MemoryGuard(
            options.limits, on_warning=lambda words: events(Warned(words)), interval=options.interval
        )
        self._watches: dict[str, LeakWatch] = {}
        self._lock = threading.Lock()

    @property
    def keeps_sound(self) -> bool:
        """Whether the encoded sound stays for the next run."""
        return self._options.keep_sound

    def after_take(self, backend: Any, scene: str) -> Advice:
        """Return everything that a backend took for a scene, and say whether all of it came back."""
        backend.trim()
        force_cleanup(aggressive=self._options.aggressive)
        info = self._tell(scene)
        with self._lock:
            advice = self._watches.setdefault(backend.name, LeakWatch()).note(info)
        return "recycle" if advice == "fine" and not self._options.keep_models else advice

    def after_backend(self) -> None:
        """Return everything after a backend was closed, before the next one enters."""
        force_cleanup(aggressive=self._options.aggressive)

    def after_piece(self, piece: str) -> None:
        """Read memory after a piece was encoded: painters give their buffers back by themselves."""
        self._tell(piece)

    def _tell(self, scene: str) -> MemoryInfo:
        info = self._read()
        if self._options.logging:
            log.info("memory after %s: %s", scene, info)
        self._events(
            MemoryRead(scene, round(info.rss_mb or 0.0, 1), round(info.available_mb or 0.0, 1), info.device_mb)
        )
        self._guard.check()
        return info
