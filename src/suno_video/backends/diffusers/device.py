"""Where a model runs, and in which numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
