"""Where a model runs, in which numbers, and how running out of memory looks there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_OUT_OF_MEMORY = (
    "out of memory",  # CUDA, MPS
    "insufficient memory",  # Metal
    "cublas_status_alloc_failed",
    "can't allocate memory",  # torch's CPU allocator on Linux
    "not enough memory",  # and on Windows
)


@dataclass(frozen=True)
class Place:
    """A device and the type of number that suits it."""

    device: str
    dtype: Any
    """A `torch.dtype`."""


def choose_place() -> Place:
    """Take CUDA (bf16) before MPS (bf16) before the CPU (fp32)."""
    import torch

    if torch.cuda.is_available():
        return Place("cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)
    if torch.backends.mps.is_available():
        return Place("mps", torch.bfloat16)  # T5 and FLUX overflow in fp16
    return Place("cpu", torch.float32)


def is_out_of_memory(exc: BaseException) -> bool:
    """Whether an exception says that there was no room; torch says it in several ways."""
    import torch

    if isinstance(exc, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(exc, RuntimeError) and any(words in str(exc).lower() for words in _OUT_OF_MEMORY)
