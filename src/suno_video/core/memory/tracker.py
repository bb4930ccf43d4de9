"""What a block or a function takes and keeps."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from suno_video.core.memory.reading import MemoryInfo, get_memory_info

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemoryUse:
    """The readings before and after something."""

    name: str
    before: MemoryInfo
    after: MemoryInfo
    seconds: float

    @property
    def growth_mb(self) -> dict[str, float]:
        """By how much each figure of `MemoryInfo` grew; one that came into being grew from 0.

        `available_mb` shrinks as others grow. `peak_rss_mb` grows when the process never held as much before.
        """
        growth = {}
        for name in (field.name for field in fields(MemoryInfo) if field.name != "total_mb"):
            before, after = getattr(self.before, name), getattr(self.after, name)
            if after is not None:
                growth[name] = after - (before or 0.0)
        return growth

    @property
    def peak_rss_mb(self) -> float | None:
        """The most that this process was seen to hold meanwhile.

        Exact when that is the most since the process began, the only peak that systems keep. Otherwise the higher one
        of both readings: there may have been more in between.
        """
        new_peak = self.after.peak_rss_mb if self.growth_mb.get("peak_rss_mb", 0.0) > 0 else None
        return max((mb for mb in (new_peak, self.before.rss_mb, self.after.rss_mb) if mb is not None), default=None)

    def __str__(self) -> str:
        growth = self.growth_mb
        changed = [
            f"{name.removesuffix('_mb')} {getattr(self.after, name):.1f} MB ({growth[name]:+.1f})" for name in growth
        ]
        return f"{self.name}: {self.seconds:.2f} s, {', '.join(changed)}"


class MemoryTracker:
    """Reads memory before and after a block, or each call of a function.

    `with MemoryTracker("scene s001") as tracker: ...` leaves a `MemoryUse` in `tracker.use`; `@MemoryTracker()` above
    a function measures each call. Generators and coroutines are refused: their work is done after the call.
    """

    def __init__(
        self,
        name: str = "",
        *,
        on_reading: Callable[[MemoryUse], None] | None = None,
        enabled: bool = True,
        read: Callable[[], MemoryInfo] = get_memory_info,
    ) -> None:
        """Prepare, reading nothing yet.

        Args:
            name: What is measured; for a function, its own name if left out.
            on_reading: Gets the use at the end, also when the block failed; left out, the log does, at debug level.
            enabled: False makes it free: nothing is read, and a function is left as it is.
            read: Reads memory; `get_tree_memory_info` counts ffmpeg as well.
        """
        self.name = name
        self.use: MemoryUse | None = None
        self._on_reading = on_reading or _log
        self._enabled = enabled
        self._read = read

    def __enter__(self) -> Self:
        if self._enabled:
            self._before, self._began_s = self._read(), time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._enabled:
            return
        seconds = time.perf_counter() - self._began_s
        self.use = MemoryUse(self.name or "block", self._before, self._read(), seconds)
        self._on_reading(self.use)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Give a function that does the same and is measured in each call, in any number of threads."""
        if not self._enabled:
            return function
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} does its work after the call; measure what runs it")
        name = self.name or function.__qualname__

        @functools.wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            with MemoryTracker(name, on_reading=self._on_reading, read=self._read):
                return function(*args, **kwargs)

        return measured


def _log(use: MemoryUse) -> None:
    logger.debug("%s", use)
