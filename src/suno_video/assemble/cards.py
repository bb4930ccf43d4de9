"""Title and end cards: a large family and a quiet one, laid out together, at any shape of picture."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pysubs2

from suno_video.assemble.events import CREDIT_MARK, TextEvent
from suno_video.assemble.measuring import Letters
from suno_video.assemble.stylesheet import Drawn, StyleSheet, fade
from suno_video.assemble.tokens import Token, fit_tokens
from suno_video.assemble.typesetting import SetType, set_largest
from suno_video.core.brief import FontFamily, TitleStyle
from suno_video.core.color import hex_to_srgb, srgb_to_linear

QUIET: dict[FontFamily, FontFamily] = {
    "Inter": "Inter",
    "Noto Sans": "Noto Sans",
    "Bebas Neue": "Inter",
    "Archivo Black": "Inter",
    "DM Serif Display": "Noto Sans",
    "Space Mono": "Space Mono",
    "Righteous": "Inter",
    "Permanent Marker": "Space Mono",
}
"""The second voice of each type system: artist and credits."""
HAS_BOLD: frozenset[FontFamily] = frozenset({"Inter", "Noto Sans", "Space Mono"})
"""Families that libass may set bold; the others are one weight and would only be smeared."""

# Type sizes (em) against the side that limits a row.
_EM: dict[str, float] = {"title": 0.127, "artist": 0.041, "credit": 0.031}
_POSTER_EM = 0.34
_END_SCALE = 0.72
_SMALLEST_EM = 0.05
_QUIET_TRACKING = 16.0
_TALLEST = 0.56
"""Of the height of the safe box, for the title alone."""
_CAPTION_ROWS_EM = 3.6
"""Two rows of a caption, and air above them."""
_FADE_IN_S, _FADE_OUT_S = 0.9, 0.8
_SETTLE_MS = 900
_LEAST_LIGHT = 0.7
"""An accent darker than this, in linear light, is not read as type."""


class Cards:
    """Dresses the title card and the end card of a film."""

    def __init__(self, sheet: StyleSheet, style: TitleStyle, *, beside: bool = False) -> None:
        """Take a sheet for sizes and places; `beside`: the title stands beside a picture, and not in the middle."""
        self._sheet, self._style, self._beside = sheet, style, beside
        self._box = sheet.title_box
        self._large = Letters(style.family, sheet.language, style.tracking)
        self._quiet = Letters(QUIET[style.family], sheet.language, _QUIET_TRACKING)
        self._accent = _accent_of(sheet.palette)
        self._caption_px = 0.0

    def add_styles(self, document: pysubs2.SSAFile) -> None:
        """Add the styles that cards use to a document."""
        for part in ("title", "artist", "credit"):
            style = document.styles["line"].copy()
            own = part == "title"
            family = self._style.family if own else QUIET[self._style.family]
            style.fontname = family
            style.bold = own and self._style.weight >= 550 and family in HAS_BOLD
            style.italic = own and self._style.italic
            style.spacing = 0.0
            style.outline = round(0.005 * self._sheet.unit_px, 2)
            document.styles[part] = style

    def dress(self, event: TextEvent, whole: Sequence[TextEvent], *, over_line: bool = False) -> tuple[Drawn, ...]:
        """Dress one event of a card.

        Args:
            whole: All events of the same card: where one stands depends on the others.
            over_line: Whether a caption is shown meanwhile, over which a card in the corner makes room.
        """
        self._caption_px = _CAPTION_ROWS_EM * self._sheet.line_em_px if over_line else 0.0
        sets: Mapping[str, SetType] = {each.kind: self._set(each) for each in whole}
        own = sets.get(event.kind)
        if own is None or not own.rows:
            return ()
        place = self._place(event, sets)
        drawn = self._layers(event, own, place)
        return (*drawn, *self._ornaments(event, sets)) if event.part == "title" else drawn

    def _set(self, event: TextEvent) -> SetType:
        part = event.part
        letters = self._large if part == "title" else self._quiet
        upper = self._style.uppercase if part == "title" else part == "credit"
        shown = [_cased(token, upper) for token in event.tokens if letters.shown(token.text)]
        if not shown:
            return SetType((), 1.0, letters)
        unit = self._sheet.unit_px
        if part != "title":
            sets = [
                fit_tokens(lines, letters.width_em, _EM[part] * unit, self._box.width_px) for lines in _parted(shown)
            ]
            return SetType(tuple(row for rows, _ in sets for row in rows), min(em for _, em in sets), letters)
        large = _POSTER_EM if self._style.layout == "poster" and not self._beside else _EM["title"] * self._style.size
        return set_largest(
            shown,
            letters,
            large * unit * (_END_SCALE if event.is_end else 1.0),
            smallest_px=_SMALLEST_EM * unit,
            room_px=self._room_px,
            most_px=_TALLEST * self._box.height_px,
        )

    @property
    def _room_px(self) -> float:
        inset = 0.8 if self._style.layout == "frame" and not self._beside else 0.98
        return self._box.width_px * inset

    def _place(self, event: TextEvent, sets: Mapping[str, SetType]) -> tuple[int, float, float]:
        """Alignment as libass counts it, x, and y."""
        box, gap = self._box, 0.35 * _EM["artist"] * self._sheet.unit_px + self._rule_room
        low = [each for each in ("artist", "credit") if sets.get(_kind(each, event))]
        heights = [sets[_kind(each, event)].height_px for each in low]
        part = event.part
        above = sum(height for each, height in zip(low, heights, strict=True) if _order(each) < _order(part))
        if self._is_left:
            # From the ground up: what comes below is already there.
            line = self._ground(sum(heights) + gap)
            y = line if part == "title" else line + gap + above
            return (1 if part == "title" else 7), box.left, y
        x = (box.left + box.right) / 2
        title = sets.get(_kind("title", event))
        line = self._line(title.height_px if title else 0.0, sum(heights))
        return (2, x, line) if part == "title" else (8, x, line + gap + above)

    @property
    def _is_left(self) -> bool:
        return (self._beside and self._sheet.size.aspect >= 1) or (self._style.layout == "corner" and not self._beside)

    @property
    def _rule_room(self) -> float:
        return 0.018 * self._sheet.unit_px if self._style.rule else 0.0

    def _ground(self, below_px: float) -> float:
        """Where a title that stands left ends."""
        if self._beside:
            return self._sheet.size.height_px * 0.54
        return self._box.bottom - below_px - self._caption_px

    def _line(self, title_px: float, below_px: float) -> float:
        """Where a title in the middle ends: such that the whole card lies about the middle of the box."""
        size, box = self._sheet.size, self._box
        if self._beside:
            return size.height_px * 0.64
        if self._style.layout in ("poster", "frame"):
            middle = (box.top + box.bottom) / 2 if size.aspect < 0.8 else size.height_px / 2
            return middle + (title_px - below_px) / 2
        line = size.height_px * (0.54 if size.aspect >= 0.8 else 0.42)
        return max(line, box.top + title_px)

    def _layers(self, event: TextEvent, own: SetType, place: tuple[int, float, float]) -> tuple[Drawn, ...]:
        """A soft dark halo below, and the letters above."""
        is_title, em_px = event.part == "title", own.em_px
        align, x, y = place
        entrance = self._style.entrance if is_title else "focus"
        if entrance == "type" and not _is_plain(event.text):
            entrance = "focus"  # letters that join or turn around cannot come one by one
        tracking = (self._style.tracking if is_title else _QUIET_TRACKING) * em_px / 100
        tags = f"\\an{align}" + self._motion(entrance, x, y, em_px, tracking)
        tags += fade(event, 0.12 if entrance in ("type", "flicker") else _FADE_IN_S, _FADE_OUT_S)
        heavy = is_title and self._style.weight >= 600 and self._style.family in ("Inter", "Noto Sans")
        # Emboldening stops at semi-bold; a white rim makes a title of it.
        rim = f"\\bord{0.016 * em_px if heavy else 0:.2f}\\3c&HFFFFFF&\\3a&H00&\\shad0"
        rim += "" if is_title else f"\\1c{self._accent}"
        sharpen = f"\\blur{0.1 * em_px:.2f}\\t(0,{_SETTLE_MS},0.4,\\blur0.4)" if entrance == "focus" else "\\blur0.5"
        # Small letters drown in a busy picture before large ones do.
        halo = f"\\bord{max(0.06 * em_px, (0.0055 if is_title else 0.0068) * self._sheet.unit_px):.2f}"
        halo += f"\\1a&HFF&\\3a&H{'40' if is_title else '18'}&\\shad0"
        halo += f"\\blur{max(0.083 * em_px, 0.0065 * self._sheet.unit_px):.2f}"
        texts = [self._text(own, entrance, layer) for layer in (0, 1)]
        return tuple(
            Drawn(event.start_s, event.end_s, event.part, layer, "{" + tags + look + "}" + text)
            for layer, (look, text) in enumerate(zip((halo, rim + sharpen), texts, strict=True))
        )

    def _motion(self, entrance: str, x: float, y: float, em_px: float, tracking: float) -> str:
        spacing = f"\\fsp{tracking:.2f}"
        if entrance == "rise":
            return f"\\move({x:.0f},{y + 0.35 * em_px:.0f},{x:.0f},{y:.0f},0,650)" + spacing
        still = f"\\pos({x:.0f},{y:.0f})"
        if entrance == "spread":
            return still + f"\\fsp{tracking + 0.22 * em_px:.2f}\\t(0,1600,0.35,\\fsp{tracking:.2f})"
        if entrance == "focus":
            return still + spacing + "\\fscx98\\fscy98\\t(0,4000,\\fscx101\\fscy101)"
        return still + spacing

    def _text(self, own: SetType, entrance: str, layer: int) -> str:
        if entrance == "type":
            return self._typed(own, layer)
        text = "\\N".join(
            "".join((" " if t.space and n else "") + own.letters.written(t.text, own.em_px) for n, t in enumerate(row))
            for row in own.rows
        )
        return _flicker(layer) + text if entrance == "flicker" else text

    def _typed(self, own: SetType, layer: int) -> str:
        """Letters that come one by one, within a second whatever their number."""
        n_letters = sum(len(token.text) for row in own.rows for token in row)
        step, at = min(70.0, 1100 / max(1, n_letters)), 0.0
        hidden, seen = "\\1a&HFF&\\3a&HFF&", "\\1a&H00&\\3a&H00&"
        if layer == 0:
            hidden, seen = "\\3a&HFF&", "\\3a&H60&"
        rows = []
        for row in own.rows:
            parts = []
            for number, token in enumerate(row):
                parts.append(" " if token.space and number else "")
                for letter in token.text:
                    tag = f"{{{hidden}\\t({at:.0f},{at + 30:.0f},{seen})}}"
                    parts.append(tag + own.letters.written(letter, own.em_px))
                    at += step
            rows.append("".join(parts))
        return "\\N".join(rows)

    def _ornaments(self, event: TextEvent, sets: Mapping[str, SetType]) -> tuple[Drawn, ...]:
        """The line between title and artist, and the frame around both."""
        drawn = []
        unit = self._sheet.unit_px
        thick = max(1.0, 0.0028 * unit)
        if self._style.rule and sets.get(_kind("artist", event)):
            align, x, y = self._place(event, sets)
            width = min(0.5 * sets[event.kind].width_px, 0.3 * unit)
            at = y + 0.011 * unit
            left = x if align == 1 else x - width / 2
            drawn.append(self._bar(event, left, at, width, thick, from_left=align == 1))
        if self._style.layout == "frame" and not self._beside:
            box, inset = self._box, 0.02 * unit
            left, top = box.left + inset, box.top + inset
            right = box.right - inset
            # The lower edge as far from the middle as the upper one, whatever is left free for captions.
            bottom = min(self._sheet.size.height_px - top, box.bottom) if self._sheet.size.aspect >= 0.8 else box.bottom
            for x, y, width, height in (
                (left, top, right - left, thick),
                (left, bottom, right - left, thick),
                (left, top, thick, bottom - top),
                (right, top, thick, bottom - top + thick),
            ):
                drawn.append(self._bar(event, x, y, width, height))
        return tuple(drawn)

    def _bar(
        self, event: TextEvent, x: float, y: float, width: float, height: float, *, from_left: bool = False
    ) -> Drawn:
        grow = "\\fscx0\\t(250,1300,0.4,\\fscx100)" if width > height else "\\fscy0\\t(250,1300,0.4,\\fscy100)"
        align, at_x, at_y = 5, x + width / 2, y + height / 2
        if from_left:
            align, at_x, at_y = 4, x, y + height / 2
        tags = f"\\an{align}\\pos({at_x:.1f},{at_y:.1f}){fade(event, 0.4, _FADE_OUT_S)}{grow}"
        shape = f"\\bord0\\shad0\\blur0.3\\1c{self._accent}\\1a&H18&\\p1"
        w, h = round(width, 1), round(max(height, 1.0), 1)
        text = f"{{{tags}{shape}}}m 0 0 l {w} 0 l {w} {h} l 0 {h}{{\\p0}}"
        return Drawn(event.start_s, event.end_s, "artist", 1, text)


def _parted(tokens: Sequence[Token]) -> list[list[Token]]:
    """Credits stand one under the other."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.text != CREDIT_MARK:
            parts[-1].append(token)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part] or [list(tokens)]


