"""How many syllables a text is sung on, in any script: near enough to share out time, not a dictionary.

Latin, Cyrillic and Greek: groups of vowels, with the silent endings of English. Kana: morae. Han: one each. Hangul:
one a block. Arabic and Hebrew, which leave out vowels: consonants, about two thirds of them begin a syllable. Indic
scripts: consonants that no virama silences, and vowels of their own. Others: about one for two and a half letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_VOWELS = frozenset("aeiouyæœøıаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_GROUP = re.compile(f"[{''.join(sorted(_VOWELS))}]+")
_SMALL_KANA = frozenset("ゃゅょぁぃぅぇぉゎャュョァィゥェォヮ")
_VIRAMAS = frozenset("\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2")
_DIGIT_SYLLABLES = (2, 1, 1, 1, 1, 1, 1, 2, 1, 1)  # zero, one, two ... in English
# Two vowels in a row that are two syllables in English (fluid, lion, real, radio, create, going); then silent endings.
_HIATUS = re.compile(
    r"i[ao](?!us)|eo(?!u)|ua(?!r)|uo|[aeiouy]ing\b|eate|iet\b|(?<=[^aeiouq])ui[dnt]|[ao]e[rt]\b", re.IGNORECASE
)
_ONE_AFTER_ALL = re.compile(r"[tcsg]i(?:on|an|ous|al)|eople|ious|quo|qua", re.IGNORECASE)
_SILENT_E = re.compile(r"[^aeiouy\W]e\b", re.IGNORECASE)
_SUNG_E = re.compile(r"(?:[^aeiouylr\W]l|[^aeiouy\W]r)e\b", re.IGNORECASE)
_SILENT_ED = re.compile(r"[^aeioutd\W]ed\b", re.IGNORECASE)
_SILENT_ES = re.compile(r"[^aeiouscxzhg\W]es\b", re.IGNORECASE)


def count_syllables(text: str) -> int:
    """Count the syllables of a line; at least 1 where there is anything to sing, 0 where there is nothing."""
    return sum(word_syllables(word) for word in text.split())


@lru_cache(maxsize=8192)
def word_syllables(word: str) -> int:
    """Count the syllables of a word (or of a line of a script without spaces); 0 for signs alone."""
    word = word[:300]
    if not any(char.isalnum() for char in word):
        return 0
    runs = _runs(word)
    total = sum(_COUNTERS[kind](run) for kind, run in runs)
    if any(kind == "kana" for kind, _ in runs):
        # Next to kana a Han character is Japanese, and read with about two morae.
        total += 0.8 * sum(len(run) for kind, run in runs if kind == "blocks")
    return max(1, round(total))


def _runs(word: str) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for char in unicodedata.normalize("NFC", word):
        kind = _kind(char, runs[-1][0] if runs else "")
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + char)
        else:
            runs.append((kind, char))
    return [run for run in runs if run[0]]


def _kind(char: str, before: str) -> str:
    code = ord(char)
    if char in "'’ʼ-" or unicodedata.category(char) in ("Mn", "Mc", "Cf"):
        return before
    if not char.isalnum() and char != "ー":
        return ""
    if char.isdigit():
        return "digits"
    if 0x3040 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9F:
        return "kana"
    if 0xAC00 <= code <= 0xD7A3 or 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or code >= 0x20000:
        return "blocks"
    if 0x0590 <= code <= 0x08FF:
        return "consonants"
    if 0x0900 <= code <= 0x0DFF:
        return "indic"
    return "vowels" if code < 0x0590 or 0x1E00 <= code <= 0x1FFF else "other"


def _of_vowels(run: str) -> float:
    """Groups of vowels, whatever accents they have."""
    plain = unicodedata.normalize("NFD", run.casefold())
    letters = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    # In Cyrillic each vowel is a syllable; elsewhere those in a row are one.
    groups = sum(char in _VOWELS for char in letters) if _is_cyrillic(letters) else len(_GROUP.findall(letters))
    if not run.isascii():
        return max(1, groups)
    extra = len(_HIATUS.findall(letters)) - len(_ONE_AFTER_ALL.findall(letters)) * bool(_HIATUS.search(letters))
    ends_silent = bool(_SILENT_E.search(letters)) and not _SUNG_E.search(letters)
    ends_silent = ends_silent or bool(_SILENT_ED.search(letters) or _SILENT_ES.search(letters))
    return max(1, groups + max(0, extra) - (ends_silent and groups > 1))


def _is_cyrillic(letters: str) -> bool:
    return any("\u0400" <= char <= "\u04ff" for char in letters)


def _of_kana(run: str) -> float:
    return sum(char not in _SMALL_KANA for char in run)


def _of_consonants(run: str) -> float:
    letters = sum(char.isalpha() for char in run)
    marked = sum("\u064b" <= char <= "\u0650" or "\u05b0" <= char <= "\u05bb" for char in run)
    return marked if marked * 2 > letters else max(1.0, 0.6 * letters)


def _of_indic(run: str) -> float:
    letters = sum(unicodedata.category(char) == "Lo" for char in run)
    # The vowel at the end of a word, which no sign writes, is mostly dropped.
    bare_end = unicodedata.category(run[-1]) == "Lo" and letters > 1
    return letters - sum(char in _VIRAMAS for char in run) - bare_end


def _of_digits(run: str) -> float:
    return sum(_DIGIT_SYLLABLES[unicodedata.digit(char, 1)] for char in run)


_COUNTERS: dict[str, Callable[[str], float]] = {
    "vowels": _of_vowels,
    "kana": _of_kana,
    "blocks": lambda run: float(len(run)),
    "consonants": _of_consonants,
    "indic": _of_indic,
    "digits": _of_digits,
    "other": lambda run: max(1.0, sum(char.isalpha() for char in run) / 2.5),
}
