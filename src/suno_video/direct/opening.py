"""How the film opens and closes: out of black and into it, and with room beside the cover for the title."""

from __future__ import annotations

from suno_video.core.analysis import SongAnalysis
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import EndCard, TitleCard
from suno_video.direct.pacing import drive_of

CALM_DRIVE = 0.5
RISE_S = 0.7
"""A calm opening rises out of black; a song that starts at once has its picture at once."""
SINK_S, CALM_SINK_S = 0.9, 1.6
LARGEST_SHARE = 0.1
"""No fade takes more of the film than this."""
TALLEST_SQUARE, WIDEST_SQUARE = 0.8, 1.25
"""Between these a square cover fills the frame, and the title stands on it."""


def fade_lengths(analysis: SongAnalysis, first_frame: int, end_frame: int, fps: int) -> tuple[int, int]:
    """Give the frames of the opening and of the closing fade; 0 where a part of a song begins or ends in its midst."""
    opening, closing = analysis.sections[0], analysis.sections[-1]
    longest = int(LARGEST_SHARE * (end_frame - first_frame))
    is_calm = drive_of(opening) < CALM_DRIVE
    rise = min(round(RISE_S * fps), longest) if first_frame == 0 and is_calm else 0
    is_end = end_frame >= int(analysis.duration_s * fps)
    sink_s = CALM_SINK_S if drive_of(closing) < CALM_DRIVE else SINK_S
    return rise, min(round(sink_s * fps), longest) if is_end else 0


def room_for_title(title: TitleCard | EndCard | None, size: FrameSize, start_s: float) -> dict[str, float]:
    """Give what the scene of the cover needs to know to make room: the cover stands aside until the title goes.

    Args:
        start_s: Where the scene begins in the song.
    """
    if title is None or TALLEST_SQUARE <= size.aspect <= WIDEST_SQUARE:
        return {}
    return {"aside": 1.0, "aside_s": round(max(0.0, title.end_s - start_s), 3)}
