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
from suno_video.backends.procedural.press import Noise, Press
from suno_video.core.frames import I420

_N_TURNS = 64
_MARGIN = 1.3
"""The wall is that much larger than the picture."""


@kernel
def _print_tiles(
    out: Bytes,
    settled: Bytes,
    front: Bytes,
    back: Bytes,
    tiles: Floats,
    vignette: Floats,
    noise: Noise,
    p: Floats,
) -> None:
    """One plane of the wall.

    Args:
        settled: The wall as the camera sees it, as it stood before this beat.
        front: The pictures of the whole wall, each tile `p[11]` pixels wide; `back` likewise.
        tiles: Shape (rows, columns, 6): cosine and sine of the turn, light, gleam, 1 where it turns about its height,
            1 where it turns in this beat.
        p: 1 for luma, cell and place of the wall's corner in pixels, lowest and highest value, grain and its place,
            half the gap between tiles, value of the ground.
    """
    is_luma, cell, x0, y0, low, high, amount, gap, ground = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[9], p[10]
    grain_x, grain_y = np.int64(p[7]), np.int64(p[8])
    height, width = out.shape
    n_rows, n_columns = tiles.shape[0], tiles.shape[1]
    line = np.empty(width, np.float32)
    inverse = 1.0 / cell
    scale = p[11]
    end_x, end_y = np.float32(front.shape[1]) - 1.01, np.float32(front.shape[0]) - 1.01
    half = 0.5 - gap
    for j in range(height):
        wy = (np.float32(j) + 0.5 - y0) * inverse
        row = min(max(np.int64(np.floor(wy)), 0), n_rows - 1)
        v0 = wy - np.float32(row) - 0.5
        for column in range(n_columns):
            left = x0 + np.float32(column) * cell
            first, last = max(int(np.ceil(left - 0.5)), 0), min(int(np.ceil(left + cell - 0.5)), width)
            if last <= first:
                continue
            c, s, light, gleam = (
                tiles[row, column, 0],
                tiles[row, column, 1],
                tiles[row, column, 2],
                tiles[row, column, 3],
            )
            wall = front if c >= 0.0 else back
            if is_luma < 0.5:
                light, gleam = 0.35 + 0.65 * min(light, 1.2), 0.0
            if tiles[row, column, 5] < 0.5:
                source = settled[j, first:last]
                aside = half - abs(v0)
                for i in range(last - first):
                    u = (np.float32(first + i) + 0.5 - left) * inverse - 0.5
                    inside = min(half - abs(u), aside)
                    rim = clamp01((0.03 - inside) * 40.0) * (0.5 - u - v0) * 0.16 * is_luma
                    value = (np.float32(source[i]) - low) * (light + rim) + gleam * (1.0 - 0.5 * abs(u + v0))
                    line[first + i] = ground + (value - ground) * clamp01(inside * cell + 0.5)
                continue
            flip = 1.0 if c >= 0.0 else -1.0
            upright = tiles[row, column, 4] > 0.5
            for i in range(first, last):
                u = (np.float32(i) + 0.5 - left) * inverse - 0.5
                v = v0
                # The tile turns about its middle, seen in perspective.
                if upright:
                    a = u / (c - 0.55 * u * s)
                    v = v * (1.0 + 0.55 * a * s)
                    u = a * flip
                else:
                    a = v / (c - 0.55 * v * s)
                    u = u * (1.0 + 0.55 * a * s)
                    v = a * flip
                inside = min(half - abs(u), half - abs(v))
                px = (np.float32(column) + 0.5 + min(max(u, -0.5), 0.5)) * scale - 0.5
                py = (np.float32(row) + 0.5 + min(max(v, -0.5), 0.5)) * scale - 0.5
                px, py = min(max(px, 0.0), end_x), min(max(py, 0.0), end_y)
                ix, iy = np.uint32(px), np.uint32(py)
                tx, ty = px - np.float32(ix), py - np.float32(iy)
                one, two = wall[iy], wall[iy + np.uint32(1)]
                jx = ix + np.uint32(1)
                top = np.float32(one[ix]) + (np.float32(one[jx]) - np.float32(one[ix])) * tx
                bottom = np.float32(two[ix]) + (np.float32(two[jx]) - np.float32(two[ix])) * tx
                value = top + (bottom - top) * ty - low
                rim = clamp01((0.03 - inside) * 40.0) * (0.5 - u - v) * 0.16 * is_luma
                value = value * (light + rim) + gleam * (1.0 - 0.5 * abs(u + v))
                line[i] = ground + (value - ground) * clamp01(inside * cell + 0.5)
        shade, dots, row_out = vignette[j], noise[(j + grain_y) & 255, grain_x : grain_x + width], out[j]
        for i in range(width):
            value = line[i] * shade[i] + low + np.float32(dots[i]) * amount
            row_out[i] = np.uint8(np.int32(min(max(value, 16.0), high) + 0.5))


