"""The picture inside a picture: the song's cover, or one painted from the palette when there is none."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, fsin, mix, shade, smooth
from suno_video.core.color import linear_to_oklch, srgb_to_linear

_MAX_SIDE_PX = 1024
_KIN, _STRANGE = 0.07, 0.16
"""How far the colours of a cover lie from those of a shot, in OKLab, when they are kept and when they give way."""
_MOST_TINTED = 0.7


def load_picture(
    cover: Path | None, palette: Floats, rng: np.random.Generator, side_px: int = 640, *, as_it_is: bool = False
) -> tuple[Floats, bool]:
    """Square picture in linear light, shape (side_px, side_px, 3), and whether it is the cover.

    Args:
        as_it_is: Whether a cover keeps its colours where those of the shot are others.

    A cover that cannot be read is treated as missing: a decoration must not cost the film.
    """
    own = np.random.default_rng(rng.integers(0, 2**32))
    if cover is not None:
        try:
            stat = cover.stat()
            picture = _read_square(cover, side_px, (stat.st_mtime_ns, stat.st_size)).copy()
            return (picture if as_it_is else into_palette(picture, palette)), True
        except (OSError, ValueError, Image.DecompressionBombError):
            pass
    return paint_emblem(palette, own, side_px), False


def paint_emblem(palette: Floats, rng: np.random.Generator, side_px: int) -> Floats:
    """Picture of our own: a sun in drifting gas above lit dunes; shape (side_px, side_px, 3), linear light."""
    sun = (rng.uniform(-0.25, 0.25), rng.uniform(-0.28, -0.05), rng.uniform(0.24, 0.40), rng.uniform(0, 1))
    picture = np.empty((side_px, side_px, 3), np.float32)
    _paint_emblem(picture, palette, np.array([*rng.uniform(5, 300, 2), *sun], np.float32))
    return picture


def enriched(cover: Floats, palette: Floats, rng: np.random.Generator) -> Floats:
    """Blend a cover with an emblem: a plain one more, because mirrors need detail to show anything."""
    share = np.float32(0.10 + 0.40 * plainness(cover))
    return cover * (1 - share) + paint_emblem(palette, rng, cover.shape[0]) * share


def into_palette(cover: Floats, palette: Floats) -> Floats:
    """Give a cover the colours of a shot, light for light: not at all where it has them, mostly where it has others."""
    small = np.asarray(cv2.resize(cover, (24, 24), interpolation=cv2.INTER_AREA), np.float64).reshape(-1, 3)
    away = np.linalg.norm(_lab(small) - _lab(_by_light(small, palette)), axis=1).mean()
    share = np.float32(np.clip((away - _KIN) / (_STRANGE - _KIN), 0, 1) * _MOST_TINTED)
    return cover if share <= 0 else cover + (_by_light(cover, palette) - cover) * share


def _by_light(picture: Floats | NDArray[np.float64], palette: Floats) -> Floats:
    """The colour of the palette that is as light as each pixel; where none is, the nearest made lighter or darker."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    order = np.argsort(palette @ weights, kind="stable")
    luma, stops = np.sqrt(np.maximum(picture @ weights, 0)), np.sqrt(np.maximum(palette[order] @ weights, 1e-6))
    colors = np.stack([np.interp(luma, stops, palette[order, channel]) for channel in range(3)], axis=-1)
    fit = np.minimum((luma / np.clip(luma, stops[0], stops[-1])) ** 2, 1.5)
    return np.asarray(colors * fit[..., None], np.float32)


def _lab(linear: NDArray[np.float64] | Floats) -> NDArray[np.float64]:
    lightness, chroma, hue = np.moveaxis(linear_to_oklch(np.asarray(linear, np.float64)), -1, 0)
    return np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)


