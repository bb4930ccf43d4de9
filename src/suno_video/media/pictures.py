"""Opens whatever picture people have: any mode, rotated by EXIF, with alpha, 16-bit, tiny or far too large."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from suno_video.core.color import hex_to_srgb

Pixels: TypeAlias = NDArray[np.uint8]
"""Shape (height, width, 3), sRGB."""

MAX_PIXELS = 8192 * 8192  # 67 million: 200 MB once decoded
MAX_DECODED_SIDE_PX = 4096
_TROUBLE = (
    OSError,
    SyntaxError,  # what Pillow raises for a broken PNG chunk
    ValueError,
    EOFError,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PictureError(ValueError):
    """A file cannot be used as a picture; its text says why."""


def read_picture(path: Path, backdrop: str) -> Pixels:
    """Read a picture upright and without alpha, at most `MAX_DECODED_SIDE_PX` a side.

    Args:
        backdrop: `#rrggbb` that shows through transparent parts.

    Raises:
        PictureError: It is missing, no picture, broken, or larger than `MAX_PIXELS`.
    """
    try:
        with Image.open(path) as image:
            # The header alone has been read so far: a bomb is refused before it unfolds.
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS // 10**6} million")
            image.draft("RGB", (MAX_DECODED_SIDE_PX, MAX_DECODED_SIDE_PX))
            upright = ImageOps.exif_transpose(image)
            return _shrink(_to_rgb(upright, backdrop))
    except UnidentifiedImageError as exc:
        raise PictureError("it is no picture of a known kind") from exc
    except PictureError:
        raise
    except _TROUBLE as exc:
        raise PictureError(_why(exc)) from exc


def _why(exc: BaseException) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return str(exc) or type(exc).__name__


def _to_rgb(image: Image.Image, backdrop: str) -> Pixels:
    if image.mode.startswith(("I", "F")):
        return _grey_to_rgb(np.asarray(image, dtype=np.float32))
    if image.mode == "P" or "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        rgba = np.asarray(image, dtype=np.float32)
        alpha = rgba[..., 3:] / np.float32(255)
        under = (hex_to_srgb(backdrop) * 255).astype(np.float32)
        return np.round(rgba[..., :3] * alpha + under * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _grey_to_rgb(levels: NDArray[np.float32]) -> Pixels:
    """Bring 16-bit, 32-bit and float greys to 8 bit by the range that they use."""
    levels = np.nan_to_num(levels, posinf=0, neginf=0)
    top = float(levels.max(initial=0))
    white = next((white for white in (1.0, 255.0, 65535.0) if top <= white), top)
    grey = np.round(np.clip(levels / white, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))


def _shrink(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = MAX_DECODED_SIDE_PX / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
