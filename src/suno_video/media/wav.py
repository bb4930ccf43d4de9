"""Writes sound as WAV, block by block: memory holds one block, and more than 4 GB become RF64 (EBU Tech 3306)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from suno_video.media.atomic import replacing

_MOST_BYTES = 2**32 - 1
_HEAD_BYTES = 80  # RIFF 12, JUNK or ds64 8 + 28, fmt 8 + 16, data 8
_FULL_SCALE = 32767


def write_wav(path: Path, sample_rate_hz: int, n_channels: int, blocks: Iterable[NDArray[np.float32]]) -> int:
    """Write 16-bit PCM; the file is there when all of it is.

    Args:
        blocks: Each of shape (n, n_channels), -1..1; what is louder is cut off.

    Returns:
        Samples per channel.

    Raises:
        CannotCreateError, DiskError: It cannot be written.
    """
    n_samples = 0
    with replacing(path) as part, part.open("wb") as file:
        file.write(bytes(_HEAD_BYTES))
        for block in blocks:
            file.write(np.round(np.clip(block, -1, 1) * _FULL_SCALE).astype("<i2").tobytes())
            n_samples += len(block)
        _write_head(file, sample_rate_hz, n_channels, n_samples)
    return n_samples


def _write_head(file: BinaryIO, sample_rate_hz: int, n_channels: int, n_samples: int) -> None:
    n_bytes, frame_bytes = 2 * n_channels * n_samples, 2 * n_channels
    whole = n_bytes + _HEAD_BYTES - 8
    is_large = whole > _MOST_BYTES
    sizes = struct.pack("<QQQI", whole, n_bytes, n_samples, 0) if is_large else bytes(28)
    file.seek(0)
    file.write(struct.pack("<4sI4s", b"RF64" if is_large else b"RIFF", min(whole, _MOST_BYTES), b"WAVE"))
    file.write(struct.pack("<4sI", b"ds64" if is_large else b"JUNK", 28) + sizes)
    rates = (sample_rate_hz, sample_rate_hz * frame_bytes, frame_bytes, 16)
    file.write(struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, n_channels, *rates))
    file.write(struct.pack("<4sI", b"data", min(n_bytes, _MOST_BYTES)))
