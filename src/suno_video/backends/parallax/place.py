"""Where a card stands in the frame: in the middle, or aside while a title is beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from suno_video.backends.parallax.camera import Track

GLIDE_S = 1.8
"""How long a card takes back to the middle."""
REST_S = 1.0
"""It goes only when it then stands there for this long, and longer than it went."""
WIDE_X, WIDE_SIDE = -0.40, 0.66
"""In a wide frame: its centre off the middle, and its longest side, in frame heights."""
TALL_Y, TALL_SIDE = -0.22, 0.68
"""In an upright frame: its centre above the middle in frame heights, its longest side in frame widths."""


@dataclass(frozen=True)
class Place:
    """Where the card stands in each frame, arrays of shape (n_frames,)."""

    x: Track
    """Of its centre, off the middle, in frame heights; `y` likewise."""
    y: Track
    scale: Track


def plan_place(params: Mapping[str, float], n_frames: int, fps: int, aspect: float, card: tuple[float, float]) -> Place:
    """Plan where a card stands.

    Args:
        params: `aside`, 0 (middle) .. 1, and `aside_s`: from this moment of the clip on it glides to the middle.
        card: Width and height of the card in frame heights.
    """
    aside = min(max(params.get("aside", 0.0), 0.0), 1.0)
    leaves_s = params.get("aside_s", 0.0)
    at_s = np.arange(n_frames, dtype=np.float64) / fps
    way = np.clip((at_s - leaves_s) / GLIDE_S, 0, 1)
    if leaves_s + GLIDE_S + max(REST_S, GLIDE_S) > n_frames / fps:
        way = np.zeros(n_frames)
    share = aside * (1 - way**3 * (way * (6 * way - 15) + 10))
    if aspect >= 1:
        x, y, side = WIDE_X * aspect / (16 / 9), 0.0, WIDE_SIDE
    else:
        x, y, side = 0.0, TALL_Y, TALL_SIDE * aspect
    scale = min(1.0, side / max(card))
    return Place(share * x, share * y, 1 + share * (scale - 1))
