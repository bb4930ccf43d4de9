"""Judges the text that was read in a picture: what nobody asked for is gibberish more often than not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from suno_video.media.reading import ReadLine
from suno_video.render.quality import Flaw

SURE = 0.5
"""How sure a reader must be of a line. Strokes that look like letters and are none are read with 0.5 to 0.9."""
LONG_ENOUGH = 2
"""Signs from which a line counts: a ring is read as an O, a star as an X, in half of all pictures without any text."""
LETTERS = 4
"""Letters that nobody asked for, in all lines of a picture, from which there is text in it. The most that was read in
pictures without text is 2 (`CC`, in ribbons); the shortest word that is worth a name has 4."""
SAME_WORD = 0.75
"""How alike (0..1) a word must be to one of the prompt to be taken for it: models misspell, readers misread."""
MOMENTS = (0.1, 0.5, 0.9)
"""Where in a clip it is read. Text must be seen at two of them: what flashes by for less is not read by people."""

_WORD = re.compile(r"[^\W_]+")


def moments_of(n_frames: int) -> list[int]:
    """Numbers of the frames that are read in a clip."""
    return sorted({min(n_frames - 1, int(n_frames * part)) for part in MOMENTS})


def judge_letters(pictures: Sequence[Sequence[ReadLine]], prompt: str) -> Iterator[Flaw]:
    """Give what is wrong with the text of a still, or of some frames of a clip.

    Args:
        pictures: What was read in each.
        prompt: Words that it holds may be there.
    """
    found = [lines for lines in (_not_asked_for(each, prompt) for each in pictures) if _n_letters(lines) >= LETTERS]
    if found and len(found) >= min(2, len(pictures)):
        most = max(found, key=lambda words: sum(map(len, words)))
        yield Flaw("text", f"there is text in it that nobody asked for: {_shown(' '.join(most))}")


def _not_asked_for(lines: Sequence[ReadLine], prompt: str) -> list[str]:
    asked = {word for word in _words(prompt) if len(word) > 1}
    whole = "".join(_words(prompt))
    left = []
    for line in lines:
        words = _words(line.text)
        if line.sure < SURE or sum(map(len, words)) < LONG_ENOUGH or "".join(words) in whole:
            continue
        left += [word for word in words if not any(_alike(word, other) for other in asked)]
    return left


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _alike(word: str, other: str) -> bool:
    return word == other or SequenceMatcher(None, word, other).ratio() >= SAME_WORD


def _n_letters(words: Sequence[str]) -> int:
    return sum(map(len, words))


def _shown(words: str) -> str:
    return repr(words if len(words) <= 30 else f"{words[:30]} ...")
