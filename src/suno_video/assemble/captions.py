"""Captions and the title card as ASS subtitles, one document for each piece of the film, on the song's clock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pysubs2

from suno_video.assemble.cards import Cards
from suno_video.assemble.cutlist import Piece
from suno_video.assemble.events import TextEvent, caption_events, shown_texts
from suno_video.assemble.kinetic import dress_card
from suno_video.assemble.stylesheet import Drawn, StyleSheet
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.media.typefaces import Typefaces, language_of, script_names

__all__ = ["caption_events", "film_subtitles", "piece_subtitles", "unshown_letters"]


def piece_subtitles(events: Sequence[TextEvent], storyboard: Storyboard, piece: Piece) -> str | None:
    """Write the ASS document of a piece; None when no text falls into it.

    Times are those of the song, so that a text which crosses a cut goes on as if there were none.
    """
    start_s, end_s = piece.start_frame / storyboard.fps, piece.end_frame / storyboard.fps
    seen = [event for event in events if event.end_s > start_s and event.start_s < end_s]
    return _document(seen, events, storyboard) if seen else None


def film_subtitles(events: Sequence[TextEvent], storyboard: Storyboard) -> str:
    """Write one ASS document with all text of the film, for a player that draws it."""
    return _document(events, events, storyboard)


def unshown_letters(storyboard: Storyboard, lyrics: Lyrics | None) -> str:
    """Say which characters of the captions no font here can draw, and what would help; empty when all can be drawn."""
    texts = shown_texts(storyboard, lyrics)
    faces = Typefaces(storyboard.treatment.type_style.family, language_of(texts))
    missing = tuple(dict.fromkeys(char for text in texts for char in faces.missing(text)))
    if not missing:
        return ""
    shown = " ".join(missing[:12]) + (" ..." if len(missing) > 12 else "")
    noun = "character" if len(missing) == 1 else "characters"
    return (
        f"{len(missing)} {noun} of the text ({', '.join(script_names(missing)[:4])}: {shown}) left out: "
        "no font here has them. Install one: pip install 'suno-video[fonts]', or a font of the system for that script"
    )


def _document(seen: Sequence[TextEvent], events: Sequence[TextEvent], storyboard: Storyboard) -> str:
    sheet = StyleSheet(
        storyboard.size,
        storyboard.treatment.type_style,
        area=storyboard.safe_area,
        beside=_title_is_beside(storyboard),
        language=_language(tuple(event.text for event in events)),
        palette=storyboard.treatment.palette,
    )
    cards = Cards(sheet, storyboard.treatment.title_style, beside=_title_is_beside(storyboard))
    document = sheet.document()
    cards.add_styles(document)
    for event in seen:
        for drawn in _dress(sheet, cards, event, events, storyboard.seed):
            document.append(
                pysubs2.SSAEvent(
                    start=round(drawn.start_s * 1000),
                    end=round(drawn.end_s * 1000),
                    style=drawn.style,
                    layer=drawn.layer,
                    text=drawn.text,
                )
            )
    return document.to_string("ass")


@lru_cache(maxsize=8)
def _language(texts: tuple[str, ...]) -> str:
    return language_of(texts)


def _dress(
    sheet: StyleSheet, cards: Cards, event: TextEvent, events: Sequence[TextEvent], seed: int
) -> tuple[Drawn, ...]:
    if event.part in ("title", "artist", "credit"):
        in_card = [each for each in events if each.part in ("title", "artist", "credit")]
        card = [each for each in in_card if each.is_end == event.is_end]
        start_s, end_s = min(each.start_s for each in card), max(each.end_s for each in card)
        lines = (each for each in events if each not in in_card)
        over_line = any(line.start_s < end_s and line.end_s > start_s for line in lines)
        return cards.dress(event, card, over_line=over_line)
    if event.kind == "card":
        return dress_card(sheet, event, seed)
    under_title = any(t.kind == "title" and t.start_s < event.end_s and event.start_s < t.end_s for t in events)
    return sheet.dress_line(event, under_title=under_title)


def _title_is_beside(storyboard: Storyboard) -> bool:
    """Whether the scene under the title makes room for it."""
    card = storyboard.title_card
    if card is None:
        return False
    at = card.start_s * storyboard.fps
    return any(s.start_frame <= at < s.end_frame and s.params.get("aside", 0.0) > 0 for s in storyboard.scenes)
