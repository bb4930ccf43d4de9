"""Mosaic: a wall of tiles that show the cover, and on their backs the same in the colours of the film.

Each beat sends a wave over the wall, and some tiles turn over in it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import lay_out, luma_of
from suno_video.backends.procedural.press import Press
from suno_video.core.frames import I420, planes

_N_TURNS = 64
_MARGIN = 1.3
"""The wall is that much larger than the picture."""


@kernel
def _print_tiles(
    out: Bytes, front: Bytes, back: Bytes, tiles: Floats, ground: Floats, vignette: Floats, noise: np.ndarray, p: Floats
) -> None:
    """One plane of the wall.

    Args:
        front: The picture over the whole wall, as a plane of bytes; `back` likewise.
        tiles: Shape (rows, columns, 5): cosine and sine of the turn, light, gleam, 1 where it turns about its height.
        p: step, is luma, cell in output pixels, x and y of the wall's corner, zoom in texture pixels, low, high, grain.
    """
    step, is_luma, cell, x0, y0, scale, low, high, amount, shift_x, shift_y, gap = (
        np.int64(p[0]), p[1] > 0.5, p[2], p[3], p[4], p[5], p[6], p[7], p[8], np.int64(p[9]), np.int64(p[10]), p[11],
    )  # fmt: skip
    height, width = out.shape
    th, tw = front.shape
    n_rows, n_columns = tiles.shape[0], tiles.shape[1]
    line = np.empty(width, np.float32)
    inverse = 1.0 / cell
    for j in range(height):
        wy = (np.float32(j) + 0.5 - y0) * inverse
        row = min(max(np.int64(np.floor(wy)), 0), n_rows - 1)
        v0 = wy - np.float32(row) - 0.5
        for column in range(n_columns):
            left = x0 + np.float32(column) * cell
            first, last = max(np.int64(np.ceil(left - 0.5)), 0), min(np.int64(np.ceil(left + cell - 0.5)), width)
            c, s, light, gleam, upright = (
                tiles[row, column, 0], tiles[row, column, 1], tiles[row, column, 2], tiles[row, column, 3],
                tiles[row, column, 4],
            )  # fmt: skip
            texture = front if c >= 0.0 else back
            flip = 1.0 if c >= 0.0 else -1.0
            tilted = abs(s) > 0.002
            for i in range(first, last):
                u = (np.float32(i) + 0.5 - left) * inverse - 0.5
                v = v0
                if tilted:
                    # The tile turns about its middle, seen in perspective.
                    if upright > 0.5:
                        a = u / (c - 0.55 * u * s)
                        v = v * (1.0 + 0.55 * a * s)
                        u = a * flip
                    else:
                        a = v / (c - 0.55 * v * s)
                        u = u * (1.0 + 0.55 * a * s)
                        v = a * flip
                inside = min(0.5 - gap - abs(u), 0.5 - gap - abs(v)) * cell
                cover = clamp01(inside + 0.5)
                px = (np.float32(column) + 0.5 + min(max(u, -0.5), 0.5)) * scale - 0.5
                py = (np.float32(row) + 0.5 + min(max(v, -0.5), 0.5)) * scale - 0.5
                px, py = min(max(px, 0.0), np.float32(tw) - 1.01), min(max(py, 0.0), np.float32(th) - 1.01)
                ix, iy = np.uint32(px), np.uint32(py)
                tx, ty = px - np.float32(ix), py - np.float32(iy)
                one, two = texture[iy], texture[iy + np.uint32(1)]
                jx = ix + np.uint32(1)
                top = np.float32(one[ix]) + (np.float32(one[jx]) - np.float32(one[ix])) * tx
                bottom = np.float32(two[ix]) + (np.float32(two[jx]) - np.float32(two[ix])) * tx
                value = top + (bottom - top) * ty - low
                if is_luma:
                    rim = clamp01((0.03 - (0.5 - gap - max(abs(u), abs(v)))) * 40.0) * (0.5 - u - v)
                    value = value * (light + 0.16 * rim) + gleam * (1.0 - 0.5 * abs(u + v))
                else:
                    value = value * (0.35 + 0.65 * min(light, 1.2))
                line[i] = ground[row, column] + (value - ground[row, column]) * cover
        shade, dots = vignette[j * step], noise[(j + shift_y) & 255, shift_x : shift_x + width]
        for i in range(width):
            value = line[i] * shade[i * step] + low
            if is_luma:
                value += np.float32(dots[i]) * amount
            out[j, i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))


class Mosaic(Scene):
    """Beats turn tiles in waves, the spectrum lights columns from below, the kick lifts light, the snare makes them gleam."""

    AREA_PX = 64 * 36

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._press = Press(canvas)
        rows = round(6 + 11 * shot.params["tiles"] + 4 * shot.growth + rng.uniform(-1, 1))
        self._cell = 1.0 / rows
        self._n_rows = 2 * math.ceil(_MARGIN * canvas.half_h / self._cell)
        self._n_columns = 2 * math.ceil(_MARGIN * canvas.half_w / self._cell)
        shape = self._n_rows, self._n_columns
        self._texture_px = max(2, math.ceil(self._cell * canvas.unit_px * 1.25 / 2) * 2)
        self._hang_pictures(shot, canvas, rng)
        n = self._n_rows * self._n_columns
        rate = 0.08 + 0.34 * shot.params["flips"]
        turns = rng.random((_N_TURNS, n)) < rate
        # Now and then the whole wall turns.
        turns[rng.integers(0, 8) :: 16] |= rng.random(n) < 0.8
        self._turns = turns.reshape(_N_TURNS, *shape)
        start = (rng.random(shape) < 0.18).astype(np.int64)
        self._stand = start + np.cumsum(self._turns, axis=0)
        self._origins = rng.uniform(-0.6, 0.6, (_N_TURNS, 2)) * (canvas.half_w, canvas.half_h)
        self._upright = rng.random(shape) < rng.choice([0.1, 0.5, 0.9])
        self._way = rng.choice([-1.0, 1.0], shape)
        x = (np.arange(self._n_columns) + 0.5) * self._cell - self._n_columns * self._cell / 2
        y = (np.arange(self._n_rows) + 0.5) * self._cell - self._n_rows * self._cell / 2
        self._x, self._y = np.meshgrid(x, y)
        self._phase = rng.uniform(0, 6.28, shape)
        self._tiles = np.empty((*shape, 5), np.float32)
        self._camera = Camera(0, 0, 1, 0)

    def _hang_pictures(self, shot: Shot, canvas: Canvas, rng: np.random.Generator) -> None:
        picture, _ = load_picture(shot.cover, shot.palette, rng, 720)
        w, h = self._n_columns * self._texture_px, self._n_rows * self._texture_px
        inner_w, inner_h = round(w / _MARGIN), round(h / _MARGIN)
        laid = lay_out(picture, inner_w, inner_h, float(rng.choice([0.25, 0.6, 0.9])))
        pad_x, pad_y = w - inner_w, h - inner_h
        full = np.pad(
            laid, ((0, 0), (pad_y // 2, pad_y - pad_y // 2), (pad_x // 2, pad_x - pad_x // 2)), mode="reflect"
        )
        luma = np.sqrt(np.clip(luma_of(full), 0, 1))
        flat = 0.5 + (np.floor(luma * 5.5) / 5 - 0.5) * 0.9
        front = self._press.color(np.clip(full, 0, None).transpose(1, 2, 0), 1.1)
        back = self._press.color(shot.color(np.clip(0.06 + 0.92 * (1 - flat if rng.random() < 0.5 else flat), 0, 1)))
        self._front, self._back = _bytes(front), _bytes(back)
        self._dark = self._press.color(0.35 * shot.color(0.10))

    def paint(self, step: Step, camera: Camera) -> None:
        """Work out how each tile stands and is lit."""
        self._camera = camera
        kick = max(step.kick, 0.6 * step.beat)
        angle = self._angles(step)
        c, s = np.cos(angle), np.sin(angle)
        tilt = 0.05 * np.sin(1.3 * step.clock + self._phase) * (0.3 + step.mid)
        self._tiles[..., 0] = np.where(np.abs(c) < 0.02, 0.02, c)
        self._tiles[..., 1] = s * self._way
        bands = np.interp(np.abs(self._x[0]) / self.canvas.half_w * 24, np.arange(32), step.spectrum)
        lit = np.clip((self._y / self.canvas.half_h - 1 + 2.1 * bands) * 4, 0, 1)
        away = np.hypot(self._x, self._y)
        pulse = np.exp(-(((away - 1.2 * (1 - kick)) / 0.16) ** 2)) * kick
        self._tiles[..., 2] = 0.74 + 0.10 * step.energy + 0.30 * lit + 0.35 * pulse + tilt
        self._tiles[..., 2] *= 0.45 + 0.55 * np.abs(c)
        self._tiles[..., 3] = 46 * np.abs(s) * np.exp(-(((np.abs(s) - 0.55) / 0.3) ** 2)) + 20 * step.snare * lit
        self._tiles[..., 4] = self._upright

    def _angles(self, step: Step) -> NDArray[np.float64]:
        ticks = step.beats if step.beats != 0 else 0.4 * step.clock
        beat = math.floor(ticks) % _N_TURNS
        part = ticks % 1.0
        ox, oy = self._origins[beat]
        delay = np.hypot(self._x - ox, self._y - oy) / (self.canvas.half_w + self.canvas.half_h) * 0.55
        t = np.clip((part - delay) / 0.42, 0, 1)
        eased = t * t * (3 - 2 * t)
        left: NDArray[np.float64] = self._stand[beat] - self._turns[beat] * (1 - eased)
        return math.pi * left

    def develop(self, frame: int) -> I420:
        """Print the wall."""
        press, canvas, camera = self._press, self.canvas, self._camera
        amount, nx, ny, _ = press.settings(frame)
        cell = self._cell * canvas.unit_px * camera.zoom
        middle_x = canvas.width / 2 - camera.x * canvas.unit_px * camera.zoom
        middle_y = canvas.height / 2 - camera.y * canvas.unit_px * camera.zoom
        x0, y0 = middle_x - self._n_columns * cell / 2, middle_y - self._n_rows * cell / 2
        ground = np.empty((3, self._n_rows, self._n_columns), np.float32)
        ground[:] = self._dark[:, None, None]
        y, u, v = planes(press.frame)
        for plane, channel, step in ((y, 0, 1), (u, 1, 2), (v, 2, 2)):
            low, high = (16.0, 235.0) if channel == 0 else (128.0, 240.0)
            p = numbers(
                step, channel == 0, cell / step, x0 / step, y0 / step, self._texture_px / step, low, high, amount, nx, ny,
                0.022,
            )  # fmt: skip
            _print_tiles(
                plane, self._front[channel], self._back[channel], self._tiles, ground[channel], press.vignette, press.noise, p
            )
        return press.frame


def _bytes(color: Floats) -> list[NDArray[np.uint8]]:
    """Luma and chroma, shape (h, w, 3), as planes of bytes; chroma half as large."""
    luma = np.clip(16.5 + color[..., 0], 16, 235).astype(np.uint8)
    size = color.shape[1] // 2, color.shape[0] // 2
    out = [np.ascontiguousarray(luma)]
    for channel in (1, 2):
        small = cv2.resize(np.ascontiguousarray(color[..., channel]), size, interpolation=cv2.INTER_AREA)
        out.append(np.clip(128.5 + small, 16, 240).astype(np.uint8))
    return out


SCENE = Mosaic
