"""How text looks: sizes, places and ASS tags of titles and lines at one frame size, on the song's clock."""

from __future__ import annotations

from dataclasses import dataclass

import pysubs2

from suno_video.assemble.events import TextEvent
from suno_video.assemble.lettering import beside_box, safe_box
from suno_video.assemble.measuring import Letters
from suno_video.assemble.singers import singer_color
from suno_video.assemble.syllables import is_right_to_left, split_syllables
from suno_video.assemble.tokens import Row, Token, fit_tokens
from suno_video.core.brief import SafeArea, TypeStyle
from suno_video.core.color import Palette
from suno_video.core.frames import FrameSize

FADE_IN_S, FADE_OUT_S = 0.16, 0.22
SOFT_FADE_S = 0.5
# Letters not yet sung are grey and not half clear: the dark rim below would shine through.
_UNSUNG = "&HBAAEA7&"
# Opacity, of a line whose times are not sure: 00 is full, FF is none.
_SURE, _SOFT = "&H00&", "&H30&"
_WIDEST_ROW = 0.7
"""Of the safe box in a wide picture: the eye should not have to travel. About 45 letters."""
_HALO_ALPHA = "&H48&"
# Type sizes (em) against the side that limits a row.
EM = {"line": 0.05}
_LARGER_UPRIGHT, _LARGER_SQUARE = 1.28, 1.12
"""Captions are larger where a picture is watched on a telephone."""


@dataclass(frozen=True)
class Drawn:
    """One ASS event."""

    start_s: float
    end_s: float
    style: str
    layer: int
    text: str


class StyleSheet:
    """Sizes, places and tags of all text at one frame size."""

    def __init__(
        self,
        size: FrameSize,
        style: TypeStyle,
        *,
        area: SafeArea | None = None,
        beside: bool = False,
        language: str = "",
        palette: Palette | None = None,
    ) -> None:
        """Take a frame size and a style; `beside`: the title stands beside a picture, and not in the middle."""
        self.size, self.style, self.language, self.palette = size, style, language, palette
        self.box = safe_box(size, area)
        self.letters = Letters(style.family, language, style.tracking)
        self.title_box = beside_box(size, area) if beside else self.box
        # The size of type follows the side that limits a row.
        self.unit_px = min(size.height_px, self.box.width_px)
        larger = _LARGER_UPRIGHT if size.aspect < 0.8 else _LARGER_SQUARE if size.aspect < 1.3 else 1.0
        self.line_em_px = EM["line"] * larger * self.unit_px

    def document(self) -> pysubs2.SSAFile:
        """Start a document with our styles."""
        document = pysubs2.SSAFile()
        document.info.update(
            {
                "PlayResX": str(self.size.width_px),
                "PlayResY": str(self.size.height_px),
                "WrapStyle": "2",
                "ScaledBorderAndShadow": "yes",
                "YCbCr Matrix": "TV.709",
            }
        )
        if self.language:
            document.info["Language"] = self.language
        document.styles.clear()
        middle = self.style.position == "middle"
        document.styles["line"] = self._ass_style(self.line_em_px, outline=0.0046, middle=middle)
        return document

    def _ass_style(self, em_px: float, *, outline: float, middle: bool) -> pysubs2.SSAStyle:
        box, style = self.box, self.style
        return pysubs2.SSAStyle(
            fontname=style.family,
            fontsize=round(em_px * 1.43, 2),
            # The fonts are variable, and libass draws them at their normal weight or emboldened, nothing between.
            bold=style.weight >= 550,
            italic=style.italic,
            primarycolor=pysubs2.Color(255, 255, 255, 0),
            secondarycolor=pysubs2.Color(255, 255, 255, 128),
            outlinecolor=pysubs2.Color(0, 0, 0, 40),
            backcolor=pysubs2.Color(0, 0, 0, 110),
            outline=round(outline * self.unit_px, 2),
            shadow=round(0.0016 * self.unit_px, 2),
            spacing=round(em_px * style.tracking / 100, 2),
            alignment=pysubs2.Alignment.MIDDLE_CENTER if middle else pysubs2.Alignment.BOTTOM_CENTER,
            marginl=box.left,
            marginr=self.size.width_px - box.right,
            marginv=0 if middle else self.size.height_px - box.bottom,
            # Rows run as their letters do, and are laid out as a whole: libass parts them at each tag otherwise.
            encoding=-1,
        )

    def dress_line(self, event: TextEvent, *, under_title: bool) -> tuple[Drawn, ...]:
        """A wide soft shadow below, so that a line is read on any picture, and the letters above."""
        rows, em_px = self.rows(event.tokens, self.line_em_px, self.letters)
        if not rows:
            return ()
        soft = event.kind == "soft"
        tags = fade(event, SOFT_FADE_S if soft else FADE_IN_S, SOFT_FADE_S if soft else FADE_OUT_S)
        if under_title and self.style.position == "middle":
            # The middle is taken by the title.
            tags += f"\\an2\\pos({(self.box.left + self.box.right) / 2:.0f},{self.box.bottom})"
        halo = f"\\1a&HFF&\\2a&HFF&\\3a{_HALO_ALPHA}\\shad0\\bord{0.2 * em_px:.2f}\\blur{0.2 * em_px:.2f}"
        rim = f"\\blur{0.0018 * self.unit_px:.2f}\\1a{_SOFT if soft else _SURE}"
        plain = "\\N".join(self._written(row, em_px) for row in rows)
        letters = _sweep(self, rows, em_px, event) if event.is_swept else plain
        if color := singer_color(self.palette, event.singer):
            rim += f"\\1c{color}"
        rim += f"\\2c{_UNSUNG}\\2a&H00&" if event.is_swept else ""
        return (
            Drawn(event.start_s, event.end_s, "line", 0, "{" + tags + halo + "}" + plain),
            Drawn(event.start_s, event.end_s, "line", 1, "{" + tags + rim + "}" + letters),
        )

    def rows(self, tokens: tuple[Token, ...], em_px: float, letters: Letters) -> tuple[tuple[Row, ...], float]:
        """Break text into rows that fit, of what can be drawn here."""
        shown = [self.cased(token) for token in tokens if letters.shown(token.text)]
        room_px = self.box.width_px * (_WIDEST_ROW if self.size.aspect > 1.3 else 1.0)
        most = 3 if self.size.aspect < 1.3 else 2  # narrow pictures: more rows before smaller type
        return fit_tokens(shown, letters.width_em, em_px, room_px, most) if shown else ((), em_px)

    def cased(self, token: Token) -> Token:
        """In capitals, where the style wants that."""
        if not self.style.uppercase:
            return token
        return Token(token.text.upper(), token.space, token.start_s, token.end_s, token.breath)

    def _written(self, row: Row, em_px: float) -> str:
        return "".join(self.word(token, number, em_px) for number, token in enumerate(row))

    def word(self, token: Token, number: int, em_px: float) -> str:
        """A word as ASS, with the space before it where it is not the first of its row."""
        return (" " if token.space and number else "") + self.letters.written(token.text, em_px)


