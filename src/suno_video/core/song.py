"""The song as a file: what it is called, what its tags say, and how long it really is."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from suno_video.core.record import Record

DEFAULT_MAX_DURATION_S = 4 * 3600.0
"""Longer songs are refused unless the user says otherwise: a limit for disk and patience, not for the code."""

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]

TimedBy: TypeAlias = Literal["given", "placed", "aligned", "fixed"]
"""Who says when a line is sung: a file that came with the song, our guess from its form, a model that heard the voice,
or a person."""

Viseme: TypeAlias = Literal["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"]
"""Shapes of the mouth, by the usual fifteen names: lips shut (PP), teeth on lip (FF), open (aa), round (ou) ..."""

SURE = 0.5
"""A line below this confidence holds no cut back, is not sung by anybody in the picture, and lights up no words."""
SHOWN = 0.15
"""A line below this confidence is not shown at all: nobody knows where it is."""


class Phoneme(Record):
    """A sound of a word, the shape of the mouth that makes it, and when."""

    sound: str
    """In the International Phonetic Alphabet, as far as the spelling tells."""
    viseme: Viseme
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat


class LyricWord(Record):
    """One sung word and when it is sung."""

    text: str
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat
    confidence: Share | None = None
    """How sure its times are; None where they were given."""
    phonemes: tuple[Phoneme, ...] = ()
    """In order, within the word; only where a model heard the voice."""


class TextSpan(Record):
    """A part of a line, in characters: from `start` up to and without `end`."""

    start: NonNegativeInt
    end: PositiveInt


class LyricLine(Record):
    """One sung line. Without times it is known only in order."""

    text: str
    start_s: NonNegativeFloat | None = None
    end_s: NonNegativeFloat | None = None
    words: tuple[LyricWord, ...] = ()
    section: str | None = None
    """The section tag above it in the lyrics, such as `Chorus`, without brackets."""
    block: NonNegativeInt = 0
    """Counts the section tags and blank lines above it: lines of one block are sung in one go."""
    singer: str | None = None
    """Who sings it, by a tag such as `[Female]` or `[Name: Ann]`."""
    adlibs: tuple[TextSpan, ...] = ()
    """Ad-libs within it, in parentheses; they are often sung by a second voice, or over the next line."""
    timed_by: TimedBy | None = None
    """Who says when it is sung; None where nobody does, and in files of older analyses."""
    confidence: Share | None = None
    """How probable it is that it begins within 0.3 s of `start_s`; None where that was given."""

    @property
    def is_timed(self) -> bool:
        """Whether we know when it is sung."""
        return self.start_s is not None and self.end_s is not None

    @property
    def is_adlib(self) -> bool:
        """Whether all of it is an ad-lib."""
        return (
            bool(self.adlibs)
            and self.adlibs[0].start == 0
            and self.adlibs[-1].end == len(self.text)
            and not any(self.text[a.end : b.start].strip() for a, b in zip(self.adlibs, self.adlibs[1:], strict=False))
        )

    @property
    def trust(self) -> float:
        """How far its times are to be trusted: 1 where they were given, or fixed by a person."""
        return self.confidence if self.confidence is not None else float(self.is_timed)

    @property
    def is_sure(self) -> bool:
        """Whether its times may decide something: a cut, a mouth, a word that lights up."""
        return self.is_timed and self.trust >= SURE


class SectionMark(Record):
    """A section tag in the lyrics, also one without words (`[Guitar Solo]`); `core.sectiontags` says what it means."""

    text: str
    """As written, without brackets."""
    line: NonNegativeInt
    """Number of lines before it: the tag holds from `Lyrics.lines[line]` on, if any line follows before the next."""
    start_s: NonNegativeFloat | None = None
    """When it begins, where the lyrics are timed."""


class Lyrics(Record):
    """The words of the song in order, from the best source found."""

    source: str
    """Where they come from: `sylt`, `uslt`, or the name of the file beside the song."""
    lines: tuple[LyricLine, ...] = ()
    language: str | None = None
    """Language of the words, where the source says so (`de`)."""
    marks: tuple[SectionMark, ...] = ()
    """The section tags in order, also those of parts without words."""
    made_with: str = ""
    """What else they were made from (our placing, an alignment, a person's fixes), to know when to make them again."""

    @property
    def timed_lines(self) -> tuple[LyricLine, ...]:
        """The lines with times that can be shown, in order of time."""
        shown = (line for line in self.lines if line.is_timed and line.trust >= SHOWN)
        return tuple(sorted(shown, key=lambda line: line.start_s or 0.0))


class SungWord(Record):
    """A word that a model heard without being told what is sung."""

    text: str
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat
    confidence: Share = 1.0


class Song(Record):
    """A song as found on disk (`song.json`). Its length comes from decoded samples, never from a header."""

    file_name: str
    sha256: str
    """Content hash of the song file and of the side files (lyrics) that were read with it."""
    n_samples: PositiveInt
    """Decoded samples per channel at `sample_rate_hz`."""
    sample_rate_hz: PositiveInt
    n_channels: PositiveInt
    duration_s: PositiveFloat
    title: str
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    cover: str | None = None
    """File name of the cover picture inside the project folder, a PNG of at most 2048 pixels a side."""
    lyrics: Lyrics | None = None
    notes: tuple[str, ...] = ()
    """What a person should know: `decoded 6.2 s of the 20.0 s that the header promises`, and the like."""
