"""What a dead run left running in a project's folder is ended; nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from suno_video.media.ffmpeg import QUIET, ffmpeg_path, is_ours
from suno_video.project.orphans import WORKER_MODULE, _works_in, end_orphans

# In real time: longer than any test, and takes no core.
MINUTE = ["-re", "-f", "lavfi", "-t", "60", "-i", "testsrc2=s=64x36:r=10"]

STARTER = """
import json, subprocess, sys
nothing = subprocess.DEVNULL  # else they would hold our own pipes open
children = [subprocess.Popen(argv, cwd=cwd, stdin=nothing, stdout=nothing) for argv, cwd in json.loads(sys.argv[1])]
print(json.dumps([child.pid for child in children]), flush=True)
sys.stdin.read()
"""
RUN = """
import sys, threading, time
from pathlib import Path
import psutil
from suno_video.media.ffmpeg import ffmpeg_path, file_url, run_ffmpeg
ffmpeg_path()  # tries the program once, in another child
args = [*sys.argv[2:], file_url(Path(sys.argv[1]))]
threading.Thread(target=run_ffmpeg, args=(args,), daemon=True).start()
while not (children := psutil.Process().children()):
    time.sleep(0.01)
print(children[0].pid, flush=True)
sys.stdin.read()
"""

StartAll = Callable[..., list[psutil.Process]]


@pytest.fixture
def start() -> Iterator[StartAll]:
    """Starts commands from a process of their own, which is killed at once unless it is to live."""
    started: list[psutil.Process] = []
    starters: list[subprocess.Popen[str]] = []

    def run(*commands: tuple[list[str], Path], starter_lives: bool = False) -> list[psutil.Process]:
        listed = json.dumps([(argv, str(cwd)) for argv, cwd in commands])
        starter = _popen(STARTER, listed)
        starters.append(starter)
        children = [psutil.Process(pid) for pid in json.loads(_first_line(starter))]
        started.extend(children)
        if not starter_lives:
            _kill(starter)
        return children

    yield run
    for starter in starters:
        _kill(starter)
    for process in started:
        if process.is_running():
            process.kill()


def _popen(code: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def ours(*args: str) -> list[str]:
    return [ffmpeg_path(), *QUIET, *MINUTE, "-y", *args]


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_ffmpeg_of_a_killed_run_outlives_it_and_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "song.suno-video"
    folder.mkdir()
    with _popen(RUN, str(folder / "a.mp4"), *MINUTE) as run:
        ffmpeg = psutil.Process(int(_first_line(run)))
        assert end_orphans(folder) == 0, "a living run was taken for a dead one"
        assert runs(ffmpeg)
        _kill(run)
    assert runs(ffmpeg)
    assert end_orphans(folder) == 1
    assert not runs(ffmpeg)


def test_whatever_of_ours_works_in_the_folder_is_swept_however_it_names_it(tmp_path: Path, start: StartAll) -> None:
    folder = tmp_path / "song.suno-video"
    (folder / "scratch").mkdir(parents=True)
    worker = [sys.executable, "-c", "import time; time.sleep(60)", WORKER_MODULE, "3", str(folder / "scratch")]
    left = start(
        (ours("file:song.suno-video/scratch/a.mp4"), tmp_path),
        (ours("-f", "null", "-"), folder / "scratch"),
        (worker, tmp_path),
    )
    assert end_orphans(folder) == 3
    assert not any(runs(process) for process in left)


def test_nothing_of_anybody_else_is_touched(tmp_path: Path, start: StartAll) -> None:
    folder, neighbour = tmp_path / "song.suno-video", tmp_path / "song.suno-video2"
    folder.mkdir()
    neighbour.mkdir()
    film = tmp_path / "song.mp4"
    theirs = [ffmpeg_path(), "-loglevel", "quiet", *MINUTE]
    innocent = start(
        (ours(f"file:{neighbour / 'a.mp4'}"), tmp_path),  # left by a dead run of another project
        ([*theirs, "-y", str(film)], tmp_path),  # a person's own, outside
        ([*theirs, "-f", "null", str(folder)], tmp_path),  # a person's own, whose terminal was closed
    )
    innocent += start((ours("-f", "null", "-"), folder), starter_lives=True)  # a command that only reads
    assert end_orphans(folder) == 0
    assert all(runs(process) for process in innocent)


@pytest.mark.skipif(os.name == "nt", reason="a process cannot refuse to end there")
def test_an_orphan_that_will_not_end_is_killed(tmp_path: Path, start: StartAll) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); time.sleep(60)"
    (orphan,) = start(([sys.executable, "-c", deaf, WORKER_MODULE], tmp_path))
    while not (tmp_path / "deaf").exists():
        assert runs(orphan)
    assert end_orphans(tmp_path) == 1
    assert not runs(orphan)


def test_a_folder_is_told_from_one_whose_name_begins_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "song.suno-video"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    root, elsewhere = os.path.realpath(folder), str(tmp_path)
    inside = [f"file:{folder}/scratch/a.mp4", "song.suno-video/a.mp4", "./x/../song.suno-video", "link/a.mp4"]
    outside = [f"file:{folder}2/a.mp4", "song.suno-video2/a.mp4", "song.suno-video/../a.mp4", "pipe:1", ""]
    assert [word for word in inside if not _works_in(root, elsewhere, ["ffmpeg", word])] == []
    assert [word for word in outside if _works_in(root, elsewhere, ["ffmpeg", word])] == []
    assert _works_in(root, f"{folder}/segments", ["ffmpeg"])
    assert not _works_in(root, f"{folder}2", ["ffmpeg"])


def test_our_own_commands_are_known_by_how_they_begin() -> None:
    assert is_ours(["/bin/ffmpeg", *QUIET, "-i", "a.mp4"])
    assert is_ours(["/bin/ffmpeg", *(word for word in QUIET if word != "-nostdin"), "-i", "pipe:0"])
    assert not is_ours(["/bin/ffmpeg", "-i", "a.mp4", *QUIET])
    assert not is_ours(["/bin/ffmpeg", *QUIET[:-1], "info"])
    assert not is_ours(["/bin/ffmpeg"])
