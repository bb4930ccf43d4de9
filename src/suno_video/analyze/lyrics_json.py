"""Aligned lyrics as JSON: what Suno's own clients get, and what Whisper's relatives write.

Any of `aligned_lyrics` (lines with words), `aligned_words` (words, with line breaks and tags among them), `segments`
or `lines`; times in `start_s` or `start`. What does not fit is passed over.
"""

from __future__ import annotations

import json
import math
from typing import Any

from suno_video.analyze.id3 import TimedText
from suno_video.analyze.lyrics_formats import MAX_LINES, ParsedLyrics, Sheet, lines_of_sylt
from suno_video.analyze.lyrics_tags import MAX_LINE
from suno_video.analyze.tags import clean_text

_LINES = ("aligned_lyrics", "segments", "lines")


def parse_json(text: str, duration_s: float) -> ParsedLyrics:
    """Read aligned lyrics; anything else gives no lines."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return ParsedLyrics()
    whole = raw if isinstance(raw, dict) else {"lines": raw}
    for name in _LINES:
        parsed = _from_lines(_objects(whole.get(name)), duration_s)
        if parsed.lines:
            language = clean_text(whole.get("language"), 12)
            return ParsedLyrics(parsed.lines, parsed.marks, language)
    return _from_words(_objects(whole.get("aligned_words") or whole.get("words")), duration_s)


def _objects(raw: Any) -> list[dict[str, Any]]:
    return [each for each in raw[: 10 * MAX_LINES] if isinstance(each, dict)] if isinstance(raw, list) else []


def _from_lines(raw: list[dict[str, Any]], duration_s: float) -> ParsedLyrics:
    sheet, section = Sheet(), None
    for each in sorted(raw[:MAX_LINES], key=lambda one: _time(one, "start") or 0.0):
        start_s, end_s = _time(each, "start"), _time(each, "end")
        if start_s is None:
            continue
        tag = clean_text(each.get("section"), 60)
        if tag and tag != section:
            section = tag
            sheet.add(f"[{tag.strip('[]')}]", [])
        sheet.add(_text(each), [start_s], _words(_objects(each.get("words"))), end_s)
    return sheet.close(duration_s)


def _words(raw: list[dict[str, Any]]) -> tuple[tuple[float, str], ...]:
    """Words and when each begins; after each, when it ends: where a singer breathes is where a line is broken."""
    marks: list[tuple[float, str]] = []
    for one in raw:
        start_s, end_s, word = _time(one, "start"), _time(one, "end"), clean_text(_text(one), 80)
        if start_s is None or not word:
            continue
        if marks and not marks[-1][1] and marks[-1][0] >= start_s:
            marks.pop()
        marks.append((start_s, word))
        if end_s is not None and end_s > start_s:
            marks.append((end_s, ""))
    return tuple(marks)


def _from_words(raw: list[dict[str, Any]], duration_s: float) -> ParsedLyrics:
    """Words in a row: line breaks and tags stand within them (`[Verse]`, a break, `Snow `), as in SYLT."""
    pieces: list[TimedText] = []
    starts_line = True
    for each in raw:
        start_s = _time(each, "start")
        if start_s is None or each.get("success") is False:
            continue
        if pieces and not pieces[-1].text and pieces[-1].start_s >= start_s:
            pieces.pop()  # the word before it ends when this one begins
        *before, word = _text(each)[: 4 * MAX_LINE].rstrip("\n").split("\n")
        for line in before:
            pieces.append(TimedText("\n" + line, start_s))
            starts_line = True
        space = "" if word[:1].isspace() else " "
        pieces.append(TimedText("\n" + word if starts_line else space + word, start_s))
        starts_line = _text(each).endswith("\n")
        end_s = _time(each, "end")
        if word.strip() and end_s is not None and end_s > start_s:
            pieces.append(TimedText("", end_s))
    return lines_of_sylt(tuple(pieces), duration_s)


def _text(raw: dict[str, Any]) -> str:
    value = raw.get("text", raw.get("word"))
    return value if isinstance(value, str) else ""


def _time(raw: dict[str, Any], which: str) -> float | None:
    value = raw.get(f"{which}_s", raw.get(which))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < 1e6 else None
