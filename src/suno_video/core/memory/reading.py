"""One reading of memory: this process and those below it, the machine, and the accelerators in use."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from suno_video.core.memory.accelerators import accelerator_figures
from suno_video.core.memory.attempt import attempt
from suno_video.core.memory.machine import BYTES_PER_MB, machine_room, peak_rss_bytes


@dataclass(frozen=True)
class MemoryInfo:
    """What is held at one moment, in MB of 2**20 bytes. None where there is no such thing, or nobody tells."""

    rss_mb: float | None = None
    """Memory of this process that is really there (resident)."""
    tree_rss_mb: float | None = None
    """The same with all processes below this one, such as ffmpeg; pages that they share count in each."""
    peak_rss_mb: float | None = None
    """The most that this process ever held since its program began. It never falls, whatever is freed."""
    available_mb: float | None = None
    """What can still be taken before the machine, the container or the shell's limit says no."""
    total_mb: float | None = None
    """All memory of the machine; that of the container, or the shell's limit, where it is less."""
    cuda_allocated_mb: float | None = None
    """In tensors, on all graphics cards that torch uses."""
    cuda_reserved_mb: float | None = None
    """In tensors, and kept by torch for the next ones."""
    cuda_peak_mb: float | None = None
    """The most in tensors since the last cleanup."""
    mps_allocated_mb: float | None = None
    """In tensors, on Metal."""
    mps_driver_mb: float | None = None
    """All that Metal holds for torch."""
    mlx_active_mb: float | None = None
    """In arrays of MLX."""
    mlx_cache_mb: float | None = None
    """Kept by MLX for the next ones."""
    mlx_peak_mb: float | None = None
    """The most in arrays since the last cleanup."""

    @property
    def held_mb(self) -> float | None:
        """What we hold of the machine's memory: with the processes below where they were counted."""
        return self.rss_mb if self.tree_rss_mb is None else self.tree_rss_mb

    @property
    def device_mb(self) -> float | None:
        """What lies on accelerators, in tensors and arrays; None where none is in use."""
        found = [mb for mb in (self.cuda_allocated_mb, self.mps_allocated_mb, self.mlx_active_mb) if mb is not None]
        return sum(found) if found else None


def get_memory_info(*, tree: bool = False) -> MemoryInfo:
    """Read what is held right now.

    Never raises, and imports no accelerator library: only those already loaded are asked.

    Args:
        tree: Count the processes below this one as well. Takes about 8 ms instead of 1.
    """
    room = machine_room()
    return MemoryInfo(
        rss_mb=_mb(attempt("reading resident memory", _rss_bytes)),
        tree_rss_mb=_mb(attempt("reading the process tree", _tree_rss_bytes)) if tree else None,
        peak_rss_mb=_mb(attempt("reading the peak", peak_rss_bytes)),
        available_mb=_mb(room.available_bytes) if room else None,
        total_mb=_mb(room.total_bytes) if room else None,
        **accelerator_figures(),
    )


def get_tree_memory_info() -> MemoryInfo:
    """Read what is held right now, with the processes below this one."""
    return get_memory_info(tree=True)


def _mb(n_bytes: int | None) -> float | None:
    return None if n_bytes is None else n_bytes / BYTES_PER_MB


def _rss_bytes() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _tree_rss_bytes() -> int:
    import psutil

    total = _rss_bytes()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended meanwhile
            total += child.memory_info().rss
    return total
