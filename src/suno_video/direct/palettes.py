"""Palettes for the parts of a film: turned and shifted in OKLCH, so that they stay in one world and one lightness."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from suno_video.core.color import (
    Palette,
    hex_to_srgb,
    linear_to_oklch,
    linear_to_srgb,
    oklch_to_linear,
    srgb_to_hex,
    srgb_to_linear,
)

_HUES = (
    (25, "crimson"),
    (50, "orange"),
    (80, "amber"),
    (110, "yellow"),
    (150, "green"),
    (195, "teal"),
    (235, "cyan"),
    (275, "blue"),
    (310, "violet"),
    (345, "magenta"),
    (361, "rose"),
)

_PALE = 0.78
"""OKLCH lightness from which on a yellow is a yellow."""
_BROWN_DEG, _GREEN_DEG = 66.0, 158.0


def vary(palette: Palette, *, turn_deg: float = 0.0, chroma: float = 1.0) -> Palette:
    """Turn the hues of a palette and scale its chroma; lightness stays, so contrast stays."""
    lch = _to_lch(palette)
    lch[:, 1] *= chroma
    lch[:, 2] += np.radians(turn_deg)
    return _from_lch(lch)


def turn_over(palette: Palette) -> Palette:
    """Give the shadows the hues of the highlights and the other way round: the same colours, another light."""
    lch = _to_lch(palette)
    lch[:, 2] = lch[::-1, 2]
    # The hue of a yellow light makes an olive shadow: it goes to the brown or the green beside it.
    hue = np.degrees(lch[:, 2]) % 360
    olive = (lch[:, 0] < _PALE) & (hue > _BROWN_DEG) & (hue < _GREEN_DEG)
    nearest = np.where(hue < (_BROWN_DEG + _GREEN_DEG) / 2, _BROWN_DEG, _GREEN_DEG)
    lch[:, 2] = np.where(olive, np.radians(nearest), lch[:, 2])
    return _from_lch(lch)


def murk(palette: Palette) -> float:
    """Say how much of a palette is olive, mustard or lime, which few people like to look at; 0 is none.

    A deep yellow is mustard long before it is green; a pale one stays yellow until it is lime.
    """
    lch = _to_lch(palette)
    hue = np.degrees(lch[:, 2]) % 360
    starts, ends = np.where(lch[:, 0] < _PALE, 84.0, 108.0), 145.0
    inside = np.clip(np.minimum(hue - starts, ends - hue) / 10.0 + 0.5, 0, 1)
    return float((inside * lch[:, 1]).sum())


def colour_words(palette: Palette) -> str:
    """Name a palette for a text prompt: `violet and amber`, or `black and white` where there is no colour."""
    lch = _to_lch(palette)
    coloured = [k for k in np.argsort(-lch[:, 1], kind="stable") if lch[k, 1] > 0.04]
    names: list[str] = []
    for k in coloured:
        name = _hue_name(float(np.degrees(lch[k, 2]) % 360))
        if name not in names:
            names.append(name)
    return " and ".join(names[:2]) or "black and white"


def _hue_name(degrees: float) -> str:
    return next(name for limit, name in _HUES if degrees < limit)


def _to_lch(palette: Palette) -> NDArray[np.float64]:
    return linear_to_oklch(np.stack([srgb_to_linear(hex_to_srgb(stop)) for stop in palette]))


def _from_lch(lch: NDArray[np.float64]) -> Palette:
    return cast(Palette, tuple(_stop(*row) for row in lch))


def _stop(lightness: float, chroma: float, hue: float) -> str:
    # What the screen cannot show keeps its lightness and hue and gives up chroma.
    linear = np.zeros(3)
    for _ in range(24):
        linear = oklch_to_linear(lightness, chroma, hue)
        if linear.min() >= -1e-4 and linear.max() <= 1 + 1e-4:
            break
        chroma *= 0.9
    return srgb_to_hex(linear_to_srgb(linear))
