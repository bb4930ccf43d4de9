"""Who sings a line, as captions show it: where two sing in turn, each has a colour of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suno_video.core.color import (
    Palette,
    hex_to_srgb,
    linear_to_oklch,
    linear_to_srgb,
    oklch_to_linear,
    srgb_to_hex,
    srgb_to_linear,
)
from suno_video.core.song import LyricLine

_HUES = (1.65, 3.45, 0.1)
"""Gold, aqua and rose in Oklch (radians): what karaoke gives to the second voice, the third, and both."""
_LIGHT, _STRONG = 0.88, 0.15
"""Lightness and chroma: as readable as white above the dark rim, and not to be taken for white."""


def singer_numbers(lines: Sequence[LyricLine]) -> dict[str | None, int]:
    """Number the singers in the order in which they come in; 0 is the first of several, and whoever has no name.

    One singer who is named, beside lines that nobody is named for, is the other voice: 1.
    """
    names = list(dict.fromkeys(line.singer for line in lines if line.singer is not None))
    others = any(line.singer is None for line in lines)
    first = 1 if len(names) == 1 and others else 0
    return {None: 0, **{name: first + i for i, name in enumerate(names)}}


def singer_color(palette: Palette | None, number: int) -> str | None:
    """The colour of a singer's letters as ASS writes it; None for the first: white, as all letters.

    The second has the hue that is furthest from that of the film, so that letters and picture are not of one colour.
    """
    if number == 0:
        return None
    film = _hue(palette)
    hues = _HUES if film is None else sorted(_HUES, key=lambda hue: np.cos(hue - film))
    rgb = srgb_to_hex(linear_to_srgb(oklch_to_linear(_LIGHT, _STRONG, hues[(number - 1) % len(hues)])))
    return ass_color(rgb)


def ass_color(rgb: str) -> str:
    """`#rrggbb` as ASS writes it: backwards."""
    return f"&H{rgb[5:7]}{rgb[3:5]}{rgb[1:3]}&".upper()


def _hue(palette: Palette | None) -> float | None:
    """The strongest hue of a film; None where it is grey."""
    if palette is None:
        return None
    stops = linear_to_oklch(np.stack([srgb_to_linear(hex_to_srgb(stop)) for stop in palette]))
    _, chroma, hue = max(stops[2:], key=lambda stop: float(stop[1]))
    return float(hue) if chroma >= 0.03 else None
