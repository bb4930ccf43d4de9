"""A backend in a process of its own: the one sure cure for memory that does not come back (default on Metal, MPS)."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, overload

from suno_video.backends.base import (
    BackendInfo,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.render.child import Child, ChildDied
from suno_video.render.messages import (
    Answer,
    Begin,
    Broke,
    Factory,
    Failed,
    Foreseen,
    Leave,
    Make,
    StopNow,
    Ticket,
    TicketKept,
    Trim,
    job_facts,
)

log = logging.getLogger(__name__)

_LOOK_S = 0.1
_SOFT_STOP_S = 0.5
_TRIM_S = 10.0
_FACTORIES = "take its class, a function of a module, or functools.partial of one"


class IsolatedBackend:
    """Makes everything in a fresh process, through the contract of any backend. One request at a time.

    Facts and prices come from an instance in this process that is never opened. What became of an attempt cannot be
    looked up through it: whoever could remember died with the process.

    Args:
        factory: Makes the backend, here and in the other process: its class, a function of a module, or
            `functools.partial` of one.
        recycle_after: Requests that one process makes before a fresh one takes its place.

    Raises:
        ValueError: The backend paints frames on demand, or the factory cannot be found from another process.
    """

    def __init__(self, factory: Factory, *, recycle_after: int = 1) -> None:
        self._factory, self._recycle_after = factory, recycle_after
        self._facts: Any = factory()
        _require_fit(self._facts, factory, recycle_after)
        self.name: str = self._facts.name
        self.version: str = self._facts.version
        self.model: str = getattr(self._facts, "model", "")
        self.capabilities = replace(self._facts.capabilities, concurrency=1)
        self.last_peak_mb: float | None = None
        """The most memory that the process of the last request ever held; None when it died, or nobody tells."""
        self._child: Child | None = None
        self._n_made = 0
        self._turn = threading.Lock()

    def info(self) -> BackendInfo:
        """Facts for people."""
        info: BackendInfo = self._facts.info()
        return info

    def readiness(self) -> Readiness:
        """Look whether it can work here; loads nothing heavy."""
        readiness: Readiness = self._facts.readiness()
        return readiness

    def quote(self, request: ClipRequest | StillRequest) -> Quote:
        """Price one request."""
        quote: Quote = self._facts.quote(request)
        return quote

    def open(self) -> None:
        """Nothing yet: what loads is the process that the first `make` starts, where a stop is noticed meanwhile."""

    @overload
    def make(self, request: ClipRequest, job: Job) -> FileFootage: ...
    @overload
    def make(self, request: StillRequest, job: Job) -> Path: ...
    def make(self, request: ClipRequest | StillRequest, job: Job) -> FileFootage | Path:
        """Make it in the other process. A stop leaves within a second or so, and keeps a ticket that comes meanwhile.

        Raises:
            MakeFailed: As the backend says; out of memory when the process was killed; a bug when it died otherwise or
                raised what it should not. Where money may have been spent by then, the outcome is unknown instead.
            SunoVideoError: As the backend says.
        """
        paid = self.capabilities.spends_money
        with self._turn:
            if self._child is None or not self._child.lives:
                self._begin(job)
            answer = self._ask(Make(request, job_facts(job)), job, may_have_bought=paid)
            vars(job).update(answer.job)
            self.last_peak_mb = answer.peak_mb
            self._n_made += 1
            if self._n_made >= self._recycle_after:
                self._retire()
            return self._made(answer, may_have_bought=paid)

    def trim(self) -> None:
        """Return the memory of the last request in a process that is kept for more; one that cannot is ended."""
        with self._turn:
            if self._child is None:
                return
            try:
                self._child.send(Trim())
                answer = self._child.receive(_TRIM_S)
            except ChildDied:
                answer = None
            if answer is None or answer.problem is not None:
                log.warning("%s did not trim in its process, which is ended: %s", self.name, answer)
                self._drop()

    def close(self) -> None:
        """End the process, if one is kept. May be called twice, and `make` may start another."""
        with self._turn:
            self._retire()

    def _begin(self, job: Job) -> None:
        """Start a process and open the backend in it. Nothing can have been bought so far."""
        self._drop()
        self._n_made, self.last_peak_mb = 0, None
        try:
            self._child = Child(job.scratch)
        except OSError as exc:
            raise MakeFailed(FailureKind.RETRYABLE, f"no process could be started: {exc}") from exc
        answer = self._ask(Begin(self._factory), job, may_have_bought=False)
        if answer.problem is not None:
            self._drop()
            raise self._exception(answer.problem, may_have_bought=False)

    def _ask(self, order: Begin | Make, job: Job, *, may_have_bought: bool) -> Answer:
        """Give what the worker answers, and keep tickets on the way. A stop ends it, and so does its own death."""
        child = self._child
        assert child is not None
        try:
            child.send(order)
            while not isinstance(message := child.receive(_LOOK_S), Answer):
                if isinstance(message, Ticket):
                    job.keep_ticket(message.ticket)
                    child.send(TicketKept())
                job.check_stop()
        except ChildDied:
            self._child = None
            raise self._exception(Broke.died(child.exit_status()), may_have_bought=may_have_bought) from None
        except BaseException:
            self._leave_in_order(child, job)
            raise
        return message

    def _leave_in_order(self, child: Child, job: Job) -> None:
        """Give the worker a moment to stop by itself: a ticket that comes meanwhile is of a job that may be bought."""
        ends_at_s = time.monotonic() + _SOFT_STOP_S
        try:
            child.send(StopNow())
            while not isinstance(message := child.receive(max(0.0, ends_at_s - time.monotonic())), Answer):
                if message is None:
                    break
                if isinstance(message, Ticket):
                    job.keep_ticket(message.ticket)
                    child.send(TicketKept())
        except ChildDied:
            pass
        finally:
            self._drop()

    def _retire(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.leave(Leave())

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _made(self, answer: Answer, *, may_have_bought: bool) -> FileFootage | Path:
        """Give what was made, or raise why not."""
        if answer.problem is None:
            assert answer.made is not None
            return answer.made
        raise self._exception(answer.problem, may_have_bought=may_have_bought)

    def _exception(self, problem: Failed | Foreseen | Broke, *, may_have_bought: bool) -> Exception:
        """Say in this process what went wrong in the other, which is ended where it is not to be trusted any more."""
        if problem.spoils:
            self._drop()
        if isinstance(problem, Broke) and problem.traceback:
            log.error("%s broke in its process:\n%s", self.name, problem.traceback)
        return problem.as_exception(may_have_bought=may_have_bought)


def _require_fit(facts: Any, factory: Factory, recycle_after: int) -> None:
    if facts.capabilities.makes == "clip" and facts.capabilities.footage == "stream":
        raise ValueError(
            f"{facts.name} paints frames on demand, which cannot leave its process: isolate what gives files"
        )
    if recycle_after < 1:
        raise ValueError(f"a process makes at least one request before it is replaced, not {recycle_after}")
    if getattr(factory, "__module__", "") == "__main__":
        raise ValueError(
            f"the factory of {facts.name} is part of the main script, which is not run again: {_FACTORIES}"
        )
    try:
        ForkingPickler.dumps(factory)
    except Exception as exc:  # whatever the objects in it raise when they are packed
        raise ValueError(
            f"the factory of {facts.name} cannot be sent to another process ({exc}): {_FACTORIES}"
        ) from exc
