"""Transitions between scenes: halves that are burned into the scenes on both sides, and joins that show both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.assemble.cutlist import Crossing
from suno_video.assemble.effects import dim, lift, move
from suno_video.core.frames import I420, planes

if TYPE_CHECKING:
    from cv2.typing import MatLike

FLASH_PEAK = 0.95
"""How white the whitest frame of a flash is: bright, but the picture is never quite gone."""
WHIP_TRAVEL = 0.55  # of the width, from standing still to the cut
ZOOM_TRAVEL = 0.9  # enlargement at the cut
WIPE_SOFTNESS = 0.12  # of the way that the edge goes
_STRIP_PX = 64


def apply_half(frame: I420, crossing: Crossing, frame_index: int) -> None:
    """Change one frame of a scene that lies in a transition, in place; frames outside it are left alone.

    Args:
        frame_index: Frame of the song's grid.
    """
    if not crossing.start_frame <= frame_index < crossing.end_frame:
        return
    phase = crossing.phase_at(frame_index)
    # 0 where the transition begins or ends, 1 at the cut.
    nearness = 1 - abs(2 * phase - 1)
    leaving = frame_index < crossing.cut_frame
    if crossing.kind == "dip":
        dim(frame, 1 - _smooth(nearness))
    elif crossing.kind == "flash":
        # Quickly up, slowly down: like a photographer's flash.
        lift(frame, FLASH_PEAK * (nearness**3 if leaving else nearness**1.5))
    elif crossing.kind == "whip":
        _whip(frame, nearness, leaving=leaving, seed=crossing.seed)
    elif crossing.kind == "zoom":
        _zoom(frame, nearness, leaving=leaving)
    elif crossing.kind == "glitch":
        _glitch(frame, nearness, seed=crossing.seed + frame_index)


def blend(before: I420, after: I420, crossing: Crossing, frame_index: int) -> I420:
    """Give one frame of a join: `before` is left, `after` is entered. Both may be overwritten."""
    phase = crossing.phase_at(frame_index)
    if crossing.kind == "wipe":
        return _wipe(before, after, phase, seed=crossing.seed)
    return _dissolve(before, after, _smooth(phase))


def _smooth(x: float) -> float:
    return x * x * (3 - 2 * x)


def _whip(frame: I420, nearness: float, *, leaving: bool, seed: int) -> None:
    """Throw the camera sideways: the old scene runs out of the picture, the new one runs in and stops."""
    direction = 1 if seed % 2 else -1
    speed = nearness * nearness
    travel = WHIP_TRAVEL * nearness**3 * (1 if leaving else -1)
    move(frame, 1.0, direction * travel, 0.0)
    for plane in planes(frame):
        reach = int(speed * 0.22 * plane.shape[1]) | 1
        if reach > 1:
            # Twice a box is a triangle: streaks without steps.
            for _ in range(2):
                plane[:] = cv2.blur(plane, (reach, 1), borderType=cv2.BORDER_REFLECT)
    lift(frame, 0.12 * speed)


def _zoom(frame: I420, nearness: float, *, leaving: bool) -> None:
    """Fly through: the old scene comes towards us, the new one comes out of its middle."""
    ease = nearness * nearness
    scale = 1 + ZOOM_TRAVEL * ease if leaving else 1 / (1 + ZOOM_TRAVEL * ease)
    spread = 0.16 * ease
    n_steps = 1 + round(6 * nearness)
    mixed = np.zeros(frame.shape, dtype=np.float32)
    for step in range(n_steps):
        ghost = frame.copy()
        at = step / max(1, n_steps - 1) - 0.5
        move(ghost, scale * (1 + spread * at), 0.0, 0.0)
        mixed += ghost
    frame[:] = (mixed / n_steps + 0.5).astype(np.uint8)


def _glitch(frame: I420, nearness: float, *, seed: int) -> None:
    """Tear bands of the picture sideways, and their colour further."""
    random = np.random.default_rng(seed)
    luma, u, v = planes(frame)
    height, width = luma.shape
    for _ in range(2 + round(10 * nearness)):
        thick = 2 * max(1, int(random.uniform(0.01, 0.09) * height / 2))
        top = 2 * int(random.uniform(0, max(1, (height - thick) / 2)))
        shift = 2 * round(random.normal(0, 0.05 + 0.07 * nearness) * width / 2)
        luma[top : top + thick] = np.roll(luma[top : top + thick], shift, axis=1)
        for plane, pull in ((u, 1.6), (v, 0.4)):
            rows = slice(top // 2, (top + thick) // 2)
            plane[rows] = np.roll(plane[rows], round(shift / 2 * pull), axis=1)
    split = round(nearness * 0.012 * width)
    u[:] = np.roll(u, split, axis=1)
    v[:] = np.roll(v, -split, axis=1)
    if random.uniform() < 0.5 * nearness:
        # A line scan that lost its light.
        luma[::4] = (luma[::4].astype(np.uint16) * 3 // 4 + 4).astype(np.uint8)


def _dissolve(before: I420, after: I420, weight: float) -> I420:
    """Mix in light rather than in code values, so that the middle is not darker than both ends."""
    height = before.shape[0] * 2 // 3
    cv2.addWeighted(before[height:], 1 - weight, after[height:], weight, 0, dst=after[height:])
    for rows in _strips(height):
        dark, light = cv2.LUT(before[rows], _SQUARE), cv2.LUT(after[rows], _SQUARE)
        cv2.addWeighted(dark, 1 - weight, light, weight, 0, dst=dark)
        _to_codes(dark, after[rows])
    return after


# Gamma 2 is close enough to the eye's light and has an exact and cheap inverse.
_SQUARE = (np.arange(256, dtype=np.float32) ** 2).astype(np.float32)


def _strips(height: int) -> Iterator[slice]:
    """Some rows at a time, so that what is between two steps stays in the processor's cache."""
    return (slice(row, min(row + _STRIP_PX, height)) for row in range(0, height, _STRIP_PX))


