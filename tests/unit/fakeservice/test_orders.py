"""Orders: accepted, turned away, or accepted without the buyer hearing of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from suno_video.backends.base import FailureKind, Job, LooksUp
from suno_video.backends.fakeservice import FakeService, PaidFakeVideo, Trick, client
from suno_video.core.errors import KeyRefusedError
from tests.unit.clips import FPS, N_FRAMES, clip_request, frame_numbers
from tests.unit.fakeservice.buying import HURRIED, PRICE_USD, failure_of, fill_book, mischief, wait_until
from tests.unit.songs import TINY


def test_a_clip_is_bought_once_and_shows_what_was_asked_for(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    made = buyer.make(clip_request(), job)
    assert frame_numbers(made) == list(range(N_FRAMES))
    assert (made.n_frames, made.fps, made.size, made.cost_usd) == (N_FRAMES, FPS, TINY, PRICE_USD)
    assert list(job.scratch.iterdir()) == [made.path]
    (bought,) = service.book.purchases()
    assert (bought.id, bought.attempt, bought.status) == (job.ticket, "attempt-1", "succeeded")
    assert (bought.price_usd, service.book.spent_usd()) == (PRICE_USD, PRICE_USD)


def test_the_ticket_is_kept_before_the_first_look(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    seen: list[tuple[str, int]] = []
    job.on_ticket = lambda ticket: seen.append((ticket, service.n_calls("look")))
    buyer.make(clip_request(), job)
    assert seen == [(service.book.purchases()[0].id, 0)]


def test_a_first_frame_is_sent_along_and_the_book_keeps_its_hash(
    service: FakeService, buyer: PaidFakeVideo, job: Job, tmp_path: Path
) -> None:
    wishes = set()
    for color in ("red", "blue"):
        still = tmp_path / f"{color}.png"
        Image.new("RGB", (64, 36), color).save(still)
        buyer.make(clip_request(first_frame=still), Job(job.scratch))
        wishes.add(json.loads(service.book.purchases()[-1].wish)["first_frame"])
    assert len(wishes) == 2
    assert all(wish.startswith("sha256:") for wish in wishes)
    assert service.book.bought_again() == []


def test_a_first_frame_that_is_gone_is_told_before_anything_is_sent(
    service: FakeService, buyer: PaidFakeVideo, job: Job, tmp_path: Path
) -> None:
    failed = failure_of(buyer, job, clip_request(first_frame=tmp_path / "gone.png"))
    assert failed.kind == FailureKind.BAD_INPUT
    assert service.n_calls("buy") == 0


@pytest.mark.parametrize(
    ("what", "wait_s", "kind"),
    [
        ("throttled", None, FailureKind.RETRYABLE),
        ("throttled", 7.5, FailureKind.RETRYABLE),
        ("error-503", None, FailureKind.RETRYABLE),
        ("error-503", 3, FailureKind.RETRYABLE),
        ("no-credit", None, FailureKind.UNAVAILABLE),
        ("unfit", None, FailureKind.BAD_INPUT),
        ("error-500", None, FailureKind.UNKNOWN),
        ("error-502", None, FailureKind.UNKNOWN),
        ("dropped", None, FailureKind.UNKNOWN),
    ],
)
def test_an_order_that_is_turned_away_is_sent_once_and_costs_nothing(
    service: FakeService, buyer: PaidFakeVideo, job: Job, what: Any, wait_s: float | None, kind: str
) -> None:
    service.set_mischief(mischief(Trick(what=what, wait_s=wait_s)))
    failed = failure_of(buyer, job)
    assert (failed.kind, failed.cost_usd, failed.retry_after_s) == (kind, 0, wait_s)
    assert job.ticket is None
    assert service.n_calls("buy") == 1
    assert service.book.purchases() == []
    assert [(away.attempt, away.why) for away in service.book.turned_away()] == [("attempt-1", what)]
    assert buyer.look_up("attempt-1", clip_request()).known is False


def test_a_key_that_is_refused_is_told_as_such(service: FakeService, job: Job) -> None:
    buyer = PaidFakeVideo(service.url, "another-token", patience=HURRIED)
    failed = failure_of(buyer, job)
    assert failed.kind == FailureKind.UNAVAILABLE
    assert isinstance(failed.__cause__, KeyRefusedError)
    assert "another-token" not in str(failed) + str(failed.__cause__)
    assert buyer.look_up("attempt-1", clip_request()).known is None
    assert service.book.purchases() == []
    buyer.close()


def test_a_service_that_is_away_sold_nothing_and_cannot_say_more(service: FakeService, job: Job) -> None:
    service.stop()
    buyer = PaidFakeVideo(service.url, service.token, patience=HURRIED)
    assert failure_of(buyer, job).kind == FailureKind.UNAVAILABLE
    assert buyer.look_up("attempt-1", clip_request()).known is None
    buyer.close()


def test_a_service_that_goes_away_breaks_open_connections(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    buyer.make(clip_request(), job)
    service.stop()
    # Were its old connection still open, the order would go out on it, and its outcome would be unknown.
    assert failure_of(buyer, Job(job.scratch)).kind == FailureKind.UNAVAILABLE


def test_an_order_that_can_never_fit_is_not_even_sent(service: FakeService, buyer: PaidFakeVideo, job: Job) -> None:
    assert failure_of(buyer, job, clip_request(fps=1000)).kind == FailureKind.BAD_INPUT
    assert service.n_calls("buy") == 0


@pytest.mark.parametrize("what", ["dropped-after", "error-502-after"])
def test_an_accepted_order_whose_answer_is_lost_is_found_and_picked_up(
    service: FakeService, buyer: PaidFakeVideo, job: Job, what: Any
) -> None:
    service.set_mischief(mischief(Trick(what=what)))
    failed = failure_of(buyer, job)
    assert (failed.kind, job.ticket, service.n_calls("buy")) == (FailureKind.UNKNOWN, None, 1)
    (bought,) = service.book.purchases()

    found = buyer.look_up("attempt-1", clip_request())
    assert (found.known, found.ticket) == (True, bought.id)
    made = buyer.make(clip_request(), Job(job.scratch, attempt="attempt-2", ticket=found.ticket))
    assert frame_numbers(made) == list(range(N_FRAMES))
    assert service.n_calls("buy") == 1
    assert service.book.spent_usd() == PRICE_USD


def test_an_order_that_timed_out_is_not_given_up_while_it_may_still_arrive(service: FakeService, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="delayed", wait_s=0.8)))
    buyer = PaidFakeVideo(service.url, service.token, patience=replace(HURRIED, answer_s=0.25))
    assert failure_of(buyer, job).kind == FailureKind.UNKNOWN
    early = buyer.look_up("attempt-1", clip_request())
    assert (early.known, service.book.purchases()) == (None, [])
    assert "may still arrive" in early.detail
    wait_until(lambda: bool(service.book.purchases()))
    assert buyer.look_up("attempt-1", clip_request()).ticket == service.book.purchases()[0].id
    buyer.close()


def test_an_order_that_timed_out_long_ago_and_is_not_known_never_arrived(service: FakeService, job: Job) -> None:
    service.set_mischief(mischief(Trick(what="delayed", wait_s=0.8)))
    buyer = PaidFakeVideo(service.url, service.token, patience=replace(HURRIED, answer_s=0.25, settle_s=0))
    assert failure_of(buyer, job).kind == FailureKind.UNKNOWN
    assert buyer.look_up("attempt-1", clip_request()).known is False
    buyer.close()


def test_an_attempt_is_found_however_many_came_after_it(
    service: FakeService, buyer: PaidFakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(buyer, LooksUp)
    monkeypatch.setattr(client, "_PAGE", 10)
    for number in range(23):
        fill_book(service, f"attempt-{number}", wish=str(number))
    first = service.book.purchases()[0]
    assert buyer.look_up("attempt-0", clip_request()).ticket == first.id
    assert service.n_calls("list") == 3
    assert buyer.look_up("attempt-23", clip_request()).known is False


def test_an_attempt_without_a_name_is_never_taken_for_another(service: FakeService, buyer: PaidFakeVideo) -> None:
    fill_book(service, "", wish="{}")
    assert buyer.look_up("", clip_request()).known is None
