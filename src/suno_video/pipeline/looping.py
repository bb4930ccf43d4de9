"""A loop from a finished film: which bars, and where they lie in the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import NoSuchInputError, UsageError
from suno_video.core.storyboard import Storyboard
from suno_video.pipeline.scenes import whole_bars
from suno_video.project.workspace import Project

SHORTEST_S, LONGEST_S = 1.0, 60.0
_BLEND_S = 0.5
"""So long the end dissolves into the beginning, at most a quarter of the loop."""


@dataclass(frozen=True)
class Loop:
    """A part of a film that goes round."""

    path: Path
    start_s: float
    """Where it begins in the song."""
    duration_s: float


def loop_film(
    project: Project,
    film: Path,
    *,
    start_s: float | None = None,
    seconds: float = 8.0,
    sound: bool = True,
    out: Path | None = None,
) -> Loop:
    """Cut whole bars out of a finished film so that their end meets their beginning.

    Args:
        start_s: Where in the song; by default where it is strongest.
        seconds: At most so long; whole bars are taken where there are bars.
        out: The file; by default beside the film, `FILM-loop.mp4`.

    Raises:
        UsageError: The film has no such part.
        NoSuchInputError: The project does not know its song.
        EncoderError, DiskError: It cannot be read or written.
    """
    from suno_video.assemble.loops import make_loop

    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise UsageError(f"{seconds:g} s is no length for a loop.", f"Use {SHORTEST_S:g} to {LONGEST_S:g} s.")
    try:
        analysis, board = SongAnalysis.load(project.analysis_file), Storyboard.load(project.storyboard_file)
    except OSError as exc:
        raise NoSuchInputError(f"{str(project.root)!r} does not know its song.", "Render the song first.") from exc
    fps = board.fps
    span = whole_bars(analysis, start_s, seconds, at_most=True)
    start, n_frames = (round(frames * fps / analysis.energy.fps) for frames in span)
    overlap = max(2, min(round(_BLEND_S * fps), n_frames // 4))
    # The film may be a part of the song, and what is before the loop is needed to come back to.
    begin = start - board.first_frame
    room = board.n_frames - n_frames
    if start_s is None:
        begin = min(max(begin, overlap), room)
    if not overlap <= begin <= room:
        raise UsageError(
            f"The film has no {n_frames / fps:.1f} s at {start / fps:.1f} s with {overlap / fps:.1f} s before them.",
            "Choose another --from, or fewer --seconds.",
        )
    path = out or film.with_name(f"{film.stem}-loop.mp4")
    if path.absolute() == film.absolute():
        raise UsageError("--out names the film itself.", "Choose another name for the loop.")
    make_loop(film, path, start_frame=begin, n_frames=n_frames, overlap=overlap, sound=sound)
    return Loop(path, (begin + board.first_frame) / fps, n_frames / fps)
