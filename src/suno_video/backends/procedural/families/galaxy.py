"""Galaxy: a spiral of gas and dust in a kernel, thousands of stars as strokes, seen in perspective."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import (
    Floats,
    clamp01,
    fatan2,
    fbm,
    fcos,
    fexp,
    flog2,
    fsin,
    shade,
    smooth,
)

_DEPTH = 0.42
"""Strength of the perspective."""


@kernel
def _paint_disc(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    turn, lean, depth, arms, pitch, core, gas, wave, swell, knots, offset, tint, veil = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            near = 1.0 / max(1.0 + depth * y, 0.3)
            u, v = x * near, y * near / lean
            r = np.sqrt(u * u + v * v) + 1e-3
            lr = flog2(r + 0.03)
            a = fatan2(v, u) - turn
            # The noise is wound up like the arms, so that clouds lie along them.
            wound = a + 0.80 * pitch / arms * lr
            nx, ny = r * fcos(wound), r * fsin(wound)
            cloud = fbm(nx * 4.2 + offset, ny * 4.2 + offset, 4)
            fine = fbm(nx * 14.0 + offset, ny * 14.0 + 40.0, 3) * 1.15
            phase = arms * a + pitch * lr + (cloud - 0.47) * 2.6
            arm = 0.5 + 0.5 * fcos(phase)
            lane = 0.5 + 0.5 * fcos(phase + 1.15)
            lane = lane * lane * lane * smooth(0.30, 0.62, cloud) * smooth(0.06, 0.22, r)
            arm = arm * arm * (0.16 + 1.9 * cloud * cloud + 1.1 * fine * fine * fine)
            disc = fexp(r * -2.3) * smooth(1.55, 0.55, r)
            bulge = np.sqrt(x * x + y * y * (0.55 + 0.45 / lean)) + 0.02
            heart = fexp(bulge * -15.0) * 2.6 * core + fexp(bulge * -5.2) * 0.52
            ring = fexp((r - wave) * (r - wave) * -70.0) * swell
            knot = smooth(0.55, 0.95, fine) * arm * knots * smooth(0.45, 0.75, cloud)
            e = disc * (0.05 + gas * arm) * (1.0 - 0.80 * lane) + ring * disc * (0.4 + arm)
            hue = clamp01(0.30 + tint + 0.36 * fexp(r * -2.4) + 0.20 * (cloud - 0.4) + 0.25 * ring)
            warm = heart * (1.0 - 0.55 * lane)
            spark = disc * knot * 1.6
            far = veil * cloud * cloud + 0.16
            red[i] = (
                shade(palette, hue, 0) * e
                + shade(palette, 0.84, 0) * warm
                + shade(palette, 0.64, 0) * spark
                + palette[0, 0] * far
            )
            green[i] = (
                shade(palette, hue, 1) * e
                + shade(palette, 0.84, 1) * warm
                + shade(palette, 0.64, 1) * spark
                + palette[0, 1] * far
            )
            blue[i] = (
                shade(palette, hue, 2) * e
                + shade(palette, 0.84, 2) * warm
                + shade(palette, 0.64, 2) * spark
                + palette[0, 2] * far
            )


class Galaxy(Scene):
    """The kick flares the core and sends a wave outwards, the snare lights knots in the arms, hats the stars."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._arms = float(rng.choice([2, 2, 2, 3, 4]))
        self._pitch = (
            float(rng.choice([-1, 1]))
            * (1.6 + 2.6 * shot.params["arms"] + rng.uniform(-0.3, 0.3))
            * (self._arms / 2) ** 0.5
        )
        self._lean = float(np.clip(0.92 - 0.72 * shot.params["tilt"] + rng.uniform(-0.14, 0.14), 0.20, 0.95))
        self._roll = rng.uniform(-0.6, 0.6)
        self._place = rng.uniform(-0.16, 0.16) * canvas.half_w, rng.uniform(-0.12, 0.12) * canvas.half_h
        self._start, self._offset = rng.uniform(0, 6.28), rng.uniform(5, 200)
        self._tint = rng.uniform(-0.10, 0.14)
        self._zoom = (0.95 + 0.25 * shot.growth) * rng.uniform(0.9, 1.15)
        self._make_stars(rng, int((1200 + 2600 * shot.params["stars"]) * (0.8 + 0.4 * shot.growth)))

    def _make_stars(self, rng: np.random.Generator, n: int) -> None:
        self._r = np.clip(rng.gamma(2.2, 0.17, n), 0.02, 1.6)
        loose = rng.random(n) < 0.35
        arm = rng.integers(0, int(self._arms), n) * 2 * np.pi / self._arms
        bow = (
            arm - self._pitch / self._arms * np.log2(self._r + 0.03) + rng.normal(0, 0.24, n) * (0.5 + 0.6 / self._arms)
        )
        self._angle = np.where(loose, rng.uniform(0, 2 * np.pi, n), bow)
        self._up = rng.normal(0, 0.022, n) + rng.normal(0, 0.06, n) * np.exp(-6 * self._r)
        self._size = np.clip(rng.pareto(2.6, n) * 0.30 + 0.12, 0, 1.9)
        self._phase = rng.uniform(0, 2 * np.pi, n)
        hue = np.clip(0.80 - 0.35 * self._r + rng.normal(0, 0.14, n), 0.35, 1)
        self._color = 0.8 * self.shot.color(hue) + 0.12
        m = n // 5
        self._far = (
            rng.uniform(-1.3, 1.3, m),
            rng.uniform(-0.9, 0.9, m),
            np.clip(rng.pareto(2.4, m) * 0.25 + 0.1, 0, 1.5),
        )

    def paint(self, step: Step, camera: Camera) -> None:
        """Disc first, then its stars and those far behind."""
        shot = self.shot
        hit = max(step.kick, 0.6 * step.beat)
        camera = Camera(
            camera.x - self._place[0], camera.y - self._place[1],
            camera.zoom * self._zoom * (1 + 0.10 * step.burst + 0.12 * step.tension**2), camera.roll + self._roll,
        )  # fmt: skip
        turn = self._start - np.sign(self._pitch) * 0.30 * step.clock
        core = 0.55 + 0.55 * hit + 0.35 * step.bass + 0.8 * step.burst
        gas = 1.1 + 0.7 * step.energy + 0.25 * step.voice + 0.3 * shot.growth
        wave, swell = 1.05 * (1 - hit), 1.5 * hit * (1 - hit) + 0.4 * step.burst
        settings = numbers(
            turn, self._lean, _DEPTH, self._arms, self._pitch, core, gas, wave, swell,
            0.35 + 0.5 * step.mid + 1.6 * max(step.snare, 0.5 * step.onset), self._offset, self._tint, 0.5 + step.voice,
        )  # fmt: skip
        _paint_disc(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        self._draw_stars(step, camera, turn, wave, swell)
        self._draw_flare(step, camera, core)

    def _draw_stars(self, step: Step, camera: Camera, turn: float, wave: float, swell: float) -> None:
        fx, fy, fs = self._far
        x, y = camera.project(fx + 0.8 * camera.x, fy + 0.8 * camera.y)
        self.canvas.stroke(x, y, x, y, 0.6 + 0.3 * fs, 0.5 * fs, (0.4 * fs)[:, None] * self.shot.color(0.9))
        angle = self._angle + turn
        u, v = self._r * np.cos(angle), self._r * np.sin(angle)
        x, y = camera.project(*self._seen(u, v))
        twinkle = 0.65 + 0.35 * np.sin(self._phase + 3 * step.clock)
        ring = np.exp(-50 * (self._r - wave) ** 2) * swell
        bright = self._size * twinkle * (0.40 + 0.30 * step.treble + 0.45 * step.hat + 1.2 * ring)
        bright *= np.clip(1.4 - 0.8 * self._r, 0.15, 1)
        radius = (0.65 + 0.40 * np.sqrt(self._size)) * min(1.4, camera.zoom)
        self.canvas.stroke(x, y, x, y, radius, bright, self._color * bright[:, None])

    def _seen(self, u: Points, v: Points) -> tuple[Points, Points]:
        near = 1 / np.clip(1 - _DEPTH * v * self._lean, 0.35, 3)
        return u * near, (v * self._lean - self._up * np.sqrt(1 - self._lean**2)) * near

    def _draw_flare(self, step: Step, camera: Camera, core: float) -> None:
        x, y = camera.project(np.zeros(1), np.zeros(1))
        reach = 0.06 + 0.16 * core * (0.4 + step.energy)
        light = 0.16 * core * self.shot.color(0.84)
        for share, weight in ((1.0, 0.03), (0.75, 0.04), (0.5, 0.05), (0.3, 0.07), (0.15, 0.10)):
            self.canvas.stroke(x - share * reach, y, x + share * reach, y, 1.5, weight * core, 0.5 * light)


SCENE = Galaxy
