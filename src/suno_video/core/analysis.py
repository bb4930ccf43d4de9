"""What we heard: beats, bars, sections, energy, key and mood (`analysis.json`)."""

from __future__ import annotations

import base64
from typing import Annotated, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from suno_video.core.color import Palette
from suno_video.core.record import Record

Unit: TypeAlias = Annotated[float, Field(ge=0, le=1)]

SectionLabel: TypeAlias = Literal[
    "intro", "verse", "prechorus", "chorus", "bridge", "build", "drop", "breakdown", "solo", "outro", "silence", "other"
]

GridVerdict: TypeAlias = Literal["steady", "free", "given", "unsure", "none"]
"""`steady`: cut on the grid. `free`: beats are there, and breathe (rubato). `given`: a person said so. `unsure`: two
estimators disagree, or little is periodic. `none`: nothing to tap to. In the last two cuts go to phrases and onsets."""
CUTS_FOLLOW: tuple[GridVerdict, ...] = ("steady", "free", "given")
"""Verdicts in which cuts lie on the grid."""
STEADY: tuple[GridVerdict, ...] = ("steady", "given")
"""Those in which beats do not breathe, or a person knows better."""

EventKind: TypeAlias = Literal["drop", "build", "break", "stop"]

GridSource: TypeAlias = Literal["heard", "beat_this", "tempo", "file"]
"""Who says where the beats are: our own ears, another tracker's, a tempo given by a person, or a person's file."""

GRID_SOURCES: dict[GridSource, str] = {
    "heard": "heard by suno-video",
    "beat_this": "heard by beat_this",
    "tempo": "tempo given by hand",
    "file": "beats given by hand",
}
"""In words, for people."""

N_BANDS = 32
"""Bands of the spectrum, log-spaced from 40 Hz to 16 kHz (or to half the sample rate)."""


class Section(Record):
    """A part of the song. Sections tile it from 0 to its end without gap or overlap."""

    start_s: NonNegativeFloat
    end_s: PositiveFloat
    label: SectionLabel
    group: str
    """Sections that sound alike share a letter: `A`, `B` ... A chorus that returns has the same one."""
    energy: Unit
    """Mean loudness against the rest of this song: 0 the quietest passage, 1 the loudest."""
    confidence: Unit = 0.5


class Passage(Record):
    """A stretch of the song over which the beat grid is equally far to be trusted. Passages tile the song."""

    start_s: NonNegativeFloat
    end_s: PositiveFloat
    verdict: GridVerdict
    trust: Unit
    """0 not at all .. 1 fully: from periodicity and the agreement of two estimators."""
    tempo_bpm: NonNegativeFloat = 0.0
    """Median tempo of the passage; 0 where there is no beat."""
    why: str = ""
    """For people: what speaks for or against the grid."""


class SongEvent(Record):
    """Something that happens in the music, beyond its sections.

    A `drop` is the moment at which everything comes in, a `build` the rise before it, a `break` a passage in which the
    drums or most of the band are gone, a `stop` a sudden silence.
    """

    kind: EventKind
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat
    strength: Unit = 0.5


class VoiceSpan(Record):
    """A stretch in which somebody sings or raps."""

    start_s: NonNegativeFloat
    end_s: NonNegativeFloat
    confidence: Unit = 0.5


class DrumHits(Record):
    """When the drums are hit, by class, for effects; each rises strictly. Empty where nothing drums."""

    kick_s: tuple[NonNegativeFloat, ...] = ()
    snare_s: tuple[NonNegativeFloat, ...] = ()
    """Snare, clap or rim: the backbeat."""
    hat_s: tuple[NonNegativeFloat, ...] = ()
    """Hats, ride, shaker."""


class EnergyCurve(Record):
    """Envelopes of the sound, one value per video frame, each 0..1 against the whole song."""

    fps: PositiveInt
    loudness: tuple[Unit, ...]
    bass: tuple[Unit, ...]
    """20..150 Hz."""
    mid: tuple[Unit, ...]
    """150..2500 Hz."""
    treble: tuple[Unit, ...]
    """2500 Hz and up."""
    onset: tuple[Unit, ...]
    """How much something new begins in this frame (spectral flux)."""
    spectrum_b64: str
    """`N_BANDS` bytes a frame (0..255), row by row, base64: for painters that draw spectra."""

    def spectrum(self) -> NDArray[np.float32]:
        """Unpack the spectrum, shape (n_frames, N_BANDS), 0..1."""
        levels = np.frombuffer(base64.b64decode(self.spectrum_b64), dtype=np.uint8)
        return levels.reshape(-1, N_BANDS).astype(np.float32) / np.float32(255)

    @staticmethod
    def pack_spectrum(levels: NDArray[np.float32]) -> str:
        """Pack levels of shape (n_frames, N_BANDS), 0..1, for `spectrum_b64`."""
        return base64.b64encode(np.round(np.clip(levels, 0, 1) * 255).astype(np.uint8).tobytes()).decode("ascii")

    @model_validator(mode="after")
    def _check_equal_lengths(self) -> Self:
        lengths = {len(self.loudness), len(self.bass), len(self.mid), len(self.treble), len(self.onset)}
        if len(lengths) > 1:
            raise ValueError("all envelopes must have the same number of frames")
        try:
            n_levels = len(base64.b64decode(self.spectrum_b64, validate=True))
        except ValueError as exc:
            raise ValueError(f"spectrum_b64 is not base64: {exc}") from exc
        if n_levels != N_BANDS * len(self.loudness):
            raise ValueError(f"spectrum_b64 must hold {N_BANDS} bytes for each of {len(self.loudness)} frames")
        return self


