"""Silk: space folded a few times by sines, lit like satin."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fcos, fsin, shade


@kernel
def _paint_cloth(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, scale, strength, shine, glow, a, b, c, drift = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x = look_x(view, sx, sy) * scale + a
            y = look_y(view, sx, sy) * scale + b
            for n in range(1, 8):
                k = np.float32(n)
                x_next = x + strength / k * fsin(k * y * 1.35 + clock * 0.55 + c * k) + 0.2
                y = y + strength / k * fcos(k * x * 1.25 + clock * 0.48 + 1.7 * k + drift) - 0.15
                x = x_next
            s = fsin(x * 1.1 + y * 0.8)
            t = fcos(y * 1.3 - x * 0.7)
            v = 0.5 + 0.5 * s * t
            fold = 1.0 - abs(s)
            fold = fold * fold
            fold = fold * fold
            ridge = 1.0 - abs(t)
            ridge = ridge * ridge
            ridge = ridge * ridge
            thin = ridge * ridge
            hue = clamp01(0.08 + 0.70 * v + 0.10 * fold)
            e = 0.05 + 0.85 * v * v + 0.25 * fold
            gleam = shine * (thin * 0.30 + thin * fold * 1.1) + fold * glow
            top = 0.80 + 0.15 * thin
            red[i] = shade(palette, hue, 0) * e + shade(palette, top, 0) * gleam
            green[i] = shade(palette, hue, 1) * e + shade(palette, top, 1) * gleam
            blue[i] = shade(palette, hue, 2) * e + shade(palette, top, 2) * gleam


class Silk(Scene):
    """Energy drives the flow, bass deepens the folds, kick and hat run gleams along them, voices warm the cloth."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._place = rng.uniform(-6, 6, 2)
        self._knot = rng.uniform(0.15, 0.6)
        self._drift = rng.uniform(0, 6)
        self._scale = 1.5 + 1.2 * shot.params["folds"] + rng.uniform(-0.2, 0.2) + 0.4 * shot.growth

    def paint(self, step: Step, camera: Camera) -> None:
        """The cloth fills the picture."""
        shot = self.shot
        strength = 0.56 + 0.07 * step.bass + 0.05 * shot.growth + 0.03 * max(step.beat, step.kick)
        strength += 0.06 * step.tension + 0.10 * step.burst
        shine = (0.35 + 1.3 * shot.params["shine"]) * (
            0.55 + 0.9 * max(step.treble, step.hat) + 0.35 * step.beat + 0.5 * step.snare
        )
        glow = 0.05 + 0.30 * step.bass + 0.12 * step.downbeat + 0.20 * step.voice + 0.30 * step.burst
        settings = numbers(1.1 * step.clock, self._scale, strength, shine, glow, *self._place, self._knot, self._drift)
        _paint_cloth(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        self.exposure = 0.9 + 0.18 * step.energy + 0.10 * step.mid


SCENE = Silk
