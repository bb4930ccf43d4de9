"""The commands about scenes of your own: `new-scene`, `preview-scene`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_event, put_path

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the scene: small letters, digits and _.", show_default=False)
]


def new_scene(
    name: Name,
    shader: Annotated[bool, typer.Option("--shader", help="In GLSL, as on Shadertoy, instead of Python.")] = False,
    json: o.Json = False,
) -> None:
    """Write a working scene of your own, to begin with.

    It lands in the folder `scenes` beside your settings, and can be used at once: in a look, in a storyboard, and with
    `suno-video preview-scene`. Scenes are code, so they are never taken from a project folder.
    """
    from suno_video.pipeline.scenes import write_scene

    path = write_scene(name, shader=shader)
    if json:
        put_event("result", scene=name, file=str(path))
        return
    put_path(path)
    put(f"now: suno-video preview-scene {name} SONG")


def preview_scene(
    name: Name,
    song: o.Song,
    start: Annotated[
        str | None, typer.Option("--from", help="Begin here: seconds or m:ss. Else where it is strongest.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="About how long; whole bars are taken.")] = 8.0,
    seed: Annotated[int, typer.Option("--seed", help="Another number gives another picture.")] = 1,
    look: o.LookName = None,
    size: o.Size = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file. Else NAME-preview.mp4 here.")] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it when it is done, on a desktop.")] = True,
    config: o.Config = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Play one scene to a few bars of a song: a short clip that goes round.

    Any scene can be seen so: your own, those of packages, and ours.
    """
    from suno_video.cli.screen import screen
    from suno_video.cli.wording import parse_clock

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.cli.wishes import Wishes, film_options
        from suno_video.media.audio import check_song_file
        from suno_video.pipeline.scenes import preview_scene as make_preview

        options = film_options(song, Wishes(config=config, flags=o.set_flags(look=look, size=size)))
        check_song_file(song)
        preview = make_preview(
            name,
            song,
            options,
            start_s=parse_clock(start, "--from"),
            seconds=seconds,
            seed=seed,
            out=out,
            events=events,
        )
        if show and not json and not open_on_desktop(preview.path):
            from suno_video.core.events import Notice

            events(Notice(f"nothing opened it here; it is {preview.path.absolute()}"))
    if json:
        put_event("result", scene=name, file=str(preview.path), start_s=preview.start_s, duration_s=preview.duration_s)
        return
    put_path(preview.path)


def open_on_desktop(path: Path) -> bool:
    """Show a file with whatever plays it here; give whether there was a desktop and a person to show it to."""
    import os
    import shutil
    import subprocess
    import sys

    if not sys.stdout.isatty():
        return False
    if sys.platform == "win32":
        try:
            os.startfile(path.absolute())  # noqa: S606 - a film that we have just made
        except OSError:  # nothing plays such files here
            return False
        return True
    has_screen = sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if not has_screen or program is None:
        return False
    try:
        subprocess.Popen([program, str(path.absolute())], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return True
