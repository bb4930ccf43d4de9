"""Clouds: a flight between banks of cumulus, painted as layers that grow as they come near, lit from the sun's side."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, mix, noise, shade, smooth

_N_LAYERS = 6


@inline
def _bank(x: float, y: float, seed_x: float, seed_y: float) -> float:
    # Round heads: noise whose valleys are creases.
    wide = noise(x * 0.9 + seed_x, y * 1.1 + seed_y)
    a = abs(noise(x * 2.3 + seed_y, y * 2.5 + seed_x) * 2.0 - 1.0)
    b = abs(noise(x * 5.1 + seed_x + 9.0, y * 5.3 + seed_y) * 2.0 - 1.0)
    c = noise(x * 11.0 + seed_y, y * 11.0 + seed_x)
    d = noise(x * 23.0 + seed_y, y * 23.0 + seed_x)
    return 0.62 * wide + 0.26 * (1.0 - a) + 0.14 * (1.0 - b) + 0.09 * c + 0.045 * d


@kernel
def _paint_sky(light: Floats, layers: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    horizon, sun_x, sun_y, radius, halo, clock, cover, offset, gold, flash, mist = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    n_layers = layers.shape[0]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            dx, dy = sun_x - x, sun_y - y
            r = np.sqrt(dx * dx + dy * dy) + 1e-3
            near = fexp(r * -2.2)
            low = fexp(abs(y - horizon) * -2.8)
            disc = smooth(radius + 0.006, radius - 0.006, r)
            high = fbm(x * 1.4 + offset + clock * 0.01, (y - horizon) * 7.0 + offset, 3)
            cirrus = smooth(0.42, 0.85, high) * smooth(0.0, -0.14, y - horizon)
            hue = 0.14 + 0.40 * low + 0.14 * near
            e = 0.13 + 0.52 * low + 0.20 * cirrus * (0.3 + near)
            top = near * halo + cirrus * near * 0.3
            face = disc * 1.5
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.72, 0) * top + shade(palette, 0.94, 0) * face
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.72, 1) * top + shade(palette, 0.94, 1) * face
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.72, 2) * top + shade(palette, 0.94, 2) * face
    for k in range(n_layers):
        depth, seed_x, seed_y, fade, bolt_x, bolt_y, bolt, base = (
            layers[k, 0], layers[k, 1], layers[k, 2], layers[k, 3], layers[k, 4], layers[k, 5], layers[k, 6], layers[k, 7],
        )  # fmt: skip
        haze = clamp01(1.0 - fexp((depth - 0.4) * -0.20))
        for j in range(h):
            sy = screen_y(view, j)
            red, green, blue = light[0, j], light[1, j], light[2, j]
            if (look_y(view, 0.0, sy) - horizon) * depth < -1.6:
                continue
            for i in range(w):
                sx = screen_x(view, i)
                x, y = look_x(view, sx, sy), look_y(view, sx, sy)
                dx, dy = sun_x - x, sun_y - y
                r = np.sqrt(dx * dx + dy * dy) + 1e-3
                near = fexp(r * -2.2)
                wx, wy = x * depth, (y - horizon) * depth
                floor = (wy - base) * 1.1
                # Towers to the sides, free air ahead.
                room = min(abs(wx) * 0.16, 0.22)
                shape = clamp01(floor * 0.5 + 0.5)
                d0 = _bank(wx, wy, seed_x, seed_y)
                d1 = _bank(wx + dx / r * 0.11, wy + dy / r * 0.13, seed_x, seed_y)
                dense = d0 + floor * 0.50 + room - 0.80 + cover
                soft = 0.05 + 0.10 * clamp01(floor + 0.4) + 0.03 / depth
                alpha = smooth(0.0, soft, dense) * fade
                relief = clamp01(0.46 + 3.0 * (d0 - d1))
                up = clamp01(0.62 - floor * 0.55)
                rim = (1.0 - smooth(0.0, 0.16, dense)) * near * gold
                lit = relief * (0.30 + 0.70 * up) * (0.55 + 0.75 * near)
                bx, by = wx - bolt_x, wy - bolt_y
                spark = bolt * fexp((bx * bx + by * by) * -3.2) * (0.35 + 1.3 * (1.0 - relief))
                hue = clamp01(mix(0.14 + 0.58 * lit + 0.10 * near, 0.46 + 0.12 * near, 0.75 * haze))
                e = mix(0.07 + 0.98 * lit, 0.42 + 0.55 * near, 0.72 * haze) + 0.05 * mist
                white = rim * 1.1 + spark * flash
                red[i] += (shade(palette, hue, 0) * e + shade(palette, 0.86, 0) * white - red[i]) * alpha
                green[i] += (shade(palette, hue, 1) * e + shade(palette, 0.86, 1) * white - green[i]) * alpha
                blue[i] += (shade(palette, hue, 2) * e + shade(palette, 0.86, 2) * white - blue[i]) * alpha


class Clouds(Scene):
    """The snare strikes lightning inside a bank, the kick swells the sun, energy is the speed of the flight."""

    AREA_PX = 384 * 216

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._horizon = rng.uniform(-0.02, 0.14)
        self._sun = rng.uniform(-0.55, 0.55) * canvas.half_w, self._horizon - rng.uniform(0.02, 0.16)
        self._radius = rng.uniform(0.045, 0.09)
        self._offset, self._start = rng.uniform(5, 200, 2)
        self._speed = 0.28 + 0.5 * shot.params["speed"]
        self._cover = -0.10 + 0.22 * shot.params["cover"] + 0.05 * shot.growth
        self._seeds = rng.uniform(3, 900, (64, 2))
        self._bolts = rng.uniform(-1, 1, (64, 2))

    def paint(self, step: Step, camera: Camera) -> None:
        """Sky, then the banks from far to near."""
        shot = self.shot
        camera = Camera(camera.x, camera.y, camera.zoom, 0.8 * camera.roll)
        hit = max(step.kick, 0.6 * step.beat)
        strike = (0.4 + 1.2 * shot.params["thunder"]) * max(step.snare, 0.45 * step.onset, step.burst)
        travel = self._start + self._speed * step.clock
        settings = numbers(
            self._horizon, *self._sun, self._radius * (1 + 0.05 * hit), 0.35 + 0.25 * step.energy + 0.35 * hit + 0.7 * step.burst,
            step.clock, self._cover + 0.03 * step.mid, self._offset, 0.5 + 0.6 * step.voice + 0.4 * step.bass, strike, step.tension,
        )  # fmt: skip
        _paint_sky(self.canvas.light, self._layers(step, travel), shot.palette, self.canvas.view(camera), settings)

    def _layers(self, step: Step, travel: float) -> Floats:
        """Far to near: depth, seeds, fading, place and strength of the lightning, height of the floor."""
        layers = np.empty((_N_LAYERS, 8), np.float32)
        first = int(np.floor(travel))
        for k in range(_N_LAYERS):
            number = first + _N_LAYERS - k
            away = number - travel
            depth = 0.45 + 0.72 * away**1.35
            fade = min(1.0, (_N_LAYERS - away) * 1.2) * min(1.0, away * 1.1)
            mine = self._seeds[number % 64]
            struck = (number * 7 + int(step.beats) * 5) % 4 == 0
            bolt = self._bolts[(number + int(step.beats)) % 64]
            layers[k] = (depth, *mine, fade, bolt[0] * 0.8 * depth, 0.35 + 0.2 * bolt[1], float(struck), 0.36)
        return layers


SCENE = Clouds
