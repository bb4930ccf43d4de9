"""Memory given back: the order of the steps, and what they really free."""

from __future__ import annotations

import ctypes
import gc
import sys
import weakref

import pytest

from suno_video.core.memory import cleanup, force_cleanup, forget_tracebacks
from tests.unit.fake_torch import fake_cuda, load_mlx, load_torch
from tests.unit.fresh_python import run_python

needs_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc trims its heap"
)


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> list[str]:
    """All steps of a cleanup, as they come."""
    monkeypatch.setattr(gc, "collect", lambda generation: calls.append(f"gc({generation})"))
    monkeypatch.setattr(cleanup, "_return_heap", lambda: calls.append("heap"))
    return calls


def test_a_cleanup_takes_its_steps_in_the_order_that_was_measured(
    monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    load_torch(monkeypatch, steps, cuda=fake_cuda(steps, held_mb=(0, 9)), mps=True)
    load_mlx(monkeypatch, steps)
    info = force_cleanup()
    assert steps == [
        "gc(2)",
        "torch.cuda.synchronize(1)",  # the first card holds nothing of ours: it is not touched
        "torch.cuda.empty_cache()",
        "torch.cuda.ipc_collect()",
        "torch.cuda.reset_peak_memory_stats(1)",
        "torch.mps.synchronize()",
        "torch.mps.empty_cache()",
        "mlx.core.synchronize()",
        "mlx.core.clear_cache()",
        "mlx.core.reset_peak_memory()",
        "heap",
    ]
    assert info.device_mb == 9 + 30 + 7


def test_a_gentle_cleanup_leaves_old_objects_and_the_heap(monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> None:
    load_mlx(monkeypatch, steps)
    force_cleanup(aggressive=False)
    assert steps == ["gc(1)", "mlx.core.synchronize()", "mlx.core.clear_cache()", "mlx.core.reset_peak_memory()"]


def test_a_step_that_fails_keeps_no_other_from_being_taken(monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> None:
    lost = RuntimeError("CUDA error: device-side assert triggered")
    load_torch(monkeypatch, steps, cuda=fake_cuda(steps, synchronize=lost, empty_cache=lost, memory_allocated=lost))
    load_mlx(monkeypatch, steps, synchronize=AttributeError("an older one"))
    monkeypatch.setattr(gc, "collect", lambda generation: 1 / 0)
    assert force_cleanup().device_mb == 7
    assert "torch.cuda.ipc_collect()" in steps
    assert "mlx.core.clear_cache()" in steps
    assert steps[-1] == "heap"


class Tensor:
    """Something large; a weak reference tells when it is gone."""

    def __init__(self) -> None:
        self.hook: Tensor | None = None


def test_a_cleanup_frees_a_cycle_of_old_objects() -> None:
    model = Tensor()
    model.hook = model
    watched = weakref.ref(model)
    gc.collect()
    gc.collect()
    gc.disable()
    try:
        del model
        assert watched() is not None, "nothing was left to collect: the test proves nothing"
        force_cleanup()
    finally:
        gc.enable()
    assert watched() is None


def fail_with(tensors: list[weakref.ref[Tensor]], cause: BaseException | None = None) -> None:
    latents = Tensor()
    tensors.append(weakref.ref(latents))
    raise RuntimeError("out of memory") from cause


def caught(tensors: list[weakref.ref[Tensor]], cause: BaseException | None = None) -> BaseException:
    try:
        fail_with(tensors, cause)
    except RuntimeError as exc:
        return exc
    raise AssertionError


def test_a_kept_exception_holds_no_tensors_after_a_cleanup() -> None:
    tensors: list[weakref.ref[Tensor]] = []
    kept = caught(tensors, cause=caught(tensors))
    kept.__context__ = ExceptionGroup("two scenes", [caught(tensors), ValueError("no traceback")])
    assert [tensor() is None for tensor in tensors] == [False, False, False]
    force_cleanup(exc=kept)
    assert [tensor() is None for tensor in tensors] == [True, True, True]
    assert str(kept) == "out of memory"


def test_exceptions_that_name_each_other_are_gone_through_once() -> None:
    first, second = caught([]), caught([])
    first.__cause__, second.__cause__ = second, first
    forget_tracebacks(first)
    assert first.__traceback__ is second.__traceback__ is None


@needs_glibc
def test_a_cleanup_returns_pages_that_the_heap_keeps() -> None:
    code = (
        "from suno_video.core.memory import force_cleanup, get_memory_info\n"
        "blocks = [bytes(1000) for _ in range(150_000)]; del blocks[:-1]\n"
        "held = get_memory_info().rss_mb; gentle = force_cleanup(aggressive=False).rss_mb\n"
        "print(held - gentle, gentle - force_cleanup().rss_mb)"
    )
    gentle_mb, returned_mb = map(float, run_python(code).split())
    assert gentle_mb < 5
    assert returned_mb > 100


@pytest.mark.parametrize(
    ("platform", "library", "function"),
    [
        ("win32", "ucrtbase", "_heapmin"),
        ("darwin", None, "malloc_zone_pressure_relief"),
        ("linux", None, "malloc_trim"),
    ],
)
def test_each_system_has_its_own_way_to_return_the_heap(
    monkeypatch: pytest.MonkeyPatch, platform: str, library: str | None, function: str
) -> None:
    asked = []

    class FakeC:
        def __init__(self, name: str | None) -> None:
            self.name = name

        def __getattr__(self, called: str) -> object:
            return lambda *args: asked.append((self.name, called))

    monkeypatch.setattr(ctypes, "CDLL", FakeC)
    monkeypatch.setattr(sys, "platform", platform)
    cleanup._return_heap()
    assert asked == [(library, function)]
