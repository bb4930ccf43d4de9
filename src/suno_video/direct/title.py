"""The title over the opening: there long enough to be read, gone before anybody sings."""

from __future__ import annotations

from suno_video.core.brief import Brief
from suno_video.core.song import Song
from suno_video.core.storyboard import TitleCard
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
