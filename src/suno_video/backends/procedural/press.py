"""The press: flat colours with exact edges at full resolution, for scenes that are printed instead of lit.

Inks are mixed as a printer would: each overlap of inks has a colour of its own (the primaries of Neugebauer), and what
covers a pixel in part is the sum of these colours by area. That is done in display values, so the press needs no
tone curve, and costs a quarter of developing HDR light at the same resolution.
"""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.canvas import GRAIN_SCALE, Canvas, grain, grain_place
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats
from suno_video.core.color import linear_to_srgb
from suno_video.core.frames import I420, planes


class Press:
    """Prints the frames of one shot. Its buffers are full size."""

    def __init__(self, canvas: Canvas) -> None:
        self.width, self.height = canvas.width, canvas.height
        self.frame: I420 = np.empty(canvas.size.i420_shape, np.uint8)
        self.plates = np.zeros((3, self.height, self.width), np.uint8)
        """How much of each ink lies on each pixel, 0..255."""
        self._grade, self._seed = canvas.grade, canvas.seed
        self._noise = grain(self.width, canvas.seed)
        x = (np.arange(self.width) + 0.5) / self.width * 2 - 1
        y = (np.arange(self.height) + 0.5) / self.height * 2 - 1
        away = np.clip((0.55 * (x**2 + y[:, None] ** 2) - 0.22) / 0.9, 0, 1)
        shadow = canvas.grade.vignette * away * away * (3 - 2 * away)
        self.vignette: Floats = np.asarray((1 - shadow) ** (1 / 2.2), np.float32)
        """Factor for display values, shape (H, W)."""

    def color(self, linear: Floats, exposure: float = 1.0) -> Floats:
        """Luma (0..219) and two chroma values (around 0) of linear colours, as the grade wants them; (..., 3)."""
        grade = self._grade
        rgb = linear_to_srgb(np.asarray(linear, np.float64) * grade.exposure * exposure)
        rgb = np.clip(0.36 + (rgb - 0.36) * grade.contrast, 0, 1)
        luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
        cb, cr = 120.7136 * (rgb[..., 2] - luma), 142.24 * (rgb[..., 0] - luma)
        return np.stack([219 * luma, grade.saturation * cb, grade.saturation * cr], -1).astype(np.float32)

    def overprints(self, paper: Floats, inks: Floats, opacity: float = 0.0) -> Floats:
        """Colours of all overlaps of three inks on paper, as `print_plates` wants them; (8, 3).

        Args:
            inks: Linear, shape (3, 3). Transparent ones multiply with what is below.
            opacity: 0 transparent .. 1 covering; number 3 lies on top.
        """
        out = np.empty((8, 3), np.float32)
        for which in range(8):
            mixed = np.asarray(paper, np.float64)
            for number in range(3):
                if which >> number & 1:
                    ink = np.asarray(inks[number], np.float64)
                    mixed = (1 - opacity) * mixed * np.clip(ink / max(float(np.max(paper)), 0.25), 0, 1) + opacity * ink
            out[which] = self.color(mixed.astype(np.float32))
        return out

    def print_plates(self, overprints: Floats, frame: int, light: float = 1.0) -> I420:
        """Print the plates; the same array each time.

        Args:
            light: Factor for all display values.
        """
        y, u, v = planes(self.frame)
        _press_plates(y, u, v, self.plates, overprints, self.vignette, self._noise, self.settings(frame, light))
        return self.frame

    def settings(self, frame: int, light: float = 1.0) -> Floats:
        """Numbers that all kernels of the press take: grain amount, its column and row, light."""
        amount = (0.45 + 2.3 * self._grade.grain) / GRAIN_SCALE
        return np.array([amount, *grain_place(self._seed, frame), light], np.float32)

    @property
    def noise(self) -> np.ndarray:
        """The grain of this shot."""
        return self._noise