def fade(event: TextEvent, in_s: float, out_s: float) -> str:
    """Fade in and out, faster where an event is short."""
    length_s = event.end_s - event.start_s
    in_s, out_s = min(in_s, length_s / 2), min(out_s, length_s / 2)
    return "\\fade(255,0,255," + ",".join(str(_ms(time)) for time in (0, in_s, length_s - out_s, length_s)) + ")"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _sweep(sheet: StyleSheet, rows: tuple[Row, ...], em_px: float, event: TextEvent) -> str:
    """Move a highlight with the voice, syllable by syllable (`kf`).

    Libass fills from the left always, so what runs from right to left lights up word by word (`k`).
    """
    parts: list[str] = []
    clock_cs = round(event.start_s * 100)
    for row in rows:
        parts += ["\\N"] if parts else []
        for number, token in enumerate(row):
            start_cs, end_cs = round((token.start_s or 0) * 100), round((token.end_s or 0) * 100)
            start_cs = max(clock_cs, start_cs)
            end_cs = max(start_cs, end_cs)
            # The rest before a word belongs to the space before it.
            parts.append(f"{{\\k{start_cs - clock_cs}}}" + (" " if token.space and number else ""))
            at_cs, share = start_cs, 0.0
            backwards = is_right_to_left(token.text)
            syllables = split_syllables(token.text)
            for syllable in syllables:
                share += syllable.share
                until_cs = end_cs if syllable is syllables[-1] else start_cs + round(share * (end_cs - start_cs))
                parts.append(f"{{\\k{'' if backwards else 'f'}{until_cs - at_cs}}}")
                parts.append(sheet.letters.written(syllable.text, em_px))
                at_cs = until_cs
            clock_cs = end_cs
    return "".join(parts)
