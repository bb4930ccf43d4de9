"""Threads share one C heap where that is asked for."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from suno_video.core.errors import NoSuchInputError
from suno_video.core.memory import heap, keep_one_heap
from suno_video.pipeline import FilmOptions, render_film
from tests.unit.fresh_python import run_python

# Each thread claims memory while the others hold theirs; then the C library says how many heaps it has.
COUNT_HEAPS = """
import ctypes, threading
from suno_video.core.memory import keep_one_heap
{before}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
together = threading.Barrier(4)
def claim():
    libc.malloc(5000)
    together.wait()
threads = [threading.Thread(target=claim) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, file)
libc.fclose(file)
"""
needs_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_info"), reason="heaps of glibc"
)


@needs_glibc
def test_threads_have_heaps_of_their_own_until_one_is_kept() -> None:
    assert run_python(COUNT_HEAPS.format(before="")).count("<heap nr=") > 1
    assert run_python(COUNT_HEAPS.format(before="keep_one_heap()")).count("<heap nr=") == 1


def test_a_c_library_that_has_no_such_thing_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: object())
    keep_one_heap()


@pytest.mark.parametrize(("jobs", "n_times"), [(1, 1), (2, 0), (None, 0)])
def test_a_film_made_one_scene_at_a_time_keeps_one_heap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int | None, n_times: int
) -> None:
    kept: list[bool] = []
    monkeypatch.setattr("suno_video.core.memory.keep_one_heap", lambda: kept.append(True))
    with pytest.raises(NoSuchInputError):
        render_film(tmp_path / "gone.mp3", FilmOptions(jobs=jobs))
    assert len(kept) == n_times