def _cased(token: Token, upper: bool) -> Token:
    return replace(token, text=token.text.upper()) if upper else token


def _kind(part: str, event: TextEvent) -> str:
    return f"end_{part}" if event.is_end else part


def _order(part: str) -> int:
    return ("title", "artist", "credit").index(part)


def _is_plain(text: str) -> bool:
    """Whether each letter stands for itself: no marks, no letters that join, all from left to right."""
    marks, turned = ("Mn", "Mc", "Me", "Cf"), ("R", "AL")
    return not any(
        unicodedata.category(char) in marks or unicodedata.bidirectional(char) in turned or "\u0900" <= char <= "\u0fff"
        for char in text
    )


def _flicker(layer: int) -> str:
    """A tube that starts: three short attempts of letters alone, far from a quarter of the picture."""
    shown, gone = ("\\3a&H60&", "\\3a&HF0&") if layer == 0 else ("\\1a&H00&\\3a&H00&", "\\1a&HD8&\\3a&HD8&")
    steps = ((0, gone), (90, shown), (150, gone), (330, shown), (400, gone), (520, shown))
    return "{" + gone + "".join(f"\\t({at},{at + 20},{tag})" for at, tag in steps[1:]) + "}"


def _accent_of(palette: Sequence[str] | None) -> str:
    """The brighter colour of the film as type; made lighter until it can be read."""
    rgb = hex_to_srgb(palette[3]) if palette else hex_to_srgb("#ffffff")
    for _ in range(20):
        if float(srgb_to_linear(rgb) @ (0.2126, 0.7152, 0.0722)) >= _LEAST_LIGHT:
            break
        rgb = rgb + (1 - rgb) * 0.15
    red, green, blue = (min(255, math.floor(value * 255 + 0.5)) for value in rgb)
    return f"&H{blue:02X}{green:02X}{red:02X}&"
