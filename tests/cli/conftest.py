"""Runs the command as a user does: the console script, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from suno_video.backends.fakeservice import FakeService
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, TOKEN_VARIABLE
from suno_video.settings import PLAIN_NAMES
from tests.unit.sounds import two_parts, write_wav

FAST = ("--size", "128x72", "--quality", "draft", "--look", "cosmos")
Run: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


def script() -> list[str]:
    """The console script of this environment; as a module where it is not installed."""
    path = Path(sysconfig.get_path("scripts")) / ("suno-video.exe" if os.name == "nt" else "suno-video")
    return [str(path)] if path.is_file() else [sys.executable, "-m", "suno_video"]


def clean_environment(home: Path) -> dict[str, str]:
    """The environment without settings of this machine."""
    ours = {name for name in os.environ if name.startswith("SUNO_VIDEO_") or name in PLAIN_NAMES}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "XDG_CONFIG_HOME": str(home), "NO_COLOR": "1"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in an empty folder and give its exit status and both streams."""
    work = tmp_path / "work"
    work.mkdir()

    def run_here(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*script(), *args],
            cwd=work,
            env={**clean_environment(tmp_path / "home"), **env},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )

    return run_here


@pytest.fixture
def work(tmp_path: Path, run: Run) -> Path:
    """The folder in which `run` runs."""
    return tmp_path / "work"


def write_song(path: Path, seconds: float = 6.0, bpm: float = 160.0) -> Path:
    """Write a song of two parts, as a WAV file whatever its name says."""
    return write_wav(path, two_parts(seconds, bpm, rate_hz=22050), 22050)


class Shop:
    """A song, the service, and the command with its settings."""

    def __init__(self, run: Run, work: Path, service: FakeService) -> None:
        self._run, self.work, self.service = run, work, service
        write_song(work / "song.wav", seconds=8)

    def __call__(self, command: str, *args: str, **env: str) -> Any:
        settings = {
            ADDRESS_VARIABLE: self.service.url,
            TOKEN_VARIABLE: self.service.token,
            "SUNO_VIDEO_MONEY__LEDGER": str(self.work / "ledger.db"),
            "SUNO_VIDEO_BACKEND": "fake-paid",
            # Scenes of whole seconds, so that prices per second are round.
            "SUNO_VIDEO_TIMING": "grid",
        }
        return self._run(command, *args, **{**settings, **env})

    def render(self, *args: str) -> Any:
        return self("render", "song.wav", *FAST, *args)

    def n_bought(self) -> int:
        return len(self.service.book.purchases())


@pytest.fixture
def shop(run: Run, work: Path, tmp_path: Path) -> Iterator[Shop]:
    with FakeService(tmp_path / "book.sqlite") as service:
        yield Shop(run, work, service)
