"""Everything that is tried to fulfil one wish: hold, make, receipt, memory returned, settle; then what follows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Footage, Job, MakeFailed, MakesKind
from suno_video.core.errors import BackendUnavailableError, BudgetReachedError
from suno_video.core.events import AttemptFailed, EventSink, SceneStarted, TakeDone
from suno_video.core.failpoints import failpoint
from suno_video.core.memory import Advice, forget_tracebacks
from suno_video.project.purchases import Hold
from suno_video.project.takes import Take, TakeReceipt, TakeStore
from suno_video.render.account import Account, FreeAccount, OutcomeUnknown, PaidAccount
from suno_video.render.doubts import Doubts
from suno_video.render.inspect import Inspector
from suno_video.render.orders import Wish
from suno_video.render.policy import Failure, Plan, Recovery, RetryPolicy, Step
from suno_video.render.purse import Purse
from suno_video.render.quality import Flaw

log = logging.getLogger(__name__)

BUDGET, HELD = "budget", "held"


@dataclass(frozen=True)
class Missed:
    """A wish that could not be fulfilled; a stand-in plays the scene."""

    wish: Wish
    kind: str
    """A `FailureKind`, `budget`, or `held`: the outcome of an attempt is not known."""
    reason: str
    paid_usd: Decimal = Decimal(0)
    """What its attempts cost all the same."""


@dataclass(frozen=True)
class Fulfilled:
    """A wish with its take."""

    wish: Wish
    take: Take
    reused: bool


Outcome: TypeAlias = Fulfilled | Missed


@dataclass
class Workbench:
    """What all attempts of a run share."""

    takes: TakeStore
    scratch: Path
    events: EventSink
    purse: Purse | None = None
    """Pays for backends that spend money; without one they may not."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    soften: Callable[[str], str] | None = None
    """Rewords a prompt that was refused."""
    check_stop: Callable[[], None] = lambda: None
    """Raises when the run is to end."""
    wait: Callable[[float], None] = time.sleep
    """Waits for a number of seconds; raises when the run is to end."""
    after_take: Callable[[Any, str], Advice] = lambda backend, scene: "fine"
    """Returns memory, with backend and scene, when nothing of an attempt is referenced any more."""
    after_backend: Callable[[], None] = lambda: None
    """Returns memory when a backend was closed."""
    inspector: Inspector = field(default_factory=Inspector)
    """Looks at what was made before it counts."""
    doubts: Doubts = field(default_factory=Doubts)
    """Notices when a check refuses scene after scene."""
    isolate: Callable[[str, MakesKind], Any] | None = None
    """Gives the backend of that name such that it works in a fresh process for each take."""


