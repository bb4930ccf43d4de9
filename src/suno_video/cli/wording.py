"""Words and numbers for people: times taken, sizes, and texts from a song that must not steer the terminal."""

from __future__ import annotations

import re

from suno_video.core.clock import clock
from suno_video.core.errors import UsageError

# Control characters, line separators, marks that turn the writing direction, and halves of characters.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CLOCK = re.compile(r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:\.\d*)?|\.\d+)")


def plain(text: object) -> str:
    """Show a text from outside in one line, with every character that could steer a terminal made visible."""
    return _STEERING.sub(_escaped, str(text))


def plain_lines(text: str) -> str:
    """As `plain`, but keep the indented continuation lines of our own messages."""
    return "\n  ".join(plain(line) for line in text.split("\n  "))


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def took(seconds: float) -> str:
    """Write a time taken: `0.8 s`, `42 s`, `3:05`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 60 else clock(seconds)


def megabytes(n_bytes: int) -> str:
    """Write a file size in MB (1000 * 1000 bytes)."""
    return f"{n_bytes / 1e6:.1f} MB"


def counted(number: int, noun: str) -> str:
    """Write `1 scene`, `41 scenes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def parse_clock(text: str | None, option: str) -> float | None:
    """Read `75`, `75.5`, `1:15` or `1:02:03` as seconds. Raises `UsageError`."""
    if text is None:
        return None
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match["minutes"] and float(match["seconds"]) >= 60):
        raise UsageError(f"{option} {plain(text)!r} is no time.", "Write seconds or minutes: 75, 1:15 or 1:02:03.")
    return int(match["hours"] or 0) * 3600 + int(match["minutes"] or 0) * 60 + float(match["seconds"])
