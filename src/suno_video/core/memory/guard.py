"""Warn, then clean up, then stop in good order, before the machine stops us."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from suno_video.core.errors import MemoryLowError
from suno_video.core.memory.cleanup import force_cleanup
from suno_video.core.memory.reading import MemoryInfo, get_tree_memory_info

Level: TypeAlias = Literal["fine", "warning", "critical"]

WARNING_SHARE, CRITICAL_SHARE = 0.15, 0.05
"""Of the machine's memory: less than this available is too little, where no limit was given."""
LEAST_AVAILABLE_MB = 256.0
"""On a small machine a share is next to nothing: an encoder alone takes as much as this."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemoryLimits:
    """How much this process and those below it may hold, in MB."""

    warning_mb: float | None = None
    """From here on memory is cleaned up; None: when less than 15 % of the machine's memory is available."""
    critical_mb: float | None = None
    """From here on the run stops; None: when less than 5 % of the machine's memory is available."""

    def __post_init__(self) -> None:
        given = [mb for mb in (self.warning_mb, self.critical_mb) if mb is not None]
        if any(mb <= 0 for mb in given) or given != sorted(given):
            raise ValueError(f"limits are above 0, and the warning comes first: {self}")

    def level_of(self, info: MemoryInfo) -> Level:
        """Judge a reading. What could not be read is fine."""
        if _is_over(info, self.critical_mb, CRITICAL_SHARE):
            return "critical"
        return "warning" if _is_over(info, self.warning_mb, WARNING_SHARE) else "fine"


def _is_over(info: MemoryInfo, limit_mb: float | None, share: float) -> bool:
    if limit_mb is not None:
        return info.held_mb is not None and info.held_mb > limit_mb
    if info.available_mb is None or info.total_mb is None:
        return False
    return info.available_mb < max(share * info.total_mb, LEAST_AVAILABLE_MB)


class MemoryGuard:
    """Keeps a run within its limits: call `check` where it may stop, such as between two scenes."""

    def __init__(
        self,
        limits: MemoryLimits | None = None,
        *,
        on_warning: Callable[[str], None] | None = None,
        read: Callable[[], MemoryInfo] = get_tree_memory_info,
        clean: Callable[[], object] = force_cleanup,
        interval: int = 1,
    ) -> None:
        """Prepare, reading nothing yet.

        Args:
            limits: Left out, the machine's memory decides.
            on_warning: Gets one sentence when memory becomes low, and again only after it was fine; left out, the log.
            read: Reads memory before and after cleaning up.
            clean: Gives memory back.
            interval: Only each n-th call of `check` looks.
        """
        self._limits = limits or MemoryLimits()
        self._on_warning = on_warning or logger.warning
        self._read = read
        self._clean = clean
        self._interval = max(1, interval)
        self._lock = threading.Lock()
        self._n_calls = 0
        self._was_low = False

    def check(self) -> MemoryInfo | None:
        """Look at memory, clean up if it is low, and give the last reading; None when this call did not look.

        May be called from any thread; one looks at a time.

        Raises:
            MemoryLowError: Memory is critical, and cleaning up did not help.
        """
        warning: str | None = None
        with self._lock:
            self._n_calls += 1
            if self._n_calls % self._interval:
                return None
            before = self._read()
            if self._limits.level_of(before) == "fine":
                self._was_low = False
                return before
            self._clean()
            after = self._read()
            if not self._was_low:
                warning = f"Memory is low: {_state(before)}. After cleaning up: {_state(after)}."
            self._was_low = True
        if warning is not None:
            self._on_warning(warning)
        if self._limits.level_of(after) == "critical":
            raise self._refusal(after)
        return after

    def _refusal(self, info: MemoryInfo) -> MemoryLowError:
        limit_mb = self._limits.critical_mb
        allowed = f", and {limit_mb:.0f} MB are allowed" if limit_mb is not None else ""
        return MemoryLowError(
            f"Memory is nearly used up: {_state(info)} after cleaning up{allowed}.",
            "Run again with --jobs 1; a smaller --size or --config configs/low-memory.toml needs less as well.",
        )


def _state(info: MemoryInfo) -> str:
    """Say a reading as a person would: what we hold, what is left of how much."""
    parts = []
    if info.held_mb is not None:
        parts.append(f"{info.held_mb:.0f} MB in use here")
    if info.available_mb is not None and info.total_mb is not None:
        parts.append(f"{info.available_mb:.0f} of {info.total_mb:.0f} MB available")
    return ", ".join(parts)
