"""The money of one wish: a hold before each attempt, and its end when the outcome is known. Never two at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from suno_video.backends.base import FailureKind, LooksUp, LooksUpSince, MakeFailed, RemoteState
from suno_video.core.errors import SunoVideoError
from suno_video.core.failpoints import failpoint
from suno_video.core.money import usd
from suno_video.project.purchases import Hold
from suno_video.render.orders import Wish
from suno_video.render.policy import Failure, Request
from suno_video.render.purse import Purse

log = logging.getLogger(__name__)

_N_LOOK_UPS = 3
_N_PICK_UPS = 3


class OutcomeUnknown(Exception):  # noqa: N818 - no error of ours: the hold stays, and a stand-in plays the scene
    """It may have been bought already, and the service cannot say. Nothing is bought in its place."""


class Account(Protocol):
    """What `Attempts` needs to know about money."""

    def begin(self) -> Hold | None:
        """Take up what an earlier run began, or hold money for a first attempt."""

    def renew(self, request: Request) -> Hold | None:
        """Hold money for one more attempt. Raises `BudgetReachedError`."""

    def settle(self, held: Hold | None, cost_usd: Decimal) -> None:
        """The attempt worked, and cost this."""

    def close(self, held: Hold | None, failure: Failure) -> Hold | Failure:
        """The attempt failed. Gives the hold back where the service has the job after all: pick it up."""


class FreeAccount:
    """For what costs nothing."""

    def begin(self) -> None:
        """Nothing to hold."""

    def renew(self, request: Request) -> None:
        """Nothing to hold."""

    def settle(self, held: Hold | None, cost_usd: Decimal) -> None:
        """Nothing to pay."""

    def close(self, held: Hold | None, failure: Failure) -> Failure:
        """Nothing can have been bought, so an unknown outcome is as good as none."""
        unknown = failure.kind == FailureKind.UNKNOWN
        return Failure(FailureKind.RETRYABLE, failure.reason) if unknown else failure


class PaidAccount:
    """For a backend that spends money.

    Args:
        wait: Waits some seconds between questions to the service; raises when the run is to end.
    """

    def __init__(self, wish: Wish, backend: Any, purse: Purse, wait: Callable[[float], None], pause_s: float) -> None:
        self._wish, self._backend, self._purse = wish, backend, purse
        self._wait, self._pause_s = wait, pause_s
        self._request: Request = wish.request
        self._n_holds = self._n_pick_ups = 0

    def begin(self) -> Hold:
        """Take up what an earlier run began, or hold money for a first attempt."""
        held = self.renew(self._wish.request)
        if not held.is_open_from_before or held.ticket is not None:
            return held
        return self._reconcile(held, "an earlier run ended while it was asked for") or self.renew(self._wish.request)

    def renew(self, request: Request) -> Hold:
        """Hold money for one more attempt. Raises `BudgetReachedError`."""
        self._request = request
        self._n_holds += 1
        held = self._purse.hold(
            self._wish, self._backend.quote(request), self._n_holds, getattr(self._backend, "model", "")
        )
        failpoint("attempt.held")
        return held

    def settle(self, held: Hold | None, cost_usd: Decimal) -> None:
        """The attempt worked, and cost this."""
        assert held is not None
        self._purse.settle(held, cost_usd)
        failpoint("attempt.settled")

    def close(self, held: Hold | None, failure: Failure) -> Hold | Failure:
        """Write down what a failed attempt cost; of an unknown outcome only the service can tell."""
        assert held is not None
        if failure.kind == FailureKind.UNKNOWN:
            return self._reconcile(held, failure.reason) or Failure(FailureKind.RETRYABLE, failure.reason)
        self._purse.release(held, Decimal(failure.cost_usd), failure.kind, failure.reason)
        failpoint("attempt.released")
        return failure

    def _reconcile(self, held: Hold, why: str) -> Hold | None:
        """Ask the service what became of an attempt: the hold with its ticket, or None when nothing was bought.

        Raises:
            OutcomeUnknown: It cannot say.
        """
        self._n_pick_ups += 1
        for number in range(_N_LOOK_UPS if self._n_pick_ups <= _N_PICK_UPS else 0):
            self._wait(self._pause_s * number)
            found = self._look_up(held)
            young_s = self._young_s(held) if found is False else 0.0
            if young_s:
                # The order of a process that died may still be on its way: what is not there yet may come.
                self._wait(young_s)
                found = self._look_up(held)
            if isinstance(found, Hold):
                return found
            if found is False:
                self._purse.release(held, Decimal(0), "never-arrived", why)
                return None
        self._purse.suspect(held, why)
        raise OutcomeUnknown(
            f"it may have been bought already ({why}); its hold of {usd(held.purchase.worst_usd)} stays"
        )

    def _young_s(self, held: Hold) -> float:
        """Seconds until what the service does not know can be taken for never arrived."""
        age_s = (datetime.now(UTC) - held.held_at).total_seconds()
        # A clock that was set back must not make us wait for longer than a fresh order.
        return min(max(0.0, float(self._backend.settle_s) - age_s), float(self._backend.settle_s))

    def _look_up(self, held: Hold) -> Hold | bool | None:
        """Ask once. False: it never arrived. None: nobody can say."""
        if held.ticket is not None:
            return held
        if not isinstance(self._backend, LooksUp):
            return None
        try:
            state = _ask(self._backend, held, self._request)
        except MakeFailed as exc:
            log.info("looking up %s: %s", held.attempt, exc.reason)
            return None
        if state.known and state.ticket is not None:
            return self._purse.keep_ticket(held, state.ticket)
        return state.known


def _ask(backend: Any, held: Hold, request: Request | None) -> RemoteState:
    """Ask the service about an attempt; with the time from which on it can have been made, where that helps."""
    state: RemoteState
    if isinstance(backend, LooksUpSince):
        state = backend.look_up_since(held.attempt, request, held.held_at)
    else:
        state = backend.look_up(held.attempt, request)
    return state


def close_unwanted(hold: Hold, backend: Any, purse: Purse) -> None:
    """Settle an open hold whose scene was changed since: what was bought is paid, what never arrived is released."""
    if not hasattr(backend, "look_up"):
        return
    try:
        backend.open()
        state = _ask(backend, hold, None)
    except (MakeFailed, SunoVideoError) as exc:
        log.info("looking up %s: %s", hold.attempt, exc)
        return
    finally:
        backend.close()
    age_s = (datetime.now(UTC) - hold.held_at).total_seconds()
    if state.finished:
        cost_usd = state.cost_usd if state.cost_usd is not None else hold.purchase.worst_usd
        purse.settle(hold, cost_usd)
    elif state.known is False and age_s >= backend.settle_s:
        purse.release(hold, Decimal(0), "never-arrived", "its scene was changed since")
