"""What drives an effect: the music of each frame turned into levels, within what eyes can bear."""

from __future__ import annotations

import math

import numpy as np

from suno_video.core.music import Curve, MusicCurves
from suno_video.core.storyboard import BeatEffect

MAX_FLASHES_PER_S = 3
"""WCAG 2.3.1: more can harm people with photosensitive epilepsy."""
STROBE_LASTS_S = 0.75
"""So long after a hit it is dark; then the strobe is over and the light comes back."""
_SWELL_S, _FADE_S = 0.12, 0.9
_QUIET = 0.35
"""What is left of a beat where the music is silent."""
FREEZE_S = 0.3
"""How long a picture stands still at most when something is hit."""


def effect_levels(effect: BeatEffect, music: MusicCurves, fps: int) -> Curve:
    """Give the level of an effect in each frame, 0..1, shape (n_frames,)."""
    drive = drive_curve(effect, music)
    if effect.kind == "flash":
        drive = _space_flashes(drive, fps)
    elif effect.kind == "strobe":
        drive = _darkness(_space_flashes(drive, fps), fps)
    elif effect.kind == "freeze":
        return _stand_still(drive, effect, fps)
    elif effect.kind in ("light_leak", "film_burn") and effect.on != "always":
        drive = _swell(drive, fps)
    levels: Curve = np.clip(drive * effect.amount, 0, 1).astype(np.float32)
    return levels


def drive_curve(effect: BeatEffect, music: MusicCurves) -> Curve:
    """Give what drives an effect, 0..1 in each frame."""
    drive: Curve = {
        "beat": music.beat,
        "downbeat": music.downbeat,
        "bass": music.bass * music.bass,
        "onset": music.onset,
        "kick": music.kick,
        "snare": music.snare,
        "hat": music.hat,
        "drop": np.maximum(music.drop, 0),
        "tension": music.tension,
        "stop": (music.drop < 0).astype(np.float32),
        "always": np.ones(music.n_frames, dtype=np.float32),
    }[effect.on]
    if effect.on in ("beat", "downbeat", "kick", "snare", "hat"):
        # A beat in a quiet passage is a small beat.
        drive = drive * (_QUIET + (1 - _QUIET) * music.loudness)
    return drive


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


def _darkness(hits: Curve, fps: int) -> Curve:
    """How dark it is between the hits of a strobe; where nothing hits, it is light."""
    length = max(1, round(STROBE_LASTS_S * fps))
    held = np.concatenate([np.ones(max(1, length // 2)), np.linspace(1, 0, length - length // 2)])
    near, lit = np.zeros_like(hits), hits.copy()
    for at in np.flatnonzero(np.diff(hits, prepend=np.float32(0)) > 0.1).tolist():
        span = min(length, len(hits) - at)
        near[at : at + span] = np.maximum(near[at : at + span], hits[at] * held[:span])
    return np.asarray(np.maximum(near - lit, 0), dtype=np.float32)


def _stand_still(drive: Curve, effect: BeatEffect, fps: int) -> Curve:
    """1 while the picture stands still: as long as a stop lasts, or a moment after each hit."""
    if effect.on in ("stop", "always", "tension"):
        return (drive > 0.5).astype(np.float32)
    length = max(2, round(FREEZE_S * effect.amount * fps))
    out = np.zeros_like(drive)
    for at in np.flatnonzero(np.diff(drive, prepend=np.float32(0)) > 0.3).tolist():
        out[at : at + length] = 1
    return out


def _swell(drive: Curve, fps: int) -> Curve:
    """Rise softly and fall slowly: light that leaks in has no edges in time."""
    up, down = np.exp(-1 / (_SWELL_S * fps)), np.exp(-1 / (_FADE_S * fps))
    out, level = np.empty_like(drive), 0.0
    for at, now in enumerate(drive.tolist()):
        keep = up if now > level else down
        level = level * keep + now * (1 - keep)
        out[at] = level
    return out
