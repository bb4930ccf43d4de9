"""The parts that lyrics name by their section tags: their order, their kind, and how many words they have."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from suno_video.core.analysis import SectionLabel
from suno_video.core.sectiontags import read_section_tag
from suno_video.core.song import LyricLine, Lyrics

_MAX_TAGS = 80


@dataclass(frozen=True)
class WantedPart:
    """A part that the lyrics name."""

    label: SectionLabel
    n_lines: float
    """How many lines of usual length its words fill; 0 where it has none."""
    is_sung: bool | None
    """None where nobody knows."""
    start_s: float | None = None
    """When its first line is sung, where that was given."""
    end_s: float | None = None
    """When its last line begins."""


def wanted_parts(lyrics: Lyrics | None) -> tuple[WantedPart, ...]:
    """List the parts that lyrics name, in order. Tags that name none, and lyrics without any, give none."""
    if lyrics is None or not lyrics.marks:
        return ()
    spans: list[tuple[str, list[LyricLine]]] = []
    ends = [*(mark.line for mark in lyrics.marks[1:]), len(lyrics.lines)]
    for mark, end in zip(lyrics.marks, ends, strict=True):
        lines = list(lyrics.lines[mark.line : end])
        if read_section_tag(mark.text).label is None and spans:
            spans[-1][1].extend(lines)  # `[Female]` goes on with what was begun
        else:
            spans.append((mark.text, lines))
    sizes = [_n_syllables(line.text) for line in lyrics.lines]
    usual = float(np.median(sizes)) if sizes else 8.0
    parts = [_want(text, lines, usual) for text, lines in spans[:_MAX_TAGS]]
    return _lend_words(tuple(part for part in parts if part is not None))


def _want(text: str, lines: list[LyricLine], usual: float) -> WantedPart | None:
    tag = read_section_tag(text)
    if tag.label is None:
        return None
    given = [line for line in lines if line.is_timed and line.timed_by in (None, "given", "fixed")]
    # A long line takes longer than a short one, but not by as much: it is sung faster.
    n_lines = sum((0.5 + 0.5 * min(2.0, _n_syllables(line.text) / usual)) for line in lines)
    return WantedPart(
        label=tag.label,
        n_lines=n_lines,
        is_sung=True if lines else False if tag.is_instrumental or tag.label in ("intro", "outro") else None,
        start_s=min((line.start_s or 0.0 for line in given), default=None),
        end_s=max((line.start_s or 0.0 for line in given), default=None),
    )


def _lend_words(parts: tuple[WantedPart, ...]) -> tuple[WantedPart, ...]:
    """`[Chorus]` with nothing below it means the words of the last one."""
    out: list[WantedPart] = []
    for part in parts:
        if part.is_sung is None and part.label in ("chorus", "prechorus"):
            known = next((other for other in reversed(out) if other.label == part.label and other.n_lines), None)
            part = replace(part, n_lines=known.n_lines, is_sung=True) if known else part
        out.append(part)
    return tuple(out)


def _n_syllables(text: str) -> int:
    """Groups of vowels, roughly; letters of scripts without vowels count each."""
    groups = re.findall(r"[aeiouyàâäáãåæéèêëíìîïóòôöõøúùûüýœаеёиоуыэюя]+", text.casefold()[:400])
    return len(groups) or max(1, sum(char.isalpha() for char in text[:400]))
