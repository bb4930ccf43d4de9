"""Liquid: the cover lies under clear water; the kick drum strikes the surface, and light breaks in the waves."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, shade
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import lay_out, undeveloped

_WATER_AREA_PX = 256 * 144
_ROUNDS_PER_S = 90


@kernel
def _ripple(now: Floats, before: Floats, p: Floats) -> None:
    """One step of the wave equation, written into `before`; the rim swallows waves."""
    speed, damping = p[0], p[1]
    h, w = now.shape
    for j in range(h):
        up, here, down, out = now[max(j - 1, 0)], now[j], now[min(j + 1, h - 1)], before[j]
        for i in range(1, w - 1):
            around = up[i] + down[i] + here[i - 1] + here[i + 1] - 4.0 * here[i]
            diagonal = up[i - 1] + up[i + 1] + down[i - 1] + down[i + 1] - 4.0 * here[i]
            out[i] = (2.0 * here[i] - out[i] + speed * (0.66 * around + 0.17 * diagonal)) * damping
        out[0], out[w - 1] = out[1] * 0.9, out[w - 2] * 0.9


@kernel
def _strike(water: Floats, hits: Floats) -> None:
    h, w = water.shape
    for n in range(hits.shape[0]):
        cx, cy, radius, depth = hits[n, 0], hits[n, 1], hits[n, 2], hits[n, 3]
        for j in range(max(int(cy - 3.0 * radius), 0), min(int(cy + 3.0 * radius) + 1, h)):
            for i in range(max(int(cx - 3.0 * radius), 0), min(int(cx + 3.0 * radius) + 1, w)):
                dx, dy = (np.float32(i) - cx) / radius, (np.float32(j) - cy) / radius
                water[j, i] += depth * fexp((dx * dx + dy * dy) * -1.0)


@kernel
def _aim(map_x: Floats, map_y: Floats, slope_x: Floats, slope_y: Floats, view: Floats, p: Floats) -> None:
    """Where on the picture each place looks through the water, in pixels of the picture."""
    bend, half_w, half_h, unit = p[0], p[1], p[2], p[3]
    h, w = map_x.shape
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x = sx * view[4] - sy * view[5] + view[6] + bend * slope_x[j, i]
            y = sx * view[5] + sy * view[4] + view[7] + bend * slope_y[j, i]
            map_x[j, i] = (x + half_w) * unit - 0.5
            map_y[j, i] = (y + half_h) * unit - 0.5


@kernel
def _light_water(
    light: Floats, slope_x: Floats, slope_y: Floats, curve: Floats, palette: Floats, view: Floats, p: Floats
) -> None:
    caustic, gloss, lamp_x, lamp_y, tint, glow = p[0], p[1], p[2], p[3], p[4], p[5]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        sx, sy, bent = slope_x[j], slope_y[j], curve[j]
        for i in range(w):
            x = screen_x(view, i)
            gx, gy = sx[i], sy[i]
            # Waves gather light where they are hollow seen from below, and spread it elsewhere.
            gathered = max(1.0 - caustic * bent[i], 0.25)
            gathered = min(gathered * gathered, 3.2)
            lx, ly = lamp_x - x, lamp_y - y
            inverse = 1.0 / np.sqrt((gx * gx + gy * gy + 1.0) * (lx * lx + ly * ly + 0.5))
            facing = max((0.7 - gx * lx - gy * ly) * inverse, 0.0)
            spark = facing * facing
            spark = spark * spark
            spark = spark * spark
            spark = spark * spark
            spark = spark * spark
            spark = spark * spark * gloss
            tilt = clamp01((gx * gx + gy * gy) * 0.35)
            sky = tint * (0.10 + tilt)
            red[i] = red[i] * gathered * glow + shade(palette, 0.55, 0) * sky + shade(palette, 0.95, 0) * spark
            green[i] = green[i] * gathered * glow + shade(palette, 0.55, 1) * sky + shade(palette, 0.95, 1) * spark
            blue[i] = blue[i] * gathered * glow + shade(palette, 0.55, 2) * sky + shade(palette, 0.95, 2) * spark


class Liquid(Scene):
    """Each kick strikes the water, the hat lets drops fall, bass rocks it, a drop makes one great wave."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._rng = rng
        picture, _ = load_picture(shot.cover, shot.palette, rng, 720)
        h, w = canvas.light.shape[1:]
        self._fill = float(rng.uniform(0.55, 1.0))
        self._picture = undeveloped(lay_out(picture, w, h, self._fill)) / np.float32(canvas.evening)
        shrink = (_WATER_AREA_PX / (w * h)) ** 0.5
        gh, gw = max(18, round(h * min(1.0, shrink))), max(18, round(w * min(1.0, shrink)))
        self._now, self._before = np.zeros((2, gh, gw), np.float32)
        self._map = np.empty((2, h, w), np.float32)
        self._lamp = rng.uniform(0, 6.28, 2)
        self._home = rng.uniform(0.3, 0.7, 2)
        self._was_kick = self._was_hat = 0.0
        self._debt = 0.0
        self._rain = 0.0
        for _ in range(40):
            self._drop_rain(0.5)
            self._flow(2)

    def _flow(self, rounds: int) -> None:
        for _ in range(rounds):
            _ripple(self._now, self._before, numbers(0.30, 0.9945))
            self._now, self._before = self._before, self._now

    def _drop_rain(self, strength: float) -> None:
        h, w = self._now.shape
        x, y = self._rng.uniform(0, 1, 2)
        _strike(self._now, np.array([[x * w, y * h, 0.018 * min(h, w) + 1.0, 0.10 * strength]], np.float32))

    def advance(self, step: Step) -> None:
        """Let waves run on; strike the water when the music does."""
        h, w = self._now.shape
        kick = max(step.kick, 0.7 * step.beat)
        if kick > self._was_kick + 0.25:
            self._home = np.clip(self._home + self._rng.uniform(-0.3, 0.3, 2), 0.15, 0.85)
            depth = -(0.35 + 0.45 * kick + 0.8 * max(step.drop, 0.0)) * (0.4 + self.shot.params["ripples"])
            _strike(
                self._now, np.array([[self._home[0] * w, self._home[1] * h, 0.055 * min(h, w) + 1, depth]], np.float32)
            )
        self._was_kick = kick
        self._rain += (0.5 + 5 * step.hat + 3 * step.treble * step.energy) / self.shot.fps
        while self._rain > 1:
            self._rain -= 1
            self._drop_rain(0.5 + self.shot.params["ripples"])
        self._debt += _ROUNDS_PER_S * (0.75 + 0.25 * step.energy) / self.shot.fps
        rounds = int(self._debt)
        self._debt -= rounds
        self._flow(rounds)

    def paint(self, step: Step, camera: Camera) -> None:
        """Look through the surface, then light it."""
        canvas, shot = self.canvas, self.shot
        h, w = canvas.light.shape[1:]
        view = canvas.view(camera)
        gh, gw = self._now.shape
        swell = self._now + 0.10 * self._long_waves(step, gw, gh)
        scale = gh / (2 * canvas.half_h) * 0.034
        slope_x = np.asarray(cv2.Scharr(swell, cv2.CV_32F, 1, 0, scale=scale / 32))
        slope_y = np.asarray(cv2.Scharr(swell, cv2.CV_32F, 0, 1, scale=scale / 32))
        curve = np.asarray(cv2.Laplacian(swell, cv2.CV_32F, ksize=3, scale=1 / 4))
        slope_x, slope_y, curve = (
            cv2.resize(plane, (w, h), interpolation=cv2.INTER_CUBIC) for plane in (slope_x, slope_y, curve)
        )
        _, ph, pw = self._picture.shape
        unit = min(pw, ph)
        _aim(*self._map, slope_x, slope_y, view, numbers(0.085, canvas.half_w, canvas.half_h, unit))
        map_x, map_y = self._map
        for source, plane in zip(self._picture, canvas.light, strict=True):
            cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, dst=plane, borderMode=cv2.BORDER_REFLECT)
        lamp = 0.7 * np.array([canvas.half_w, canvas.half_h]) * np.sin(0.4 * step.clock + self._lamp)
        settings = numbers(
            1.6, (0.5 + 1.6 * shot.params["shine"]) * (0.4 + 0.6 * step.treble + 0.4 * step.hat), *lamp,
            0.05 + 0.20 * step.bass, 0.95 + 0.25 * step.energy + 0.15 * shot.growth,
        )  # fmt: skip
        _light_water(canvas.light, slope_x, slope_y, curve, shot.palette, view, settings)

    def _long_waves(self, step: Step, w: int, h: int) -> Floats:
        x, y = np.arange(w, dtype=np.float32) / h, np.arange(h, dtype=np.float32)[:, None] / h
        t, tall = step.clock, 1 + 1.5 * step.bass
        wave = np.sin(9 * x + 5 * y - 2.1 * t) + np.sin(6 * y - 8 * x + 1.7 * t + 1) + np.sin(13 * y + 3 * x + 2.6 * t)
        return np.asarray(np.float32(tall) * wave, np.float32)


SCENE = Liquid
