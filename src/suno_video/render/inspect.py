"""Looks at what a backend delivered before it counts: sizes and lengths are read from the file, never believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, MakeFailed
from suno_video.core.errors import CheckFailedError
from suno_video.media.mp4 import read_mp4

SHORTEST = 0.75
"""A clip that lasts less than this share of what was asked for is a failed one; less is missing is played slower."""


def inspect_clip(footage: FileFootage, request: ClipRequest) -> dict[str, Any]:
    """Give frames, rate and size of a clip as its receipt has them.

    Raises:
        MakeFailed: It is not an MP4 with a picture, or far too short.
    """
    try:
        track = read_mp4(footage.path).track("vide")
    except (CheckFailedError, OSError) as exc:
        raise MakeFailed(FailureKind.RETRYABLE, f"the clip is not a whole MP4 file: {exc}") from None
    if track is None or not track.n_samples or not track.duration_s:
        raise MakeFailed(FailureKind.RETRYABLE, "the clip has no picture")
    lasts_s, wanted_s = track.duration_s, request.n_frames / request.fps
    # What was shortened to save memory is meant to be short: it is measured by the frames that were asked for.
    if track.n_samples < SHORTEST * request.n_frames and lasts_s < SHORTEST * wanted_s:
        raise MakeFailed(FailureKind.RETRYABLE, f"the clip lasts {lasts_s:.2f} s, {wanted_s:.2f} s were asked for")
    return {
        "n_frames": track.n_samples,
        "fps": track.n_samples / lasts_s,
        "width_px": track.width_px,
        "height_px": track.height_px,
    }


def inspect_still(path: Path) -> dict[str, Any]:
    """Give the size of a still as its receipt has it. Raises `MakeFailed` when it is no picture."""
    try:
        with Image.open(path) as picture:
            picture.load()
            return {"width_px": picture.width, "height_px": picture.height}
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as exc:
        raise MakeFailed(FailureKind.RETRYABLE, f"the still cannot be read: {exc}") from None
