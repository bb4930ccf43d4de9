"""Halftone: a picture of tones printed as dots, in two inks at two angles and a flat third, on paper."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fcos, fexp, fsin, mix, smooth
from suno_video.backends.procedural.press import Press
from suno_video.core.frames import I420

_TONE_AREA_PX = 320 * 180
_N_BARS = 17


@kernel
def _tone_sun(tones: Floats, view: Floats, p: Floats) -> None:
    """A lit ball over waves of rays."""
    clock, radius, cx, cy, kick, bass, rays, turn, level = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    h, w = tones.shape[1], tones.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy) - cx, look_y(view, sx, sy) - cy
            r = np.sqrt(x * x + y * y) + 1e-4
            inside = smooth(radius + 0.008, radius - 0.008, r)
            nx, ny = x / radius, y / radius
            nz = np.sqrt(max(1.0 - nx * nx - ny * ny, 0.0))
            lit = max(-0.52 * nx - 0.58 * ny + 0.63 * nz, 0.0)
            band = 0.5 + 0.5 * fsin(9.0 * ny + 2.4 * fsin(3.0 * nx + clock) - 1.5 * clock)
            ball = clamp01(1.08 - 1.15 * lit - 0.22 * band * (0.4 + bass))
            ring = 0.5 + 0.5 * fcos((r - radius) * 26.0 - 3.0 * clock)
            away = fexp((r - radius) * -2.6)
            halo = ring * away * (0.30 + 0.7 * kick)
            # The rays in whole numbers round the circle; by the angle doubled and tripled, without arc tangents.
            ux, uy = x / r, y / r
            spoke = ux * fcos(turn) + uy * fsin(turn)
            spoke2 = 2.0 * spoke * spoke - 1.0
            spoke4 = 2.0 * spoke2 * spoke2 - 1.0
            spoke8 = 2.0 * spoke4 * spoke4 - 1.0
            wheel = smooth(-0.25, 0.25, spoke8 if rays > 0.5 else spoke4)
            sky = clamp01(0.10 + 0.42 * wheel * (0.55 + 0.45 * fexp(r * -1.1)) + 0.25 * level)
            tones[0, j, i] = mix(0.62 * halo, ball, inside)
            tones[1, j, i] = mix(sky, 0.18 + 0.75 * (1.0 - lit) * (1.0 - lit), inside)
            tones[2, j, i] = inside


@kernel
def _tone_ripples(tones: Floats, view: Floats, p: Floats) -> None:
    """Two springs of waves that interfere."""
    clock, reach, ax, ay, kick, bass, fine, split, level = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    h, w = tones.shape[1], tones.shape[2]
    freq = 15.0 + 16.0 * fine
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            r1 = np.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay)) + 0.02
            r2 = np.sqrt((x + ax) * (x + ax) + (y + ay) * (y + ay)) + 0.02
            one = fsin(r1 * freq - 3.2 * clock) * fexp(r1 * -0.75)
            two = fsin(r2 * freq * split - 3.2 * clock) * fexp(r2 * -0.75)
            sum_ = one + two
            core = fexp(r1 * r1 * -22.0) + fexp(r2 * r2 * -22.0)
            tones[0, j, i] = clamp01(0.42 + (0.36 + 0.5 * bass) * sum_ * reach - 0.9 * core * kick)
            tones[1, j, i] = clamp01(0.30 + 0.40 * (one - two) + 0.3 * level - 0.2 * y)
            tones[2, j, i] = smooth(0.105 + 0.05 * kick, 0.085 + 0.05 * kick, r1)


@kernel
def _tone_hills(tones: Floats, view: Floats, p: Floats, heights: Floats) -> None:
    """Rows of hills whose outlines are the spectrum, before a low disc."""
    clock, rough, cx, cy, kick, bass, seed, radius, level = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    h, w = tones.shape[1], tones.shape[2]
    n = heights.shape[1]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            r = np.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy))
            disc = smooth(radius + 0.006, radius - 0.006, r)
            cloud = fbm(x * 1.6 + seed + 0.10 * clock, y * 4.2 + seed, 3)
            key = smooth(0.48, 0.80, cloud) * 0.55 * (1.0 - disc)
            second = clamp01(0.62 + 0.9 * y + 0.35 * cloud)
            flat = disc
            for k in range(heights.shape[0]):
                f = np.float32(k)
                place = (x * (0.80 - 0.07 * f) * 0.5 + 0.5 + 0.13 * f) * np.float32(n - 1)
                place = min(max(place, 0.0), np.float32(n) - 1.001)
                at = np.int32(place)
                part = place - np.float32(at)
                part = part * part * (3.0 - 2.0 * part)
                crest = heights[k, at] + (heights[k, at + 1] - heights[k, at]) * part
                under = y - (0.02 + 0.125 * f) + crest * (1.0 + 0.16 * f)
                land = smooth(-0.004, 0.004, under)
                stripe = 0.5 + 0.5 * fsin(under * (58.0 - 6.0 * f))
                key = mix(key, clamp01(0.92 - 1.9 * under + 0.08 * f - (0.30 + 0.4 * kick) * stripe), land)
                second = mix(second, clamp01(0.20 + 0.9 * under + 0.16 * f), land)
                flat = mix(flat, 0.0, land)
            tones[0, j, i] = key
            tones[1, j, i] = second
            tones[2, j, i] = flat


@kernel
def _make_dots(plates: Bytes, wide: Floats, p: Floats) -> None:
    """Tones, shape (3, h, W), into the plates, shape (3, H, W): two screens of dots and one flat."""
    freq, cos_a, sin_a, cos_b, sin_b, soft, shift = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    height, width = plates.shape[1], plates.shape[2]
    h = wide.shape[1]
    step_a, step_a2 = freq * cos_a, -freq * sin_a
    step_b, step_b2 = freq * cos_b, -freq * sin_b
    for j in range(height):
        y = (np.float32(j) + 0.5) * np.float32(h) / np.float32(height) - 0.5
        low = np.int64(np.floor(y))
        t = y - np.float32(low)
        above, below = min(max(low, 0), h - 1), min(max(low + 1, 0), h - 1)
        fy = np.float32(j)
        for plate in range(2):
            top, bottom, out = wide[plate, above], wide[plate, below], plates[plate, j]
            u = fy * freq * (sin_a if plate == 0 else sin_b)
            v = fy * freq * (cos_a if plate == 0 else cos_b)
            du = step_a if plate == 0 else step_b
            dv = step_a2 if plate == 0 else step_b2
            for i in range(width):
                fx = np.float32(i)
                spot = 0.5 - 0.25 * (fcos(u + fx * du) + fcos(v + fx * dv))
                tone = top[i] + (bottom[i] - top[i]) * t
                # Where the tone is the median of the screen, dots become a chessboard, and then holes.
                cover = clamp01((tone * 1.06 - 0.03 - spot) * soft + 0.5)
                out[i] = np.uint8(np.int32(cover * 255.0 + 0.5))
        top, bottom, out = wide[2, above], wide[2, below], plates[2, j]
        for i in range(width):
            tone = top[i] + (bottom[i] - top[i]) * t
            out[i] = np.uint8(np.int32(clamp01((tone - 0.5) * shift + 0.5) * 255.0 + 0.5))


class Halftone(Scene):
    """The spectrum raises the hills, bass and kick swell the dots, the snare shifts the second plate."""

    AREA_PX = 64 * 36

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._press = Press(canvas)
        shrink = math.sqrt(_TONE_AREA_PX / (canvas.width * canvas.height))
        h, w = (max(18, round(side * min(1.0, shrink))) for side in (canvas.height, canvas.width))
        self._tones = np.zeros((3, h, w), np.float32)
        self._wide = np.zeros((3, h, canvas.width), np.float32)
        self._motif = min(2, int((shot.params["motif"] + rng.uniform(-0.3, 0.3)) * 3 % 3))
        self._place = rng.uniform(-0.3, 0.3) * canvas.half_w, rng.uniform(-0.12, 0.06)
        self._seed = rng.uniform(5, 300)
        self._fine = rng.uniform(0, 1)
        self._angle = rng.uniform(0, math.pi / 2)
        self._radius = rng.uniform(0.26, 0.36) * (0.85 + 0.3 * shot.growth)
        self._inks = self._choose_inks(shot, rng)

    def _choose_inks(self, shot: Shot, rng: np.random.Generator) -> Floats:
        bright, mid = shot.color(1.0), shot.color(0.5)
        if shot.params["paper"] >= 0.5:
            paper = bright * (1.0 if rng.random() < 0.6 else 0.9)
            inks = np.stack([shot.color(0.06), shot.color(0.52), shot.color(0.76)])
            return self._press.overprints(paper, inks, 0.25)
        inks = np.stack([shot.color(0.72), mid, bright])
        return self._press.overprints(0.6 * shot.color(0.04), inks, 0.92)

    def paint(self, step: Step, camera: Camera) -> None:
        """Tones first, then dots."""
        canvas, shot = self.canvas, self.shot
        kick = max(step.kick, 0.6 * step.beat)
        view = canvas.view(camera)
        view[0], view[1] = 2 * canvas.half_w / self._tones.shape[2], 2 * canvas.half_h / self._tones.shape[1]
        level = 0.5 * step.level + 0.4 * max(step.drop, 0.0)
        if self._motif == 0:
            radius = self._radius * (1 + 0.07 * step.bass + 0.06 * kick)
            p = numbers(step.clock, radius, *self._place, kick, step.bass, self._fine, 0.12 * step.clock, level)
            _tone_sun(self._tones, view, p)
        elif self._motif == 1:
            p = numbers(
                step.clock, 0.7 + 0.5 * shot.growth, 0.5 * canvas.half_w, self._place[1], kick, step.bass, self._fine,
                0.8 + 0.4 * self._fine, level,
            )  # fmt: skip
            _tone_ripples(self._tones, view, p)
        else:
            p = numbers(
                step.clock, 0.5, *self._place, kick, step.bass, self._seed, 0.75 * self._radius * (1 + 0.08 * kick), level
            )  # fmt: skip
            p[3] -= 0.10
            _tone_hills(self._tones, view, p, self._hills(step))
        self._screen(step, camera)

    def _hills(self, step: Step) -> Floats:
        n = 72
        x = np.linspace(0, 1, n)
        rows = []
        for k in range(4):
            wave = 0.5 + 0.5 * np.sin(x * (9 + 5 * k) + self._seed + 2.3 * k + 0.12 * step.clock * (1 + 0.4 * k))
            wave = 0.6 * wave + 0.4 * (0.5 + 0.5 * np.sin(x * (23 + 7 * k) - self._seed * k))
            at = np.abs(((x * 1.4 + 0.31 * k) % 1) * 2 - 1) * 28
            bands = np.interp(at, np.arange(32), step.spectrum)
            rows.append(0.07 * wave + 0.17 * bands * (0.7 + 0.5 * self.shot.growth) * (0.5 + 0.5 * wave))
        return np.array(rows, np.float32)

    def _screen(self, step: Step, camera: Camera) -> None:
        width, height = self.canvas.width, self.canvas.height
        for tone, wide in zip(self._tones, self._wide, strict=True):
            cv2.resize(tone, (width, tone.shape[0]), dst=wide, interpolation=cv2.INTER_LINEAR)
        cell_px = (22 - 14 * self.shot.params["dots"]) * self.canvas.unit_px / 720
        cell_px = max(cell_px, 1.2)
        freq = 2 * math.pi / cell_px
        a, b = self._angle + 0.262 + camera.roll, self._angle + 1.309 + camera.roll
        soft = 1.0 / (0.5 * freq * 1.3)
        dots = numbers(freq, math.cos(a), math.sin(a), math.cos(b), math.sin(b), max(soft, 1.2), height / 90)
        _make_dots(self._press.plates, self._wide, dots)

    def develop(self, frame: int) -> I420:
        """Print."""
        return self._press.print_plates(self._inks, frame)


SCENE = Halftone
