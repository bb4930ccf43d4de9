"""What becomes of jobs and of their clips, as failure and in the book."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import FailureKind, Job
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Trick
from suno_video.core.errors import KeyRefusedError
from suno_video.core.frames import FrameSize
from tests.unit.clips import N_FRAMES, clip_request, frame_numbers
from tests.unit.fakeservice.buying import HURRIED, PRICE_USD, Stopped, again, failure_of, fill_book, mischief


@pytest.mark.parametrize(
    ("what", "kind", "cost_usd", "status"),
    [
        ("fails", FailureKind.RETRYABLE, "0.01", "failed"),
        ("aborted", FailureKind.RETRYABLE, "0.01", "aborted"),
        ("refused", FailureKind.REFUSED, "0.02", "failed"),
        ("never-ends", FailureKind.RETRYABLE, "0.03", "canceled"),
    ],
)
def test_a_job_that_is_not_done_says_why_and_what_it_cost(
    service: FakeService, buyer: PaidFakeVideo, job: Job, what: Any, kind: str, cost_usd: str, status: str
) -> None:
    costs = {"failed_cost_usd": "0.01", "refused_cost_usd": "0.02", "canceled_cost_usd": "0.03"}
    service.set_mischief(mischief(Trick(what=what), **costs))
    failed = failure_of(buyer, job)
    assert (failed.kind, failed.cost_usd) == (kind, Decimal(cost_usd))
    (bought,) = service.book.purchases()
    assert (bought.status, bought.cost_usd) == (status, Decimal(cost_usd))


def test_a_price_above_the_quote_is_reported_as_it_is(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="overpriced"), overprice="3"))
    made = buyer.make(clip_request(), job)
    assert made.cost_usd == service.book.spent_usd() == 3 * buyer.quote(clip_request()).worst_usd


@pytest.mark.parametrize("what", ["short", "truncated", "empty", "html", "html-as-mp4", "other-size", "sound-only"])
def test_a_clip_of_no_use_is_a_failure_that_was_paid(
    service: FakeService, buyer: PaidFakeVideo, job: Job, what: Any
) -> None:
    service.set_mischief(mischief(Trick(what=what, calls=(1,))))
    failed = failure_of(buyer, job)
    assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, PRICE_USD)
    assert list(job.scratch.iterdir()) == []
    assert service.book.purchases()[0].is_spoiled
    # To buy another one is no mistake.
    assert buyer.make(clip_request(), Job(job.scratch)).n_frames == N_FRAMES
    assert service.book.bought_twice() == []
    assert [bought.number for bought in service.book.bought_again()] == [2]


def test_a_black_clip_is_brought_as_it_is_for_the_loop_to_judge(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="black")))
    made = buyer.make(clip_request(), job)
    assert (made.n_frames, made.cost_usd) == (N_FRAMES, PRICE_USD)
    assert made.watched is not None
    assert made.watched.brightest.max() < 24


def test_a_page_instead_of_a_clip_is_called_by_its_name(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="html")))
    assert "text/html" in failure_of(buyer, job).reason


def test_a_smaller_clip_of_the_same_shape_is_taken_for_what_it_is(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="half-size")))
    made = buyer.make(clip_request(size=FrameSize(width_px=128, height_px=72)), job)
    assert (made.size, made.n_frames) == (FrameSize(width_px=64, height_px=36), N_FRAMES)


def test_a_clip_of_another_rate_that_lasts_as_long_is_taken_for_what_it_is(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="other-fps")))
    made = buyer.make(clip_request(), job)
    assert (made.fps, made.n_frames) == (24, 8)
    assert frame_numbers(made) == list(range(8))


def test_an_address_that_grew_old_is_asked_for_anew(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="expired", door="fetch", calls=(1,))))
    assert buyer.make(clip_request(), job).n_frames == N_FRAMES
    assert (service.n_calls("fetch"), service.n_calls("buy")) == (2, 1)
    assert not service.book.purchases()[0].is_spoiled


def test_a_clip_that_is_deleted_is_a_failure_that_was_paid(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="expired", door="fetch")))
    failed = failure_of(buyer, job)
    assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, PRICE_USD)
    assert service.n_calls("fetch") == 2


def test_a_clip_that_nobody_fetched_in_time_is_gone(tmp_path: Path) -> None:
    hours = iter(range(1000))
    with FakeService(
        tmp_path / "book.sqlite", mischief=Mischief(expire_s=3600), now=lambda: 3600.0 * next(hours)
    ) as service:
        buyer = PaidFakeVideo(service.url, service.token, patience=HURRIED)
        failed = failure_of(buyer, Job(tmp_path))
        assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, PRICE_USD)
        assert "deleted" in failed.reason
        assert service.book.purchases()[0].is_spoiled
        buyer.close()


def test_a_download_that_breaks_is_begun_again(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="cut", door="fetch", calls=(1, 2))))
    made = buyer.make(clip_request(), job)
    assert frame_numbers(made) == list(range(N_FRAMES))
    assert (service.n_calls("fetch"), list(job.scratch.iterdir())) == (3, [made.path])


@pytest.mark.parametrize(
    "trick",
    [
        Trick(what="cut", door="fetch"),
        Trick(what="error-503", door="fetch"),
        Trick(what="dropped", door="look"),
        Trick(what="error-500", door="look"),
        Trick(what="throttled", door="look", wait_s=0.01),
    ],
    ids=lambda trick: f"{trick.door}-{trick.what}",
)
def test_a_storm_after_buying_leaves_the_clip_to_a_later_run(
    service: FakeService, buyer: PaidFakeVideo, job: Job, trick: Trick
) -> None:
    service.set_mischief(mischief(trick))
    failed = failure_of(buyer, job)
    assert (failed.kind, service.n_calls(trick.door)) == (FailureKind.UNKNOWN, HURRIED.n_tries)
    assert list(job.scratch.iterdir()) == []
    service.set_mischief(mischief())
    assert buyer.make(clip_request(), again(job)).n_frames == N_FRAMES
    assert len(service.book.purchases()) == 1


def test_a_short_storm_is_waited_out(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(
        mischief(Trick(what="error-502", door="look", calls=(1, 2)), Trick(what="dropped", door="fetch", calls=(1,)))
    )
    assert buyer.make(clip_request(), job).n_frames == N_FRAMES


def test_a_key_that_is_refused_after_buying_leaves_the_outcome_open(service: FakeService, job: Job) -> None:
    fill_book(service, "attempt-1", wish="{}")
    buyer = PaidFakeVideo(service.url, "another-token", patience=HURRIED)
    failed = failure_of(buyer, Job(job.scratch, ticket=service.book.purchases()[0].id))
    assert failed.kind == FailureKind.UNKNOWN
    assert isinstance(failed.__cause__, KeyRefusedError)
    buyer.close()


def test_a_ticket_that_the_service_does_not_know_counts_as_paid(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    failed = failure_of(buyer, Job(job.scratch, ticket="0123456789abcdef"))
    assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, PRICE_USD)
    assert service.n_calls("buy") == 0


def test_nothing_is_bought_when_the_run_is_to_end(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    def stop() -> None:
        raise Stopped

    job.check_stop = stop
    with pytest.raises(Stopped):
        buyer.make(clip_request(), job)
    assert service.n_calls("buy") == 0


def test_an_order_is_not_waited_for_when_the_run_ends(service: FakeService, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="delayed", wait_s=30)))
    ends_at_s, buyer = run_that_ends_with_the_order(service, job), PaidFakeVideo(service.url, service.token)
    with pytest.raises(Stopped):
        buyer.make(clip_request(), job)
    assert time.monotonic() - ends_at_s[0] < 2
    assert job.ticket is None
    assert buyer.look_up(job.attempt, clip_request()).known is None
    buyer.close()


def test_an_answer_that_comes_as_the_run_ends_is_kept(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="delayed", wait_s=0.3)))
    run_that_ends_with_the_order(service, job)
    with pytest.raises(Stopped):
        buyer.make(clip_request(), job)
    assert job.ticket == service.book.purchases()[0].id
    assert service.n_calls("look") == 0


def test_a_service_that_says_nothing_more_does_not_hold_up_the_end_of_the_run(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="delayed", door="look", wait_s=30)))
    began_s = time.monotonic()

    def stop() -> None:
        if service.n_calls("look") > 0:
            raise Stopped

    job.check_stop = stop
    with pytest.raises(Stopped):
        buyer.make(clip_request(), job)
    assert time.monotonic() - began_s < 4
    assert job.ticket is not None


def run_that_ends_with_the_order(service: FakeService, job: Job) -> list[float]:
    """Have the run end as soon as the order is at the service; gives when that was."""
    ended_s: list[float] = []

    def stop() -> None:
        if service.n_calls("buy") > 0:
            ended_s.append(time.monotonic())
            raise Stopped

    job.check_stop = stop
    return ended_s


def test_waiting_ends_with_the_run_and_the_job_is_picked_up_later(service: FakeService, job: Job) -> None:
    service.set_mischief(Mischief(work_s=0.5))
    buyer = PaidFakeVideo(service.url, service.token)

    def stop() -> None:
        if job.ticket is not None and service.n_calls("look") > 0:
            raise Stopped

    job.check_stop = stop
    with pytest.raises(Stopped):
        buyer.make(clip_request(), job)
    assert service.n_calls("cancel") == 0
    assert buyer.make(clip_request(), again(job)).n_frames == N_FRAMES
    assert len(service.book.purchases()) == 1
    buyer.close()
