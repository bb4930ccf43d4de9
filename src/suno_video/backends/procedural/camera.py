"""The camera: where a shot looks in each frame, in units of the shorter picture side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.dance import Step
from suno_video.core.storyboard import Motion

Points: TypeAlias = NDArray[np.floating[Any]]

_PAN = {"pan_left": (-1, 0), "pan_right": (1, 0), "rise": (0, -1), "fall": (0, 1)}


@dataclass(frozen=True)
class Camera:
    """A view of the flat world: what lies at (x, y) is in the middle; `zoom` above 1 is nearer."""

    x: float
    y: float
    zoom: float
    roll: float
    """Radians, clockwise."""

    def project(self, x: Points, y: Points) -> tuple[Points, Points]:
        """Where points of the world are in the picture, 0 in the middle, in shorter sides."""
        dx, dy = (x - self.x) * self.zoom, (y - self.y) * self.zoom
        c, s = math.cos(self.roll), math.sin(self.roll)
        return dx * c + dy * s, dy * c - dx * s


class CameraPath:
    """The way of the camera through one shot."""

    def __init__(self, motion: Motion, rng: np.random.Generator) -> None:
        self._motion = motion
        self._phase = rng.uniform(0, 2 * math.pi, 3)
        self._turn = 1 if rng.random() < 0.5 else -1

    def at(self, step: Step) -> Camera:
        """Camera in one frame."""
        amount, move = self._motion.amount, self._motion.move
        way = step.shot * step.shot * (3 - 2 * step.shot) * 0.4 + step.shot * 0.6
        sway = amount * (0.0 if move == "hold" else 0.05 if move == "drift" else 0.018)
        x = sway * math.sin(0.37 * step.clock + self._phase[0])
        y = sway * math.sin(0.29 * step.clock + self._phase[1])
        roll = 0.5 * sway * math.sin(0.23 * step.clock + self._phase[2])
        zoom = 1.0
        if move == "push_in":
            zoom = 1 + 0.45 * amount * way
        elif move == "pull_out":
            zoom = 1 + 0.45 * amount * (1 - way)
        elif move == "orbit":
            roll += self._turn * amount * 0.55 * (way - 0.5)
            x += 0.05 * amount * math.cos(2.2 * way + self._phase[0])
            y += 0.05 * amount * math.sin(2.2 * way + self._phase[0])
        elif move in _PAN:
            x += _PAN[move][0] * 0.4 * amount * (way - 0.5)
            y += _PAN[move][1] * 0.4 * amount * (way - 0.5)
        # A build draws the camera in, a drop throws it back.
        zoom *= 1 + 0.07 * step.tension * step.tension + 0.06 * step.burst * step.burst
        zoom *= 1 + 0.05 * self._motion.on_beat * (0.7 * step.beat + 0.5 * step.downbeat)
        return Camera(x, y, zoom, roll)
