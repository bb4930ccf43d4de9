"""Doubles of torch and mlx.core: the functions that we call, with their names and shapes, and a record of the calls."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

MB = 2**20


ACTS = {"synchronize", "empty_cache", "ipc_collect", "reset_peak_memory_stats", "clear_cache", "reset_peak_memory"}


class FakeLibrary(ModuleType):
    """A module of functions: `answers` maps a name to what it gives or raises. What changes something is noted."""

    def __init__(self, name: str, calls: list[str], **answers: Any) -> None:
        super().__init__(name)
        for function, answer in answers.items():
            setattr(self, function, self._function(function, f"{name}.{function}", calls, answer))

    @staticmethod
    def _function(function: str, name: str, calls: list[str], answer: Any) -> Any:
        def call(*args: Any) -> Any:
            if function in ACTS:
                calls.append(f"{name}({', '.join(str(arg) for arg in args)})")
            if isinstance(answer, Exception):
                raise answer
            return answer(*args) if callable(answer) else answer

        return call


def fake_cuda(calls: list[str], held_mb: tuple[int, ...] = (100,), **answers: Any) -> FakeLibrary:
    """`torch.cuda` in use, with one graphics card for each entry of `held_mb`."""
    usual = {
        "is_initialized": True,
        "device_count": len(held_mb),
        "memory_allocated": lambda device: held_mb[device] * MB,
        "memory_reserved": lambda device: held_mb[device] * 2 * MB,
        "max_memory_allocated": lambda device: held_mb[device] * 3 * MB,
    }
    steps = dict.fromkeys(("synchronize", "empty_cache", "ipc_collect", "reset_peak_memory_stats"))
    return FakeLibrary("torch.cuda", calls, **{**usual, **steps, **answers})


def load_torch(
    monkeypatch: pytest.MonkeyPatch, calls: list[str], *, cuda: FakeLibrary | None = None, mps: bool = False
) -> None:
    """Put a torch into `sys.modules`. Without Metal its functions raise, as the real ones do."""
    missing = RuntimeError("MPS backend is not available")
    torch = ModuleType("torch")
    torch.cuda = cuda or fake_cuda(calls, is_initialized=False)  # type: ignore[attr-defined]
    torch.backends = ModuleType("torch.backends")  # type: ignore[attr-defined]
    torch.backends.mps = FakeLibrary("torch.backends.mps", [], is_available=mps)  # type: ignore[attr-defined]
    torch.mps = FakeLibrary(  # type: ignore[attr-defined]
        "torch.mps",
        calls,
        current_allocated_memory=30 * MB if mps else missing,
        driver_allocated_memory=50 * MB if mps else missing,
        synchronize=None if mps else missing,
        empty_cache=None if mps else missing,
    )
    monkeypatch.setitem(sys.modules, "torch", torch)


def load_mlx(monkeypatch: pytest.MonkeyPatch, calls: list[str], **answers: Any) -> None:
    """Put an mlx.core into `sys.modules`."""
    usual = {"get_active_memory": 7 * MB, "get_cache_memory": 8 * MB, "get_peak_memory": 9 * MB}
    done = dict.fromkeys(("synchronize", "clear_cache", "reset_peak_memory"))
    monkeypatch.setitem(sys.modules, "mlx.core", FakeLibrary("mlx.core", calls, **{**usual, **done, **answers}))
