"""Old files that can be made again: found by age, and removed."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

_S_PER_HOUR = 3600.0


@dataclass(frozen=True)
class SweepResult:
    """What was removed."""

    n_files: int = 0
    n_bytes: int = 0


def sweep_old_files(
    folder: Path, *, older_than_hours: float, patterns: Sequence[str] = ("*",), now: float | None = None
) -> SweepResult:
    """Remove the files in a folder, and in those below it, that were last changed long ago.

    Links are neither followed nor removed, and the folder itself must be none. Folders stay. What cannot be removed is
    passed over; a folder that is not there gives nothing to do.

    Args:
        folder: Where to look; nothing outside is touched.
        older_than_hours: Age since the last change; what is in use should be touched now and then.
        patterns: Which file names, as in a shell (`*.wav`).
        now: The moment to count from, in seconds since 1970; left out, the present.
    """
    before_s = (time.time() if now is None else now) - older_than_hours * _S_PER_HOUR
    n_files = n_bytes = 0
    for path in _files_below(folder, patterns):
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_mtime >= before_s:
                continue
            path.unlink()
        except OSError:
            continue
        n_files, n_bytes = n_files + 1, n_bytes + found.st_size
    return SweepResult(n_files, n_bytes)


def _files_below(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    if folder.is_symlink():
        return
    top = folder.resolve()
    for place, _, names in os.walk(top, followlinks=False):
        # Python 3.11 takes a Windows junction, which leads elsewhere, for a folder.
        if not Path(place).resolve().is_relative_to(top):
            continue
        for name in names:
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                yield Path(place, name)


class PeriodicSweep:
    """A sweep that may be asked for after each scene and runs at most once an hour. Safe in threads."""

    def __init__(
        self,
        sweep: Callable[[], SweepResult],
        *,
        every_s: float = _S_PER_HOUR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; the first call sweeps.

        Args:
            sweep: What to do, such as `partial(sweep_old_files, folder, older_than_hours=24)`.
            every_s: The least time between two sweeps, in seconds.
            clock: Tells the time, in seconds.
        """
        self._sweep = sweep
        self._every_s = every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._last_s: float | None = None

    def __call__(self) -> SweepResult | None:
        """Sweep when it is time; None when it is not."""
        with self._lock:
            now_s = self._clock()
            if self._last_s is not None and now_s - self._last_s < self._every_s:
                return None
            self._last_s = now_s
        return self._sweep()
