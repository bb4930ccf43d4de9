"""Starfield: a flight through stars with motion blur towards a far light."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fatan2, fbm, fexp, noise, shade, smooth


@kernel
def _paint_depth(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, core, shafts, dust, ox, turn = p[0], p[1], p[2], p[3], p[4], p[5]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            r = np.sqrt(x * x + y * y) + 1e-4
            a = fatan2(y, x) * 0.31830989
            # Two noises around the circle; the seam at the left is hidden by folding the angle.
            spoke = noise(abs(a) * 9.0 + ox, clock * 0.5 + turn) * noise(abs(a + 0.31) * 17.0 + ox, clock * 0.35)
            spoke = spoke * spoke * smooth(0.02, 0.35, r) * fexp(r * -1.9)
            gas = fbm(x * 1.7 + ox, y * 1.7 + 40.0 - clock * 0.03, 4)
            gas = smooth(0.38, 0.80, gas)
            hot = fexp(r * -13.0) * 1.6 + fexp(r * -4.2) * 0.20
            e = dust * gas * gas + shafts * spoke
            hue = 0.22 + 0.25 * gas + 0.40 * spoke
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.80, 0) * core * hot + palette[0, 0] * 0.22
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.80, 1) * core * hot + palette[0, 1] * 0.22
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.80, 2) * core * hot + palette[0, 2] * 0.22


class Starfield(Scene):
    """Energy sets the speed, bass, kick and a build stretch the streaks, hats brighten the stars; a drop bursts."""

    AREA_PX = 400 * 225

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        n = int((500 + 1300 * shot.params["stars"]) * (0.75 + 0.5 * shot.growth))
        angle = rng.uniform(0, 2 * np.pi, n)
        away = np.sqrt(rng.uniform(0.01, 3.2, n))
        arms = rng.integers(0, 6)
        # Some shots fly through a swirl with arms instead of an even field.
        angle += 0.25 * np.sin(arms * angle) if arms > 1 else 0
        self._x, self._y = np.cos(angle) * away, np.sin(angle) * away
        self._z = rng.uniform(0, 1, n)
        self._size = np.clip(rng.pareto(2.3, n) * 0.45 + 0.3, 0, 2.6)
        self._color = shot.color(np.clip(rng.normal(0.78, 0.16, n), 0.42, 1)) * 1.5 + 0.10
        self._speed = 0.14 + 0.26 * shot.params["speed"]
        self._swirl = rng.uniform(-0.22, 0.22)
        self._centre = rng.uniform(-0.16, 0.16, 2) * (canvas.half_w, canvas.half_h)
        self._offset, self._turn = rng.uniform(5, 300, 2)

    def paint(self, step: Step, camera: Camera) -> None:
        """Far light and gas, then the stars."""
        shot = self.shot
        core = 0.25 + 0.42 * step.bass + 0.22 * step.beat + 0.3 * shot.growth + 0.3 * step.voice + 0.7 * step.burst
        shafts = shot.params["shafts"] * (1.2 + 5.0 * step.bass * (0.4 + step.energy) + 1.5 * step.onset)
        dust = 0.05 + 0.16 * shot.growth + 0.10 * step.mid
        camera = Camera(camera.x - self._centre[0], camera.y - self._centre[1], camera.zoom, camera.roll)
        settings = numbers(step.clock, core, shafts, dust, self._offset, self._turn)
        _paint_depth(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        self._draw_stars(step, camera)

    def _draw_stars(self, step: Step, camera: Camera) -> None:
        z = (self._z - step.clock * self._speed) % 1 + 0.03
        tail = 0.012 + 0.034 * step.energy + 0.042 * step.bass + 0.010 * step.beat + 0.006 * step.kick
        tail += 0.09 * step.tension * step.tension + 0.14 * step.burst
        x0, y0 = self._seen(z, self._swirl * (1 - z), camera)
        x1, y1 = self._seen(z + tail * (0.3 + z), self._swirl * (1 - z - tail), camera)
        fade = np.minimum(1, (1.03 - z) * 1.8) * np.minimum(1, (z - 0.03) * 14)
        bright = self._size * fade * (0.60 + 0.50 * step.treble + 0.12 * step.hat + 0.10 * step.onset)
        radius = 0.65 + 1.35 * (1.03 - z) ** 3 * np.sqrt(self._size)
        self.canvas.stroke(x0, y0, x1, y1, radius, 0.95 * bright, self._color * (1.2 * bright)[:, None])

    def _seen(self, z: Points, turn: Points, camera: Camera) -> tuple[Points, Points]:
        c, s = np.cos(turn), np.sin(turn)
        near = 0.16 / z
        return camera.project((self._x * c - self._y * s) * near, (self._x * s + self._y * c) * near)


SCENE = Starfield
