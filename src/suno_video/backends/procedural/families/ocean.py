"""Ocean: a low sun over open water; the near light is broken into sharp sparks."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.landscape import Outline, mountains
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, fbm, fcos, fexp, mix, shade, smooth

_N_WAVES = 7
_EYE = 0.34
"""Height of the eye above the water."""


@inline
def _glow(vx: float, vy: float, sun_x: float, sun_y: float) -> float:
    dx, dy = vx - sun_x, vy - sun_y
    return fexp(np.sqrt(dx * dx + dy * dy + 1e-5) * -3.6)


@kernel
def _raise_waves(
    slopes: Floats, waves: Floats, view: Floats, sy: float, clock: float, horizon: float, swell: float
) -> None:
    # Wave by wave along a row: seven at once in the loop over pixels would be too long for the vectoriser.
    w = slopes.shape[1]
    slope_x, slope_z = slopes[0], slopes[1]
    for i in range(w):
        slope_x[i] = 0.0
        slope_z[i] = 0.0
    if horizon - min(look_y(view, screen_x(view, 0), sy), look_y(view, screen_x(view, w - 1), sy)) > 0.1:
        return
    for k in range(waves.shape[0]):
        kx, kz, turn, steep = waves[k, 0], waves[k, 1], waves[k, 2] * clock + waves[k, 5], waves[k, 3] * swell
        fading = waves[k, 4] * 0.0016
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), horizon - look_y(view, sx, sy)
            z = 0.34 / max(-y, 0.0012)
            # A wave smaller than a pixel is left out, or it would flicker.
            s = fcos(kx * x * z + kz * z + turn) * steep / (1.0 + fading * z * z)
            slope_x[i] += s * kx
            slope_z[i] += s * kz


@kernel
def _paint_sea(light: Floats, land: Floats, palette: Floats, waves: Floats, view: Floats, p: Floats) -> None:
    clock, horizon, sun_x, sun_y, radius, swell, halo, cloud, offset, rise = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    slopes = np.zeros((2, w), np.float32)
    for j in range(h):
        sy = screen_y(view, j)
        _raise_waves(slopes, waves, view, sy, clock, horizon, swell)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), horizon - look_y(view, sx, sy)
            down = max(-y, 0.0012)
            slope_x, slope_z = slopes[0, i], slopes[1, i]
            below = y < 0.0
            tilt = slope_z * (0.10 + down)
            vy = abs(down * 0.75 + 0.02 + tilt) if below else y
            vx = x + slope_x * (0.05 + 0.30 * down) if below else x
            near = _glow(vx, vy, sun_x, sun_y)
            band = fbm(vx * 1.3 + offset + clock * 0.03, 4.2 * vy / (0.22 + vy) + offset, 4)
            streak = smooth(0.46 - 0.12 * cloud, 0.74 - 0.12 * cloud, band) * smooth(0.02, 0.14, vy)
            low_sky = fexp(vy * -3.6)
            dx, dy = x - sun_x, y - sun_y
            r = np.sqrt(dx * dx + dy * dy)
            disc = smooth(radius + 0.004, radius - 0.004, r) * (0.0 if below else 1.0)
            grazing = 0.10 + 0.90 * fexp(down * -4.2) if below else 1.0
            path = x - sun_x * (1.0 + 0.3 * down)
            road = fexp(path * path / (0.012 + 0.10 * down) * -1.0) if below else 0.0
            flash = road * smooth(0.02, 0.30, tilt + 0.10) * (0.25 + 0.75 * fexp(down * -1.6))
            shore = smooth(land[i] - 0.003, land[i] + 0.001, y) if not below else 1.0
            for c in range(3):
                sky = palette[1, c] * 0.42 * (1.0 - low_sky) + palette[0, c] * 0.25
                sky += shade(palette, 0.46, c) * low_sky * 0.55 + shade(palette, 0.66, c) * near * halo
                lit = shade(palette, 0.28 + 0.5 * near, c) * (0.14 + 1.3 * near)
                sky = mix(sky, lit, streak * 0.85)
                sky += shade(palette, 0.92, c) * disc * (1.0 - 0.55 * streak) * rise
                water = sky * grazing * 0.9 + palette[1, c] * 0.05 + palette[0, c] * 0.3
                water += shade(palette, 0.80, c) * flash * halo * 1.1
                dark = palette[0, c] * 0.5 + shade(palette, 0.40, c) * near * 0.10
                light[c, j, i] = water if below else mix(dark, sky, shore)


class Ocean(Scene):
    """Bass and a build raise the swell, hats the sparks, kicks and voices the sun; energy moves the water."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._horizon = rng.uniform(-0.02, 0.16) * canvas.half_h * 2
        self._sun = rng.uniform(-0.55, 0.55) * canvas.half_w, rng.uniform(0.02, 0.20)
        self._radius = rng.uniform(0.055, 0.11) * (1 + 0.9 * shot.growth)
        self._offset = rng.uniform(5, 200)
        self._waves = _make_waves(rng)
        self._island: Outline | None = mountains(rng, 6.0, rng.uniform(0.05, 0.16)) if rng.random() < 0.6 else None
        n = 1500
        self._near = rng.uniform(0, 1, n)
        self._across = rng.normal(0, 1, n)
        self._phase = rng.uniform(0, 6.28, n)
        self._rate = rng.uniform(2.0, 5.0, n)
        self._size = np.clip(rng.pareto(2.5, n) * 0.5 + 0.4, 0, 2.2)

    def paint(self, step: Step, camera: Camera) -> None:
        """Sky and water in light, then the sparks."""
        canvas, shot = self.canvas, self.shot
        camera = Camera(camera.x, 0.6 * camera.y, camera.zoom, 0.4 * camera.roll)
        view = canvas.view(camera)
        columns = (np.arange(canvas.light.shape[2]) + 0.5) * view[0] - view[2]
        x = columns / camera.zoom + camera.x
        land = np.zeros(len(x), np.float32)
        if self._island is not None:
            land = (self._island.at(x + 3) - 0.055).astype(np.float32)
        swell = (0.5 + 0.9 * shot.params["swell"]) * (0.75 + 0.5 * step.energy + 0.35 * step.bass + 0.6 * step.tension)
        settings = numbers(
            step.clock, self._horizon, *self._sun, self._radius * (1 + 0.03 * step.beat), swell,
            0.36 + 0.35 * step.bass + 0.22 * max(step.beat, step.kick) + 0.15 * step.downbeat + 0.15 * step.voice,
            shot.params["clouds"], self._offset,
            1.5 + 0.5 * step.beat + 0.8 * step.burst,
        )  # fmt: skip
        _paint_sea(canvas.light, land, shot.palette, self._waves, view, settings)
        self._draw_sparks(step, camera)

    def _draw_sparks(self, step: Step, camera: Camera) -> None:
        room = self.canvas.half_h - self._horizon + 0.1
        # Sparks come towards the eye with the water, and lie denser near the horizon.
        flow = (self._near + 0.015 * step.clock * (0.5 + self._near)) % 1
        down = room * flow**1.9 + 0.004
        wide = 0.035 + 0.30 * down
        x = self._sun[0] * (1 + 0.3 * down) + self._across * wide
        blink = np.clip(np.sin(self._phase + self._rate * step.clock * 1.6) * 1.6 - 0.55, 0, 1)
        bright = blink * self._size * np.exp(-0.25 * self._across**2) * np.minimum(1, 6 * (1 - flow))
        bright = bright * (0.25 + 0.85 * max(step.treble, step.hat) + 0.25 * step.onset + 0.5 * step.burst)
        long = (0.0020 + 0.016 * down) * self._size
        x0, y0 = camera.project(x - long, self._horizon + down)
        x1, y1 = camera.project(x + long, self._horizon + down)
        color = self.shot.color(0.86) * (1.3 * bright)[:, None]
        keep = bright > 0.02
        self.canvas.stroke(
            x0[keep], y0[keep], x1[keep], y1[keep], (0.7 + 1.6 * down)[keep], 0.95 * bright[keep], color[keep]
        )


def _make_waves(rng: np.random.Generator) -> Floats:
    """Waves of falling length, shape (n, 6): wave number along x and z, speed, steepness, fading, phase."""
    waves = np.empty((_N_WAVES, 6), np.float32)
    for k in range(_N_WAVES):
        size = 3.0 * 1.75**k * rng.uniform(0.85, 1.15)
        heading = rng.normal(0, 0.55 + 0.08 * k)
        waves[k] = (
            size * np.sin(heading), size * np.cos(heading), 1.5 * np.sqrt(size), 0.20 / size * 0.9**k,
            size * size * 0.6, rng.uniform(0, 6.28),
        )  # fmt: skip
    return waves


SCENE = Ocean
