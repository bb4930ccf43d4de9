"""The last pass over a strip, compiled: light over the picture, grain, and bytes, each pixel touched once.

Arrays come whole, with the place in them as numbers: of a part that was cut out, the compiler does not know that pixels
lie side by side, and each is taken by itself, in four times the time.
"""

from __future__ import annotations

import numpy as np

from suno_video.backends.parallax.textures import Y_SPAN, Plane
from suno_video.backends.procedural.jit import kernel
from suno_video.core.frames import I420

_SPAN = float(Y_SPAN)


@kernel
def lay_leak(canvas: Plane, down: Plane, across: Plane, pad: int) -> None:
    """Fill a canvas of light with leaks, each a product of what `down` (n, rows) and `across` (n, columns) say.

    Args:
        pad: Rows and columns of the canvas around them.
    """
    n_columns = across.shape[1]
    for j in range(down.shape[1]):
        row = canvas[pad + j, pad : pad + n_columns]
        for i in range(n_columns):
            row[i] = 0.0
        for n in range(down.shape[0]):
            strength = down[n, j]
            for i in range(n_columns):
                row[i] += strength * across[n, i]


@kernel
def finish_light(
    y: Plane, canvas: Plane, grain: Plane, out: I420, first_row: int, pad: int, grain_row: int, grain_column: int
) -> None:
    """Write a strip of the Y plane: light laid over the picture as a screen does, grain, rounded.

    Args:
        y: 0..219, shape (rows, columns).
        canvas: 0..1 at half the resolution of the whole frame, with `pad` more rows and columns on each side.
        grain: Around 16, larger than `y`. Before rounding it also dithers, so that soft gradients do not band.
        first_row: Of the strip within the frame.
        grain_row: Where in the grain to begin; `grain_column` likewise.
    """
    n_rows, width = out.shape
    half = width // 2
    slim = np.empty(half + 2, np.float32)
    wide = np.empty(width, np.float32)
    for j in range(n_rows):
        k, odd = (first_row + j) // 2, (first_row + j) % 2
        above, below = canvas[k + odd + pad - 1, pad - 1 :], canvas[k + odd + pad, pad - 1 :]
        share = 0.25 if odd else 0.75
        for i in range(half + 2):
            slim[i] = above[i] + (below[i] - above[i]) * share
        for i in range(half):
            wide[2 * i] = 0.25 * slim[i] + 0.75 * slim[i + 1]
            wide[2 * i + 1] = 0.75 * slim[i + 1] + 0.25 * slim[i + 2]
        line, dots, row = y[j], grain[grain_row + j, grain_column:], out[j]
        for i in range(width):
            # Screen: light adds without burning out what is light already.
            value = line[i] + (_SPAN - line[i]) * wide[i] + dots[i]
            row[i] = np.uint8(np.int32(min(max(value, 16.0), 235.0) + 0.5))


@kernel
def finish_colour(
    plane: Plane, canvas: Plane, down: Plane, across: Plane, out: I420, first_row: int, pad: int, tint: float
) -> None:
    """Write a strip of a colour plane: the light takes its colour away, and the leaks in it have their own.

    Args:
        plane: Around 0.
        canvas: As for `finish_light`.
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
        line, light, row = plane[j], canvas[pad + first_row + j, pad:], out[j]
        for i in range(width):
            value = line[i] * (1.0 - light[i]) + leak[i]
            row[i] = np.uint8(np.int32(min(max(value, 16.0), 240.0)))


@kernel
def lay_over(below: Plane, above: Plane, alpha: Plane, top: int, left: int) -> None:
    """Blend `above` over `below` in place, from a row and a column of `below` on."""
    for j in range(above.shape[0]):
        low, high, share = below[top + j, left:], above[j], alpha[j]
        for i in range(above.shape[1]):
            low[i] += (high[i] - low[i]) * share[i]
