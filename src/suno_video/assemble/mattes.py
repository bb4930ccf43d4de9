"""Shapes in time: how much of the new scene shows at each place of the picture. Coarse planes, enlarged when used."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]
"""Values of a coarse picture, shape (rows, columns)."""

SOFTNESS = 0.12
"""Width of a soft edge, as a share of its way."""
N_BLINDS = 9
_DROPS = 5


def matte(kind: str, shape: tuple[int, int], phase: float, seed: int) -> Plane:
    """Give the matte of a transition: 0 the old scene, 1 the new one.

    Args:
        kind: `wipe`, `iris`, `blinds`, `clock` or `ink`.
        shape: Rows and columns.
        phase: How far it has gone, 0..1.
    """
    progress = smooth(phase)
    if kind == "ink":
        return _over(_ink(shape, seed), progress, 0.1)
    if kind == "iris":
        x, y = grid(shape)
        # Opens around the middle, or closes on it.
        far = _f32(np.hypot(x, y) / math.hypot(shape[1] / shape[0], 1))
        return _over(far, progress, 0.07) if seed % 3 else 1 - _over(far, 1 - progress, 0.07)
    if kind == "blinds":
        return _over(_blinds(shape, seed), progress, 0.1)
    if kind == "clock":
        x, y = grid(shape)
        turned = np.arctan2(x, -y) if seed % 2 else np.arctan2(-x, -y)
        return _over(_f32((turned / (2 * np.pi)) % 1), progress, 0.025)
    return _over(_slant(shape, seed), progress, SOFTNESS)


def smooth(x: float) -> float:
    """Ease in and out, 0..1."""
    return x * x * (3 - 2 * x)


@lru_cache(maxsize=8)
def grid(shape: tuple[int, int]) -> tuple[Plane, Plane]:
    """Coordinates of a picture: y is -1..1 downwards, x as wide as it is against that."""
    height, width = shape
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(width / height)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return np.broadcast_to(x, shape), np.broadcast_to(y, shape)


@lru_cache(maxsize=16)
def clouds(shape: tuple[int, int], cells: int, seed: int) -> Plane:
    """Smooth noise of three octaves, 0..1, as even in its values as it goes; `cells` lie along the height."""
    random = np.random.default_rng([seed, cells])
    height, width = shape
    total = np.zeros(shape, dtype=np.float32)
    for octave, weight in enumerate((0.6, 0.28, 0.12)):
        rows = cells << octave
        columns = max(2, round(rows * width / height))
        coarse = random.random((rows + 2, columns + 2), dtype=np.float32)
        total += np.float32(weight) * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    low, high = np.quantile(total[::4, ::4], (0.02, 0.98))
    return _f32(np.clip((total - low) / max(high - low, 1e-6), 0, 1))


def _over(when: Plane, progress: float, softness: float) -> Plane:
    """1 where the moment `when` (0..1) has passed, with a soft edge; all 0 at progress 0, all 1 at 1."""
    edge = progress * (1 + softness)
    ramp: Plane = np.clip((edge - when) / np.float32(softness), 0, 1).astype(np.float32)
    ramp *= ramp * (3 - 2 * ramp)
    return ramp


def _slant(shape: tuple[int, int], seed: int) -> Plane:
    angle = (0.0, math.pi, math.pi / 2, -math.pi / 2)[seed % 4] + (seed // 4 % 5 - 2) * 0.11
    x, y = grid(shape)
    reach = shape[1] / shape[0] * abs(math.cos(angle)) + abs(math.sin(angle))
    along = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    return _f32((along / reach + 1) / 2)


def _blinds(shape: tuple[int, int], seed: int) -> Plane:
    x, y = grid(shape)
    across = (y + 1) / 2 if seed % 2 else (x / np.float32(shape[1] / shape[0]) + 1) / 2
    within = (across * N_BLINDS) % 1
    # One after the other, like slats that a hand turns.
    return _f32(0.65 * within + 0.35 * (across if seed % 4 < 2 else 1 - across))


@lru_cache(maxsize=4)
def _ink(shape: tuple[int, int], seed: int) -> Plane:
    """When each place is reached by drops that spread, run in fingers and meet."""
    random = np.random.default_rng([seed, 7])
    x, y = grid(shape)
    wide = shape[1] / shape[0]
    near = np.full(shape, np.inf, dtype=np.float32)
    for number in range(_DROPS):
        cx, cy = random.uniform(-0.8, 0.8) * wide, random.uniform(-0.8, 0.8)
        late = 0.0 if number == 0 else random.uniform(0.1, 0.5)
        near = np.minimum(near, np.hypot(x - np.float32(cx), y - np.float32(cy)) + np.float32(late))
    rough = clouds(shape, 4, seed) - 0.5
    fine = clouds(shape, 14, seed) - 0.5
    when = near + 0.9 * rough + 0.22 * fine
    when -= when.min()
    return _f32(when / when.max())


def _f32(values: NDArray[Any]) -> Plane:
    return np.asarray(values, dtype=np.float32)
