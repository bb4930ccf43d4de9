"""What a person says about the beats of a song (`grid.json`): the tempo, a first beat, or all of them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from suno_video.core.record import Record

Tracker: TypeAlias = Literal["ours", "beat_this"]
"""Whose ears hear the beats where no person gives them."""

LEAST_BPM, MOST_BPM = 20.0, 400.0
MAX_BEATS = 60_000
"""Four hours at 240 beats a minute."""

Bpm: TypeAlias = Annotated[float, Field(ge=LEAST_BPM, le=MOST_BPM)]


class GridWish(Record):
    """What a person said about the beats. Empty: nothing, they are heard.

    `beats_s` (from a file) and `bpm` exclude each other; either may come with `downbeat_s`.
    """

    version: Literal[1] = 1
    bpm: Bpm | None = None
    """Beats a minute: the grid has this tempo, and follows the music a little where it hurries or drags."""
    downbeat_s: NonNegativeFloat | None = None
    """A moment at which a bar begins."""
    beats_s: Annotated[tuple[NonNegativeFloat, ...], Field(max_length=MAX_BEATS)] = ()
    """All beats, rising strictly."""
    downbeats_s: Annotated[tuple[NonNegativeFloat, ...], Field(max_length=MAX_BEATS)] = ()
    """Those that begin bars, each also one of `beats_s`; alone where a file has bars only."""
    beats_per_bar: PositiveInt | None = None
    source: Annotated[str, Field(max_length=255)] = ""
    """Name of the file the beats came from."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, times in (("beats_s", self.beats_s), ("downbeats_s", self.downbeats_s)):
            if any(b <= a for a, b in zip(times, times[1:], strict=False)):
                raise ValueError(f"{name} must rise strictly")
        if self.bpm is not None and self.has_marks:
            raise ValueError("bpm and beats_s exclude each other")
        if self.beats_s and not set(self.downbeats_s) <= set(self.beats_s):
            raise ValueError("each of downbeats_s must be one of beats_s")
        return self

    @property
    def has_marks(self) -> bool:
        """Whether beats or bars are given one by one."""
        return bool(self.beats_s or self.downbeats_s)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self.bpm is None and self.downbeat_s is None and not self.has_marks

    def over(self, earlier: GridWish) -> GridWish:
        """What holds when this is said after something else: a tempo and a file replace each other, a downbeat adds."""
        if self.is_empty:
            return earlier
        if self.has_marks or (self.bpm is not None and self.downbeat_s is not None):
            return self
        if self.bpm is not None:
            return GridWish(bpm=self.bpm, downbeat_s=earlier.downbeat_s)
        return earlier.model_copy(update={"downbeat_s": self.downbeat_s})

    def digest(self) -> str:
        """Twelve digits by which an analysis knows for what grid it was made; empty when nothing is said."""
        if self.is_empty:
            return ""
        said = self.model_dump_json(exclude={"version", "source"})
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:12]
