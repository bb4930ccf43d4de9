"""The camera's path through a clip: one array per quantity, made once, so that frame k is a pure function of k."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion, MoveKind

Track = NDArray[np.float64]

MAX_PARALLAX = 0.03
"""How far the nearest and the farthest things move apart, in frame widths."""
BEAT_PUSH = 0.045
"""Zoom on a beat when `Motion.on_beat` is 1."""


@dataclass(frozen=True)
class Room:
    """How far the view may leave the crop on each side, in crop widths (heights)."""

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True)
class CameraPath:
    """Where the camera is in each frame, arrays of shape (n_frames,)."""

    zoom: Track
    x: Track
    y: Track
    """Centre of the view off the centre of the crop, in crop widths (heights)."""
    roll: Track
    """Radians."""
    parallax_x: Track
    parallax_y: Track
    """Shift of the nearest against the farthest point, in crop widths (heights)."""
    dolly: Track
    """Extra zoom of the nearest against the farthest point."""

    def towards(self, x: float, y: float) -> CameraPath:
        """Lean towards a place (off the crop's centre, in crop widths and heights) as the camera comes closer."""
        lean: Track = 1 - 1 / self.zoom
        return replace(self, x=self.x + x * lean, y=self.y + y * lean)

    def within(self, room: Room, aspect: float) -> CameraPath:
        """Zoom in by just as much as keeps every corner of every view on the picture."""
        wide = np.cos(self.roll) + np.abs(np.sin(self.roll)) / aspect
        high = np.cos(self.roll) + np.abs(np.sin(self.roll)) * aspect
        play = 0.25 * np.abs(self.dolly) + 0.004
        across = (
            0.5 - np.abs(self.parallax_x) / 2 - play + np.where(self.x < 0, room.left + self.x, room.right - self.x)
        )
        down = 0.5 - np.abs(self.parallax_y) / 2 - play + np.where(self.y < 0, room.top + self.y, room.bottom - self.y)
        needed = np.maximum(wide / across, high / down) / 2 / self.zoom
        factor = max(1.0, float(needed.max()))
        return replace(self, zoom=self.zoom * factor)

    @property
    def max_shear(self) -> float:
        """Largest difference in shift between near and far, in frame widths."""
        return float((np.hypot(self.parallax_x, self.parallax_y) + 0.5 * np.abs(self.dolly)).max())


def plan_path(motion: Motion, music: MusicCurves, fps: int, seed: int, energy: float) -> CameraPath:
    """Plan the path of a whole clip."""
    n_frames = music.n_frames
    progress = (np.arange(n_frames) + 0.5) / n_frames
    # Part linear, so that the camera never stands still at a cut; part smooth, so that it does not start with a jerk.
    eased = 0.45 * progress + 0.55 * progress * progress * (3 - 2 * progress)
    strength = (0.35 + 1.1 * motion.amount) * (0.85 + 0.3 * energy)
    duration_s = n_frames / fps
    phase = seed % 1009 / 1009 * 2 * math.pi
    angle = phase + 2 * math.pi * _clock(music, fps) / 16
    sway = Sway(eased - 0.5, angle, strength, min(1.0, 0.35 + duration_s / 8))
    path = _MOVES[motion.move](sway)
    push = 1 + BEAT_PUSH * motion.on_beat * _soft_pulse(music)
    return replace(path, zoom=path.zoom * push)


@dataclass(frozen=True)
class Sway:
    """What a move is made from."""

    ramp: Track
    """-0.5 at the start .. 0.5 at the end."""
    angle: Track
    """Turns once in 16 beats (or 8 s without beats)."""
    strength: float
    length: float
    """Short clips move less: 0..1."""


def _clock(music: MusicCurves, fps: int) -> Track:
    """Beats since the clip began; half-seconds where there are no beats."""
    beats: Track = music.beats - music.beats[0]
    if beats[-1] > 0:
        return beats
    seconds: Track = np.arange(music.n_frames) / fps * 2.0
    return seconds


def _soft_pulse(music: MusicCurves) -> Track:
    """The beat with its first frame rounded off, so that a punch has an attack and is no jump."""
    pulse = np.maximum(music.beat, 0.8 * music.beat + 0.35 * music.downbeat).astype(np.float64)
    padded = np.concatenate([pulse[:1], pulse[:1], pulse, pulse[-1:]])
    soft: Track = 0.2 * padded[3:] + 0.5 * padded[2:-1] + 0.2 * padded[1:-2] + 0.1 * padded[:-3]
    return soft


def _path(sway: Sway, **tracks: Track) -> CameraPath:
    """A path that breathes a little around the given tracks."""
    still = np.zeros_like(sway.ramp)
    breath = 0.15 * MAX_PARALLAX
    defaults: dict[str, Track] = {
        "zoom": still + 1,
        "x": still,
        "y": still,
        "roll": still,
        "parallax_x": breath * np.sin(sway.angle),
        "parallax_y": 0.6 * breath * np.cos(0.7 * sway.angle),
        "dolly": still,
    }
    return CameraPath(**{**defaults, **tracks})


def _zoom(sway: Sway, direction: float) -> CameraPath:
    travel = 0.2 * sway.strength * sway.length
    return _path(
        sway,
        zoom=np.exp(travel * (direction * sway.ramp + 0.5)),
        dolly=direction * 0.05 * sway.strength * sway.length * sway.ramp,
    )


def _pan(sway: Sway, x: float, y: float) -> CameraPath:
    travel = 0.11 * sway.strength * sway.length * sway.ramp
    near = min(1.0, sway.strength) * MAX_PARALLAX * sway.length * 2 * sway.ramp
    return _path(sway, x=x * travel, y=y * travel, parallax_x=x * near, parallax_y=y * near)


def _orbit(sway: Sway) -> CameraPath:
    turn = 2 * sway.ramp * sway.length * min(1.0, sway.strength)
    return _path(
        sway,
        x=-0.02 * turn,
        parallax_x=1.1 * MAX_PARALLAX * turn,
        parallax_y=0.25 * MAX_PARALLAX * np.sin(sway.angle),
        roll=0.010 * turn,
        zoom=1.03 - 0.03 * turn**2,
    )


def _drift(sway: Sway) -> CameraPath:
    reach = min(1.0, sway.strength)
    return _path(
        sway,
        x=0.016 * reach * np.sin(0.5 * sway.angle),
        y=0.012 * reach * np.cos(0.37 * sway.angle),
        parallax_x=0.55 * MAX_PARALLAX * reach * np.sin(sway.angle),
        parallax_y=0.35 * MAX_PARALLAX * reach * np.cos(0.7 * sway.angle),
        roll=0.004 * reach * np.sin(0.3 * sway.angle),
        zoom=np.exp(0.07 * reach * sway.length * (sway.ramp + 0.5)),
    )


def _hold(sway: Sway) -> CameraPath:
    return _path(sway, zoom=np.exp(0.02 * (sway.ramp + 0.5)))


_MOVES: dict[MoveKind, Callable[[Sway], CameraPath]] = {
    "hold": _hold,
    "push_in": lambda sway: _zoom(sway, 1.0),
    "pull_out": lambda sway: _zoom(sway, -1.0),
    "pan_left": lambda sway: _pan(sway, -1.0, 0.0),
    "pan_right": lambda sway: _pan(sway, 1.0, 0.0),
    "rise": lambda sway: _pan(sway, 0.0, -1.0),
    "fall": lambda sway: _pan(sway, 0.0, 1.0),
    "orbit": _orbit,
    "drift": _drift,
}
