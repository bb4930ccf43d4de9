"""The title over the opening and the card at the end: long enough to be read, never where anybody sings."""

from __future__ import annotations

from suno_video.core.brief import Brief
from suno_video.core.song import Song
from suno_video.core.storyboard import EndCard, TitleCard
from suno_video.direct.sung import SungLines

APPEARS_S, LASTS_S = 0.5, 3.5
SHORTEST_S = 1.2
"""A title that is gone sooner cannot be read, and is left out."""


def make_title(song: Song, brief: Brief, sung: SungLines, start_s: float, end_s: float) -> TitleCard | None:
    """Make the title card, in seconds of the song; None where it is not wanted or has no room.

    Args:
        start_s: Where the film begins in the song.
        end_s: Where it ends.
    """
    title = song.title if brief.title is None else brief.title
    if not title.strip():
        return None
    length_s = end_s - start_s
    first = start_s + min(APPEARS_S, 0.08 * length_s)
    last = min(first + LASTS_S, start_s + 0.6 * length_s)
    for line_start, line_end in sung.spans:
        if line_end > first:
            last = min(last, line_start - 0.1)
            break
    if last - first < SHORTEST_S:
        return None
    return TitleCard(title=title.strip(), artist=song.artist, start_s=round(first, 3), end_s=round(last, 3))


END_LASTS_S = 5.0
AFTER_VOICE_S = 0.6
LONGEST_SHARE = 0.12
"""An end card never takes more of the film than this."""


def make_end_card(
    song: Song, brief: Brief, sung: SungLines, start_s: float, end_s: float, title: TitleCard | None
) -> EndCard | None:
    """Make the end card, in seconds of the song; None where it is not wanted, or somebody sings to the end.

    Args:
        end_s: Where the film ends; the card is for the end of the song, and not for a part of it.
        title: The title card, which the end card must not meet.
    """
    name = song.title if brief.title is None else brief.title
    if not brief.end_card or not name.strip() or end_s < song.duration_s - 0.1:
        return None
    first = end_s - min(END_LASTS_S, LONGEST_SHARE * (end_s - start_s))
    last_word = max((line_end for _, line_end in sung.spans), default=start_s)
    first = max(first, last_word + AFTER_VOICE_S, title.end_s + 1.0 if title else start_s)
    if end_s - first < SHORTEST_S:
        return None
    return EndCard(
        title=name.strip(), artist=song.artist, credits=brief.credits, start_s=round(first, 3), end_s=round(end_s, 3)
    )
