"""Sound as models that hear speech take it: one channel, at their own rate, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import BadSongError, EncoderError
from suno_video.media.audio import FORMATS, check_song_file
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_chunks

_CHUNK_BYTES = 1 << 16


def mono_blocks(path: Path, rate_hz: int, block_s: float) -> Iterator[NDArray[np.float32]]:
    """Decode the first audio stream of a file to one channel, in blocks of so many seconds; the last may be shorter.

    Memory holds one block, however long the sound is.

    Raises:
        NoSuchInputError, BadSongError: It cannot be decoded.
    """
    check_song_file(path)
    args = [*SAFE_INPUT, "-format_whitelist", FORMATS, "-i", file_url(path), "-map", "0:a:0", "-vn", "-sn", "-dn"]
    args += ["-ac", "1", "-ar", str(rate_hz), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
    n_bytes = 4 * max(1, round(block_s * rate_hz))
    pending = bytearray()
    with closing(read_chunks(args, _CHUNK_BYTES)) as chunks:
        try:
            for chunk in chunks:
                pending += chunk
                while len(pending) >= n_bytes:
                    yield _samples(pending[:n_bytes])
                    del pending[:n_bytes]
        except EncoderError as exc:
            raise BadSongError(f"No sound could be decoded from {path.name!r}.", "Give a song as mp3 or wav.") from exc
    if len(pending) >= 4:
        yield _samples(pending[: len(pending) // 4 * 4])


def _samples(raw: bytearray) -> NDArray[np.float32]:
    block = np.frombuffer(bytes(raw), dtype="<f4")
    return np.asarray(np.clip(np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0), -8.0, 8.0), dtype=np.float32)
