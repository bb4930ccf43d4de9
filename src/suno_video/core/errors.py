"""Every error of ours: a code, an exit status, what happened and one thing to try.

`docs/errors.md` is generated from the docstrings here, so they are written for the person who meets the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """How a command ends. 69, 74 and 75 are worth a retry from cron."""

    DONE = 0
    BUG = 1
    USAGE = 2
    STAND_INS = 3
    BUDGET = 4
    BAD_INPUT = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    CANNOT_CREATE = 73
    IO = 74
    BUSY = 75
    KEY = 77
    CONFIG = 78
    INTERRUPTED = 130
    TERMINATED = 143


RETRY_WORTHY = (ExitStatus.BUSY, ExitStatus.UNAVAILABLE, ExitStatus.IO)
"""The same command may do better later, without anybody mending anything."""

# Not by how bad it is for one song, but by what a script should do next for all of them.
_FROM_BEST_TO_WORST = (
    # The films are whole.
    *(ExitStatus.DONE, ExitStatus.STAND_INS, ExitStatus.BUDGET),
    # A person must mend something first.
    *(ExitStatus.USAGE, ExitStatus.BAD_INPUT, ExitStatus.NO_INPUT, ExitStatus.CANNOT_CREATE),
    *(ExitStatus.KEY, ExitStatus.CONFIG, ExitStatus.BUG),
    # A song that waits for a person must not keep the others from their retry, night after night.
    *RETRY_WORTHY,
    # The run was stopped before its end.
    *(ExitStatus.INTERRUPTED, ExitStatus.TERMINATED),
)


def worst_status(statuses: Iterable[int]) -> ExitStatus:
    """Choose the exit status of a run over several songs from those of the songs; of none, it is 0."""
    return max(map(ExitStatus, statuses), key=_FROM_BEST_TO_WORST.index, default=ExitStatus.DONE)


class SunoVideoError(Exception):
    """Something that we foresaw: shown as two lines, without a traceback."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[ExitStatus] = ExitStatus.BUG

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoSuchInputError(SunoVideoError):
    """The song, or another file that you named, is not there (or is a folder, or may not be read)."""

    code = "no-such-input"
    exit_status = ExitStatus.NO_INPUT


class BadSongError(SunoVideoError):
    """The file holds no sound that can be decoded: it is empty, cut off at the start, too short, or not audio."""

    code = "bad-song"
    exit_status = ExitStatus.BAD_INPUT


class BadPictureError(SunoVideoError):
    """A picture that you named (`--reference`) is none, is damaged, or is far too large."""

    code = "bad-picture"
    exit_status = ExitStatus.BAD_INPUT


class BadBeatsError(SunoVideoError):
    """Beats that you gave (`--beats`, `--bpm`, `--downbeat`) cannot be those of the song; names the line and why."""

    code = "bad-beats"
    exit_status = ExitStatus.BAD_INPUT


class SongTooLongError(SunoVideoError):
    """The song is longer than `--max-duration` allows; the limit protects disk and patience, and can be raised."""

    code = "song-too-long"
    exit_status = ExitStatus.BAD_INPUT


class BadEditError(SunoVideoError):
    """A file that a person may edit (storyboard, look, settings) does not fit; the line and the reason are named."""

    code = "bad-edit"
    exit_status = ExitStatus.BAD_INPUT

    def __init__(self, source: str, reasons: Sequence[str]) -> None:
        shown = "\n  ".join(reasons[:8])
        more = f"\n  and {len(reasons) - 8} more" if len(reasons) > 8 else ""
        super().__init__(
            f"{source} cannot be used:\n  {shown}{more}",
            "Mend that line, or delete the file to have it made anew.",
        )
        self.reasons = tuple(reasons)


class BadSceneError(SunoVideoError):
    """A scene of your own (Python or GLSL) cannot be run; its file, the line and the reason are named."""

    code = "bad-scene"
    exit_status = ExitStatus.BAD_INPUT


class UsageError(SunoVideoError):
    """An option has a value that makes no sense, or two options contradict each other."""

    code = "usage"
    exit_status = ExitStatus.USAGE


class ConfigError(SunoVideoError):
    """A settings file or environment variable does not fit; the origin and the reason are named."""

    code = "config"
    exit_status = ExitStatus.CONFIG


class CannotCreateError(SunoVideoError):
    """The output file or the project folder cannot be created: no permission, or its place does not exist."""

    code = "cannot-create"
    exit_status = ExitStatus.CANNOT_CREATE


class DiskError(SunoVideoError):
    """Reading or writing failed: the disk is full, or there was an input/output error. What was made is kept."""

    code = "disk"
    exit_status = ExitStatus.IO


class ProjectBusyError(SunoVideoError):
    """Another run works on the same project. It is left in peace; try again when it is done."""

    code = "project-busy"
    exit_status = ExitStatus.BUSY


class ToolMissingError(SunoVideoError):
    """ffmpeg cannot be found, is too old, or lacks a needed part."""

    code = "tool-missing"
    exit_status = ExitStatus.UNAVAILABLE


class BackendUnavailableError(SunoVideoError):
    """A backend cannot work here: its extra is not installed, or its hardware or service is not there."""

    code = "backend-unavailable"
    exit_status = ExitStatus.UNAVAILABLE


class KeyRefusedError(BackendUnavailableError):
    """A service refused your key, or needs one that is not set. Nothing was bought with it."""

    code = "key-refused"
    exit_status = ExitStatus.KEY


class BudgetReachedError(SunoVideoError):
    """The next purchase would pass a cap of yours. Nothing was bought for it; what is finished is kept and played."""

    code = "budget-reached"
    exit_status = ExitStatus.BUDGET


class LedgerBusyError(SunoVideoError):
    """Another program keeps the ledger of your spending locked. Nothing is bought that cannot be written down first."""

    code = "ledger-busy"
    exit_status = ExitStatus.BUSY


class MemoryLowError(SunoVideoError):
    """The machine is about to run out of memory, and cleaning up did not help. What is finished is kept."""

    code = "memory-low"
    exit_status = ExitStatus.BUSY


class EncoderError(SunoVideoError):
    """ffmpeg failed on something that should have worked; its last words are shown."""

    code = "encoder"
    exit_status = ExitStatus.IO


class CheckFailedError(SunoVideoError):
    """The finished file does not meet a platform's limits, or its proof of sync is out of bounds."""

    code = "check-failed"
    exit_status = ExitStatus.BAD_INPUT


class Interrupted(SunoVideoError):  # noqa: N818 - an interruption is no error
    """You pressed Ctrl-C. What is finished is kept: run the same command again to go on."""

    code = "interrupted"
    exit_status = ExitStatus.INTERRUPTED


class Terminated(Interrupted):
    """The run was asked to stop (SIGTERM). What is finished is kept: run the same command again to go on."""

    code = "terminated"
    exit_status = ExitStatus.TERMINATED


def all_errors() -> list[type[SunoVideoError]]:
    """List every error class below `SunoVideoError`, by code."""
    found: list[type[SunoVideoError]] = []
    queue = list(SunoVideoError.__subclasses__())
    while queue:
        cls = queue.pop()
        found.append(cls)
        queue.extend(cls.__subclasses__())
    return sorted(found, key=lambda cls: cls.code)
