"""Texts that go out into the world: what may stand in them, how long they are by each count, where they are cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

ELLIPSIS = "…"
MAX_CLUSTER = 32
"""Code points of one visible character. More are marks piled up, which no limit could be kept with."""
MAX_MARKS = 8
"""Marks on one letter, for the same reason; the most that a language needs is four or five."""

_JOINERS = "\u200c\u200d"  # they join and part letters in Persian and Indic scripts, and join emoji
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_EXTENDS = frozenset("\u0e33\u0eb3\uff9e\uff9f") | frozenset(chr(code) for code in range(0x1F3FB, 0x1F400))
_ENDS = "com|net|org|io|co|me|tv|fm|ly|gg|app|dev|ai|xyz|shop|site|info|link|biz|online|club|top|ru|cn|de|uk|eu|us"
_SENTENCE_END = re.compile(r"[.!?…](?=\s)|[。！？]")
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]*://\S*|\bwww\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    rf"|\b(?:[\w-]+\.)+(?:{_ENDS})\b(?:/\S*)?|\b(?:[\w-]+\.)+[a-z]{{2,24}}/\S*",
    re.IGNORECASE,
)


def clean_lines(text: str, max_chars: int) -> str:
    """Text of several lines that is safe to show anywhere: no control or direction characters, no blank lines in a row.

    Args:
        max_chars: No more than eight times as many are looked at: a tag of megabytes must not cost time.
    """
    raw = re.sub("\r\n?|[\u0085\u2028\u2029\v\f]", "\n", unicodedata.normalize("NFC", text[: 8 * max_chars]))
    lines = [" ".join(_shown(line).split()) for line in raw.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clean_line(text: str, max_chars: int) -> str:
    """As `clean_lines`, in one line and cut to a length in code points."""
    return cut_text(" ".join(clean_lines(text, max_chars).split()), lambda part: len(part) <= max_chars)


def without_addresses(text: str) -> str:
    """Leave out addresses of pages and mail, and the marks that make a mention or a hashtag of a word."""
    return re.sub(r"[@＠#＃]+(?=\w)", "", _ADDRESS.sub("", text))


def has_address(text: str) -> bool:
    """Whether an address of a page or of mail stands in it."""
    return _ADDRESS.search(text) is not None


def _shown(line: str) -> str:
    kept, n_marks = [], 0
    for char in line:
        kind = unicodedata.category(char)
        if kind in _HIDDEN and char not in _JOINERS:
            kept += [" "] if kind == "Cc" else []
            continue
        n_marks = n_marks + 1 if kind in ("Mn", "Me") else 0
        if n_marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def clusters(text: str) -> list[str]:
    """Split a text into what a reader sees as single characters.

    The rules of Unicode's Annex 29, but for a few that keep more together; never longer than `MAX_CLUSTER`.
    """
    found: list[str] = []
    n_flags = 0
    for char in text:
        flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        n_flags = n_flags + 1 if flag else 0
        if found and len(found[-1]) < MAX_CLUSTER and (_goes_on(found[-1][-1], char) or (flag and n_flags % 2 == 0)):
            found[-1] += char
        else:
            found.append(char)
    return found


def _goes_on(before: str, char: str) -> bool:
    if before.isspace() or char.isspace():
        return False
    kind = unicodedata.category(char)
    if kind in ("Mn", "Mc", "Me") or char in _JOINERS or char in _EXTENDS or before == "\u200d":
        return True
    if unicodedata.combining(before) == 9 and kind == "Lo":  # a virama makes one of two Indic letters
        return True
    return _hangul(char) in _HANGUL_GOES_ON.get(_hangul(before), "")


_HANGUL_GOES_ON = {"L": "LVAB", "V": "VT", "A": "VT", "T": "T", "B": "T"}
"""What may follow: L, V, T are parts of a syllable; A is a whole one that may still end (LV), B one that has ended."""


def _hangul(char: str) -> str:
    code = ord(char)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "B" if (code - 0xAC00) % 28 else "A"
    return "-"


def cut_text(text: str, fits: Callable[[str], bool], *, mark: str = ELLIPSIS, sentences: bool = False) -> str:
    """Give the text, or as much of its beginning as fits, never cut within a visible character.

    It ends with a line where one ends in the last quarter of what fits, else with a word where one ends in the last
    half, and with `mark`. Empty where not even one character fits.

    Args:
        fits: Whether a text is short enough; true for each beginning of one that is.
        sentences: Whether to end with a whole sentence, and without `mark`, where one ends in the last half.
    """
    if fits(text):
        return text
    room = _most(len(text), lambda n: fits(text[:n]))
    # What lies far behind that need not be split at all.
    parts = clusters(text[: room + 2 * MAX_CLUSTER])
    low = _most(len(parts), lambda n: fits("".join(parts[:n]) + mark))
    kept = "".join(parts[:low])
    ends = [found.end() for found in _SENTENCE_END.finditer(kept)] if sentences else []
    if ends and ends[-1] > len(kept) // 2:
        return kept[: ends[-1]]
    if low < len(parts) and not parts[low].isspace():
        line, space = kept.rfind("\n"), max((kept.rfind(gap) for gap in (" ", "\n", "\u3000")), default=-1)
        kept = kept[:line] if line > 3 * len(kept) // 4 else kept[:space] if space > len(kept) // 2 else kept
    kept = kept.rstrip(" \n\u3000,;:–-/")
    return kept + mark if kept else ""


def _most(high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `high` that fits; 0 where none does."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def utf16_units(text: str) -> int:
    """Length as JavaScript and Java count it."""
    return len(text.encode("utf-16-le")) // 2


_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_NAME_WITH_DOT = re.compile(r"(?<=\w)\.(?=\w)")


def weighted_length(text: str) -> int:
    """Length as X counts it, or more: its ranges weigh 1, other characters 2, an address 23.

    Emoji of several code points weigh more here than there, and each dot within a word counts as an address.
    """
    light = sum(any(first <= ord(char) <= last for first, last in _LIGHT) for char in text)
    return 2 * len(text) - light + 23 * len(_NAME_WITH_DOT.findall(text))
