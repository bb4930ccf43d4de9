"""One run at a time in a project folder. The kernel lets go of the lock when a run dies, however it dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from suno_video.core.errors import ProjectBusyError
from suno_video.media.atomic import write_trouble
from suno_video.project.runlog import run_log
from suno_video.project.workspace import Project

SONGS_LOCK = ".suno-video.lock"


@contextlib.contextmanager
def hold_project(project: Project) -> Iterator[None]:
    """Hold the project's lock, and keep a log of the run that holds it.

    Raises:
        ProjectBusyError: Another run has it.
        CannotCreateError, DiskError: The lock cannot be written.
    """
    with (
        _held(project.lock_file, _owner_file(project), f"Another run works in {project.root}"),
        run_log(project.logs),
    ):
        yield


def is_held(project: Project) -> bool:
    """Whether a run works in the project right now.

    The lock itself is tried only when its owner lives: a run that starts at this moment must not find it taken by us.
    """
    import psutil

    pid = _pid_in(_owner_file(project))
    if pid is None or not psutil.pid_exists(pid):
        return False
    lock = FileLock(project.lock_file)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


@contextlib.contextmanager
def hold_songs(folder: Path) -> Iterator[None]:
    """Hold a folder of songs, so that two runs do not work through it at once. Raises as `hold_project`."""
    lock = folder / SONGS_LOCK
    with _held(lock, lock.with_suffix(".pid"), f"Another run works through the songs in {str(folder)!r}"):
        yield


@contextlib.contextmanager
def _held(lock_file: Path, owner: Path, busy: str) -> Iterator[None]:
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise ProjectBusyError(f"{busy}{_named(owner)}.", "Wait for it to finish, then run the same command.") from exc
    except OSError as exc:
        raise write_trouble(lock_file, exc) from exc
    try:
        with contextlib.suppress(OSError):
            owner.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        lock.release()


def _owner_file(project: Project) -> Path:
    return project.root / "lock.pid"


def _named(owner: Path) -> str:
    pid = _pid_in(owner)
    return f" (process {pid})" if pid is not None else ""


def _pid_in(owner: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError), open(owner, encoding="ascii") as file:
        return int(file.read(20))
    return None
