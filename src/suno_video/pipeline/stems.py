"""Which stems a song is heard with: those that were named, those of an earlier run, or those that lie beside it."""

from __future__ import annotations

from pathlib import Path

from suno_video.analyze.stems import Stem, find_stems
from suno_video.core.errors import NoSuchInputError
from suno_video.core.events import EventSink, Warned, ignore
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import FilmOptions
from suno_video.project.workspace import Project


def stems_of(
    song: Path, project: Project, options: FilmOptions, *, write: bool = False, events: EventSink = ignore
) -> tuple[Stem, ...]:
    """Find the stems of a song; a folder that is named once holds for the project from then on.

    Args:
        write: Remember a folder that was named.

    Raises:
        NoSuchInputError: The folder that was named is not there, or holds no stem.
    """
    if options.stems is not None:
        found = find_stems(song, options.stems)
        if write:
            write_text(project.stems_file, str(options.stems.absolute()) + "\n")
        return found
    remembered = _remembered(project)
    if remembered is not None:
        try:
            return find_stems(song, remembered)
        except NoSuchInputError as exc:
            events(Warned(f"the song is heard without the stems of an earlier run: {exc.message}"))
            return ()
    beside = find_stems(song)
    if not beside and project.stems.is_dir():
        try:
            return find_stems(song, project.stems)
        except NoSuchInputError:
            return ()
    return beside


def _remembered(project: Project) -> Path | None:
    try:
        line = project.stems_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return Path(line) if line else None
