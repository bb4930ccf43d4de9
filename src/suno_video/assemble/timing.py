"""Time that bends: which frame of its footage a scene shows when it stands still, or runs ahead and waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from suno_video.assemble.drives import effect_levels
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import BeatEffect, EffectKind

Positions: TypeAlias = NDArray[np.float64]
"""Frames of the footage at the film's rate, with fraction, one for each frame shown; they never fall."""

BENDS_TIME: frozenset[EffectKind] = frozenset({"freeze", "speed_ramp"})
"""Effects that choose frames and do not change them."""
RAMP_GAIN = 0.85
"""At amount 1 a bar begins 1.85 times as fast as the clip was made, and is at 0.15 of it in its middle."""


@dataclass(frozen=True)
class Timing:
    """What a scene shows at each of its frames."""

    held: Positions
    """For footage that is painted with the music: it may stand still, and is in step again after that."""
    ramped: Positions
    """For clips that are files: they know nothing of the beat, so that their time may be bent to it."""

    def span(self, start: int, stop: int) -> Timing:
        """Cut out frames start..stop."""
        return Timing(self.held[start:stop], self.ramped[start:stop])


def bend_time(effects: Sequence[BeatEffect], music: MusicCurves, fps: int) -> Timing | None:
    """Lay out the time of a scene from its effects; None where time simply runs.

    Args:
        music: Of the frames that the scene's footage covers.
    """
    freezes = [effect for effect in effects if effect.kind == "freeze"]
    ramps = [effect for effect in effects if effect.kind == "speed_ramp" and effect.amount > 0]
    n_frames = music.n_frames
    steady = np.arange(n_frames, dtype=np.float64)
    still = np.zeros(n_frames, dtype=bool)
    for freeze in freezes:
        still |= effect_levels(freeze, music, fps) > 0.5
    ramped = steady
    for ramp in ramps:
        ramped = _ramp(ramped, music, ramp, fps)
    if not still.any() and not ramps:
        return None
    return Timing(_hold(steady, still), _hold(ramped, still))


def _ramp(positions: Positions, music: MusicCurves, ramp: BeatEffect, fps: int) -> Positions:
    """Run ahead at the beginning of each bar (or beat) and let it catch up: on every downbeat clip and film agree."""
    phase = music.bar_phase if ramp.on == "downbeat" else music.beat_phase
    beats_a_frame = float(np.median(np.diff(music.beats))) if music.n_frames > 1 else 0.0
    if beats_a_frame <= 1e-6:
        return positions
    frames_a_cycle = (_beats_a_bar(music) if ramp.on == "downbeat" else 1) / beats_a_frame
    # The integral of 1 + a cos: it is back at 0 on each downbeat.
    ahead = RAMP_GAIN * ramp.amount * frames_a_cycle / (2 * np.pi) * np.sin(2 * np.pi * phase.astype(np.float64))
    bent = np.clip(positions + ahead, 0, len(positions) - 1)
    return np.maximum.accumulate(bent)


def _beats_a_bar(music: MusicCurves) -> float:
    beats, bars = np.gradient(music.beats), np.gradient(np.unwrap(music.bar_phase.astype(np.float64), period=1.0))
    moving = bars > 1e-6
    return float(np.median(beats[moving] / bars[moving])) if moving.any() else 4.0


def _hold(positions: Positions, still: NDArray[np.bool_]) -> Positions:
    """Stay on the frame before while it is still."""
    out = positions.copy()
    for at in range(1, len(out)):
        if still[at]:
            out[at] = out[at - 1]
    return out
