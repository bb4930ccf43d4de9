"""The words of a song: from SYLT, from files beside it, or plain from its tags; the best source wins.

All of it is hostile input: sizes are bounded, control characters and markup go, nothing raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suno_video.analyze.id3 import TimedText, read_sylt
from suno_video.analyze.lyrics_formats import (
    MAX_LINES,
    ParsedLyrics,
    has_stamps,
    lines_of_sylt,
    parse_lrc,
    parse_plain,
    parse_subtitles,
)
from suno_video.analyze.lyrics_json import parse_json
from suno_video.analyze.lyrics_tags import MAX_LINE as MAX_LINE
from suno_video.analyze.tags import clean_text, read_tags
from suno_video.core.song import LyricLine, Lyrics

MAX_BYTES = 1_000_000
SIDE_ENDINGS = (".lrc", ".ass", ".lyrics.json", ".aligned.json", ".srt", ".vtt", ".lyrics.txt", ".txt")
"""Endings of files beside the song; those with times of words win, then those with times, then the first."""


@dataclass(frozen=True)
class FoundLyrics:
    """Lyrics, if there are any, and what a person should know about those that could not be read."""

    lyrics: Lyrics | None
    notes: tuple[str, ...] = ()


def side_files(song: Path) -> tuple[Path, ...]:
    """Lyrics beside a song: files with its name and a lyrics ending, the best first."""
    found = []
    for ending in SIDE_ENDINGS:
        candidate = song.with_name(song.stem + ending)
        try:
            if candidate.is_file() and candidate.name != song.name:
                found.append(candidate)
        except OSError:  # a name of 255 bytes has no room for an ending
            continue
    return tuple(found)


def read_lyrics(song: Path, duration_s: float) -> FoundLyrics:
    """Read the words that came with a song, in it or beside it, without listening to it."""
    return find_lyrics(song, read_sylt(song), read_tags(song).lyrics, duration_s)


def find_lyrics(song: Path, sylt: tuple[TimedText, ...], uslt: str | None, duration_s: float) -> FoundLyrics:
    """Take the best words there are: SYLT, then the files beside the song by what they time, then USLT.

    Files that are too large or hold no words are passed over with a note.
    """
    notes: list[str] = []
    sung = lines_of_sylt(sylt, duration_s)
    if sung.lines:
        return FoundLyrics(_lyrics("sylt", sung))
    best: tuple[str, ParsedLyrics] | None = None
    for path in side_files(song):
        name = clean_text(path.name, 120) or path.suffix
        parsed = _read(path, name, duration_s, notes)
        if parsed is not None and (best is None or parsed.worth > best[1].worth):
            best = (name, parsed)
    if best is None and uslt:
        # Some programs put a whole .lrc into USLT.
        best = ("uslt", parse(uslt[:MAX_BYTES], ".txt", duration_s))
    return FoundLyrics(_lyrics(*best) if best is not None and best[1].lines else None, tuple(notes))


def _read(path: Path, name: str, duration_s: float, notes: list[str]) -> ParsedLyrics | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            notes.append(f"{name} was not read: it is larger than {MAX_BYTES // 1_000_000} MB")
            return None
        text = decode_text(path.read_bytes())
    except OSError as exc:
        notes.append(f"{name} was not read: {exc.strerror or exc}")
        return None
    parsed = parse(text, path.suffix.lower(), duration_s)
    if len(parsed.lines) >= MAX_LINES:
        notes.append(f"{name}: only its first {MAX_LINES} lines were read")
    if parsed.lines:
        return parsed
    notes.append(f"{name} holds no words that can be read")
    return None


def _lyrics(source: str, parsed: ParsedLyrics) -> Lyrics:
    return Lyrics(source=source, lines=parsed.lines, marks=parsed.marks, language=parsed.language)


def decode_text(raw: bytes) -> str:
    """Decode text of unknown encoding: UTF-8, UTF-16 by its mark or its zeros, else Windows-1252. Never fails."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    if raw[:200].count(0) > len(raw[:200]) // 4:
        big = raw[:200:2].count(0) > raw[1:200:2].count(0)
        return raw.decode("utf-16-be" if big else "utf-16-le", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def parse(text: str, ending: str, duration_s: float) -> ParsedLyrics:
    """Read lyrics by the ending of their file. Text that is no lyrics gives no lines, never an error."""
    if ending in (".srt", ".vtt", ".ass"):
        return parse_subtitles(text, ending[1:], duration_s)
    if ending == ".json":
        return parse_json(text, duration_s)
    if ending == ".lrc" or has_stamps(text):
        return parse_lrc(text, duration_s)
    return parse_plain(text)


def parse_lyrics(text: str, ending: str, duration_s: float) -> tuple[LyricLine, ...]:
    """Read the lines alone, as `parse` does."""
    return parse(text, ending, duration_s).lines
