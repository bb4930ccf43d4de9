"""What platforms take of texts, as data beside their limits on files, and how they count."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import PositiveInt

from suno_video.core.record import Record
from suno_video.core.text import utf16_units, weighted_length

CountedIn: TypeAlias = Literal["characters", "bytes", "utf16", "weighted"]

COUNTS: Mapping[CountedIn, Callable[[str], int]] = {
    "characters": len,
    "bytes": lambda text: len(text.encode("utf-8")),
    "utf16": utf16_units,
    "weighted": weighted_length,
}
RESERVED = "\\|{}@[]()<>#*_~"
"""What LinkedIn's little text format reads as its own, unless a backslash stands before it."""


class TextLimits(Record):
    """Limits of a platform on the texts beside a film; None where it sets none."""

    source: str
    """Page that they come from."""
    checked_on: datetime.date
    max_title: PositiveInt | None = None
    """In characters; None where a film has no title of its own, and the body begins with it."""
    max_body: PositiveInt
    """Of the description or caption, in what `counted_in` says."""
    counted_in: CountedIn
    forbidden: str = ""
    """Characters that are refused in title, body and tags."""
    max_tags_chars: PositiveInt | None = None
    """Of all tags together, as `tags_length` counts; None where there are no tags but hashtags."""
    max_hashtags: PositiveInt
    max_mentions: PositiveInt | None = None
    little_text: bool = False
    """Whether the body is in LinkedIn's little text format; its escapes are counted as well."""
    chapters: bool = False
    """Whether lines of `m:ss title` in the body become chapters."""

    def count(self, body: str) -> int:
        """Length of a body by this platform's count."""
        return COUNTS[self.counted_in](body)

    def escape(self, text: str) -> str:
        """Text as it is sent: without what is refused, and with what is reserved escaped."""
        text = "".join(char for char in text if char not in self.forbidden)
        if not self.little_text:
            return text
        return "".join(f"\\{char}" if char in RESERVED else char for char in text)

    def hashtag(self, word: str) -> str:
        """A hashtag as it is sent."""
        return f"{{hashtag|\\#|{self.escape(word)}}}" if self.little_text else f"#{word}"


def tags_length(tags: Sequence[str]) -> int:
    """Length of a list of tags as YouTube counts it: a comma between two, quotes around one with a space or comma."""
    return sum(len(tag) + 2 * (" " in tag or "," in tag) for tag in tags) + max(0, len(tags) - 1)
