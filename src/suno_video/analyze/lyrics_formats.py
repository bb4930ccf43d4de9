"""The formats in which lyrics come: plain text, `.lrc`, subtitles, `.ass` with karaoke times, SYLT.

All of it is hostile input: sizes are bounded, control characters and markup go, nothing raises.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from suno_video.analyze.id3 import TimedText
from suno_video.analyze.lyrics_tags import MAX_LINE, LyricsReader, repeated, section_tag
from suno_video.analyze.tags import clean_text
from suno_video.core.song import LyricLine, LyricWord, SectionMark

MAX_LINES = 5000
_LAST_LINE_S = 5.0
"""How long a line may stand when nothing says when it ends."""
_STAMP = re.compile(r"\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_STAMP = re.compile(r"<(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?>")
_CUE_STAMP = re.compile(r"<(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2}[.,]\d{1,3})>")
_HIDDEN_STAMP = re.compile("\ue000([0-9.]{1,12})\ue001")
_NO_CUE = re.compile(r"(?:(?<=\n\n)|(?<=\n\r\n))(?:NOTE|STYLE|REGION)\b[^\n]*\n(?:[^\n]*\S[^\n]*\n)*")
_CUE_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_OFFSET = re.compile(r"^\s*\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)
_LRC_TAG = re.compile(r"^\s*\[[a-z#]{1,10}:[^\]]*\]\s*$", re.IGNORECASE)
_LRC_NAMED = re.compile(r"^\s*\[(?:name|singer|vocals?|voice)\s*:", re.IGNORECASE)
_KARAOKE = re.compile(r"\{[^{}]{0,200}?\\[kK][fo]?(\d{1,5})[^{}]{0,200}?\}([^{}]{0,300})")


@dataclass(frozen=True)
class ParsedLyrics:
    """Lines in order, and the section tags among them."""

    lines: tuple[LyricLine, ...] = ()
    marks: tuple[SectionMark, ...] = ()
    language: str | None = None

    @property
    def worth(self) -> int:
        """2 where words are timed, 1 where lines are, 0 where nothing is; -1 where there is nothing."""
        if not self.lines:
            return -1
        n_words = sum(bool(line.words) for line in self.lines)
        n_timed = sum(line.is_timed for line in self.lines)
        return 2 if 2 * n_words >= len(self.lines) else int(2 * n_timed >= len(self.lines))


@dataclass(frozen=True)
class Stamped:
    """A line and when it begins; an empty one only ends the line before it."""

    start_s: float
    line: LyricLine | None
    marks: tuple[tuple[float, str], ...] = ()
    """Its words and when they begin; an empty last one says when the line ends."""
    end_s: float | None = None


@dataclass
class Sheet:
    """Collects stamped lines in the order of a file, and the tags among them."""

    reader: LyricsReader = field(default_factory=LyricsReader)
    stamped: list[Stamped] = field(default_factory=list)
    _starts: list[tuple[int, float]] = field(default_factory=list)

    def add(
        self, raw: str, starts_s: Iterable[float], words: tuple[tuple[float, str], ...] = (), end_s: float | None = None
    ) -> None:
        """Read one line of text, sung once or at several moments."""
        line = self.reader.read(raw)
        for start_s in starts_s:
            self.stamped.append(Stamped(start_s, line, words if line is not None else (), end_s))
            if line is not None:
                self._starts.append((len(self.reader.marks), start_s))

    def close(self, duration_s: float) -> ParsedLyrics:
        """Put the lines in order of time and give each its end."""
        order = sorted(self.stamped, key=lambda entry: entry.start_s)[: 2 * MAX_LINES]
        lines = close_lines(order, duration_s)
        kept = []
        for number, mark in enumerate(self.reader.marks):
            after = [start for seen, start in self._starts if seen == number + 1]
            start = max(0.0, after[0]) if after else None
            before = (
                sum((line.start_s or 0.0) < start for line in lines)
                if start is not None
                else min(mark.line, len(lines))
            )
            kept.append(SectionMark(text=mark.text, line=before, start_s=start))
        return ParsedLyrics(lines, tuple(kept))


def parse_plain(text: str) -> ParsedLyrics:
    """Read lines without times, with their section tags; `(x2)` at the end of a line is written out."""
    reader, lines = LyricsReader(), list[LyricLine]()
    for raw in text.splitlines()[: MAX_LINES * 2]:
        line = reader.read(raw)
        if line is not None:
            lines += repeated(line)
            reader.n_lines = len(lines)
        if len(lines) >= MAX_LINES:
            break
    return ParsedLyrics(tuple(lines[:MAX_LINES]), tuple(reader.marks))


def has_stamps(text: str) -> bool:
    """Whether a text is a `.lrc`, whatever its name says."""
    return len(_STAMP.findall(text[:20_000])) >= 3


def parse_lrc(text: str, duration_s: float) -> ParsedLyrics:
    """Read `.lrc`, with times of words where it has them (`<00:12.30>`)."""
    offset = _OFFSET.search(text[:20_000])
    # A positive offset shows the words sooner.
    shift_s = -int(offset[1]) / 1000 if offset else 0.0
    sheet = Sheet()
    for raw in text.splitlines()[: MAX_LINES * 2]:
        raw = raw[: MAX_LINE * 8]
        stamps = [_seconds(*stamp) + shift_s for stamp in _STAMP.findall(raw)]
        body = _STAMP.sub("", raw)
        if section_tag(body) is not None and _LRC_TAG.match(body) and not _LRC_NAMED.match(body):
            continue  # `[ti:...]`, `[ar:...]`
        body = _spaced(body)
        words = _timed_words(body, shift_s) if len(stamps) == 1 else ()
        sheet.add(_WORD_STAMP.sub("", body), stamps, words)
    return sheet.close(duration_s)


def _spaced(body: str) -> str:
    """Put a space before each stamp where only stamps part the words; syllables and East Asian letters stay joined."""
    bare = _WORD_STAMP.sub("", body).strip()
    only_stamps = bool(bare) and bare.isascii() and not re.search(r"\s", bare)
    return _WORD_STAMP.sub(lambda stamp: " " + stamp[0], body) if only_stamps else body


def _seconds(minutes: str, seconds: str, fraction: str | None) -> float:
    return int(minutes) * 60 + int(seconds) + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


def _timed_words(body: str, shift_s: float) -> tuple[tuple[float, str], ...]:
    """Words of an enhanced line: `<00:12.30> Snow <00:12.80> upon`; an empty last one only says when the line ends."""
    marks = list(_WORD_STAMP.finditer(body))
    ends = [*(mark.start() for mark in marks[1:]), len(body)][: len(marks)]
    return whole_words(
        [(_seconds(*mark.groups()) + shift_s, body[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    )


def close_lines(order: list[Stamped], duration_s: float) -> tuple[LyricLine, ...]:
    """Give every line its end: the next stamp (empty lines are rests), at most a few seconds after a last one."""
    lines: list[LyricLine] = []
    for i, entry in enumerate(order):
        if entry.line is None or len(lines) >= MAX_LINES:
            continue
        start, marks = entry.start_s, entry.marks
        after = next((later.start_s for later in order[i + 1 :] if later.start_s > start), duration_s)
        end = min(after, start + max(_LAST_LINE_S, 0.6 * len(entry.line.text.split())), duration_s)
        if entry.end_s is not None:
            end = min(entry.end_s, duration_s)
        if marks and not marks[-1][1]:
            end = min(marks[-1][0], max(min(after, duration_s), min(start + 0.2, duration_s)))
        if start < 0 or end <= start or start >= duration_s:
            continue
        times = {"start_s": round(start, 3), "end_s": round(end, 3), "words": _close_words(marks, end)}
        lines.append(entry.line.model_copy(update={**times, "timed_by": "given"}))
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


def parse_subtitles(text: str, kind: str, duration_s: float) -> ParsedLyrics:
    """Read `.srt`, `.vtt` or `.ass`; the karaoke times of `.ass` give the words."""
    import pysubs2

    if kind == "vtt":
        text = _NO_CUE.sub("", text)
    if kind in ("srt", "vtt"):
        # The library takes a row with two times for the head of a cue.
        text = _CUE_STAMP.sub(_hidden, text)
    try:
        subtitles = pysubs2.SSAFile.from_string(text, format_=kind)
    except Exception:  # noqa: BLE001 - any broken subtitle file counts as one without words
        return ParsedLyrics()
    sheet = Sheet()
    for event in sorted(subtitles.events, key=lambda event: event.start)[:MAX_LINES]:
        start, end = max(0.0, event.start / 1000), min(event.end / 1000, duration_s)
        if event.is_comment or end <= start or event.is_drawing:
            continue
        plain = event.plaintext.replace("\n", " ")[: MAX_LINE * 8]
        plain = html.unescape(_CUE_TAG.sub("", plain)) if kind == "vtt" else plain
        words = _karaoke_words(event.text, start, end) if kind == "ass" else _cue_words(plain, start, end)
        sheet.add(_HIDDEN_STAMP.sub("", plain), [start], words, end)
    return sheet.close(duration_s)


def _hidden(stamp: re.Match[str]) -> str:
    seconds = int(stamp[1] or 0) * 3600 + int(stamp[2]) * 60 + float(stamp[3].replace(",", "."))
    return f"\ue000{seconds:.3f}\ue001"


def _cue_words(text: str, start_s: float, end_s: float) -> tuple[tuple[float, str], ...]:
    """Words of a WebVTT cue: `Snow <00:00:12.800>upon <00:00:13.100>me`; none where there are no such stamps."""
    first, *rest = _HIDDEN_STAMP.split(text)
    if not rest:
        return ()
    times = [start_s, *(max(start_s, _number(time)) for time in rest[::2])]
    pieces = list(zip(times, [first, *rest[1::2]], strict=True))
    return (*whole_words([each for each in pieces if each[1].strip() or each[0] > start_s]), (end_s, ""))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _karaoke_words(text: str, start_s: float, end_s: float) -> tuple[tuple[float, str], ...]:
    r"""Words of `{\k30}Snow {\k25}up{\k40}on`: syllables without a space between them are one word."""
    marks: list[tuple[float, str]] = []
    at, joins = start_s, False
    for found in _KARAOKE.finditer(text[:8000].replace("\\N", " ")):
        syllable, length_s = found[2], int(found[1]) / 100
        word = clean_text(syllable, 80) or ""
        if word and joins and not syllable[:1].isspace():
            marks[-1] = (marks[-1][0], (marks[-1][1] + word)[:80])
        elif word or (marks and marks[-1][1]):
            marks.append((at, word))  # a rest ends the word before it
        joins = bool(word) and not syllable[-1:].isspace()
        at += length_s
    return (*marks, (min(at, end_s), "")) if marks else ()


def lines_of_sylt(sylt: tuple[TimedText, ...], duration_s: float) -> ParsedLyrics:
    """Join the syllables and words of SYLT into lines: a piece that begins with a line break begins a line."""
    breaks = any("\n" in piece.text or "\r" in piece.text for piece in sylt)
    groups: list[list[TimedText]] = []
    for piece in sylt[: MAX_LINES * 10]:
        if not groups or not breaks or piece.text.startswith(("\n", "\r")) or section_tag(piece.text.strip()):
            groups.append([])
        groups[-1].append(piece)
    sheet = Sheet()
    for group in groups[:MAX_LINES]:
        texts = [piece.text[:MAX_LINE] for piece in group]
        words = tuple((piece.start_s, text) for piece, text in zip(group, texts, strict=True)) if breaks else ()
        sheet.add("".join(texts).strip()[: 4 * MAX_LINE], [group[0].start_s], whole_words(words))
    return sheet.close(duration_s)


def whole_words(pieces: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Join syllables: a piece that begins without a space, after one that ends without one, goes on the word.

    What holds no words ends the word before it.
    """
    words: list[tuple[float, str]] = []
    open_ = False
    for start_s, text in pieces:
        word = clean_text(text, 120) or ""
        if word and open_ and not text[:1].isspace():
            words[-1] = (words[-1][0], (words[-1][1] + word)[:120])
        else:
            words.append((start_s, word))
        open_ = bool(word) and not text[-1:].isspace()
    return tuple(words)
