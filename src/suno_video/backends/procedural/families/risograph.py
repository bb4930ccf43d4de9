"""Risograph: a poster of bold shapes in three spot colours, each printed a little beside the others."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot
from suno_video.backends.procedural.mathf import Floats
from suno_video.backends.procedural.press import Press
from suno_video.core.frames import I420

_SHIFT = 4
"""Fractional bits of the corners that OpenCV draws."""
_N_TURNS = 64
"""After so many beats the turns repeat."""
_MOTIFS = ("disc", "quarter", "half", "petal", "ring", "bars", "dots", "triangle", "steps", "eye")


class Risograph(Scene):
    """Each beat turns some shapes, kick and bass swell discs, the snare shifts the colours, the spectrum stands in bars."""

    AREA_PX = 64 * 36

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._press = Press(canvas)
        rows = 2 + round(2.6 * shot.params["shapes"] + rng.uniform(0, 0.9))
        self._cell = 1.0 / rows
        n_rows = math.ceil(2 * (canvas.half_h + 0.08) / self._cell)
        n_cols = math.ceil(2 * (canvas.half_w + 0.08) / self._cell)
        at_x, at_y = np.meshgrid(np.arange(n_cols) - (n_cols - 1) / 2, np.arange(n_rows) - (n_rows - 1) / 2)
        n = n_rows * n_cols
        self._x, self._y = at_x.ravel() * self._cell, at_y.ravel() * self._cell
        liked = rng.permutation(len(_MOTIFS))[:5]
        self._motif = rng.choice(liked, n)
        self._plate = rng.choice(3, n, p=[0.42, 0.36, 0.22])
        self._ground = np.where(rng.random(n) < 0.42, (self._plate + rng.integers(1, 3, n)) % 3, -1)
        self._ground[self._ground == 2] = -1
        self._full = rng.random(n) < 0.86
        turns = (rng.random((_N_TURNS, n)) < 0.16 + 0.14 * shot.energy) * rng.choice([-1, 1], (_N_TURNS, n))
        self._turns = turns.astype(np.float64)
        self._stand = rng.integers(0, 4, n) + np.cumsum(turns, axis=0)
        self._band = rng.integers(0, 24, n)
        self._phase = rng.uniform(0, 2 * math.pi, n)
        self._drift = rng.uniform(0, 2 * math.pi, 3)
        self._sun = rng.uniform(-0.5, 0.5) * canvas.half_w, rng.uniform(-0.35, 0.35) * canvas.half_h
        self._sun_size = rng.uniform(0.24, 0.40) * (0.8 + 0.4 * shot.growth)
        self._texture = _grainy(canvas.width, canvas.height, rng)
        self._colors = self._choose_inks(shot)
        self._camera = Camera(0, 0, 1, 0)

    def _choose_inks(self, shot: Shot) -> Floats:
        if shot.params["paper"] >= 0.5:
            return self._press.overprints(
                shot.color(1.0), np.stack([shot.color(0.52), shot.color(0.76), shot.color(0.14)]), 0.12
            )
        inks = np.stack([shot.color(0.50), shot.color(0.74), shot.color(0.98)])
        return self._press.overprints(0.7 * shot.color(0.03), inks, 0.86)

    def paint(self, step: Step, camera: Camera) -> None:
        """Draw the three plates."""
        self._camera = camera
        press = self._press
        press.plates[:] = 0
        angles = self._angles(step)
        kick = max(step.kick, 0.6 * step.beat)
        offsets = self._offsets(step)
        self._draw_sun(step, kick, offsets)
        for number in range(len(self._x)):
            plate = int(self._plate[number])
            ground = int(self._ground[number])
            if ground >= 0:
                square = _SQUARE * self._cell
                self._fill(ground, square[0] + self._x[number], square[1] + self._y[number], offsets)
            if not self._full[number]:
                continue
            for x, y, level in _outline(int(self._motif[number]), step, int(self._band[number]), kick):
                c, s = math.cos(angles[number]), math.sin(angles[number])
                px = (x * c - y * s) * self._cell + self._x[number]
                py = (x * s + y * c) * self._cell + self._y[number]
                self._fill(plate, px, py, offsets, level)
        for plate, texture in zip(press.plates, self._texture, strict=True):
            cv2.multiply(plate, texture, dst=plate, scale=1 / 255)

    def _angles(self, step: Step) -> NDArray[np.float64]:
        beat = math.floor(step.beats) % _N_TURNS
        part = min(1.0, (step.beats % 1.0) / 0.45)
        # A turn overshoots a little and settles.
        eased = 1 + 2.2 * (part - 1) ** 3 + 1.2 * (part - 1) ** 2
        idle = 0.05 * np.sin(0.8 * step.clock + self._phase)
        settled: NDArray[np.float64] = self._stand[beat] - self._turns[beat] * (1 - eased)
        return settled * (math.pi / 2) + idle * (0.4 + step.energy)

    def _offsets(self, step: Step) -> list[tuple[float, float]]:
        amount = (0.0015 + 0.009 * self.shot.params["offset"]) * (1 + 2.2 * step.snare + 1.5 * max(step.drop, 0.0))
        return [
            (amount * math.sin(0.6 * step.clock + phase), amount * math.cos(0.47 * step.clock + 1.7 * phase))
            for phase in self._drift
        ]

    def _draw_sun(self, step: Step, kick: float, offsets: list[tuple[float, float]]) -> None:
        radius = self._sun_size * (1 + 0.10 * step.bass + 0.10 * kick)
        around = np.linspace(0, 2 * math.pi, 73)
        wave = 0.05 * math.sin(0.5 * step.clock)
        x, y = self._sun[0] + wave, self._sun[1] + 0.6 * wave
        self._fill(1, x + radius * np.cos(around), y + radius * np.sin(around), offsets)
        for ring in (1.14, 1.27):
            outer, inner = radius * (ring + 0.03 + 0.05 * step.bass), radius * ring
            ring_x = np.concatenate([outer * np.cos(around), inner * np.cos(around[::-1])])
            ring_y = np.concatenate([outer * np.sin(around), inner * np.sin(around[::-1])])
            self._fill(0, x + ring_x, y + ring_y, offsets)

    def _fill(self, plate: int, x: Points, y: Points, offsets: list[tuple[float, float]], level: float = 1.0) -> None:
        canvas = self.canvas
        px, py = self._camera.project(np.asarray(x), np.asarray(y))
        px = (px + offsets[plate][0] + canvas.half_w) * canvas.unit_px - 0.5
        py = (py + offsets[plate][1] + canvas.half_h) * canvas.unit_px - 0.5
        corners = np.round(np.stack([px, py], -1) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self._press.plates[plate], [corners], 255 * level, cv2.LINE_AA, _SHIFT)

    def develop(self, frame: int) -> I420:
        """Print."""
        return self._press.print_plates(self._colors, frame)


_SQUARE = np.array([[-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]])


def _arc(cx: float, cy: float, radius: float, start: float, stop: float, n: int = 28) -> tuple[Points, Points]:
    angle = np.linspace(start * math.pi / 180, stop * math.pi / 180, n)
    return cx + radius * np.cos(angle), cy + radius * np.sin(angle)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[Points, Points]:
    return np.array([left, right, right, left]), np.array([top, top, bottom, bottom])


def _outline(motif: int, step: Step, band: int, kick: float) -> list[tuple[Points, Points, float]]:
    """Pieces of a shape in a cell of size 1: x, y and how much ink."""
    name = _MOTIFS[motif]
    level = float(step.spectrum[band])
    if name == "disc":
        return [(*_arc(0, 0, 0.36 + 0.10 * kick + 0.04 * level, 0, 360, 48), 1.0)]
    if name == "quarter":
        x, y = _arc(-0.5, -0.5, 1.0, 0, 90)
        return [(np.append(x, -0.5), np.append(y, -0.5), 1.0)]
    if name == "half":
        return [(*_arc(0, -0.5, 0.5, 0, 180), 1.0), (*_arc(0, 0, 0.5, 0, 180), 1.0)]
    if name == "petal":
        one, other = _arc(-0.5, 0.5, 1.0, -90, 0), _arc(0.5, -0.5, 1.0, 90, 180)
        return [(np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]]), 1.0)]
    if name == "ring":
        wide = 0.10 + 0.12 * level
        out, into = _arc(-0.5, -0.5, 0.92, 0, 90), _arc(-0.5, -0.5, 0.92 - wide, 90, 0)
        out2, into2 = _arc(-0.5, -0.5, 0.55, 0, 90), _arc(-0.5, -0.5, 0.55 - wide, 90, 0)
        return [
            (np.concatenate([out[0], into[0]]), np.concatenate([out[1], into[1]]), 1.0),
            (np.concatenate([out2[0], into2[0]]), np.concatenate([out2[1], into2[1]]), 1.0),
        ]
    if name == "bars":
        heights = 0.12 + 0.80 * np.clip(step.spectrum[(band + 3 * np.arange(5)) % 30], 0, 1)
        return [(*_box(-0.47 + 0.2 * k, 0.47 - h, -0.33 + 0.2 * k, 0.47), 1.0) for k, h in enumerate(heights)]
    if name == "dots":
        size = 0.055 + 0.055 * step.hat + 0.02 * level
        grid = (-0.33, 0.0, 0.33)
        return [(*_arc(x, y, size, 0, 360, 20), 1.0) for x in grid for y in grid]
    if name == "triangle":
        return [(np.array([-0.5, 0.5, -0.5]), np.array([-0.5, 0.5, 0.5]), 1.0)]
    if name == "steps":
        return [(*_box(-0.5, -0.5 + 0.25 * k, 0.0 + 0.16 * k, -0.38 + 0.25 * k), 1.0) for k in range(4)]
    low = 0.16 + 0.08 * kick
    one, other = _arc(0, 0.62, 0.80, -129, -51), _arc(0, -0.62, 0.80, 51, 129)
    lens = (np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]]), 0.55)
    return [lens, (*_arc(0, 0, low, 0, 360, 32), 1.0)]


def _grainy(width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """How unevenly a drum prints, shape (3, height, width): specks, and soft clouds of less ink."""
    out = np.empty((3, height, width), np.uint8)
    for plate in range(3):
        fine = rng.normal(0, 1, (height, width)).astype(np.float32)
        soft = rng.normal(0, 1, (height // 24 + 2, width // 24 + 2)).astype(np.float32)
        clouds = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))
        # Specks are as large in a large picture as in a small one.
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), max(0.55, 0.8 * min(width, height) / 720)))
        fine /= fine.std()
        amount = 0.93 + 0.05 * clouds - 0.30 * np.clip(fine - 1.15, 0, 1.5)
        out[plate] = np.clip(255 * amount, 0, 255)
    return out


SCENE = Risograph
