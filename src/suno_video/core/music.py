"""Music as painters get it: for each frame of a clip, what is sounding. Backends see this and never the song."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suno_video.core.analysis import SongAnalysis
from suno_video.core.gridtrust import where_trusted

Curve: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class MusicFrame:
    """What is sounding while one frame is shown. All levels 0..1."""

    time_s: float
    """Moment of the song at which the frame is shown."""
    loudness: float
    bass: float
    mid: float
    treble: float
    onset: float
    beat: float
    """1 on a beat, falling to 0 before the next (exponentially); 0 where there is no beat grid to be trusted."""
    downbeat: float
    """The same for the first beat of each bar."""
    beat_phase: float
    """Position within the current beat, 0 (on it) ..1."""
    bar_phase: float
    """Position within the current bar, 0..1."""
    beats: float
    """Beats since the start of the song with fraction: a clock that runs with the music."""
    section_progress: float
    energy: float
    """Energy of the section (slow), blended over a second at its borders."""
    kick: float
    """1 when the kick drum is hit, falling within a quarter of a second. `snare` and `hat` likewise."""
    snare: float
    hat: float
    voice: float
    """1 while somebody sings, with soft edges."""
    tension: float
    """Rises from 0 to 1 through a build, and is gone at once when it ends."""
    drop: float
    """1 at a drop, falling over some four seconds; a stop is felt as -1 while it lasts."""
    spectrum: NDArray[np.float32]
    """Shape (N_BANDS,), bass first."""


@dataclass(frozen=True)
class MusicCurves:
    """`MusicFrame` for each frame of a clip, as arrays of shape (n_frames,) (`spectrum`: (n_frames, N_BANDS))."""

    time_s: NDArray[np.float64]
    loudness: Curve
    bass: Curve
    mid: Curve
    treble: Curve
    onset: Curve
    beat: Curve
    downbeat: Curve
    beat_phase: Curve
    bar_phase: Curve
    beats: NDArray[np.float64]
    section_progress: Curve
    energy: Curve
    kick: Curve
    snare: Curve
    hat: Curve
    voice: Curve
    tension: Curve
    drop: Curve
    spectrum: Curve

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.time_s)

    def at(self, frame: int) -> MusicFrame:
        """Music of one frame of the clip; frames outside are held at the ends."""
        k = min(max(frame, 0), self.n_frames - 1)
        scalars = {f.name: float(getattr(self, f.name)[k]) for f in fields(self) if f.name != "spectrum"}
        return MusicFrame(**scalars, spectrum=self.spectrum[k])

    def span(self, start: int, stop: int) -> MusicCurves:
        """Cut out frames start..stop."""
        return MusicCurves(**{f.name: getattr(self, f.name)[start:stop] for f in fields(self)})

    def first(self, n_frames: int) -> MusicCurves:
        """The first frames; where there are fewer, the last one is held."""
        return self.at_rate(1, 1, n_frames)

    def at_rate(self, fps: int, other_fps: int, n_frames: int) -> MusicCurves:
        """What sounds in frames of another rate; after the end, the last one is held.

        Args:
            fps: Rate of the frames that these curves are for.
            n_frames: How many frames of the other rate.
        """
        index = np.minimum(np.arange(n_frames) * fps // other_fps, self.n_frames - 1)
        return MusicCurves(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def music_curves(analysis: SongAnalysis, start_frame: int, n_frames: int) -> MusicCurves:
    """Sample an analysis at the frames `start_frame` .. `start_frame + n_frames` of its own frame rate.

    Frames before the song or after its end are silent.
    """
    energy = analysis.energy
    index = np.arange(start_frame, start_frame + n_frames)
    time_s = index / energy.fps
    heard = where_trusted(analysis, time_s)
    beats, beat = _clock(np.asarray(analysis.beats_s, dtype=np.float64), time_s)
    bars, downbeat = _clock(np.asarray(analysis.downbeats_s, dtype=np.float64), time_s)
    return MusicCurves(
        time_s=time_s,
        loudness=_pick(energy.loudness, index),
        bass=_pick(energy.bass, index),
        mid=_pick(energy.mid, index),
        treble=_pick(energy.treble, index),
        onset=_pick(energy.onset, index),
        # Where no beat is to be trusted nothing pulses on one; the clocks run on, so that nothing stands still.
        beat=np.where(heard, beat, np.float32(0)),
        downbeat=np.where(heard, downbeat, np.float32(0)),
        beat_phase=(beats % 1).astype(np.float32),
        bar_phase=(bars % 1).astype(np.float32),
        beats=beats,
        section_progress=_section_progress(analysis, time_s),
        energy=_blend_sections(analysis, time_s),
        kick=_pulses(analysis.drums.kick_s, time_s, fall_s=0.12),
        snare=_pulses(analysis.drums.snare_s, time_s, fall_s=0.12),
        hat=_pulses(analysis.drums.hat_s, time_s, fall_s=0.06),
        voice=_voice(analysis, time_s),
        tension=_tension(analysis, time_s),
        drop=_drop(analysis, time_s),
        spectrum=_pick(energy.spectrum(), index),
    )


def _pick(values: ArrayLike, index: NDArray[np.int64]) -> Curve:
    """Take the rows of some frames; those outside are 0."""
    source = np.asarray(values, dtype=np.float32)
    inside = (index >= 0) & (index < len(source))
    out = np.zeros((len(index), *source.shape[1:]), dtype=np.float32)
    out[inside] = source[index[inside]]
    return out


def _clock(marks_s: NDArray[np.float64], time_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], Curve]:
    """Count marks with fraction, and give the pulse that falls after each; both 0 without marks."""
    if len(marks_s) < 2:
        return np.zeros(len(time_s)), np.zeros(len(time_s), dtype=np.float32)
    step_before, step_after = marks_s[1] - marks_s[0], marks_s[-1] - marks_s[-2]
    count = np.interp(time_s, marks_s, np.arange(len(marks_s), dtype=np.float64))
    # Beyond the grid the clock runs on at the nearest tempo, so that nothing stops moving in an intro or outro.
    count = np.where(time_s < marks_s[0], (time_s - marks_s[0]) / step_before, count)
    count = np.where(time_s > marks_s[-1], len(marks_s) - 1 + (time_s - marks_s[-1]) / step_after, count)
    # A thousandth of a beat of grace: a frame that starts on the beat but for float dust is on the beat.
    count = np.where(np.abs(count - np.round(count)) < 1e-3, np.round(count), count)
    inside = (time_s >= marks_s[0] - 1e-3) & (time_s <= marks_s[-1] + step_after)
    pulse = np.where(inside, np.exp(-4.0 * (count % 1)), 0.0)
    return count, pulse.astype(np.float32)


def _section_progress(analysis: SongAnalysis, time_s: NDArray[np.float64]) -> Curve:
    starts = np.array([section.start_s for section in analysis.sections])
    ends = np.array([section.end_s for section in analysis.sections])
    which = np.clip(np.searchsorted(starts, time_s, side="right") - 1, 0, len(starts) - 1)
    progress = (time_s - starts[which]) / np.maximum(ends[which] - starts[which], 1e-6)
    return np.asarray(np.clip(progress, 0, 1), dtype=np.float32)


def _blend_sections(analysis: SongAnalysis, time_s: NDArray[np.float64]) -> Curve:
    """Energy of the sections, each blended into the next over the second around its border."""
    out = np.full(len(time_s), analysis.sections[0].energy)
    for before, after in zip(analysis.sections, analysis.sections[1:], strict=False):
        out = out + (after.energy - before.energy) * np.clip(time_s - (after.start_s - 0.5), 0, 1)
    return out.astype(np.float32)


def _pulses(marks_s: tuple[float, ...], time_s: NDArray[np.float64], *, fall_s: float) -> Curve:
    """1 in the frame that a mark falls into or nearest after it, falling exponentially until the next."""
    if not marks_s or not len(time_s):
        return np.zeros(len(time_s), dtype=np.float32)
    marks = np.asarray(marks_s, dtype=np.float64)
    step = float(time_s[1] - time_s[0]) if len(time_s) > 1 else 0.0
    # A mark within a frame is seen in that frame: the picture of frame k is on the screen until k + 1.
    which = np.searchsorted(marks, time_s + step - 1e-6, side="right") - 1
    since = np.maximum(0.0, time_s - marks[np.maximum(which, 0)])
    return np.where(which >= 0, np.exp(-since / fall_s), 0.0).astype(np.float32)


_VOICE_EDGE_S = 0.15


def _voice(analysis: SongAnalysis, time_s: NDArray[np.float64]) -> Curve:
    out = np.zeros(len(time_s))
    for span in analysis.voices:
        inside = np.minimum(time_s - span.start_s, span.end_s - time_s) / _VOICE_EDGE_S
        out = np.maximum(out, np.clip(inside + 1, 0, 1))
    return out.astype(np.float32)


def _tension(analysis: SongAnalysis, time_s: NDArray[np.float64]) -> Curve:
    out = np.zeros(len(time_s))
    for event in analysis.events:
        if event.kind == "build" and event.end_s > event.start_s:
            progress = (time_s - event.start_s) / (event.end_s - event.start_s)
            out = np.maximum(out, np.where((progress >= 0) & (progress < 1), progress, 0.0))
    return out.astype(np.float32)


_DROP_FALL_S = 1.0


def _drop(analysis: SongAnalysis, time_s: NDArray[np.float64]) -> Curve:
    drops = tuple(event.start_s for event in analysis.events if event.kind == "drop")
    out = _pulses(drops, time_s, fall_s=_DROP_FALL_S)
    for event in analysis.events:
        if event.kind == "stop":
            out = np.where((time_s >= event.start_s) & (time_s < event.end_s), np.float32(-1), out)
    return np.asarray(out, dtype=np.float32)