class Mosaic(Scene):
    """Beats turn tiles in waves, the spectrum lights columns, the kick sends light out, the snare makes them gleam."""

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
        self._texture_px = max(2, math.ceil(self._cell * canvas.unit_px / 2) * 2)
        self._hang_pictures(shot, canvas, rng)
        n = self._n_rows * self._n_columns
        rate = 0.08 + 0.34 * shot.params["flips"]
        turned = rng.random((_N_TURNS, n)) < rate
        # Now and then most of the wall turns.
        turned[rng.integers(0, 8) :: 16] |= rng.random(n) < 0.8
        self._turned = turned.reshape(_N_TURNS, *shape)
        """Which tiles show their backs when a beat is over."""
        self._settled: tuple[int, list[Bytes]] | None = None
        self._origins = rng.uniform(-0.6, 0.6, (_N_TURNS, 2)) * (canvas.half_w, canvas.half_h)
        self._upright = rng.random(shape) < rng.choice([0.1, 0.5, 0.9])
        self._way = rng.choice([-1.0, 1.0], shape)
        x = (np.arange(self._n_columns) + 0.5) * self._cell - self._n_columns * self._cell / 2
        y = (np.arange(self._n_rows) + 0.5) * self._cell - self._n_rows * self._cell / 2
        self._x, self._y = np.meshgrid(x, y)
        self._phase = rng.uniform(0, 6.28, shape)
        self._tiles = np.empty((*shape, 6), np.float32)
        self._camera = Camera(0, 0, 1, 0)
        self._beat = 0

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
        flat = (
            np.floor(luma * 5.5).astype(np.uint8) if rng.random() < 0.5 else 5 - np.floor(luma * 5.5).astype(np.uint8)
        )
        inks = self._press.color(shot.color(0.05 + 0.92 * np.arange(6) / 5))
        self._front = _bytes(self._press.color(full.transpose(1, 2, 0), 1.1))
        self._back = _bytes(inks[np.clip(flat, 0, 5)])
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
        self._tiles[..., 2] = 0.74 + 0.25 * max(step.drop, 0) + 0.10 * step.energy + 0.30 * lit + 0.35 * pulse + tilt
        self._tiles[..., 2] *= 0.45 + 0.55 * np.abs(c)
        self._tiles[..., 3] = (
            46 * (1 + max(step.drop, 0)) * np.abs(s) * np.exp(-(((np.abs(s) - 0.55) / 0.3) ** 2))
            + 20 * step.snare * lit
        )
        self._tiles[..., 4] = self._upright

    def _angles(self, step: Step) -> NDArray[np.float64]:
        ticks = step.beats if step.beats != 0 else 0.4 * step.clock
        self._beat = math.floor(ticks) % _N_TURNS
        before, after = self._turned[self._beat - 1], self._turned[self._beat]
        ox, oy = self._origins[self._beat]
        delay = np.hypot(self._x - ox, self._y - oy) / (self.canvas.half_w + self.canvas.half_h) * 0.55
        t = np.clip((ticks % 1.0 - delay) / 0.42, 0, 1)
        self._tiles[..., 5] = before != after
        turn: NDArray[np.float64] = before + (after.astype(np.float64) - before) * (t * t * (3 - 2 * t))
        return math.pi * turn

    def _wall(self) -> list[Bytes]:
        """The wall as it stood before this beat, put together once in each beat."""
        if self._settled is None or self._settled[0] != self._beat:
            shown = self._turned[self._beat - 1]
            wall = []
            for front, back in zip(self._front, self._back, strict=True):
                side = front.shape[0] // self._n_rows
                wall.append(np.where(shown.repeat(side, 0).repeat(side, 1), back, front))
            self._settled = self._beat, wall
        return self._settled[1]

    def develop(self, frame: int) -> I420:
        """Print the wall."""
        press, canvas, camera = self._press, self.canvas, self._camera
        amount, nx, ny, _ = press.settings(frame)
        zoom = camera.zoom
        for plane, channel, vignette in press.kinds():
            height, width = plane.shape
            share = width / canvas.width
            cell = self._cell * canvas.unit_px * zoom * share
            x0 = width / 2 - camera.x * canvas.unit_px * zoom * share - self._n_columns * cell / 2
            y0 = height / 2 - camera.y * canvas.unit_px * zoom * share - self._n_rows * cell / 2
            settled = self._as_seen(self._wall()[channel], cell, x0, y0, (width, height))
            front, back = self._front[channel], self._back[channel]
            low, high = (16.0, 235.0) if channel == 0 else (128.0, 240.0)
            grain = amount if channel == 0 else 0.0
            p = numbers(
                channel == 0,
                cell,
                x0,
                y0,
                low,
                high,
                grain,
                nx,
                ny,
                0.022,
                self._dark[channel],
                front.shape[0] / self._n_rows,
            )
            _print_tiles(plane, settled, front, back, self._tiles, vignette, press.noise, p)
        return press.frame

    def _as_seen(self, wall: Bytes, cell: float, x0: float, y0: float, size: tuple[int, int]) -> Bytes:
        scale = wall.shape[1] / (self._n_columns * cell)
        matrix = np.array([[scale, 0, (0.5 - x0) * scale - 0.5], [0, scale, (0.5 - y0) * scale - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(wall, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


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
