"""Songs for the director, made by hand or at random, with sections, a grid and lyrics that are known."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from suno_video.core.analysis import N_BANDS, EnergyCurve, Section, SectionLabel, SongAnalysis
from suno_video.core.song import LyricLine, Lyrics, Song

FAMILIES = frozenset(
    {
        *("nebula", "starfield", "tunnel", "ribbons", "silk", "crystal"),
        *("kaleidoscope", "ring", "paint", "reaction", "aurora", "ocean"),
        *("galaxy", "hills", "city", "road", "clouds", "godrays"),
        *("neon", "lasers", "fractal", "truchet", "figures"),
    }
)
LABELS = ("intro", "verse", "prechorus", "chorus", "bridge", "build", "drop", "breakdown", "solo", "outro", "other")

POP = (
    ("intro", "A", 0.2, 8),
    ("verse", "B", 0.45, 16),
    ("chorus", "C", 0.85, 16),
    ("verse", "B", 0.5, 16),
    ("chorus", "C", 0.9, 16),
    ("bridge", "D", 0.4, 8),
    ("chorus", "C", 1.0, 16),
    ("outro", "A", 0.2, 8),
)
"""Label, group, energy and bars of each section of a common song."""


def song_of(analysis: SongAnalysis, lines: tuple[LyricLine, ...] = (), **changes: object) -> Song:
    """The file that goes with an analysis."""
    values: dict[str, object] = {
        "file_name": "song.mp3",
        "sha256": analysis.song_sha256,
        "n_samples": max(1, round(analysis.duration_s * 44100)),
        "sample_rate_hz": 44100,
        "n_channels": 2,
        "duration_s": analysis.duration_s,
        "title": "Paper Stars",
        "artist": "The Testers",
        "lyrics": Lyrics(source="test", lines=lines) if lines else None,
        **changes,
    }
    return Song.model_validate(values)


def analysis_of(
    sections: tuple[Section, ...], beats_s: tuple[float, ...] = (), beats_per_bar: int = 4, **changes: object
) -> SongAnalysis:
    """An analysis with given sections and beats; the first beat is a downbeat."""
    values: dict[str, object] = {
        "song_sha256": "cd" * 32,
        "analyzer": "test 1",
        "duration_s": sections[-1].end_s,
        "tempo_bpm": 60 / float(np.median(np.diff(beats_s))) if len(beats_s) > 1 else 0.0,
        "beats_s": beats_s,
        "downbeats_s": beats_s[::beats_per_bar],
        "beats_per_bar": beats_per_bar,
        "beat_confidence": 0.9 if len(beats_s) > 1 else 0.0,
        "onsets_s": beats_s,
        "sections": sections,
        "energy": flat_energy(),
        "key": None,
        "moods": ("energetic",),
        "integrated_lufs": -14.0,
        **changes,
    }
    return SongAnalysis.model_validate(values)


def flat_energy() -> EnergyCurve:
    """Envelopes that the director does not look at."""
    packed = EnergyCurve.pack_spectrum(np.zeros((1, N_BANDS), dtype=np.float32))
    return EnergyCurve(fps=30, loudness=(0,), bass=(0,), mid=(0,), treble=(0,), onset=(0,), spectrum_b64=packed)


def song_in_bars(
    plan: tuple[tuple[SectionLabel, str, float, int], ...] = POP,
    bpm: float = 120.0,
    beats_per_bar: int = 4,
    **changes: object,
) -> SongAnalysis:
    """A song with a perfect grid, its sections given in bars."""
    bar_s = beats_per_bar * 60 / bpm
    edges = np.cumsum([0, *(bars for *_, bars in plan)])
    sections = tuple(
        Section(start_s=float(start * bar_s), end_s=float(end * bar_s), label=label, group=group, energy=energy)
        for (label, group, energy, _), start, end in zip(plan, edges, edges[1:], strict=False)
    )
    beats = tuple(float(k * 60 / bpm) for k in range(int(edges[-1]) * beats_per_bar))
    return analysis_of(sections, beats, beats_per_bar, **changes)


@st.composite
def analyses(draw: st.DrawFn) -> SongAnalysis:
    """Any song: short or long, with a steady, wandering, partial, distrusted or missing grid, and any sections."""
    duration_s = draw(st.floats(0.3, 400.0))
    inner = sorted(set(draw(st.lists(st.floats(0.01, 0.99), max_size=8))))
    edges = [0.0, *(round(duration_s * share, 6) for share in inner), duration_s]
    edges = [edge for edge, following in zip(edges, [*edges[1:], np.inf], strict=True) if edge < following]
    sections = tuple(
        Section(
            start_s=start,
            end_s=end,
            label=draw(st.sampled_from((*LABELS, "silence"))),
            group=draw(st.sampled_from("ABCD")),
            energy=draw(st.floats(0, 1)),
        )
        for start, end in zip(edges, edges[1:], strict=False)
    )
    period_s = draw(st.floats(0.25, 1.5))
    first_s = draw(st.floats(0, 0.5)) * duration_s
    n_beats = draw(st.sampled_from((0, 1, 7, int((duration_s - first_s) / period_s))))
    wander = np.random.default_rng(draw(st.integers(0, 99))).uniform(0.9, 1.1, n_beats)
    beats = first_s + np.cumsum(wander * period_s) - (wander[0] * period_s if n_beats else 0)
    return analysis_of(
        sections,
        tuple(float(beat) for beat in beats if beat < duration_s),
        draw(st.integers(2, 7)),
        beat_confidence=draw(st.sampled_from((0.0, 0.3, 0.5, 0.95))),
    )


@st.composite
def sung_lines(draw: st.DrawFn, duration_s: float) -> tuple[LyricLine, ...]:
    """Timed lines in a song of that length, some of which overlap."""
    starts = draw(st.lists(st.floats(0, max(duration_s - 0.2, 0.0)), max_size=30))
    return tuple(
        LyricLine(text="rain on the city", start_s=start, end_s=min(start + draw(st.floats(0.1, 6)), duration_s))
        for start in starts
    )
