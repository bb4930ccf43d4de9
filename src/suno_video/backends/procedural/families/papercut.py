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
from suno_video.backends.procedural.mathf import Floats, clamp01, fatan2, fbm, fexp, fract, fsin, smooth
from suno_video.backends.procedural.papersheets import cut_sheets
from suno_video.backends.procedural.press import Press, paper_tooth
from suno_video.core.frames import I420, planes

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
def _print_cave(out: Bytes, wide: Floats, colors: Floats, vignette: Floats, paper: Floats, p: Floats) -> None:
    """One plane (all rows, or every other one) of the sheets that `wide` (h, W + 2 pad) describes."""
    step, channel, pad, shadow_x, shadow_y, blur, dark, low, high = (
        np.int64(p[0]), np.int64(p[1]), np.int64(p[2]), np.int64(p[3]), p[4], p[5], p[6], p[7], p[8],
    )  # fmt: skip
    h = wide.shape[0]
    rows, columns = out.shape
    per_row = np.float32(h) / np.float32(rows)
    last = np.float32(colors.shape[0] - 1)
    n_paper = paper.shape[0]
    is_luma = channel == 0
    for j in range(rows):
        y = (np.float32(j) + 0.5) * per_row - 0.5
        a = np.int64(np.floor(y))
        t = y - np.float32(a)
        top, bottom = wide[min(max(a, 0), h - 1)], wide[min(max(a + 1, 0), h - 1)]
        ys = y - shadow_y * per_row
        b = np.int64(np.floor(ys))
        ts = ys - np.float32(b)
        top_s, bottom_s = wide[min(max(b, 0), h - 1)], wide[min(max(b + 1, 0), h - 1)]
        shade, row = vignette[j * step], out[j]
        grain = paper[(j * step) % n_paper]
        for i in range(columns):
            x = pad + i * step
            v = top[x] + (bottom[x] - top[x]) * t
            gy = (bottom[x] - top[x]) * per_row
            gx = (top[x + 1] - top[x - 1]) * 0.5 * np.float32(step)
            g = np.sqrt(gx * gx + gy * gy) + 1e-4
            v = min(max(v, 0.0), last + 0.98)
            k = np.floor(v)
            f = v - k
            down = f / g
            up = (1.0 - f) / g
            # The sheet above casts its shadow away from the lamp, and darkens the corner below its edge.
            vs = top_s[x - shadow_x] + (bottom_s[x - shadow_x] - top_s[x - shadow_x]) * ts
            far = (vs - k - 1.0) / g
            shadow = smooth(-blur, blur, far) * 0.62 + 0.38 * fexp(up / blur * -2.2)
            shadow = shadow if k < last else 0.0
            sheet = np.int32(k)
            own = colors[sheet, channel]
            under = colors[max(sheet - 1, 0), channel]
            over = colors[min(sheet + 1, np.int32(last)), channel]
            light = 1.0 - dark * shadow
            if is_luma:
                # The lit edge of the sheet: paper has a thickness.
                facing = clamp01((-gx * 0.6 - gy * 0.8) / g)
                rim = clamp01(2.2 - down) * (0.10 + 0.24 * facing) if k > 0.5 else 0.0
                light += rim
                light += np.float32(grain[i % n_paper]) * 0.030
            value = own * light
            edge = clamp01(down + 0.5)
            edge_up = clamp01(up + 0.5)
            value = under * (1.0 - dark) + (value - under * (1.0 - dark)) * edge if k > 0.5 else value
            value = over + (value - over) * edge_up if k < last else value
            value = value * shade[i * step] + low
            row[i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))


class Papercut(Scene):
    """Bass opens the cave or lifts the hills, each kick runs through the sheets, the spectrum shapes their edges."""

    AREA_PX = 64 * 36

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._press = Press(canvas)
        self._n = 5 + round(4 * shot.params["layers"])
        self._is_cave = shot.params["scene"] + rng.uniform(-0.25, 0.25) < 0.5
        shrink = math.sqrt(_FIELD_AREA_PX / (canvas.width * canvas.height))
        h, w = (max(20, round(side * min(1.0, shrink))) for side in (canvas.height, canvas.width))
        self._field = np.empty((h, w), np.float32)
        self._wide = np.empty((h, canvas.width + 2 * _PAD), np.float32)
        self._paper = paper_tooth(rng)
        self._seed = rng.uniform(5, 300)
        self._lobes = float(rng.integers(3, 8))
        self._centre = rng.uniform(-0.22, 0.22) * canvas.half_w, rng.uniform(-0.12, 0.12)
        self._squeeze = rng.uniform(0.62, 0.95) if canvas.half_w > canvas.half_h else rng.uniform(1.05, 1.5)
        self._rough = rng.uniform(0.30, 0.62)
        self._turn = rng.uniform(0, 6.28)
        self._spin = rng.choice([-1.0, 1.0])
        hues = np.linspace(0.97, 0.10, self._n + 1) ** 1.15
        self._colors = np.ascontiguousarray(self._press.color(shot.color(hues)))
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
        settings = numbers(
            step.clock, self._n, 0.72 + 0.10 * shot.growth, self._rough, self._lobes,
            self._turn + 0.10 * self._spin * step.clock, *self._centre, 0.15 + 0.9 * (1 - kick), self._seed,
            self._squeeze, 0.02 + 0.06 * step.bass + 0.05 * kick + 0.08 * shot.growth + 0.08 * max(step.drop, 0.0),
        )  # fmt: skip
        _shape_cave(self._field, bands, view, settings)
        h, width = self._field.shape[0], canvas.width
        inner = cv2.resize(self._field, (width, h), interpolation=cv2.INTER_CUBIC)
        self._wide[:, _PAD : _PAD + width] = inner
        self._wide[:, :_PAD], self._wide[:, _PAD + width :] = inner[:, :1], inner[:, -1:]

    def develop(self, frame: int) -> I420:
        """Print the sheets."""
        press, canvas = self._press, self.canvas
        y, u, v = planes(press.frame)
        unit = canvas.unit_px / 720
        offset = (0.4 + 1.2 * self.shot.params["depth"]) * 14 * unit
        if self._land is not None:
            self._land.print_on(press, self._colors, offset, self._paper)
            return press.frame
        for plane, channel, step in ((y, 0, 1), (u, 1, 2), (v, 2, 2)):
            low, high = (16.0, 235.0) if channel == 0 else (128.0, 240.0)
            p = numbers(
                step, channel, _PAD, min(round(0.5 * offset), _PAD - 2), offset / step, (0.9 * offset + 1) / step, 0.62,
                low, high,
            )  # fmt: skip
            _print_cave(plane, self._wide, self._colors, press.vignette, self._paper, p)
        return press.frame


SCENE = Papercut
