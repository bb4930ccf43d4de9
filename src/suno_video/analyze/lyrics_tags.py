"""What stands between and within sung lines: section tags, who sings, ad-libs in parentheses, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from suno_video.analyze.tags import clean_text
from suno_video.core.sectiontags import read_section_tag
from suno_video.core.song import LyricLine, SectionMark, TextSpan

MAX_LINE = 300
MAX_TAG = 60
_MAX_REPEATS = 8
_TAG = re.compile(r"^\s*\[\s*([^\[\]]{1,80}?)\s*\]\s*:?\s*$")
_LEADING_TAG = re.compile(r"^\s*\[\s*([^\[\]]{1,80}?)\s*\]\s*:?\s*(?=\S)")
_ROUND_TAG = re.compile(r"^\s*\(\s*([^()]{1,80}?)\s*\)\s*:?\s*$")
_BARE_TAG = re.compile(r"^\s*([^\W\d_][\w\- ]{2,28})\s*[:：]\s*$")
# Round brackets are sung as a rule, `(break)` and `(rise)` too: only what nobody sings counts as a tag there.
_SURELY_A_TAG = re.compile(
    r"(intro|verse|chorus|pre-?chorus|bridge|outro|hook|refrain|drop|solo|break|build)\b", re.IGNORECASE
)
_NAMED = re.compile(
    r"^\s*(?:name|singer|vocals?|voice|artist|performer|speaker|by)\s*[:：]\s*(.{1,60})$", re.IGNORECASE
)
_SOUND_MARK = re.compile(r"\[[^\[\]]{0,120}\]")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|\{\\[^{}]{0,200}\}")
_ADLIB = re.compile(r"[(（][^()（）]{1,200}[)）]")
_TIMES = re.compile(r"\s*[(（\[]?\s*(?:[x×]\s*(\d{1,2})|(\d{1,2})\s*[x×])\s*[)）\]]?\s*$", re.IGNORECASE)


@dataclass
class LyricsReader:
    """Reads lines in order and remembers under which tag they stand."""

    section: str | None = None
    singer: str | None = None
    block: int = 0
    n_lines: int = 0
    """Sung lines so far."""
    marks: list[SectionMark] = field(default_factory=list)
    _pending_break: bool = False

    def read(self, raw: str) -> LyricLine | None:
        """Give the sung line without times; None for tags, for what is a note, and for nothing."""
        raw = raw[: MAX_LINE * 4]
        tag = section_tag(raw)
        if tag is not None:
            self._take_tag(tag)
            return None
        lead = _LEADING_TAG.match(raw)
        if lead is not None:
            self._take_tag(lead[1])
            raw = raw[lead.end() :]
        text = clean_line(raw)
        if text is None:
            self._pending_break = True
            return None
        if self._pending_break and self.n_lines:
            self.block += 1
        self._pending_break = False
        self.n_lines += 1
        line = LyricLine(text=text, section=self.section, block=self.block, singer=self.singer)
        return line.model_copy(update={"adlibs": find_adlibs(text)})

    def _take_tag(self, raw: str) -> None:
        text = clean_text(raw, MAX_TAG)
        if text is None:
            return
        named, tag = _NAMED.match(text), read_section_tag(text)
        singer = clean_text(named[1], MAX_TAG) if named else tag.singer
        if tag.label is None and singer is not None:
            self.singer = singer  # `[Female]` within a verse begins no new part
            return
        self.marks.append(SectionMark(text=text, line=self.n_lines))
        self._pending_break = True
        if tag.label is not None or self.section is None:
            self.section, self.singer = text, singer


def section_tag(raw: str) -> str | None:
    """`[Chorus]`, `[Verse 1: soft]`, `(Bridge)` and `Chorus:`; not `(ooh)`, which is sung."""
    raw = raw[:200]
    square = _TAG.match(raw)
    if square:
        return clean_text(square[1], MAX_TAG)
    round_ = _ROUND_TAG.match(raw)
    if round_ and _SURELY_A_TAG.match(round_[1]):
        return clean_text(round_[1], MAX_TAG)
    bare = _BARE_TAG.match(raw)
    if bare and (_SURELY_A_TAG.match(bare[1]) or _is_part(bare[1])):
        return clean_text(bare[1], MAX_TAG)
    return None


def _is_part(text: str) -> bool:
    return not text.isascii() and read_section_tag(text).label is not None


def clean_line(raw: str) -> str | None:
    """Give what is sung of a line: no markup, no notes in square brackets; None when nothing is left."""
    return clean_text(_SOUND_MARK.sub(" ", _MARKUP.sub(" ", raw[: MAX_LINE * 4])), MAX_LINE)


def find_adlibs(text: str) -> tuple[TextSpan, ...]:
    """Find what stands in parentheses within a line."""
    return tuple(TextSpan(start=found.start(), end=found.end()) for found in _ADLIB.finditer(text))


def without_adlibs(line: LyricLine) -> str:
    """Give the words of a line that its first voice sings; all of them where it is nothing but ad-libs."""
    if line.is_adlib or not line.adlibs:
        return line.text
    kept, at = [], 0
    for span in line.adlibs:
        kept.append(line.text[at : span.start])
        at = span.end
    return " ".join((*kept, line.text[at:])).strip()


def repeated(line: LyricLine) -> tuple[LyricLine, ...]:
    """Write out `We go on (x2)`; at most eight times."""
    found = _TIMES.search(line.text)
    if not found or not line.text[: found.start()].strip():
        return (line,)
    times = int(found[1] or found[2])
    text = line.text[: found.start()].rstrip()
    once = line.model_copy(update={"text": text, "adlibs": find_adlibs(text)})
    return (once,) * max(1, min(times, _MAX_REPEATS))