def paper_tooth(rng: np.random.Generator) -> Floats:
    """How uneven paper is, shape (256, 256), about -1..1; it can be laid side by side."""
    noise = np.pad(rng.normal(0, 1, (256, 256)).astype(np.float32), 8, mode="wrap")
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8)) + 2 * np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.5))
    return np.ascontiguousarray(soft[8:-8, 8:-8], np.float32)


@kernel
def _press_plates(
    y: Bytes, u: Bytes, v: Bytes, plates: Bytes, inks: Floats, vignette: Floats, noise: np.ndarray, p: Floats
) -> None:
    amount, light = p[0], p[3]
    shift_x, shift_y = np.int64(p[1]), np.int64(p[2])
    h, w = y.shape
    # The colour of a mixture is a polynomial in the three coverages.
    k = np.empty((8, 3), np.float32)
    for c in range(3):
        k[0, c] = inks[0, c]
        k[1, c] = inks[1, c] - inks[0, c]
        k[2, c] = inks[2, c] - inks[0, c]
        k[3, c] = inks[3, c] - inks[1, c] - inks[2, c] + inks[0, c]
        k[4, c] = inks[4, c] - inks[0, c]
        k[5, c] = inks[5, c] - inks[4, c] - inks[1, c] + inks[0, c]
        k[6, c] = inks[6, c] - inks[4, c] - inks[2, c] + inks[0, c]
        k[7, c] = inks[7, c] - inks[6, c] - inks[5, c] - inks[3, c] + inks[4, c] + inks[2, c] + inks[1, c] - inks[0, c]
    scale = np.float32(1.0 / 255.0)
    for j in range(h):
        row_a, row_b, row_c, shade, out = plates[0, j], plates[1, j], plates[2, j], vignette[j], y[j]
        grain_row = noise[(j + shift_y) & 255, shift_x : shift_x + w]
        k0, k1, k2, k3, k4, k5, k6, k7 = k[0, 0], k[1, 0], k[2, 0], k[3, 0], k[4, 0], k[5, 0], k[6, 0], k[7, 0]
        for i in range(w):
            a = np.float32(row_a[i]) * scale
            b = np.float32(row_b[i]) * scale
            c = np.float32(row_c[i]) * scale
            value = k0 + a * k1 + b * (k2 + a * k3) + c * (k4 + a * k5 + b * (k6 + a * k7))
            value = 16.0 + value * shade[i] * light + np.float32(grain_row[i]) * amount
            out[i] = np.uint8(np.int32(min(max(value, 16.0), 235.0) + 0.5))
    scale = np.float32(1.0 / 1020.0)
    for j in range(h // 2):
        for channel in range(2):
            out = u[j] if channel == 0 else v[j]
            n = channel + 1
            k0, k1, k2, k3, k4, k5, k6, k7 = k[0, n], k[1, n], k[2, n], k[3, n], k[4, n], k[5, n], k[6, n], k[7, n]
            a0, a1, b0, b1 = plates[0, 2 * j], plates[0, 2 * j + 1], plates[1, 2 * j], plates[1, 2 * j + 1]
            c0, c1, shade = plates[2, 2 * j], plates[2, 2 * j + 1], vignette[2 * j]
            for i in range(w // 2):
                x = 2 * i
                a = np.float32(np.int32(a0[x]) + np.int32(a0[x + 1]) + np.int32(a1[x]) + np.int32(a1[x + 1])) * scale
                b = np.float32(np.int32(b0[x]) + np.int32(b0[x + 1]) + np.int32(b1[x]) + np.int32(b1[x + 1])) * scale
                c = np.float32(np.int32(c0[x]) + np.int32(c0[x + 1]) + np.int32(c1[x]) + np.int32(c1[x + 1])) * scale
                value = k0 + a * k1 + b * (k2 + a * k3) + c * (k4 + a * k5 + b * (k6 + a * k7))
                value = 128.5 + value * shade[x] * light
                out[i] = np.uint8(np.int32(min(max(value, 16.0), 240.0)))
