"""How each song of a run ended: one JSON object for scripts, a few lines for people."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from suno_video.cli.answer import put_json, say
from suno_video.cli.options import Manner
from suno_video.cli.wording import counted, plain, plain_lines
from suno_video.core.errors import CannotCreateError, UsageError
from suno_video.media.atomic import require_place, write_text


@dataclass(frozen=True)
class Outcome:
    """How one song ended."""

    song: str
    film: str | None = None
    exit_status: int | None = None
    """As if the song had been the only one; None when its turn never came."""
    code: str | None = None
    """Of the error, if there was one."""
    message: str | None = None
    seconds: float = 0.0
    unchanged: bool = False
    """The film was there and fits; nothing was made."""


@dataclass(frozen=True)
class Summary:
    """How a run over several songs ended."""

    exit_status: int
    songs: tuple[Outcome, ...] = ()

    @property
    def n_done(self) -> int:
        """Songs whose film is there, whole: made in this run or unchanged."""
        return sum(song.film is not None for song in self.songs)

    @property
    def n_unchanged(self) -> int:
        """Those among them for which nothing had to be made."""
        return sum(song.unchanged for song in self.songs)

    @property
    def n_left(self) -> int:
        """Songs whose turn never came."""
        return sum(song.exit_status is None for song in self.songs)

    @property
    def n_failed(self) -> int:
        """Songs that gave no film."""
        return len(self.songs) - self.n_done - self.n_left

    def to_dict(self) -> dict[str, Any]:
        """Give it as one JSON object, in the manner of an event."""
        return {
            "v": 1,
            "event": "summary",
            "n_songs": len(self.songs),
            "n_done": self.n_done,
            "n_unchanged": self.n_unchanged,
            "n_failed": self.n_failed,
            "n_left": self.n_left,
            "exit_status": int(self.exit_status),
            "songs": [asdict(song) for song in self.songs],
        }

    def lines(self) -> Iterator[str]:
        """Say it for people: the numbers, then each song that has something to say."""
        counts = f"{self.n_done} of {counted(len(self.songs), 'song')} done, {self.n_unchanged} of them unchanged"
        failed = f"; {self.n_failed} failed" if self.n_failed else ""
        left = f"; {self.n_left} not begun" if self.n_left else ""
        yield f"summary: {counts}{failed}{left}"
        for song in self.songs:
            if song.exit_status is None:
                yield f"  not begun  {plain(song.song)}"
            elif song.message:
                what = plain_lines(song.message.split("\n", 1)[0])
                yield f"  {song.exit_status:>9}  {plain(song.song)}: {what}"


def require_summary_place(path: Path) -> None:
    """Refuse a place that cannot take the summary before anything is made.

    Raises:
        UsageError: It does not end in .json, and may well be a song.
        CannotCreateError, DiskError: It cannot be written.
    """
    if path.suffix.lower() != ".json":
        raise UsageError(f"--summary {path.name!r} does not end in .json.", "Name a file for it: summary.json.")
    try:
        require_place(path)
    except CannotCreateError as exc:
        raise CannotCreateError(exc.message, "Choose another place with --summary.") from exc


def write_summary(summary: Summary, path: Path) -> None:
    """Write it into a file, whole or not at all. Raises `CannotCreateError` or `DiskError`."""
    write_text(path, json.dumps(summary.to_dict()) + "\n")


def put_summary(summary: Summary, manner: Manner) -> None:
    """Print it: the last line on stdout with `--json`, else some lines on stderr where there was more than one song."""
    if manner.json:
        with contextlib.suppress(OSError):  # stdout itself may be what failed
            put_json(summary.to_dict())
    elif not manner.quiet and len(summary.songs) > 1:
        for line in summary.lines():
            say(line)
