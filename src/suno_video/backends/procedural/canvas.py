"""The canvas of one shot: light at a modest resolution, sharp strokes at full resolution, developed into frames.

Smooth things cost the same whatever the size of the film; only the last pass, the strokes and the grain are full size.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.develop import keep_highlights, print_luma, tone
from suno_video.backends.procedural.draw import draw_figures, draw_strokes
from suno_video.backends.procedural.mathf import Floats
from suno_video.core.brief import Grade
from suno_video.core.frames import I420, FrameSize, planes

LIGHT_AREA_PX = 640 * 360
"""Pixels of light, whatever the size of the film: at 1280x720 exactly the resolution of its colour planes."""
_BLOOM_SHRINK = 4
_THINNEST_PX = 0.6


class Canvas:
    """Buffers of one shot. Coordinates: 0 in the middle, 1 is the shorter side of the picture, y points down."""

    def __init__(
        self,
        size: FrameSize,
        grade: Grade,
        palette: Floats,
        seed: int,
        area_px: int = LIGHT_AREA_PX,
        quarter: bool = False,
    ) -> None:
        """Take all memory that the shot will need.

        Args:
            area_px: Pixels of light.
            quarter: The picture is symmetric: light is its upper left quarter, the rest is mirrored.
        """
        self.width, self.height = size.width_px, size.height_px
        self.unit_px = min(self.width, self.height)
        self.half_w, self.half_h = self.width / self.unit_px / 2, self.height / self.unit_px / 2
        self.quarter = quarter
        w, h = _light_size(self.width, self.height, area_px, quarter)
        self.light: Floats = np.zeros((3, h, w), np.float32)
        self.ridge: Floats = np.empty(0, np.float32)
        """Row below which a dark foreground begins, for each column; empty for none."""
        self.ridge_luma = 19.0
        self._bloom = np.empty((3, h, w), np.float32)
        self._small = np.empty((3, h // _BLOOM_SHRINK, w // _BLOOM_SHRINK), np.float32)
        self._luma = np.empty((h, w), np.float32)
        self._chroma = np.empty((2, h, w), np.uint8)
        self._wide = np.empty((h, self.width), np.float32)
        self.sharp: Floats = np.zeros((self.height, self.width), np.float32)
        self.marked = np.zeros(self.height, np.uint8)
        self.size, self.grade, self.seed = size, grade, seed
        self.figures: Floats = np.zeros((2, self.height, self.width), np.float32)
        self._frame: I420 = np.empty(size.i420_shape, np.uint8)
        self._noise = grain(self.width, seed)
        self.saturation = grade.saturation
        self.evening = _exposure_for(palette)
        """Factor of the exposure that makes up for a dark or a bright palette."""
        self._exposure = grade.exposure * self.evening

    def view(self, camera: Camera) -> Floats:
        """Parameters for kernels that walk over the light (see `families.scene.look_x`)."""
        h, w = self.light.shape[1:]
        spans = 1.0 if self.quarter else 2.0
        c, s = math.cos(camera.roll) / camera.zoom, math.sin(camera.roll) / camera.zoom
        steps = (spans * self.half_w / w, spans * self.half_h / h)
        return np.array([*steps, self.half_w, self.half_h, c, s, camera.x, camera.y], np.float32)

    def stroke(
        self,
        x0: ArrayLike,
        y0: ArrayLike,
        x1: ArrayLike,
        y1: ArrayLike,
        radius: float | Points,
        weight: float | Points,
        light: ArrayLike,
    ) -> None:
        """Draw strokes from (x0, y0) to (x1, y1) in picture coordinates; equal ends make points.

        Args:
            radius: In 1/720 of the shorter side.
            weight: Brightness of the sharp line, 1 is strong.
            light: HDR colour that it throws into the light below, shape (3,) or (n, 3).
        """
        count = np.broadcast_shapes(*(np.shape(a) for a in (x0, y0, x1, y1, radius, weight)))[0]
        strokes = np.empty((count, 9), np.float32)
        for column, value in enumerate((x0, y0, x1, y1)):
            offset = self.half_h if column % 2 else self.half_w
            strokes[:, column] = (np.asarray(value) + offset) * self.unit_px - 0.5
        true_radius = np.asarray(radius) * (self.unit_px / 720)
        # In a small picture a stroke is as thin as can be drawn, and fainter instead of thinner still.
        strokes[:, 4] = np.maximum(true_radius, _THINNEST_PX)
        strokes[:, 5] = weight * np.minimum(true_radius / _THINNEST_PX, 1)
        strokes[:, 6:] = light
        self.stroke_pixels(strokes)

    def stroke_pixels(self, strokes: Floats) -> None:
        """Draw strokes that are already in pixels, as `draw_strokes` takes them."""
        draw_strokes(self.sharp, self.marked, self.light, strokes)

    def figure(
        self,
        x0: ArrayLike,
        y0: ArrayLike,
        x1: ArrayLike,
        y1: ArrayLike,
        radius0: ArrayLike,
        radius1: ArrayLike,
        haze: ArrayLike = 0.0,
    ) -> None:
        """Put dark limbs, thicker or thinner at either end, before everything painted so far; the last one in front.

        Args:
            radius0: In shorter sides, as the coordinates are.
            haze: 0..1, how much of the light behind shines through.
        """
        given = (x0, y0, x1, y1, radius0, radius1, haze)
        limbs = np.empty((np.broadcast_shapes(*(np.shape(a) for a in given))[0], 7), np.float32)
        for column, value in enumerate(given):
            limbs[:, column] = value
        limbs[:, 0:4:2] += self.half_w
        limbs[:, 1:4:2] += self.half_h
        limbs[:, :6] *= self.unit_px
        limbs[:, :4] -= 0.5
        draw_figures(self.figures, self.marked, limbs)

    def develop(self, frame: int, exposure: float = 1.0) -> I420:
        """Develop what was painted into a frame; the same array each time. Strokes are used up, light stays."""
        grade = self.grade
        stand_before = bool((self.marked & 2).any())
        if stand_before:
            self._hold_back()
        self._spread_bloom()
        settings = (
            self._exposure * exposure,
            1.1 * grade.bloom,
            grade.vignette,
            grade.contrast,
            1.08 * grade.saturation,
            float(self.quarter),
        )
        y, u, v = planes(self._frame)
        tone(self.light, self._bloom, self._luma, self._chroma[0], self._chroma[1], np.array(settings, np.float32))
        if stand_before:
            # The bloom gives a figure the colour of what is bright behind; as dark as it is, it shows little of that.
            first, last, share = self._muted
            for chroma in self._chroma[:, first:last]:
                np.copyto(chroma, ((chroma - np.float32(128)) * share + np.float32(128.5)).astype(np.uint8))
        self._place_chroma(u, v)
        self._print(y, frame)
        return self._frame

    def _hold_back(self) -> None:
        """Take away the light behind figures, but for their very edge; only in the rows that have any."""
        h, w = self.light.shape[1:]
        rows = np.flatnonzero(self.marked & 2)
        first, last = int(rows[0]) * h // self.height, min(h, (int(rows[-1]) + 1) * h // self.height + 1)
        top, bottom = (min(self.height, 2 * round(row * self.height / h / 2)) for row in (first, last))
        cover, haze = (_shrunk(plane[top:bottom], w, last - first) for plane in self.figures)
        inner = np.asarray(cv2.erode(cover, np.ones((3, 3), np.uint8)))
        self.light[:, first:last] *= 1 - np.float32(0.98) * inner * (1 - np.asarray(haze))
        self._muted = (first, last, 1 - np.float32(0.72) * np.asarray(cover - haze))

    def _spread_bloom(self) -> None:
        size = (self._small.shape[2], self._small.shape[1])
        for plane, small in zip(self.light, self._small, strict=True):
            cv2.resize(plane, size, dst=small, interpolation=cv2.INTER_AREA)
        keep_highlights(self._small, np.float32(0.7))
        tiny = (max(size[0] // 4, 1), max(size[1] // 4, 1))
        for small, bloom in zip(self._small, self._bloom, strict=True):
            halo = cv2.GaussianBlur(cv2.resize(small, tiny, interpolation=cv2.INTER_AREA), (0, 0), 2.4)
            cv2.GaussianBlur(small, (0, 0), 1.8, dst=small)
            small += cv2.resize(halo, size) * np.float32(0.7)
            cv2.resize(small, (bloom.shape[1], bloom.shape[0]), dst=bloom)

    def _place_chroma(self, u: NDArray[np.uint8], v: NDArray[np.uint8]) -> None:
        for small, full in zip(self._chroma, (u, v), strict=True):
            if self.quarter:
                half = cv2.resize(small, ((full.shape[1] + 1) // 2, (full.shape[0] + 1) // 2))
                _mirror(half, full)
            elif small.shape == full.shape:
                np.copyto(full, small)
            else:
                cv2.resize(small, (full.shape[1], full.shape[0]), dst=full, interpolation=_best_filter(small, full))

    def _print(self, y: NDArray[np.uint8], frame: int) -> None:
        luma = self._luma
        if self.quarter:
            half = cv2.resize(luma, ((self.width + 1) // 2, luma.shape[0]), interpolation=cv2.INTER_CUBIC)
            wide = np.empty((2 * luma.shape[0], self.width), np.float32)
            _mirror(half, wide)
        else:
            wide = self._wide
            cv2.resize(luma, (self.width, luma.shape[0]), dst=wide, interpolation=cv2.INTER_CUBIC)
        amount = (0.45 + 2.3 * self.grade.grain) / GRAIN_SCALE
        settings = (amount, *grain_place(self.seed, frame), self.ridge_luma)
        print_luma(
            wide, self.sharp, self.marked, self.figures, self.ridge, self._noise, y, np.array(settings, np.float32)
        )


GRAIN_SCALE = 32.0


def grain(width: int, seed: int) -> NDArray[np.int8]:
    """Film grain, shape (256, width + 256), of standard deviation `GRAIN_SCALE`."""
    noise = np.random.default_rng(seed).normal(0, 1, (256, width + 256)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (3, 3), 0.55)
    return np.clip(soft / soft.std() * GRAIN_SCALE, -127, 127).astype(np.int8)


def grain_place(seed: int, frame: int) -> tuple[int, int]:
    """Column and row at which the grain of a frame begins, 0..255 each."""
    mixed = (seed * 2654435761 + frame * 40503 * 977 + 12345) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return mixed >> 24, (mixed >> 12) & 255


def _light_size(width: int, height: int, area_px: int, quarter: bool) -> tuple[int, int]:
    if quarter:
        width, height = width // 2, height // 2
    shrink = min(1.0, math.sqrt(area_px / (width * height)))
    return tuple(max(16, 4 * round(side * shrink / 4)) for side in (width, height))  # type: ignore[return-value]


def _exposure_for(palette: Floats) -> float:
    """Even out palettes: a dark one is exposed longer, a bright one shorter."""
    luma = palette @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return float(np.clip((0.24 / (0.35 * luma[2] + 0.45 * luma[3] + 0.02)) ** 0.45, 0.7, 1.6))


def _best_filter(small: NDArray[np.uint8], full: NDArray[np.uint8]) -> int:
    return cv2.INTER_LINEAR if small.shape[0] < full.shape[0] else cv2.INTER_AREA


def _shrunk(plane: Floats, width: int, height: int) -> Floats:
    """A plane made smaller; by halves first, which OpenCV does several times faster than other shares."""
    if plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height and not (plane.shape[0] | plane.shape[1]) & 1:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.float32)
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _mirror(quarter: NDArray, full: NDArray) -> None:
    """Fill `full` with four mirrored copies of its upper left quarter."""
    top, left = (full.shape[0] + 1) // 2, (full.shape[1] + 1) // 2
    np.copyto(full[:top, :left], quarter)
    np.copyto(full[:top, left:], quarter[:, full.shape[1] - left - 1 :: -1])
    np.copyto(full[top:], full[full.shape[0] - top - 1 :: -1])
