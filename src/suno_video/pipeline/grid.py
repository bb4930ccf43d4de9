"""What a person says about the beats of a song: of this run, over what the project remembers (`grid.json`)."""

from __future__ import annotations

from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.grid import GridWish, HeardBeats
from suno_video.media.atomic import write_text, write_trouble
from suno_video.pipeline.options import FilmOptions
from suno_video.project.workspace import Project


def grid_of(project: Project, options: FilmOptions) -> GridWish:
    """Give what holds for the beats in this run. Writes nothing: what cannot be of the song is not to be kept.

    Raises:
        UsageError: A bar is said to begin where the beats that were given have none.
        BadEditError: What the project remembers was edited, and does not fit.
    """
    remembered = GridWish() if options.forget_grid else _remembered(project)
    try:
        return options.grid.over(remembered)
    except ValueError as exc:
        raise UsageError(
            f"--downbeat {options.grid.downbeat_s:g}: {remembered.source or 'the beats that were given'} has its bars "
            "elsewhere.",
            "Mark the bars in that file and give it again, or go back to listening with --beats auto.",
        ) from exc


def keep_grid(project: Project, wish: GridWish) -> None:
    """Let the project remember what a person said, for the runs to come; nothing said leaves no file."""
    path, text = project.grid_file, wish.to_json()
    try:
        if wish.is_empty:
            path.unlink(missing_ok=True)
        elif not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            write_text(path, text)
    except OSError as exc:
        raise write_trouble(path, exc) from exc


def known_beats(project: Project) -> HeardBeats | None:
    """Give what was heard in an earlier run, before anybody corrected it; None where there is nothing of use."""
    try:
        return HeardBeats.load(project.heard_beats_file)
    except (OSError, BadEditError):
        return None  # it is heard anew: nobody edits this file


def _remembered(project: Project) -> GridWish:
    try:
        return GridWish.load(project.grid_file)
    except FileNotFoundError:
        return GridWish()
    except OSError as exc:
        raise BadEditError(project.grid_file.name, [f"it cannot be read: {exc.strerror}"]) from exc
