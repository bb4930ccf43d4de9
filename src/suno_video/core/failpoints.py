"""Places where a test may let the run die, to prove that nothing is lost or paid for twice there.

`SUNO_VIDEO_FAILPOINT` says where: `NAME`, `NAME:N` (the N-th passing of it) or `*:N` (the N-th of any). The process is
killed there as by the kernel: nothing is cleaned up. `SUNO_VIDEO_FAILPOINT_LOG` names a file to which each passing is
added, so that a test can list all of them first. Both are read when this module is imported; unset, a failpoint costs
one look at a variable.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path

FAILPOINTS = (
    "file.written",
    "file.replaced",
    "segment.moved",
    "segment.kept",
    "attempt.held",
    "attempt.made",
    "attempt.released",
    "attempt.settled",
    "take.kept",
    "take.reviewed",
    "ticket.kept",
)
"""Every name that is passed to `failpoint` anywhere; a test compares it with the source."""
ANY = "*"
KILLED_STATUS = 137  # 128 + SIGKILL, as a shell tells it; Windows has no signals


class Tripwire:
    """Counts what is passed, and kills the process at the wanted passing.

    Args:
        wanted: As `SUNO_VIDEO_FAILPOINT`; empty to kill nowhere.
        log: File to which each name is added, the fatal one too.

    Raises:
        ValueError: `wanted` names no failpoint of ours, or no number: a test of it would prove nothing.
    """

    def __init__(self, wanted: str, log: Path | None = None) -> None:
        name, _, number = wanted.partition(":")
        if name not in ("", ANY, *FAILPOINTS):
            raise ValueError(f"there is no failpoint {name!r}; there are {', '.join(FAILPOINTS)}")
        self._name, self._number, self._log = name, int(number or 1), log
        if self._number < 1:
            raise ValueError(f"passings are counted from 1, not from {number}")
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def passing(self, name: str) -> None:
        """Count one passing of `name`; does not come back from the wanted one."""
        with self._lock:
            self._passed.update((name, ANY))
            if self._log is not None:
                _append(self._log, name)
            if self._name in (name, ANY) and self._passed[self._name] == self._number:
                _die()


def _append(log: Path, name: str) -> None:
    # One write to the end: lines of several processes do not mix.
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(fd, f"{name}\n".encode())
    finally:
        os.close(fd)


def _die() -> None:
    if os.name == "nt":
        os._exit(KILLED_STATUS)
    os.kill(os.getpid(), signal.SIGKILL)


def _from_environment() -> Tripwire | None:
    wanted, log = os.environ.get("SUNO_VIDEO_FAILPOINT", ""), os.environ.get("SUNO_VIDEO_FAILPOINT_LOG", "")
    return Tripwire(wanted, Path(log) if log else None) if wanted or log else None


_tripwire = _from_environment()


def failpoint(name: str) -> None:
    """Die here when a test asked for it; otherwise nothing happens."""
    if _tripwire is not None:
        _tripwire.passing(name)
