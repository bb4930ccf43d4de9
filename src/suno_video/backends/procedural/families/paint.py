"""Paint: each frame is the one before, moved and faded a little, with fresh luminous lines on top."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.draw import draw_strokes
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fcos, fsin

_COARSE = 8
"""Movement is computed at every eighth pixel of light."""
_WARM_UP_STEPS = 50
_N_POINTS = 160


@kernel
def _plan_movement(map_x: Floats, map_y: Floats, p: Floats) -> None:
    clock, zoom, turn, wave, width, height, cx, cy, f1, f2 = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
    h, w = map_x.shape
    unit = min(width, height)
    for j in range(h):
        y = ((np.float32(j) + 0.5) * height / np.float32(h) - 0.5 * height) / unit
        for i in range(w):
            x = ((np.float32(i) + 0.5) * width / np.float32(w) - 0.5 * width) / unit
            dx, dy = x - cx, y - cy
            r2 = dx * dx + dy * dy
            angle = turn / (0.35 + 2.2 * r2)
            c, s = fcos(angle) * zoom, fsin(angle) * zoom
            sx = cx + c * dx - s * dy
            sy = cy + s * dx + c * dy
            sx += wave * (fsin(y * f1 + clock * 0.9 + fsin(x * 3.0)) + 0.5 * fsin(y * 15.0 - clock))
            sy += wave * (fcos(x * f2 - clock * 0.8 + fsin(y * 4.0)) + 0.5 * fcos(x * 13.0 + clock * 1.1))
            map_x[j, i] = sx * unit + 0.5 * width - 0.5
            map_y[j, i] = sy * unit + 0.5 * height - 0.5


@kernel
def _fade(planes: Floats, keep_red: float, keep_green: float, keep_blue: float) -> None:
    for c in range(3):
        keep = keep_red if c == 0 else (keep_green if c == 1 else keep_blue)
        for j in range(planes.shape[1]):
            row = planes[c, j]
            for i in range(planes.shape[2]):
                row[i] = max(row[i] * keep - 0.0006, 0.0)


class Paint(Scene):
    """The spectrum bends the lines, bass widens them, kicks pull the picture inwards, a build turns it faster."""

    AREA_PX = 560 * 315

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._wet: Floats = np.zeros_like(canvas.light)
        self._moved = np.zeros_like(canvas.light)
        h, w = canvas.light.shape[1:]
        self._coarse = np.empty((2, max(2, h // _COARSE), max(2, w // _COARSE)), np.float32)
        self._map = np.empty((2, h, w), np.float32)
        self._spin = float(rng.choice([-1, 1])) * (0.006 + 0.020 * shot.params["swirl"])
        self._outward = rng.random() < 0.7
        self._centre = rng.uniform(-0.15, 0.15, 2)
        self._waves = rng.uniform(5, 9, 2)
        self._n_lines = 2 + round(2 * shot.growth) + int(rng.integers(0, 2))
        self._phase = rng.uniform(0, 2 * math.pi, 8)
        self._lobes = rng.integers(2, 6, 8)
        self._hue = rng.uniform(0.35, 0.55)
        self._keep = 0.925 + 0.045 * shot.params["trails"]
        self._is_dry = True

    def advance(self, step: Step) -> None:
        """Move, fade, draw; the first time often enough to look developed."""
        if self._is_dry:
            self._is_dry = False
            for back in range(_WARM_UP_STEPS, 0, -1):
                self._stir(step, step.clock - 0.03 * back)
        self._stir(step, step.clock)

    def _stir(self, step: Step, clock: float) -> None:
        h, w = self._wet.shape[1:]
        pull = 0.010 + 0.008 * step.energy + 0.016 * max(step.beat, step.kick) + 0.012 * step.burst
        zoom = 1 + pull if not self._outward else 1 - pull
        turn = self._spin * (0.6 + 0.8 * step.energy + 1.4 * step.tension) + 0.006 * math.sin(0.31 * clock)
        cx, cy = self._centre + 0.06 * np.sin([0.21 * clock, 0.17 * clock + 2])
        wave = 0.0018 + 0.0030 * step.mid + 0.0020 * step.voice
        _plan_movement(*self._coarse, numbers(clock, zoom, turn, wave, w, h, cx, cy, *self._waves))
        for coarse, fine in zip(self._coarse, self._map, strict=True):
            cv2.resize(coarse, (w, h), dst=fine)
        map_x, map_y = self._map
        for now, then in zip(self._wet, self._moved, strict=True):
            cv2.remap(now, map_x, map_y, cv2.INTER_LINEAR, dst=then, borderMode=cv2.BORDER_REFLECT)
        self._wet, self._moved = self._moved, self._wet
        tint = self.shot.color(0.45 + 0.15 * math.sin(0.13 * clock))
        keep = self._keep + 0.018 * tint / max(float(tint.max()), 1e-3)
        _fade(self._wet, *np.minimum(keep, 0.985).astype(np.float32))
        self._draw(step, clock, None)

    def _draw(self, step: Step, clock: float, camera: Camera | None) -> None:
        # Without a camera: light into the wet paint. With one: the sharp lines that it sees.
        canvas, wet = self.canvas, camera is None
        radius = 1.3 * canvas.unit_px / 720
        for number in range(self._n_lines):
            x, y, level = self._line(number, step, clock)
            if camera is not None:
                x, y = camera.project(x, y)
            strokes = np.empty((len(x) - 1, 9), np.float32)
            unit = canvas.unit_px
            strokes[:, 0], strokes[:, 1] = (x[:-1] + canvas.half_w) * unit, (y[:-1] + canvas.half_h) * unit
            strokes[:, 2], strokes[:, 3] = (x[1:] + canvas.half_w) * unit, (y[1:] + canvas.half_h) * unit
            strokes[:, 4] = -max(0.6, radius)
            strokes[:, 5] = 0.0 if wet else 0.16 + 0.30 * level[:-1] + 0.22 * max(step.treble, step.hat)
            hue = (self._hue + 0.21 * number + 0.10 * math.sin(0.4 * clock + number)) % 0.95
            # In calm music the paint moves slowly and piles up, so less is put on.
            glow = ((0.30 + 0.55 * level[:-1] + 0.25 * step.beat) * (0.62 + 0.38 * step.energy))[:, None]
            strokes[:, 6:] = self.shot.color(max(hue, 0.3)) * glow * (1.5 if wet else 0.0)
            # In a small picture lines cannot be thinner, but fainter.
            strokes[:, 5:] *= min(1.0, radius / 0.6)
            if wet:
                self._throw(strokes)
            else:
                canvas.stroke_pixels(strokes)

    def _show(self, camera: Camera) -> None:
        """Put the wet paint onto the canvas as the camera sees it."""
        h, w = self._wet.shape[1:]
        # How far a pixel of the canvas is from the middle of the paint, in pixels.
        c, s = camera.zoom * math.cos(camera.roll), camera.zoom * math.sin(camera.roll)
        unit = min(w, h)
        mx, my = w / 2 - 0.5, h / 2 - 0.5
        from_x, from_y = mx + camera.x * unit, my + camera.y * unit
        matrix = np.array([[c, s, mx - c * from_x - s * from_y], [-s, c, my + s * from_x - c * from_y]])
        for paint, light in zip(self._wet, self.canvas.light, strict=True):
            cv2.warpAffine(paint, matrix, (w, h), dst=light, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    def _throw(self, strokes: Floats) -> None:
        # Only the light of the strokes: into the wet paint, not onto the canvas.
        draw_strokes(self.canvas.sharp, self.canvas.marked, self._wet, strokes)

    def _line(self, number: int, step: Step, clock: float) -> tuple[Points, Points, Points]:
        angle = np.linspace(0, 2 * math.pi, _N_POINTS)
        phase = clock * (0.75 + 0.23 * number) + self._phase[number]
        level = np.interp(np.abs(((angle / math.pi + 0.3 * number) % 2) - 1) * 31, np.arange(32), step.spectrum)
        radius = 0.10 + 0.075 * number + 0.04 * self.shot.growth + 0.045 * np.sin(angle * self._lobes[number] + phase)
        radius = radius + level * (0.05 + 0.10 * step.bass)
        x = np.cos(angle + 0.3 * phase) * radius + 0.16 * self.canvas.half_w * math.sin(0.7 * phase)
        y = np.sin(angle + 0.3 * phase) * radius + 0.12 * self.canvas.half_h * math.cos(0.9 * phase)
        return x, y, level

    def paint(self, step: Step, camera: Camera) -> None:
        """Show the wet paint with the newest lines sharp on top."""
        self._show(camera)
        self.canvas.light += (0.30 * self.shot.palette[0] + (0.03 + 0.10 * step.bass) * self.shot.palette[1])[
            :, None, None
        ]
        self._draw(step, step.clock, camera)
        self.exposure = 0.95 + 0.15 * step.energy


SCENE = Paint
