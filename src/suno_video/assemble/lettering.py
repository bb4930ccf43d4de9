"""Letters on the picture: text made harmless, rows that fit, and the place that no player covers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from suno_video.core.brief import SafeArea
from suno_video.core.frames import FrameSize

MAX_CHARS = 400
"""More than that is no line of a song; the rest is cut off with an ellipsis."""

MAX_MARKS = 8
"""Marks on one letter: more are piled up to cover the picture."""

_BIDI_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = "\u200c\u200d"
# We ship no emoji font, and what a system has differs: an empty box in one place, a cartoon in another.
_EMOJI = ((0x1F000, 0x1FAFF), (0x1FB00, 0x1FFFF), (0xFE00, 0xFE0F), (0xE0000, 0xE007F), (0x200D, 0x200D))


@dataclass(frozen=True)
class SafeBox:
    """Where text may stand, in pixels from the top left."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width_px(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height_px(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top


def safe_box(size: FrameSize, area: SafeArea | None = None) -> SafeBox:
    """Give the part of a picture that feeds and televisions leave free for text.

    Args:
        area: What the platform leaves free that the film is for; None: what all of them do.
    """
    width, height = size.width_px, size.height_px
    if area is not None:
        return SafeBox(
            round(width * area.left), round(height * area.top), round(width * area.right), round(height * area.bottom)
        )
    if size.aspect < 0.8:
        # What all vertical feeds leave free of buttons and captions: x 65-930, y 270-1248 of 1080x1920.
        return SafeBox(
            round(width * 65 / 1080), round(height * 270 / 1920), round(width * 930 / 1080), round(height * 1248 / 1920)
        )
    # 5 % title-safe at the sides; at the bottom more, so that captions stand above the bars of a letterbox.
    return SafeBox(round(width * 0.05), round(height * 0.05), round(width * 0.95), round(height * 0.87))


def beside_box(size: FrameSize, area: SafeArea | None = None) -> SafeBox:
    """Give the part of the safe box that a picture standing aside leaves free: to its right, or below it."""
    box = safe_box(size, area)
    if size.aspect < 1:
        # The picture stands in the middle above, and the title under its middle.
        return SafeBox(size.width_px - box.right, box.top, box.right, box.bottom)
    # The picture ends a little left of the middle.
    return SafeBox(round(size.width_px / 2 + 0.045 * size.height_px), box.top, box.right, box.bottom)


def plain_text(text: str) -> str:
    """As `caption_text`, without emoji: for what is drawn in our own font alone."""
    return caption_text("".join(char for char in text[: 4 * MAX_CHARS] if not _is_emoji(char)))


def caption_text(text: str) -> str:
    """Strip a text of strangers to one row of printable characters: no controls, no direction marks, single spaces."""
    kept: list[str] = []
    n_marks = 0
    for char in unicodedata.normalize("NFC", text[: 4 * MAX_CHARS]):
        category = unicodedata.category(char)
        n_marks = n_marks + 1 if category in ("Mn", "Me") else 0
        if n_marks > MAX_MARKS:
            continue
        if char.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category in ("Cc", "Cs", "Co", "Cn") or _is_hidden(char):
            continue
        else:
            kept.append(char)
    row = " ".join("".join(kept).split())
    return row if len(row) <= MAX_CHARS else row[: MAX_CHARS - 1].rstrip() + "…"


def _is_hidden(char: str) -> bool:
    """Marks that show nothing, but for those that join letters and emoji."""
    return char in _BIDI_CONTROLS or (unicodedata.category(char) == "Cf" and char not in _JOINERS and not _is_tag(char))


def _is_tag(char: str) -> bool:
    """Letters of the flags of Scotland and Wales."""
    return 0xE0020 <= ord(char) <= 0xE007F


def _is_emoji(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in _EMOJI)


def ass_text(text: str) -> str:
    """Escape a text of strangers for an ASS event: nothing in it can be taken for a tag, a break or another event."""
    return ass_escape(caption_text(text))


def ass_escape(text: str) -> str:
    """Escape clean text for an ASS event."""
    # A word joiner after each backslash shows nothing and keeps libass from reading \N, \h or \{.
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")
