"""Ascii: a living picture set in characters of our own font, with glowing letters on a dark screen."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import lay_out, luma_of
from suno_video.media.fonts import drawing_font

_LETTERS = " .·:-~+=<>ivcrzLTJ7nxuoeaSEZP5GKA48&%$B#M@W"
_LEVELS = 14
_VARIANTS = 3


@kernel
def _set_type(sharp: Floats, marked: Bytes, atlas: Floats, letters: NDArray[np.int32], bright: Floats) -> None:
    """Add the letters of all cells to the sharp plane."""
    height, width = sharp.shape
    rows, columns = letters.shape
    tall, wide = atlas.shape[1], atlas.shape[2]
    for row in range(rows):
        for y in range(tall):
            j = row * tall + y
            if j >= height:
                break
            marked[j] = 1
            line = sharp[j]
            for column in range(columns):
                weight = bright[row, column]
                glyph = atlas[letters[row, column], y]
                first = column * wide
                for x in range(min(wide, width - first)):
                    line[first + x] += glyph[x] * weight


class Ascii(Scene):
    """The spectrum lifts whole columns, kicks ripple through the text, hats change letters, energy brightens all."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._rng = rng
        lines = 26 + 34 * shot.params["letters"]
        self._tall = max(2, round(canvas.unit_px / lines))
        self._wide = max(2, round(self._tall * 0.58))
        self._rows, self._columns = math.ceil(canvas.height / self._tall), math.ceil(canvas.width / self._wide)
        self._atlas = _cut_letters(self._tall, self._wide)
        picture, _ = load_picture(shot.cover, shot.palette, rng, 512)
        aspect = canvas.half_w / canvas.half_h
        side_h = 2 * self._rows
        self._picture = lay_out(picture, max(8, round(side_h * aspect)), side_h, float(rng.choice([0.3, 0.75, 1.0])))
        self._variant = rng.integers(0, _VARIANTS, (self._rows, self._columns))
        self._fall = rng.uniform(0.5, 1.4, self._columns)
        self._start = rng.uniform(0, 2, self._columns)
        self._phase = rng.uniform(0, 6.28, 4)
        self._centre = rng.uniform(0.3, 0.7, 2)

    def advance(self, step: Step) -> None:
        """The hat changes some letters."""
        rate = (0.004 + 0.10 * step.hat + 0.03 * step.onset) * 30 / self.shot.fps
        hit = self._rng.random(self._variant.shape) < rate
        self._variant[hit] = self._rng.integers(0, _VARIANTS, int(hit.sum()))

    def paint(self, step: Step, camera: Camera) -> None:
        """Read the picture in cells, choose letters, set them."""
        canvas, shot = self.canvas, self.shot
        seen = self._look(step, camera)
        luma = luma_of(seen)
        glow = self._glow(step)
        tone = np.clip(np.sqrt(np.clip(luma, 0, None)) * (0.62 + 0.25 * shot.growth + 0.30 * step.energy) + glow, 0.0, 1.0)
        level = np.clip(tone * _LEVELS, 0, _LEVELS - 1).astype(np.int32)
        letters = (level * _VARIANTS + self._variant).astype(np.int32)
        weight = (0.30 + 1.25 * tone).astype(np.float32)
        _set_type(canvas.sharp, canvas.marked, self._atlas, letters, weight)
        color = self._colors(seen, luma, tone)
        h, w = canvas.light.shape[1:]
        for plane, light in zip(color, canvas.light, strict=True):
            cv2.resize(plane, (w, h), dst=light, interpolation=cv2.INTER_CUBIC)
        np.maximum(canvas.light, 0, out=canvas.light)
        self.exposure = 1.0

    def _colors(self, seen: Floats, luma: Floats, tone: NDArray[np.float64]) -> Floats:
        own = self.shot.color(np.clip(0.22 + 0.75 * tone, 0, 1)).transpose(2, 0, 1)
        real = seen / (luma + 0.05) * 0.35
        mixed = 0.55 * own + 0.45 * np.minimum(real, 1.5)
        ground = 0.5 * self.shot.palette[0][:, None, None]
        return np.ascontiguousarray(mixed * (0.55 * tone**1.6) + ground, np.float32)

    def _look(self, step: Step, camera: Camera) -> Floats:
        _, ph, pw = self._picture.shape
        zoom = 1.04 * camera.zoom * (1 + 0.03 * step.bass)
        c, s = math.cos(camera.roll) / zoom, math.sin(camera.roll) / zoom
        to_x, to_y = pw / self._columns, ph / self._rows
        unit = min(pw, ph)
        mx = pw / 2 + (camera.x + 0.03 * math.sin(0.5 * step.clock + self._phase[0])) * unit - 0.5
        my = ph / 2 + (camera.y + 0.03 * math.cos(0.4 * step.clock + self._phase[1])) * unit - 0.5
        col, row = (self._columns - 1) / 2, (self._rows - 1) / 2
        matrix = np.array([
            [c * to_x, -s * to_y, mx - c * to_x * col + s * to_y * row],
            [s * to_x, c * to_y, my - s * to_x * col - c * to_y * row],
        ])  # fmt: skip
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (self._columns, self._rows)
        return np.stack([
            cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT) for plane in self._picture
        ])  # fmt: skip

    def _glow(self, step: Step) -> NDArray[np.float64]:
        """Light that the music adds in each cell: bars, ripples, and text that runs down."""
        x = (np.arange(self._columns) + 0.5) / self._columns
        y = ((np.arange(self._rows) + 0.5) / self._rows)[:, None]
        kick = max(step.kick, 0.6 * step.beat)
        bands = np.interp(np.abs(2 * x - 1) * 26, np.arange(32), step.spectrum)
        height = 0.08 + 0.55 * bands
        bars = np.clip((y - 1 + height) * 9, 0, 1) * (0.10 + 0.30 * (1 - y)) * 1.2
        aspect = self.canvas.half_w / self.canvas.half_h
        r = np.hypot((x - self._centre[0]) * aspect, y - self._centre[1])
        wave = np.sin(11 * r - 4.0 * step.clock) * np.exp(-1.2 * r)
        ripple = (0.03 + 0.16 * step.bass + 0.14 * kick) * wave
        head = (self._start + self._fall * 0.55 * step.clock) % 2 - 0.3
        behind = head - y
        rain = np.where(behind > 0, np.exp(-5.5 * behind), np.exp(-(behind * 60) ** 2))
        return bars + ripple + (0.1 + 0.9 * self.shot.params["rain"]) * 0.45 * rain * (0.5 + 0.5 * step.snare + 0.3 * step.energy)


def _cut_letters(tall: int, wide: int) -> Floats:
    """Letters from light to dark, `_VARIANTS` of each of `_LEVELS`; shape (n, tall, wide), 0..1."""
    size = max(6, round(tall * 0.86))
    font = drawing_font(4 * size, 600)
    cells, ink = [], []
    for letter in _LETTERS:
        cell = Image.new("L", (4 * wide, 4 * tall))
        ImageDraw.Draw(cell).text((2 * wide, 2 * tall + 0.30 * 4 * size), letter, 255, font, anchor="ms")
        pixels = np.asarray(cell.resize((wide, tall), Image.Resampling.BOX), np.float32) / 255
        cells.append(pixels)
        ink.append(float(pixels.mean()))
    order = np.argsort(ink)
    ranked, coverage = [cells[k] for k in order], np.array(ink)[order]
    out = []
    for level in range(_LEVELS):
        wanted = coverage[-1] * level / (_LEVELS - 1)
        nearest = np.argsort(np.abs(coverage - wanted), kind="stable")[:_VARIANTS]
        out += [ranked[k] for k in (nearest if level else [nearest[0]] * _VARIANTS)]
    return np.ascontiguousarray(out, np.float32)


SCENE = Ascii
