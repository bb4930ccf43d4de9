"""A lyric film of large words: each lands when it is sung, where the whole card has a place for it from the start.

Words never move once they stand and never overlap: a card is laid out as one, then its words are shown one by one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias, get_args

import numpy as np

from suno_video.assemble.events import TextEvent
from suno_video.assemble.singers import ass_color, singer_color
from suno_video.assemble.stylesheet import Drawn, StyleSheet, fade
from suno_video.assemble.syllables import is_right_to_left
from suno_video.assemble.tokens import Row, Token, break_rows, row_text
from suno_video.core.color import (
    Palette,
    hex_to_srgb,
    linear_to_oklch,
    linear_to_srgb,
    oklch_to_linear,
    srgb_to_hex,
    srgb_to_linear,
)

Layout: TypeAlias = Literal["poster", "ragged", "centred", "stair"]

LANDS_S = 0.09
"""A word comes in over so long, and stands when it is sung."""
OUT_S = 0.11
LARGEST_EM = {"wide": 0.27, "square": 0.24, "upright": 0.25}
"""Largest type against the side that limits a row."""
MOST_ROWS = {"wide": 4, "square": 5, "upright": 7}
MOST_CONTRAST = 2.1
"""The largest row of a card against the smallest."""
LEADING = 1.06
"""From the middle of one row to that of the next, in ems of rows that are alike."""
_HELD_WORTH = 0.35
"""How far rows may be out of balance so that a word which matters has one of its own."""
_GAP = 0.85
"""Of a space: large type is set closer."""
_JOINED_GAP_EM = 0.32
"""Between words of Arabic and Hebrew."""
_SLACK = 0.94
"""Of the safe box; the rest is for rims and halos."""


@dataclass(frozen=True)
class PlacedWord:
    """A word and where its middle stands."""

    token: Token
    x_px: float
    y_px: float
    em_px: float
    width_px: float


def dress_card(sheet: StyleSheet, event: TextEvent, seed: int) -> tuple[Drawn, ...]:
    """Lay out a card and let its words land."""
    words = place_words(sheet, event, seed)
    if not words:
        return sheet.dress_line(replace(event, kind="line"), under_title=False)
    loudest = max(words, key=lambda word: _worth(word.token)) if len(words) > 1 else None
    # A second singer has one colour for all words; among those of the first, what matters most is lit.
    voice, accent = singer_color(sheet.palette, event.singer), _accent(sheet.palette)
    drawn: list[Drawn] = []
    for word in words:
        is_lit = word is loudest and _worth(word.token) > 1
        drawn += _land(sheet, event, word, voice or (accent if is_lit else None))
    return tuple(drawn)


def place_words(sheet: StyleSheet, event: TextEvent, seed: int) -> tuple[PlacedWord, ...]:
    """Find a place for each word of a card inside the safe box; none where large type has no room."""
    tokens = [sheet.cased(token) for token in event.tokens if sheet.letters.shown(token.text)]
    layouts: list[Layout] = list(get_args(Layout))
    random.Random(f"layouts {seed}").shuffle(layouts)
    wanted: Layout = layouts[event.number % len(layouts)] if len(tokens) > 2 else "centred"
    best: tuple[float, list[tuple[Row, float]]] = (0.0, [])
    for n_rows in range(1, min(MOST_ROWS[_shape(sheet)], len(tokens)) + 1):
        sized = _size_rows(sheet, tokens, n_rows, justified=wanted == "poster")
        filled = sum(_row_width(sheet, row) * em * em for row, em in sized)
        if sized and filled > best[0]:
            best = (filled, sized)
    rows = best[1]
    if not rows or min(em for _, em in rows) < 1.05 * sheet.line_em_px:
        return ()
    return _place(sheet, rows, wanted)


def _shape(sheet: StyleSheet) -> str:
    return "upright" if sheet.size.aspect < 0.8 else "square" if sheet.size.aspect < 1.3 else "wide"


def _size_rows(sheet: StyleSheet, tokens: Sequence[Token], n_rows: int, *, justified: bool) -> list[tuple[Row, float]]:
    """Break a card into rows and size each; no rows where that cannot be done."""
    width_px, height_px = _SLACK * sheet.box.width_px, 0.9 * sheet.box.height_px
    widths = [sheet.letters.width_em(token.text) for token in tokens]
    rows = break_rows(_parting_what_matters(tokens), widths, sheet.letters.width_em(" "), n_rows, float("inf"))
    if not rows:
        return []
    largest = LARGEST_EM[_shape(sheet)] * sheet.unit_px
    ems = [min(largest, width_px / max(_row_width(sheet, row), 0.1)) for row in rows]
    smallest = min(ems)
    ems = [min(em, MOST_CONTRAST * smallest) if justified else smallest for em in ems]
    tall = sum(_row_height(sheet, row) * em for row, em in zip(rows, ems, strict=True))
    return [(row, em * min(1.0, height_px / tall)) for row, em in zip(rows, ems, strict=True)]


def _row_height(sheet: StyleSheet, row: Row) -> float:
    return LEADING * sheet.letters.height_em(row_text(row))


def _row_width(sheet: StyleSheet, row: Row) -> float:
    gap = _gap(sheet, row)
    return sum(sheet.letters.width_em(token.text) + (gap if token.space and n else 0) for n, token in enumerate(row))


def _gap(sheet: StyleSheet, row: Row) -> float:
    """Between two words, in ems. Letters that join within a word need more room between words to tell them apart."""
    space = sheet.letters.width_em(" ")
    return max(space, _JOINED_GAP_EM) if is_right_to_left(row_text(row)) else _GAP * space


def _parting_what_matters(tokens: Sequence[Token]) -> list[Token]:
    """Make it good to begin a row with a word that matters, and with the one after it."""
    out = list(tokens[:1])
    for before, token in pairwise(tokens):
        matters = max(_worth(before), _worth(token)) > 1.25
        better = token.breath >= 0 and matters and token.space
        out.append(replace(token, breath=min(1.0, token.breath + _HELD_WORTH)) if better else token)
    return out


def _worth(token: Token) -> float:
    """How much a word matters: long ones, and those that are held; little words hardly do. About 1 on average."""
    n_letters = sum(char.isalnum() for char in token.text)
    held_s = (token.end_s or 0.0) - (token.start_s or 0.0)
    return min(0.4 + 0.13 * n_letters, 1.3) + min(max(held_s - 0.35, 0.0), 1.0) * 0.6


def _place(sheet: StyleSheet, rows: list[tuple[Row, float]], layout: Layout) -> tuple[PlacedWord, ...]:
    box = sheet.box
    widths = [_row_width(sheet, row) * em for row, em in rows]
    # From the top of the first row to the foot of the last, in the middle of the box.
    y = (box.top + box.bottom) / 2 - sum(_row_height(sheet, row) * em for row, em in rows) / 2
    margin = (1 - _SLACK) / 2 * box.width_px
    room = _SLACK * box.width_px - max(widths)
    placed: list[PlacedWord] = []
    for number, ((row, em), width) in enumerate(zip(rows, widths, strict=True)):
        y += _row_height(sheet, row) * em / 2
        left = (box.left + box.right - width) / 2
        backwards = is_right_to_left(row_text(row))
        if layout == "ragged":
            # A block with an even edge where its rows begin, which stands in the middle.
            left = box.right - margin - room / 2 - width if backwards else box.left + margin + room / 2
        if layout == "stair" and len(rows) > 1:
            step = min(room, 0.9 * sheet.unit_px * 0.3) * (number / (len(rows) - 1) - 0.5)
            step = -step if backwards else step
            left = min(max(left + step, box.left + margin), box.right - margin - width)
        placed += _place_row(sheet, row, em, left, y)
        y += _row_height(sheet, row) * em / 2
    return tuple(placed)


def _place_row(sheet: StyleSheet, row: Row, em: float, left: float, y: float) -> list[PlacedWord]:
    gap = _gap(sheet, row) * em
    # What is written from right to left begins at the right.
    backwards = is_right_to_left(row_text(row))
    order = list(reversed(row)) if backwards else list(row)
    placed, x = [], left
    for number, token in enumerate(order):
        spaced = order[number - 1].space if backwards and number else token.space
        x += gap if number and spaced else 0.0
        width = sheet.letters.width_em(token.text) * em
        placed.append(PlacedWord(token, x + width / 2, y, em, width))
        x += width
    return placed


def _land(sheet: StyleSheet, event: TextEvent, word: PlacedWord, accent: str | None) -> tuple[Drawn, ...]:
    sung_s = word.token.start_s if word.token.start_s is not None else event.start_s + LANDS_S
    start_s = min(max(event.start_s, sung_s - LANDS_S), event.end_s - 0.05)
    lands_ms = max(10, round((min(sung_s, event.end_s) - start_s) * 1000))
    span = replace(event, start_s=start_s)
    tags = (
        f"\\an5\\pos({word.x_px:.1f},{word.y_px:.1f})"
        + fade(span, lands_ms / 1000, OUT_S)
        + f"\\fscx122\\fscy122\\t(0,{lands_ms},0.6,\\fscx100\\fscy100)"
    )
    em = word.em_px
    color = f"\\1c{accent}\\3c{accent}" if accent else "\\3c&HFFFFFF&"
    # Emboldening stops at semi-bold; a rim of the same colour makes large type of it.
    rim = f"{color}\\3a&H00&\\bord{0.013 * em:.2f}\\shad0\\blur0.5"
    # Dark enough that white letters have an edge on a white picture.
    halo = f"\\1a&HFF&\\3a&H10&\\shad0\\bord{0.065 * em:.2f}\\blur{0.05 * em:.2f}"
    text = sheet.letters.written(word.token.text, em)
    return (
        Drawn(start_s, event.end_s, "line", 0, "{" + tags + halo + "}" + text),
        Drawn(start_s, event.end_s, "line", 1, "{" + tags + rim + "}" + text),
    )


def _accent(palette: Palette | None) -> str | None:
    """The strongest light colour of the film, light enough to be read; as ASS writes colours."""
    if palette is None:
        return None
    stops = linear_to_oklch(np.stack([srgb_to_linear(hex_to_srgb(stop)) for stop in palette]))
    lightness, chroma, hue = max(stops[2:], key=lambda stop: float(stop[1]))
    if chroma < 0.03:
        return None
    rgb = srgb_to_hex(linear_to_srgb(oklch_to_linear(max(float(lightness), 0.9), min(float(chroma), 0.1), float(hue))))
    return ass_color(rgb)
