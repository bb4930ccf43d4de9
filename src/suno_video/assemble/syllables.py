"""Words into syllables, lightly: enough for a highlight that moves with the voice, whatever the language.

No dictionaries: vowel groups are counted and consonants divided between them, by rules that most alphabets share.
Scripts that write syllables are divided by letters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from suno_video.core.text import clusters

_VOWELS = frozenset("aeiouyäöüæøœıаеиоуыэюяёіїєαεηιουωy")
_PAIRS = frozenset(
    {a + b for a in "bcdfgkpt" for b in "lr"}
    | {"sc", "sh", "sk", "sl", "sm", "sn", "sp", "st", "sw", "ch", "gh", "ph", "th", "wh", "qu", "tw", "wr", "ck"}
    | {a + "р" for a in "бвгдкпт"}
    | {"ст"}
)
"""Consonants that stay together at the start of a syllable."""
_WRITES_SYLLABLES = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_SMALL_KANA = frozenset("ぁぃぅぇぉゃゅょゎっァィゥェォャュョヮッーー")
_SHAPED = ((0x0900, 0x0DFF), (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
LAST_IS_LONGER = 1.35
"""The last syllable of a sung word is held."""
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Syllable:
    """A part of a word, and its share of the word's time."""

    text: str
    share: float


def split_syllables(word: str) -> tuple[Syllable, ...]:
    """Divide a word. Together the parts are the word; shares add up to 1. At least one part."""
    parts = _parts(word)
    weights = [1.0 + 0.12 * min(len(part), 6) for part in parts]
    if len(parts) > 1:
        weights[-1] *= LAST_IS_LONGER
    total = sum(weights)
    return tuple(Syllable(part, weight / total) for part, weight in zip(parts, weights, strict=True))


def is_written_by_syllable(char: str) -> bool:
    """Whether each letter of the script stands for a syllable or more: Chinese, Japanese, Korean."""
    return any(low <= ord(char) <= high for low, high in _WRITES_SYLLABLES)


def is_broken_anywhere(char: str) -> bool:
    """Whether a row may begin with any letter of the script: Chinese and Japanese, which have no spaces."""
    return is_written_by_syllable(char) and not 0xAC00 <= ord(char) <= 0xD7A3


def is_right_to_left(text: str) -> bool:
    """Whether there are letters in it that run from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _parts(word: str) -> list[str]:
    found = _LETTERS.search(word)
    if found is None:
        return [word]
    if any(is_written_by_syllable(char) for char in word):
        return _join_small(clusters(word))
    if is_right_to_left(word) or any(low <= ord(found[0][0]) <= high for low, high in _SHAPED):
        # Letters that change with their neighbours are not to be parted.
        return [word]
    small = found[0].lower()
    cuts = [found.start() + cut for cut in _cuts(small)] if len(small) == len(found[0]) else []
    edges = [0, *cuts, len(word)]
    return [word[a:b] for a, b in zip(edges, edges[1:], strict=False)]


def _join_small(letters: list[str]) -> list[str]:
    """Small kana and the mark that lengthens go with the letter before; so does what is no letter."""
    parts: list[str] = []
    for letter in letters:
        if parts and (letter[0] in _SMALL_KANA or not letter[0].isalnum()):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _is_vowel(char: str) -> bool:
    return unicodedata.normalize("NFD", char)[0] in _VOWELS


def _cuts(letters: str) -> list[int]:
    """Where syllables begin within letters, but for the first."""
    groups = _vowel_groups(letters)
    cuts = []
    for (_, end), (start, _) in zip(groups, groups[1:], strict=False):
        between = letters[end:start]
        at = end if len(between) <= 1 else start - (2 if between[-2:] in _PAIRS else 1)
        cuts.append(at)
    return cuts


def _vowel_groups(letters: str) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    for place, char in enumerate(letters):
        # A y before a vowel is a consonant: be-yond.
        is_vowel = _is_vowel(char) and not (char == "y" and letters[place + 1 : place + 2] in tuple("aeiou"))
        if is_vowel and groups and groups[-1][1] == place:
            groups[-1] = (groups[-1][0], place + 1)
        elif is_vowel:
            groups.append((place, place + 1))
    return groups[:-1] if len(groups) > 1 and _ends_silent(letters) else groups


def _ends_silent(letters: str) -> bool:
    """English: the e of `time` and the ed of `loved` have no syllable; that of `table` and `wanted` has."""
    if re.search(r"[^aeiouy]les?$", letters):
        return False
    if re.search(r"[^aeiouyl]es?$", letters):
        return not re.search(r"(?:[sxz]|ch|sh|c|g)es$", letters)
    return re.search(r"le$|[^aeiouytd]ed$", letters) is not None
