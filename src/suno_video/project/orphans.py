"""Ends what a run that died left running in a project's folder, so that it cannot get in the way of the next one.

When a run is killed, an ffmpeg that it fed or read ends by itself: its pipe breaks. One that needs nobody goes on for
as long as it has work, and so may a worker that is deep in a computation.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video.media.ffmpeg import is_ours

if TYPE_CHECKING:
    from psutil import Process

log = logging.getLogger(__name__)

WORKER_MODULE = "suno_video.render.worker"
"""What an isolated worker runs; its command line shows it, and a folder inside the project it works for."""
_LOOK_S = 0.02
_N_LOOKS = 100  # 2 seconds
_INIT = 1  # adopts those whose parent is gone, where nothing nearer does
_STARTERS = ("python", "pypy", "suno-video")


def end_orphans(folder: Path, *, sleep: Callable[[float], None] = time.sleep) -> int:
    """End what dead runs left running in a project's folder, and give the number of processes that are gone.

    Only for who holds the project's lock: then no living run works there. Ended is a process that is an ffmpeg or a
    worker started by us, that works in this very folder, that is this user's, and whose starter is gone. A person's own
    ffmpeg is none of ours, whatever it reads.
    """
    orphans = list(_find(folder))
    for orphan in orphans:
        log.warning("a dead run left process %d: %s", orphan.pid, _command(orphan)[:200])
        _signal(orphan, kill=False)
    for orphan in _wait_for(orphans, sleep):
        _signal(orphan, kill=True)
    return len(orphans) - len(_wait_for(orphans, sleep))


def _wait_for(processes: Sequence[Process], sleep: Callable[[float], None]) -> list[Process]:
    """Wait until all are gone; those that are not in time are given back."""
    for _ in range(_N_LOOKS):
        if not any(map(_runs, processes)):
            return []
        sleep(_LOOK_S)
    return list(filter(_runs, processes))


def _runs(process: Process) -> bool:
    import psutil

    try:
        # One that ended may be listed for ever where nobody asks for its exit status, as in many a container.
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _find(folder: Path) -> Iterator[Process]:
    import psutil

    user, root = psutil.Process().username(), os.path.realpath(folder)
    for process in psutil.process_iter():
        try:
            argv = process.cmdline()
            if (
                (_is_ffmpeg(process, argv) or WORKER_MODULE in argv)
                and process.username() == user
                and _works_in(root, process.cwd(), argv)
                and _is_orphan(process)
            ):
                yield process
        except psutil.Error:  # gone meanwhile, or not for us to look at
            continue


def _is_ffmpeg(process: Process, argv: Sequence[str]) -> bool:
    return is_ours(argv) and "ffmpeg" in f"{process.name()} {argv[0]}".lower()


def _works_in(root: str, cwd: str, argv: Sequence[str]) -> bool:
    """Whether a process stands in a folder, or a word of its command names something in it."""
    # A relative word is relative to where that process stands, not to where we do.
    places = [Path(cwd), *(Path(cwd, word.removeprefix("file:")) for word in argv[1:])]
    # By whole parts of the path: `song.suno-video2` is not inside `song.suno-video`.
    return any(Path(os.path.realpath(place)).is_relative_to(root) for place in places)


def _is_orphan(process: Process) -> bool:
    """Whether the one who started it is gone: all that starts ours is Python, so another parent only adopted it."""
    parent = process.parent()
    if parent is None or parent.pid == _INIT != os.getpid():
        return True
    return not any(name in _program(parent) for name in _STARTERS)


def _program(process: Process) -> str:
    import psutil

    try:
        # A console script goes by its own name; the interpreter is the first word of its command.
        return " ".join((process.name(), *process.cmdline()[:1])).lower()
    except psutil.Error:  # of another user: it started none of ours
        return ""


def _signal(process: Process, *, kill: bool) -> None:
    import psutil

    try:
        # psutil looks first whether the number still belongs to the same process.
        process.kill() if kill else process.terminate()
    except psutil.Error as exc:
        log.debug("process %d: %s", process.pid, exc)


def _command(process: Process) -> str:
    import psutil

    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "gone meanwhile"
