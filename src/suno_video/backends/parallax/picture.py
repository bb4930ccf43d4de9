"""Opens the picture that is to be moved; what cannot be opened is a failure that another attempt would not mend."""

from __future__ import annotations

from pathlib import Path

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.media.pictures import MAX_PIXELS, PictureError, Pixels, read_picture

__all__ = ["MAX_PIXELS", "Pixels", "open_picture"]


def open_picture(path: Path, backdrop: str) -> Pixels:
    """Read a picture as `media.pictures.read_picture` does. Raises `MakeFailed` (`BAD_INPUT`)."""
    try:
        return read_picture(path, backdrop)
    except PictureError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"picture {path.name} cannot be used: {exc}") from exc
