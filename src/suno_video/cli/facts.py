"""The commands that tell something: `status`, `check`, `doctor`, `looks`, `config`, and `--version`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_event, put_json
from suno_video.cli.wording import plain
from suno_video.core.errors import ExitStatus, SunoVideoError


def doctor(json: o.Json = False) -> None:
    """Look whether this machine has all it needs.

    Paste its output into bug reports.
    """
    from suno_video.cli.doctor import examine

    failed = False
    for finding in examine():
        failed = failed or finding.state == "fail"
        if json:
            put_json({"v": 1, "event": "doctor.finding", **asdict(finding)})
            continue
        put(f"{finding.state:<4}  {finding.name:<20}  {plain(finding.detail)}")
        if finding.hint:
            put(f"      {'':<20}  {plain(finding.hint)}")
    status = ExitStatus.UNAVAILABLE if failed else ExitStatus.DONE
    if json:
        put_event("result", ready=not failed, exit_status=int(status))
    raise typer.Exit(status)


def looks(json: o.Json = False) -> None:
    """List the looks for --look."""
    from suno_video.direct.looks import load_looks
    from suno_video.settings import user_looks_folder

    found = load_looks(user_looks_folder()).values()
    if json:
        for look in found:
            put_json({"v": 1, "event": "look", "name": look.name, "idea": look.idea, "moods": look.moods})
        return
    from suno_video.cli.tables import put_table

    put_table(["look", "moods", "idea"], [(look.name, ", ".join(look.moods), look.idea) for look in found])


def config(
    show_origin: Annotated[bool, typer.Option("--show-origin", help="Say where each value comes from.")] = False,
    config: o.Config = None,
    project: Annotated[Path | None, typer.Option("--project", help="The project folder whose settings count.")] = None,
    json: o.Json = False,
) -> None:
    """Show the settings that hold here.

    Flags come before SUNO_VIDEO_* variables, then plain variables such as USE_FAST_MODELS, then those in a .env file
    here, then suno-video.toml in the project or working folder (or --config), then your own file, then defaults.
    """
    from suno_video.settings import load_settings, never_in_a_project, user_file

    loaded = load_settings(config=config, project=project)
    values = loaded.values()
    if json:
        put_json({key: {"value": value, "origin": loaded.origin_of(key)} for key, value in values.items()})
        return
    table = ""
    for key, value in values.items():
        group, _, name = key.rpartition(".")
        if group != table:
            table = group
            put(f"\n[{group}]")
        line = f"{name} = {_toml(value)}" if value is not None else f"# {name} is not set"
        if value is not None and never_in_a_project(key):
            # What is printed may be kept as a project's file, where these would be refused.
            line = f"# {line} (own file or environment only)"
        put(f"{line:<28}  # {plain(loaded.origin_of(key))}" if show_origin else line)
    if show_origin:
        there = "" if user_file().is_file() else " (not there)"
        put(f"# your own settings: {plain(user_file())}{there}")


def _toml(value: object) -> str:
    import json

    # JSON texts, numbers and truth values are TOML as well.
    return json.dumps(value)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A finished video.", show_default=False)],
    target: Annotated[
        str, typer.Option("--for", help="youtube, shorts, reels, tiktok, linkedin, canvas or x.", show_default=False)
    ],
    json: o.Json = False,
) -> None:
    """Check a video against the limits of a platform."""
    from suno_video.cli.tables import put_table
    from suno_video.cli.wishes import require_file
    from suno_video.publish.targets import check_file

    require_file(file, "the video")
    report = check_file(file, target)
    if json:
        put_json({"v": 1, "event": "check", **report.model_dump(mode="json"), "passed": report.passed})
    else:
        put_table(
            ["", "what", "found", "wanted"],
            [
                ("ok" if f.fine else "FAIL" if f.level == "must" else "warn", f.name, f.found, f.wanted)
                for f in report.findings
            ],
        )
        put(f"limits of {report.title}, looked up on {report.checked_on}: {report.source}")
    report.require_passed()


def status(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A project folder, or the song itself.")],
    scenes: Annotated[
        bool, typer.Option("--scenes", help="A row for each scene: what plays it, at what cost.")
    ] = False,
    config: o.Config = None,
    json: o.Json = False,
) -> None:
    """Say what of a film is done, held, or played by a stand-in, and where it is.

    Only looks: it may be asked while a run is at work.
    """
    from suno_video.cli.status import put_status, read_status
    from suno_video.cli.wishes import backend_setup
    from suno_video.project.ledger_file import default_ledger_path
    from suno_video.settings import load_settings

    settings = load_settings({}, config=config).settings
    ledger = settings.money.ledger or default_ledger_path()
    put_status(read_status(project, ledger, backend_setup(settings)), json=json, scenes=scenes)


def show_version(wanted: bool) -> None:
    """Print versions for a bug report, and stop. Asked for with `--version`."""
    if not wanted:
        return
    import platform

    from suno_video import __version__
    from suno_video.backends.registry import backend_names
    from suno_video.media.ffmpeg import ffmpeg_version

    put(f"suno-video {__version__}")
    put(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    try:
        put(f"ffmpeg {ffmpeg_version()}")
    except SunoVideoError as exc:
        put(f"ffmpeg missing: {plain(exc.message)}")
    put(f"backends: {', '.join(backend_names())}")
    raise typer.Exit
