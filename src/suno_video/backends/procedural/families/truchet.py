"""Truchet: tiles of quarter-circle pipes in two sizes, turned at random, so that pipes wander without end."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fatan2, fexp, fract, hash2, mix, noise, shade, smooth


@kernel
def _paint_pipes(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    scale, ox, oy, travel, seed, lamp_x, lamp_y, radius, glow, struck, base, pulses, tilt, far_glow, gleam, wave = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            fx, fy = look_x(view, sx, sy), look_y(view, sx, sy)
            near = 1.0 / (1.0 - tilt * fy)
            fx, fy = fx * near, fy * near
            foot = view[0] * near
            e, hue, top = 0.0, 0.1, 0.0
            # Large pipes lie at the back, small ones in front.
            for layer in range(2):
                n = np.float32(layer)
                s = scale * (0.42 + 0.58 * n)
                x = fx * s + ox * (0.6 + 0.4 * n) + n * 37.0
                y = fy * s + oy * (0.6 + 0.4 * n) + n * 11.0
                ix, iy = np.floor(x), np.floor(y)
                px, py = x - ix, y - iy
                flip = hash2(ix + seed, iy + n * 91.0) > 0.5
                qx = 1.0 - px if flip else px
                odd = fract((ix + iy) * 0.5) > 0.25
                # The nearer of the two corners that pipes turn around.
                other = qx + py > 1.0
                cx = 1.0 - qx if other else qx
                cy = 1.0 - py if other else py
                rr = np.sqrt(cx * cx + cy * cy)
                d = abs(rr - 0.5)
                angle = fatan2(cy, cx) * 0.63661977
                # Along a pipe light always runs the same way: around alternating corners it turns the other way.
                turn = (odd != flip) != other
                along = angle if turn else 1.0 - angle
                wide = radius * (1.0 - 0.25 * n)
                aa = foot * s * 1.2 + 0.004
                body = smooth(wide + aa, wide - aa, d)
                # A round pipe: its normal leans outwards towards its edges.
                across = clamp01(d / wide)
                up = np.sqrt(max(1.0 - across * across, 0.0))
                sign = 1.0 if rr > 0.5 else -1.0
                nx, ny = sign * across * cx / (rr + 1e-4), sign * across * cy / (rr + 1e-4)
                nx = -nx if other else nx
                ny = -ny if other else ny
                nx = -nx if flip else nx
                lit = clamp01(0.06 + 0.40 * up + 0.72 * (nx * lamp_x + ny * lamp_y))
                shiny = lit * lit
                shiny = shiny * shiny
                shiny = shiny * shiny
                # Pulses: the phase goes on from tile to tile.
                ahead = fract(along - travel * (1.0 + 0.5 * n))
                pulse = smooth(0.40, 1.0, abs(2.0 * ahead - 1.0))
                # They are seen where a wave passes that the beat sends out from the middle.
                away = np.sqrt(fx * fx + fy * fy)
                lane = noise(x * 0.45 + seed, y * 0.45 + 20.0 + n * 9.0)
                swell = fract(away * 0.8 - wave + 0.35 * lane)
                swell = fexp(swell * -2.2) * smooth(0.0, 0.12, swell)
                pulse = pulse * (0.10 + 1.25 * swell + far_glow * smooth(0.55, 0.75, lane))
                own = hash2(ix + 7.0, iy + seed + n * 13.0)
                on = smooth(0.56, 0.74, noise(x * 0.55 + base * 5.0, y * 0.55 + base * 3.0 + n * 40.0)) * struck
                core = fexp(across * across * -3.2)
                light_in = core * (pulse * pulses * (0.5 + n * 0.5) + on) * glow
                under = smooth(0.207, wide, d)
                dim = 0.42 + 0.58 * n
                hue_n = 0.12 + 0.20 * n + 0.34 * lit + 0.06 * own
                e_n = (0.025 + 0.50 * lit * lit) * dim
                top_n = light_in * dim * 1.5 + shiny * gleam * dim
                back = e * (1.0 - 0.55 * under * n)
                e = mix(back, e_n, body)
                hue = mix(hue, hue_n, body)
                spill = under * under * (pulse * pulses * 0.22 + on * 0.2) * glow
                top = mix(top * (1.0 - 0.4 * under * n) + spill * dim, top_n, body)
            vig = fexp((fx * fx + fy * fy) * -0.35)
            e = e * (0.4 + 0.6 * vig) + 0.008
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.76, 0) * top
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.76, 1) * top
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.76, 2) * top


class Truchet(Scene):
    """Beats push the pulses, the kick makes them bright, the snare lights whole regions, energy is their number."""

    AREA_PX = 640 * 360

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._scale = (2.4 + 4.2 * shot.params["scale"] + 1.2 * shot.growth) * rng.uniform(0.9, 1.1)
        self._seed = float(rng.integers(1, 900))
        self._place = rng.uniform(100, 400, 2)
        self._heading = rng.uniform(0, 6.28)
        self._tilt = rng.uniform(0.1, 0.5) * rng.choice([-1.0, 1.0])
        self._roll = rng.choice([0.0, np.pi / 4, rng.uniform(-0.5, 0.5)])
        self._radius = rng.uniform(0.15, 0.22)
        self._lamp = rng.uniform(0, 6.28)

    def paint(self, step: Step, camera: Camera) -> None:
        """Pipes fill the picture."""
        shot = self.shot
        drift = 0.20 * step.clock
        lamp = self._lamp + 0.25 * step.clock
        hit = max(step.kick, 0.6 * step.beat)
        turned = Camera(camera.x, camera.y, camera.zoom * (1 + 0.08 * step.burst), camera.roll + self._roll)
        settings = numbers(
            self._scale,
            self._place[0] + drift * np.cos(self._heading),
            self._place[1] + drift * np.sin(self._heading),
            (0.8 * step.clock) % 64,
            self._seed,
            np.cos(lamp),
            np.sin(lamp),
            self._radius * (1 + 0.10 * step.bass),
            0.55 + 0.25 * hit + 0.3 * step.energy + 0.6 * step.burst,
            0.40 * max(step.snare, 0.5 * step.onset) + 0.4 * step.burst,
            np.floor(step.beats) % 31,
            0.35 + 1.1 * shot.params["pulses"] * (0.4 + 0.6 * step.energy),
            self._tilt,
            0.5 + 0.5 * step.energy,
            0.10 + 0.6 * step.hat + 0.35 * step.treble,
            (0.5 * step.beats if step.beats else 0.4 * step.clock) % 64,
        )
        _paint_pipes(self.canvas.light, shot.palette, self.canvas.view(turned), settings)


SCENE = Truchet
