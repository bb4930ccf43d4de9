"""Papercut: sheets of coloured paper with cut outlines, one above the other, and their soft shadows."""

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
from suno_video.backends.procedural.mathf import Floats, clamp01, fatan2, fbm, fexp, fract, fsin
from suno_video.backends.procedural.papersheets import cut_sheets
from suno_video.backends.procedural.press import Noise, Press, paper_tooth
from suno_video.core.frames import I420

_FIELD_AREA_PX = 320 * 180
_PAD = 48
"""Columns of the field beside the picture: shadows reach in from there."""


@kernel
def _shape_cave(field: Floats, bands: Floats, view: Floats, p: Floats) -> None:
    """How many sheets lie above a place: whole numbers are the cut edges."""
    clock, n, wide, rough, lobes, turn, cx, cy, wave, seed, squeeze, open_ = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11],
    )  # fmt: skip
    h, w = field.shape
    m = bands.shape[0]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy) - cx, look_y(view, sx, sy) - cy
            r = np.sqrt(x * x * squeeze + y * y / squeeze) + 1e-4
            a = fatan2(y, x) + turn
            q = fbm(x * 1.5 + seed + 0.05 * clock, y * 1.5 + seed, 3) - 0.45
            petal = fsin(a * lobes + 0.35 * fsin(2.0 * a - 0.4 * clock + 3.0 * r) + 1.6 * r)
            # The spectrum once up and once down around the circle, so that it closes.
            at = abs(2.0 * fract(a * 0.15915494) - 1.0) * np.float32(m - 1)
            at = min(max(at, 0.0), np.float32(m) - 1.001)
            low = np.int32(at)
            level = bands[low] + (bands[low + 1] - bands[low]) * (at - np.float32(low))
            bulge = fexp((r - wave) * (r - wave) * -60.0)
            out = r / wide + rough * (1.5 * q + 0.16 * petal * (0.4 + r)) - 0.22 * level * r - 0.045 * bulge
            field[j, i] = max((out - open_) * n, -0.6)


@kernel
def _print_cave(
    out: Bytes, wide: Floats, stops: Floats, vignette: Floats, paper: Floats, noise: Noise, p: Floats
) -> None:
    """One plane of the sheets that `wide` (h, columns + 2 pad) describes.

    Args:
        stops: One value of each colour stop of the palette, the deepest sheet first, shape (5,).
        p: sheets, columns beside the picture, shadow right and down and its softness in pixels of this plane, how dark,
            lowest and highest value, tooth of the paper, grain with its column and row, and 1 for luma.
    """
    last, pad, right, down_px, blur, dark, low, high, tooth, amount, is_luma = (
        p[0], np.int64(p[1]), np.int64(p[2]), p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[12],
    )  # fmt: skip
    grain_x, grain_y = np.int64(p[10]), np.int64(p[11])
    h = wide.shape[0]
    rows, columns = out.shape
    per_row = np.float32(h) / np.float32(rows)
    s0, s1, s2, s3, s4 = stops[0], stops[1], stops[2], stops[3], stops[4]
    step = 4.0 / last
    soft = 1.0 / blur
    for j in range(rows):
        y = (np.float32(j) + 0.5) * per_row - 0.5
        a = np.int64(np.floor(y))
        t = y - np.float32(a)
        top, bottom = wide[min(max(a, 0), h - 1)], wide[min(max(a + 1, 0), h - 1)]
        ys = y - down_px * per_row
        b = np.int64(np.floor(ys))
        ts = ys - np.float32(b)
        top_s = wide[min(max(b, 0), h - 1), pad - right : pad - right + columns]
        bottom_s = wide[min(max(b + 1, 0), h - 1), pad - right : pad - right + columns]
        left, right_of = top[pad - 1 : pad - 1 + columns], top[pad + 1 : pad + 1 + columns]
        above, below = top[pad : pad + columns], bottom[pad : pad + columns]
        shade, row, fibre = vignette[j], out[j], paper[j & 255]
        grain = noise[(j + grain_y) & 255, grain_x : grain_x + columns]
        for i in range(columns):
            v = above[i] + (below[i] - above[i]) * t
            gy = (below[i] - above[i]) * per_row
            gx = (right_of[i] - left[i]) * 0.5
            inverse = 1.0 / (np.sqrt(gx * gx + gy * gy) + 1e-4)
            v = min(max(v, 0.0), last + 0.98)
            k = np.floor(v)
            f = v - k
            down = f * inverse
            up = (1.0 - f) * inverse
            # The sheet above casts its shadow away from the lamp, and darkens the corner below its edge.
            far = (top_s[i] + (bottom_s[i] - top_s[i]) * ts - k - 1.0) * inverse * soft
            far = clamp01(0.5 + 0.5 * far)
            shadow = far * far * (3.0 - 2.0 * far) * 0.62 + 0.38 * fexp(up * soft * -2.2)
            top_sheet = clamp01(k - last + 1.0)
            shadow = shadow * (1.0 - top_sheet)
            q = k * step
            own = s0 + (s1 - s0) * clamp01(q) + (s2 - s1) * clamp01(q - 1.0)
            own += (s3 - s2) * clamp01(q - 2.0) + (s4 - s3) * clamp01(q - 3.0)
            q = max(k - 1.0, 0.0) * step
            under = s0 + (s1 - s0) * clamp01(q) + (s2 - s1) * clamp01(q - 1.0)
            under += (s3 - s2) * clamp01(q - 2.0) + (s4 - s3) * clamp01(q - 3.0)
            q = (k + 1.0) * step
            over = s0 + (s1 - s0) * clamp01(q) + (s2 - s1) * clamp01(q - 1.0)
            over += (s3 - s2) * clamp01(q - 2.0) + (s4 - s3) * clamp01(q - 3.0)
            # The lit edge of the sheet: paper has a thickness.
            lifted = clamp01(k)
            facing = clamp01((-gx * 0.6 - gy * 0.8) * inverse)
            rim = clamp01(2.2 - down) * (0.10 + 0.24 * facing) * lifted * is_luma
            value = own * (1.0 - dark * shadow + rim + fibre[i] * tooth)
            under = under * (1.0 - dark)
            value = value + (under - value) * (clamp01(0.5 - down) * lifted)
            value = over + (value - over) * max(clamp01(up + 0.5), top_sheet)
            value = value * shade[i] + low + np.float32(grain[i]) * amount
            row[i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))


