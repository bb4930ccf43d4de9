"""The cover laid out for a frame of any shape: full height before its own blurred enlargement, or filling all of it."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.mathf import Floats
from suno_video.backends.procedural.picture import blurred
from suno_video.core.color import linear_to_srgb

_BRIGHTEST = 0.20
"""Mean light of a cover, at most."""
_DIM = 0.34
"""Light of the enlargement behind the cover."""
_MOST_LIGHT = 0.95
"""Light of what is white on a cover: more would bloom over all around it."""


def lay_out(picture: Floats, width_px: int, height_px: int, fill: float) -> Floats:
    """Lay a square picture out in a frame; planes, linear light, shape (3, height_px, width_px).

    Args:
        fill: 0: the whole picture is seen, before its own soft enlargement; 1: it fills the frame and is cut.
    """
    picture = picture * np.float32(brightness(picture))
    short, long = min(width_px, height_px), max(width_px, height_px)
    side = round(short * 0.86 + (long - short * 0.86) * fill)
    # Soft as it is, the enlargement is made small.
    small = blurred(picture, max(16, width_px // 8), max(16, height_px // 8)) * np.float32(_DIM)
    backdrop = np.stack([cv2.resize(plane, (width_px, height_px), interpolation=cv2.INTER_CUBIC) for plane in small])
    best = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_CUBIC
    card = np.maximum(cv2.resize(picture, (side, side), interpolation=best), 0)
    left, top = (width_px - side) // 2, (height_px - side) // 2
    if fill < 0.98:
        _cast_shadow(backdrop, left, top, side)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width_px), min(top + side, height_px)
    backdrop[:, y0:y1, x0:x1] = card[y0 - top : y1 - top, x0 - left : x1 - left].transpose(2, 0, 1)
    return np.ascontiguousarray(backdrop)


def undeveloped(picture: Floats) -> Floats:
    """Light that the canvas develops into about this picture: the tone curve of the film, walked backwards.

    Without it the curve, which is made for dim light, turns a cover pale and blinding. Any shape; linear light.
    """
    light = np.linspace(0, _MOST_LIGHT, 512, dtype=np.float32) ** 2 / _MOST_LIGHT
    seen = np.array([_seen(float(x)) for x in light], np.float32)
    return np.interp(linear_to_srgb(np.clip(picture, 0, 1)), seen, light).astype(np.float32)


def _seen(light: float) -> float:
    x = min(1.0, light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14))
    x = float(linear_to_srgb(np.array([x]))[0])
    return x + (x * x * (3 - 2 * x) - x) * 0.42


def _cast_shadow(backdrop: Floats, left: int, top: int, side: int) -> None:
    height, width = backdrop.shape[1:]
    shade = np.zeros((max(1, height // 4), max(1, width // 4)), np.float32)
    drop = side // 40
    y0, x0 = max(top + drop, 0) // 4, max(left + drop, 0) // 4
    shade[y0 : max(top + side + drop, 0) // 4, x0 : max(left + side + drop, 0) // 4] = 1
    soft = cv2.GaussianBlur(shade, (0, 0), max(0.3, side / 88))
    backdrop *= 1 - np.float32(0.55) * np.asarray(cv2.resize(soft, (width, height)))


def brightness(picture: Floats) -> float:
    """Factor that keeps a bright picture, shape (h, w, 3), from blinding: light is put on top of it."""
    mean = float(np.mean(picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)))
    return min(1.0, _BRIGHTEST / (mean + 1e-6))


def luma_of(planes: Floats) -> Floats:
    """Luma of planes in linear light, shape (h, w)."""
    return np.tensordot(np.array([0.2126, 0.7152, 0.0722], np.float32), planes, 1).astype(np.float32)
