"""Beat effects: what the music does to a finished frame, whatever made it. In place, cheap, the same every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from suno_video.assemble.drives import effect_levels
from suno_video.assemble.light import burn_film, leak_light
from suno_video.assemble.optics import EPSILON, crop_in, dim, letterbox, lift, shift_chroma
from suno_video.core.frames import I420
from suno_video.core.music import Curve, MusicCurves
from suno_video.core.storyboard import BeatEffect, EffectKind

# What each effect does at amount 1 and full level.
ZOOM_GAIN = 0.045  # of the picture's size
SHAKE_GAIN = 0.012  # of the picture's width
FLASH_GAIN = 0.2  # of the way to white
STROBE_GAIN = 0.8  # of the way to black, between two hits
ECHO_GAIN = 0.55  # of the picture before
LEAK_GAIN = 0.6
BURN_GAIN = 0.22
LEAK_FRAMES = 6.5
"""Seconds in which a leak of light crosses the picture."""
BLUR_FROM = 0.004
"""From this much movement within a frame, as a share of the width, the open shutter is seen ..."""
BLUR_MORE_FROM = 0.012
"""... and from this much on in more than two sub-frames."""


@dataclass(frozen=True)
class EffectTrack:
    """How strong one effect is in each frame."""

    kind: EffectKind
    levels: Curve
    """0..1, shape (n_frames,)."""
    first_frame: int = 0
    """Frame of the film that the levels begin with; the phase of shaking."""
    fps: int = 30

    def span(self, start: int, stop: int) -> EffectTrack:
        """Cut out frames start..stop."""
        return EffectTrack(self.kind, self.levels[start:stop], self.first_frame + start, self.fps)


def effect_tracks(effects: Sequence[BeatEffect], music: MusicCurves, fps: int) -> tuple[EffectTrack, ...]:
    """Turn the effects of a scene into levels for every frame of `music` (the whole film)."""
    return tuple(EffectTrack(effect.kind, effect_levels(effect, music, fps), 0, fps) for effect in effects)


@dataclass(frozen=True)
class _View:
    """Where a shaken camera looks."""

    scale: float
    dx: float
    dy: float

    def way_to(self, other: _View) -> float:
        """How far the picture moves at its edge, as a share of the width."""
        return abs(self.dx - other.dx) + abs(self.dy - other.dy) + abs(self.scale - other.scale) / 2

    def towards(self, other: _View, share: float) -> _View:
        """A view on the way to another one."""
        near = 1 - share
        return _View(
            near * self.scale + share * other.scale,
            near * self.dx + share * other.dx,
            near * self.dy + share * other.dy,
        )


class EffectChain:
    """Applies the effects of one layer to its frames, in order."""

    def __init__(self, tracks: Sequence[EffectTrack]) -> None:
        self._tracks = tracks
        self._before: I420 | None = None

    def apply(self, frame: I420, index: int) -> None:
        """Change a frame in place.

        Args:
            index: Counted from the start of the tracks; each frame once, in order (an echo remembers the one before).
        """
        level = self._levels(index)
        at = self._tracks[0].first_frame + index
        # 1. Where the camera is.
        self._move(frame, index)
        # 2. Light and colour.
        shift_chroma(frame, level.get("chromatic", 0.0))
        lift(frame, level.get("flash", 0.0) * FLASH_GAIN)
        dim(frame, 1 - level.get("strobe", 0.0) * STROBE_GAIN)
        self._let_light_in(frame, level, at)
        # 3. What stays in the eye, and the frame around it.
        self._echo(frame, level.get("echo", 0.0))
        letterbox(frame, level.get("letterbox", 0.0))

    def _let_light_in(self, frame: I420, level: dict[EffectKind, float], at: int) -> None:
        fps = self._tracks[0].fps
        sweep, phase = divmod(at / (LEAK_FRAMES * fps), 1.0)
        leak_light(frame, level.get("light_leak", 0.0) * LEAK_GAIN, phase, seed=int(sweep) + 1)
        # A frame of film that is burnt is another one each time: new damage three times a second.
        burn_film(frame, level.get("film_burn", 0.0) * BURN_GAIN, seed=3 * at // fps, flicker=at, at_rim=True)

    def _move(self, frame: I420, index: int) -> None:
        now = self._view(index)
        before = self._view(max(0, index - 1))
        # The shutter is open for half of the time between two frames, as in most cameras.
        way = now.way_to(before) / 2
        if now.scale < 1 + EPSILON * 4 * ZOOM_GAIN and way < BLUR_FROM:
            return
        shares = (0.0,) if way < BLUR_FROM else (0.0, 0.5) if way < BLUR_MORE_FROM else (0.0, 0.125, 0.25, 0.375)
        views = [now.towards(before, share) for share in shares]
        still = frame.copy() if len(views) > 1 else frame
        for number, view in enumerate(views):
            sub = frame if number == 0 else still.copy()
            crop_in(sub, view.scale, view.dx, view.dy)
            if number:
                cv2.addWeighted(frame, number / (number + 1), sub, 1 / (number + 1), 0, dst=frame)

    def _levels(self, index: int) -> dict[EffectKind, float]:
        """How strong each effect is; where two drive the same one, the stronger."""
        level: dict[EffectKind, float] = {}
        for track in self._tracks:
            level[track.kind] = max(level.get(track.kind, 0.0), float(track.levels[index]))
        return level

    def _view(self, index: int) -> _View:
        level = self._levels(index)
        zoom, shake = level.get("zoom_pulse", 0.0), level.get("shake", 0.0)
        at = self._tracks[0].first_frame + index
        # Two sines of unrelated pace: shaking that never repeats, and needs no state.
        dx = shake * SHAKE_GAIN * math.sin(at * 2.39 + 0.4)
        dy = shake * SHAKE_GAIN * 0.7 * math.sin(at * 3.17 + 1.9)
        # Enlarged by what the shaking can reach, so that no edge comes into the picture.
        return _View(1 + zoom * ZOOM_GAIN + 2 * shake * SHAKE_GAIN, dx, dy)

    def _echo(self, frame: I420, level: float) -> None:
        if all(track.kind != "echo" for track in self._tracks):
            return
        if self._before is not None and level > EPSILON:
            weight = level * ECHO_GAIN
            cv2.addWeighted(frame, 1 - weight, self._before, weight, 0, dst=frame)
        self._before = frame.copy()
