"""Flashes that can harm: counted as WCAG 2.3.1 and ITU-R BT.1702 define them, on small pictures of the frames.

A general flash is a pair of opposing changes of relative luminance by a tenth of the largest one or more, the darker
of the two below 0.80. A red flash is a pair of opposing changes to or from a saturated red: R / (R + G + B) is 0.8 or
more, and (R - G - B) x 320, with negative values as 0, changes by more than 20, all in linear light. More than three
flashes of either kind within one second over more than a quarter of the picture are too many.

What is simpler here than in the rules, and always to the safe side but for the last:

- A quarter of the whole picture stands for a quarter of any field of ten degrees: BT.1702 has it so.
- Places that flash at different moments of the second count together, as if they flashed at once.
- A picture has 16 by 9 places, each with the mean of its light. Fine patterns that flicker within a place are not seen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt

from suno_video.core.color import srgb_to_linear
from suno_video.core.record import Record

ROWS, COLUMNS = 9, 16
SMALL_ROWS, SMALL_COLUMNS = 36, 64
"""Light is averaged over places from a picture of this size, in which it is linear already."""
MAX_FLASHES = 3
AREA = 0.25
LIGHT_STEP, DARK_BELOW = 0.1, 0.8
RED_STEP, PURE_RED, RED_SCALE = 20.0, 0.8, 320.0

Places: TypeAlias = NDArray[np.float32]
"""A value for each place of the picture, shape (ROWS, COLUMNS)."""
Marks: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Sight:
    """What of a frame matters here."""

    light: Places
    """Relative luminance, 0..1."""
    red: Places
    """(R - G - B) x 320 in linear light, at least 0; 0 too where nothing is near a saturated red."""


def see(luma: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8]) -> Sight:
    """Look at a frame made small.

    Args:
        luma: Shape (36, 64), BT.709, limited range; `u` and `v`: shape (18, 32).
    """
    y = (luma.astype(np.float32) - 16) / 219
    # Colour has a quarter of the places of light, and is spread over them.
    b = y + 1.8556 / 224 * _spread(u)
    r = y + 1.5748 / 224 * _spread(v)
    g = (y - 0.2126 * r - 0.0722 * b) / 0.7152
    rgb = _LINEAR[np.clip(np.stack([r, g, b]) * 255 + 0.5, 0, 255).astype(np.uint8)]
    r, g, b = _pool(rgb)
    total = r + g + b
    pure = r >= PURE_RED * np.maximum(total, 1e-4)
    red = np.where(pure, np.maximum(r - g - b, 0) * RED_SCALE, 0.0)
    return Sight((0.2126 * r + 0.7152 * g + 0.0722 * b).astype(np.float32), red.astype(np.float32))


_LINEAR = srgb_to_linear(np.arange(256) / 255).astype(np.float32)


def _spread(chroma: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.repeat(np.repeat(chroma.astype(np.float32) - 128, 2, axis=0), 2, axis=1)


def _pool(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    n, height, width = planes.shape
    parts = planes.reshape(n, ROWS, height // ROWS, COLUMNS, width // COLUMNS)
    return np.asarray(parts.mean(axis=(2, 4), dtype=np.float32))


class Turns:
    """Follows one value at each place and tells when it has turned: gone back by a whole step from where it was.

    Args:
        step: What counts as a change.
        dark_below: The lower of two values must be below this; None: no matter.
    """

    def __init__(self, step: float, dark_below: float | None = None) -> None:
        self._step, self._dark_below = np.float32(step), dark_below
        self._low: Places | None = None
        self._high: Places | None = None
        self._way = np.zeros((ROWS, COLUMNS), dtype=np.int8)

    def peek(self, value: Places) -> tuple[Marks, Marks]:
        """Say where a value would complete a change, upwards and downwards; nothing is remembered."""
        if self._low is None or self._high is None:
            none = np.zeros(value.shape, dtype=bool)
            return none, none
        slack = np.float32(1e-4)
        up = (value - self._low >= self._step - slack) & (self._way <= 0)
        down = (self._high - value >= self._step - slack) & (self._way >= 0)
        if self._dark_below is not None:
            up &= self._low < self._dark_below
            down &= value < self._dark_below
        return up, down & ~up

    def take(self, value: Places) -> Marks:
        """Go on to the next frame; gives where a change was completed."""
        if self._low is None or self._high is None:
            self._low, self._high = value.copy(), value.copy()
            return np.zeros(value.shape, dtype=bool)
        up, down = self.peek(value)
        self._way[up], self._way[down] = 1, -1
        self._low = np.where(up | down, value, np.minimum(self._low, value))
        self._high = np.where(up | down, value, np.maximum(self._high, value))
        return up | down

    def limits(self, margin: float) -> tuple[Places, Places]:
        """Between which values nothing counts as a change; `margin`: share of the step that may be used."""
        assert self._low is not None
        assert self._high is not None
        reach = self._step * np.float32(margin)
        return self._high - reach, self._low + reach


class Window:
    """Counts changes at each place over the last second."""

    def __init__(self, fps: int) -> None:
        self.counts = np.zeros((ROWS, COLUMNS), dtype=np.int16)
        self._kept: deque[Marks] = deque()
        self._fps = fps

    def expire(self) -> None:
        """Forget what is a second old, before the next frame comes."""
        if len(self._kept) >= self._fps:
            self.counts -= self._kept.popleft()

    def add(self, turned: Marks) -> None:
        """Count the changes of one frame."""
        self._kept.append(turned)
        self.counts += turned


class FlashReading(Record):
    """The flashes of a film, as counted on its frames."""

    n_frames: NonNegativeInt
    max_general: NonNegativeInt
    """Most general flashes within any second over more than a quarter of the picture."""
    max_red: NonNegativeInt
    """Most red flashes, likewise."""
    limit: NonNegativeInt = MAX_FLASHES
    too_many_s: tuple[NonNegativeFloat, ...] = ()
    """Where in the film there are more than the limit: the beginning of each stretch, at most ten."""

    @property
    def is_safe(self) -> bool:
        """Whether the limit is kept everywhere."""
        return max(self.max_general, self.max_red) <= self.limit


class FlashCounter:
    """Counts the flashes of frames that come in order."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._kinds = ((Turns(LIGHT_STEP, DARK_BELOW), Window(fps)), (Turns(RED_STEP), Window(fps)))
        self._most = [0, 0]
        self._n_frames = 0
        self._too_many: list[int] = []

    def take(self, light: Places, red: Places) -> None:
        """Count one frame."""
        for kind, (value, (turns, window)) in enumerate(zip((light, red), self._kinds, strict=True)):
            window.expire()
            window.add(turns.take(value))
            flashes = flashes_over_area(window.counts)
            self._most[kind] = max(self._most[kind], flashes)
            if flashes > MAX_FLASHES and (not self._too_many or self._n_frames - self._too_many[-1] > self._fps):
                self._too_many.append(self._n_frames)
        self._n_frames += 1

    def reading(self) -> FlashReading:
        """What was counted so far."""
        starts = tuple(round(max(0, at - self._fps + 1) / self._fps, 3) for at in self._too_many[:10])
        return FlashReading(
            n_frames=self._n_frames, max_general=self._most[0], max_red=self._most[1], too_many_s=starts
        )


def flashes_over_area(counts: NDArray[np.int16]) -> int:
    """Flashes that more than a quarter of all places have had: a flash is a pair of changes."""
    needed = int(AREA * counts.size) + 1
    return int(np.partition(counts.ravel(), counts.size - needed)[counts.size - needed]) // 2


# Traces are kept as bytes: fine enough for steps of a tenth.
_LIGHT_LEVELS, _RED_LEVELS = 250.0, 0.75


def pack(sight: Sight) -> NDArray[np.uint8]:
    """Give a sight as bytes, shape (2, ROWS, COLUMNS)."""
    levels = np.stack([sight.light * _LIGHT_LEVELS, sight.red * _RED_LEVELS])
    return np.clip(levels + 0.5, 0, 255).astype(np.uint8)


def count_packed(frames: NDArray[np.uint8], fps: int) -> FlashReading:
    """Count the flashes of a whole film from packed sights, shape (n_frames, 2, ROWS, COLUMNS)."""
    counter = FlashCounter(fps)
    for light, red in frames:
        counter.take(light.astype(np.float32) / _LIGHT_LEVELS, red.astype(np.float32) / _RED_LEVELS)
    return counter.reading()
