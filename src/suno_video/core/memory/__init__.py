"""Memory: read it, give it back, watch it, and keep loaded models within bounds.

A reading, a cleanup and a check cost milliseconds; none of them imports an accelerator library or breaks a film.
"""

from suno_video.core.memory.accelerators import is_out_of_memory
from suno_video.core.memory.cleanup import force_cleanup, forget_tracebacks
from suno_video.core.memory.guard import MemoryGuard, MemoryLimits
from suno_video.core.memory.heap import keep_one_heap
from suno_video.core.memory.leaks import Advice, LeakWatch
from suno_video.core.memory.model_cache import ModelCache
from suno_video.core.memory.reading import MemoryInfo, get_memory_info, get_tree_memory_info
from suno_video.core.memory.sweep import PeriodicSweep, SweepResult, sweep_old_files
from suno_video.core.memory.tracker import MemoryTracker, MemoryUse

__all__ = [
    "Advice",
    "LeakWatch",
    "MemoryGuard",
    "MemoryInfo",
    "MemoryLimits",
    "MemoryTracker",
    "MemoryUse",
    "ModelCache",
    "PeriodicSweep",
    "SweepResult",
    "force_cleanup",
    "forget_tracebacks",
    "get_memory_info",
    "get_tree_memory_info",
    "is_out_of_memory",
    "keep_one_heap",
    "sweep_old_files",
]
