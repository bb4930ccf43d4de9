"""The command `suno-video`: the list of commands, and the boundary where every error becomes words and an exit status.

Nothing heavy is imported here (no pydantic, numpy or rich): `--help` must answer at once.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from suno_video.cli import facts, films
from suno_video.cli.answer import prepare_streams, put_event, say, silence
from suno_video.cli.stop import StopSignals
from suno_video.cli.wording import plain, plain_lines
from suno_video.core.errors import DiskError, ExitStatus, Interrupted, SunoVideoError

PROGRAM = "suno-video"
HELP_FLAGS = ["-h", "--help"]
_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)

app = typer.Typer(
    name=PROGRAM,
    help="Turn a song into a finished music video: full length, in sync, on any laptop.",
    epilog="Exit status: 0 done, 3 finished with stand-ins, 65 to 78 something to mend, 130 interrupted; "
    "69, 74 and 75 are worth a retry.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_FLAGS},
)
for command in (
    films.render,
    films.storyboard,
    films.analyze,
    facts.status,
    facts.check,
    facts.looks,
    facts.backends,
    facts.config,
    facts.doctor,
):
    app.command()(command)


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show versions and stop.", callback=facts.show_version, is_eager=True)
    ] = False,
) -> None:
    """Turn a song into a finished music video: full length, in sync, on any laptop."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(ExitStatus.USAGE)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status."""
    prepare_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries tell their callers is not for people who make films
    status = run(sys.argv[1:] if args is None else args)
    if status != ExitStatus.DONE:
        gc.collect()  # a decoder that an error left running is stopped now, while its threads can still be joined
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)
    sys.exit(status)


def make_command() -> Any:
    """Build the command from the app, such that `render --help` stays as quick as `--help`."""
    command = get_command(app)
    # Typer's own flags default to None, and None takes it through pydantic: 70 ms for nothing.
    for param in command.get_params(typer.Context(command, help_option_names=HELP_FLAGS)):
        if param.name in ("install_completion", "show_completion", "help"):
            param.default = False
    return command


def run(args: Sequence[str]) -> int:
    """Run a command and give its exit status; whatever goes wrong is said here, once."""
    signals = StopSignals()
    signals.install()
    as_json = wants_json(args)
    try:
        try:
            status = make_command().main(list(args), prog_name=PROGRAM, standalone_mode=False)
        except KeyboardInterrupt:
            status = ExitStatus.INTERRUPTED
        # Typer makes a number of a KeyboardInterrupt, so ask the signal itself.
        if status == ExitStatus.INTERRUPTED:
            raise signals.as_error()
        return status if isinstance(status, int) else ExitStatus.DONE
    except Interrupted as exc:
        return _report(signals.as_error() if signals.received is not None else exc, as_json=as_json)
    except SunoVideoError as exc:
        return _report(exc, as_json=as_json)
    except TyperException as exc:
        return _report_usage(exc, as_json=as_json)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else ExitStatus.BUG
    except OSError as exc:
        if exc.errno not in _DISK_FAULTS:
            return _report_bug(exc, as_json=as_json)
        return _report(_disk_trouble(exc), as_json=as_json)
    except Exception as exc:  # noqa: BLE001 - the last boundary: what we did not foresee is a bug, and is said in full
        return _report_bug(exc, as_json=as_json)


def wants_json(args: Sequence[str]) -> bool:
    """Whether the answer is to be JSON; known before the arguments are understood, so that a bad one is told so too."""
    before_names = args[: list(args).index("--")] if "--" in args else args
    return "--json" in before_names


def _report(exc: SunoVideoError, *, as_json: bool) -> int:
    if os.environ.get("SUNO_VIDEO_DEBUG") == "1":
        say("".join(traceback.format_exception(exc)).rstrip())
    say(f"error [{exc.code}] {plain_lines(exc.message)}")
    say(f"hint: {plain_lines(exc.hint)}")
    _put_error(exc.code, exc.message, exc.hint, exc.exit_status, as_json=as_json)
    return exc.exit_status


def _report_usage(exc: TyperException, *, as_json: bool) -> int:
    context = getattr(exc, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    message, hint = " ".join(exc.format_message().split()), f"See: {command} --help"
    say(f"error [usage] {plain(message)}")
    say(f"hint: {hint}")
    _put_error("usage", message, hint, exc.exit_code, as_json=as_json)
    return exc.exit_code


def _report_bug(exc: Exception, *, as_json: bool) -> int:
    say("".join(traceback.format_exception(exc)).rstrip())
    message = f"This is a bug: {type(exc).__name__}: {exc}"
    hint = "Please report it with the lines above and the output of: suno-video doctor"
    say(f"error [bug] {plain(message)}")
    say(f"hint: {hint}")
    _put_error("bug", message, hint, ExitStatus.BUG, as_json=as_json)
    return ExitStatus.BUG


def _put_error(code: str, message: str, hint: str, status: int, *, as_json: bool) -> None:
    if as_json:
        with contextlib.suppress(OSError):  # stdout itself may be what failed
            put_event("error", code=code, message=message, hint=hint, exit_status=int(status))


def _disk_trouble(exc: OSError) -> DiskError:
    what = "The disk is full" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else "Reading or writing failed"
    where = f" ({exc.filename})" if exc.filename else ""
    return DiskError(
        f"{what}: {exc.strerror}{where}.", "Free some space and run the same command again; nothing finished is lost."
    )
