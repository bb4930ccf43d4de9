"""What a language model that listened said of a song (`vibe.json`): a second ear. Our own analysis keeps the clock."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, NonNegativeFloat, StringConstraints

from suno_video.core.analysis import SectionLabel
from suno_video.core.record import Record

VocalKind: TypeAlias = Literal["none", "female", "male", "mixed", "choir", "spoken", "unclear"]
ShortText: TypeAlias = Annotated[str, StringConstraints(max_length=80)]
MAX_MOODS, MAX_SECTIONS, MAX_INSTRUMENTS = 12, 100, 8
MAX_BPM = 400.0


class MoodStep(Record):
    """A mood, and from when on it holds."""

    start_s: NonNegativeFloat
    mood: ShortText


class HeardSection(Record):
    """A part of the song as somebody else heard it; it ends where the next one begins."""

    start_s: NonNegativeFloat
    label: SectionLabel


class Vibe(Record):
    """A song as a language model heard it."""

    version: Literal[1] = 1
    song_sha256: str
    heard_by: str
    """Who listened, and the version of what they were asked."""
    tempo_bpm: Annotated[float, Field(ge=0, le=MAX_BPM)]
    """0 where no beat was heard."""
    key: str | None = None
    """`A minor`; None where none was heard, or what was said is no key."""
    genre: ShortText
    moods: Annotated[tuple[MoodStep, ...], Field(max_length=MAX_MOODS)] = ()
    """In order of time."""
    sections: Annotated[tuple[HeardSection, ...], Field(max_length=MAX_SECTIONS)] = ()
    """In order of time."""
    instruments: Annotated[tuple[ShortText, ...], Field(max_length=MAX_INSTRUMENTS)] = ()
    vocals: VocalKind
    summary: Annotated[str, StringConstraints(max_length=600)] = ""

    def as_heard(self) -> dict[str, Any]:
        """What was heard, as plain data for a prompt: not who heard it, nor in which file."""
        return self.model_dump(mode="json", exclude={"version", "song_sha256", "heard_by"})
