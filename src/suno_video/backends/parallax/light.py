"""Light in front of the picture: dust that floats with the energy of the music, and a soft leak at the edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.parallax.textures import Plane
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicFrame

N_MOTES, N_BOKEH = 110, 9


class Dust:
    """Particles with depth, painted at half resolution with exact sub-pixel positions. Read-only, so shareable."""

    def __init__(self, size: FrameSize, seed: int) -> None:
        rng = np.random.default_rng([seed, 0xD057])
        self._height, self._width = size.height_px // 2, size.width_px // 2
        self._scale = min(self._height, self._width) / 360
        self.pad = max(4, math.ceil(28 * self._scale))
        """Rows and columns that a canvas needs around the picture."""
        self._motes = _Particles(rng, N_MOTES, 0.55, 1.5)
        self._bokeh = _Particles(rng, N_BOKEH, 5.0, 11.0)

    def new_canvas(self) -> Plane:
        """Make a padded canvas for `paint`."""
        return np.zeros((self._height + 2 * self.pad, self._width + 2 * self.pad), dtype=np.float32)

    def paint(self, canvas: Plane, music: MusicFrame, camera_x: float, camera_y: float) -> None:
        """Add the dust of one frame; levels 0..1."""
        level = (0.25 + 0.5 * music.energy + 0.35 * music.loudness) * (0.8 + 0.4 * music.beat)
        x, y, radius, glow = self._motes.at(music.time_s, camera_x, camera_y)
        self._splat(canvas, x, y, radius * self._scale, glow * level * 0.5)
        x, y, radius, glow = self._bokeh.at(music.time_s, camera_x, camera_y)
        for one in range(N_BOKEH):
            self._disc(canvas, x[one], y[one], radius[one] * self._scale, glow[one] * level * 0.055)

    def _splat(
        self,
        canvas: Plane,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        radius: NDArray[np.float64],
        glow: NDArray[np.float64],
    ) -> None:
        """Add all small ones at once: a Gaussian each, as an outer product."""
        reach = max(2, math.ceil(3.5 * self._scale))
        offsets = np.arange(-reach, reach + 1)
        px, py = x * self._width + self.pad - 0.5, y * self._height + self.pad - 0.5
        left, top = np.floor(px).astype(np.intp), np.floor(py).astype(np.intp)
        radius = np.maximum(radius, 0.5)[:, None]
        across = np.exp(-(((offsets - (px - left)[:, None]) / radius) ** 2))
        down = np.exp(-(((offsets - (py - top)[:, None]) / radius) ** 2)) * glow[:, None]
        index = (top[:, None] + offsets)[:, :, None] * canvas.shape[1] + (left[:, None] + offsets)[:, None, :]
        patches = (down[:, :, None] * across[:, None, :]).astype(np.float32)
        np.add.at(canvas.reshape(-1), index.reshape(-1), patches.reshape(-1))

    def _disc(self, canvas: Plane, x: float, y: float, radius: float, glow: float) -> None:
        """Add one soft disc, as a lens out of focus draws it."""
        reach = math.ceil(1.35 * radius) + 1
        px, py = x * self._width + self.pad - 0.5, y * self._height + self.pad - 0.5
        left, top = math.floor(px), math.floor(py)
        offsets = np.arange(-reach, reach + 1, dtype=np.float32)
        square = ((offsets - (px - left)) / radius)[None, :] ** 2 + ((offsets - (py - top)) / radius)[:, None] ** 2
        canvas[top - reach : top + reach + 1, left - reach : left + reach + 1] += glow * np.exp(-(square**3))


class _Particles:
    def __init__(self, rng: np.random.Generator, n: int, smallest: float, largest: float) -> None:
        self._home = rng.uniform(0, 1, (n, 2))
        self._near = rng.uniform(0.35, 1, n)
        self._speed = rng.normal(0, 1, (n, 2)) * (0.006, 0.004) + (0.008, -0.011)
        self._phase = rng.uniform(0, 2 * math.pi, n)
        self._radius = smallest + (largest - smallest) * rng.uniform(0, 1, n) ** 2.5

    def at(
        self, time_s: float, camera_x: float, camera_y: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Positions (0..1 of the frame), radii in pixels at 360 lines, and glow of each."""
        sway = 0.006 * np.sin(0.7 * time_s + self._phase)
        x = (self._home[:, 0] + self._speed[:, 0] * time_s + sway - 1.6 * camera_x * self._near) % 1
        y = (self._home[:, 1] + self._speed[:, 1] * time_s - 1.6 * camera_y * self._near) % 1
        # Fading at the border lets them wrap around unseen.
        edge = np.clip(np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) * 14, 0, 1)
        twinkle = 0.35 + 0.65 * np.sin(0.9 * time_s + 2.3 * self._phase) ** 2
        return x, y, self._radius * (0.6 + 0.4 * self._near), edge * twinkle


@dataclass(frozen=True)
class Leaks:
    """Light of a frame at half resolution, 0..1: the sum of products of what is said of rows and of columns."""

    down: Plane
    """Shape (n, rows)."""
    across: Plane
    """Shape (n, columns)."""


class Leak:
    """Two soft lights just outside the frame that wander slowly."""

    def __init__(self, size: FrameSize, seed: int) -> None:
        self._columns = (np.arange(size.width_px // 2, dtype=np.float32) + 0.5) / (size.width_px // 2)
        self._rows = (np.arange(size.height_px // 2, dtype=np.float32) + 0.5) / (size.height_px // 2)
        self._phase = seed % 991 / 991 * 2 * math.pi

    def shine(self, music: MusicFrame, on_beat: float) -> Leaks:
        """Say how the leaks of one frame lie over it."""
        t, phase = music.time_s, self._phase
        level = 0.035 + 0.05 * music.energy + 0.09 * on_beat * music.beat
        places = (
            (-0.06 + 0.05 * math.sin(0.31 * t + phase), 0.08 + 0.2 * math.sin(0.23 * t + phase), 1.0),
            (1.06 + 0.05 * math.sin(0.27 * t), 0.82 + 0.2 * math.sin(0.19 * t + 2 * phase), 0.7),
        )
        down = [
            np.exp(-(((self._rows - np.float32(y)) / np.float32(0.5)) ** 2)) * np.float32(level * share)
            for _, y, share in places
        ]
        across = [np.exp(-(((self._columns - np.float32(x)) / np.float32(0.3)) ** 2)) for x, _, _ in places]
        return Leaks(np.stack(down), np.stack(across))


def vignette(columns: Plane, rows: Plane, amount: float) -> Plane:
    """Darkening towards the corners, 1 in the middle.

    Args:
        columns: Positions across, -0.5..0.5 of the frame; `rows` likewise, down.
    """
    square = (columns[None, :] ** 2 + rows[:, None] ** 2) * 2
    return np.asarray(1 - np.float32(0.62 * amount) * np.clip(square - 0.12, 0, 1), dtype=np.float32)


def make_grain(sigma: float, seed: int, height: int, width: int) -> Plane:
    """Film grain around 16 (black), slightly soft, with the given standard deviation in 8-bit steps."""
    rng = np.random.default_rng([seed, 0x6A1])
    noise = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 0.55)
    return np.asarray(noise * np.float32(sigma / float(noise.std())) + np.float32(16), dtype=np.float32)
