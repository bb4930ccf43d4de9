"""Softens what would flash too often, in the frames of one piece: no place changes more often than eyes can bear.

A piece does not know its neighbours, so that it can be made and used again by itself. So it is allowed fewer changes in
its first and last second than in between, and a film of such pieces keeps the limit, whatever stands beside each other.
Only cuts that follow each other faster than seven in a second are beyond what a piece can do about.
"""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.assemble.flashes import (
    AREA,
    COLUMNS,
    DARK_BELOW,
    LIGHT_STEP,
    RED_STEP,
    ROWS,
    SMALL_COLUMNS,
    SMALL_ROWS,
    Marks,
    Places,
    Sight,
    Turns,
    Window,
    see,
)
from suno_video.core.frames import I420, planes

INNER_TURNS = 6
"""Three flashes are six changes."""
EDGE_TURNS = 2
"""In the seconds at both ends: with the neighbours', and the cuts themselves, seven at most, which is three flashes."""
SHORT_S, TINY_S = 1.0, 0.3
"""A piece shorter than the one may change once, for there may be several in a second; shorter than the other, never."""
_SAFE_AREA = 0.8 * AREA
_MARGINS = (0.85, 0.6, 0.3)
"""Share of a step that is left to what has changed too often; less where that was not enough at once."""
_DESATURATE = 0.6


def look(frame: I420) -> Sight:
    """See what of a frame can flash."""
    luma, u, v = planes(frame)
    if luma.shape[0] >= 4 * SMALL_ROWS:
        # Every second row is as good for the mean of a place, and half the way.
        luma, u, v = luma[::2], u[::2], v[::2]
    small = cv2.resize(luma, (SMALL_COLUMNS, SMALL_ROWS), interpolation=cv2.INTER_AREA)
    size = (SMALL_COLUMNS // 2, SMALL_ROWS // 2)
    chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (u, v)]
    return see(np.asarray(small), np.asarray(chroma[0]), np.asarray(chroma[1]))


class Calmer:
    """Changes the frames of a piece in place, in order; what does not flash too often stays as it is."""

    def __init__(self, n_frames: int, fps: int) -> None:
        self._n_frames, self._fps = n_frames, fps
        self._edge = 0 if n_frames < TINY_S * fps else 1 if n_frames < SHORT_S * fps else EDGE_TURNS
        self._light, self._red = Turns(LIGHT_STEP, DARK_BELOW), Turns(RED_STEP)
        self._windows = (Window(fps), Window(fps))
        self._ends = (Window(n_frames + 1), Window(n_frames + 1))
        self.n_softened = 0

    def apply(self, frame: I420, index: int) -> None:
        """Soften a frame where it would be one change too many; `index` counts from the start of the piece."""
        for window in self._windows:
            window.expire()
        sight = look(frame)
        softened = False
        for margin in _MARGINS:
            bright, red = self._excess(0, self._light, sight.light, index), self._excess(1, self._red, sight.red, index)
            if not bright.any() and not red.any():
                break
            softened = True
            if bright.any():
                self._pull_light(frame, sight.light, bright, margin)
            if red.any():
                _desaturate(frame, red)
            sight = look(frame)
        self.n_softened += softened
        in_last = index >= self._n_frames - self._fps
        for kind, turned in enumerate((self._light.take(sight.light), self._red.take(sight.red))):
            self._windows[kind].add(turned)
            if in_last:
                self._ends[kind].add(turned)

    def _excess(self, kind: int, turns: Turns, value: Places, index: int) -> Marks:
        """Places that would change once too often, if together they are so many that it counts."""
        up, down = turns.peek(value)
        turning = up | down
        counts = self._windows[kind].counts + turning
        allowed = self._edge if index < self._fps else INNER_TURNS
        excess = counts > allowed
        if index >= self._n_frames - self._fps:
            excess |= self._ends[kind].counts + turning > self._edge
        return excess & turning if excess.mean() > _SAFE_AREA else np.zeros((ROWS, COLUMNS), dtype=bool)

    def _pull_light(self, frame: I420, light: Places, marks: Marks, margin: float) -> None:
        """Hold the light of some places within what does not count as a change."""
        low, high = self._light.limits(margin)
        up, down = self._light.peek(light)
        wanted = np.where(up, np.minimum(light, high), np.where(down, np.maximum(light, low), light))
        wanted = np.where(marks, wanted, light)
        code, target = _codes(light), _codes(wanted)
        gain = np.where(target < code, target / np.maximum(code, 1e-3), 1.0).astype(np.float32)
        raised = np.where(target > code, (target - code) * 219, 0.0).astype(np.float32)
        luma, u, v = planes(frame)
        shape = (luma.shape[1], luma.shape[0])
        full_gain = cv2.resize(gain, shape, interpolation=cv2.INTER_LINEAR)
        lifted = cv2.resize(raised, shape, interpolation=cv2.INTER_LINEAR)
        held = 16 + (luma.astype(np.float32) - 16) * full_gain + lifted
        luma[:] = np.clip(held + 0.5, 16, 235).astype(np.uint8)
        half = cv2.resize(gain, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_LINEAR)
        for plane in (u, v):
            plane[:] = (128.5 + (plane.astype(np.float32) - 128) * half).astype(np.uint8)


def _codes(light: Places) -> Places:
    """About the code of a light, 0..1."""
    return np.asarray(np.power(np.clip(light, 0, 1), 1 / 2.2), dtype=np.float32)


def _desaturate(frame: I420, marks: Marks) -> None:
    _, u, v = planes(frame)
    weight = np.where(marks, _DESATURATE, 1.0).astype(np.float32)
    half = cv2.resize(weight, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_LINEAR)
    for plane in (u, v):
        plane[:] = (128.5 + (plane.astype(np.float32) - 128) * half).astype(np.uint8)
