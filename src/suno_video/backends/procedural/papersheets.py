"""Landscapes of cut paper: hills, trees and clouds as outlines, one sheet before the other, below a paper sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.landscape import Outline, forest, mountains
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp
from suno_video.backends.procedural.press import Noise

if TYPE_CHECKING:
    from suno_video.backends.procedural.canvas import Canvas
    from suno_video.backends.procedural.dance import Step
    from suno_video.backends.procedural.families.scene import Shot


PAD = 48
"""Columns to the left of the picture: shadows reach in from there. Even, so that chroma finds its half."""


@dataclass
class Landscape:
    """Sheets from the far one to the near one, and a disc in the sky."""

    outlines: list[Outline]
    base: Floats
    """Height of each sheet's foot in the picture, y down."""
    phase: Floats
    sun: tuple[float, float, float]
    growth: float

    def shape(self, step: Step, camera: Camera, canvas: Canvas) -> None:
        """Work out where the edge of each sheet is in each column, in pixels."""
        columns = (np.arange(canvas.width) + 0.5) / canvas.unit_px - canvas.half_w
        n = len(self.outlines)
        kick = max(step.kick, 0.6 * step.beat)
        edges = np.empty((n, canvas.width), np.float32)
        for k, outline in enumerate(self.outlines):
            near = (k + 1) / n
            zoom = 1 + (camera.zoom - 1) * (0.3 + 1.1 * near)
            x = columns / zoom + camera.x * (0.3 + 1.6 * near) + 0.05 * near * step.clock
            bands = np.interp((np.abs((x * 0.5 + self.phase[k]) % 2 - 1)) * 26, np.arange(32), step.spectrum)
            # A beat runs through the sheets from far to near.
            hop = 0.012 * kick * (0.5 + 0.5 * np.sin(6.28 * (near - step.beat_phase)))
            rise = outline.at(x) * (0.9 + 0.35 * step.bass) + 0.05 * bands * (1.2 - near) + hop
            sway = 0.006 * np.sin(2.1 * x + 0.7 * step.clock + self.phase[k])
            y = (self.base[k] - rise + sway - camera.y * (0.3 + near)) * zoom + camera.roll * columns
            edges[k] = (y + canvas.half_h) * canvas.unit_px - 0.5
        left = np.repeat(edges[:, :1], PAD, axis=1)
        self._edges = np.concatenate([left, edges], axis=1)
        self._half_edges = np.ascontiguousarray(self._edges[:, ::2])
        radius = self.sun[2] * (1 + 0.05 * step.bass + 0.06 * kick + 0.05 * step.voice) * camera.zoom
        sun_x, sun_y = self.sun[0] - 0.3 * camera.x, self.sun[1] - 0.3 * camera.y - 0.012 * np.sin(0.5 * step.clock)
        unit = canvas.unit_px
        place = (sun_x + canvas.half_w) * unit, (sun_y + canvas.half_h) * unit
        self._disc = *place, radius * unit, 0.055 * unit * (1 + kick)

    def print_on(
        self,
        plane: Bytes,
        scale: float,
        stops: Floats,
        vignette: Floats,
        paper: Floats,
        noise: Noise,
        offset_px: float,
        common: tuple[float, ...],
    ) -> None:
        """Print the sheets into one plane of a frame.

        Args:
            scale: 1 for luma, 0.5 for chroma.
            stops: One value of each colour stop, the deepest first.
            offset_px: How far shadows fall.
            common: lowest and highest value, tooth, grain and its place, 1 for luma.
        """
        edges = self._edges if scale == 1 else self._half_edges
        n = len(self.outlines)
        colors = np.interp(np.arange(n + 2) / n * 4, np.arange(5), stops).astype(np.float32)
        p = np.array([1 / scale, PAD * scale, *self._disc, offset_px, 0.62, *common], np.float32)
        _print_sheets(plane, edges, colors, vignette, paper, noise, p)