class Attempts:
    """Fulfils one wish with one backend, or says why not. Used once."""

    def __init__(self, wish: Wish, backend: Any, bench: Workbench) -> None:
        self._wish, self._backend, self._bench = wish, backend, bench
        self.advice: Advice = "fine"
        """What to do with the backend, for memory's sake, before the next wish."""
        self._plan = Plan(wish.request, changes=("retaken after a review",) if wish.retake_of else ())
        self._paid_usd = Decimal(0)
        softer = bench.soften(wish.request.prompt) if bench.soften is not None else None
        self._recovery = Recovery(self._plan, backend.capabilities, bench.policy, softer, wish.request.seed)

    def fulfil(self) -> Take | Missed:
        """Try until there is a take, or nothing left to try. Raises `Stopped`, and our errors of disk and memory."""
        wish, bench = self._wish, self._bench
        bench.events(SceneStarted(wish.scene, wish.backend, getattr(wish.request, "n_frames", 0)))
        try:
            account = self._open_account()
            held = account.begin()
            while True:
                outcome = self._try_once(held)
                if isinstance(outcome, Take):
                    account.settle(held, outcome.receipt.cost_usd)
                    self._tell_done(outcome.receipt)
                    return outcome
                closed = account.close(held, outcome)
                if isinstance(closed, Hold):
                    held = closed  # the service has the job: pick it up
                    continue
                self._paid_usd += Decimal(closed.cost_usd)
                step = self._next_step(closed)
                self._tell(closed, step)
                if step is None:
                    return Missed(wish, closed.kind, closed.reason, self._paid_usd)
                bench.wait(step.wait_s)
                self._plan = step.plan
                held = account.renew(self._plan.request)
        except BudgetReachedError as exc:
            return Missed(wish, BUDGET, exc.message, self._paid_usd)
        except OutcomeUnknown as exc:
            return Missed(wish, HELD, str(exc))

    def _next_step(self, failure: Failure) -> Step | None:
        is_broken = failure.kind == FailureKind.FLAWED and self._bench.doubts.broken(self._wish.backend)
        return None if is_broken else self._recovery.after(failure, self._plan)

    def _open_account(self) -> Account:
        bench, wish = self._bench, self._wish
        if not self._backend.capabilities.spends_money:
            return FreeAccount()
        if bench.purse is None:
            raise BudgetReachedError(f"{wish.backend} spends money, and no budget was given.", "Give --budget.")
        return PaidAccount(wish, self._backend, bench.purse, bench.wait, bench.policy.base_s)

    def _try_once(self, held: Hold | None) -> Take | Failure:
        """Make it once. What it left in memory is returned before anything else is decided."""
        started, job = time.perf_counter(), self._job(held)
        made = self._make(job)
        if isinstance(made, Failure):
            outcome: Take | Failure = made
        else:
            outcome = self._put_away(made, job, time.perf_counter() - started)
        del made
        self.advice = self._bench.after_take(self._backend, self._wish.scene)
        return outcome

    def _make(self, job: Job) -> Footage | Path | Failure:
        try:
            made: Footage | Path = self._backend.make(self._plan.request, job)
        except (MakeFailed, BackendUnavailableError, MemoryError) as exc:
            # Its traceback holds the frames of the backend, and their variables hold the model's tensors.
            forget_tracebacks(exc)
            return _failure_of(exc)
        failpoint("attempt.made")
        return made

    def _job(self, held: Hold | None) -> Job:
        bench = self._bench
        job = Job(bench.scratch, economies=self._plan.economies, check_stop=bench.check_stop)
        if held is not None and bench.purse is not None:
            purse = bench.purse
            job.attempt, job.ticket = held.attempt, held.ticket

            def remember(ticket: str) -> None:
                purse.keep_ticket(held, ticket)
                failpoint("ticket.kept")

            job.on_ticket = remember
        return job

    def _put_away(self, made: Footage | Path, job: Job, seconds: float) -> Take | Failure:
        """Look at the file and keep it for ever. One that is not what it should be is a failure that had its price."""
        cost_usd, overlooked = self._cost_of(made, job), list[str]()
        try:
            path, facts = self._inspect(made, overlooked)
        except MakeFailed as exc:
            _discard(made, self._bench.scratch)
            return Failure(exc.kind, exc.reason, str(cost_usd))
        wish, plan = self._wish, self._plan
        if not overlooked:
            self._bench.doubts.passed(wish.backend)
        receipt = TakeReceipt(
            scene=wish.scene,
            kind=wish.kind,
            fingerprint=wish.fingerprint,
            retake_of=wish.retake_of,
            file=path.name,
            sha256="",
            backend=wish.backend,
            attempt=job.attempt,
            cost_usd=cost_usd,
            prompt=plan.request.prompt,
            seed=plan.request.seed,
            changes=(*plan.changes, *(f"kept although: {check}" for check in overlooked)),
            seconds=round(seconds, 3),
            made_from=dict(wish.made_from),
            **facts,
        )
        take = self._bench.takes.keep(path, receipt)
        failpoint("take.kept")
        return take

    def _inspect(self, made: Footage | Path, overlooked: list[str]) -> tuple[Path, dict[str, Any]]:
        """Give the file and what its receipt says. Checks that found something and are not believed are added."""
        request, bench, wish = self._plan.request, self._bench, self._wish

        def overlook(flaw: Flaw) -> bool:
            if not bench.doubts.overlooks(wish.backend, wish.scene, flaw, bench.events):
                return False
            overlooked.append(flaw.check)
            return True

        path = made.path if isinstance(made, FileFootage) else made
        if not isinstance(path, Path) or not path.resolve().is_relative_to(bench.scratch.resolve()):
            raise MakeFailed(FailureKind.BUG, f"{wish.backend} gave no file inside its scratch folder")
        if isinstance(made, FileFootage) and isinstance(request, ClipRequest):
            return path, bench.inspector.clip(made, request, self._backend.capabilities, bench.check_stop, overlook)
        return path, bench.inspector.still(path, request.prompt, overlook)

    def _cost_of(self, made: Footage | Path, job: Job) -> Decimal:
        """What was paid: told with the footage or the job, else what was quoted."""
        if isinstance(made, FileFootage):
            return made.cost_usd
        if job.cost_usd is not None or not self._backend.capabilities.spends_money:
            return job.cost_usd or Decimal(0)
        return Decimal(self._backend.quote(self._plan.request).expected_usd)

    def _tell_done(self, receipt: TakeReceipt) -> None:
        cost_usd = f"{receipt.cost_usd:f}"
        self._bench.events(TakeDone(receipt.scene, receipt.kind, receipt.backend, receipt.seconds, cost_usd))

    def _tell(self, failure: Failure, step: Step | None) -> None:
        wish = self._wish
        instead = "the take before it plays" if wish.retake_of else "a stand-in plays it"
        words = step.words if step is not None else instead
        log.warning("%s by %s: %s (%s); %s", wish.scene, wish.backend, failure.reason, failure.kind, words)
        self._bench.events(
            AttemptFailed(wish.scene, wish.backend, failure.kind, failure.reason, words, failure.cost_usd)
        )


def _discard(made: Footage | Path, scratch: Path) -> None:
    """Remove what is of no use, where it lies in our own folder."""
    path = made.path if isinstance(made, FileFootage) else made
    if isinstance(path, Path) and path.resolve().is_relative_to(scratch.resolve()):
        path.unlink(missing_ok=True)


def _failure_of(exc: MakeFailed | BackendUnavailableError | MemoryError) -> Failure:
    if isinstance(exc, MakeFailed):
        return Failure.of(exc)
    if isinstance(exc, BackendUnavailableError):
        return Failure(FailureKind.UNAVAILABLE, exc.message)
    return Failure(FailureKind.OUT_OF_MEMORY, str(exc) or "out of memory")
