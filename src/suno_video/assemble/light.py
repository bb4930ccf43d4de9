"""Light that falls into the camera: leaks of warm light, film that burns. Drawn coarse, laid over finished frames."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.assemble.mattes import Plane, clouds, grid
from suno_video.core.frames import I420, planes

_COARSE = 8
_WARM_U, _WARM_V = 76.0, 174.0
"""Chroma of light that came through the body of a camera: between orange and red (BT.709)."""
_GOLD_U, _GOLD_V = 92.0, 146.0


def leak_light(frame: I420, amount: float, phase: float, *, seed: int) -> None:
    """Let warm light sweep over a frame, in place.

    Args:
        amount: 0 none .. 1 as strong as it gets; faces can still be seen.
        phase: Where the sweep is, 0..1; runs on beyond.
    """
    if amount < 0.01:
        return
    luma = planes(frame)[0]
    shape = (max(2, luma.shape[0] // _COARSE), max(2, luma.shape[1] // _COARSE))
    shine(frame, _leak(shape, phase, seed) * np.float32(amount))


def _leak(shape: tuple[int, int], phase: float, seed: int) -> Plane:
    """Two soft bands that drift across, torn by clouds; at most about 1."""
    x, y = grid(shape)
    wide = shape[1] / shape[0]
    side = 1 if seed % 2 else -1
    tilt = 0.35 + 0.3 * ((seed >> 1) % 5) / 4
    total = np.zeros(shape, dtype=np.float32)
    for number, (reach, late) in enumerate(((0.75, 0.0), (0.4, 0.25))):
        at = side * wide * (-1.35 + 2.7 * (phase - late * 0.4))
        along = (x + np.float32(tilt * (1 - 2 * number)) * y - np.float32(at)) / np.float32(reach)
        total += np.exp(-along * along) * np.float32(1.0 - 0.3 * number)
    return np.minimum(total * (0.55 + 0.6 * clouds(shape, 2, seed)), 1.15).astype(np.float32)


def shine(frame: I420, light: Plane) -> None:
    """Add warm light by screening, in place: red where it is thin, gold and then almost white where it is strong.

    Args:
        light: Coarse, 0 (none) .. 1 (the picture is nearly gone).
    """
    luma, u, v = planes(frame)
    height, width = luma.shape
    small = (width // 2, height // 2)
    half = np.clip(cv2.resize(light, small, interpolation=cv2.INTER_LINEAR), 0, 1)
    full = cv2.resize(np.clip(light, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    # Y + (235 - Y) * share, in one pass of blendLinear against a white plane.
    share = 0.68 * full
    white = np.full(luma.shape, 228, dtype=np.uint8)
    luma[:] = cv2.blendLinear(luma, white, 1 - share, share)
    hot = np.clip(half * 1.5 - 0.55, 0, 1)
    tint = np.clip(half * 1.35, 0, 0.92)
    for plane, warm, gold in ((u, _WARM_U, _GOLD_U), (v, _WARM_V, _GOLD_V)):
        colour = warm + (gold - warm) * hot
        plane[:] = np.clip(plane + (colour - plane) * tint + 0.5, 16, 240).astype(np.uint8)


def burn_film(frame: I420, amount: float, *, seed: int, flicker: int = 0, at_rim: bool = False) -> None:
    """Burn a frame from its edges and from within, in place, as film that stands still before the lamp.

    Args:
        amount: 0 untouched .. 1 nothing but hot light.
        flicker: Number of the frame: the flame is never still.
        at_rim: Only from the edges, so that what is shown stays seen.
    """
    if amount < 0.01:
        return
    luma, u, v = planes(frame)
    height, width = luma.shape
    shape = (max(2, height // 4), max(2, width // 4))
    depth = _burn_depth(shape, amount, seed, flicker, 1.0 if at_rim else 0.35)
    # Brown and dark at the rim, orange within, white in the middle of the hole.
    char = np.exp(-((depth + 0.035) ** 2) / 0.0016)
    fire = np.clip(depth / 0.1, 0, 1)
    core = np.clip((depth - 0.06) / 0.22, 0, 1)
    heat = np.clip((depth + 0.25) / 0.3, 0, 1) ** 2 * 0.45 * (1 - fire)

    def fit(plane: Plane, size: tuple[int, int]) -> Plane:
        return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)

    full, half = (width, height), (width // 2, height // 2)
    inside = fit(fire, full)
    glow = 132 + 84 * fit(core, full)
    own = 16 + (luma.astype(np.float32) - 16) * (1 - 0.85 * fit(char, full)) + 16 * fit(heat, full)
    luma[:] = np.clip(own + (glow - own) * inside, 16, 235).astype(np.uint8)
    inside, warmth, white = fit(fire, half), fit(heat, half), fit(core, half)
    for plane, orange in ((u, 58.0), (v, 182.0)):
        own = plane + (orange - plane.astype(np.float32)) * warmth
        hot = orange + (128 + (orange - 128) * 0.28 - orange) * white
        plane[:] = np.clip(own + (hot - own) * inside, 16, 240).astype(np.uint8)


def _burn_depth(shape: tuple[int, int], amount: float, seed: int, flicker: int, nearest: float) -> Plane:
    """How deep within a hole each place lies, below 0 outside of it."""
    random = np.random.default_rng([seed, 11])
    x, y = grid(shape)
    wide = shape[1] / shape[0]
    reach = np.full(shape, np.inf, dtype=np.float32)
    for _ in range(3):
        turn = random.uniform(0, 2 * math.pi)
        far = random.uniform(nearest, max(1.0, 1.15 * nearest))
        cx, cy = far * wide * math.cos(turn), far * math.sin(turn)
        reach = np.minimum(reach, np.hypot(x - np.float32(cx), y - np.float32(cy)))
    rough = clouds(shape, 5, seed) - 0.5
    lick = np.float32(0.012 * math.sin(flicker * 1.9) + 0.008 * math.sin(flicker * 3.1))
    size = np.float32(-0.35 + (wide + 1.1) * amount)
    return np.asarray((size - reach) * 0.5 + 0.28 * rough + lick, dtype=np.float32)