def _to_codes(light: MatLike, out: NDArray[np.uint8]) -> None:
    cv2.sqrt(light, dst=light)
    cv2.convertScaleAbs(light, dst=out)


def _wipe(before: I420, after: I420, phase: float, *, seed: int) -> I420:
    """Draw the new scene over the old one behind a soft slanted edge."""
    angle = (0.0, math.pi, math.pi / 2, -math.pi / 2)[seed % 4] + (seed // 4 % 5 - 2) * 0.11
    height, width = before.shape[0] * 2 // 3, before.shape[1]
    # The edge is soft: a quarter of its resolution holds all of it.
    coarse = _edge_mask(max(2, height // 4), max(2, width // 4), angle, _smooth(phase))
    mask = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    half = cv2.resize(coarse, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR)
    old, new = planes(before), planes(after)
    for rows in _strips(height):
        dark, light = cv2.LUT(old[0][rows], _SQUARE), cv2.LUT(new[0][rows], _SQUARE)
        cv2.subtract(light, dark, dst=light)
        cv2.multiply(light, mask[rows], dst=light)
        cv2.add(dark, light, dst=dark)
        _to_codes(dark, new[0][rows])
    for a, b in zip(old[1:], new[1:], strict=True):
        b[:] = cv2.blendLinear(a, b, 1 - half, half)
    return after


def _edge_mask(height: int, width: int, angle: float, progress: float) -> NDArray[np.float32]:
    """How much of the new scene shows at each pixel, shape (height, width), 0..1."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * (width / height)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    along = x * math.cos(angle) + y * math.sin(angle)
    reach = (width / height) * abs(math.cos(angle)) + abs(math.sin(angle))
    softness = np.float32(WIPE_SOFTNESS * 2 * reach)
    edge = -reach - softness + (2 * reach + 2 * softness) * progress
    ramp: NDArray[np.float32] = np.clip((edge - along) / softness + 0.5, 0, 1).astype(np.float32)
    ramp *= ramp * (3 - 2 * ramp)
    return ramp
