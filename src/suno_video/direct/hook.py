"""The hook: the words that a song comes back to most often."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from suno_video.core.storyboard import Scene
from suno_video.direct.parts import PEAKS

Words: TypeAlias = tuple[str, ...]
"""Words without case and punctuation: `("its", "lantern", "season")`."""

CHORUS_COUNTS = 2
"""A line in a chorus counts twice: a verse may begin each line alike and still be no hook."""

MIN_RETURNS = 2
MIN_CLAUSE_WORDS, MIN_OPENING_WORDS = 2, 3
"""`Baby` before a comma is no hook, and neither is an opening like `I am`."""

MAX_SHOWN_CHARS = 48
FILLERS = frozenset(
    {
        *("ah", "ay", "eh", "ey", "ha", "hey", "hm", "hmm", "huh", "la", "mm", "mmm", "na"),
        *("oh", "oo", "ooh", "uh", "uhh", "whoa", "wo", "woah", "woo", "yeah", "yo"),
    }
)
"""Of these alone no hook is made."""

_CLAUSE_END = re.compile(r"[,;:.!?…–—()\[\]\"“”、，。！？]+")


@dataclass(frozen=True)
class Hook:
    """Words that return, and how they are written where they come first."""

    text: str
    words: Words

    def is_in(self, scene: Scene) -> bool:
        """Whether it is sung in a scene: as a line, as a clause of one, or as its opening."""
        return any(self.words in _phrases(line) for line in _lines_of(scene))


def find_hook(scenes: Iterable[Scene]) -> Hook | None:
    """Find what is sung most often, whatever its case and punctuation; the first and longest of equals.

    A song that repeats nothing, or whose words have no times, has none.
    """
    weights, returns = Counter[Words](), Counter[Words]()
    texts: dict[Words, str] = {}
    for scene in scenes:
        for line in _lines_of(scene):
            for words, text in _phrases(line).items():
                weights[words] += CHORUS_COUNTS if scene.section_label in PEAKS else 1
                returns[words] += 1
                texts.setdefault(words, text)
    # `texts` keeps the order in which they are heard, longest first within a line, and max takes the first of equals.
    best = max((words for words in texts if returns[words] >= MIN_RETURNS), key=weights.__getitem__, default=None)
    return Hook(_shortened(texts[best]), best) if best else None


def _lines_of(scene: Scene) -> list[str]:
    return [line for line in (scene.lyrics or "").split(" / ") if line.strip()]


def _phrases(line: str) -> Mapping[Words, str]:
    """The line, its openings and its clauses, longest first, each with how it is written."""
    tokens = line.split()
    texts = [" ".join(tokens[:n]) for n in range(len(tokens), MIN_OPENING_WORDS - 1, -1)] or [line]
    clauses = [clause for clause in _CLAUSE_END.split(line) if len(_words(clause)) >= MIN_CLAUSE_WORDS]
    found: dict[Words, str] = {}
    for text in sorted([*texts, *clauses], key=len, reverse=True):
        words = _words(text)
        if set(words) - FILLERS:
            found[words] = text.strip(" ,;:.-–—")
    return found


def _words(text: str) -> Words:
    bare = (_letters(word) for word in unicodedata.normalize("NFKC", text).casefold().split())
    return tuple(word for word in bare if word)


def _letters(word: str) -> str:
    """The word without its punctuation; marks belong to letters in many scripts and stay."""
    return "".join(char for char in word if unicodedata.category(char)[0] in "LMN")


def _shortened(text: str) -> str:
    if len(text) <= MAX_SHOWN_CHARS:
        return text
    return text[:MAX_SHOWN_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
