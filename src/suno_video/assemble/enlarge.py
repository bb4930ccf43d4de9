"""Makes a larger clip of a small one, frame by frame: decoded, enlarged by a model, encoded, one frame in memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suno_video.assemble.graphs import picture_args, pictures_args
from suno_video.backends.base import FileFootage
from suno_video.core.errors import EncoderError
from suno_video.core.frames import FrameSize
from suno_video.media.atomic import replacing
from suno_video.media.ffmpeg import FrameWriter, read_chunks
from suno_video.media.mp4 import read_mp4
from suno_video.media.upscaler import Upscaler

ENLARGING = 1
"""Number of this way of doing it: another one makes every enlarged clip again."""
LEAST_GROWTH = 1.05
"""Times by which a clip must be too small before it is worth it: models round their sides to multiples of 16 and 32,
which is 1.03 at most in our sizes."""


def growth_of(size: FrameSize, film: FrameSize) -> float:
    """How many times larger a picture must become to fill the film."""
    return max(film.width_px / size.width_px, film.height_px / size.height_px)


def is_too_small(size: FrameSize, film: FrameSize) -> bool:
    """Whether it is worth enlarging a clip."""
    return growth_of(size, film) > LEAST_GROWTH


def enlarged_size(size: FrameSize, film: FrameSize, scale: int) -> FrameSize:
    """The size in which a clip fills the film, or as far as the model gets; both sides even."""
    factor = min(growth_of(size, film), float(scale))
    width, height = (math.ceil(round(side * factor / 2, 6)) * 2 for side in (size.width_px, size.height_px))
    return FrameSize(width_px=width, height_px=height)


def enlarge_clip(
    clip: FileFootage, film: FrameSize, upscaler: Upscaler, path: Path, on_frame: Callable[[], None] = lambda: None
) -> FrameSize:
    """Write a clip with the same frames at the same rate, larger, to `path`, whole or not at all. Gives its size.

    Args:
        on_frame: Called after each frame; what it raises goes through.

    Raises:
        TooLittleMemory: The model does not fit, even with small tiles.
        EncoderError, DiskError: The clip cannot be read, or the new one not written.
    """
    size = enlarged_size(clip.size, film, upscaler.scale)
    made = (clip.size.width_px * upscaler.scale, clip.size.height_px * upscaler.scale)
    with replacing(path) as part:
        args = picture_args(part, made, size, Fraction(clip.fps).limit_denominator(1001))
        with (
            FrameWriter(args) as writer,
            closing(read_chunks(pictures_args(clip.path, clip.size), _bytes(clip))) as raw,
        ):
            for chunk in raw:
                writer.write(upscaler.enlarge(_picture(chunk, clip.size)))
                on_frame()
            writer.finish()
        _check(part, clip.n_frames)
    return size


def _bytes(clip: FileFootage) -> int:
    return clip.size.width_px * clip.size.height_px * 3


def _picture(chunk: bytes, size: FrameSize) -> NDArray[np.uint8]:
    return np.frombuffer(chunk, dtype=np.uint8).reshape(size.height_px, size.width_px, 3)


def _check(path: Path, n_frames: int) -> None:
    track = read_mp4(path).track("vide")
    n_written = track.n_samples if track is not None else 0
    if n_written != n_frames:
        raise EncoderError(
            f"The enlarged clip has {n_written} frames, the clip has {n_frames}.",
            "Run the same command again; report it if it stays.",
        )
