"""The cover laid out for a frame of any shape: full height before its own blurred enlargement, or filling all of it."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.mathf import Floats
from suno_video.backends.procedural.picture import blurred

_DIM = 0.34
"""Light of the enlargement behind the cover."""


def lay_out(picture: Floats, width_px: int, height_px: int, fill: float) -> Floats:
    """Lay a square picture out in a frame; planes, linear light, shape (3, height_px, width_px).

    Args:
        fill: 0: the whole picture is seen, before its own soft enlargement; 1: it fills the frame and is cut.
    """
    short, long = min(width_px, height_px), max(width_px, height_px)
    side = round(short * 0.86 + (long - short * 0.86) * fill)
    backdrop = blurred(picture, width_px, height_px) * np.float32(_DIM)
    best = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_CUBIC
    card = np.maximum(cv2.resize(picture, (side, side), interpolation=best), 0)
    left, top = (width_px - side) // 2, (height_px - side) // 2
    if fill < 0.98:
        _cast_shadow(backdrop, left, top, side)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width_px), min(top + side, height_px)
    backdrop[:, y0:y1, x0:x1] = card[y0 - top : y1 - top, x0 - left : x1 - left].transpose(2, 0, 1)
    return np.ascontiguousarray(backdrop)


def _cast_shadow(backdrop: Floats, left: int, top: int, side: int) -> None:
    shade = np.zeros(backdrop.shape[1:], np.float32)
    drop = side // 40
    y0, x0 = max(top + drop, 0), max(left + drop, 0)
    shade[y0 : max(top + side + drop, 0), x0 : max(left + side + drop, 0)] = 1
    backdrop *= 1 - np.float32(0.55) * np.asarray(cv2.GaussianBlur(shade, (0, 0), side / 22))


def luma_of(planes: Floats) -> Floats:
    """Luma of planes in linear light, shape (h, w)."""
    return np.tensordot(np.array([0.2126, 0.7152, 0.0722], np.float32), planes, 1).astype(np.float32)
