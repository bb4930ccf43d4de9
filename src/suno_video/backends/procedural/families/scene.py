"""What all scene families share: the shot they are given, their life cycle, and how kernels look through the camera."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import LIGHT_AREA_PX, Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.jit import inline
from suno_video.backends.procedural.mathf import Floats
from suno_video.core.frames import I420


@dataclass(frozen=True)
class Shot:
    """What a painter knows besides the music."""

    palette: Floats
    """Shape (5, 3), linear light, shadow to highlight."""
    rng: np.random.Generator
    """Seeded for this shot; draws geometry and composition."""
    params: Mapping[str, float]
    growth: float
    energy: float
    fps: int
    cover: Path | None

    def color(self, v: float | Points) -> Floats:
        """Colour of the palette at v, 0..1; shape (..., 3)."""
        stops = np.linspace(0, 1, 5)
        return np.stack([np.interp(v, stops, self.palette[:, c]) for c in range(3)], axis=-1).astype(np.float32)


class Scene(ABC):
    """Paints one shot. Stateless unless `advance` is overridden."""

    AREA_PX: ClassVar[int] = LIGHT_AREA_PX
    """Pixels of light that this family needs."""
    QUARTER: ClassVar[bool] = False

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        self.shot = shot
        self.canvas = canvas
        self.exposure = 1.0
        """Factor for the current frame; a painter may change it."""

    def advance(self, step: Step) -> None:  # noqa: B027 - most families have no state
        """Move the state on by one frame. Called for every frame from 0 on, also for those that are not shown."""

    @abstractmethod
    def paint(self, step: Step, camera: Camera) -> None:
        """Paint all of `canvas.light`, and strokes on top."""

    def develop(self, frame: int) -> I420:
        """Make a frame of what was painted; the same array each time."""
        return self.canvas.develop(frame, self.exposure)

    def overprint(self, picture: I420, step: Step, camera: Camera) -> None:  # noqa: B027 - few families need it
        """Put something with colours of its own on the developed picture."""


def numbers(*values: float) -> Floats:
    """Pack numbers for a kernel in single precision."""
    return np.array(values, np.float32)


@inline
def screen_x(view: Floats, i: int) -> float:
    """Picture coordinate of a column of light."""
    return (np.float32(i) + 0.5) * view[0] - view[2]


@inline
def screen_y(view: Floats, j: int) -> float:
    """Picture coordinate of a row of light."""
    return (np.float32(j) + 0.5) * view[1] - view[3]


@inline
def look_x(view: Floats, sx: float, sy: float) -> float:
    """World x that is seen at a picture coordinate."""
    return sx * view[4] - sy * view[5] + view[6]


@inline
def look_y(view: Floats, sx: float, sy: float) -> float:
    """World y that is seen at a picture coordinate."""
    return sx * view[5] + sy * view[4] + view[7]