def plainness(cover: Floats) -> float:
    """How little there is to see on a cover, 0 (full of detail) .. 1 (soft areas of colour)."""
    luma = np.sqrt(np.maximum(cover @ np.array([0.2126, 0.7152, 0.0722], np.float32), 0))
    fine = np.asarray(cv2.GaussianBlur(luma, (0, 0), 2.0)) - np.asarray(cv2.GaussianBlur(luma, (0, 0), 16.0))
    return float(np.clip(1.0 - 15.0 * float(np.std(fine)), 0, 1))


_LINEAR = srgb_to_linear(np.arange(256) / 255).astype(np.float32)


@lru_cache(maxsize=4)
def _read_square(path: Path, side_px: int, _version: tuple[int, int]) -> Floats:
    # Kept, for each scene and each join of a film begins with it.
    with Image.open(path) as opened:
        opened.draft("RGB", (_MAX_SIDE_PX, _MAX_SIDE_PX))
        image = opened.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.resize((side_px, side_px), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    return np.asarray(_LINEAR[np.asarray(image, np.uint8)], np.float32)


def blurred(picture: Floats, width_px: int, height_px: int) -> Floats:
    """Fill a rectangle with a soft enlargement of a square picture; planes, shape (3, height_px, width_px)."""
    side = max(width_px, height_px)
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
    top, left = (side - height_px) // 2, (side - width_px) // 2
    soft = cv2.GaussianBlur(large[top : top + height_px, left : left + width_px], (0, 0), side / 26)
    return np.ascontiguousarray(soft.transpose(2, 0, 1))


@kernel
def _paint_emblem(picture: Floats, palette: Floats, p: Floats) -> None:
    """A sun in drifting gas above a land of lit dunes: square, (n, n, 3)."""
    ox, oy, sun_x, sun_y, radius, rings = p[0], p[1], p[2], p[3], p[4], p[5]
    n = picture.shape[0]
    for j in range(n):
        y = (np.float32(j) + 0.5) / np.float32(n) * 2.0 - 1.0
        for i in range(n):
            x = (np.float32(i) + 0.5) / np.float32(n) * 2.0 - 1.0
            qx = fbm(x * 1.5 + ox, y * 1.5 + oy, 4) - 0.5
            gas = fbm(x * 1.8 + 2.4 * qx + ox, y * 2.6 + 2.4 * qx + oy, 5)
            dx, dy = x - sun_x, y - sun_y
            r = np.sqrt(dx * dx + dy * dy)
            sun = smooth(radius + 0.006, radius - 0.006, r)
            halo = fexp(max(r - radius, 0.0) * -3.4)
            orbit = r - radius - 0.16
            orbit = fexp(orbit * orbit * -9000.0) + 0.5 * fexp((orbit - 0.11) * (orbit - 0.11) * -20000.0)
            e = 0.10 + 1.1 * gas * gas * (0.35 + 0.9 * halo)
            hue = clamp01(0.14 + 0.34 * gas + 0.24 * halo)
            face = clamp01(0.97 - 0.34 * (dy / radius + 0.6) - 0.20 * gas)
            top = 0.30 * orbit * rings + 0.20 * halo
            crest = 0.0
            for k in range(6):
                f = np.float32(k)
                rise = 0.22 + 0.14 * f + 0.10 * fsin(x * (1.7 + 0.5 * f) + f * 2.1 + ox) + 0.03 * fsin(x * 6.1 + f + oy)
                under = y - rise
                land = smooth(-0.004, 0.004, under)
                e = mix(e, 0.03 + (0.40 - 0.045 * f) * fexp(max(under, 0.0) * -7.0), land)
                hue = mix(hue, 0.46 - 0.06 * f, land)
                sun *= 1.0 - land
                top *= 1.0 - land
                crest = mix(crest, 0.0, land) + land * fexp(max(under, 0.0) * -60.0) * 0.5
            for c in range(3):
                base = shade(palette, hue, c) * e + shade(palette, 0.80, c) * (top + crest)
                picture[j, i, c] = mix(base, shade(palette, face, c) * 1.25, sun)
