"""Landscapes of cut paper: hills, trees and clouds as outlines, one sheet before the other, below a paper sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.landscape import Outline, forest, mountains
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, smooth
from suno_video.core.frames import planes

if TYPE_CHECKING:
    from suno_video.backends.procedural.canvas import Canvas
    from suno_video.backends.procedural.dance import Step
    from suno_video.backends.procedural.families.scene import Shot
    from suno_video.backends.procedural.press import Press


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
        self._edges = edges
        radius = self.sun[2] * (1 + 0.05 * step.bass + 0.06 * kick) * camera.zoom
        x, y = self.sun[0] - 0.3 * camera.x, self.sun[1] - 0.3 * camera.y - 0.012 * np.sin(0.5 * step.clock)
        unit = canvas.unit_px
        self._disc = (x + canvas.half_w) * unit, (y + canvas.half_h) * unit, radius * unit, 0.055 * unit * (1 + kick)

    def print_on(self, press: Press, colors: Floats, offset_px: float, paper: Floats) -> None:
        """Print the sheets into the frame."""
        y, u, v = planes(press.frame)
        for plane, channel, step in ((y, 0, 1), (u, 1, 2), (v, 2, 2)):
            low, high = (16.0, 235.0) if channel == 0 else (128.0, 240.0)
            p = np.array([step, channel, *self._disc, offset_px, 0.62, low, high], np.float32)
            _print_sheets(plane, self._edges, colors, press.vignette, paper, p)


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
def _print_sheets(out: Bytes, edges: Floats, colors: Floats, vignette: Floats, paper: Floats, p: Floats) -> None:
    step, channel, cx, cy, radius, gap, offset, dark, low, high = (
        np.int64(p[0]), np.int64(p[1]), p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
    )  # fmt: skip
    rows, columns = out.shape
    n, width = edges.shape
    s = np.float32(step)
    is_luma = channel == 0
    shift = np.int64(offset * 0.5)
    highest = np.empty(n, np.float32)
    lowest = np.empty(n, np.float32)
    for k in range(n):
        top, bottom = np.float32(1e9), np.float32(-1e9)
        for i in range(width):
            top, bottom = min(top, edges[k, i]), max(bottom, edges[k, i])
        highest[k], lowest[k] = top, bottom
    line = np.empty(columns, np.float32)
    for j in range(rows):
        y = (np.float32(j) + 0.5) * s - 0.5
        first = -1
        for k in range(n):
            if y > lowest[k] + 2.0:
                first = k
        if first < 0:
            for i in range(columns):
                x = (np.float32(i) + 0.5) * s
                dx, dy = x - cx, y + 0.5 - cy
                r = np.sqrt(dx * dx + dy * dy)
                # The sky: rings cut around the sun, each sheet above the one before.
                value = colors[0, channel]
                for ring in range(3):
                    edge = radius + gap * np.float32(ring) * (2.2 + 1.2 * np.float32(ring))
                    d = (r - edge) / s
                    sheet = colors[min(ring + 1, n), channel]
                    shadow = fexp(max(-d * s, 0.0) / (0.7 * offset + 1.0) * -1.6) * (0.5 - 0.25 * dy / max(r, 1.0))
                    value = value * (1.0 - dark * 0.8 * shadow)
                    value += (sheet - value) * clamp01(d + 0.5)
                line[i] = value
        else:
            base = colors[min(first + 2, n), channel]
            for i in range(columns):
                line[i] = base
        for k in range(max(first + 1, 0), n):
            if y < highest[k] - 2.6 * offset - 3.0:
                continue
            edge = edges[k]
            sheet = colors[min(k + 2, n), channel]
            for i in range(columns):
                x = i * step
                d = y - edge[x]
                slope = edge[min(x + 1, width - 1)] - edge[max(x - 1, 0)]
                sharp = 1.0 / np.sqrt(1.0 + 0.25 * slope * slope)
                away = y - edge[max(x - shift, 0)] + offset
                shadow = smooth(-1.2 * offset - 1.0, 1.2 * offset + 1.0, away * sharp)
                value = line[i] * (1.0 - dark * 0.75 * shadow)
                d = d * sharp
                own = sheet
                if is_luma:
                    own = sheet * (1.0 + 0.22 * clamp01(2.0 - d))
                line[i] = value + (own - value) * clamp01(d / s + 0.5)
        grain = paper[(j * step) & 255]
        shade, row = vignette[j * step], out[j]
        tooth = np.float32(0.030) if is_luma else np.float32(0.0)
        for i in range(columns):
            value = line[i] * (1.0 + tooth * grain[i & 255]) * shade[i * step] + low
            row[i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))
