"""Analyses and storyboards with known answers, made by hand."""

from __future__ import annotations

import numpy as np

from suno_video.core.analysis import N_BANDS, EnergyCurve, Section, SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Motif, Scene, Storyboard, Transition, Treatment

PALETTE = ("#0b0616", "#3a1155", "#a02c7d", "#f2855e", "#fff1d6")
TINY = FrameSize(width_px=64, height_px=36)


def steady_analysis(duration_s: float = 8.0, fps: int = 30, bpm: float = 120.0, level: float = 0.8) -> SongAnalysis:
    """A song with a perfect grid in 4/4, half verse, half chorus."""
    n_frames = round(duration_s * fps)
    beats = np.arange(0, duration_s - 1e-9, 60 / bpm)
    flat = (level,) * n_frames
    half = duration_s / 2
    return SongAnalysis(
        song_sha256="ab" * 32,
        analyzer="test 1",
        duration_s=duration_s,
        tempo_bpm=bpm,
        beats_s=tuple(float(b) for b in beats),
        downbeats_s=tuple(float(b) for b in beats[::4]),
        beats_per_bar=4,
        beat_confidence=0.9,
        onsets_s=tuple(float(b) for b in beats),
        sections=(
            Section(start_s=0, end_s=half, label="verse", group="A", energy=0.4),
            Section(start_s=half, end_s=duration_s, label="chorus", group="B", energy=0.9),
        ),
        energy=EnergyCurve(
            fps=fps,
            loudness=flat,
            bass=flat,
            mid=flat,
            treble=flat,
            onset=flat,
            spectrum_b64=EnergyCurve.pack_spectrum(np.full((n_frames, N_BANDS), level, dtype=np.float32)),
        ),
        key="A minor",
        moods=("energetic",),
        integrated_lufs=-14.0,
    )


def scene(number: int, start: int, end: int, **changes: object) -> Scene:
    """A plain scene."""
    values: dict[str, object] = {
        "id": f"s{number:03d}",
        "start_frame": start,
        "end_frame": end,
        "section": 0,
        "section_label": "verse",
        "bar": 1,
        "motif": "m",
        "family": "nebula",
        "seed": number,
        "palette": PALETTE,
        "prompt": "a quiet street at night, wide lens",
        **changes,
    }
    return Scene.model_validate(values)


def storyboard_of(*scenes: Scene, fps: int = 30, size: FrameSize = TINY, **changes: object) -> Storyboard:
    """A storyboard of given scenes."""
    values: dict[str, object] = {
        "song_sha256": "ab" * 32,
        "director": "test 1",
        "seed": 1,
        "size": size,
        "fps": fps,
        "first_frame": scenes[0].start_frame,
        "n_frames": scenes[-1].end_frame - scenes[0].start_frame,
        "treatment": Treatment(
            logline="a test",
            look="test",
            moods=("calm",),
            palette=PALETTE,
            motifs=(Motif(name="m", families=("nebula",), idea="a test", palette=PALETTE),),
        ),
        "scenes": scenes,
        **changes,
    }
    return Storyboard.model_validate(values)


def dissolve(n_frames: int) -> Transition:
    """A dissolve."""
    return Transition(kind="dissolve", n_frames=n_frames)


def tiny_brief(**changes: object) -> Brief:
    """A brief for 64x36."""
    return Brief.model_validate({"size": TINY, **changes})
