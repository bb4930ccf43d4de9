"""Tunnel: a flight through luminous gates along a winding corridor, one gate after another with the music."""

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
    fcos,
    fexp,
    fract,
    fsin,
    mix,
    noise,
    shade,
    smooth,
)

_RADIUS = 0.62
_NEAR = 0.10
_EVEN = 0.30
"""Mean of the light that gates throw on the walls."""


@kernel
def _paint_walls(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    travel, sides, twist, bend_x, bend_y, far, gate, wave, sheen = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    phase_x, phase_y = p[9], p[10]
    h, w = light.shape[1], light.shape[2]
    sector = 6.2831853 / sides
    here_x, here_y = fsin(0.33 * travel + phase_x) * bend_x, fsin(0.27 * travel + phase_y) * bend_y
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            depth = 2.5
            a = 0.0
            # The corridor bends with depth, and depth follows from the bend: three rounds are close enough.
            for _ in range(3):
                cx = (fsin(0.33 * (travel + depth) + phase_x) * bend_x - here_x) / depth
                cy = (fsin(0.27 * (travel + depth) + phase_y) * bend_y - here_y) / depth
                dx, dy = x - cx, y - cy
                r = np.sqrt(dx * dx + dy * dy) + 1e-4
                a = fatan2(dy, dx) - twist * (travel + depth)
                inside = fract(a / sector) * sector - 0.5 * sector
                depth = min(max(0.62 * fcos(0.5 * sector) / (r * fcos(inside)), 0.2), 40.0)
            z = travel + depth
            side = np.floor(a / sector)
            to_gate = 1.0 - abs(fract(z) - 0.5) * 2.0
            wash = fexp((to_gate - 1.0) * 3.2)
            # Beside us gates pass several times a second over half of the picture: there the walls shine evenly.
            wash = mix(_EVEN, wash, smooth(0.7, 2.6, depth))
            fog = fexp(depth * -0.16)
            grain = noise(z * 5.0, side * 7.0 + inside * 9.0 + 40.0)
            panel = 0.55 + 0.45 * noise(np.floor(z * 2.0) * 1.7 + 3.0, side * 3.1 + 50.0)
            ahead = fract((z - wave) * 0.125) - 0.5
            pulse = fexp(ahead * ahead * -55.0)
            seam = fexp((0.5 * sector - abs(inside)) * -16.0)
            e = fog * panel * (0.06 + sheen * grain * 0.16 + gate * wash * (0.35 + 0.65 * grain) + 0.5 * pulse)
            e += fog * seam * 0.10
            glow = (1.0 - fog) * (1.0 - fog) * far
            hue = clamp01(0.26 + 0.30 * wash + 0.20 * pulse + 0.14 * fsin(0.4 * z))
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.68, 0) * glow
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.68, 1) * glow
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.68, 2) * glow


class Tunnel(Scene):
    """Kick and snare light the gates ahead, bands of the spectrum all of them; voices light the walls."""

    AREA_PX = 480 * 270

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._sides = int(rng.choice([3, 4, 4, 5, 6, 6, 8]))
        self._twist = float(rng.choice([-1, 1]) * rng.uniform(0.02, 0.09)) * 2 * shot.params["twist"]
        self._bend = rng.uniform(0.16, 0.34, 2) * rng.choice([-1, 1], 2) * 2 * shot.params["bend"]
        self._phase = rng.uniform(0, 6, 2)
        self._start = rng.uniform(0, 40)
        self._speed = 1.2 + 2.0 * shot.params["speed"]
        self._tilt = rng.uniform(0, np.pi) if self._sides != 4 else np.pi / 4
        self._n_gates = int(16 + 12 * shot.growth)

    def paint(self, step: Step, camera: Camera) -> None:
        """Walls with their light, then the gates from far to near."""
        travel = self._start + self._speed * step.clock
        turned = Camera(camera.x, camera.y, camera.zoom, camera.roll + self._tilt)
        settings = numbers(
            travel, self._sides, self._twist, *self._bend, 0.10 + 0.50 * step.bass + 0.25 * max(step.beat,
            step.kick) + 0.5 * step.burst,
            0.20 + 0.45 * step.energy + 0.35 * step.mid + 0.2 * step.voice, 8 * step.bar_phase + travel,
            0.4 + max(step.treble, step.hat), *self._phase,
        )  # fmt: skip
        _paint_walls(self.canvas.light, self.shot.palette, self.canvas.view(turned), settings)
        self._draw_gates(step, travel, turned)

    def _draw_gates(self, step: Step, travel: float, camera: Camera) -> None:
        first = np.floor(travel - 0.5 + _NEAR)
        gate = first + 0.5 + np.arange(self._n_gates, 0, -1.0)
        depth = gate - travel
        keep = depth > _NEAR
        gate, depth = gate[keep], depth[keep]
        index = gate.astype(int)
        band = (index * 5) % 24
        strong = np.where(index % 4 == 0, 1.0, 0.30)
        bright = strong * (0.35 + 1.1 * step.spectrum[band] + 0.4 * step.tension + 0.5 * step.burst)
        # A kick lights the gate ahead, a snare the one behind it.
        bright += 0.5 * max(step.beat, step.kick) * np.exp(-((depth - 1.2) ** 2))
        bright += 0.5 * step.snare * np.exp(-((depth - 2.6) ** 2))
        bright *= np.exp(-0.13 * depth) * np.clip((depth - _NEAR) * 1.1, 0, 1) * (0.7 + 0.5 * self.shot.growth)
        x, y = self._corners(gate, depth, travel)
        x, y = camera.project(x, y)
        color = self.shot.color(np.where(index % 4 == 0, 0.86, 0.58)) * (2.2 * bright)[:, None]
        radius = np.minimum(1.1 + 2.2 / depth, 9.0)
        n = self._sides
        self.canvas.stroke(
            x[:, :-1].ravel(), y[:, :-1].ravel(), x[:, 1:].ravel(), y[:, 1:].ravel(),
            np.repeat(radius, n), np.repeat(0.9 * bright, n), np.repeat(color, n, axis=0),
        )  # fmt: skip
        self._draw_rails(x, y, depth, step)

    def _draw_rails(self, x: Points, y: Points, depth: Points, step: Step) -> None:
        n = self._sides
        bright = np.repeat(np.exp(-0.2 * depth[1:]) * (0.06 + 0.30 * step.treble), n)
        color = self.shot.color(0.62) * bright[:, None]
        self.canvas.stroke(
            x[:-1, :n].ravel(), y[:-1, :n].ravel(), x[1:, :n].ravel(), y[1:, :n].ravel(), 0.9, 0.8 * bright, color
        )

    def _corners(self, gate: Points, depth: Points, travel: float) -> tuple[Points, Points]:
        angle = 2 * np.pi * np.arange(self._sides + 1) / self._sides + self._twist * gate[:, None]
        cx = (np.sin(0.33 * gate + self._phase[0]) - np.sin(0.33 * travel + self._phase[0])) * self._bend[0]
        cy = (np.sin(0.27 * gate + self._phase[1]) - np.sin(0.27 * travel + self._phase[1])) * self._bend[1]
        x = (np.cos(angle) * _RADIUS + cx[:, None]) / depth[:, None]
        y = (np.sin(angle) * _RADIUS + cy[:, None]) / depth[:, None]
        return x, y


SCENE = Tunnel
