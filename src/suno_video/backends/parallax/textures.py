"""A picture as painters need it: graded once, split into BT.709 light and colour, ready to be sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.parallax.picture import Pixels
from suno_video.core.brief import Grade
from suno_video.core.color import Palette, hex_to_srgb

Plane: TypeAlias = NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""BT.709 weights of R'G'B'."""
Y_SPAN, C_SPAN = 219.0, 224.0
"""Limited range: light is 16 + 219 * Y', colour is 128 + 224 * C with C in -0.5..0.5."""
_CB = C_SPAN / (2 * (1 - 0.0722))
_CR = C_SPAN / (2 * (1 - 0.2126))


@dataclass(frozen=True)
class Texture:
    """Planes of one picture. `y` is 0..219 (without the 16), `u` and `v` have half its size, -112..112."""

    y: Plane
    u: Plane
    v: Plane


def to_texture(rgb: Plane) -> Texture:
    """Convert sRGB 0..1 of even size."""
    y = rgb @ LUMA
    half = rgb.shape[1] // 2, rgb.shape[0] // 2
    u = cv2.resize((rgb[..., 2] - y) * np.float32(_CB), half, interpolation=cv2.INTER_AREA)
    v = cv2.resize((rgb[..., 0] - y) * np.float32(_CR), half, interpolation=cv2.INTER_AREA)
    return Texture(y * np.float32(Y_SPAN), np.asarray(u, dtype=np.float32), np.asarray(v, dtype=np.float32))


def tint_of(color: str) -> tuple[float, float]:
    """U and V (around 0) of a colour at full light."""
    rgb = hex_to_srgb(color)
    rgb = rgb / max(float(rgb.max()), 1e-3)
    y = float(rgb @ LUMA)
    return float(rgb[2] - y) * _CB, float(rgb[0] - y) * _CR


def resize_even(pixels: Pixels, width_px: int, height_px: int) -> Plane:
    """Resize to the nearest even size of at least 16, sRGB 0..1."""
    size = max(16, width_px + width_px % 2), max(16, height_px + height_px % 2)
    smaller = size[0] * size[1] < pixels.shape[0] * pixels.shape[1]
    source = pixels.astype(np.float32) / np.float32(255)
    resized = cv2.resize(source, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(np.clip(resized, 0, 1), dtype=np.float32)


def apply_grade(rgb: Plane, grade: Grade) -> Plane:
    """Apply what does not change over time: exposure, contrast, saturation, bloom."""
    rgb = rgb * np.float32(grade.exposure ** (1 / 2.2))
    rgb = rgb + _bloom(rgb, grade.bloom)
    # A shoulder instead of a clip, so that light areas keep their drawing.
    rgb = np.where(rgb > 0.8, 0.8 + 0.2 * (1 - np.exp(-(rgb - 0.8) / 0.2)), rgb).astype(np.float32)
    if grade.contrast != 1:
        rgb = np.float32(0.42) + (rgb - np.float32(0.42)) * np.float32(grade.contrast)
    grey = (rgb @ LUMA)[..., None]
    return np.asarray(np.clip(grey + (rgb - grey) * np.float32(grade.saturation), 0, 1), dtype=np.float32)


def _bloom(rgb: Plane, amount: float) -> Plane | np.float32:
    """Light that spills around what is bright."""
    if amount <= 0:
        return np.float32(0)
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (max(8, width // 8), max(8, height // 8)), interpolation=cv2.INTER_AREA)
    bright = small * np.clip((small @ LUMA - 0.62) / 0.38, 0, 1)[..., None]
    spill = cv2.GaussianBlur(bright.astype(np.float32), (0, 0), max(1.0, height / 8 / 22))
    return np.asarray(cv2.resize(spill, (width, height)), dtype=np.float32) * np.float32(0.22 * amount)


def make_backdrop(rgb: Plane, palette: Palette) -> Plane:
    """Turn a picture into its own blurred, darkened backdrop, leaning towards the palette."""
    sigma = max(2.0, rgb.shape[0] / 13)
    blurred = cv2.GaussianBlur(rgb, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    light = (blurred @ LUMA)[..., None]
    stops = np.stack([hex_to_srgb(stop) for stop in palette[:3]]).astype(np.float32)
    tone = np.where(
        light < 0.5, stops[0] + (stops[1] - stops[0]) * light * 2, stops[1] + (stops[2] - stops[1]) * (light * 2 - 1)
    )
    mixed = 0.72 * blurred + 0.28 * tone
    # Bright covers need a darker room around them than dark ones.
    level = 0.30 / max(0.30, float((mixed @ LUMA).mean()))
    return np.asarray(np.clip(mixed * level, 0, 1), dtype=np.float32)
