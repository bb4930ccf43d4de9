"""A person's fixes to lyrics, one text file: when a line is sung, how its words are, which are sung at all.

01:23.45  We keep on moving                 it begins here
01:23.45 - 01:26.00  We keep on moving      and ends here
We keep on movin => We keep on moving       these are its words
- Hands in the air                          nobody sings it
+ 02:10.00  Hey, hey                        sung, and not written
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import combinations

from suno_video.analyze.lyrics_tags import MAX_LINE, find_adlibs
from suno_video.analyze.tags import clean_text
from suno_video.core.errors import BadEditError
from suno_video.core.song import LyricLine, Lyrics

MAX_FIXES = 5000
_CLOCK = r"(?:(?:\d{1,2}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,3})?)"
_FIX = re.compile(rf"^(?P<sign>[+-])?\s*(?:(?P<start>{_CLOCK})(?:\s*[-–]\s*(?P<end>{_CLOCK}))?(?:\s+|$))?(?P<text>.*)$")
_HEAD = "# Lyrics: your fixes"
_HOW = """#
# What stands here without a # counts before anything that was read or heard, in the next run of any command:
#   01:23.45  these words                  the line begins here (minutes:seconds.hundredths)
#   01:23.45 - 01:26.00  these words       and ends here
#   these words => other words             its words are others; a time may stand before them
#   - these words                          nobody sings it; with a time, the one that is nearest to it
#   + 01:23.45  new words                  it is sung, and was not written
# Lines that you do not name keep their times, or are placed anew around those that you fixed.
"""


@dataclass(frozen=True)
class Fix:
    """One line of the file."""

    number: int
    """Its line in the file, from 1."""
    kind: str
    """`time`, `drop` or `add`."""
    text: str
    start_s: float | None = None
    end_s: float | None = None
    words: str | None = None
    """The words that it shall have instead."""


@dataclass(frozen=True)
class FixedLyrics:
    """Lyrics with a person's words, and the times that they gave."""

    lyrics: Lyrics
    starts_s: dict[int, float]
    """Lines (by index) that begin when a person says so."""
    ends_s: dict[int, float]


def parse_fixes(text: str, source: str) -> tuple[Fix, ...]:
    """Read the file.

    Raises:
        BadEditError: A line means nothing; names each such line and why.
    """
    fixes, faults = [], []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        fix = _parse(line[: 4 * MAX_LINE], number)
        if isinstance(fix, str):
            faults.append(f"line {number}: {fix}")
        else:
            fixes.append(fix)
    if len(fixes) > MAX_FIXES:
        faults.append(f"line {fixes[MAX_FIXES].number}: more than {MAX_FIXES} fixes")
    if faults:
        raise BadEditError(source, faults)
    return tuple(fixes)


def _parse(line: str, number: int) -> Fix | str:
    found = _FIX.match(line)
    assert found is not None  # it ends in .*
    start_s, end_s = _seconds(found["start"]), _seconds(found["end"])
    old, arrow, new = found["text"].partition("=>")
    text, words = clean_text(old, MAX_LINE), clean_text(new, MAX_LINE)
    kind = {"+": "add", "-": "drop"}.get(found["sign"] or "", "time")
    if text is None:
        return "no words stand on it"
    if arrow and (words is None or kind != "time"):
        return "=> needs words on both sides, and no + or -"
    if start_s is not None and end_s is not None and end_s <= start_s:
        return "it ends before it begins"
    if start_s is None and (kind == "add" or (kind == "time" and not arrow)):
        return "it begins with no time such as 01:23.45"
    return Fix(number, kind, text, start_s, end_s, words)


def _seconds(clock: str | None) -> float | None:
    if clock is None:
        return None
    parts = [float(part) for part in clock.replace(",", ".").split(":")]
    return float(sum(part * 60**power for power, part in enumerate(reversed(parts))))


