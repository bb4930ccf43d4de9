"""Test cards: pictures that carry their own number, so that a test can see which frame it got back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from suno_video.core.frames import I420, FrameSize, planes
from suno_video.media.ffmpeg import FrameWriter, file_url

_N_BITS = 16
_LOW, _HIGH = 40, 210


def frame_number(frame: I420) -> int:
    """Read the number of a test card from its light; survives encoding."""
    light = planes(frame)[0]
    middle = light[light.shape[0] // 4 : -light.shape[0] // 4 or None]
    number = 0
    for bit, columns in enumerate(np.array_split(np.arange(light.shape[1]), _N_BITS)):
        # The edges of a stripe may bleed into its neighbours.
        inner = columns[len(columns) // 4 : len(columns) - len(columns) // 4]
        number |= int(middle[:, inner].mean() > (_LOW + _HIGH) / 2) << bit
    return number


class FakeStream:
    """Test cards: 16 upright stripes spell the frame number in binary, the colour comes from the seed."""

    def __init__(self, size: FrameSize, n_frames: int, seed: int) -> None:
        self._size, self._n_frames, self._seed = size, n_frames, seed
        self.is_closed = False

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self._n_frames

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Paint frames start..stop."""
        if self.is_closed:
            raise ValueError("the stream is closed")
        out = np.empty(self._size.i420_shape, dtype=np.uint8)
        light, u, v = planes(out)
        u[:], v[:] = 64 + self._seed % 128, 64 + self._seed // 128 % 128
        stripes = np.array_split(np.arange(self._size.width_px), _N_BITS)
        for number in range(start, self._n_frames if stop is None else min(stop, self._n_frames)):
            for bit, columns in enumerate(stripes):
                light[:, columns] = _HIGH if number >> bit & 1 else _LOW
            yield out

    def close(self) -> None:
        """Let go."""
        self.is_closed = True


def black_frames(size: FrameSize, n_frames: int) -> Iterator[I420]:
    """Give frames without any light."""
    frame = np.full(size.i420_shape, 128, dtype=np.uint8)
    frame[: size.height_px] = 16
    for _ in range(n_frames):
        yield frame


def write_clip(path: Path, frames: Iterator[I420], size: FrameSize, fps: int) -> None:
    """Encode frames into a small H.264 MP4; the same frames give the same bytes. Raises as `FrameWriter` does."""
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", str(size), "-r", str(fps), "-i", "pipe:0")
    light = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv")
    video = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-threads", "1", "-bf", "0")
    file = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart", "-f", "mp4", file_url(path))
    with FrameWriter(["-y", *raw, *video, *light, *file]) as writer:
        for frame in frames:
            writer.write(frame)
        writer.finish()
