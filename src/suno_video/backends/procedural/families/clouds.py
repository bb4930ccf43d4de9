"""Clouds: a flight between banks of cumulus, painted as layers that grow as they come near, lit from the sun's side."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, hash2, mix, noise, shade, smooth

_N_LAYERS = 5
_ROUND = 0.7
"""Radius of a head of cloud, in cells: up to it the nearest head is surely among the four nearest cells."""


@kernel
def _paint_sky(light: Floats, layers: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    horizon, sun_x, sun_y, radius, halo, clock, cover, offset, gold, flash, mist = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            dx, dy = sun_x - x, sun_y - y
            r = np.sqrt(dx * dx + dy * dy) + 1e-3
            near = fexp(r * -2.4)
            low = fexp(abs(y - horizon) * -3.2)
            disc = smooth(radius + 0.006, radius - 0.006, r)
            high = fbm(x * 1.4 + offset + clock * 0.01, (y - horizon) * 7.0 + offset, 3)
            cirrus = smooth(0.42, 0.85, high) * smooth(0.0, -0.14, y - horizon)
            hue = 0.12 + 0.36 * low + 0.14 * near
            e = 0.09 + 0.46 * low + 0.22 * cirrus * (0.3 + near)
            top = near * halo * 0.8 + cirrus * near * 0.3
            face = disc * 1.3
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.68, 0) * top + shade(palette, 0.92, 0) * face
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.68, 1) * top + shade(palette, 0.92, 1) * face
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.68, 2) * top + shade(palette, 0.92, 2) * face
    for k in range(layers.shape[0]):
        depth, seed_x, seed_y, fade = layers[k, 0], layers[k, 1], layers[k, 2], layers[k, 3]
        bolt_x, bolt_y, bolt, base = layers[k, 4], layers[k, 5], layers[k, 6], layers[k, 7]
        haze = clamp01(1.0 - fexp((depth - 0.4) * -0.22))
        for j in range(h):
            sy = screen_y(view, j)
            red, green, blue = light[0, j], light[1, j], light[2, j]
            if (look_y(view, 0.0, sy) - horizon) * depth < -1.5:
                continue
            for i in range(w):
                sx = screen_x(view, i)
                x, y = look_x(view, sx, sy), look_y(view, sx, sy)
                dx, dy = sun_x - x, sun_y - y
                r = np.sqrt(dx * dx + dy * dy) + 1e-3
                near = fexp(r * -2.2)
                wx, wy = x * depth, (y - horizon) * depth
                below = wy - base
                # Heads of cloud: round bumps of two sizes, that melt into each other.
                bend = noise(wx * 3.1 + seed_y, wy * 3.1 + seed_x) + 0.5 * noise(wx * 7.3 + seed_x, wy * 7.3) - 0.75
                high, nx, ny = 0.0, 0.0, 0.0
                for octave in range(2):
                    s = 1.9 if octave == 0 else 4.7
                    u = wx * s + seed_x + 0.55 * bend
                    v = wy * s * 1.15 + seed_y - 0.45 * bend
                    cu, cv = np.floor(u - 0.5), np.floor(v - 0.5)
                    best, bx, by = 0.0, 0.0, 0.0
                    for b in range(2):
                        for a in range(2):
                            gu, gv = cu + np.float32(a), cv + np.float32(b)
                            ou = u - gu - 0.2 - 0.6 * hash2(gu, gv)
                            ov = v - gv - 0.2 - 0.6 * hash2(gu + 71.0, gv + 37.0)
                            bump = 1.0 - (ou * ou + ov * ov) * 2.0408163
                            bump = max(bump, 0.0)
                            bump = bump * bump
                            best += bump
                            bx += ou * bump
                            by += ov * bump
                    share = 0.30 if octave == 0 else 0.15
                    best = min(best, 1.0)
                    high += share * best
                    nx += bx * share * 5.0
                    ny += by * share * 5.0
                wide = noise(wx * 0.75 + seed_x, wy * 0.6 + seed_y)
                fine = noise(wx * 13.0 + seed_y, wy * 13.0 + seed_x) * 0.6 + noise(wx * 29.0, wy * 29.0 + seed_x) * 0.4
                room = min(abs(wx) * 0.20, 0.30)
                dense = 0.62 * wide + high + 0.13 * fine + below * 0.85 + room - 0.70 + cover
                alpha = smooth(0.0, 0.055 + 0.06 / depth + 0.12 * clamp01(below), dense) * fade
                relief = clamp01(0.50 + 0.78 * (nx * dx + ny * dy) / r - 0.30 * ny + 0.45 * (fine - 0.5))
                thick = smooth(0.0, 0.45, dense)
                lit = relief * (1.0 - 0.55 * thick) * (0.45 + 0.85 * near)
                rim = (1.0 - smooth(0.0, 0.10, dense)) * near * gold
                ox, oy = wx - bolt_x, wy - bolt_y
                spark = bolt * fexp((ox * ox + oy * oy) * -2.6) * (0.25 + 0.9 * (1.0 - relief))
                hue = clamp01(mix(0.12 + 0.66 * lit + 0.08 * near, 0.40 + 0.14 * near, 0.80 * haze))
                e = mix(0.035 + 1.05 * lit, 0.34 + 0.50 * near, 0.80 * haze) + 0.04 * mist
                white = rim * 0.9 + spark * flash
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
            self._horizon,
            *self._sun,
            self._radius * (1 + 0.05 * hit),
            0.35 + 0.25 * step.energy + 0.35 * hit + 0.7 * step.burst,
            step.clock,
            self._cover + 0.03 * step.mid,
            self._offset,
            0.5 + 0.6 * step.voice + 0.4 * step.bass,
            strike,
            step.tension,
        )
        _paint_sky(self.canvas.light, self._layers(step, travel), shot.palette, self.canvas.view(camera), settings)

    def _layers(self, step: Step, travel: float) -> Floats:
        """Far to near: depth, seeds, fading, place and strength of the lightning, height of the floor."""
        layers = np.empty((_N_LAYERS, 8), np.float32)
        first = int(np.floor(travel))
        for k in range(_N_LAYERS):
            number = first + _N_LAYERS - k
            away = number - travel
            depth = 0.55 + 0.80 * away**1.4
            fade = min(1.0, (_N_LAYERS - away) * 1.2) * min(1.0, away * 1.1)
            mine = self._seeds[number % 64]
            struck = (number * 7 + int(step.beats) * 5) % 4 == 0
            bolt = self._bolts[(number + int(step.beats)) % 64]
            layers[k] = (depth, *mine, fade, bolt[0] * 0.8 * depth, 0.35 + 0.2 * bolt[1], float(struck), 0.36)
        return layers


SCENE = Clouds
