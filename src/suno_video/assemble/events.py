"""All text of a film in time: the title, and what is sung, line by line or card by card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from suno_video.assemble.lettering import caption_text
from suno_video.assemble.singers import singer_numbers
from suno_video.assemble.syllables import split_syllables
from suno_video.assemble.tokens import Token, break_rows, line_tokens, plain_tokens, row_text
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import EndCard, Storyboard, TitleCard

TextKind: TypeAlias = Literal["line", "soft", "card", "title", "artist", "end_title", "end_artist", "end_credit"]

LEAD_S = 0.12
"""A line appears this long before it is sung, as the eye needs it."""
LINGER_S = 0.6
"""and stays this long after it, when nothing follows."""
GAP_S = 0.04
MIN_SHOWN_S = 0.7
SAME_MOMENT_S = 0.25
"""Lines that begin closer together than this are one line (a second voice)."""
ARTIST_DELAY_S = 0.35
CREDIT_MARK = "·"
"""Stands between two credits."""
CARD_EM = 21.0
"""Ems of type on one card of large words; about seven words."""
SHORTEST_CARD_S = 0.9
CARD_LEAD_S = 0.09
"""The first word of a card comes in over so long before it is sung; the card before is gone by then."""
BEAT_REACH_S = 0.3
"""How far a row of words without times is moved to land on a beat."""


@dataclass(frozen=True)
class TextEvent:
    """Text that is on the picture from `start_s` to `end_s` of the song."""

    kind: TextKind
    start_s: float
    end_s: float
    tokens: tuple[Token, ...]
    number: int = 0
    """Among the lines of the song, from 0."""
    singer: int = 0
    """Who sings it: 0 the first voice, 1 the second ..."""

    @property
    def is_end(self) -> bool:
        """Whether it belongs to the end card."""
        return self.kind.startswith("end_")

    @property
    def part(self) -> str:
        """Its part in a card, and the name of its style: `title`, `artist` or `credit`."""
        return self.kind.removeprefix("end_")

    @property
    def text(self) -> str:
        """The whole text."""
        return row_text(self.tokens)

    @property
    def is_swept(self) -> bool:
        """Whether we know when each of its words is sung."""
        return bool(self.tokens) and all(token.is_timed for token in self.tokens)


def caption_events(
    storyboard: Storyboard, lyrics: Lyrics | None, beats_s: Sequence[float] = ()
) -> tuple[TextEvent, ...]:
    """Lay out all text of a film in time. Captions never overlap each other.

    Args:
        beats_s: On which large words land that have no times of their own; empty where no grid is to be trusted.
    """
    start_s, end_s = storyboard.first_frame / storyboard.fps, storyboard.end_frame / storyboard.fps
    card = storyboard.title_card
    events = _title_events(card) if card else []
    events += _end_events(storyboard.end_card) if storyboard.end_card else []
    if storyboard.captions != "none" and lyrics is not None:
        lines = _line_events(lyrics.timed_lines)
        if storyboard.captions == "lines":
            lines = [replace(line, tokens=_without_times(line.tokens)) for line in lines]
        if storyboard.captions == "type":
            lines = [part for line in lines for part in _cards(line, card, beats_s)]
        events += lines
    return tuple(event for event in events if event.end_s > start_s and event.start_s < end_s)


def shown_texts(storyboard: Storyboard, lyrics: Lyrics | None) -> tuple[str, ...]:
    """All texts of a film, clean, as they would be drawn."""
    return tuple(event.text for event in caption_events(storyboard, lyrics))


def _without_times(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return tuple(replace(token, start_s=None, end_s=None) for token in tokens)


def _title_events(card: TitleCard) -> list[TextEvent]:
    events = []
    title, artist = caption_text(card.title), caption_text(card.artist or "")
    if title:
        events.append(TextEvent("title", card.start_s, card.end_s, plain_tokens(title)))
    if artist and card.end_s - card.start_s > 2 * ARTIST_DELAY_S:
        events.append(TextEvent("artist", card.start_s + ARTIST_DELAY_S, card.end_s, plain_tokens(artist)))
    return events


def _end_events(card: EndCard) -> list[TextEvent]:
    texts: tuple[tuple[str, TextKind], ...] = (
        (card.title, "end_title"),
        (card.artist or "", "end_artist"),
        (f" {CREDIT_MARK} ".join(card.credits), "end_credit"),
    )
    events = []
    for number, (text, kind) in enumerate(texts):
        start_s = card.start_s + number * ARTIST_DELAY_S
        if caption_text(text) and card.end_s - start_s > 2 * ARTIST_DELAY_S:
            events.append(TextEvent(kind, start_s, card.end_s, plain_tokens(caption_text(text))))
    return events


def _line_events(lines: Sequence[LyricLine]) -> list[TextEvent]:
    sung: list[tuple[float, float, LyricLine]] = []
    for line in lines:
        if not caption_text(line.text) or line.start_s is None or line.end_s is None:
            continue
        if sung and line.start_s - sung[-1][0] < SAME_MOMENT_S:
            start, end, first = sung[-1]
            both = line.model_copy(update={"text": f"{first.text} {line.text}", "words": ()})
            sung[-1] = (start, max(end, line.end_s), both)
        else:
            sung.append((line.start_s, line.end_s, line))
    events = []
    singers = singer_numbers(lines)
    for number, (start, end, line) in enumerate(sung):
        who = singers[line.singer]
        until = sung[number + 1][0] - LEAD_S - GAP_S if number + 1 < len(sung) else float("inf")
        shown = max(0.0, start - LEAD_S)
        gone = max(shown + 0.05, min(max(end + LINGER_S, shown + MIN_SHOWN_S), until))
        tokens = line_tokens(line)
        if not line.is_sure:  # a word that lights up at the wrong moment is worse than none
            events.append(TextEvent("soft", shown, gone, _without_times(tokens), number, who))
        else:
            events.append(TextEvent("line", shown, gone, tokens, number, who))
    return events


def _cards(line: TextEvent, title: TitleCard | None, beats_s: Sequence[float]) -> list[TextEvent]:
    """Part a line into cards of large words; under the title, and where its times are not sure, it stays a line."""
    under_title = title is not None and line.start_s < title.end_s and line.end_s > title.start_s
    if line.kind == "soft" or under_title or not line.tokens:
        return [line]
    tokens = line.tokens if line.is_swept else _guess_times(line, beats_s)
    cards = _parted(tokens, line.end_s - line.start_s)
    starts = [(card[0].start_s or line.start_s) - CARD_LEAD_S for card in cards]
    events = []
    for number, card in enumerate(cards):
        until = starts[number + 1] if number + 1 < len(cards) else line.end_s
        begins = max(line.start_s, starts[number])
        events.append(TextEvent("card", begins, max(until, begins + 0.05), card, line.number * 8 + number, line.singer))
    return events


def _parted(tokens: tuple[Token, ...], length_s: float) -> list[tuple[Token, ...]]:
    widths = [0.62 * len(token.text) + 0.4 for token in tokens]
    most = max(1, min(int(length_s / SHORTEST_CARD_S), 8, len(tokens)))
    for count in range(1, most + 1):
        parts = break_rows(tokens, widths, 0.0, count, CARD_EM if count < most else float("inf"))
        if parts:
            return list(parts)
    return [tokens]


def _guess_times(line: TextEvent, beats_s: Sequence[float]) -> tuple[Token, ...]:
    """Spread the words over the line by their syllables, and let every few of them land on a beat together."""
    weights = [len(split_syllables(token.text)) for token in line.tokens]
    start_s, length_s = line.start_s + LEAD_S, max(0.2, (line.end_s - line.start_s - LEAD_S - LINGER_S) * 0.92)
    at, spread = 0, []
    for token, weight in zip(line.tokens, weights, strict=True):
        spread.append(replace(token, start_s=start_s + length_s * at / sum(weights)))
        at += weight
    timed: list[Token] = []
    for token in spread:
        near = min(beats_s, key=lambda beat: abs(beat - (token.start_s or 0.0)), default=None)
        lands = token.start_s or 0.0
        if near is not None and abs(near - lands) <= BEAT_REACH_S and near >= line.start_s:
            lands = near
        lands = max([lands, *(each.start_s or 0.0 for each in timed[-1:])])
        timed.append(replace(token, start_s=lands, end_s=lands + 0.2))
    return tuple(timed)
