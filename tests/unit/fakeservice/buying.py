"""What the tests of the paid backend share."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job, MakeFailed
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Tariff, Trick
from suno_video.backends.patience import Patience
from tests.unit.clips import FPS, N_FRAMES, clip_request

HURRIED = Patience(
    answer_s=5,
    n_tries=3,
    first_pause_s=0.002,
    most_pause_s=0.01,
    first_poll_s=0.005,
    most_poll_s=0.02,
    give_up_s=0.2,
)
PRICE_USD = Tariff().price_usd(N_FRAMES, FPS)


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


def mischief(*tricks: Trick, **others: Any) -> Mischief:
    return Mischief.model_validate({"work_s": 0.005, "tricks": tricks, **others})


def failure_of(buyer: PaidFakeVideo, job: Job, request: ClipRequest | None = None) -> MakeFailed:
    with pytest.raises(MakeFailed) as caught:
        buyer.make(request or clip_request(), job)
    return caught.value


def again(job: Job) -> Job:
    """The job of a later run, which knows the ticket."""
    return Job(job.scratch, attempt="attempt-2", ticket=job.ticket)


def fill_book(service: FakeService, attempt: str, wish: str) -> None:
    service.book.accept(
        attempt=attempt, wish=wish, price_usd=Decimal(0), cost_usd=Decimal(0), fate="good", at_s=time.time()
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def persist(buyer: PaidFakeVideo, request: ClipRequest, scratch: Path) -> FileFootage:
    """Do what a loop does, in small: never order while it is open what became of the last order."""
    ticket: str | None = None
    for number in range(100):
        job = Job(scratch, attempt=f"{request.scene}-{number}", ticket=ticket)
        try:
            return buyer.make(request, job)
        except MakeFailed as exc:
            assert exc.kind in (FailureKind.RETRYABLE, FailureKind.UNKNOWN), exc.reason
            ticket = settled_ticket(buyer, request, job) if exc.kind == FailureKind.UNKNOWN else None
    raise AssertionError("the clip never came")


def settled_ticket(buyer: PaidFakeVideo, request: ClipRequest, job: Job) -> str | None:
    if job.ticket is not None:
        return job.ticket
    for _ in range(100):
        state = buyer.look_up(job.attempt, request)
        if state.known is not None:
            return state.ticket
    raise AssertionError("the service never said")
