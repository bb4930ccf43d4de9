"""Says what went wrong, once: two lines for people, and one object where JSON was asked for."""

from __future__ import annotations

import contextlib
import errno
import os
import traceback
from dataclasses import dataclass
from pathlib import Path

from suno_video.cli.answer import put_event, say
from suno_video.cli.wording import plain, plain_lines
from suno_video.core.errors import DiskError, ExitStatus, SunoVideoError

_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)


@dataclass(frozen=True)
class Trouble:
    """What an error says. Unlike the error it holds no frames, and so none of the arrays in them."""

    code: str
    message: str
    hint: str
    exit_status: int
    trace: str = ""
    """The traceback, where it is to be shown."""


def trouble_of(exc: Exception) -> Trouble:
    """Put an error into words: one of ours, trouble with the disk, or else a bug."""
    trace = "".join(traceback.format_exception(exc)).rstrip()
    if isinstance(exc, OSError) and exc.errno in _DISK_FAULTS:
        exc = _disk_trouble(exc)
    if isinstance(exc, SunoVideoError):
        shown = trace if os.environ.get("SUNO_VIDEO_DEBUG") == "1" else ""
        return Trouble(exc.code, exc.message, exc.hint, exc.exit_status, shown)
    return Trouble(
        "bug",
        f"This is a bug: {type(exc).__name__}: {exc}",
        "Please report it with the lines above and the output of: suno-video doctor",
        ExitStatus.BUG,
        trace,
    )


def tell(trouble: Trouble, *, as_json: bool, song: Path | None = None) -> int:
    """Say it, and give its exit status.

    Args:
        song: The one it is about, where there are several.
    """
    if trouble.trace:
        say(trouble.trace)
    about = f"{plain(song)}: " if song is not None else ""
    say(f"error [{trouble.code}] {about}{plain_lines(trouble.message)}")
    say(f"hint: {plain_lines(trouble.hint)}")
    if as_json:
        fields = {"code": trouble.code, "message": trouble.message, "hint": trouble.hint}
        named = {"song": song} if song is not None else {}
        with contextlib.suppress(OSError):  # stdout itself may be what failed
            put_event("error", **fields, exit_status=int(trouble.exit_status), **named)
    return int(trouble.exit_status)


def _disk_trouble(exc: OSError) -> DiskError:
    what = "The disk is full" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else "Reading or writing failed"
    where = f" ({exc.filename})" if exc.filename else ""
    return DiskError(
        f"{what}: {exc.strerror}{where}.", "Free some space and run the same command again; nothing finished is lost."
    )
