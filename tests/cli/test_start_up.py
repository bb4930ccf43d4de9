"""The command answers at once, and says what it can do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HEAVY = {"pydantic", "numpy", "rich", "numba", "librosa", "cv2", "httpx", "platformdirs"}
COMMANDS = ["render", "storyboard", "analyze", "status", "check", "looks", "backends", "config", "doctor"]


@pytest.mark.parametrize("args", [["--help"], ["render", "--help"], ["config", "-h"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    seen = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "suno_video", *args], capture_output=True, text=True, check=True
    )
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in seen.stderr.splitlines()}
    assert "typer" in imported
    assert imported & HEAVY == set()


def test_help_lists_every_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout


def test_without_a_command_it_shows_the_help_as_a_mistake_of_usage(run: Run) -> None:
    done = run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Commands:" in done.stderr


def test_version_names_what_a_bug_report_needs(run: Run) -> None:
    done = run("--version")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["suno-video", "python", "ffmpeg", "backends:"]
    assert "procedural" in done.stdout


def test_a_module_stands_in_for_the_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "suno_video", "render", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.startswith("Usage: suno-video render")


def test_the_shell_can_complete_commands(run: Run) -> None:
    done = run(_SUNO_VIDEO_COMPLETE="complete_bash", COMP_WORDS="suno-video stor", COMP_CWORD="1")
    assert done.stdout.split() == ["storyboard"]
