"""Which stems a song is heard with: named ones, those of an earlier run, those beside it, or separated ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from suno_video.analyze.stems import Stem, find_stems
from suno_video.core.errors import BadEditError, NoSuchInputError
from suno_video.core.events import EventSink, SoundSeparated, Warned, ignore
from suno_video.core.record import Record
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import FilmOptions, stage
from suno_video.project.workspace import Project


class SeparatedStems(Record):
    """What the stems of a project were separated from, and how (`stems/separated.json`)."""

    version: Literal[1] = 1
    sound_sha256: str
    """Of the file of the song."""
    separator: str
    model: str


def stems_of(
    song: Path, project: Project, options: FilmOptions, *, write: bool = False, events: EventSink = ignore
) -> tuple[Stem, ...]:
    """Find the stems of a song; a folder that is named once holds for the project from then on.

    Args:
        write: Remember a folder that was named; separate the song where that is asked for and no stems are found.

    Raises:
        NoSuchInputError: The folder that was named is not there, or holds no stem.
        BackendUnavailableError: The song is to be separated, and Demucs or its model is not there.
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
    return find_stems(song) or _separated(song, project, options, write=write, events=events)


def _separated(
    song: Path, project: Project, options: FilmOptions, *, write: bool, events: EventSink
) -> tuple[Stem, ...]:
    """Stems that were separated from this very sound; made now where that is asked for."""
    from suno_video.analyze.separation import SEPARATOR

    kept = _kept(project)
    if kept is None and options.separate is None:
        return ()
    digest = _digest(song)
    wanted = (digest, SEPARATOR, options.separate or (kept.model if kept else None))
    if kept is not None and (kept.sound_sha256, kept.separator, kept.model) == wanted:
        return _found(song, project)
    if options.separate is None:
        return ()
    if not write:
        events(Warned("nothing is written here: the song is heard without separated stems"))
        return ()
    with stage("separate", song.name, events):
        _separate(song, project, options, options.separate, events)
    write_text(
        _mark(project), SeparatedStems(sound_sha256=digest, separator=SEPARATOR, model=options.separate).to_json()
    )
    return _found(song, project)


def _separate(song: Path, project: Project, options: FilmOptions, model: str, events: EventSink) -> None:
    from suno_video.analyze.separation import Separator
    from suno_video.analyze.tags import read_tags

    # While new ones are made, the old ones stand for nothing.
    _mark(project).unlink(missing_ok=True)
    told = _teller(read_tags(song).header_duration_s or 0.0, events)
    Separator().separate(song, project.stems, model, max_duration_s=options.max_duration_s, on_block=told)


def _teller(length_s: float, events: EventSink) -> Callable[[float], None]:
    return lambda seconds: events(SoundSeparated(round(seconds, 1), round(max(length_s, seconds), 1)))


def _found(song: Path, project: Project) -> tuple[Stem, ...]:
    try:
        return find_stems(song, project.stems)
    except NoSuchInputError:
        return ()


def _mark(project: Project) -> Path:
    return project.stems / "separated.json"


def _kept(project: Project) -> SeparatedStems | None:
    try:
        kept = SeparatedStems.load(_mark(project))
    except (OSError, BadEditError):
        return None
    whole = all((project.stems / f"{name}.flac").is_file() for name in ("drums", "vocals"))
    return kept if whole else None


def _digest(song: Path) -> str:
    from suno_video.media.audio import check_song_file

    check_song_file(song)
    with song.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remembered(project: Project) -> Path | None:
    try:
        line = project.stems_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return Path(line) if line else None