class Papercut(Scene):
    """Bass opens the cave or lifts the hills, each kick runs through the sheets, the spectrum shapes their edges."""

    AREA_PX = 64 * 36
    REHEARSALS = ({"scene": 0.0}, {"scene": 1.0})

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._press = Press(canvas)
        self._n = 5 + round(4 * shot.params["layers"])
        self._is_cave = shot.params["scene"] + rng.uniform(-0.25, 0.25) < 0.5
        shrink = math.sqrt(_FIELD_AREA_PX / (canvas.width * canvas.height))
        h, w = (max(20, round(side * min(1.0, shrink))) for side in (canvas.height, canvas.width))
        self._field = np.empty((h, w), np.float32)
        self._paper = paper_tooth(rng, canvas.width)
        self._seed = rng.uniform(5, 300)
        self._lobes = float(rng.integers(3, 8))
        self._centre = rng.uniform(-0.22, 0.22) * canvas.half_w, rng.uniform(-0.12, 0.12)
        self._squeeze = rng.uniform(0.62, 0.95) if canvas.half_w > canvas.half_h else rng.uniform(1.05, 1.5)
        self._rough = rng.uniform(0.30, 0.62)
        self._turn = rng.uniform(0, 6.28)
        self._spin = rng.choice([-1.0, 1.0])
        deep = np.linspace(0.97, 0.10, 5) ** 1.15
        self._stops = np.ascontiguousarray(self._press.color(shot.color(deep)).T)
        """Colours from the deepest sheet to the nearest: luma and chroma, shape (3, 5)."""
        self._land = None if self._is_cave else cut_sheets(rng, self._n, shot)

    def paint(self, step: Step, camera: Camera) -> None:
        """Shape the sheets; they are printed when the frame is developed."""
        if self._land is not None:
            self._land.shape(step, camera, self.canvas)
            return
        canvas, shot = self.canvas, self.shot
        view = canvas.view(camera)
        view[0], view[1] = 2 * canvas.half_w / self._field.shape[1], 2 * canvas.half_h / self._field.shape[0]
        kick = max(step.kick, 0.6 * step.beat)
        bands = np.interp(np.linspace(0, 26, 40), np.arange(32), step.spectrum).astype(np.float32)
        opened = 0.06 * step.bass + 0.05 * kick + 0.03 * step.voice + 0.08 * max(step.drop, 0.0)
        settings = numbers(
            step.clock, self._n, 0.72 + 0.10 * shot.growth, self._rough, self._lobes,
            self._turn + 0.10 * self._spin * step.clock, *self._centre, 0.15 + 0.9 * (1 - kick), self._seed,
            self._squeeze, 0.02 + 0.08 * shot.growth + opened,
        )  # fmt: skip
        _shape_cave(self._field, bands, view, settings)

    def develop(self, frame: int) -> I420:
        """Print the sheets."""
        press, canvas = self._press, self.canvas
        offset = (0.4 + 1.2 * self.shot.params["depth"]) * 14 * canvas.unit_px / 720
        amount, *grain_place, _ = press.settings(frame)
        for plane, channel, vignette in press.kinds():
            scale = 1.0 if channel == 0 else 0.5
            range_, tooth = ((16.0, 235.0), 0.030) if channel == 0 else ((128.0, 240.0), 0.0)
            common = (*range_, tooth, amount if channel == 0 else 0.0, *grain_place, float(channel == 0))
            if self._land is not None:
                self._land.print_on(
                    plane, scale, self._stops[channel], vignette, self._paper, press.noise, offset, common
                )
                continue
            wide = self._widened(plane.shape[1])
            p = numbers(
                self._n, _PAD, min(round(0.5 * offset * scale), _PAD - 2), offset * scale,
                (0.9 * offset + 1) * scale, 0.62, *common,
            )  # fmt: skip
            _print_cave(plane, wide, self._stops[channel], vignette, self._paper, press.noise, p)
        return press.frame

    def _widened(self, width: int) -> Floats:
        """The field enlarged to a width, with its outermost values beside it."""
        inner = cv2.resize(self._field, (width, self._field.shape[0]), interpolation=cv2.INTER_CUBIC)
        return np.asarray(cv2.copyMakeBorder(inner, 0, 0, _PAD, _PAD, cv2.BORDER_REPLICATE))


SCENE = Papercut
