"""Names of musical keys, as people and models write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""As the analysis writes them."""
_KEY = re.compile(
    r"\s*(?P<step>[A-Ga-g])\s*[- ]?(?P<bent>#|♯|b(?=m?\b|maj|min)|♭|sharp|flat|is\b|es\b)?\s*[- ]?"
    r"(?P<mode>minor|major|min|maj|moll|dur|m\b|aeolian|ionian)?",
    re.IGNORECASE,
)
_MINOR = ("minor", "min", "moll", "aeolian")


@dataclass(frozen=True)
class MusicalKey:
    """A key; the same whether it is written with a sharp or a flat."""

    tonic: int
    """0 for C, 1 for C sharp, up to 11."""
    is_minor: bool

    @property
    def relative(self) -> MusicalKey:
        """The key with the same notes and the other mode."""
        return MusicalKey((self.tonic + (3 if self.is_minor else 9)) % 12, not self.is_minor)


def parse_key(text: str) -> MusicalKey | None:
    """Read `A minor`, `F# major`, `Bbm`, `E♭`; None for what is no key."""
    match = _KEY.fullmatch(text.strip().removesuffix("."))
    if match is None:
        return None
    bent = (match["bent"] or "").lower()
    shift = 1 if bent in ("#", "♯", "sharp", "is") else -1 if bent else 0
    mode = match["mode"] or ""
    return MusicalKey((_STEPS[match["step"].upper()] + shift) % 12, mode == "m" or mode.lower() in _MINOR)


def key_name(key: MusicalKey) -> str:
    """Write a key as the analysis does: `A minor`."""
    return f"{_NAMES[key.tonic]} {'minor' if key.is_minor else 'major'}"
