"""The command `loop`: a part of a finished film that goes round."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put_event, put_path


def loop(
    project: o.ProjectOrSong,
    start: Annotated[
        str | None, typer.Option("--from", help="Begin here in the song: seconds or m:ss. Else where it is strongest.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="At most so long; whole bars are taken.")] = 8.0,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="With the music of these bars.")] = True,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file. Else FILM-loop.mp4.")] = None,
    json: o.Json = False,
) -> None:
    """Cut a loop out of a finished film: its last picture leads into its first.

    For a Spotify Canvas make the film with --size 9:16 --no-captions --title "", and the loop with --no-sound.
    """
    from suno_video.cli.status import finished_film
    from suno_video.cli.wording import parse_clock
    from suno_video.pipeline.looping import loop_film

    place, film = finished_film(project)
    made = loop_film(place, film, start_s=parse_clock(start, "--from"), seconds=seconds, sound=sound, out=out)
    if json:
        put_event("result", file=str(made.path), start_s=made.start_s, duration_s=made.duration_s)
        return
    put_path(made.path)
