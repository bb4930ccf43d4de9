"""Turns music into movement: smoothed levels and a clock that runs with beats and energy instead of wall time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.core.music import MusicCurves

CALM_RATE = 0.16
"""Clock units a second in silence: alive, but calm."""
ENERGY_RATE = 0.50
"""Added at full energy."""
BEAT_RATE = 0.30
"""Clock units for each beat: at 120 bpm and full energy the clock runs at about 1.3 units a second."""
_BUILD_HURRY, _DROP_HURRY = 0.6, 1.2
"""A build hurries the clock by this share at its end, a drop at its beginning; a stop nearly halts it."""
_STOP_RATE = 0.08


@dataclass(frozen=True)
class Step:
    """What moves a painter in one frame. Levels 0..1 and free of jitter."""

    frame: int
    clock: float
    """Rises steadily, faster with energy, and surges on each beat."""
    bass: float
    mid: float
    treble: float
    onset: float
    beat: float
    downbeat: float
    beat_phase: float
    bar_phase: float
    level: float
    """Loudness, slow."""
    energy: float
    """Energy of the section, with a quarter of the present loudness."""
    progress: float
    """Position in the section, 0..1."""
    shot: float
    """Position in this clip, 0..1."""
    beats: float
    kick: float
    """The kick drum: rises over three frames and falls within a quarter of a second. `snare` and `hat` likewise."""
    snare: float
    hat: float
    voice: float
    tension: float
    drop: float
    """1 at a drop, falling over some four seconds; -1 while the music is stopped."""
    spectrum: NDArray[np.float32]

    @property
    def burst(self) -> float:
        """What a drop sets free, 0..1; unlike `drop` never negative."""
        return max(self.drop, 0.0)


class Dance:
    """All steps of a clip."""

    def __init__(self, music: MusicCurves, fps: int, lurch: float) -> None:
        """Take the music of a whole clip.

        Args:
            lurch: 0..1, how much of the movement of a beat falls right behind it.
        """
        self._music = music
        self._fps = fps
        self.n_frames = music.n_frames
        quick = np.column_stack([music.bass, music.mid, music.treble, music.onset])
        self._quick = _follow(quick, fps, release_s=0.20)
        self._spectrum = _follow(music.spectrum, fps, release_s=0.16)
        self._level = _follow(music.loudness[:, None], fps, release_s=0.9)[:, 0]
        self._energy = np.clip(0.75 * music.energy + 0.25 * self._level, 0, 1)
        # A pulse that rises over three frames is felt as sharp, and does not flicker.
        self._pulse = _soften(np.column_stack([music.beat, music.downbeat]))
        self._drums = _soften(np.column_stack([music.kick, music.snare, music.hat]))
        self._story = _soften(np.column_stack([music.voice, music.tension, music.drop]))
        self._clock = self._run_clock(lurch)

    def _run_clock(self, lurch: float) -> NDArray[np.float64]:
        beats = self._music.beats
        whole, part = np.floor(beats), beats % 1
        surging = whole + (1 - lurch) * part + lurch * (1 - (1 - part) ** 2)
        passed = np.clip(np.diff(surging, prepend=surging[:1]), 0.0, 0.5)
        # Without sound the beat clock still runs (intro, outro); it then moves the picture only a little.
        loud = np.clip(self._energy * 1.6, 0.12, 1.0)
        rate = (CALM_RATE + ENERGY_RATE * self._energy) / self._fps + BEAT_RATE * passed * loud
        _, tension, drop = self._story.T
        hurry = 1 + _BUILD_HURRY * tension * tension + _DROP_HURRY * np.maximum(drop, 0)
        return np.cumsum(rate * hurry * (1 - (1 - _STOP_RATE) * np.maximum(-drop, 0)))

    def at(self, frame: int) -> Step:
        """Step of one frame of the clip."""
        music = self._music
        loud = min(1.0, 0.25 + 1.5 * float(self._level[frame]))
        bass, mid, treble, onset = (float(level) for level in self._quick[frame])
        kick, snare, hat = (float(level) for level in self._drums[frame])
        voice, tension, drop = (float(level) for level in self._story[frame])
        return Step(
            frame=frame,
            clock=float(self._clock[frame]),
            bass=bass,
            mid=mid,
            treble=treble,
            onset=onset,
            beat=float(self._pulse[frame, 0]) * loud,
            downbeat=float(self._pulse[frame, 1]) * loud,
            beat_phase=float(music.beat_phase[frame]),
            bar_phase=float(music.bar_phase[frame]),
            level=float(self._level[frame]),
            energy=float(self._energy[frame]),
            progress=float(music.section_progress[frame]),
            shot=frame / max(1, self.n_frames - 1),
            beats=float(music.beats[frame]),
            kick=kick,
            snare=snare,
            hat=hat,
            voice=voice,
            tension=tension,
            drop=drop,
            spectrum=self._spectrum[frame],
        )


def _follow(levels: NDArray[np.float32], fps: int, release_s: float) -> NDArray[np.float32]:
    """Follow rises within a frame or two and let falls fade over `release_s`; levels of shape (n_frames, n)."""
    if not len(levels):
        return levels
    soft = _soften(levels)
    keep = np.float32(np.exp(-1.0 / max(1.0, release_s * fps)))
    out = np.empty_like(soft)
    held = soft[0]
    for frame, now in enumerate(soft):
        held = np.maximum(now, held * keep + now * (1 - keep))
        out[frame] = held
    return np.clip(out, 0, 1).astype(np.float32)


def _soften(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(np.nan_to_num(levels), ((1, 1), (0, 0)), mode="edge")
    return np.asarray(0.28 * padded[:-2] + 0.44 * padded[1:-1] + 0.28 * padded[2:], np.float32)
