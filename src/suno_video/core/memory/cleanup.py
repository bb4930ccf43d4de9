"""Giving memory back, in the order that was measured to work."""

from __future__ import annotations

import ctypes
import gc
import sys

from suno_video.core.memory.accelerators import empty_accelerators
from suno_video.core.memory.attempt import attempt
from suno_video.core.memory.reading import MemoryInfo, get_memory_info

_YOUNG, _ALL = 1, 2  # generations of Python's cycle collector


def force_cleanup(*, aggressive: bool = True, exc: BaseException | None = None) -> MemoryInfo:
    """Give back all memory that nobody refers to, and read what is left.

    In this order, because each step frees what the next one can hand back: tracebacks, cycles of Python objects, the
    caches of loaded accelerator libraries, unused pages of the C heap. Never raises, and imports no library.

    Args:
        aggressive: False leaves out what takes long in a large program, the search through old objects (45 ms with
            librosa loaded, more with torch) and the return of heap pages. A model with hooks is a cycle of old
            objects: without this it stays until Python gets to it by itself.
        exc: An exception that is dealt with and kept. Its traceback holds the variables of each function that it
            passed through, tensors among them; it is dropped, and those of its causes and context.
    """
    if exc is not None:
        forget_tracebacks(exc)
    attempt("collecting cycles", lambda: gc.collect(_ALL if aggressive else _YOUNG))
    empty_accelerators()
    if aggressive:
        attempt("returning the heap", _return_heap)
    return get_memory_info()


def forget_tracebacks(exc: BaseException) -> None:
    """Drop the tracebacks of an exception, its causes, its context and its group; the messages stay."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        link.__traceback__ = None
        waiting += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            waiting += link.exceptions


def _return_heap() -> None:
    """Hand freed pages of the C heap to the system: glibc kept 670 MB of a model that was gone, until asked."""
    if sys.platform == "win32":
        ctypes.CDLL("ucrtbase")._heapmin()
    elif sys.platform == "darwin":
        relieve = ctypes.CDLL(None).malloc_zone_pressure_relief
        relieve.argtypes, relieve.restype = [ctypes.c_void_p, ctypes.c_size_t], ctypes.c_size_t
        relieve(None, 0)  # all zones, as much as possible
    else:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
        if trim is not None:
            trim(ctypes.c_size_t(0))
