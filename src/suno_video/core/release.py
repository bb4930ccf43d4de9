"""The texts that a film is released with (`release.json`): title, description, tags, chapters; meant to be edited."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeInt, StringConstraints, model_validator

from suno_video.core.record import Record
from suno_video.core.text import clean_line, clean_lines, cut_text

MAX_TITLE, MAX_DESCRIPTION, MAX_STYLE, MAX_ALT = 100, 4000, 1000, 1000
"""In code points. 1000 is what X takes as alternative text; the title is YouTube's."""
MAX_TAGS, MAX_TAG = 15, 60
MAX_HASHTAGS, MAX_HASHTAG = 15, 40
MAX_CHAPTERS, MAX_CHAPTER = 50, 60
MIN_CHAPTERS, MIN_CHAPTER_S = 3, 10
"""With fewer, or shorter ones, YouTube shows none (its help on chapters; not looked up again)."""
UNTITLED = "Untitled"

Text: TypeAlias = Annotated[str, StringConstraints(max_length=20_000)]
Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Chapter(Record):
    """A part of the film that a viewer can jump to."""

    start_s: NonNegativeInt
    title: Word


class ReleaseTexts(Record):
    """What a film is called, described and found by. Each platform gets its own form of it, within its limits."""

    version: Literal[1] = 1
    song_sha256: str
    writer: str
    """Who wrote it: `rules 1`, or a model's name."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    description: Text
    tags: Annotated[tuple[Word, ...], Field(max_length=MAX_TAGS)] = ()
    hashtags: Annotated[tuple[Word, ...], Field(max_length=30)] = ()
    """Without their `#`."""
    visual_style: Text
    """What the film looks like, as a prompt: for a thumbnail or a second film in its manner."""
    chapters: Annotated[tuple[Chapter, ...], Field(max_length=200)] = ()
    """None, or as YouTube wants them: the first at 0 s, at least three, each at least 10 s long."""
    alt_text: Text
    """What is seen, for those who do not see it."""

    @model_validator(mode="after")
    def _check_chapters(self) -> Self:
        starts = [chapter.start_s for chapter in self.chapters]
        if starts and starts[0] != 0:
            raise ValueError("the first chapter must begin at 0")
        if starts and len(starts) < MIN_CHAPTERS:
            raise ValueError(f"chapters are none, or at least {MIN_CHAPTERS}")
        if any(after - before < MIN_CHAPTER_S for before, after in zip(starts, starts[1:], strict=False)):
            raise ValueError(f"each chapter must begin at least {MIN_CHAPTER_S} s after the one before it")
        return self


def tidy_texts(
    *,
    song_sha256: str,
    writer: str,
    title: str,
    description: str,
    tags: Iterable[str],
    hashtags: Iterable[str],
    visual_style: str,
    alt_text: str,
    chapters: Sequence[Chapter],
) -> ReleaseTexts:
    """Make texts of whatever was written: cleaned, cut, each tag once."""
    return ReleaseTexts(
        song_sha256=song_sha256,
        writer=clean_line(writer, 200),
        title=clean_line(title, MAX_TITLE) or UNTITLED,
        description=cut_text(clean_lines(description, MAX_DESCRIPTION), lambda text: len(text) <= MAX_DESCRIPTION),
        tags=_each_once((clean_tag(tag) for tag in tags), MAX_TAGS),
        hashtags=_each_once((clean_hashtag(tag) for tag in hashtags), MAX_HASHTAGS),
        visual_style=clean_line(visual_style, MAX_STYLE),
        alt_text=clean_line(alt_text, MAX_ALT),
        chapters=tuple(
            Chapter(start_s=each.start_s, title=clean_line(each.title, MAX_CHAPTER) or f"Part {number}")
            for number, each in enumerate(chapters, 1)
        ),
    )


def clean_tag(tag: str) -> str:
    """A tag without what divides and quotes tags; empty where it is too long to be looked for."""
    line = clean_line(re.sub(r"[,;<>\"#＃]", " ", tag[: 8 * MAX_TAG]), 2 * MAX_TAG)
    return line if len(line) <= MAX_TAG else ""


def clean_hashtag(tag: str) -> str:
    """One word of letters, digits and `_`, without `#`: `neo soul` becomes `NeoSoul`. Empty where nothing is left.

    A hashtag of digits alone is none anywhere, and one that was cut means something else: neither is given.
    """
    words = "".join(char if _may_be_in_hashtag(char) else " " for char in clean_line(tag, 4 * MAX_HASHTAG)).split()
    # Marks belong on letters: what begins with one has lost its letter.
    words = [word for word in words if not unicodedata.category(word[0]).startswith("M")]
    joined = words[0] if len(words) == 1 else "".join(word[:1].upper() + word[1:] for word in words)
    has_letter = any(unicodedata.category(char).startswith("L") for char in joined)
    return joined if has_letter and len(joined) <= MAX_HASHTAG else ""


def _may_be_in_hashtag(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd"


def _each_once(words: Iterable[str], most: int) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for word in words:
        if word:
            found.setdefault(word.casefold(), word)
    return tuple(found.values())[:most]
