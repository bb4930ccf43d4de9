"""Joins: transitions in which both scenes are seen at once, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.assemble.mattes import Plane, matte, smooth
from suno_video.core.frames import I420, planes

if TYPE_CHECKING:
    from cv2.typing import MatLike

_STRIP_PX = 64
_COARSE = 4
"""Mattes are soft: a quarter of the resolution holds all of them."""
_SHADOW_PX = 0.05  # of the width: what a sliding picture throws on the one below
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def dissolve(before: I420, after: I420, weight: float) -> I420:
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


def reveal(before: I420, after: I420, kind: str, phase: float, *, seed: int) -> I420:
    """Draw the new scene over the old one through a matte that opens (wipe, iris, blinds, clock, ink)."""
    height, width = before.shape[0] * 2 // 3, before.shape[1]
    coarse = matte(kind, (max(2, height // _COARSE), max(2, width // _COARSE)), phase, seed)
    if kind == "ink":
        _stain(before, coarse)
    return _through(before, after, coarse)


def _stain(before: I420, coarse: Plane) -> None:
    """Ink runs ahead of itself: the old picture is darkened where it is about to be covered."""
    luma = planes(before)[0]
    wet = cv2.blur(coarse, (9, 9)) * (1 - coarse)
    gain = 1 - 1.3 * cv2.resize(wet, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
    luma[:] = np.clip(16 + (luma.astype(np.float32) - 16) * np.clip(gain, 0.25, 1), 16, 235).astype(np.uint8)


def _through(before: I420, after: I420, coarse: Plane) -> I420:
    height, width = before.shape[0] * 2 // 3, before.shape[1]
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


def travel(before: I420, after: I420, kind: str, phase: float, *, seed: int) -> I420:
    """Move the new scene in: over the old one that gives way a little (`slide`), or shoving it out (`push`)."""
    across, down = _DIRECTIONS[seed % 4]
    gone = _glide(phase)
    speed = (_glide(min(phase + 0.02, 1.0)) - _glide(max(phase - 0.02, 0.0))) / 0.04
    for number, (old, new) in enumerate(zip(planes(before), planes(after), strict=True)):
        size = new.shape[1] if across else new.shape[0]
        at = min(round(gone * size), size)
        if kind == "push":
            _smear(old, new, across=bool(across), reach=speed * 0.03)
        behind = at if kind == "push" else round(0.3 * at)
        moved = _shifted(old, -across * behind, -down * behind)
        if kind == "slide" and number == 0:
            _throw_shadow(moved, at, across, down)
        _lay_over(moved, new, at, across, down)
        new[:] = moved
    return after


def _glide(phase: float) -> float:
    """Start at rest, run, and settle gently."""
    return smooth(smooth(phase) * 0.5 + phase * 0.5)


def _smear(old: NDArray[np.uint8], new: NDArray[np.uint8], *, across: bool, reach: float) -> None:
    for plane in (old, new):
        length = int(reach * (plane.shape[1] if across else plane.shape[0])) | 1
        if length > 1:
            box = (length, 1) if across else (1, length)
            plane[:] = cv2.blur(plane, box, borderType=cv2.BORDER_REPLICATE)


def _shifted(plane: NDArray[np.uint8], dx: int, dy: int) -> NDArray[np.uint8]:
    """Move a plane; what comes in behind it is covered by the new scene anyway, and repeats the edge."""
    out = plane.copy()
    height, width = plane.shape
    rows = slice(max(0, dy), min(height, height + dy)), slice(max(0, -dy), min(height, height - dy))
    columns = slice(max(0, dx), min(width, width + dx)), slice(max(0, -dx), min(width, width - dx))
    out[rows[0], columns[0]] = plane[rows[1], columns[1]]
    return out


def _lay_over(out: NDArray[np.uint8], new: NDArray[np.uint8], at: int, across: int, down: int) -> None:
    """Put the first `at` columns or rows of the new plane where it has come in from."""
    if at == 0:
        return
    if across > 0:
        out[:, -at:] = new[:, :at]
    elif across < 0:
        out[:, :at] = new[:, -at:]
    elif down > 0:
        out[-at:] = new[:at]
    else:
        out[:at] = new[-at:]


def _throw_shadow(luma: NDArray[np.uint8], at: int, across: int, down: int) -> None:
    turned = luma if across else luma.T
    reach = max(2, round(_SHADOW_PX * turned.shape[1]))
    size = turned.shape[1]
    fall = 1 - 0.55 * np.linspace(1, 0, reach, dtype=np.float32) ** 2
    edge = size - at if (across > 0 or down > 0) else at
    first, last = (edge - reach, edge) if (across > 0 or down > 0) else (edge, edge + reach)
    gain = fall[::-1] if (across > 0 or down > 0) else fall
    kept = slice(max(0, first), min(size, last))
    gain = gain[kept.start - first : kept.stop - first] if kept.stop > kept.start else gain[:0]
    if len(gain):
        strip = turned[:, kept].astype(np.float32)
        turned[:, kept] = (16 + (strip - 16) * gain).astype(np.uint8)
