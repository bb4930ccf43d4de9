"""Captions and the title card as ASS subtitles, one document for each piece of the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pysubs2

from suno_video.assemble.cutlist import Piece
from suno_video.assemble.lettering import (
    ASS_PER_EM,
    SafeBox,
    Setting,
    ass_text,
    beside_box,
    fit_rows,
    plain_text,
    safe_box,
)
from suno_video.core.brief import TypeStyle
from suno_video.core.frames import FrameSize
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Storyboard, TitleCard

TextKind: TypeAlias = Literal["line", "title", "artist"]

LEAD_S = 0.12
"""A line appears this long before it is sung, as the eye needs it."""
LINGER_S = 0.6
"""and stays this long after it, when nothing follows."""
GAP_S = 0.04
MIN_SHOWN_S = 0.7
SAME_MOMENT_S = 0.25
"""Lines that begin closer together than this are one line (a second voice)."""
FADE_IN_S, FADE_OUT_S = 0.16, 0.22
TITLE_FADE_IN_S, TITLE_FADE_OUT_S = 0.9, 0.8
ARTIST_DELAY_S = 0.35
_SUNG_ALPHA, _UNSUNG_ALPHA, _HALO_ALPHA = "&H00&", "&H58&", "&H70&"
# Type sizes (em) against the side that limits a row.
_EM = {"line": 0.056, "title": 0.15, "artist": 0.042}
_LARGER_UPRIGHT, _LARGER_SQUARE = 1.28, 1.12
"""Captions are larger where a picture is watched on a telephone."""
_ARTIST_TRACKING = 16.0
_DEVANAGARI = range(0x0900, 0x0980)


@dataclass(frozen=True)
class TextWord:
    """A word and the moment of the song at which it is sung."""

    text: str
    start_s: float


@dataclass(frozen=True)
class TextEvent:
    """Text that is on the picture from `start_s` to `end_s` of the song."""

    kind: TextKind
    start_s: float
    end_s: float
    text: str
    words: tuple[TextWord, ...] = ()
    """Times of its words, if they are known and make up the text."""


def caption_events(storyboard: Storyboard, lyrics: Lyrics | None) -> tuple[TextEvent, ...]:
    """Lay out all text of a film in time. Captions never overlap each other."""
    start_s, end_s = storyboard.first_frame / storyboard.fps, storyboard.end_frame / storyboard.fps
    events = _title_events(storyboard.title_card) if storyboard.title_card else []
    if storyboard.captions and lyrics is not None:
        events += _line_events(lyrics.timed_lines)
    return tuple(event for event in events if event.end_s > start_s and event.start_s < end_s)


def _title_events(card: TitleCard) -> list[TextEvent]:
    events = []
    if plain_text(card.title):
        events.append(TextEvent("title", card.start_s, card.end_s, plain_text(card.title)))
    if card.artist and plain_text(card.artist) and card.end_s - card.start_s > 2 * ARTIST_DELAY_S:
        events.append(TextEvent("artist", card.start_s + ARTIST_DELAY_S, card.end_s, plain_text(card.artist)))
    return events


def _line_events(lines: Sequence[LyricLine]) -> list[TextEvent]:
    sung: list[tuple[float, float, LyricLine]] = []
    for line in lines:
        if not plain_text(line.text) or line.start_s is None or line.end_s is None:
            continue
        if sung and line.start_s - sung[-1][0] < SAME_MOMENT_S:
            start, end, first = sung[-1]
            both = LyricLine(text=f"{first.text} {line.text}")
            sung[-1] = (start, max(end, line.end_s), both)
        else:
            sung.append((line.start_s, line.end_s, line))
    events = []
    for number, (start, end, line) in enumerate(sung):
        until = sung[number + 1][0] - LEAD_S - GAP_S if number + 1 < len(sung) else float("inf")
        shown = max(0.0, start - LEAD_S)
        events.append(
            TextEvent(
                "line",
                shown,
                max(shown + 0.05, min(max(end + LINGER_S, shown + MIN_SHOWN_S), until)),
                plain_text(line.text),
                _timed_words(line),
            )
        )
    return events


def _timed_words(line: LyricLine) -> tuple[TextWord, ...]:
    """Take the word times only when the words are the line: a highlight on the wrong word is worse than none."""
    words = tuple(TextWord(plain_text(word.text), word.start_s) for word in line.words)
    words = tuple(word for word in words if word.text)
    rises = all(a.start_s <= b.start_s for a, b in zip(words, words[1:], strict=False))
    return words if rises and " ".join(word.text for word in words) == plain_text(line.text) else ()


def piece_subtitles(events: Sequence[TextEvent], storyboard: Storyboard, piece: Piece) -> str | None:
    """Write the ASS document of a piece; None when no text falls into it.

    A text that crosses the cut goes on as if there were none: its fades are counted from its own start.
    """
    start_s, end_s = piece.start_frame / storyboard.fps, piece.end_frame / storyboard.fps
    seen = [event for event in events if event.end_s > start_s and event.start_s < end_s]
    if not seen:
        return None
    sheet = _StyleSheet(storyboard.size, storyboard.treatment.type_style, beside=_title_is_beside(storyboard))
    document = sheet.document()
    for event in seen:
        shown_s = max(event.start_s, start_s)
        under_title = any(t.kind == "title" and t.start_s < event.end_s and event.start_s < t.end_s for t in events)
        for layer, text in enumerate(sheet.dress(event, shown_s, under_title=under_title)):
            document.append(
                pysubs2.SSAEvent(
                    start=round((shown_s - start_s) * 1000),
                    end=round((min(event.end_s, end_s + 1) - start_s) * 1000),
                    style=event.kind,
                    layer=layer,
                    text=text,
                )
            )
    return document.to_string("ass")


def _title_is_beside(storyboard: Storyboard) -> bool:
    """Whether the scene under the title makes room for it."""
    card = storyboard.title_card
    if card is None:
        return False
    at = card.start_s * storyboard.fps
    return any(s.start_frame <= at < s.end_frame and s.params.get("aside", 0.0) > 0 for s in storyboard.scenes)


class _StyleSheet:
    """Sizes, places and tags of all text at one frame size."""

    def __init__(self, size: FrameSize, style: TypeStyle, *, beside: bool = False) -> None:
        """Take a frame size and a style; `beside`: the title stands beside a picture, and not in the middle."""
        self._size = size
        self._style = style
        self._box = safe_box(size)
        self._title_box = beside_box(size) if beside else self._box
        self._beside = beside
        # The size of type follows the side that limits a row.
        self._unit_px = min(size.height_px, self._box.width_px)
        larger = _LARGER_UPRIGHT if size.aspect < 0.8 else _LARGER_SQUARE if size.aspect < 1.3 else 1.0
        self._line_em = _EM["line"] * larger

    def document(self) -> pysubs2.SSAFile:
        """Start a document with our styles."""
        document = pysubs2.SSAFile()
        document.info.update(
            {
                "PlayResX": str(self._size.width_px),
                "PlayResY": str(self._size.height_px),
                "WrapStyle": "2",
                "ScaledBorderAndShadow": "yes",
                "YCbCr Matrix": "TV.709",
            }
        )
        document.styles.clear()
        document.styles["line"] = self._ass_style(
            self._line_em, outline=0.0042, middle=self._style.position == "middle"
        )
        document.styles["title"] = self._ass_style(_EM["title"], outline=0.005, middle=True)
        document.styles["artist"] = self._ass_style(_EM["artist"], outline=0.0036, middle=True)
        return document

    def _ass_style(self, em: float, *, outline: float, middle: bool) -> pysubs2.SSAStyle:
        box, style = self._box, self._style
        return pysubs2.SSAStyle(
            fontname=style.family,
            fontsize=round(em * self._unit_px * ASS_PER_EM, 2),
            # The fonts are variable, and libass draws them at their normal weight or emboldened, nothing between.
            bold=style.weight >= 550,
            italic=style.italic,
            primarycolor=pysubs2.Color(255, 255, 255, 0),
            secondarycolor=pysubs2.Color(255, 255, 255, 128),
            outlinecolor=pysubs2.Color(0, 0, 0, 70),
            backcolor=pysubs2.Color(0, 0, 0, 120),
            outline=round(outline * self._unit_px, 2),
            shadow=round(0.0016 * self._unit_px, 2),
            spacing=round(em * self._unit_px * style.tracking / 100, 2),
            alignment=pysubs2.Alignment.MIDDLE_CENTER if middle else pysubs2.Alignment.BOTTOM_CENTER,
            marginl=box.left,
            marginr=self._size.width_px - box.right,
            marginv=0 if middle else self._size.height_px - box.bottom,
        )

    def dress(self, event: TextEvent, shown_s: float, *, under_title: bool) -> tuple[str, ...]:
        """Give the text of an event with its tags, as seen from `shown_s` on: one ASS event for each layer."""
        if event.kind == "line":
            return self._dress_line(event, shown_s, under_title)
        return self._dress_title(event, shown_s)

    def _dress_line(self, event: TextEvent, shown_s: float, under_title: bool) -> tuple[str, ...]:
        """A wide soft shadow below, so that a line is read on any picture, and the letters above."""
        em_px = self._line_em * self._unit_px
        setting = self._set(event.text, em_px, self._box)
        tags = _fade(event, shown_s, FADE_IN_S, FADE_OUT_S) + self._font_tags(event.text, setting, em_px)
        if under_title and self._style.position == "middle":
            # The middle is taken by the title.
            tags += f"\\an2\\pos({(self._box.left + self._box.right) / 2:.0f},{self._box.bottom})"
        halo = f"\\1a&HFF&\\3a{_HALO_ALPHA}\\shad0\\bord{0.16 * em_px:.2f}\\blur{0.22 * em_px:.2f}"
        rim = f"\\blur{0.0028 * self._unit_px:.2f}"
        plain = "\\N".join(ass_text(row) for row in setting.rows)
        return "{" + tags + halo + "}" + plain, "{" + tags + rim + "}" + _rows(setting, event, shown_s)

    def _set(self, text: str, em_px: float, box: SafeBox, tracking: float | None = None) -> Setting:
        text = text.upper() if self._style.uppercase else text
        spacing = self._style.tracking if tracking is None else tracking
        return fit_rows(text, self._style.family, em_px, box.width_px, tracking=spacing)

    def _font_tags(self, text: str, setting: Setting, em_px: float) -> str:
        tags = "" if setting.em_px == em_px else f"\\fs{setting.em_px * ASS_PER_EM:.2f}"
        # Inter has no Devanagari, Noto Sans has; libass would look for it in the system's fonts only.
        return tags + ("\\fnNoto Sans" if any(ord(char) in _DEVANAGARI for char in text) else "")

    def _dress_title(self, event: TextEvent, shown_s: float) -> tuple[str, ...]:
        """A soft dark halo below, the letters above: they come out of the blur, and grow as long as they stand."""
        is_title = event.kind == "title"
        em_px = _EM[event.kind] * self._unit_px
        setting = self._set(event.text, em_px, self._title_box, tracking=None if is_title else _ARTIST_TRACKING)
        at, until = _clock(event.start_s, shown_s), _clock(event.end_s, shown_s)
        common = (
            self._place(is_title)
            + _fade(event, shown_s, TITLE_FADE_IN_S, TITLE_FADE_OUT_S)
            + f"\\fscx97\\fscy97\\t({at},{until},\\fscx101\\fscy101)"
            + ("" if is_title else f"\\fsp{em_px * _ARTIST_TRACKING / 100:.2f}")
            + self._font_tags(event.text, setting, em_px)
        )
        heavy = is_title and self._style.weight >= 600
        # Emboldening stops at semi-bold; a white rim makes a title of it.
        rim = f"\\bord{0.014 * em_px if heavy else 0:.2f}\\3c&HFFFFFF&\\3a&H00&\\shad0"
        halo = f"\\bord{0.05 * em_px:.2f}\\1a&HFF&\\3a&H60&\\blur{0.07 * em_px:.2f}"
        sharpen = f"\\blur{0.09 * em_px:.2f}\\t({at},{at + 900},0.4,\\blur0.4)"
        rows = "\\N".join(ass_text(row) for row in setting.rows)
        return "{" + common + halo + "}" + rows, "{" + common + rim + sharpen + "}" + rows

    def _place(self, is_title: bool) -> str:
        """The title stands on a line a little below the middle, the artist hangs under it."""
        box, below = self._title_box, 0.1 * _EM["title"] * self._unit_px
        if self._beside and self._size.aspect >= 1:
            line = self._size.height_px * 0.54
            return f"\\an{1 if is_title else 7}\\pos({box.left},{line if is_title else line + below:.0f})"
        x = (box.left + box.right) / 2
        upright = 0.64 if self._beside else 0.42
        line = self._size.height_px * (0.54 if self._size.aspect >= 0.8 else upright)
        return f"\\an{2 if is_title else 8}\\pos({x:.0f},{line if is_title else line + below:.0f})"


def _clock(moment_s: float, shown_s: float) -> int:
    """Milliseconds from the start of the event as written; negative for what lies before the piece."""
    return round((moment_s - shown_s) * 1000)


def _fade(event: TextEvent, shown_s: float, in_s: float, out_s: float) -> str:
    """Fade in and out by the event's own clock, so that a cut in between does not start it again."""
    half_s = (event.end_s - event.start_s) / 2
    in_s, out_s = min(in_s, half_s), min(out_s, half_s)
    times = (event.start_s, event.start_s + in_s, event.end_s - out_s, event.end_s)
    return "\\fade(255,0,255," + ",".join(str(_clock(time, shown_s)) for time in times) + ")"


def _rows(setting: Setting, event: TextEvent, shown_s: float) -> str:
    if not event.words:
        return "\\N".join(ass_text(row) for row in setting.rows)
    starts = iter(event.words)
    return "\\N".join(
        " ".join(_lit_word(word, next(starts), shown_s) for word in row.split(" ")) for row in setting.rows
    )


def _lit_word(text: str, word: TextWord, shown_s: float) -> str:
    """A word that lights up when it is sung."""
    at = _clock(word.start_s, shown_s)
    return f"{{\\1a{_UNSUNG_ALPHA}\\t({at - 40},{at + 80},\\1a{_SUNG_ALPHA})}}{ass_text(text)}"
