"""The song as a file: what it is called, what its tags say, and how long it really is."""

from __future__ import annotations

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from suno_video.core.record import Record

DEFAULT_MAX_DURATION_S = 4 * 3600.0
"""Longer songs are refused unless the user says otherwise: a limit for disk and patience, not for the code."""


class LyricWord(Record):
    """One sung word and when it is sung."""

    text: str
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat


class LyricLine(Record):
    """One sung line. Without times it is known only in order."""

    text: str
    start_s: NonNegativeFloat | None = None
    end_s: NonNegativeFloat | None = None
    words: tuple[LyricWord, ...] = ()
    section: str | None = None
    """The section tag above it in the lyrics, such as `Chorus`, without brackets."""

    @property
    def is_timed(self) -> bool:
        """Whether we know when it is sung."""
        return self.start_s is not None and self.end_s is not None


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
    marks: tuple[SectionMark, ...] = ()
    """The section tags in order, also those of parts without words."""

    @property
    def timed_lines(self) -> tuple[LyricLine, ...]:
        """The lines with times, in order of time."""
        return tuple(sorted((line for line in self.lines if line.is_timed), key=lambda line: line.start_s or 0.0))


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
