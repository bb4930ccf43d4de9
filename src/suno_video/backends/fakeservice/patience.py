"""How long the buyer waits for what, and how it waits: never deaf to the end of the run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_STEP_S = 0.05


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
    """How long a service that does not know an order that timed out may still be about to accept it."""
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
