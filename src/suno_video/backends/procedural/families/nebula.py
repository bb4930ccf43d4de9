"""Nebula: gas by twice-warped noise, stars in three depths."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, shade, smooth


@kernel
def _paint_gas(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, scale, warp, glow, density, ox, oy, core_x, core_y, tint, veil = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            wx, wy = look_x(view, sx, sy), look_y(view, sx, sy)
            x, y = wx * scale + ox, wy * scale + oy
            qx = fbm(x + clock * 0.10, y, 4)
            qy = fbm(x + 5.2, y + 1.3 - clock * 0.08, 4)
            rx = fbm(x + warp * qx + 1.7, y + warp * qy + 9.2 + clock * 0.13, 4)
            ry = fbm(x + warp * qx + 8.3, y + warp * qy + 2.8 - clock * 0.11, 4)
            v = fbm(x + 1.15 * warp * rx, y + 1.15 * warp * ry, 5)
            thick = smooth(0.27 - 0.10 * density, 0.82 - 0.06 * density, v)
            lit = smooth(0.30, 0.62, ry)
            hue = clamp01(tint + 0.62 * thick * (0.35 + qx) + 0.60 * (rx - 0.47))
            e = 2.1 * (thick * thick * (0.08 + 0.80 * lit) + veil * smooth(0.2, 0.6, qy)) + 0.010
            dx, dy = wx - core_x, wy - core_y
            core = fexp((dx * dx + dy * dy) * -6.0) * glow * (0.12 + thick)
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.5 + 0.4 * hue, 0) * core
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.5 + 0.4 * hue, 1) * core
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.5 + 0.4 * hue, 2) * core


class Nebula(Scene):
    """Bass and kick light the core, voices the gas, hats the stars; a build folds it, a drop sets it alight."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._offset = rng.uniform(5, 400, 2)
        self._core = rng.uniform(-0.28, 0.28, 2)
        self._tint = rng.uniform(0.02, 0.16)
        self._scale = 1.3 + 1.6 * shot.params["scale"] + rng.uniform(-0.2, 0.2)
        self._warp = 2.2 + 1.8 * shot.params["warp"] + rng.uniform(-0.2, 0.2)
        n = int((250 + 900 * shot.params["stars"]) * (0.8 + 0.4 * shot.growth))
        self._x, self._y = rng.uniform(-1.5, 1.5, (2, n))
        self._depth = rng.choice([0.15, 0.4, 0.8], n)
        self._size = np.clip(rng.pareto(2.2, n) * 0.35 + 0.16, 0, 2.8)
        self._phase = rng.uniform(0, 2 * np.pi, n)
        self._color = 0.45 * shot.color(rng.uniform(0.55, 1, n)) + 0.35

    def paint(self, step: Step, camera: Camera) -> None:
        """Gas first, then stars."""
        shot = self.shot
        glow = 0.10 + (0.45 + 0.35 * shot.growth) * step.bass + 0.25 * max(step.beat, step.kick) + 0.8 * step.burst
        settings = numbers(
            step.clock, self._scale * (1.0 - 0.12 * step.shot), self._warp + 0.5 * step.tension, glow,
            0.4 * shot.growth + 0.3 * step.energy + 0.2 * step.mid + 0.25 * step.burst, *self._offset, *self._core,
            self._tint,
            0.015 + 0.03 * step.mid + 0.05 * step.voice,
        )  # fmt: skip
        _paint_gas(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        self._draw_stars(step, camera)

    def _draw_stars(self, step: Step, camera: Camera) -> None:
        drift = 0.05 * step.clock * self._depth
        x = (self._x + drift - camera.x * self._depth * 3 + 1.5) % 3 - 1.5
        y = (self._y + 0.3 * drift - camera.y * self._depth * 3 + 1.5) % 3 - 1.5
        near = 1 + (camera.zoom - 1) * self._depth
        twinkle = 0.72 + 0.28 * np.sin(self._phase + 2.5 * step.clock * (0.5 + self._depth))
        bright = self._size * twinkle * (0.75 + 0.9 * max(step.treble, step.hat))
        x, y = x * near, y * near
        radius = 0.7 + 0.5 * np.sqrt(self._size)
        self.canvas.stroke(x, y, x, y, radius, 1.1 * bright, self._color * bright[:, None])
        big = self._size > 1.25
        if big.any():
            self._draw_flares(x[big], y[big], bright[big], self._color[big])

    def _draw_flares(self, x: Points, y: Points, bright: Points, color: Points) -> None:
        reach = 0.006 * bright
        light = color * (0.3 * bright)[:, None]
        self.canvas.stroke(x - reach, y, x + reach, y, 0.7, 0.16 * bright, light)
        self.canvas.stroke(x, y - reach, x, y + reach, 0.7, 0.16 * bright, light)


SCENE = Nebula
