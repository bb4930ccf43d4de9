"""Kernels that develop light into picture: tone curve, colour, sharp overlay, grain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, display_curve, fexp, film_curve, smooth

Bytes = NDArray[np.uint8]

_DYE = 1.0 / 80.0**2
"""At this distance from grey, in code values, colours begin to be held back; a pure red lies at 114."""


@inline
def _curve(x: float, contrast: float) -> float:
    x = display_curve(film_curve(x))
    x = x + (x * x * (3.0 - 2.0 * x) - x) * 0.42
    # Less contrast fades towards grey; more bends both ends and cuts nothing off: shadows keep what is in them.
    more = max(contrast - 1.0, 0.0)
    dark, bright = x * 2.7777778, (1.0 - x) * 1.5625  # in shares of what lies below and above 0.36
    bent = (
        0.36 * (dark + more * (dark * dark - dark))
        if x < 0.36
        else 1.0 - 0.64 * (bright + more * (bright * bright - bright))
    )
    return clamp01(bent if contrast > 1.0 else 0.36 + (x - 0.36) * contrast)


@kernel
def keep_highlights(planes: Floats, threshold: float) -> None:
    """Subtract a threshold (soft knee) from small planes of light, shape (3, h, w): what is left will bloom."""
    for c in range(planes.shape[0]):
        for j in range(planes.shape[1]):
            row = planes[c, j]
            for i in range(planes.shape[2]):
                v = max(row[i], 0.0)
                row[i] = min(v * v / (v + threshold), 6.0)


@kernel
def tone(light: Floats, bloom: Floats, luma: Floats, u: Bytes, v: Bytes, p: Floats) -> None:
    """Turn HDR light and its bloom, each (3, h, w), into luma 16..235 (float) and chroma (bytes), each (h, w).

    Args:
        p: exposure, bloom, vignette, contrast, saturation, and 1 where the light is the upper left quarter.
    """
    exposure, glow, vignette, contrast, saturation, quarter = p[0], p[1], p[2], p[3], p[4], p[5]
    h = light.shape[1]
    w = light.shape[2]
    scale_x = (2.0 - quarter) / np.float32(w)
    scale_y = (2.0 - quarter) / np.float32(h)
    for j in range(h):
        ny = (np.float32(j) + 0.5) * scale_y - 1.0
        r0, g0, b0 = light[0, j], light[1, j], light[2, j]
        r1, g1, b1 = bloom[0, j], bloom[1, j], bloom[2, j]
        luma_row, u_row, v_row = luma[j], u[j], v[j]
        for i in range(w):
            nx = (np.float32(i) + 0.5) * scale_x - 1.0
            e = exposure * (1.0 - vignette * smooth(0.22, 1.12, 0.55 * (nx * nx + ny * ny)))
            r = max(r0[i] + glow * r1[i], 0.0) * e
            g = max(g0[i] + glow * g1[i], 0.0) * e
            b = max(b0[i] + glow * b1[i], 0.0) * e
            # Strong light loses colour, as on film: a little at once, more the stronger it is.
            most = max(r, g, b)
            over = max(most - 0.6, 0.0)
            fade = 0.42 * over / (over + 1.6)
            r = _curve(r + (most - r) * fade, contrast)
            g = _curve(g + (most - g) * fade, contrast)
            b = _curve(b + (most - b) * fade, contrast)
            y = 0.2126 * r + 0.7152 * g + 0.0722 * b
            luma_row[i] = 16.0 + 219.0 * y
            cb, cr = 120.7136 * saturation * (b - y), 142.2400 * saturation * (r - y)
            # Dyes have an end: what is nearly pure is held back, what is quiet stays as it is.
            amount = (cb * cb + cr * cr) * _DYE
            held = 1.0 / np.sqrt(1.0 + amount * amount / (1.0 + amount))
            u_row[i] = np.uint8(np.int32(128.5 + cb * held))
            v_row[i] = np.uint8(np.int32(128.5 + cr * held))


@inline
def _cubic(t: float, distance: float) -> float:
    # Same kernel as OpenCV's INTER_CUBIC (a = -0.75), which widened the rows.
    d = abs(distance - t)
    near = (1.25 * d - 2.25) * d * d + 1.0
    far = ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0
    return near if d < 1.0 else far


@inline
def _stand_before(line: Floats, cover: Floats, haze: Floats) -> None:
    # The light was held back under figures already, but for a seam at their edge that now shines as their rim.
    for i in range(line.shape[0]):
        share = cover[i]
        line[i] = line[i] * (1.0 - share) + min(line[i] * share, 46.0 * share + 190.0 * haze[i])
        cover[i] = 0.0
        haze[i] = 0.0


@kernel
def print_luma(
    wide: Floats,
    sharp: Floats,
    marked: Bytes,
    figures: Floats,
    ridge: Floats,
    noise: NDArray[np.int8],
    out: Bytes,
    p: Floats,
) -> None:
    """Write the Y plane: rows of `wide` (h, W) raised to the full height; sharp light, figures, ridge and grain on top.

    Clears `sharp`, `figures` and `marked` while it reads them.

    Args:
        sharp: Additional light, shape (H, W), read only in rows that `marked` names by bit 0.
        figures: Cover and haze of figures, shape (2, H, W), read only in rows that `marked` names by bit 1.
        ridge: Shape (W,), the row below which a dark foreground begins; empty for none.
        noise: Grain, shape (256, at least W + 256).
        p: grain amount, column and row offset of the grain, luma of the foreground.
    """
    height = out.shape[0]
    width = out.shape[1]
    h = wide.shape[0]
    amount, dark = p[0], p[3]
    shift_x, shift_y = np.int64(p[1]), np.int64(p[2])
    top = np.float32(height)
    for i in range(ridge.shape[0]):
        top = min(top, ridge[i])
    line = np.empty(width, np.float32)
    for j in range(height):
        y = (np.float32(j) + 0.5) * np.float32(h) / np.float32(height) - 0.5
        base = np.int64(np.floor(y))
        t = y - np.float32(base)
        a = wide[min(max(base - 1, 0), h - 1)]
        b = wide[min(max(base, 0), h - 1)]
        c = wide[min(max(base + 1, 0), h - 1)]
        d = wide[min(max(base + 2, 0), h - 1)]
        ka, kb, kc, kd = _cubic(t, -1.0), _cubic(t, 0.0), _cubic(t, 1.0), _cubic(t, 2.0)
        grain = noise[(j + shift_y) & 255, shift_x : shift_x + width]
        row = out[j]
        for i in range(width):
            line[i] = ka * a[i] + kb * b[i] + kc * c[i] + kd * d[i]
        if np.float32(j) > top - 1.0:
            for i in range(width):
                line[i] += (dark - line[i]) * clamp01(np.float32(j) - ridge[i] + 0.5)
        if marked[j] & 1:
            extra = sharp[j]
            for i in range(width):
                line[i] += (235.0 - line[i]) * (1.0 - fexp(-extra[i]))
                extra[i] = 0.0
        if marked[j] & 2:
            _stand_before(line, figures[0, j], figures[1, j])
        marked[j] = 0
        for i in range(width):
            value = line[i] + np.float32(grain[i]) * amount
            row[i] = np.uint8(np.int32(min(max(value, 16.0), 235.0) + 0.5))
