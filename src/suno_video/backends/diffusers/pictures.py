"""Pictures in and out: first frames cut to size, arrays as PNG and MP4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from suno_video.backends.base import ClipRequest, FailureKind, MakeFailed
from suno_video.core.frames import FrameSize
from suno_video.media.ffmpeg import FrameWriter, file_url


def fitted(path: Path, size: FrameSize) -> Image.Image:
    """Open a picture, fill the frame with it and cut off what is over. Raises `MakeFailed` when it is no picture."""
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError) as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"{path.name} cannot be read as a picture: {exc}") from None
    return ImageOps.fit(upright, (size.width_px, size.height_px), Image.Resampling.LANCZOS)


def first_frame_of(request: ClipRequest) -> Image.Image:
    """Give the still that a clip starts from. Raises `MakeFailed` when there is none, or it is no picture."""
    if request.first_frame is None:
        raise MakeFailed(FailureKind.BAD_INPUT, "this model starts from a still, and the scene has none")
    return fitted(request.first_frame, request.size)


def to_bytes(made: Any) -> NDArray[np.uint8]:
    """Turn what a pipeline gives, 0..1 of shape (..., height, width, 3), into bytes.

    Raises:
        MakeFailed: Flawed: some of it is not a number.
    """
    values = np.asarray(made)
    if not np.isfinite(values).all():
        raise MakeFailed(FailureKind.FLAWED, "the model gave values that are no numbers")
    return np.ascontiguousarray((values * 255).round().clip(0, 255).astype(np.uint8))


def write_png(path: Path, picture: NDArray[np.uint8]) -> Path:
    """Write a picture of shape (height, width, 3)."""
    Image.fromarray(picture).save(path)
    return path


def write_mp4(path: Path, frames: NDArray[np.uint8], fps: int) -> FrameSize:
    """Write frames of shape (n, height, width, 3), near lossless, and give their size. Raises as `FrameWriter` does."""
    size = FrameSize(width_px=frames.shape[2], height_px=frames.shape[1])
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", str(size), "-r", str(fps), "-i", "pipe:0")
    # Without it, ffmpeg would take the older matrix for a small picture.
    colour = ("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p")
    light = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv")
    video = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "8")
    file = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart", "-f", "mp4", file_url(path))
    with FrameWriter(["-y", *raw, *colour, *video, *light, *file]) as writer:
        for frame in frames:
            writer.write(frame)
        writer.finish()
    return size
