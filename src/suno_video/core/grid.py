"""The beats of a song: as they were heard, and what a person says about them (`grid.json`)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from suno_video.core.analysis import Passage
from suno_video.core.record import Record

Tracker: TypeAlias = Literal["ours", "beat_this"]
"""Whose ears hear the beats where no person gives them."""

LEAST_BPM, MOST_BPM = 20.0, 400.0
MAX_BEATS = 60_000
"""Four hours at 240 beats a minute."""
SAME_BAR_S = 0.07
"""Two people who mean the same downbeat lie no further apart."""

Bpm: TypeAlias = Annotated[float, Field(ge=LEAST_BPM, le=MOST_BPM)]


class BeatGrid(Record):
    """The beats of a song. Empty where there is no beat."""

    beats_s: tuple[NonNegativeFloat, ...] = ()
    downbeats_s: tuple[NonNegativeFloat, ...] = ()
    """The first beat of each bar; each is also one of `beats_s`."""
    beats_per_bar: PositiveInt = 4
    division: Literal[2, 3] = 2
    """Into how many a beat falls."""
    tempo_bpm: NonNegativeFloat = 0.0
    confidence: float = 0.0
    """How far the grid is to be trusted, 0..1."""
    passages: tuple[Passage, ...] = ()
    """How far it is to be trusted where; they tile the song."""


class HeardBeats(Record):
    """What was heard before anybody corrected it (`beats.heard.json`): another correction need not listen again."""

    version: Literal[1] = 1
    song_sha256: str
    heard_by: str
    """Tracker and version of all code that listened."""
    grid: BeatGrid


class GridWish(Record):
    """What a person said about the beats. Empty: nothing, they are heard.

    Beats or bars one by one (from a file) and `bpm` exclude each other; either may come with `downbeat_s`.
    """

    version: Literal[1] = 1
    tracker: Tracker = "ours"
    bpm: Bpm | None = None
    """Beats a minute: the grid has this tempo, and follows the music a little where it hurries or drags."""
    downbeat_s: NonNegativeFloat | None = None
    """A moment at which a bar begins."""
    beats_s: Annotated[tuple[NonNegativeFloat, ...], Field(max_length=MAX_BEATS)] = ()
    """All beats, rising strictly."""
    downbeats_s: Annotated[tuple[NonNegativeFloat, ...], Field(max_length=MAX_BEATS)] = ()
    """Those that begin bars, each also one of `beats_s`; alone where a file has bars only."""
    beats_per_bar: Annotated[int, Field(ge=1, le=32)] | None = None
    source: Annotated[str, Field(max_length=255)] = ""
    """Name of the file the beats came from."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, times in (("beats_s", self.beats_s), ("downbeats_s", self.downbeats_s)):
            if any(b <= a for a, b in zip(times, times[1:], strict=False)):
                raise ValueError(f"{name} must rise strictly")
        if len(self.beats_s) == 1 or (not self.beats_s and len(self.downbeats_s) == 1):
            raise ValueError("a grid has two beats at least")
        if self.bpm is not None and self.has_marks:
            raise ValueError("bpm and beats_s exclude each other")
        if self.beats_s and not set(self.downbeats_s) <= set(self.beats_s):
            raise ValueError("each of downbeats_s must be one of beats_s")
        if self.contradicts_bars:
            raise ValueError("downbeat_s is none of downbeats_s")
        return self

    @property
    def has_marks(self) -> bool:
        """Whether beats or bars are given one by one."""
        return bool(self.beats_s or self.downbeats_s)

    @property
    def contradicts_bars(self) -> bool:
        """Whether a bar is said to begin where none of those that are given begins."""
        return (
            self.downbeat_s is not None
            and bool(self.downbeats_s)
            and min(abs(each - self.downbeat_s) for each in self.downbeats_s) > SAME_BAR_S
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self == GridWish()

    def over(self, earlier: GridWish) -> GridWish:
        """What holds when this is said after something else.

        A tempo, a file and another pair of ears replace each other; a downbeat is added to what there is, and stays
        beside a tempo.

        Raises:
            ValueError: A downbeat is added to a file that has its bars elsewhere.
        """
        if self.is_empty:
            return earlier
        if self.bpm is not None and self.downbeat_s is None:
            return GridWish(bpm=self.bpm, tracker=earlier.tracker, downbeat_s=earlier.downbeat_s)
        if self.has_marks or self.bpm is not None or self.tracker != "ours":
            return self
        return GridWish.model_validate(earlier.model_dump() | {"downbeat_s": self.downbeat_s})

    def digest(self) -> str:
        """Twelve digits by which an analysis knows for what grid it was made; empty when nothing is said."""
        if self.is_empty:
            return ""
        said = self.model_dump_json(exclude={"version", "source"})
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:12]