def fixes_digest(text: str) -> str:
    """Hash what counts in the file; empty where nothing does."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    counted = "\n".join(line for line in lines if line and not line.startswith("#"))
    return hashlib.sha256(counted.encode("utf-8", errors="replace")).hexdigest()[:12] if counted else ""


def apply_fixes(lyrics: Lyrics, fixes: Sequence[Fix], source: str, duration_s: float) -> FixedLyrics:
    """Put a person's words into lyrics, and gather their times.

    Args:
        lyrics: As read and placed: of lines that say the same, the one nearest in time is meant.
        source: Name of the file, for errors.
        duration_s: Of the song; nothing begins after it.

    Raises:
        BadEditError: A fix names a line that is not there, or a time after the end of the song.
    """
    faults = [f"line {f.number}: the song ends before that" for f in fixes if (f.start_s or 0) >= duration_s]
    meant = _meant(lyrics.lines, [fix for fix in fixes if fix.kind != "add"], faults)
    if faults:
        raise BadEditError(source, sorted(faults, key=lambda fault: int(fault.split()[1].rstrip(":"))))
    kept: list[tuple[LyricLine, Fix | None]] = []
    for i, line in enumerate(lyrics.lines):
        fix = meant.get(i)
        if fix is None or fix.kind != "drop":
            words = fix.words if fix is not None else None
            changes = {"text": words, "words": (), "adlibs": find_adlibs(words)} if words is not None else {}
            kept.append((line.model_copy(update=changes), fix))
    for fix in sorted((fix for fix in fixes if fix.kind == "add"), key=lambda fix: fix.start_s or 0.0):
        kept.insert(_place_for(kept, fix.start_s or 0.0), (_added(fix, kept), fix))
    return _gathered(lyrics, kept)


def _gathered(lyrics: Lyrics, kept: list[tuple[LyricLine, Fix | None]]) -> FixedLyrics:
    starts = {i: fix.start_s for i, (_, fix) in enumerate(kept) if fix is not None and fix.start_s is not None}
    ends = {i: fix.end_s for i, (_, fix) in enumerate(kept) if fix is not None and fix.end_s is not None}
    lines = tuple(line for line, _ in kept)
    # Tags stand before the first line of theirs that is left.
    numbers = [line.block for line in lines]
    marks = []
    for mark in lyrics.marks:
        block = next((line.block for line in lyrics.lines[mark.line :]), None)
        at = next((i for i, number in enumerate(numbers) if block is not None and number >= block), len(lines))
        marks.append(mark.model_copy(update={"line": at}))
    return FixedLyrics(lyrics.model_copy(update={"lines": lines, "marks": tuple(marks)}), starts, ends)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip() or text.casefold().strip()


def _meant(lines: Sequence[LyricLine], fixes: Sequence[Fix], faults: list[str]) -> dict[int, Fix]:
    """Find for each fix the line that it means."""
    by_text: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        by_text.setdefault(_plain(line.text), []).append(i)
    asked: dict[str, list[Fix]] = {}
    for fix in fixes:
        asked.setdefault(_plain(fix.text), []).append(fix)
    meant: dict[int, Fix] = {}
    for text, group in asked.items():
        places = by_text.get(text, [])
        if len(places) < len(group):
            faults += [_unknown(fix, len(places), by_text) for fix in group[len(places) :]]
            continue
        meant.update(zip(_nearest([lines[i].start_s for i in places], places, group), group, strict=True))
    return meant


def _unknown(fix: Fix, n_places: int, by_text: dict[str, list[int]]) -> str:
    if n_places:
        return f"line {fix.number}: only {n_places} lines say {fix.text!r}; write + before it to add one"
    close = get_close_matches(_plain(fix.text), by_text, 1)
    hint = f"did you mean {close[0]!r}?" if close else "write + before it to add it"
    return f"line {fix.number}: no line says {fix.text!r}; {hint}"


def _nearest(times_s: list[float | None], places: list[int], fixes: Sequence[Fix]) -> list[int]:
    """Choose among lines that say the same, in order, those nearest to the times that were given."""
    if len(places) == len(fixes):
        return places
    if len(places) > 12:
        return _greedy(times_s, places, fixes)

    def far(chosen: tuple[int, ...]) -> float:
        pairs = zip(chosen, fixes, strict=True)
        return sum(abs((times_s[c] or 0.0) - f.start_s) if f.start_s is not None else 0.001 * c for c, f in pairs)

    return [places[c] for c in min(combinations(range(len(places)), len(fixes)), key=far)]


def _greedy(times_s: list[float | None], places: list[int], fixes: Sequence[Fix]) -> list[int]:
    """One after the other, leaving enough for those that follow."""
    chosen: list[int] = []
    for number, fix in enumerate(fixes):
        first = chosen[-1] + 1 if chosen else 0
        open_ = range(first, len(places) - (len(fixes) - number - 1))
        start_s = fix.start_s
        chosen.append(
            first if start_s is None else min(open_, key=lambda c: abs((times_s[c] or 0.0) - (start_s or 0.0)))
        )
    return [places[c] for c in chosen]


def _place_for(kept: list[tuple[LyricLine, Fix | None]], start_s: float) -> int:
    for i, (line, fix) in enumerate(kept):
        begins = fix.start_s if fix is not None and fix.start_s is not None else line.start_s
        if begins is not None and begins > start_s:
            return i
    return len(kept)


def _added(fix: Fix, kept: list[tuple[LyricLine, Fix | None]]) -> LyricLine:
    at = _place_for(kept, fix.start_s or 0.0)
    near = kept[max(0, at - 1)][0] if kept else LyricLine(text=fix.text)
    return LyricLine(
        text=fix.text, section=near.section, singer=near.singer, block=near.block, adlibs=find_adlibs(fix.text)
    )


def take_times(lyrics: Lyrics, timed: Sequence[LyricLine]) -> Lyrics:
    """Give lines the times that the same lines, in the same order, have elsewhere; lines of other words keep theirs."""
    old, new = [line.text for line in timed], [line.text for line in lyrics.lines]
    lines = list(lyrics.lines)
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for a, b in zip(range(block.a, block.a + block.size), range(block.b, block.b + block.size), strict=True):
            names = ("start_s", "end_s", "words", "timed_by", "confidence")
            if timed[a].timed_by == "aligned":
                lines[b] = lines[b].model_copy(update={name: getattr(timed[a], name) for name in names})
    return lyrics.model_copy(update={"lines": tuple(lines)})


def write_sheet(lyrics: Lyrics, title: str) -> str:
    """Write the file for a person to edit: how it is done, and every line as a comment to be taken out."""
    body = _HOW + f"#\n# {title}: take the # away from a line and correct its time.\n#\n"
    section = None
    for line in lyrics.lines:
        if line.section != section:
            section = line.section
            body += f"# [{section}]\n"
        at = clock_hundredths(line.start_s) if line.start_s is not None else "??:??.??"
        body += f"# {at}  {line.text}\n"
    return f"{_HEAD} ({_short(body)})\n{body}"


def is_untouched(text: str) -> bool:
    """Whether the file is still as we wrote it."""
    head, _, body = text.partition("\n")
    return head == f"{_HEAD} ({_short(body)})"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()[:8]


def clock_hundredths(seconds: float) -> str:
    """Write a moment as `mm:ss.cc`; minutes go on beyond the hour."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
