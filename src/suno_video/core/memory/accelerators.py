"""CUDA, Metal (MPS) and MLX: read and emptied through the library that is already loaded; none is ever imported here.

Importing torch to ask takes seconds and hundreds of MB, and on a laptop it is usually not even installed.
"""

from __future__ import annotations

import sys
from typing import Any

from suno_video.core.memory.attempt import attempt
from suno_video.core.memory.machine import BYTES_PER_MB

_OUT_OF_MEMORY = (
    "out of memory",  # CUDA, MPS
    "insufficient memory",  # Metal
    "cublas_status_alloc_failed",
    "can't allocate memory",  # torch's CPU allocator on Linux
    "not enough memory",  # and on Windows
    "could not create a primitive",  # oneDNN, which calculates on CPUs: it says no more when it gets no memory
    "could not create a memory object",
)


def is_out_of_memory(exc: BaseException) -> bool:
    """Whether an exception says that there was no room; torch says it in several ways."""
    if isinstance(exc, MemoryError) or type(exc).__name__ == "OutOfMemoryError":
        return True
    return isinstance(exc, RuntimeError) and any(words in str(exc).lower() for words in _OUT_OF_MEMORY)


def accelerator_figures() -> dict[str, float]:
    """Read the accelerator fields of `MemoryInfo`, for those libraries that are loaded and in use."""
    figures: dict[str, float] = {}
    for name, read in (("CUDA", _cuda_bytes), ("MPS", _mps_bytes), ("MLX", _mlx_bytes)):
        found = attempt(f"reading {name} memory", read) or {}
        figures.update({field: n_bytes / BYTES_PER_MB for field, n_bytes in found.items()})
    return figures


def empty_accelerators() -> None:
    """Hand back what the libraries keep for later, and let their peaks begin anew. Never raises."""
    for name, empty in (("CUDA", _empty_cuda), ("MPS", _empty_mps), ("MLX", _empty_mlx)):
        attempt(f"emptying {name}", empty)


def _cuda() -> Any | None:
    """`torch.cuda` once something was put there. Asking `is_available` instead could start the driver."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None


def _used_devices(cuda: Any) -> list[int]:
    """The graphics cards that we hold memory on: to synchronize another one would claim memory there."""
    return [device for device in range(cuda.device_count()) if cuda.memory_reserved(device)]


def _cuda_bytes() -> dict[str, int]:
    cuda = _cuda()
    if cuda is None:
        return {}
    devices = range(cuda.device_count())
    return {
        "cuda_allocated_mb": sum(cuda.memory_allocated(device) for device in devices),
        "cuda_reserved_mb": sum(cuda.memory_reserved(device) for device in devices),
        "cuda_peak_mb": sum(cuda.max_memory_allocated(device) for device in devices),
    }


def _empty_cuda() -> None:
    cuda = _cuda()
    if cuda is None:
        return
    devices = attempt("looking which graphics cards are in use", lambda: _used_devices(cuda)) or []
    for device in devices:
        _call(cuda, "synchronize", device)
    _call(cuda, "empty_cache")
    _call(cuda, "ipc_collect")
    for device in devices:
        _call(cuda, "reset_peak_memory_stats", device)


def _mps() -> Any | None:
    torch = sys.modules.get("torch")
    mps = getattr(torch, "mps", None)
    return mps if torch is not None and mps is not None and torch.backends.mps.is_available() else None


def _mps_bytes() -> dict[str, int]:
    mps = _mps()
    if mps is None:
        return {}
    return {"mps_allocated_mb": mps.current_allocated_memory(), "mps_driver_mb": mps.driver_allocated_memory()}


def _empty_mps() -> None:
    mps = _mps()
    if mps is None:
        return
    _call(mps, "synchronize")
    _call(mps, "empty_cache")


def _mlx_bytes() -> dict[str, int]:
    mlx: Any = sys.modules.get("mlx.core")
    if mlx is None:
        return {}
    return {
        "mlx_active_mb": mlx.get_active_memory(),
        "mlx_cache_mb": mlx.get_cache_memory(),
        "mlx_peak_mb": mlx.get_peak_memory(),
    }


def _empty_mlx() -> None:
    mlx: Any = sys.modules.get("mlx.core")
    if mlx is None:
        return
    _call(mlx, "synchronize")
    _call(mlx, "clear_cache")
    _call(mlx, "reset_peak_memory")


def _call(library: Any, name: str, *args: object) -> None:
    """One step; where it fails, the next one is taken nevertheless."""
    attempt(f"{library.__name__}.{name}", lambda: getattr(library, name)(*args))