class SongAnalysis(Record):
    """All that the analyze stage says about a song. Beats are monotone, sections tile the song."""

    version: Literal[1] = 1
    song_sha256: str
    analyzer: str
    """Name and version of the code that listened; part of the cache key."""
    duration_s: PositiveFloat
    tempo_bpm: NonNegativeFloat
    """Median tempo; 0 when there is no beat (silence, noise)."""
    beats_s: tuple[NonNegativeFloat, ...]
    downbeats_s: tuple[NonNegativeFloat, ...]
    """The first beat of each bar; each is also one of `beats_s`."""
    beats_per_bar: PositiveInt
    beat_confidence: Unit
    """How far the grid is to be trusted; below 0.4 the director cuts on phrases and onsets instead."""
    beat_division: Literal[2, 3] = 2
    """Into how many a beat falls: 3 in compound metres (6/8 is two beats of three)."""
    grid_source: GridSource = "heard"
    bars_given: bool = False
    """Whether a person has set the bars of beats that were heard."""
    correction: str = ""
    """Digest of what a person said about the beats (`GridWish.digest`); part of the cache key. Empty: nothing."""
    passages: tuple[Passage, ...] = ()
    """How far the grid is to be trusted, passage by passage; empty in files of older analyses."""
    onsets_s: tuple[NonNegativeFloat, ...]
    """Clear note and drum onsets, for cuts where there is no beat grid."""
    sections: tuple[Section, ...]
    events: tuple[SongEvent, ...] = ()
    """In order of their start."""
    voices: tuple[VoiceSpan, ...] = ()
    """Where somebody sings, in order, without overlap."""
    drums: DrumHits = DrumHits()
    stems: tuple[str, ...] = ()
    """Stems that sharpened all this: `drums`, `vocals` ..."""
    energy: EnergyCurve
    key: str | None
    """`A minor`, or None where there is no pitch."""
    key_confidence: Unit = 0.0
    moods: tuple[str, ...]
    """Mood words, the strongest first: `energetic`, `dark`, `dreamy` ..."""
    integrated_lufs: float | None
    """Loudness by ITU-R BS.1770 of the whole song; None for silence."""
    cover_palette: Palette | None = None
    """Five stops taken from the cover picture."""
    n_leading_silent_frames: NonNegativeInt = 0

    @model_validator(mode="after")
    def _check_time_order(self) -> Self:
        drums = {f"drums.{name}": getattr(self.drums, name) for name in ("kick_s", "snare_s", "hat_s")}
        marks = {"beats_s": self.beats_s, "downbeats_s": self.downbeats_s, "onsets_s": self.onsets_s, **drums}
        for name, times in marks.items():
            if any(b <= a for a, b in zip(times, times[1:], strict=False)):
                raise ValueError(f"{name} must rise strictly")
        if any(b.start_s < a.start_s for a, b in zip(self.events, self.events[1:], strict=False)):
            raise ValueError("events must be in order")
        if any(b.start_s < a.end_s for a, b in zip(self.voices, self.voices[1:], strict=False)):
            raise ValueError("voices must be in order, without overlap")
        if any(a.end_s != b.start_s for a, b in zip(self.passages, self.passages[1:], strict=False)):
            raise ValueError("passages must tile the song")
        if not self.sections or self.sections[0].start_s != 0:
            raise ValueError("sections must begin at 0 s")
        for left, right in zip(self.sections, self.sections[1:], strict=False):
            if left.end_s != right.start_s:
                raise ValueError(
                    f"sections must tile the song: one ends at {left.end_s} s, the next begins at {right.start_s} s"
                )
        if abs(self.sections[-1].end_s - self.duration_s) > 1e-6:
            raise ValueError("the last section must end with the song")
        return self

    @property
    def grid_in_words(self) -> str:
        """Who says where the beats are, for people."""
        words = GRID_SOURCES[self.grid_source]
        return f"{words}, bars set by hand" if self.bars_given else words

    @property
    def metre_in_words(self) -> str:
        """How beats fall into bars, for people: `4 beats a bar`, in compound metres `2 beats of three a bar (6/8)`."""
        each = " of three" if self.beat_division == 3 else ""
        sign = f" ({3 * self.beats_per_bar}/8)" if each else ""
        return f"{self.beats_per_bar} beats{each} a bar{sign}"

    def section_index_at(self, time_s: float) -> int:
        """Index of the section that sounds at a moment; the last one from the end of the song on."""
        starts = [section.start_s for section in self.sections]
        return max(0, int(np.searchsorted(starts, time_s + 1e-9, side="right")) - 1)
