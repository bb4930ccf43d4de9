"""Ribbons: hundreds of fibres lie in a slow flow, and light runs along them with the music."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fcos, fexp, fract, fsin, shade, smooth

_N_PIECES = 26
"""Straight pieces in one fibre."""


@inline
def _flow(x: float, y: float, clock: float, f: Floats) -> tuple[float, float]:
    u = fcos(y * f[0] + clock * 0.31 + fsin(x * f[1] + f[6])) + 0.5 * fcos(y * f[2] - x * 2.1 + clock * 0.47 + f[7])
    v = fcos(x * f[3] - clock * 0.27 + fsin(y * f[4] + f[8])) - 0.5 * fcos(x * f[5] + y * 2.6 - clock * 0.41 + f[9])
    return u + f[10], -v + f[11]


@kernel
def _lay_fibres(strokes: Floats, fibres: Floats, palette: Floats, flow: Floats, view: Floats, p: Floats) -> None:
    clock, pace, length, base, pulse, unit, half_w, half_h, thick = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8],
    )  # fmt: skip
    n_fibres, n_pieces = fibres.shape[0], strokes.shape[0] // fibres.shape[0]
    c, s = view[4], view[5]
    stretch = 1.0 / (c * c + s * s)
    for k in range(n_fibres):
        x, y, phase, hue = fibres[k, 0], fibres[k, 1], fibres[k, 2], fibres[k, 3]
        head = fract(phase + clock * pace) * 1.5 - 0.25
        px, py = 0.0, 0.0
        for i in range(n_pieces + 1):
            dx, dy = x - view[6], y - view[7]
            qx = ((dx * c + dy * s) * stretch + half_w) * unit - 0.5
            qy = ((dy * c - dx * s) * stretch + half_h) * unit - 0.5
            if i > 0:
                t = (np.float32(i) - 0.5) / np.float32(n_pieces)
                taper = smooth(0.0, 0.25, t) * smooth(1.0, 0.70, t)
                behind = head - t
                run = fexp(-behind * behind * 900.0) + (0.55 * fexp(behind * -7.0) if behind > 0.0 else 0.0)
                bright = taper * fibres[k, 4] * (base + pulse * run)
                row = strokes[i - 1 + k * n_pieces]
                row[0], row[1], row[2], row[3] = px, py, qx, qy
                radius = unit / 720.0 * thick * (0.55 + 0.75 * taper * fibres[k, 4])
                row[4] = -max(radius, 0.6)
                row[5] = bright * min(radius / 0.6, 1.0)
                tone = clamp01(hue + 0.22 * run)
                row[6] = shade(palette, tone, 0) * bright * 3.0
                row[7] = shade(palette, tone, 1) * bright * 3.0
                row[8] = shade(palette, tone, 2) * bright * 3.0
            px, py = qx, qy
            u, v = _flow(x, y, clock, flow)
            inverse = length / np.sqrt(u * u + v * v + 0.02)
            x += u * inverse
            y += v * inverse


@kernel
def _paint_ground(light: Floats, palette: Floats, flow: Floats, view: Floats, p: Floats) -> None:
    clock, strength, lift = p[0], p[1], p[2]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            u, v = _flow(x, y, clock, flow)
            calm = fexp((u * u + v * v) * -0.7)
            band = 0.5 + 0.5 * fsin(2.1 * x + u + 0.3 * clock)
            e = strength * (0.16 + 0.5 * calm * band) + lift * calm
            hue = 0.12 + 0.30 * band + 0.22 * calm
            red[i] = shade(palette, hue, 0) * e
            green[i] = shade(palette, hue, 1) * e
            blue[i] = shade(palette, hue, 2) * e


class Ribbons(Scene):
    """Energy runs the light, bass and voice lift the ground, hats brighten the fibres, kicks send pulses."""

    AREA_PX = 480 * 270

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        scale = 0.65 + 0.6 * shot.params["detail"]
        self._flow = np.concatenate(
            [rng.uniform(2.4, 4.4, 6) * scale, rng.uniform(0, 6.28, 4), rng.uniform(-0.9, 0.9, 2)]
        ).astype(np.float32)
        n = int((200 + 290 * shot.params["density"]) * (0.8 + 0.4 * shot.growth))
        x = rng.uniform(-1.25, 1.25, n) * max(canvas.half_w, 0.6) - 0.15 * self._flow[10]
        y = rng.uniform(-1.25, 1.25, n) * max(canvas.half_h, 0.6) - 0.15 * self._flow[11]
        hue = 0.60 + 0.28 * np.sin(2.0 * x + rng.uniform(0, 6)) * np.cos(1.7 * y) + rng.uniform(-0.12, 0.12, n)
        weight = np.clip(rng.pareto(2.2, n) * 0.45 + 0.30, 0, 2)
        self._fibres = np.column_stack([x, y, rng.uniform(0, 1, n), np.clip(hue, 0.3, 0.95), weight]).astype(np.float32)
        self._strokes = np.empty((n * _N_PIECES, 9), np.float32)

    def paint(self, step: Step, camera: Camera) -> None:
        """Ground, then all fibres."""
        canvas, palette = self.canvas, self.shot.palette
        view = canvas.view(camera)
        ground = numbers(
            0.7 * step.clock, 0.10 + 0.10 * step.energy, 0.05 + 0.30 * step.bass + 0.12 * step.beat + 0.16 * step.voice
        )
        _paint_ground(canvas.light, palette, self._flow, view, ground)
        settings = numbers(
            0.7 * step.clock, 0.42, 0.021 * (1 + 0.4 * self.shot.growth), 0.10 + 0.28 * max(step.treble,
            step.hat) + 0.10 * step.mid,
            0.45 + 0.65 * step.bass + 0.55 * max(step.beat, step.kick) + 0.6 * step.burst, canvas.unit_px,
            canvas.half_w, canvas.half_h,
            1.05 + 0.5 * self.shot.growth + 0.5 * step.tension,
        )  # fmt: skip
        _lay_fibres(self._strokes, self._fibres, palette, self._flow, view, settings)
        canvas.stroke_pixels(self._strokes)


SCENE = Ribbons
