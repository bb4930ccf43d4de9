"""Writes docs/cli.md from the commands themselves. A test fails when it is out of date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from suno_video.cli.app import PROGRAM, make_command
from suno_video.core.errors import ExitStatus, all_errors
from suno_video.settings import ENV_PREFIX, PLAIN_NAMES, PROJECT_FILE, setting_fields

TARGET = Path(__file__).resolve().parents[1] / "docs" / "cli.md"

INTRO = f"""# The command

`{PROGRAM}` turns a song into a finished music video. This page is generated from the commands (`make docs`).

- stdout is the answer: `render` prints the path of the film; `--json` prints one object a line, the last one is the
  result, or the summary of several songs.
- stderr is for people: progress is drawn on a terminal only, elsewhere there is one plain line per stage. `NO_COLOR`
  and `TERM=dumb` are obeyed.
- Ctrl-C stops in good order, a second one at once. Either way the next run goes on from what is finished.
- A name that begins with a dash goes after `--`: `{PROGRAM} render -- -song.mp3`.
- `SUNO_VIDEO_DEBUG=1` shows tracebacks.
- Several songs, folders of songs, and runs that nobody watches: [unattended.md](unattended.md).
"""

SETTINGS = f"""## Settings

What is the same each time can be written down once. Flags come first, then variables such as `{ENV_PREFIX}LOOK`, then
`{PROJECT_FILE}` in the project folder or else in the working folder (`--config FILE` takes its place), then your own
`config.toml` (`{PROGRAM} config --show-origin` says where that is), then the defaults. The files in `configs/` are
examples. A key that does not exist is an error; a project file can never set a service address or a key.

A key with a dot belongs to a group: in a file `warning_mb` below `[memory]`, as a variable
`{ENV_PREFIX}MEMORY__WARNING_MB`. The plain variables named below come right after those with the prefix, first from the
environment, then from a file `.env` in the working folder, of which everything else is ignored.

| | default | |
|---|---|---|
"""

STATUS = {
    ExitStatus.DONE: "done",
    ExitStatus.BUG: "a bug; please report it",
    ExitStatus.USAGE: "the command line was not understood",
    ExitStatus.STAND_INS: "the film is whole, but stand-ins play some scenes; run again to upgrade",
    ExitStatus.BUDGET: "stopped by the budget; the film is whole",
    ExitStatus.BAD_INPUT: "bad input",
    ExitStatus.NO_INPUT: "no such input",
    ExitStatus.UNAVAILABLE: "a backend, tool or service is not available; worth another try",
    ExitStatus.CANNOT_CREATE: "the output cannot be created",
    ExitStatus.IO: "disk full, or reading or writing failed; worth another try",
    ExitStatus.BUSY: "another run works on the project, or memory is short; worth another try later",
    ExitStatus.KEY: "a key is missing or was refused",
    ExitStatus.CONFIG: "the settings do not fit",
    ExitStatus.INTERRUPTED: "interrupted by Ctrl-C; run again to go on",
    ExitStatus.TERMINATED: "asked to stop (SIGTERM, SIGHUP); run again to go on",
}


def cli_page() -> str:
    """Give the whole page as Markdown."""
    group = make_command()
    parts = [INTRO]
    parts += [_command_part(name, command) for name, command in group.commands.items()]
    parts.append(_options_part(f"## `{PROGRAM}` itself", group.params))
    parts += [_settings_part(), _status_part()]
    return "\n".join(parts)


def _command_part(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"{PROGRAM} {name}")
    usage = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
    text = (command.help or "").strip()
    return _options_part(f"## `{PROGRAM} {name} {usage}`\n\n{text}", command.params)


def _options_part(heading: str, params: list[Any]) -> str:
    rows = ["| | |", "|---|---|", *(f"| {_names(param)} | {param.help or ''} |" for param in params)]
    return f"{heading}\n\n" + "\n".join(rows) + "\n"


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{param.metavar or param.name.upper()}`"
    return ", ".join(f"`{flag}`" for flag in sorted((*param.opts, *param.secondary_opts), key=len, reverse=True))


def _settings_part() -> str:
    rows = [
        f"| `{key}` | `{json.dumps(field.default)}` | {field.description}{_plain_name(key)} |"
        for key, field in setting_fields(described=True).items()
    ]
    return SETTINGS + "\n".join(rows).replace("`null`", "") + "\n"


def _plain_name(key: str) -> str:
    return "".join(f" Also `{name}`." for name, of in PLAIN_NAMES.items() if of == key)


def _status_part() -> str:
    codes: dict[int, list[str]] = {}
    for error in all_errors():
        codes.setdefault(error.exit_status, []).append(f"[{error.code}](errors.md#{error.code})")
    rows = [f"| {status.value} | {STATUS[status]} | {', '.join(codes.get(status, []))} |" for status in ExitStatus]
    return "## Exit status\n\n| | | errors |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(cli_page(), encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
