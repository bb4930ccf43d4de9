"""What our loggers say during a run, kept in the project's `logs/` for bug reports. A log never costs the film."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

KEPT_LOGS = 20
"""Older ones are removed when a run begins."""

log = logging.getLogger(__name__)


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say nothing: the disk may be full, and the run itself says so better."""


@contextlib.contextmanager
def run_log(folder: Path) -> Iterator[None]:
    """Write a log file of all that is logged below `suno_video` meanwhile, and how it ended.

    Where the folder cannot be written there is no log, and no error.
    """
    handler = _open_log(folder)
    if handler is None:
        yield
        return
    ours = logging.getLogger("suno_video")
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    except BaseException as exc:
        log.debug("the run ends with %s", type(exc).__name__, exc_info=True)
        raise
    finally:
        ours.setLevel(level)
        ours.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()


def _open_log(folder: Path) -> _LogFile | None:
    # Times in UTC sort as they came, whatever the clock of the machine is set to. Two runs may begin in one second.
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        for old in sorted(folder.glob("*.log"))[: -KEPT_LOGS + 1]:
            old.unlink(missing_ok=True)
        handler = _LogFile(folder / name, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    return handler
