"""Paints the cover: paper lanterns rising over still water at dusk. Only numpy; Pillow writes the file."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE_PX = 1000
_HORIZON = 0.70
Light = NDArray[np.float64]
"""Linear light, shape (rows, columns, 3)."""


def paint_cover() -> Image.Image:
    """The picture, 1000 x 1000."""
    y, x = np.mgrid[0:SIZE_PX, 0:SIZE_PX] / SIZE_PX
    light = _sky(x, y) + _stars(y)
    light = _hills(light, x, y)
    for lantern in _lanterns():
        _hang(light, x, y, *lantern)
    light = _water(light, x, y)
    return _develop(light, x, y)


def cover_jpeg() -> bytes:
    """The picture as a JPEG of about 100 kB."""
    out = io.BytesIO()
    paint_cover().save(out, "JPEG", quality=84, optimize=True, subsampling=2)
    return out.getvalue()


def _sky(x: Light, y: Light) -> Light:
    stops = np.array([0.0, 0.25, 0.48, 0.62, 0.70])
    colours = np.array([[8, 8, 34], [24, 20, 74], [92, 38, 104], [206, 78, 92], [255, 152, 88]]) / 255
    bend = y + 0.03 * np.sin(5 * x + 1.0) * (1 - y)
    return np.stack([np.interp(bend, stops, colours[:, c]) for c in range(3)], axis=-1) ** 2.2


def _stars(y: Light) -> Light:
    rng = np.random.default_rng(11)
    field = np.zeros((SIZE_PX, SIZE_PX, 3))
    for _ in range(420):
        row, column = int(SIZE_PX * 0.55 * rng.random() ** 1.5), int(SIZE_PX * rng.random())
        field[row, column] += rng.random() ** 4 * np.array([0.9, 0.95, 1.0])
    return (field + 0.35 * _blur(field, 1.2)) * np.clip(1.2 - 2 * y, 0, 1)[..., None]


def _hills(light: Light, x: Light, y: Light) -> Light:
    for depth, (base, tall, seed) in enumerate(((0.655, 0.05, 2), (0.685, 0.035, 5))):
        rng = np.random.default_rng(seed)
        ridge = base + sum(tall / k * np.sin(2 * np.pi * k * x[0] * 1.3 + rng.random() * 7) for k in (1, 2, 3, 5, 9))
        inside = np.clip((y - ridge[None]) * SIZE_PX * 0.7, 0, 1)[..., None]
        tone = (np.array([[62, 28, 74], [22, 13, 42]])[depth] / 255) ** 2.2
        light = light * (1 - inside) + tone * inside
    return light


def _lanterns() -> list[tuple[float, float, float, float]]:
    """Centre x, y, half height and sharpness; the far ones first."""
    rng = np.random.default_rng(23)
    out = []
    for _ in range(60):
        near = rng.random() ** 2.2
        out.append((rng.random(), 0.08 + 0.56 * rng.random(), 0.006 + 0.028 * near, near))
    out += [(0.655, 0.30, 0.085, 1.0), (0.25, 0.46, 0.058, 1.0), (0.86, 0.50, 0.042, 1.0), (0.44, 0.17, 0.04, 1.0)]
    return sorted(out, key=lambda lantern: lantern[2])


def _hang(light: Light, x: Light, y: Light, cx: float, cy: float, half: float, sharp: float) -> None:
    """Add one lantern with its glow."""
    reach = half * 7
    rows = slice(max(0, int((cy - reach) * SIZE_PX)), int((cy + reach) * SIZE_PX))
    columns = slice(max(0, int((cx - reach) * SIZE_PX)), int((cx + reach) * SIZE_PX))
    u, v = (x[rows, columns] - cx) / half, (y[rows, columns] - cy) / half
    width = 0.66 + 0.12 * np.clip(-v, -1, 1)  # wider at the top
    edge = np.maximum(np.abs(u) / width, np.abs(v)) + 0.13 * (np.abs(u / width) ** 4 + np.abs(v) ** 4) * 0.5
    body = np.clip((1.02 - edge) * half * SIZE_PX * (0.25 + 0.5 * sharp), 0, 1)
    flame = np.exp(-((u / 0.55) ** 2 + ((v - 0.75) / 0.75) ** 2))
    ribs = 1 - 0.1 * sharp * (np.abs(np.sin(np.pi * u / width * 2.0)) > 0.97)
    paper = np.array([1.0, 0.42, 0.1]) * (0.42 + 0.25 * (v + 1)[..., None]) + flame[..., None] * np.array(
        [1.5, 1.0, 0.42]
    )
    glow = np.exp(-np.sqrt(u**2 + v**2) / 1.5) * np.clip(1 - np.sqrt(u**2 + v**2) / 7, 0, 1)
    strength = 0.55 + 0.45 * sharp
    light[rows, columns] += (0.22 * strength * glow)[..., None] * np.array([1.0, 0.45, 0.15])
    mask = (body * strength)[..., None]
    light[rows, columns] = light[rows, columns] * (1 - mask) + paper * ribs[..., None] * mask


def _water(light: Light, x: Light, y: Light) -> Light:
    """Mirror what is above the horizon, with ripples that grow towards us."""
    depth = np.clip((y - _HORIZON) / (1 - _HORIZON), 0, 1)
    ripple = np.sin(2 * np.pi * (26 * np.log1p(9 * depth) + 1.2 * np.sin(7 * x) + 0.8 * np.sin(17 * x + 2)))
    row = _HORIZON - 0.004 - (y - _HORIZON) * 1.9 + 0.012 * ripple * (0.2 + depth)
    column = x + 0.006 * ripple * depth
    mirror = light[
        np.clip(row * SIZE_PX, 0, SIZE_PX - 1).astype(int), np.clip(column * SIZE_PX, 0, SIZE_PX - 1).astype(int)
    ]
    mirror = 0.65 * mirror + 0.35 * _blur(mirror, 5)
    shade = (0.72 - 0.42 * depth)[..., None] * np.array([0.82, 0.86, 1.05])
    inside = np.clip((y - _HORIZON) * SIZE_PX, 0, 1)[..., None]
    return light * (1 - inside) + (mirror * shade + 0.004) * inside


def _develop(light: Light, x: Light, y: Light) -> Image.Image:
    """Bloom, vignette, film curve, a little grain."""
    light = light + 0.22 * _blur(light, 9) + 0.18 * _blur(light, 32)
    light = light * (1 - 0.75 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))[..., None] * 1.05
    film = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1) ** (1 / 2.2)
    grain = np.random.default_rng(3).normal(0, 0.006, light.shape[:2])[..., None]
    return Image.fromarray(np.uint8(np.clip(film + grain, 0, 1) * 255 + 0.5))


def _blur(light: Light, sigma_px: float) -> Light:
    """Gaussian blur by FFT."""
    f = np.fft.fftfreq(SIZE_PX)
    fall = np.exp(-2 * (np.pi * sigma_px) ** 2 * (f[:, None] ** 2 + np.fft.rfftfreq(SIZE_PX)[None] ** 2))
    channels = [np.fft.irfft2(np.fft.rfft2(light[..., c]) * fall, (SIZE_PX, SIZE_PX)) for c in range(3)]
    return np.clip(np.stack(channels, axis=-1), 0, None)
