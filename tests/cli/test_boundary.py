"""The last boundary: signals, closed pipes, full disks, bugs."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from suno_video.cli import app as app_module
from suno_video.core.errors import BadEditError, DiskError
from tests.cli.conftest import script

needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and /dev/full are POSIX")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Replace the commands by one that fails as told, called `break`."""

    def install(error: BaseException) -> None:
        app = typer.Typer(rich_markup_mode=None)

        @app.command("break")
        def break_now(json: bool = False) -> None:
            raise error

        @app.command("other")
        def other() -> None: ...

        monkeypatch.setattr(app_module, "app", app)
        monkeypatch.setattr(app_module.StopSignals, "install", lambda self: None)

    return install


def test_a_bug_shows_its_traceback_and_how_to_report_it(failing, capsys) -> None:  # type: ignore[no-untyped-def]
    failing(ZeroDivisionError("one by zero"))
    assert app_module.run(["break"]) == 1
    words = capsys.readouterr().err
    assert "Traceback" in words
    assert "error [bug] This is a bug: ZeroDivisionError: one by zero" in words
    assert "suno-video doctor" in words


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_with_74_wherever_it_is_met(failing, capsys, number: int) -> None:  # type: ignore[no-untyped-def]
    failing(OSError(number, os.strerror(number), "film.mp4"))
    assert app_module.run(["break"]) == 74
    words = capsys.readouterr().err
    assert words.startswith("error [disk] The disk is full")
    assert "film.mp4" in words


def test_an_error_of_ours_gives_its_own_exit_status(failing, capsys) -> None:  # type: ignore[no-untyped-def]
    failing(DiskError("It broke.", "Mend it."))
    assert app_module.run(["break"]) == 74
    assert capsys.readouterr().err == "error [disk] It broke.\nhint: Mend it.\n"


def test_several_reasons_stay_on_their_lines_and_steer_nothing(failing, capsys) -> None:  # type: ignore[no-untyped-def]
    failing(BadEditError("a\x1b[2J.json", ["line 1: \x07bell", "line 2: b\nc"]))
    assert app_module.run(["break"]) == 65
    words = capsys.readouterr().err
    assert words.splitlines()[:3] == [
        "error [bad-edit] a\\x1b[2J.json cannot be used:",
        "  line 1: \\x07bell",
        "  line 2: b\\nc",
    ]


def test_ctrl_c_ends_with_130_and_says_what_is_kept(failing, capsys) -> None:  # type: ignore[no-untyped-def]
    failing(KeyboardInterrupt())
    assert app_module.run(["break"]) == 130
    assert capsys.readouterr().err.startswith("error [interrupted] Stopped. What is finished is kept.")


WAIT = """
import sys, time
from suno_video.cli import app, films
def wait(*args, **kwargs):
    try:
        print("waiting", file=sys.stderr, flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", file=sys.stderr, flush=True)
for info in app.app.registered_commands:
    if info.callback is films.render:
        def render() -> None:
            wait()
        info.callback = render
app.main(["render"])
"""


@needs_posix
@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 143, "terminated")],
)
def test_a_signal_ends_in_good_order(number: int, status: int, code: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", WAIT], stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    assert child.stderr.readline() == "waiting\n"
    child.send_signal(number)
    words = child.communicate(timeout=30)[1]
    assert child.returncode == status
    assert words.splitlines()[0] == "cleaned up"
    assert words.splitlines()[1].startswith(f"error [{code}]")
    assert "Traceback" not in words


@needs_posix
def test_a_reader_that_leaves_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", '"$@" looks | head -n 1', "bash", *script()], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_stdout_ends_with_74() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*script(), "config"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74
    assert done.stderr.startswith("error [disk] The disk is full")
    assert len(done.stderr.splitlines()) == 2


@needs_posix
def test_a_closed_stdout_is_no_bug() -> None:
    done = subprocess.run(["bash", "-c", '"$@" config >&-', "bash", *script()], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_stdout_that_knows_only_ascii_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "suno-video.toml").write_text('look = "сон"\n', encoding="utf-8")
    done = subprocess.run(
        [*script(), "config"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert 'look = "\\u0441\\u043e\\u043d"' in done.stdout
