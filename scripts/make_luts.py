"""Writes our colour tables, `assemble/luts/*.cube`, from the few lines that say what each does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).resolve().parents[1] / "src" / "suno_video" / "assemble" / "luts"
SIDE = 13
Rgb = NDArray[np.float64]
LUMA = np.array([0.2126, 0.7152, 0.0722])


def saturate(rgb: Rgb, amount: float) -> Rgb:
    grey = (rgb @ LUMA)[:, None]
    return grey + (rgb - grey) * amount


def curve(rgb: Rgb, contrast: float, pivot: float = 0.42) -> Rgb:
    """An S around a pivot that keeps black and white where they are."""
    smooth = rgb * rgb * (3 - 2 * rgb)
    tilted = rgb + (smooth - rgb) * contrast
    return tilted + (pivot - 0.42) * 4 * rgb * (1 - rgb)


def split(rgb: Rgb, shadow: tuple[float, ...], light: tuple[float, ...]) -> Rgb:
    """Add one colour to the shadows and another to the lights, each strongest a little inside."""
    y = np.clip(rgb @ LUMA, 0, 1)[:, None]
    return rgb + (1 - y) ** 2 * y * 4 * np.array(shadow) + y * y * (1 - y) * 4 * np.array(light)


def lift(rgb: Rgb, black: tuple[float, ...], white: float) -> Rgb:
    return np.array(black) + rgb * (white - np.array(black))


LUTS: dict[str, tuple[str, Callable[[Rgb], Rgb]]] = {
    "teal-orange": ("Shadows to teal, skin and lamps to orange.",
        lambda c: split(curve(saturate(c, 1.06), 0.25), (-0.06, 0.02, 0.06), (0.07, 0.01, -0.07))),
    "film-warm": ("A warm negative: soft shoulder, brown shadows, honey lights.",
        lambda c: lift(
            split(curve(saturate(c, 0.95), 0.2), (0.025, 0.0, -0.02), (0.05, 0.02, -0.06)), (0.02, 0.014, 0.01), 0.98
        )),
    "bleach": ("Silver left in the film: hard, almost without colour.",
        lambda c: curve(saturate(c, 0.45), 0.75, 0.40)),
    "night": ("Blue shadows and amber lamps, a stop darker in the middle.",
        lambda c: split(curve(saturate(c, 0.9), 0.3, 0.38), (-0.04, -0.005, 0.08), (0.06, 0.02, -0.05))),
    "faded": ("A print that hung in the sun: milky blacks, quiet colour.",
        lambda c: lift(split(saturate(c, 0.8), (0.02, 0.0, 0.03), (0.02, 0.01, -0.04)), (0.075, 0.065, 0.08), 0.95)),
    "newsprint": ("Ink on grey paper, with what is red kept.",
        lambda c: lift(curve(saturate(c, 0.7), 0.6), (0.05, 0.045, 0.04), 0.95) * np.array([1.0, 0.985, 0.95])),
}  # fmt: skip


def cube(name: str) -> str:
    """The text of one table."""
    what, colours = LUTS[name]
    at = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(at, at, at, indexing="ij")
    rgb = np.stack([red.ravel(), green.ravel(), blue.ravel()], axis=1)
    rows = np.clip(colours(rgb), 0, 1)
    head = f'# Made by scripts/make_luts.py. {what}\nTITLE "{name}"\nLUT_3D_SIZE {SIDE}\n'
    return head + "".join(f"{r:.4f} {g:.4f} {b:.4f}\n" for r, g, b in rows)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name in LUTS:
        (TARGET / f"{name}.cube").write_text(cube(name), encoding="utf-8")
