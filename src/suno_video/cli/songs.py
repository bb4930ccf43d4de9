"""Which songs a command line means: files, and the songs that lie in folders."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from suno_video.cli.grid import LISTEN, OTHER_EARS
from suno_video.cli.options import Wishes
from suno_video.core.errors import NoSuchInputError, SunoVideoError, UsageError


@dataclass(frozen=True)
class Wanted:
    """A song to make a film of, or a folder that gave none."""

    path: Path
    error: SunoVideoError | None = None
    """Why nothing can be made of it."""


def is_folder(path: Path) -> bool:
    """Whether a name is that of a folder; what cannot be looked at is none, and tells so when it is opened."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def find_songs(names: Sequence[Path], held: ExitStack) -> list[Wanted]:
    """Put the songs that lie in folders in the place of the folders; each song once.

    Args:
        held: Keeps the lock of each folder. A folder that another run holds is wanted with the error that says so.
    """
    found: dict[str, Wanted] = {}
    folders: set[str] = set()
    for name in names:
        if not is_folder(name):
            wanted = [Wanted(name)]
        elif os.path.realpath(name) not in folders:
            folders.add(os.path.realpath(name))
            wanted = _take_folder(name, held)
        else:
            continue
        for want in wanted:
            found.setdefault(_key(want.path), want)
    return list(found.values())


def _take_folder(folder: Path, held: ExitStack) -> list[Wanted]:
    from suno_video.project.lock import hold_songs

    try:
        songs = songs_in(folder)
        held.enter_context(hold_songs(folder))
    except SunoVideoError as exc:
        return [Wanted(folder, exc)]
    return [Wanted(song) for song in songs]


def _key(song: Path) -> str:
    # Not the file that a link leads to: under another name it is another song, with a project of its own.
    return str(Path(os.path.realpath(song.parent)) / song.name)


def songs_in(folder: Path) -> list[Path]:
    """List the songs that lie directly in a folder, `track 2` before `track 10`.

    Raises:
        NoSuchInputError: There is none, the folder may not be read, or it is one of ours.
    """
    from suno_video.project.workspace import FOLDER_ENDING, SONG_ENDINGS

    if any(part.endswith(FOLDER_ENDING) for part in folder.absolute().parts):
        raise NoSuchInputError(
            f"{str(folder)!r} is a project folder and holds no songs.", "Name the song beside it, or its folder."
        )
    try:
        songs = _without_stems(list(_songs_among(folder, SONG_ENDINGS)))
    except OSError as exc:
        raise NoSuchInputError(
            f"{str(folder)!r} cannot be read: {exc.strerror}.", "Check the permissions of the folder."
        ) from exc
    if not songs:
        raise NoSuchInputError(
            f"There is no song in the folder {str(folder)!r}.",
            f"Songs end in {', '.join(sorted(SONG_ENDINGS))} and lie directly in it; others can be named one by one.",
        )
    return sorted(songs, key=lambda song: (natural_key(song.name), song.name))


def _songs_among(folder: Path, endings: Collection[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() in endings and not path.name.startswith(".") and path.is_file():
            yield path


def _without_stems(songs: list[Path]) -> list[Path]:
    """Leave out `Song (Drums).mp3` beside `Song.mp3`; an instrumental version is a song of its own."""
    from suno_video.analyze.stems import stem_role

    names = {song.stem for song in songs}

    def is_stem(song: Path) -> bool:
        cut = max(song.stem.rfind(mark) for mark in "([")
        title = song.stem[: max(0, cut)].rstrip(" _-")
        return title in names and stem_role(song.stem, title) not in (None, "instrumental")

    return [song for song in songs if not is_stem(song)]


def natural_key(name: str) -> list[str | int]:
    """Give what sorts names as people do: numbers by value, letters whatever their case."""
    return [int(part) if number % 2 else part.casefold() for number, part in enumerate(re.split(r"(\d+)", name))]


def refuse_what_is_for_one(wishes: Wishes) -> None:
    """Refuse options that cannot hold for several songs. Raises `UsageError`."""
    out = wishes.out
    if out is not None and not is_folder(out):
        raise UsageError(
            f"--out {str(out)!r} is no folder, and several songs give several films.",
            "Name a folder that is there, or leave it out: each film lies beside its song then.",
        )
    file = wishes.beats if wishes.beats not in (LISTEN, OTHER_EARS) else None
    beats = ((wishes.bpm, "--bpm"), (wishes.downbeat, "--downbeat"), (file, "--beats FILE"))
    for given, flag in ((wishes.project, "--project"), (wishes.title, "--title"), (wishes.stems, "--stems"), *beats):
        if given:
            raise UsageError(f"{flag} is for one song, and here may be several.", "Leave it out, or name one song.")
    if wishes.names_scenes:
        raise UsageError(
            "--scene, --keep and --reject name scenes of one song, and here may be several.", "Name one song."
        )


def refuse_same_names(wanted: Sequence[Wanted]) -> None:
    """Refuse songs of one name from several folders, whose films would lie in one. Raises `UsageError`."""
    from suno_video.project.workspace import safe_stem

    seen: dict[str, Path] = {}
    for song in (want.path for want in wanted if want.error is None):
        other = seen.setdefault(safe_stem(song.stem).casefold(), song)
        # Two of one name in one folder get films of different names.
        if os.path.realpath(other.parent) != os.path.realpath(song.parent):
            raise UsageError(
                f"With --out the films of {str(other)!r} and {str(song)!r} would have the same name.",
                "Make them one after the other, with another folder for each.",
            )
