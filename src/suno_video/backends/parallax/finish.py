"""The last pass over a strip, compiled: light over the picture, grain, and bytes, each pixel touched once."""

from __future__ import annotations

import numpy as np

from suno_video.backends.parallax.textures import Y_SPAN, Plane
from suno_video.backends.procedural.jit import kernel
from suno_video.core.frames import I420

_SPAN = float(Y_SPAN)


@kernel
def lay_leak(canvas: Plane, down: Plane, across: Plane) -> None:
    """Fill a canvas of light with leaks, each a product of what `down` (n, rows) and `across` (n, columns) say."""
    n_rows, n_columns = canvas.shape
    for j in range(n_rows):
        row = canvas[j]
        for i in range(n_columns):
            row[i] = 0.0
        for n in range(down.shape[0]):
            strength = down[n, j]
            for i in range(n_columns):
                row[i] += strength * across[n, i]


@kernel
def finish_light(y: Plane, shine: Plane, grain: Plane, out: I420, first_row: int) -> None:
    """Write a strip of the Y plane: light laid over the picture as a screen does, grain, rounded.

    Args:
        y: 0..219, shape (rows, columns).
        shine: 0..1 at half the resolution of the whole frame, with one more row and column on each side.
        grain: Around 16, as large as `y`. Before rounding it also dithers, so that soft gradients do not band.
        first_row: Of the strip within the frame.
    """
    n_rows, width = out.shape
    half = width // 2
    slim = np.empty(half + 2, np.float32)
    wide = np.empty(width, np.float32)
    for j in range(n_rows):
        k, odd = (first_row + j) // 2, (first_row + j) % 2
        above, below = shine[k + odd], shine[k + 1 + odd]
        share = 0.25 if odd else 0.75
        for i in range(half + 2):
            slim[i] = above[i] + (below[i] - above[i]) * share
        for i in range(half):
            wide[2 * i] = 0.25 * slim[i] + 0.75 * slim[i + 1]
            wide[2 * i + 1] = 0.75 * slim[i + 1] + 0.25 * slim[i + 2]
        line, dots, row = y[j], grain[j], out[j]
        for i in range(width):
            # Screen: light adds without burning out what is light already.
            value = line[i] + (_SPAN - line[i]) * wide[i] + dots[i]
            row[i] = np.uint8(np.int32(min(max(value, 16.0), 235.0) + 0.5))


@kernel
def finish_colour(
    plane: Plane, shine: Plane, down: Plane, across: Plane, out: I420, first_row: int, tint: float
) -> None:
    """Write a strip of a colour plane: the light takes its colour away, and the leaks in it have their own.

    Args:
        plane: Around 0.
        shine: As for `finish_light`.
        down: As for `lay_leak`; `across` likewise.
        tint: Colour of a full leak.
    """
    n_rows, width = out.shape
    leak = np.empty(width, np.float32)
    for j in range(n_rows):
        for i in range(width):
            leak[i] = 128.5
        for n in range(down.shape[0]):
            strength = down[n, first_row + j] * tint
            for i in range(width):
                leak[i] += strength * across[n, i]
        line, light, row = plane[j], shine[first_row + j + 1], out[j]
        for i in range(width):
            value = line[i] * (1.0 - light[i + 1]) + leak[i]
            row[i] = np.uint8(np.int32(min(max(value, 16.0), 240.0)))


@kernel
def lay_over(below: Plane, above: Plane, alpha: Plane) -> None:
    """Blend `above` over `below` in place."""
    for j in range(below.shape[0]):
        low, high, share = below[j], above[j], alpha[j]
        for i in range(below.shape[1]):
            low[i] += (high[i] - low[i]) * share[i]
