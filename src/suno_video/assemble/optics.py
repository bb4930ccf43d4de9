"""What can be done to a finished frame in place: crop, move, expose, dim, split its colours, put bars on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.core.frames import I420, planes

# What each does at full level.
CHROMA_GAIN = 0.006  # of the picture's width
LETTERBOX_GAIN = 0.128  # of the height, at each edge: 16:9 becomes 2.39:1
EPSILON = 0.004


def crop_in(frame: I420, scale: float, dx: float, dy: float) -> None:
    """Enlarge a part of the frame to the whole, in place: four times as fast as `move`, to the nearest whole pixel.

    Args:
        scale: At least 1.
        dx: Shift of the picture to the right, as a fraction of the width; `dy`: down, likewise. Kept within the frame.
    """
    for plane in planes(frame):
        height, width = plane.shape
        across, down = round(width / scale), round(height / scale)
        left = min(max(round((width - across) / 2 - dx * width), 0), width - across)
        top = min(max(round((height - down) / 2 - dy * width), 0), height - down)
        part = plane[top : top + down, left : left + across]
        plane[:] = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)


def move(frame: I420, scale: float, dx: float, dy: float) -> None:
    """Scale around the middle and shift, in place; what comes in from outside is mirrored.

    Args:
        dx: Shift to the right, as a fraction of the width. `dy`: down, as a fraction of the width too.
    """
    for plane in planes(frame):
        height, width = plane.shape
        warp = np.array(
            [
                [scale, 0, (1 - scale) * (width - 1) / 2 + dx * width],
                [0, scale, (1 - scale) * (height - 1) / 2 + dy * width],
            ]
        )
        plane[:] = cv2.warpAffine(plane, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def lift(frame: I420, weight: float) -> None:
    """Expose towards white, in place: `weight` 0 leaves the frame, 1 leaves almost nothing but white."""
    if weight < EPSILON:
        return
    luma, u, v = planes(frame)
    light = np.clip((np.arange(256, dtype=np.float32) - 16) / 219, 0, 1)
    # Mostly exposure, as from a real flash, and a thin veil: a veil alone turns shadows to milk.
    exposed = np.minimum(light * (1 + 2.5 * weight), 1)
    table = 16 + (1 - (1 - exposed) * (1 - 0.5 * weight * weight)) * 219
    cv2.LUT(luma, table.round().astype(np.uint8), dst=luma)
    _fade_colour((u, v), 1 - 0.45 * weight)


def dim(frame: I420, gain: float) -> None:
    """Darken towards black, in place: `gain` 1 leaves the frame, 0 makes it black."""
    if gain > 1 - EPSILON:
        return
    luma, u, v = planes(frame)
    table = 16 + (np.arange(256, dtype=np.float32) - 16) * gain
    cv2.LUT(luma, np.clip(table, 0, 255).round().astype(np.uint8), dst=luma)
    _fade_colour((u, v), gain)


def _fade_colour(chroma: Sequence[NDArray[np.uint8]], gain: float) -> None:
    table = (128 + (np.arange(256, dtype=np.float32) - 128) * gain).round().astype(np.uint8)
    for plane in chroma:
        cv2.LUT(plane, table, dst=plane)


def shift_chroma(frame: I420, level: float) -> None:
    """Pull red and blue apart sideways, as a poor lens does, in place: light edges get fringes, and greys stay grey.

    Red moves right and blue left. Of Y = 0.2126 R + 0.7152 G + 0.0722 B each share moves with its colour, and the
    colour planes, which are B - Y and R - Y but for a factor, get what the edges lost.
    """
    luma, u, v = planes(frame)
    half = round(level * CHROMA_GAIN * u.shape[1])
    if half < 1:
        return
    small = np.asarray(cv2.resize(luma, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    mixed = cv2.addWeighted(_slid(luma, 2 * half), 0.2126, _slid(luma, -2 * half), 0.0722, 0)
    cv2.addWeighted(luma, 0.7152, mixed, 1.0, 0, dst=luma)
    now = cv2.resize(luma, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA)
    for plane, shift, factor in ((u, -half, 1.8556), (v, half, 1.5748)):
        fringe = cv2.subtract(_slid(small, shift), now, dtype=cv2.CV_32F)
        # Codes of colour span 224 where those of light span 219.
        moved = cv2.scaleAdd(fringe, 224 / 219 / factor, _slid(plane, shift).astype(np.float32))
        plane[:] = np.clip(moved + 0.5, 16, 240).astype(np.uint8)


def _slid(plane: NDArray[np.uint8], shift: int) -> NDArray[np.uint8]:
    """Move a plane to the right; its edge is repeated."""
    out = np.empty_like(plane)
    if shift > 0:
        out[:, shift:], out[:, :shift] = plane[:, :-shift], plane[:, :1]
    else:
        out[:, :shift], out[:, shift:] = plane[:, -shift:], plane[:, -1:]
    return out


def letterbox(frame: I420, level: float) -> None:
    """Draw black bars at the top and bottom, in place."""
    luma, u, v = planes(frame)
    rows = round(level * LETTERBOX_GAIN * luma.shape[0] / 2)
    if rows < 1:
        return
    luma[: 2 * rows] = luma[-2 * rows :] = 16
    for plane in (u, v):
        plane[:rows] = plane[-rows:] = 128
