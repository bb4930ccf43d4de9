"""Picture time and picture memory: the frame grid, frame sizes, and the layout of one frame.

Sound is float seconds, picture is integer frames, and `FrameGrid` alone rounds between them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from suno_video.core.errors import UsageError
from suno_video.core.record import Record

I420: TypeAlias = NDArray[np.uint8]
"""One frame, shape (height * 3 // 2, width): the Y plane, then U, then V (each a quarter), BT.709, limited range."""

NAMED_SIZES = {
    "16:9": (1920, 1080),
    "9:16": (1080, 1920),
    "1:1": (1080, 1080),
    "4:5": (1080, 1350),
    "480p": (854, 480),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "1440p": (2560, 1440),
    "4k": (3840, 2160),
}
MIN_SIDE_PX, MAX_SIDE_PX = 32, 8192
MIN_FPS, MAX_FPS = 10, 120


def _even_side(value: int) -> int:
    if value % 2 or not MIN_SIDE_PX <= value <= MAX_SIDE_PX:
        raise ValueError(f"must be an even number from {MIN_SIDE_PX} to {MAX_SIDE_PX}")
    return value


Side: TypeAlias = Annotated[int, AfterValidator(_even_side)]


class FrameSize(Record):
    """Width and height in pixels; both even, because colour has half the resolution of light."""

    width_px: Side
    height_px: Side

    @classmethod
    def parse(cls, text: str) -> FrameSize:
        """Read `16:9`, `9:16`, `1:1`, `4:5`, `480p` ... `4k`, or `WIDTHxHEIGHT`. Raises `UsageError`."""
        name = text.strip().lower()
        if name in NAMED_SIZES:
            return cls(width_px=NAMED_SIZES[name][0], height_px=NAMED_SIZES[name][1])
        match = re.fullmatch(r"(\d{1,5})\s*[x×]\s*(\d{1,5})", name)
        if match:
            try:
                return cls(width_px=int(match[1]), height_px=int(match[2]))
            except ValueError:
                pass
        raise UsageError(
            f"{text!r} is not a frame size.",
            f"Use one of {', '.join(NAMED_SIZES)}, or WIDTHxHEIGHT with even sides of {MIN_SIDE_PX} to {MAX_SIDE_PX}.",
        )

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width_px / self.height_px

    @property
    def i420_shape(self) -> tuple[int, int]:
        """Shape of one `I420` frame."""
        return self.height_px * 3 // 2, self.width_px

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@dataclass(frozen=True)
class FrameGrid:
    """The one clock of the picture: frame k is shown from `k / fps` seconds of the song on."""

    fps: int
    n_frames: int

    @classmethod
    def for_duration(cls, duration_s: float, fps: int) -> FrameGrid:
        """Cover a whole song: the film ends less than one frame after the last sample, never before it."""
        # A song that fills its last frame to within a microsecond must not get an empty one for float dust.
        return cls(fps, max(1, math.ceil(duration_s * fps - 1e-6 * fps)))

    def frame_at(self, time_s: float) -> int:
        """Nearest frame to a moment of the song, kept within 0..n_frames (n_frames is the end of the film)."""
        return min(max(round(time_s * self.fps), 0), self.n_frames)

    def time_of(self, frame: int) -> float:
        """Moment in seconds at which a frame is first shown."""
        return frame / self.fps

    @property
    def duration_s(self) -> float:
        """Length of the whole picture in seconds."""
        return self.n_frames / self.fps


def planes(frame: I420) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """View a frame as its Y (h, w), U (h/2, w/2) and V planes, without copying. The frame must be contiguous."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    chroma = frame[height:].reshape(2, height // 2, width // 2)
    return frame[:height], chroma[0], chroma[1]