def cut_sheets(rng: np.random.Generator, n_sheets: int, shot: Shot) -> Landscape:
    """Draw a landscape."""
    outlines = []
    for k in range(n_sheets):
        near = (k + 1) / n_sheets
        if near > 0.65 and rng.random() < 0.55:
            outlines.append(forest(rng, rng.uniform(5, 7), rng.uniform(0.12, 0.30), int(rng.integers(16, 44))))
        elif near < 0.5 and rng.random() < 0.6:
            outlines.append(mountains(rng, rng.uniform(5, 8), rng.uniform(0.20, 0.38), 1.45))
        else:
            outlines.append(mountains(rng, rng.uniform(5, 8), rng.uniform(0.10, 0.20), 2.1))
    base = np.linspace(0.12 + 0.05 * rng.random(), 0.60, n_sheets).astype(np.float32)
    sun = rng.uniform(-0.5, 0.5), rng.uniform(-0.24, -0.10), rng.uniform(0.10, 0.17) * (0.8 + 0.5 * shot.growth)
    return Landscape(outlines, base, rng.uniform(0, 6, n_sheets).astype(np.float32), sun, shot.growth)


@kernel
def _print_sheets(
    out: Bytes, edges: Floats, colors: Floats, vignette: Floats, paper: Floats, noise: Noise, p: Floats
) -> None:
    s, pad, cx, cy, radius, gap, offset, dark, low, high, tooth, amount, is_luma = (
        p[0], np.int64(p[1]), p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[14],
    )  # fmt: skip
    grain_x, grain_y = np.int64(p[12]), np.int64(p[13])
    rows, columns = out.shape
    n = edges.shape[0]
    shift = min(np.int64(offset * 0.5 / s), pad - 2)
    soft = 1.0 / (1.2 * offset + 1.0)
    contact = -1.6 / (0.7 * offset + 1.0)
    highest = np.empty(n, np.float32)
    lowest = np.empty(n, np.float32)
    for k in range(n):
        top, bottom = np.float32(1e9), np.float32(-1e9)
        for i in range(edges.shape[1]):
            top, bottom = min(top, edges[k, i]), max(bottom, edges[k, i])
        highest[k], lowest[k] = top, bottom
    line = np.empty(columns, np.float32)
    for j in range(rows):
        y = (np.float32(j) + 0.5) * s - 0.5
        first = -1
        for k in range(n):
            if y > lowest[k] + 2.0:
                first = k
        base = colors[min(first + 2, n)] if first >= 0 else colors[0]
        for i in range(columns):
            line[i] = base
        if first < 0:
            # The sky: rings cut around the sun, each sheet above the one before.
            for ring in range(3):
                edge = radius + gap * np.float32(ring) * (2.2 + 1.2 * np.float32(ring))
                sheet = colors[min(ring + 1, n)]
                dy = y + 0.5 - cy
                for i in range(columns):
                    dx = (np.float32(i) + 0.5) * s - cx
                    r = np.sqrt(dx * dx + dy * dy)
                    d = r - edge
                    shadow = fexp(max(-d, 0.0) * contact) * (0.5 - 0.25 * dy / max(r, 1.0))
                    value = line[i] * (1.0 - dark * 0.8 * shadow)
                    line[i] = value + (sheet - value) * clamp01(d / s + 0.5)
        for k in range(max(first + 1, 0), n):
            if y < highest[k] - 2.6 * offset - 3.0:
                continue
            here, cast = edges[k, pad : pad + columns], edges[k, pad - shift : pad - shift + columns]
            before = edges[k, pad - 1 : pad - 1 + columns]
            sheet = colors[min(k + 2, n)]
            for i in range(columns):
                slope = (here[i] - before[i]) / s
                sharp = 1.0 / np.sqrt(1.0 + slope * slope)
                away = clamp01(0.5 + 0.5 * (y - cast[i] + offset) * sharp * soft)
                value = line[i] * (1.0 - dark * 0.75 * away * away * (3.0 - 2.0 * away))
                d = (y - here[i]) * sharp
                own = sheet * (1.0 + 0.22 * is_luma * clamp01(2.0 - d))
                line[i] = value + (own - value) * clamp01(d / s + 0.5)
        fibre, shade, row = paper[j & 255], vignette[j], out[j]
        grain = noise[(j + grain_y) & 255, grain_x : grain_x + columns]
        for i in range(columns):
            value = line[i] * (1.0 + tooth * fibre[i]) * shade[i] + low + np.float32(grain[i]) * amount
            row[i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))
