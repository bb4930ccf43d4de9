"""What a person says about the beats on the command line: `--bpm`, `--downbeat`, `--beats`; and where a click goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suno_video.cli.options import Wishes
from suno_video.cli.wording import parse_clock, plain
from suno_video.core.errors import CannotCreateError, UsageError
from suno_video.core.grid import LEAST_BPM, MOST_BPM, GridWish

LISTEN, OTHER_EARS = "auto", "beat_this"
"""What `--beats` takes besides files; a file of that name is `./auto`."""


@dataclass(frozen=True)
class GridSaid:
    """What was said about the beats."""

    wish: GridWish
    forget: bool
    """Whether what the project remembers is forgotten first."""


def grid_said(wishes: Wishes) -> GridSaid:
    """Read the flags, and the file of beats.

    Raises:
        UsageError: A value makes no sense, or two contradict each other.
        NoSuchInputError, BadBeatsError: The file is not there, or no beats can be made of it.
    """
    bpm, downbeat_s = wishes.bpm, parse_clock(wishes.downbeat, "--downbeat")
    if bpm is not None and not LEAST_BPM <= bpm <= MOST_BPM:
        raise UsageError(
            f"--bpm {bpm:g} is no tempo.", f"Give beats a minute, from {LEAST_BPM:g} to {MOST_BPM:g}: --bpm 120."
        )
    if wishes.beats in (None, LISTEN, OTHER_EARS):
        tracker = "beat_this" if wishes.beats == OTHER_EARS else "ours"
        wish = GridWish.model_validate({"bpm": bpm, "downbeat_s": downbeat_s, "tracker": tracker})
        return GridSaid(wish, forget=wishes.beats is not None)
    if bpm is not None:
        raise UsageError("--beats and --bpm contradict each other.", "Leave one of them out: the file has its tempo.")
    return GridSaid(_from_file(Path(wishes.beats), downbeat_s), forget=True)


def _from_file(path: Path, downbeat_s: float | None) -> GridWish:
    from suno_video.analyze.beats_file import read_beats_file

    wish = read_beats_file(path).model_copy(update={"downbeat_s": downbeat_s})
    if wish.contradicts_bars:
        raise UsageError(
            f"--downbeat {downbeat_s:g} and --beats contradict each other: no bar of {plain(path.name)} begins there.",
            "Leave --downbeat out, or mark the bars in the file.",
        )
    return wish


def require_click_place(song: Path, click: Path) -> None:
    """Refuse a place for the click that cannot take it, before the song is listened to.

    Raises:
        UsageError: It is the song, or does not end in .wav.
        CannotCreateError, DiskError: It cannot be written.
    """
    from suno_video.media.atomic import require_place, write_trouble

    if click.suffix.lower() != ".wav":
        raise UsageError(f"--click {plain(click.name)!r} does not end in .wav.", "Name it click.wav.")
    try:
        is_song = click.exists() and song.exists() and click.samefile(song)
    except OSError as exc:
        raise write_trouble(click, exc) from exc
    if is_song:
        raise UsageError("--click names the song itself.", "Choose another name for the sound with clicks.")
    try:
        require_place(click)
    except CannotCreateError as exc:
        raise CannotCreateError(exc.message, "Choose another place with --click.") from exc
