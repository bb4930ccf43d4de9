"""One run at a time in a project folder. The kernel lets go of the lock when a run dies, however it dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from filelock import FileLock, Timeout

from suno_video.core.errors import ProjectBusyError
from suno_video.media.atomic import write_trouble
from suno_video.project.runlog import run_log
from suno_video.project.workspace import Project


@contextlib.contextmanager
def hold_project(project: Project) -> Iterator[None]:
    """Hold the project's lock, and keep a log of the run that holds it.

    Raises:
        ProjectBusyError: Another run has it.
        CannotCreateError, DiskError: The lock cannot be written.
    """
    lock = FileLock(project.lock_file)
    owner = project.root / "lock.pid"
    try:
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise ProjectBusyError(
            f"Another run works in {project.root}{_named(owner)}.", "Wait for it to finish, then run the same command."
        ) from exc
    except OSError as exc:
        raise write_trouble(project.lock_file, exc) from exc
    try:
        with contextlib.suppress(OSError):
            owner.write_text(f"{os.getpid()}\n", encoding="ascii")
        with run_log(project.logs):
            yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        lock.release()


def _named(owner: os.PathLike[str]) -> str:
    with contextlib.suppress(OSError, ValueError), open(owner, encoding="ascii") as file:
        return f" (process {int(file.read(20))})"
    return ""
