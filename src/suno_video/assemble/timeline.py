"""The song as one drawing for the report: loudness, sections, beats and cuts, as coordinates for inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suno_video.core.analysis import SongAnalysis
from suno_video.core.clock import clock, tick_step_s
from suno_video.core.gridtrust import trusted_beats_s, trusted_downbeats_s
from suno_video.core.storyboard import Storyboard

WIDTH, HEIGHT = 1200, 190
WAVE_MIDDLE, WAVE_HALF = 92, 62
MAX_TICKS = 420
"""Closer beats than this would be a grey bar: then only bars are drawn, or every second bar, and so on."""
_N_COLUMNS = 400


@dataclass(frozen=True)
class Band:
    """A section on the drawing."""

    x: float
    width: float
    label: str
    group: str
    shade: int
    """0 quiet .. 3 loud."""


@dataclass(frozen=True)
class Timeline:
    """Everything that the drawing needs, in units of a `WIDTH` x `HEIGHT` view box."""

    wave: str
    """Path of the loudness, mirrored about the middle."""
    bands: tuple[Band, ...]
    ticks: tuple[float, ...]
    cuts: tuple[float, ...]
    film_x: float
    film_width: float
    """The part of the song that the film shows."""
    marks: tuple[tuple[float, str], ...]
    """Clock times along the axis."""


def draw_timeline(analysis: SongAnalysis, storyboard: Storyboard) -> Timeline:
    """Lay a song and its cuts out along one axis."""

    def x_of(time_s: float) -> float:
        return round(min(max(time_s / analysis.duration_s, 0.0), 1.0) * WIDTH, 2)

    fps = storyboard.fps
    film_x = x_of(storyboard.first_frame / fps)
    return Timeline(
        wave=_wave_path(analysis.energy.loudness),
        bands=tuple(
            Band(
                x_of(section.start_s),
                round(x_of(section.end_s) - x_of(section.start_s), 2),
                section.label,
                section.group,
                min(3, int(section.energy * 4)),
            )
            for section in analysis.sections
        ),
        ticks=tuple(x_of(time) for time in _thin(analysis)),
        cuts=tuple(x_of(scene.start_frame / fps) for scene in storyboard.scenes[1:]),
        film_x=film_x,
        film_width=round(x_of(storyboard.end_frame / fps) - film_x, 2),
        marks=_clock_marks(analysis.duration_s),
    )


def _wave_path(loudness: Sequence[float]) -> str:
    if not loudness:
        return f"M0 {WAVE_MIDDLE}H{WIDTH}"
    values = np.asarray(loudness, dtype=np.float64)
    columns = np.array_split(values, min(_N_COLUMNS, len(values)))
    levels = [max(0.012, float(column.max())) for column in columns]
    xs = np.linspace(0, WIDTH, len(levels))
    above = [f"{x:.1f} {WAVE_MIDDLE - WAVE_HALF * level:.1f}" for x, level in zip(xs, levels, strict=True)]
    below = [f"{x:.1f} {WAVE_MIDDLE + WAVE_HALF * level:.1f}" for x, level in zip(xs, levels, strict=True)]
    return "M" + "L".join([*above, *reversed(below)]) + "Z"


def _thin(analysis: SongAnalysis) -> Sequence[float]:
    """Beats that are to be trusted, or bars, or every n-th bar, whichever can still be told apart."""
    beats_s, downbeats_s = trusted_beats_s(analysis), trusted_downbeats_s(analysis)
    if len(beats_s) <= MAX_TICKS:
        return beats_s
    step = -(-len(downbeats_s) // MAX_TICKS)
    return downbeats_s[:: max(1, step)]


def _clock_marks(duration_s: float) -> tuple[tuple[float, str], ...]:
    step = tick_step_s(duration_s, 9)
    marks = []
    for number in range(1, int(duration_s / step) + 1):
        x = number * step / duration_s * WIDTH
        if x < WIDTH - 20:
            marks.append((round(x, 2), clock(number * step)))
    return tuple(marks)
