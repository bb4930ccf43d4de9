"""The drawing itself. Each frame follows from its number alone, so a stream may be entered anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.base import ClipRequest
from suno_video.core.color import hex_to_srgb
from suno_video.core.frames import I420, planes

_N_POINTS = 3
_LINES = 26.0
"""Lines from one side of the picture to the other."""
_BLACK, _WHITE = 16, 235  # light in limited range
_FIRST, _LAST = 16, 240  # colour in limited range


class PlateStream:
    """One scene: frames of 8-bit Y, U and V in limited range (BT.709)."""

    def __init__(self, request: ClipRequest) -> None:
        self._request = request
        rng = np.random.default_rng(request.seed)
        width, height = request.size.width_px, request.size.height_px
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
        self._bend = np.zeros((height, width), dtype=np.float32)
        for centre_x, centre_y, weight in rng.uniform((0, 0, 0.5), (width / height, 1, 1.5), (_N_POINTS, 3)):
            self._bend += np.float32(weight) * np.hypot(x - np.float32(centre_x), y - np.float32(centre_y))
        music = request.music
        # How far the lines have moved: slow by itself, faster while the bass sounds.
        self._travel = np.cumsum((0.2 + 1.5 * music.bass.astype(np.float64)) / request.fps)
        self._ink, self._paper = _yuv(request.palette[0]), _yuv(request.palette[3])

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self._request.n_frames

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Draw frames start..stop into one array that is used again."""
        out = np.empty(self._request.size.i420_shape, dtype=np.uint8)
        light, u, v = planes(out)
        for number in range(start, self.n_frames if stop is None else min(stop, self.n_frames)):
            paper = self._paper_left(number)
            light[:] = _mixed(self._ink[0], self._paper[0], paper, _BLACK, _WHITE)
            small = paper[::2, ::2]
            u[:] = _mixed(self._ink[1], self._paper[1], small, _FIRST, _LAST)
            v[:] = _mixed(self._ink[2], self._paper[2], small, _FIRST, _LAST)
            yield out

    def close(self) -> None:
        """Nothing is held."""

    def _paper_left(self, number: int) -> NDArray[np.float32]:
        """How much paper shows between the lines of one frame, 0..1."""
        sound = self._request.music.at(number)
        phase = 2 * np.pi * (_LINES * self._bend - np.float32(self._travel[number]))
        width = 0.35 + 0.4 * sound.beat * self._request.energy
        return np.clip((np.sin(phase) + 1) / 2 / np.float32(width), 0, 1).astype(np.float32)


def _yuv(color: str) -> tuple[float, float, float]:
    """Y 0..1 and U, V -0.5..0.5 of `#rrggbb`, BT.709."""
    r, g, b = (float(part) for part in hex_to_srgb(color))
    light = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return light, (b - light) / 1.8556, (r - light) / 1.5748


def _mixed(ink: float, paper: float, part: NDArray[np.float32], low: int, high: int) -> NDArray[np.uint8]:
    span = high - low
    middle = 0 if low == _BLACK and high == _WHITE else 0.5
    levels = low + span * (middle + ink + (paper - ink) * part)
    return np.clip(np.rint(levels), low, high).astype(np.uint8)
