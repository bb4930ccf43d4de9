"""Colour as people write it: five hex stops, from the darkest to the lightest."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import StringConstraints

HexColor: TypeAlias = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]

Palette: TypeAlias = tuple[HexColor, HexColor, HexColor, HexColor, HexColor]
"""Five stops from shadow to highlight; painters interpolate between them in linear light."""


def hex_to_srgb(color: str) -> NDArray[np.float64]:
    """Turn `#rrggbb` into sRGB values, shape (3,), 0..1."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64) / 255


def srgb_to_hex(rgb: NDArray[np.float64]) -> str:
    """Turn sRGB values (clipped to 0..1) into `#rrggbb`."""
    levels = np.clip(np.round(np.asarray(rgb) * 255), 0, 255).astype(int)
    return "#" + "".join(f"{level:02x}" for level in levels)


def srgb_to_linear(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo the sRGB transfer curve (IEC 61966-2-1); any shape, 0..1."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply the sRGB transfer curve (IEC 61966-2-1); any shape, clipped to 0..1."""
    rgb = np.clip(rgb, 0, 1)
    return np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055)


# OKLab by Björn Ottosson (https://bottosson.github.io/posts/oklab/): linear sRGB to cone response, and from its
# cube root to lightness and two colour axes.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)


def linear_to_oklch(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn linear RGB, shape (n, 3), into lightness 0..1, chroma 0..0.4 and hue in radians (-pi..pi), shape (n, 3)."""
    lab = np.cbrt(rgb @ _TO_CONES.T) @ _TO_LAB.T
    return np.stack([lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])], axis=1)


def oklch_to_linear(lightness: float, chroma: float, hue_rad: float) -> NDArray[np.float64]:
    """Turn a colour into linear RGB, shape (3,); outside 0..1 where sRGB cannot show it."""
    lab = np.array([lightness, chroma * np.cos(hue_rad), chroma * np.sin(hue_rad)])
    return np.asarray(_FROM_CONES @ (_FROM_LAB @ lab) ** 3, dtype=np.float64)


def linear_palette(palette: Palette) -> NDArray[np.float32]:
    """Turn a palette into linear-light RGB for painters, shape (5, 3)."""
    return np.stack([srgb_to_linear(hex_to_srgb(stop)) for stop in palette]).astype(np.float32)
