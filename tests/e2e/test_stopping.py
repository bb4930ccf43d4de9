"""Stopped while a paid clip is waited for: out at once, the film whole, the job not forgotten and not bought again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suno_video.backends.fakeservice import Mischief, Trick
from suno_video.media.mp4 import read_mp4
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Hold
from tests.e2e.conftest import write_song
from tests.e2e.crashes import Round, bought_ids, environment, finish, paid_service, set_mischief, start

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")

SONG_S = 6.0
N_FRAMES = 180
MOST_S = 10.0
"""Generous, for a machine with other work; some tenths of a second are usual."""
FOR_EVER_S = 3600.0


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A run that waits for its clips, and the variables that lead to its service."""
    write_song(tmp_path / "song.wav", SONG_S)
    with paid_service(tmp_path, Mischief(work_s=FOR_EVER_S)) as service:
        run = start(tmp_path, environment(tmp_path, service))
        try:
            wait_until(lambda: has_a_ticket(tmp_path) or run.poll() is not None)
            yield run, service
        finally:
            run.kill()
            run.wait(30)


def wait_until(so: Callable[[], bool], most_s: float = 120.0) -> None:
    end_s = time.monotonic() + most_s
    while not so():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.1)


def open_holds(folder: Path) -> list[Hold]:
    ledger = folder / "ledger.db"
    return Ledger(ledger).open_holds() if ledger.is_file() else []


def has_a_ticket(folder: Path) -> bool:
    """The first clip of a run is bought alone, so this is all there is to wait for."""
    holds = open_holds(folder)
    return bool(holds) and all(hold.ticket for hold in holds)


def leave(run: subprocess.Popen[bytes]) -> float:
    """Wait for the end of a run and say how long it took."""
    started_s = time.monotonic()
    run.wait(60)
    took_s = time.monotonic() - started_s
    sys.stdout.write(f"left with {run.returncode} after {took_s:.2f} s\n")
    return took_s


def n_frames(film: Path) -> int:
    picture = read_mp4(film).track("vide")
    assert picture is not None
    return picture.n_samples


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_run_that_is_stopped_while_it_waits_leaves_at_once_and_is_gone_on_with(
    tmp_path: Path, waiting: tuple[subprocess.Popen[bytes], dict[str, str]], number: int, status: int
) -> None:
    run, service = waiting
    run.send_signal(number)
    assert leave(run) < MOST_S
    assert run.returncode == status
    assert {hold.ticket for hold in open_holds(tmp_path)} == bought_ids(tmp_path)
    assert n_frames(tmp_path / "song.mp4") == N_FRAMES, "stand-ins play until the clips are there"
    ordered = bought_ids(tmp_path)
    set_mischief(service, Mischief())
    result = Round(0)
    finish(tmp_path, environment(tmp_path, service), result)
    assert (result.statuses, result.bought_twice, result.strays, result.orphans) == ([0], [], [], [])
    assert ordered < bought_ids(tmp_path)
    assert open_holds(tmp_path) == []


def test_a_second_ctrl_c_does_not_wait_for_a_call_that_hangs(
    tmp_path: Path, waiting: tuple[subprocess.Popen[bytes], dict[str, str]]
) -> None:
    run, service = waiting
    set_mischief(service, Mischief(work_s=FOR_EVER_S, tricks=(Trick(what="delayed", door="look", wait_s=25.0),)))
    time.sleep(2.5)  # longer than between two looks at a job
    run.send_signal(signal.SIGINT)
    time.sleep(1.0)
    assert run.poll() is None, "the call hangs; else the second Ctrl-C proves nothing"
    run.send_signal(signal.SIGINT)
    assert leave(run) < MOST_S
    assert run.returncode == 130
    assert {hold.ticket for hold in open_holds(tmp_path)} == bought_ids(tmp_path)
