"""The loop over stills and clips that are files: each is made once, paid at most once, and kept for ever.

One pass for stills, one for clips; in a pass each backend is opened once for all its scenes, and closed before the
next one enters.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from suno_video.backends.base import FailureKind, MakeFailed, Prepares
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.events import FootagePlanned, SceneFailed, TakeDone, Warned
from suno_video.core.memory import Advice, forget_tracebacks
from suno_video.project.takes import Take
from suno_video.render.account import close_unwanted
from suno_video.render.attempts import Attempts, Missed, Workbench
from suno_video.render.orders import Wish
from suno_video.render.pieces import Stopped

log = logging.getLogger(__name__)

_N_PROBES = 2
"""Clips of a paid backend that are made alone, one after the other, until one of them comes out well."""
_AT_ONCE = 8
"""Clips in the making at a backend that sets no limit."""


@dataclass(frozen=True)
class Fulfilled:
    """A wish with its take."""

    wish: Wish
    take: Take
    reused: bool


Outcome: TypeAlias = Fulfilled | Missed


@dataclass(frozen=True)
class _Chain:
    """What waits for other wishes, and who knows when its turn has come."""

    waiting: tuple[Wish, ...]
    then: Callable[[Outcome], Sequence[Wish]]


class FootageLoop:
    """Drives backends that make files.

    Args:
        backends: By name.
        bench: What all attempts share. Its `check_stop` and `wait` are set here.
    """

    def __init__(self, backends: Mapping[str, Any], bench: Workbench) -> None:
        self._backends, self._bench = dict(backends), bench
        self._stop = threading.Event()
        self._away: dict[str, str] = {}
        bench.check_stop, bench.wait = self._check_stop, self._wait

    def find(self, wish: Wish) -> Take | None:
        """Give the take of an earlier run."""
        return self._bench.takes.find(wish.scene, wish.fingerprint)

    def run(
        self,
        wishes: Sequence[Wish],
        *,
        jobs: int,
        waiting: Sequence[Wish] = (),
        then: Callable[[Outcome], Sequence[Wish]] = lambda outcome: (),
    ) -> Generator[Outcome]:
        """Fulfil all wishes and give each outcome as soon as it is known; what is there already comes first.

        Args:
            waiting: About what will have to be made after other clips, for backends that prepare for all at once.
            then: Called when an outcome was taken: gives the wishes that had to wait for it.

        A wish that fails never ends the run. Closing the iterator, or an exception in it, ends what is running.

        Raises:
            SunoVideoError: The disk is full, or memory runs out: what is finished stays finished.
        """
        # 1. Books that a dead run left open, for takes that are there, or that nobody wants any more.
        self._close_books(wishes)
        # 2. What is there already?
        found = [(wish, self.find(wish)) for wish in wishes]
        missing = [wish for wish, take in found if take is None]
        self._tell_plan(wishes, missing)
        for wish, take in found:
            if take is not None:
                self._bench.events(TakeDone(wish.scene, wish.kind, wish.backend, 0.0, reused=True))
                fulfilled = Fulfilled(wish, take, reused=True)
                yield fulfilled
                missing += then(fulfilled)
        # 3. Make the rest, backend by backend, the most worth first.
        left = list(missing)
        while left:
            name = left[0].backend
            group = sorted((wish for wish in left if wish.backend == name), key=lambda wish: wish.worth)
            left = [wish for wish in left if wish.backend != name]
            yield from self._make_all(name, group, jobs, _Chain(tuple(waiting), then), left)

    def _close_books(self, wishes: Sequence[Wish]) -> None:
        purse = self._bench.purse
        if purse is None or not purse.open_holds():
            return
        purse.settle_known({take.receipt.attempt: take.receipt.cost_usd for take in self._bench.takes.all()})
        wanted = {wish.fingerprint for wish in wishes}
        for hold in purse.open_holds():
            name, kinds = hold.purchase.backend, {wish.kind for wish in wishes}
            if hold.purchase.fingerprint not in wanted and name in self._backends and hold.purchase.kind in kinds:
                close_unwanted(hold, self._backends[name], purse)

    def _tell_plan(self, wishes: Sequence[Wish], missing: Sequence[Wish]) -> None:
        if not wishes:
            return
        quotes = [self._backends[wish.backend].quote(wish.request) for wish in missing]
        expected = sum((quote.expected_usd for quote in quotes), Decimal(0))
        worst = sum((quote.worst_usd for quote in quotes), Decimal(0))
        self._bench.events(FootagePlanned(wishes[0].kind, len(wishes), len(missing), f"{expected:f}", f"{worst:f}"))

    def _make_all(
        self, name: str, wishes: Sequence[Wish], jobs: int, chain: _Chain, left: list[Wish]
    ) -> Iterator[Outcome]:
        """Fulfil the wishes for one backend, and those for it that follow from them; others go to `left`."""
        foreseen = [*wishes, *(wish for wish in chain.waiting if wish.backend == name)]
        with self._opened(name, foreseen) as trouble, self._workers(_width(self._backends[name], jobs)) as pool:
            make = partial(self._make, trouble=trouble)
            # 1. What costs money is looked at before more of it is bought.
            n_made, following = 0, list[Wish]()
            if self._backends[name].capabilities.spends_money:
                n_made = yield from self._probe(name, wishes, lambda wish: pool.submit(make, wish), chain, following)
            # 2. The rest, as many at once as it likes; what follows from an outcome goes on at once.
            pending = {pool.submit(make, wish) for wish in wishes[n_made:]}
            while pending or following:
                pending |= {pool.submit(make, wish) for wish in following if wish.backend == name}
                left += [wish for wish in following if wish.backend != name]
                following.clear()
                done, pending = _wait_for_some(pending)
                for future in done:
                    outcome = future.result()
                    yield outcome
                    following += chain.then(outcome)

    def _probe(
        self,
        name: str,
        wishes: Sequence[Wish],
        submit: Callable[[Wish], Future[Outcome]],
        chain: _Chain,
        following: list[Wish],
    ) -> Generator[Outcome, None, int]:
        """Make the first wish alone, and where it came out badly the second one; stop buying when both did.

        Gives how many were made, or tried.
        """
        reason = ""
        for number, wish in enumerate(wishes[:_N_PROBES], start=1):
            outcome = _result_of(submit(wish))
            yield outcome
            following += chain.then(outcome)
            if not isinstance(outcome, Missed) or not _bodes_ill(outcome):
                return number
            reason = outcome.reason
        n_tried = min(_N_PROBES, len(wishes))
        if len(wishes) > n_tried:
            self._away[name] = f"nothing more was bought from {name} after {n_tried} scenes failed alike: {reason}"
        return n_tried

    def _make(self, wish: Wish, trouble: str | None) -> Outcome:
        self._check_stop()
        found = self.find(wish)
        if found is not None:  # what follows from another clip could not be looked for earlier
            self._bench.events(TakeDone(wish.scene, wish.kind, wish.backend, 0.0, reused=True))
            return Fulfilled(wish, found, reused=True)
        away = trouble or self._away.get(wish.backend)
        if away is not None:
            return self._missed(Missed(wish, FailureKind.UNAVAILABLE, away))
        attempts = Attempts(wish, self._backends[wish.backend], self._bench)
        outcome = attempts.fulfil()
        self._follow(attempts.advice, wish.backend)
        if isinstance(outcome, Take):
            return Fulfilled(wish, outcome, reused=False)
        if outcome.kind == FailureKind.UNAVAILABLE:
            # It will be away for the others too; asking once for each would only take time.
            self._away[wish.backend] = outcome.reason
        return self._missed(outcome)

    def _follow(self, advice: Advice, name: str) -> None:
        """Close and open a model whose memory does not come back, or move it into fresh processes."""
        backend = self._backends[name]
        if advice == "fine" or backend.capabilities.concurrency != 1:
            return
        if advice == "isolate" and self._bench.isolate is None:
            return
        self._close(backend)
        if advice == "isolate" and self._bench.isolate is not None:
            self._bench.events(Warned(f"memory of {name} does not come back: each scene now gets a fresh process"))
            self._backends[name] = self._bench.isolate(name, backend.capabilities.makes)
        self._backends[name].open()

    def _missed(self, missed: Missed) -> Missed:
        self._bench.events(SceneFailed(missed.wish.scene, missed.wish.backend, missed.reason))
        return missed

    @contextmanager
    def _opened(self, name: str, wishes: Sequence[Wish]) -> Iterator[str | None]:
        """Open a backend for a pass and close it after it. Gives the reason when it cannot be opened."""
        try:
            self._backends[name].open()
            self._prepare(name, wishes)
            trouble = None
        except BackendUnavailableError as exc:
            trouble = exc.message
        try:
            yield trouble
        finally:
            self._close(self._backends[name])

    def _prepare(self, name: str, wishes: Sequence[Wish]) -> None:
        backend = self._backends[name]
        if not isinstance(backend, Prepares):
            return
        try:
            backend.prepare([wish.request for wish in wishes], self._check_stop)
        except MakeFailed as exc:
            forget_tracebacks(exc)
            log.warning("%s could not prepare: %s (%s)", name, exc.reason, exc.kind)

    def _close(self, backend: Any) -> None:
        try:
            backend.close()
        except Exception as exc:  # noqa: BLE001 - a backend that fails to say goodbye must not cost the film
            self._bench.events(Warned(f"backend {backend.name} did not close cleanly: {exc}"))
        self._bench.after_backend()

    @contextmanager
    def _workers(self, n: int) -> Iterator[ThreadPoolExecutor]:
        pool = ThreadPoolExecutor(max_workers=n, thread_name_prefix="take")
        try:
            yield pool
        except BaseException:
            self._stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._check_stop()


def _wait_for_some(pending: set[Future[Outcome]]) -> tuple[set[Future[Outcome]], set[Future[Outcome]]]:
    """Wait a moment and part what is done from what is not.

    Wakes often, so that a signal reaches the main thread's Python code at once.
    """
    done, rest = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
    return done, rest


def _result_of(future: Future[Outcome]) -> Outcome:
    while not future.done():
        _wait_for_some({future})
    return future.result()


def _bodes_ill(missed: Missed) -> bool:
    """Whether the next scene may well fare alike: it came out badly, cannot be made so, or was paid and is not there.

    A refusal is about one scene's words, and a service that is away is not asked again anyway.
    """
    if missed.kind in (FailureKind.FLAWED, FailureKind.BAD_INPUT):
        return True
    return missed.kind == FailureKind.RETRYABLE and missed.paid_usd > 0


def _width(backend: Any, jobs: int) -> int:
    """How many clips are in the making at once."""
    limit = backend.capabilities.concurrency
    if limit == "cores":
        return max(1, jobs)
    return _AT_ONCE if limit == "unlimited" else max(1, int(limit))
