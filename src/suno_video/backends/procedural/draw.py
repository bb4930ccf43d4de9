"""Draws soft anti-aliased strokes (lines and points) at full resolution, with their colour into the light below."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01

# A stroke's light falls off as (1 - d²/r²)⁴ to nothing at r = 1.8 radii: within 5 % of the Gaussian exp(-1.4 d²), and
# without a branch or an exponential, so that compilers make it wide.
_EDGE = 3.24


@inline
def _slant(dx: float, dy: float, reach: float) -> tuple[float, float]:
    # How far the middle of a stroke moves from row to row, and how far it reaches to each side within a row.
    steep = max(abs(dy), 1e-3)
    steep = -steep if dy < 0.0 else steep
    return dx / steep, reach * np.sqrt(dx * dx + steep * steep) / abs(steep)


@inline
def _row_span(middle: float, half: float, first: int, last: int, width: int) -> tuple[int, int]:
    # Far away for rows that only the ends touch; kept in the range of integers.
    left = min(max(middle - half, -1e6), 1e6)
    right = min(max(middle + half, -1e6), 1e6)
    begin, end = max(first, int(np.floor(left))), min(last, int(np.floor(right)) + 2)
    # In whole steps of what a processor takes at once: the rest of a span, pixel by pixel, would take most of the time.
    end = min(begin + ((end - begin + 7) // 8) * 8, width) if end > begin else end
    return (max(end - ((end - begin + 7) // 8) * 8, 0), end) if end > begin else (begin, end)


@kernel
def draw_strokes(sharp: Floats, marked: Bytes, light: Floats, strokes: Floats) -> None:
    """Add strokes to the sharp plane (H, W), mark its rows, and add their colour to the light (3, h, w).

    Args:
        strokes: Shape (n, 9): x0, y0, x1, y1, radius in pixels of `sharp`; weight in `sharp`; red, green, blue light.
            Both ends equal make a point. A negative radius leaves the ends open, so that pieces of a curve join evenly.
    """
    height, width = sharp.shape
    h, w = light.shape[1], light.shape[2]
    scale_x = np.float32(w) / np.float32(width)
    scale_y = np.float32(h) / np.float32(height)
    for n in range(strokes.shape[0]):
        ax, ay, bx, by = strokes[n, 0], strokes[n, 1], strokes[n, 2], strokes[n, 3]
        radius, weight = abs(strokes[n, 4]), strokes[n, 5]
        is_open = strokes[n, 4] < 0.0
        reach = 1.8 * radius
        if max(ax, bx) < -reach or min(ax, bx) > np.float32(width) + reach:
            continue
        if max(ay, by) < -reach or min(ay, by) > np.float32(height) + reach:
            continue
        dx = bx - ax
        dy = by - ay
        inverse = 1.0 / (dx * dx + dy * dy + 1e-6)
        narrow = 1.0 / (_EDGE * radius * radius)
        lowest, highest = (0.0, 1.0) if is_open else (-1e9, 1e9)
        left = max(int(min(ax, bx) - reach), 0)
        right = min(int(max(ax, bx) + reach + 2.0), width)
        if weight > 0.004:
            slope, half = _slant(dx, dy, reach)
            for j in range(max(int(min(ay, by) - reach), 0), min(int(max(ay, by) + reach + 2.0), height)):
                y = np.float32(j)
                first, last = _row_span(ax + (y - ay) * slope, half, left, right, width)
                if first < last:
                    marked[j] |= 1
                row, py = sharp[j], y - ay
                for i in range(first, last):
                    px = np.float32(i) - ax
                    along = (px * dx + py * dy) * inverse
                    t = clamp01(along)
                    ex = px - dx * t
                    ey = py - dy * t
                    g = max(1.0 - (ex * ex + ey * ey) * narrow, 0.0)
                    g = g * g
                    inside = weight if lowest <= along < highest else 0.0
                    row[i] += inside * g * g
        _draw_light(light, strokes[n], scale_x, scale_y)


@inline
def _draw_light(light: Floats, stroke: Floats, scale_x: float, scale_y: float) -> None:
    h, w = light.shape[1], light.shape[2]
    red, green, blue = stroke[6], stroke[7], stroke[8]
    if max(red, green, blue) > 0.002:
        ax, ay = (stroke[0] + 0.5) * scale_x - 0.5, (stroke[1] + 0.5) * scale_y - 0.5
        dx, dy = (stroke[2] - stroke[0]) * scale_x, (stroke[3] - stroke[1]) * scale_y
        true_radius = abs(stroke[4]) * scale_y
        # Thinner than a pixel of the light plane: drawn as wide as one, and dimmer instead.
        radius = max(true_radius, 0.8)
        share = true_radius / radius
        length = np.sqrt(dx * dx + dy * dy)
        share = share * max(share, min(1.0, length * 0.5))
        red, green, blue = red * share, green * share, blue * share
        inverse = 1.0 / (dx * dx + dy * dy + 1e-6)
        narrow = 1.0 / (_EDGE * radius * radius)
        reach = 1.8 * radius
        slope, half = _slant(dx, dy, reach)
        left = max(int(min(ax, ax + dx) - reach), 0)
        right = min(int(max(ax, ax + dx) + reach + 2.0), w)
        for j in range(max(int(min(ay, ay + dy) - reach), 0), min(int(max(ay, ay + dy) + reach + 2.0), h)):
            y = np.float32(j)
            first, last = _row_span(ax + (y - ay) * slope, half, left, right, w)
            for i in range(first, last):
                px = np.float32(i) - ax
                py = y - ay
                t = clamp01((px * dx + py * dy) * inverse)
                ex = px - dx * t
                ey = py - dy * t
                g = max(1.0 - (ex * ex + ey * ey) * narrow, 0.0)
                g = g * g * g * g
                light[0, j, i] += red * g
                light[1, j, i] += green * g
                light[2, j, i] += blue * g


@kernel
def draw_figures(figures: Floats, marked: Bytes, limbs: Floats) -> None:
    """Lay dark limbs over each other at full sharpness, the last one in front; shape of figures (2, H, W).

    Args:
        limbs: Shape (n, 7): x0, y0, x1, y1 and the radius at both ends in pixels, and haze 0..1 (how much of the light
            behind shines through).
    """
    height, width = figures.shape[1], figures.shape[2]
    for n in range(limbs.shape[0]):
        ax, ay, ra, rb, through = limbs[n, 0], limbs[n, 1], limbs[n, 4], limbs[n, 5], limbs[n, 6]
        dx, dy = limbs[n, 2] - ax, limbs[n, 3] - ay
        wide = max(ra, rb) + 1.0
        inverse = 1.0 / (dx * dx + dy * dy + 1e-6)
        left, right = max(int(min(ax, ax + dx) - wide), 0), min(int(max(ax, ax + dx) + wide + 2.0), width)
        slope, half = _slant(dx, dy, wide)
        for j in range(max(int(min(ay, ay + dy) - wide), 0), min(int(max(ay, ay + dy) + wide + 2.0), height)):
            py = np.float32(j) - ay
            first, last = _row_span(ax + py * slope, half, left, right, width)
            if first < last:
                marked[j] |= 2
            cover, haze = figures[0, j], figures[1, j]
            for i in range(first, last):
                px = np.float32(i) - ax
                t = clamp01((px * dx + py * dy) * inverse)
                ex, ey = px - dx * t, py - dy * t
                share = clamp01(ra + (rb - ra) * t - np.sqrt(ex * ex + ey * ey) + 0.5)
                cover[i] += (1.0 - cover[i]) * share
                haze[i] += (through - haze[i]) * share
