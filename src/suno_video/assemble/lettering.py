"""Letters on the picture: text made harmless, rows that fit, and the place that no player covers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from suno_video.core.frames import FrameSize
from suno_video.media.fonts import font_file

MAX_CHARS = 400
"""More than that is no line of a song; the rest is cut off with an ellipsis."""

_BIDI_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# We ship no emoji font, and what a system has differs: an empty box in one place, a cartoon in another.
_EMOJI = ((0x1F000, 0x1FAFF), (0x1FB00, 0x1FFFF), (0xFE00, 0xFE0F), (0xE0000, 0xE007F), (0x200D, 0x200D))
_MEASURE_PX = 100
# libass sets type by ascender plus descender, which for our families is this much of the em.
ASS_PER_EM = 1.21


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


def safe_box(size: FrameSize) -> SafeBox:
    """Give the part of a picture that feeds and televisions leave free for text."""
    width, height = size.width_px, size.height_px
    if size.aspect < 0.8:
        # What all vertical feeds leave free of buttons and captions: x 65-930, y 270-1248 of 1080x1920.
        return SafeBox(
            round(width * 65 / 1080), round(height * 270 / 1920), round(width * 930 / 1080), round(height * 1248 / 1920)
        )
    # 5 % title-safe at the sides; at the bottom more, so that captions stand above the bars of a letterbox.
    return SafeBox(round(width * 0.05), round(height * 0.05), round(width * 0.95), round(height * 0.87))


def beside_box(size: FrameSize) -> SafeBox:
    """Give the part of the safe box that a picture standing aside leaves free: to its right, or below it."""
    box = safe_box(size)
    if size.aspect < 1:
        # The picture stands in the middle above, and the title under its middle.
        return SafeBox(size.width_px - box.right, box.top, box.right, box.bottom)
    # The picture ends a little left of the middle.
    return SafeBox(round(size.width_px / 2 + 0.045 * size.height_px), box.top, box.right, box.bottom)


def plain_text(text: str) -> str:
    """Strip a text of strangers to one row of printable characters: no controls, no emoji, single spaces."""
    kept = []
    for char in unicodedata.normalize("NFC", text[: 4 * MAX_CHARS]):
        category = unicodedata.category(char)
        if char.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category in ("Cc", "Cs", "Co", "Cn") or char in _BIDI_CONTROLS or _is_emoji(char):
            continue
        else:
            kept.append(char)
    row = " ".join("".join(kept).split())
    return row if len(row) <= MAX_CHARS else row[: MAX_CHARS - 1].rstrip() + "…"


def _is_emoji(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in _EMOJI)


def ass_text(text: str) -> str:
    """Escape plain text for an ASS event: nothing in it can be taken for a tag, a break or another event."""
    # A word joiner after each backslash shows nothing and keeps libass from reading \N, \h or \{.
    return plain_text(text).replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


@dataclass(frozen=True)
class Setting:
    """A text broken into rows at a type size."""

    rows: tuple[str, ...]
    em_px: float


def fit_rows(
    text: str, family: str, em_px: float, width_px: float, max_rows: int = 2, tracking: float = 0.0
) -> Setting:
    """Break plain text into balanced rows; smaller type before more rows, and an ellipsis last.

    Args:
        tracking: Extra space after each letter, in percent of the type size.
    """
    for scale, n_rows in ((1.0, max_rows), (0.86, max_rows), (0.74, max_rows), (0.62, max_rows + 1)):
        fits = width_px / (em_px * scale)
        for count in range(1, n_rows + 1):
            rows = _balance(text, family, count, tracking)
            if all(text_width(row, family, tracking) <= fits for row in rows):
                return Setting(rows, em_px * scale)
    return Setting(_cut_rows(text, family, width_px / (em_px * 0.62), max_rows + 1, tracking), em_px * 0.62)


def _balance(text: str, family: str, n_rows: int, tracking: float) -> tuple[str, ...]:
    """Break into `n_rows` so that the longest is as short as can be; fewer when there are not enough words."""
    words = text.split(" ")
    if n_rows == 1 or len(words) < 2:
        return (text,)
    best: tuple[str, ...] = (text,)
    best_width = float("inf")
    for at in range(1, len(words)):
        head = " ".join(words[:at])
        tail = _balance(" ".join(words[at:]), family, n_rows - 1, tracking)
        width = max(text_width(row, family, tracking) for row in (head, *tail))
        if width < best_width:
            best, best_width = (head, *tail), width
    return best


def _cut_rows(text: str, family: str, width_em: float, n_rows: int, tracking: float) -> tuple[str, ...]:
    """Fill rows character by character: the last resort, for text without spaces or without end."""
    rows, rest = [], text
    for _ in range(n_rows):
        n_chars = len(rest)
        while n_chars > 1 and text_width(rest[:n_chars], family, tracking) > width_em:
            n_chars -= max(1, n_chars // 16)
        space = rest.rfind(" ", 0, n_chars + 1)
        at = space if n_chars < len(rest) and space > n_chars // 2 else n_chars
        rows.append(rest[:at].strip())
        rest = rest[at:].strip()
        if not rest:
            break
    if rest:
        rows[-1] = rows[-1][:-1].rstrip() + "…"
    return tuple(rows)


@lru_cache(maxsize=4096)
def text_width(text: str, family: str, tracking: float = 0.0) -> float:
    """Measure a row in ems, with a little to spare for heavy weights."""
    return float(_measure(family).getlength(text)) / _MEASURE_PX * 1.05 + len(text) * tracking / 100


@lru_cache(maxsize=4)
def _measure(family: str):  # type: ignore[no-untyped-def]  # Pillow's two font classes share no name
    from PIL import ImageFont

    return ImageFont.truetype(str(font_file(family)), _MEASURE_PX, layout_engine=ImageFont.Layout.BASIC)
