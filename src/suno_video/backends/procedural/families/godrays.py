"""Godrays: a walk through a misty forest; shafts are the light between the trunks, smeared away from the sun."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.draw import draw_figures
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, mix, noise, shade, smooth

_REACH = 15.0
_NEAR = 0.55
_SHARP, _FADE = 1.9, 0.4
"""Nearer than that trunks are sharp; within the second distance they become so, and go as they pass us."""
_SHADOWS_PX = 256


@kernel
def _paint_source(source: Floats, cover: Floats, view: Floats, p: Floats) -> None:
    sun_x, sun_y, clock, offset, breath = p[0], p[1], p[2], p[3], p[4]
    h, w = source.shape
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            dx, dy = x - sun_x, y - sun_y
            leaves = fbm(x * 5.0 + offset + 0.12 * breath, y * 5.0 + offset + clock * 0.04, 4)
            open_sky = smooth(0.36 + 0.30 * smooth(0.1, -0.5, y), 0.60, leaves)
            source[j, i] = fexp((dx * dx + dy * dy) * -4.5) * open_sky * (1.0 - cover[j, i])


@kernel
def _paint_forest(
    light: Floats, shafts: Floats, cover: Floats, haze: Floats, palette: Floats, view: Floats, p: Floats
) -> None:
    sun_x, sun_y, clock, offset, strength, mist, halo, ground, lift = (
        p[0],
        p[1],
        p[2],
        p[3],
        p[4],
        p[5],
        p[6],
        p[7],
        p[8],
    )
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            dx, dy = x - sun_x, y - sun_y
            r = np.sqrt(dx * dx + dy * dy)
            near = fexp(r * -2.3)
            leaves = fbm(x * 5.0 + offset, y * 5.0 + offset + clock * 0.04, 4)
            crown = smooth(0.62, 0.36, leaves) * smooth(0.05, -0.45, y)
            smoke = (
                noise(x * 1.7 - clock * 0.11 + 50.0, y * 3.0 + 20.0) * 0.6
                + noise(x * 4.3 + clock * 0.07 + 9.0, y * 7.0 + offset) * 0.4
            )
            down = max(y - ground, 0.0)
            floor = smooth(-0.01, 0.05, y - ground)
            moss = noise(x / (down + 0.12) * 1.3 + offset, 1.6 / (down + 0.12) + offset)
            back = (0.12 + 0.75 * near * halo) * (1.0 - 0.80 * crown)
            soil = 0.03 + 0.16 * moss * moss + 0.30 * near * moss * fexp(down * -3.0)
            e = mix(back, soil, floor * (1.0 - 0.6 * fexp(down * -9.0)))
            veil = mist * smoke * (0.16 + 0.30 * fexp(abs(y - ground) * -4.0)) * (0.5 + near)
            stem = cover[j, i]
            e = mix(e, e * haze[j, i] + 0.015, stem) + veil * (1.0 - 0.5 * stem)
            beam = shafts[j, i] * strength * (0.45 + 1.0 * smoke)
            hue = clamp01(0.24 + 0.36 * near + 0.10 * smoke)
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.72, 0) * beam + palette[1, 0] * lift
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.72, 1) * beam + palette[1, 1] * lift
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.72, 2) * beam + palette[1, 2] * lift


class Godrays(Scene):
    """Kick and bass open the light, mid moves the mist, hats are dust in the shafts, energy walks faster."""

    AREA_PX = 448 * 252

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._sun = rng.uniform(-0.45, 0.45) * canvas.half_w, rng.uniform(-0.30, -0.06)
        self._ground = rng.uniform(0.16, 0.26)
        self._offset = rng.uniform(5, 200)
        n = int(34 + 50 * shot.params["trunks"])
        self._x = rng.choice([-1, 1], n) * (0.32 + 3.6 * rng.random(n) ** 1.2)
        self._z = rng.uniform(0, _REACH, n)
        self._thick = rng.uniform(0.055, 0.13, n)
        self._lean = rng.normal(0, 0.035, n)
        self._twig = rng.uniform(0, 1, (n, 3))
        h, w = canvas.light.shape[1:]
        self._small = np.zeros((2, _SHADOWS_PX * h // w, _SHADOWS_PX), np.float32)
        self._half = np.zeros((2, h, w), np.float32)
        self._rows = np.zeros(max(h, self._small.shape[1]), np.uint8)
        m = 260
        self._dust = rng.uniform(-1, 1, m), rng.uniform(-1, 1, m), rng.uniform(0.3, 1.0, m), rng.uniform(0, 6.28, m)

    def paint(self, step: Step, camera: Camera) -> None:
        """Trunks cast shadows into the mist; the nearest ones stand sharp before it."""
        canvas, shot = self.canvas, self.shot
        camera = Camera(camera.x, 0.5 * camera.y, camera.zoom, 0.3 * camera.roll)
        view = canvas.view(camera)
        hit = max(step.kick, 0.6 * step.beat)
        limbs, depth = self._trees(step, camera)
        far = limbs[depth > _SHARP - _FADE]
        h, w = canvas.light.shape[1:]
        cover, haze = self._cast(self._half, far, h / canvas.height)
        shafts = self._shafts(step, camera, limbs, view, w, h)
        strength = (0.35 + 1.1 * shot.params["shafts"]) * (
            0.55 + 0.45 * step.bass + 0.55 * hit + 0.4 * shot.growth + 1.2 * step.burst
        )
        settings = numbers(
            *self._sun, step.clock, self._offset, strength, (0.3 + 1.0 * shot.params["mist"]) * (0.8 + 0.5 * step.mid),
            0.7 + 0.4 * step.energy + 0.4 * hit + 0.8 * step.burst, self._ground, 0.02 + 0.06 * step.voice,
        )  # fmt: skip
        _paint_forest(canvas.light, shafts, cover, haze, shot.palette, view, settings)
        is_near = depth <= _SHARP
        near = limbs[is_near]
        if len(near):
            # Sharp and dark by and by, before the soft one behind it goes: a trunk must not jump forward.
            away = depth[is_near]
            share = np.clip(np.maximum(away - _SHARP + _FADE, _NEAR + _FADE - away) / _FADE, 0, 1).astype(np.float32)
            near[:, 6] += (1 - near[:, 6]) * share
            draw_figures(canvas.figures, canvas.marked, near)
        self._draw_dust(step, camera, shafts)

    def _trees(self, step: Step, camera: Camera) -> tuple[Floats, Points]:
        """Limbs in pixels of the film, far ones first, and their distance."""
        canvas = self.canvas
        z = (self._z - 0.42 * step.clock) % _REACH + _NEAR
        order = np.argsort(-z)
        z, x, thick, lean, twig = z[order], self._x[order], self._thick[order], self._lean[order], self._twig[order]
        haze = np.clip(0.10 * (z - 1.2), 0, 0.88) + 0.12 * np.clip((z - _REACH + 2) / 2, 0, 1)
        foot = self._ground + 0.55 / z
        x0, y0 = camera.project(x / z - camera.x * 0.6 / z, foot)
        x1, y1 = camera.project((x + 24 * lean) / z - camera.x * 0.6 / z, foot - 16.0 / z)
        r = thick / z * camera.zoom
        flare0, flare1 = camera.project(x / z - camera.x * 0.6 / z, foot - 0.35 / z)
        parts = [(x0, y0, flare0, flare1, 1.55 * r, r, haze), (flare0, flare1, x1, y1, r, 0.62 * r, haze)]
        for k in (0, 1):
            at = 0.08 + 0.13 * twig[:, k]
            bx, by = x0 + (x1 - x0) * at, y0 + (y1 - y0) * at
            out = np.where(twig[:, 2 - k] > 0.5, 1, -1) * (0.5 + twig[:, k]) / z * 0.7
            parts.append((bx, by, bx + out, by - 0.55 * np.abs(out), 0.24 * r, 0.05 * r, haze))
        limbs = np.stack([np.stack(part, -1) for part in parts], 1).reshape(-1, 7).astype(np.float32)
        limbs[:, 0:4:2] += canvas.half_w
        limbs[:, 1:4:2] += canvas.half_h
        limbs[:, :6] *= canvas.unit_px
        return limbs, np.repeat(z, len(parts))

    def _cast(self, planes: Floats, limbs: Floats, scale: float) -> Floats:
        planes[:] = 0
        scaled = limbs.copy()
        scaled[:, :6] *= np.float32(scale)
        draw_figures(planes, self._rows, scaled)
        return planes

    def _shafts(self, step: Step, camera: Camera, limbs: Floats, view: Floats, w: int, h: int) -> Floats:
        rows, columns = self._small.shape[1:]
        cover = self._cast(self._small, limbs, rows / self.canvas.height)[0]
        source = np.empty((rows, columns), np.float32)
        small_view = view.copy()
        small_view[:2] *= np.array([w / columns, h / rows], np.float32)
        _paint_source(source, cover, small_view, numbers(*self._sun, step.clock, self._offset, step.bass))
        sun_x, sun_y = camera.project(np.array([self._sun[0]]), np.array([self._sun[1]]))
        px = (float(sun_x[0]) / self.canvas.half_w + 1) * columns / 2
        py = (float(sun_y[0]) / self.canvas.half_h + 1) * rows / 2
        total = source
        # Each pass doubles the number of copies along the ray: 2, 4, 8, ... 64.
        for k in range(6):
            grow = 1 + 0.018 * 2**k
            matrix = np.array([[grow, 0, px * (1 - grow)], [0, grow, py * (1 - grow)]])
            moved = cv2.warpAffine(total, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
            total = 0.5 * total + (0.5 * 0.97 ** (2**k)) * np.asarray(moved)
        return np.asarray(cv2.resize(total * np.float32(2.2), (w, h), interpolation=cv2.INTER_LINEAR), np.float32)

    def _draw_dust(self, step: Step, camera: Camera, shafts: Floats) -> None:
        x, y, size, phase = self._dust
        half_w, half_h = self.canvas.half_w, self.canvas.half_h
        x = ((x + 0.03 * np.sin(phase + 0.7 * step.clock) + 0.02 * size * step.clock + 1) % 2 - 1) * half_w
        y = ((y + 0.03 * np.cos(1.3 * phase + 0.5 * step.clock) - 0.03 * size * step.clock + 1) % 2 - 1) * half_h
        h, w = shafts.shape
        column = np.clip(((x / half_w + 1) / 2 * w).astype(int), 0, w - 1)
        row = np.clip(((y / half_h + 1) / 2 * h).astype(int), 0, h - 1)
        lit = np.clip(shafts[row, column] * 2.0, 0, 1)
        bright = size * lit * (0.25 + 0.4 * step.treble + 0.9 * step.hat) * (0.6 + 0.4 * np.sin(phase + 2 * step.clock))
        self.canvas.stroke(x, y, x, y, 0.8 + 0.8 * size, bright, bright[:, None] * self.shot.color(0.85))


SCENE = Godrays
