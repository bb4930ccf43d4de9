"""What a run and its isolated worker say to each other, over a pipe that nobody else can reach."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from traceback import format_exc, format_exception_only
from typing import Any, ClassVar, TypeAlias

from suno_video.backends.base import (
    ClipRequest,
    FailureKind,
    FileFootage,
    ImageBackend,
    Job,
    MakeFailed,
    StillRequest,
    VideoBackend,
)
from suno_video.core.errors import SunoVideoError

Factory: TypeAlias = Callable[[], VideoBackend] | Callable[[], ImageBackend]
_KILLED = (-9, 137, 0xC0000017)  # SIGKILL, the same as a shell tells it, and what Windows says without memory
_NO_MEMORY = "the process was killed, most likely because the machine ran out of memory"
_ACTIONS = frozenset({"on_ticket", "check_stop"})


def job_facts(job: Job) -> dict[str, Any]:
    """Give what a job knows; what it can do stays where it is."""
    return {part.name: getattr(job, part.name) for part in fields(job) if part.name not in _ACTIONS}


# To the worker


@dataclass(frozen=True)
class Begin:
    """Make the backend and open it."""

    factory: Factory


@dataclass(frozen=True)
class Make:
    """Make this. From here on money may be spent."""

    request: ClipRequest | StillRequest
    job: Mapping[str, Any]
    """From `job_facts`."""


@dataclass(frozen=True)
class TicketKept:
    """The ticket is on the disk: wait for the service now."""


@dataclass(frozen=True)
class Trim:
    """Return the memory that the last request took."""


@dataclass(frozen=True)
class StopNow:
    """The run is to end: `Job.check_stop` raises from now on."""


@dataclass(frozen=True)
class Leave:
    """Close the backend and end."""


Order: TypeAlias = Begin | Make | Trim | Leave


# From the worker


@dataclass(frozen=True)
class Ticket:
    """A service gave this id; the worker waits for `TicketKept`."""

    ticket: str


@dataclass(frozen=True)
class Failed:
    """`MakeFailed`, which cannot be sent as it is."""

    kind: str
    reason: str
    cost_usd: Decimal
    retry_after_s: float | None

    @classmethod
    def of(cls, exc: MakeFailed) -> Failed:
        """Take over what the backend said."""
        return cls(exc.kind, exc.reason, exc.cost_usd, exc.retry_after_s)

    @property
    def spoils(self) -> bool:
        """Whether the process that said so had better not be used again."""
        return self.kind in (FailureKind.OUT_OF_MEMORY, FailureKind.BUG)

    def as_exception(self, *, may_have_bought: bool) -> MakeFailed:
        """Say it again, in this process; the backend knows whether it bought."""
        return MakeFailed(self.kind, self.reason, self.cost_usd, retry_after_s=self.retry_after_s)


@dataclass(frozen=True)
class Foreseen:
    """An error of ours: a full disk, a backend that cannot work here."""

    error: type[SunoVideoError]
    message: str
    hint: str
    spoils: ClassVar[bool] = True

    def as_exception(self, *, may_have_bought: bool) -> SunoVideoError:
        """Raise it again, in this process, whatever its class wants to be made from."""
        exc = self.error.__new__(self.error)
        SunoVideoError.__init__(exc, self.message, self.hint)
        return exc


@dataclass(frozen=True)
class Broke:
    """The backend raised what it should not, or its process died: nobody knows how far it came."""

    kind: str
    reason: str
    traceback: str = ""
    spoils: ClassVar[bool] = True

    @classmethod
    def now(cls) -> Broke:
        """Take over the exception that is being handled."""
        exc = sys.exc_info()[1]
        kind = FailureKind.OUT_OF_MEMORY if isinstance(exc, MemoryError) else FailureKind.BUG
        return cls(kind, "".join(format_exception_only(exc)).strip(), format_exc())

    @classmethod
    def died(cls, status: int) -> Broke:
        """Say what the end of a process means, from its `Popen.returncode`."""
        if status in _KILLED:
            return cls(FailureKind.OUT_OF_MEMORY, _NO_MEMORY)
        how = f"by signal {-status} ({_signal_name(-status)})" if status < 0 else f"with exit status {status}"
        return cls(FailureKind.BUG, f"the process ended {how} before it was done")

    def as_exception(self, *, may_have_bought: bool) -> MakeFailed:
        """Say it in this process; where it may have bought something, that is what counts."""
        return MakeFailed(FailureKind.UNKNOWN if may_have_bought else self.kind, self.reason)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


@dataclass(frozen=True)
class Answer:
    """The worker has done what it was told, or says why not."""

    made: FileFootage | Path | None = None
    problem: Failed | Foreseen | Broke | None = None
    job: Mapping[str, Any] = field(default_factory=dict)
    """What the job knows now, from `job_facts`."""
    peak_mb: float | None = None
    """The most memory that the worker ever held; None where nobody tells."""
