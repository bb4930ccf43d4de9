"""Fractal: Julia sets in relief; brightness follows the distance to the set, so nothing is finer than a pixel."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, flog2, fsin, shade, smooth

_ESCAPE = 400.0
_N_ROUNDS = 56


@kernel
def _paint_set(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    cx, cy, zoom, mid_x, mid_y, lamp_x, lamp_y, relief, glow, tint, flow, inner, pulse, gleam, swell = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    pixel = view[0] * zoom
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            zx = look_x(view, sx, sy) * zoom + mid_x
            zy = look_y(view, sx, sy) * zoom + mid_y
            dx, dy = 1.0, 0.0
            count, trap = 0.0, 100.0
            for _ in range(56):
                m = zx * zx + zy * zy
                out = m > 400.0
                nx, ny = zx * zx - zy * zy + cx, 2.0 * zx * zy + cy
                ex, ey = 2.0 * (zx * dx - zy * dy), 2.0 * (zx * dy + zy * dx)
                zx = zx if out else nx
                zy = zy if out else ny
                dx = dx if out else ex
                dy = dy if out else ey
                count += 0.0 if out else 1.0
                trap = min(trap, zx * zx + zy * zy)
            m = zx * zx + zy * zy + 1e-12
            outside = m > 400.0
            lm = 0.5 * flog2(m)
            even = count + 1.0 - flog2(max(lm, 1e-3) * 0.23137821)
            d2 = dx * dx + dy * dy + 1e-20
            far = np.sqrt(m / d2) * lm * 0.6931472
            # The normal of the potential: z / z'.
            ux, uy = zx * dx + zy * dy, zy * dx - zx * dy
            length = 1.0 / np.sqrt(ux * ux + uy * uy + 1e-20)
            slope = (ux * lamp_x + uy * lamp_y) * length
            close = clamp01(far / (pixel * 1.6))
            lit = clamp01((slope * relief + 1.0) / (1.0 + relief))
            away = far / zoom
            # Contours wander out from the set, a bright one with each beat.
            ripple = 0.5 + 0.5 * fsin(even * 2.1 - pulse)
            ripple = ripple * ripple
            ripple = ripple * ripple * fexp(away * -3.2) * smooth(0.004, 0.05, away)
            band = 0.5 + 0.5 * fsin(even * 0.55 + flow)
            shore = fexp(away * -22.0)
            wide = fexp(away * -3.0)
            shiny = lit * lit
            shiny = shiny * shiny
            shiny = shiny * shiny * shore
            core = fexp(np.sqrt(trap) * -2.2)
            fold = np.sqrt(trap)
            e = 0.008 + wide * lit * lit * lit * (0.05 + 0.40 * band) + 0.16 * shore * lit
            e = e * (0.30 + 0.70 * close)
            hue = clamp01(tint + 0.26 * band + 0.20 * wide + 0.20 * lit)
            top = (
                (shore * 0.16 + 0.05 * wide * wide) * glow * (0.30 + 0.70 * close)
                + ripple * swell
                + 0.5 * shiny * gleam * close
            )
            e_in = (
                0.7 * inner * (0.02 + 0.75 * core * core * core + 0.10 * fold * (0.5 + 0.5 * fsin(fold * 9.0 - flow)))
            )
            e = e if outside else e_in
            hue = hue if outside else clamp01(tint + 0.10 + 0.52 * core)
            top = top if outside else 0.22 * glow * core * core
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.84, 0) * top
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.84, 1) * top
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.84, 2) * top


_SHORES = (
    (-0.7454, 0.1130),
    (0.2855, 0.0122),
    (-0.747, 0.102),
    (-0.7435, 0.1314),
    (0.3640, 0.3352),
    (0.2849, 0.0130),
    (-0.7515, 0.0820),
    (0.2750, 0.0070),
)
"""Places near the border of the Mandelbrot set whose Julia sets are rich but calm."""


class Fractal(Scene):
    """Bass bends the set, the kick lights its shore, pulses run outwards with energy, treble is the gleam."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._c = np.array(_SHORES[int(rng.integers(0, len(_SHORES)))]) * (1, rng.choice([-1.0, 1.0]))
        self._orbit = rng.uniform(0.002, 0.006), rng.uniform(0, 6.28)
        self._zoom = (1.60 - 0.95 * shot.params["depth"] - 0.25 * shot.growth) * rng.uniform(0.85, 1.15)
        angle = rng.uniform(0, 6.28)
        self._mid = np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(0.0, 0.35)
        self._spin = rng.uniform(0, 6.28), rng.choice([-1.0, 1.0])
        self._lamp = rng.uniform(0, 6.28)
        self._tint = rng.uniform(0.02, 0.16)

    def paint(self, step: Step, camera: Camera) -> None:
        """The set fills the picture."""
        shot = self.shot
        clock = step.clock
        size, phase = self._orbit
        bend = size * (1 + 0.25 * step.bass)
        c = self._c + bend * np.array([np.cos(0.31 * clock + phase), np.sin(0.27 * clock + phase)])
        zoom = self._zoom * (1 - 0.20 * np.sin(0.11 * clock + phase)) * (1 - 0.06 * step.burst - 0.08 * step.tension**2)
        mid = self._mid * (1 + 0.25 * np.sin(0.17 * clock))
        turned = Camera(camera.x, camera.y, camera.zoom, camera.roll + self._spin[0] + 0.05 * self._spin[1] * clock)
        hit = max(step.kick, 0.6 * step.beat)
        lamp = self._lamp + 0.4 * clock
        ripples = 2 * np.pi * step.beats if step.beats else 2.2 * clock
        settings = numbers(
            *c,
            zoom,
            *mid,
            np.cos(lamp),
            np.sin(lamp),
            0.5 + 1.6 * shot.params["relief"],
            0.35 + 0.9 * hit + 0.3 * step.bass + 0.9 * step.burst,
            self._tint + 0.06 * step.voice,
            0.5 * clock,
            0.6 + 0.6 * step.mid,
            ripples % 6.2831853,
            0.10 + 0.9 * step.treble + 0.8 * max(step.snare, 0.4 * step.onset),
            0.04 + 0.10 * step.energy + 0.16 * hit,
        )
        _paint_set(self.canvas.light, shot.palette, self.canvas.view(turned), settings)
        self.exposure = 0.95 + 0.15 * step.energy


SCENE = Fractal
