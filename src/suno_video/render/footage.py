"""The loop over stills and clips that are files: each is made once, paid at most once, and kept for ever.

One pass for stills, one for clips; in a pass each backend is opened once for all its scenes, and closed before the
next one enters.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from suno_video.backends.base import FailureKind
from suno_video.core.events import FootagePlanned, SceneFailed, TakeDone
from suno_video.project.takes import Take
from suno_video.render.account import close_unwanted
from suno_video.render.attempts import Attempts, Fulfilled, Missed, Outcome, Workbench
from suno_video.render.orders import Wish
from suno_video.render.pieces import Stopped, result_of, wait_for_some
from suno_video.render.retakes import Retakes
from suno_video.render.review import ReviewDesk, every_print
from suno_video.render.sessions import Sessions

log = logging.getLogger(__name__)

_N_PROBES = 2
"""Clips of a paid backend that are made alone, one after the other, until one of them comes out well."""
_AT_ONCE = 8
"""Clips in the making at a backend that sets no limit."""
_REVIEWS_AT_ONCE = 4
"""Takes of earlier runs that are looked at at once."""


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
        desk: Has each take looked at, and says what is made in its place; None where nobody looks.
    """

    def __init__(self, backends: Mapping[str, Any], bench: Workbench, desk: ReviewDesk | None = None) -> None:
        # One table, in which a backend may be replaced by one that works in fresh processes.
        self._backends, self._bench, self._desk = dict(backends), bench, desk
        self._stop = threading.Event()
        self._away: dict[str, str] = {}
        bench.check_stop, bench.wait = self._check_stop, self._wait
        self._sessions = Sessions(self._backends, bench)
        self._retakes = Retakes(desk, self.find, self._attempt, self._check_stop)

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
        beside: Sequence[Wish] = (),
    ) -> Generator[Outcome]:
        """Fulfil all wishes and give each outcome as soon as it is known; what is there already comes first.

        What a review found wanting is made again when everything else is there, so that it never takes the money of a
        scene that has nothing yet; only what another clip goes on from is made again at once. Its outcome is given
        again then, with the take that is best.

        Args:
            waiting: About what will have to be made after other clips, for backends that prepare for all at once.
            then: Called when an outcome was taken: gives the wishes that had to wait for it.
            beside: What is wanted too and not made by this call: what was begun for it is left alone.

        A wish that fails never ends the run. Closing the iterator, or an exception in it, ends what is running.

        Raises:
            SunoVideoError: The disk is full, or memory runs out: what is finished stays finished.
        """
        # 1. Books that a dead run left open, for takes that are there, or that nobody wants any more.
        self._close_books([*wishes, *waiting, *beside])
        self._retakes.followed = frozenset(wish.follows for wish in waiting if wish.follows)
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
        wanting = self._look_at([Fulfilled(wish, take, reused=True) for wish, take in found if take is not None])
        # 3. Make the rest, backend by backend, the most worth first.
        left = list(missing)
        while left or wanting:
            name = (left or [each.wish for each in wanting])[0].backend
            group = sorted((wish for wish in left if wish.backend == name), key=lambda wish: wish.worth)
            left = [wish for wish in left if wish.backend != name]
            again = [each for each in wanting if each.wish.backend == name]
            wanting = [each for each in wanting if each.wish.backend != name]
            yield from self._make_all(name, group, jobs, _Chain(tuple(waiting), then), left, again)

    def _close_books(self, wishes: Sequence[Wish]) -> None:
        purse = self._bench.purse
        if purse is None or not purse.open_holds():
            return
        purse.settle_known({take.receipt.attempt: take.receipt.cost_usd for take in self._bench.takes.all()})
        wanted = {wish.fingerprint for wish in wishes}
        if self._desk is not None:
            wanted = {printed for wish in wishes for printed in every_print(wish)}
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
        self,
        name: str,
        wishes: Sequence[Wish],
        jobs: int,
        chain: _Chain,
        left: list[Wish],
        wanting: list[Fulfilled],
    ) -> Iterator[Outcome]:
        """Fulfil the wishes for one backend, and those for it that follow from them; others go to `left`.

        Args:
            wanting: What is there already and is to be made again; what is found wanting here is added.
        """
        foreseen = [*wishes, *(wish for wish in chain.waiting if wish.backend == name)]
        with (
            self._sessions.opened(name, foreseen) as trouble,
            self._workers(_width(self._backends[name], jobs)) as pool,
        ):
            make = partial(self._make, trouble=trouble)
            # 1. What costs money is looked at before more of it is bought.
            n_made, following = 0, list[Wish]()
            if self._backends[name].capabilities.spends_money and wishes:
                submit, taken = (lambda wish: pool.submit(make, wish)), list[Outcome]()
                n_made = yield from self._probe(name, wishes, submit, chain, following, taken)
                wanting += self._retakes.wanting(taken)
            # 2. The rest, as many at once as it likes; what follows from an outcome goes on at once.
            pending = {pool.submit(make, wish) for wish in wishes[n_made:]}
            while pending or following:
                pending |= {pool.submit(make, wish) for wish in following if wish.backend == name}
                left += [wish for wish in following if wish.backend != name]
                following.clear()
                done, pending = wait_for_some(pending)
                for future in done:
                    outcome = future.result()
                    yield outcome
                    following += chain.then(outcome)
                    wanting += self._retakes.wanting([outcome])
            # 3. What was found wanting, now that nothing else needs the money more.
            wanting.sort(key=lambda each: each.wish.worth)
            yield from self._improve_all(wanting, trouble, pool)

    def _improve_all(
        self, wanting: Sequence[Fulfilled], trouble: str | None, pool: ThreadPoolExecutor
    ) -> Iterator[Outcome]:
        """Make again what was found wanting, and give what is better now."""
        pending = {pool.submit(self._retakes.improve, outcome, trouble): outcome for outcome in wanting}
        while pending:
            done, _ = wait_for_some(set(pending))
            for future in done:
                before, now = pending.pop(future), future.result()
                if now.take != before.take:
                    yield now

    def _probe(
        self,
        name: str,
        wishes: Sequence[Wish],
        submit: Callable[[Wish], Future[Outcome]],
        chain: _Chain,
        following: list[Wish],
        taken: list[Outcome],
    ) -> Generator[Outcome, None, int]:
        """Make the first wish alone, and where it came out badly the second one; stop buying when both did.

        Gives how many were made, or tried.
        """
        reason = ""
        for number, wish in enumerate(wishes[:_N_PROBES], start=1):
            outcome = result_of(submit(wish))
            taken.append(outcome)
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
            outcome: Outcome = Fulfilled(wish, found, reused=True)
        else:
            outcome = self._attempt(wish, trouble)
        if isinstance(outcome, Missed):
            self._bench.events(SceneFailed(wish.scene, wish.backend, outcome.reason))
            return outcome
        self._retakes.look_at(wish)
        # What goes on from a clip needs its last picture: that one cannot become another later.
        return self._retakes.improve(outcome, trouble) if wish.scene in self._retakes.followed else outcome

    def _look_at(self, found: Sequence[Fulfilled]) -> list[Fulfilled]:
        """Have looked at what earlier runs left without, and give what is to be made again."""
        seen_to = self._retakes.unfinished(found)
        with self._workers(_REVIEWS_AT_ONCE) as pool:
            futures = [pool.submit(self._retakes.look_at, each.wish) for each in seen_to]
            for future in futures:
                result_of(future)
        return self._retakes.wanting([replace(each, take=self.find(each.wish) or each.take) for each in seen_to])

    def _attempt(self, wish: Wish, trouble: str | None) -> Outcome:
        away = trouble or self._away.get(wish.backend) or self._bench.doubts.broken(wish.backend)
        if away is not None:
            return Missed(wish, FailureKind.UNAVAILABLE, away)
        attempts = Attempts(wish, self._backends[wish.backend], self._bench)
        outcome = attempts.fulfil()
        self._sessions.follow(attempts.advice, wish.backend)
        if isinstance(outcome, Take):
            return Fulfilled(wish, outcome, reused=False)
        if outcome.kind == FailureKind.UNAVAILABLE:
            # It will be away for the others too; asking once for each would only take time.
            self._away[wish.backend] = outcome.reason
        return outcome

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
