"""Slitscan: each line of the picture shows the cover at another moment; it twists, or becomes a corridor of light.

After the photographs through a moving slit of John Whitney and Douglas Trumbull.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fcos, fexp, fract, fsin, mix, shade, smooth
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import brightness, undeveloped

_HISTORY = 240
"""Moments that are remembered, a thirtieth of a second each."""
_STATES = 6


@kernel
def _aim_twist(map_x: Floats, map_y: Floats, past: Floats, view: Floats, p: Floats) -> None:
    """Each place looks at the picture as it stood some moments ago: turn, size, place and bend of that moment."""
    delay, across_x, across_y, side, bow = p[0], p[1], p[2], p[3], p[4]
    h, w = map_x.shape
    n = past.shape[0]
    last = np.float32(n) - 1.001
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            ago = abs(x * across_x + y * across_y) + bow * (x * x + y * y)
            at = min(ago * delay, last)
            k = np.int32(at)
            t = at - np.float32(k)
            now, then = past[k], past[k + 1]
            c = mix(now[0], then[0], t)
            s = mix(now[1], then[1], t)
            ox, oy = mix(now[2], then[2], t), mix(now[3], then[3], t)
            u, v = x * c - y * s + ox, x * s + y * c + oy
            v = v + mix(now[4], then[4], t) * fsin(u * 5.0 + mix(now[5], then[5], t))
            # Mirrored at the rim, so that it goes on for ever.
            map_x[j, i] = abs(fract(u * 0.5 + 0.25) * 2.0 - 1.0) * side
            map_y[j, i] = abs(fract(v * 0.5 + 0.25) * 2.0 - 1.0) * side


@kernel
def _light_twist(light: Floats, view: Floats, palette: Floats, p: Floats) -> None:
    gain, glow, across_x, across_y, pulse, tint = p[0], p[1], p[2], p[3], p[4], p[5]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            x = screen_x(view, i)
            away = abs(x * across_x + y * across_y)
            slit = fexp(away * -26.0) * glow
            wave = away - pulse
            run = fexp(wave * wave * -420.0) * tint * (1.0 - clamp01(pulse))
            e = gain * (1.0 - 0.35 * smooth(0.2, 1.0, away)) * (1.0 + run)
            red[i] = red[i] * e + shade(palette, 0.85, 0) * slit + shade(palette, 0.66, 0) * run * 0.12
            green[i] = green[i] * e + shade(palette, 0.85, 1) * slit + shade(palette, 0.66, 1) * run * 0.12
            blue[i] = blue[i] * e + shade(palette, 0.85, 2) * slit + shade(palette, 0.66, 2) * run * 0.12


@kernel
def _run_corridor(light: Floats, picture: Floats, levels: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    """Two endless planes; along each line runs what the slit saw: a column of the picture, one moment after another."""
    clock, speed, turn, gain, glow, gap, streak, seed, mirror = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    h, w = light.shape[1], light.shape[2]
    side = picture.shape[1]
    c, s = fcos(turn), fsin(turn)
    m = levels.shape[0]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            lx, ly = look_x(view, sx, sy), look_y(view, sx, sy)
            x, y = lx * c - ly * s, lx * s + ly * c
            down = abs(y)
            z = 1.0 / (down + 0.006)
            across = x * z * 0.33
            upper = y < 0.0
            # Depth becomes time: far away is what was seen later.
            time = z * 0.11 + clock * speed + (3.7 if upper else 0.0) * mirror
            u = abs(fract(time * 0.13 + seed) * 2.0 - 1.0)
            v = abs(fract(across * 0.5 + 0.25) * 2.0 - 1.0)
            px, py = u * np.float32(side - 1), v * np.float32(side - 1)
            ix, iy = min(np.int32(px), side - 2), min(np.int32(py), side - 2)
            tx, ty = px - np.float32(ix), py - np.float32(iy)
            # Light trails: what is bright is smeared along the flight.
            band = min(abs(across) * 9.0, np.float32(m) - 1.001)
            k = np.int32(band)
            level = levels[k] + (levels[k + 1] - levels[k]) * (band - np.float32(k))
            thread = 0.5 + 0.5 * fsin(across * 37.0 + 5.0 * fsin(across * 7.0 + seed))
            thread = thread * thread * streak
            near = smooth(gap, gap + 0.22, down)
            far = fexp(down * -15.0)
            e = gain * near * (0.45 + 0.75 * level + 0.9 * thread * level)
            for ch in range(3):
                a = picture[ch, iy, ix] + (picture[ch, iy, ix + 1] - picture[ch, iy, ix]) * tx
                b = picture[ch, iy + 1, ix] + (picture[ch, iy + 1, ix + 1] - picture[ch, iy + 1, ix]) * tx
                color = a + (b - a) * ty
                slit = shade(palette, 0.80, ch) * far * glow + shade(palette, 0.55, ch) * thread * near * 0.10 * level
                light[ch, j, i] = color * e + slit


class Slitscan(Scene):
    """Energy turns and flies, bass bends, each kick runs outwards as a wave, treble lights the threads."""

    AREA_PX = 512 * 288
    REHEARSALS = ({"corridor": 0.0}, {"corridor": 1.0})

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        picture, _ = load_picture(shot.cover, shot.palette, rng, 512)
        picture = undeveloped(picture * np.float32(brightness(picture))) / np.float32(canvas.evening)
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        self._picture = np.ascontiguousarray(picture.transpose(2, 0, 1))
        self._soft = np.ascontiguousarray(soft.transpose(2, 0, 1))
        self._is_corridor = shot.params["corridor"] + rng.uniform(-0.3, 0.3) >= 0.5
        h, w = canvas.light.shape[1:]
        self._map = np.empty((2, h, w), np.float32)
        self._past = np.zeros((_HISTORY, _STATES), np.float32)
        heading = rng.choice([0.0, math.pi / 2]) + rng.uniform(-0.25, 0.25)
        self._across = math.cos(heading), math.sin(heading)
        self._bow = rng.uniform(0.0, 0.5)
        self._phase = rng.uniform(0, 2 * math.pi, 4)
        self._turn = rng.uniform(0, 2 * math.pi)
        self._spin = rng.choice([-1.0, 1.0]) * rng.uniform(0.35, 0.55)
        self._tilt = rng.choice([0.0, math.pi / 2]) + rng.uniform(-0.3, 0.3)
        self._seed = rng.uniform(0, 1)
        self._size = rng.uniform(1.15, 1.5) * (1.15 - 0.3 * shot.growth)
        self._mirror = float(rng.random() < 0.5)
        self._wave = 2.0
        self._was_kick = 0.0
        self._is_bare = True

    def advance(self, step: Step) -> None:
        """Remember how the picture stands now."""
        if self._is_bare:
            self._is_bare = False
            for back in range(_HISTORY - 1, -1, -1):
                self._past[back] = self._stand(step, step.clock - 0.028 * back, calm=True)
        shifts = max(1, round(30 / self.shot.fps))
        self._past[shifts:] = self._past[:-shifts].copy()
        self._past[:shifts] = self._stand(step, step.clock)
        kick = max(step.kick, 0.7 * step.beat)
        if kick > self._was_kick + 0.25:
            self._wave = 0.0
        self._was_kick = kick
        self._wave += 1.1 / self.shot.fps

    def _stand(self, step: Step, clock: float, calm: bool = False) -> Floats:
        """Turn and size (as cosine and sine), place, bend and its phase."""
        kick = 0.0 if calm else max(step.kick, 0.6 * step.beat)
        size = self._size * (1 + 0.08 * math.sin(0.7 * clock + self._phase[0]) - 0.07 * kick)
        angle = self._turn + self._spin * clock + 0.25 * math.sin(0.41 * clock + self._phase[1])
        x, y = 0.22 * np.sin([0.33 * clock + self._phase[2], 0.29 * clock + self._phase[3]])
        bend = 0.03 + (0.0 if calm else 0.10 * step.bass)
        return numbers(size * math.cos(angle), size * math.sin(angle), x, y, bend, 1.4 * clock)

    def paint(self, step: Step, camera: Camera) -> None:
        """Look through the slit."""
        canvas, shot = self.canvas, self.shot
        view = canvas.view(camera)
        kick = max(step.kick, 0.6 * step.beat)
        if self._is_corridor:
            levels = np.interp(np.linspace(0, 24, 20), np.arange(32), step.spectrum).astype(np.float32)
            settings = numbers(
                step.clock, 1.2 + 1.6 * shot.params["delay"], self._tilt + 0.12 * math.sin(0.31 * step.clock),
                0.9 + 0.45 * step.energy + 0.3 * shot.growth, 0.25 + 0.6 * step.bass + 0.5 * kick,
                0.01, 0.5 + 1.2 * step.treble, self._seed, self._mirror,
            )  # fmt: skip
            _run_corridor(canvas.light, self._soft, 0.25 + 0.75 * levels, shot.palette, view, settings)
            return
        delay = (30 + 170 * shot.params["delay"]) / canvas.half_w * 0.6
        _aim_twist(*self._map, self._past, view, numbers(delay, *self._across, 511, self._bow))
        map_x, map_y = self._map
        for source, plane in zip(self._picture, canvas.light, strict=True):
            cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, dst=plane)
        settings = numbers(
            0.9 + 0.35 * step.energy + 0.12 * kick, 0.05 + 0.35 * step.treble, *self._across, self._wave,
            0.5 + 0.6 * step.bass,
        )  # fmt: skip
        _light_twist(canvas.light, canvas.view(Camera(0, 0, 1, 0)), shot.palette, settings)


SCENE = Slitscan
