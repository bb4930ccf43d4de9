"""How long the buyer waits for what, and how it waits: never deaf to the end of the run."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_STEP_S = 0.05
_GRACE_S = 1.0
"""How long a call that is under way is waited for after the run is to end: to leave nothing half done."""


@dataclass(frozen=True)
class Patience:
    """How long we wait for what."""

    answer_s: float = 30.0
    """For the answer to any call."""
    n_tries: int = 6
    """How often a call that buys nothing is made before the service counts as away."""
    first_pause_s: float = 0.2
    """Before the second try; each further pause is twice as long."""
    most_pause_s: float = 5.0
    first_poll_s: float = 0.05
    """Before the second look at a job; each further pause is half as long again."""
    most_poll_s: float = 1.0
    give_up_s: float = 1800.0
    """For a job to end."""
    settle_s: float = 60.0
    """How long a service that does not know an unanswered order may still be about to accept it."""
    most_asked_s: float = 60.0
    """The longest that we wait between two tries because the service asks us to."""
    sleep: Callable[[float], None] = time.sleep

    def pause(self, seconds: float, check_stop: Callable[[], None]) -> None:
        """Wait, asking often whether the run is to end: `check_stop` raises then."""
        check_stop()
        while seconds > 0:
            self.sleep(min(seconds, _STEP_S))
            seconds -= _STEP_S
            check_stop()

    def pause_before_try(self, n_tried: int, asked_s: float | None, check_stop: Callable[[], None]) -> None:
        """Wait before another try: longer each time, never all buyers in step, and as long as the service asks."""
        backoff_s = min(self.first_pause_s * 2 ** (n_tried - 1), self.most_pause_s) * random.uniform(0.75, 1.25)
        self.pause(max(backoff_s, min(asked_s or 0, self.most_asked_s)), check_stop)

    def polls(self, check_stop: Callable[[], None]) -> Iterator[None]:
        """Come round each time that a job should be looked at, until it is time to give up."""
        end_s, pause_s = time.monotonic() + self.give_up_s, self.first_poll_s
        yield
        while time.monotonic() < end_s:
            self.pause(pause_s, check_stop)
            pause_s = min(pause_s * 1.5, self.most_poll_s)
            yield


class Asking(Generic[T]):
    """A call under way in a thread of its own: whoever waits for it still hears that the run is to end."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._outcome: Future[T] = Future()
        # As a daemon: an answer that never comes must not keep the process alive.
        threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        try:
            self._outcome.set_result(self._call())
        except BaseException as exc:  # noqa: BLE001 - it is raised where the result is taken
            self._outcome.set_exception(exc)

    def result(self, check_stop: Callable[[], None]) -> T:
        """Give the result, or raise what the call raised, or what `check_stop` raises."""
        try:
            while not self._is_done_within(_STEP_S):
                check_stop()
        except BaseException:
            self._is_done_within(_GRACE_S)
            raise
        return self._outcome.result()

    def result_so_far(self) -> T | None:
        """Give the result if the call has come back with one, else None."""
        is_there = self._outcome.done() and self._outcome.exception() is None
        return self._outcome.result() if is_there else None

    def _is_done_within(self, seconds: float) -> bool:
        return bool(wait([self._outcome], timeout=seconds).done)
