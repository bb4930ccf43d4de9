"""What models heard of the words, kept in the project: dear to make, and the same on every run."""

from __future__ import annotations

from typing import Literal

from suno_video.core.record import Record
from suno_video.core.song import LyricLine, SungWord


class KeptAlignment(Record):
    """Times of words that a model found in the voice (`lyrics.aligned.json`)."""

    version: Literal[1] = 1
    song_sha256: str
    aligner: str
    """Name and version of the code that aligned."""
    model: str
    lines: tuple[LyricLine, ...]
    """All lines at that time; those with `timed_by = "aligned"` were found."""


class KeptHearing(Record):
    """Words that a model heard without being told them (`lyrics.heard.json`)."""

    version: Literal[1] = 1
    song_sha256: str
    transcriber: str
    model: str
    words: tuple[SungWord, ...]
