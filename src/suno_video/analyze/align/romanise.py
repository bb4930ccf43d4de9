"""Any script in Latin letters, and any text in the letters that a model knows."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MAX_SPELLED = 400
"""Letters of one line that are aligned at most."""
_SMALL_Y = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo", "ャ": "ya", "ュ": "yu", "ョ": "yo"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Letter:
    """A letter to be found in the voice."""

    text: str
    """In lower case; a Latin letter, or one of the model's own script."""
    word: int
    """Number of its word in the line."""


def romanise(text: str) -> str:
    """Write a text in lower-case Latin letters and apostrophes, words apart by one space.

    Character by character (anyascii): what Han characters are read as in Mandarin, vowels only where they are written.
    """
    return " ".join("".join(letter.text for letter in _romanised(word, 0)) for word in text.split())


def spell(text: str, vocabulary: Mapping[str, int]) -> list[Letter]:
    """Spell a line in the letters of a vocabulary: as written where it has them, else romanised.

    Letters that it has in neither way are left out, words of nothing else too.
    """
    letters: list[Letter] = []
    for number, word in enumerate(text.split()):
        own = [char for char in unicodedata.normalize("NFKC", word.casefold()) if char.isalnum() or char in "'’"]
        known = [Letter("'" if char == "’" else char, number) for char in own if _id_of(char, vocabulary) is not None]
        if len(known) < len(own):
            known = [letter for letter in _romanised(word, number) if _id_of(letter.text, vocabulary) is not None]
        letters += known
    return letters[:MAX_SPELLED]


def token_of(letter: Letter, vocabulary: Mapping[str, int]) -> int:
    """Give the number of a letter that `spell` gave."""
    number = _id_of(letter.text, vocabulary)
    assert number is not None
    return number


def _id_of(char: str, vocabulary: Mapping[str, int]) -> int | None:
    char = "'" if char == "’" else char
    return vocabulary.get(char, vocabulary.get(char.upper()))


def _romanised(word: str, number: int) -> list[Letter]:
    from anyascii import anyascii

    latin = ""
    for char in unicodedata.normalize("NFC", word)[:300]:
        if char in _SMALL_Y and latin.endswith("i"):
            # Kana are read one by one: `kiyo` is sung `kyo`, `shiyo` is sung `sho`.
            latin = latin[:-1] + (
                _SMALL_Y[char][1:] if latin[-3:-1] in ("sh", "ch") or latin[-2:-1] == "j" else _SMALL_Y[char]
            )
        elif char.isdigit():
            latin += _NUMBERS[unicodedata.digit(char, 0)]
        elif unicodedata.category(char)[0] != "S":  # emoji have names there
            latin += anyascii(char)
    return [Letter(char, number) for char in latin.lower() if char in "abcdefghijklmnopqrstuvwxyz'"]
