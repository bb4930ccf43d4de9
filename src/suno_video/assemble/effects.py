"""Beat effects: what the music does to a finished frame, whatever made it. In place, cheap, the same every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.core.frames import I420, planes
from suno_video.core.music import Curve, MusicCurves
from suno_video.core.storyboard import BeatEffect, EffectKind

# What each effect does at amount 1 and full level.
ZOOM_GAIN = 0.045  # of the picture's size
SHAKE_GAIN = 0.012  # of the picture's width
FLASH_GAIN = 0.2  # of the way to white
CHROMA_GAIN = 0.006  # of the picture's width
ECHO_GAIN = 0.55  # of the picture before
LETTERBOX_GAIN = 0.128  # of the height, at each edge: 16:9 becomes 2.39:1
MAX_FLASHES_PER_S = 3
"""WCAG 2.3.1: more can harm people with photosensitive epilepsy."""
EPSILON = 0.004


@dataclass(frozen=True)
class EffectTrack:
    """How strong one effect is in each frame."""

    kind: EffectKind
    levels: Curve
    """0..1, shape (n_frames,)."""
    first_frame: int = 0
    """Frame of the film that the levels begin with; the phase of shaking."""

    def span(self, start: int, stop: int) -> EffectTrack:
        """Cut out frames start..stop."""
        return EffectTrack(self.kind, self.levels[start:stop], self.first_frame + start)


def effect_tracks(effects: Sequence[BeatEffect], music: MusicCurves, fps: int) -> tuple[EffectTrack, ...]:
    """Turn the effects of a scene into levels for every frame of `music` (the whole film)."""
    return tuple(EffectTrack(effect.kind, _levels(effect, music, fps)) for effect in effects)


def _levels(effect: BeatEffect, music: MusicCurves, fps: int) -> Curve:
    drive: Curve = {
        "beat": music.beat,
        "downbeat": music.downbeat,
        "bass": music.bass * music.bass,
        "onset": music.onset,
        "always": np.ones(music.n_frames, dtype=np.float32),
    }[effect.on]
    if effect.on in ("beat", "downbeat"):
        # A beat in a quiet passage is a small beat.
        drive = drive * (0.35 + 0.65 * music.loudness)
    if effect.kind == "flash":
        drive = _space_flashes(drive, fps)
    levels: Curve = np.clip(drive * effect.amount, 0, 1).astype(np.float32)
    return levels


def _space_flashes(drive: Curve, fps: int) -> Curve:
    """Keep at most three flashes in any second, each rising at once and falling within a third of a second."""
    spacing = math.ceil(fps / MAX_FLASHES_PER_S)
    fall = np.exp(-6.0 * np.arange(spacing) / spacing).astype(np.float32)
    out = np.zeros_like(drive)
    rises = np.flatnonzero(np.diff(drive, prepend=np.float32(0)) > 0.15)
    last = -spacing
    for at in rises.tolist():
        if at - last >= spacing:
            span = min(spacing, len(drive) - at)
            out[at : at + span] = drive[at] * fall[:span]
            last = at
    return out


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
        level = {track.kind: float(track.levels[index]) for track in self._tracks}
        # 1. Where the camera is.
        self._move(frame, level, index)
        # 2. Light and colour.
        shift_chroma(frame, level.get("chromatic", 0.0))
        lift(frame, level.get("flash", 0.0) * FLASH_GAIN)
        # 3. What stays in the eye, and the frame around it.
        self._echo(frame, level.get("echo", 0.0))
        letterbox(frame, level.get("letterbox", 0.0))

    def _move(self, frame: I420, level: dict[EffectKind, float], index: int) -> None:
        zoom, shake = level.get("zoom_pulse", 0.0), level.get("shake", 0.0)
        if zoom < EPSILON * 4 and shake < EPSILON * 4:
            return
        at = self._tracks[0].first_frame + index
        # Two sines of unrelated pace: shaking that never repeats, and needs no state.
        dx = shake * SHAKE_GAIN * math.sin(at * 2.39 + 0.4)
        dy = shake * SHAKE_GAIN * 0.7 * math.sin(at * 3.17 + 1.9)
        # Enlarged by what the shaking can reach, so that no edge comes into the picture.
        crop_in(frame, 1 + zoom * ZOOM_GAIN + 2 * shake * SHAKE_GAIN, dx, dy)

    def _echo(self, frame: I420, level: float) -> None:
        if all(track.kind != "echo" for track in self._tracks):
            return
        if self._before is not None and level > EPSILON:
            weight = level * ECHO_GAIN
            cv2.addWeighted(frame, 1 - weight, self._before, weight, 0, dst=frame)
        self._before = frame.copy()


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
    """Pull the two colour planes apart sideways, as a lens does at its edge, in place."""
    _, u, v = planes(frame)
    shift = round(level * CHROMA_GAIN * u.shape[1])
    if shift < 1:
        return
    u[:, shift:] = u[:, :-shift].copy()
    v[:, :-shift] = v[:, shift:].copy()


def letterbox(frame: I420, level: float) -> None:
    """Draw black bars at the top and bottom, in place."""
    luma, u, v = planes(frame)
    rows = round(level * LETTERBOX_GAIN * luma.shape[0] / 2)
    if rows < 1:
        return
    luma[: 2 * rows] = luma[-2 * rows :] = 16
    for plane in (u, v):
        plane[:rows] = plane[-rows:] = 128
