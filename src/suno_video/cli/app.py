"""The command `suno-video`: the list of commands, and the boundary where every error becomes words and an exit status.

Nothing heavy is imported here (no pydantic, numpy or rich): `--help` must answer at once.
"""

from __future__ import annotations

import gc
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from suno_video.cli import ahead, backends, facts, films, judge, listening, loops, lyrics, money, release, scenes, stop
from suno_video.cli.answer import prepare_streams, say, silence
from suno_video.cli.stop import StopSignals
from suno_video.cli.trouble import Trouble, tell, trouble_of
from suno_video.core.errors import ExitStatus, Interrupted

PROGRAM = "suno-video"
HELP_FLAGS = ["-h", "--help"]

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
    listening.analyze,
    lyrics.lyrics,
    ahead.plan,
    money.cost,
    facts.status,
    money.clean,
    judge.judge,
    facts.check,
    loops.loop,
    release.release,
    facts.looks,
    scenes.new_scene,
    scenes.preview_scene,
    backends.backends,
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
    # Libraries that log to the root (pysubs2) would set up a handler there, and all of our log would come on stderr.
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries tell their callers is not for people who make films
    if logging.lastResort is not None:
        # What it is without any handler. A library that logs by `logging.debug` would else put one there for all.
        logging.getLogger().addHandler(logging.lastResort)
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
    StopSignals().install()
    as_json = wants_json(args)
    try:
        try:
            status = make_command().main(list(args), prog_name=PROGRAM, standalone_mode=False)
        except KeyboardInterrupt:
            status = ExitStatus.INTERRUPTED
        # Typer makes a number of a KeyboardInterrupt, so ask the signal itself.
        if status == ExitStatus.INTERRUPTED:
            raise stop.as_error()
        return status if isinstance(status, int) else ExitStatus.DONE
    except Interrupted as exc:
        return tell(trouble_of(stop.as_error() if stop.state.received is not None else exc), as_json=as_json)
    except TyperException as exc:
        return tell(_usage_trouble(exc), as_json=as_json)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else ExitStatus.BUG
    except Exception as exc:  # noqa: BLE001 - the last boundary: what we did not foresee is a bug, and is said in full
        return tell(trouble_of(exc), as_json=as_json)


def wants_json(args: Sequence[str]) -> bool:
    """Whether the answer is to be JSON; known before the arguments are understood, so that a bad one is told so too."""
    before_names = args[: list(args).index("--")] if "--" in args else args
    return "--json" in before_names


def _usage_trouble(exc: TyperException) -> Trouble:
    context = getattr(exc, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    return Trouble("usage", " ".join(exc.format_message().split()), f"See: {command} --help", exc.exit_code)
