"""Five colours from a cover: two dominant hues, set as stops from shadow to highlight in OKLCH."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suno_video.core.color import Palette, linear_to_oklch, linear_to_srgb, oklch_to_linear, srgb_to_hex, srgb_to_linear

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_N_HUES = 72
_MIN_HUE_DISTANCE = 70.0
_GREY_CHROMA = 0.03
_LIGHTNESS = (0.17, 0.32, 0.52, 0.72, 0.93)
# Colour lives in the middle; the darkest and the lightest stop only lean towards it.
_CHROMA = (0.045, 0.10, 0.165, 0.145, 0.035)


def cover_palette(picture: Picture) -> Palette:
    """Take five stops, dark to light, from a cover.

    Grey pixels have no vote. The second hue lies at least 70 degrees from the first; where the cover has only one,
    a neighbour on the warmer or cooler side is taken. A grey cover gives a restrained blue-to-amber palette.
    """
    small = np.asarray(picture.resize((96, 96)), dtype=np.float64).reshape(-1, 3) / 255
    lightness, chroma, hue_rad = linear_to_oklch(srgb_to_linear(small)).T
    hue = np.degrees(hue_rad) % 360
    votes = np.where(chroma > _GREY_CHROMA, chroma**1.5, 0.0) * np.clip(lightness * 4, 0, 1)
    share = float((chroma > _GREY_CHROMA).mean())
    if share < 0.01:
        return _stops(255.0, 70.0, 0.35)
    histogram = _smooth_circle(
        np.bincount((hue / 360 * _N_HUES).astype(int) % _N_HUES, votes, _N_HUES).astype(np.float64)
    )
    first = int(np.argmax(histogram))
    degrees = np.arange(_N_HUES) * 360 / _N_HUES
    apart = np.abs((degrees - degrees[first] + 180) % 360 - 180)
    others = np.where(apart >= _MIN_HUE_DISTANCE, histogram, 0)
    hue_1 = degrees[first] + 180 / _N_HUES
    if others.max() > 0.08 * histogram[first]:
        hue_2 = degrees[int(np.argmax(others))] + 180 / _N_HUES
    else:
        hue_2 = _towards_warm(hue_1)
    typical = float(np.percentile(chroma[chroma > _GREY_CHROMA], 80))
    # Few coloured pixels, or pale ones, want a restrained palette; but never a dull one.
    return _stops(hue_1, hue_2, float(np.clip(typical / 0.14, 0.45, 1.15) * np.clip(share * 4, 0.6, 1)))


def _stops(hue_1: float, hue_2: float, strength: float) -> Palette:
    # The darker and larger surfaces take the cooler hue: shadows that are cooler than lights look like light.
    cool, warm = sorted((hue_1 % 360, hue_2 % 360), key=lambda hue: np.cos(np.radians(hue - 60)))
    hues = (cool, cool, hue_1, warm, warm)
    stops = [_fit(light, chroma * strength, hue) for light, chroma, hue in zip(_LIGHTNESS, _CHROMA, hues, strict=True)]
    return stops[0], stops[1], stops[2], stops[3], stops[4]


def _fit(lightness: float, chroma: float, hue: float) -> str:
    """Give the colour as hex, with as much of the chroma as sRGB can show."""
    for part in np.linspace(1, 0, 21):
        rgb = oklch_to_linear(lightness, chroma * float(part), float(np.radians(hue)))
        if rgb.min() >= -1e-4 and rgb.max() <= 1 + 1e-4:
            break
    return srgb_to_hex(linear_to_srgb(rgb))


def _towards_warm(hue: float) -> float:
    """A hue 75 degrees away, on the side of orange: what a photographer would light against."""
    sides = ((hue + 75) % 360, (hue - 75) % 360)
    return max(sides, key=lambda side: np.cos(np.radians(side - 60)))


def _smooth_circle(histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = np.exp(-0.5 * (np.arange(-4, 5) / 2) ** 2)
    around = np.concatenate([histogram[-4:], histogram, histogram[:4]])
    return np.asarray(np.convolve(around, kernel / kernel.sum(), mode="valid"), dtype=np.float64)
