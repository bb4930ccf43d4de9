"""The words of a song: timed from SYLT, `.lrc`, `.srt` or `.vtt`, plain from `.txt` or USLT.

All of it is hostile input: sizes are bounded, control characters and markup go, nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from suno_video.analyze.id3 import TimedText
from suno_video.analyze.tags import clean_text
from suno_video.core.song import LyricLine, Lyrics, LyricWord

MAX_BYTES = 1_000_000
MAX_LINES = 5000
MAX_LINE = 300
_LAST_LINE_S = 5.0
"""How long a line may stand when nothing says when it ends."""
SIDE_ENDINGS = (".lrc", ".srt", ".vtt", ".lyrics.txt", ".txt")
"""Endings of files beside the song, the best first."""

_SECTION = re.compile(r"^\s*[\[(]\s*([^\[\]()]{1,80}?)\s*[\])]\s*:?\s*$")
_STAMP = re.compile(r"\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_STAMP = re.compile(r"<(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?>")
_OFFSET = re.compile(r"^\s*\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)
_LRC_TAG = re.compile(r"^\s*\[[a-z#]{1,10}:[^\]]*\]\s*$", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|\{\\[^{}]{0,200}\}")


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


def find_lyrics(song: Path, sylt: tuple[TimedText, ...], uslt: str | None, duration_s: float) -> FoundLyrics:
    """Take the best words there are: SYLT, then `.lrc`, `.srt`, `.vtt`, `.txt` beside the song, then USLT.

    Files that are too large or hold no words are passed over with a note.
    """
    notes: list[str] = []
    timed = _lines_of_sylt(sylt, duration_s)
    if timed:
        return FoundLyrics(Lyrics(source="sylt", lines=timed))
    for path in side_files(song):
        name = clean_text(path.name, 120) or path.suffix
        try:
            if path.stat().st_size > MAX_BYTES:
                notes.append(f"{name} was not read: it is larger than {MAX_BYTES // 1_000_000} MB")
                continue
            text = decode_text(path.read_bytes())
        except OSError as exc:
            notes.append(f"{name} was not read: {exc.strerror or exc}")
            continue
        lines = parse_lyrics(text, path.suffix.lower(), duration_s)
        if lines:
            return FoundLyrics(Lyrics(source=name, lines=lines), tuple(notes))
        notes.append(f"{name} holds no words that can be read")
    if uslt:
        # Some programs put a whole .lrc into USLT.
        lines = parse_lyrics(uslt[:MAX_BYTES], ".txt", duration_s)
        if lines:
            return FoundLyrics(Lyrics(source="uslt", lines=lines), tuple(notes))
    return FoundLyrics(None, tuple(notes))


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


def parse_lyrics(text: str, ending: str, duration_s: float) -> tuple[LyricLine, ...]:
    """Read lyrics by the ending of their file. Text that is no lyrics gives no lines, never an error."""
    if ending in (".srt", ".vtt"):
        return _parse_subtitles(text, ending[1:], duration_s)
    if ending == ".lrc" or len(_STAMP.findall(text[:20_000])) >= 3:
        return _parse_lrc(text, duration_s)
    return _parse_plain(text)


def _parse_plain(text: str) -> tuple[LyricLine, ...]:
    lines: list[LyricLine] = []
    section: str | None = None
    for raw in text.splitlines()[: MAX_LINES * 2]:
        tag = _section_tag(raw)
        words = _clean_line(raw)
        if tag:
            section = tag
        elif words and len(lines) < MAX_LINES:
            lines.append(LyricLine(text=words, section=section))
    return tuple(lines)


def _section_tag(raw: str) -> str | None:
    """`[Chorus]` and `[Verse 1: soft]`, but also `(Bridge)`; not `(ooh)`, which is sung."""
    match = _SECTION.match(raw[:200])
    if not match:
        return None
    if raw.strip().startswith("(") and not re.match(
        r"(intro|verse|chorus|pre-?chorus|bridge|outro|hook|refrain|drop|solo|break|build)\b", match[1], re.IGNORECASE
    ):
        return None
    return clean_text(match[1], 60)


def _clean_line(raw: str) -> str | None:
    return clean_text(_MARKUP.sub(" ", raw[: MAX_LINE * 4]), MAX_LINE)


def _seconds(minutes: str, seconds: str, fraction: str | None) -> float:
    return int(minutes) * 60 + int(seconds) + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


def _parse_lrc(text: str, duration_s: float) -> tuple[LyricLine, ...]:
    offset = _OFFSET.search(text[:20_000])
    # A positive offset shows the words sooner.
    shift_s = -int(offset[1]) / 1000 if offset else 0.0
    starts: list[tuple[float, str, tuple[tuple[float, str], ...], str | None]] = []
    section: str | None = None
    for raw in text.splitlines()[: MAX_LINES * 2]:
        raw = raw[: MAX_LINE * 8]
        stamps = _STAMP.findall(raw)
        body = _STAMP.sub("", raw)
        tag = _section_tag(body)
        if tag and not _LRC_TAG.match(body):
            section = tag
            continue
        words = _timed_words(body, shift_s)
        line = _clean_line(_WORD_STAMP.sub(" ", body)) or ""
        starts += [(_seconds(*stamp) + shift_s, line, words if len(stamps) == 1 else (), section) for stamp in stamps]
    starts.sort(key=lambda entry: entry[0])
    return _close_lines(starts[:MAX_LINES], duration_s)


def _timed_words(body: str, shift_s: float) -> tuple[tuple[float, str], ...]:
    """Words of an enhanced line: `<00:12.30> Snow <00:12.80> upon`; an empty last one only says when the line ends."""
    marks = list(_WORD_STAMP.finditer(body))
    ends = [*(mark.start() for mark in marks[1:]), len(body)][: len(marks)]
    return tuple(
        (_seconds(*mark.groups()) + shift_s, clean_text(body[mark.end() : end], 80) or "")
        for mark, end in zip(marks, ends, strict=True)
    )


def _close_lines(
    starts: list[tuple[float, str, tuple[tuple[float, str], ...], str | None]], duration_s: float
) -> tuple[LyricLine, ...]:
    """Give every line its end: the next stamp (empty lines are rests), at most a few seconds after a last one."""
    lines = []
    for i, (start, text, marks, section) in enumerate(starts):
        after = next((later[0] for later in starts[i + 1 :] if later[0] > start), duration_s)
        end = min(after, start + max(_LAST_LINE_S, 0.6 * len(text.split())), duration_s)
        if marks:
            end = max(min(after, duration_s), min(start + 0.2, duration_s)) if not marks[-1][1] else end
            end = min(marks[-1][0], end) if not marks[-1][1] else end
        if not text or start < 0 or end <= start or start >= duration_s:
            continue
        lines.append(
            LyricLine(
                text=text, start_s=round(start, 3), end_s=round(end, 3), words=_close_words(marks, end), section=section
            )
        )
    return tuple(lines)


def _close_words(marks: tuple[tuple[float, str], ...], end_s: float) -> tuple[LyricWord, ...]:
    words, at = [], 0.0
    for i, (start, text) in enumerate(marks):
        start = max(start, at, 0.0)
        stop = max(start, min(marks[i + 1][0] if i + 1 < len(marks) else end_s, end_s))
        if text:
            words.append(LyricWord(text=text, start_s=round(start, 3), end_s=round(stop, 3)))
        at = start
    return tuple(words)


def _parse_subtitles(text: str, kind: str, duration_s: float) -> tuple[LyricLine, ...]:
    import pysubs2

    try:
        subtitles = pysubs2.SSAFile.from_string(text, format_=kind)
    except Exception:  # noqa: BLE001 - any broken subtitle file counts as one without words
        return ()
    lines, section = [], None
    for event in sorted(subtitles.events, key=lambda event: event.start)[:MAX_LINES]:
        start, end = max(0.0, event.start / 1000), min(event.end / 1000, duration_s)
        tag = _section_tag(event.plaintext)
        words = _clean_line(event.plaintext)
        if tag:
            section = tag
        elif words and not event.is_comment and end > start:
            lines.append(LyricLine(text=words, start_s=start, end_s=end, section=section))
    return tuple(lines)


def _lines_of_sylt(sylt: tuple[TimedText, ...], duration_s: float) -> tuple[LyricLine, ...]:
    """Join the syllables and words of SYLT into lines: a piece that begins with a line break begins a line."""
    starts: list[tuple[float, str, tuple[tuple[float, str], ...], str | None]] = []
    section: str | None = None
    breaks = any("\n" in piece.text or "\r" in piece.text for piece in sylt)
    for piece in sylt[: MAX_LINES * 10]:
        begins = not starts or not breaks or piece.text.startswith(("\n", "\r"))
        text = _MARKUP.sub(" ", piece.text[:MAX_LINE])
        tag = _section_tag(text.strip())
        if tag:
            section = tag
            continue
        word = clean_text(text, 120) or ""
        if begins and len(starts) < MAX_LINES:
            starts.append((piece.start_s, word, ((piece.start_s, word),), section))
        elif starts:
            start, line, marks, kept = starts[-1]
            space = " " if text[:1].isspace() or line.endswith(" ") else ""
            joined = (line + space + word)[:MAX_LINE]
            starts[-1] = (start, joined, (*marks, (piece.start_s, word)), kept)
    if not breaks:
        starts = [(start, line, (), kept) for start, line, _, kept in starts]
    starts.sort(key=lambda entry: entry[0])
    return _close_lines(starts, duration_s)
