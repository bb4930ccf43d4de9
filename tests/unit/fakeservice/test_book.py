"""The book tells what should not have been bought; and nothing of the kind is, whatever happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from suno_video.backends.base import FailureKind, Job
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Trick
from tests.unit.clips import N_FRAMES, clip_request
from tests.unit.fakeservice.buying import HURRIED, PRICE_USD, failure_of, mischief, persist


def test_the_book_tells_what_should_not_have_been_bought_again(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    for seed in (1, 2, 1):
        buyer.make(clip_request(seed), Job(job.scratch))
    first, _, third = service.book.purchases()
    assert [twice.id for twice in service.book.bought_twice()] == [third.id]
    assert third.twice_of == first.id


def test_buying_again_before_hearing_of_the_failure_is_buying_twice(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="fails", calls=(1, 2)), Trick(what="dropped-after", calls=(1,))))
    failure_of(buyer, job)
    failure_of(buyer, Job(job.scratch))
    assert [twice.number for twice in service.book.bought_twice()] == [2]
    # The second failure was heard of, the first never was.
    buyer.make(clip_request(), Job(job.scratch))
    assert [twice.number for twice in service.book.bought_twice()] == [2, 3]


def test_to_buy_anew_what_the_service_has_deleted_is_no_mistake(tmp_path: Path) -> None:
    now_s = [1000.0]
    plan = Mischief(work_s=0, expire_s=3600)
    with FakeService(tmp_path / "book.sqlite", mischief=plan, now=lambda: now_s[0]) as service:
        buyer, first = PaidFakeVideo(service.url, service.token, patience=HURRIED), Job(tmp_path)
        buyer.make(clip_request(), first)
        now_s[0] += 3601
        failed = failure_of(buyer, Job(tmp_path, ticket=first.ticket))
        assert (failed.kind, failed.cost_usd, service.n_calls("fetch")) == (FailureKind.RETRYABLE, PRICE_USD, 1)
        buyer.make(clip_request(), Job(tmp_path))
        assert (len(service.book.bought_again()), service.book.bought_twice()) == (1, [])
    buyer.close()


def test_a_service_that_comes_back_goes_on_with_its_book(tmp_path: Path) -> None:
    plan, book = mischief(Trick(what="dropped-after")), tmp_path / "book.sqlite"
    with FakeService(book, mischief=plan) as service:
        buyer = PaidFakeVideo(service.url, service.token, patience=HURRIED)
        failure_of(buyer, Job(tmp_path, attempt="before"))
    assert buyer.look_up("before", clip_request()).known is None
    with FakeService(book, port=service.port) as service:
        found = buyer.look_up("before", clip_request())
        assert buyer.make(clip_request(), Job(tmp_path, ticket=found.ticket)).n_frames == N_FRAMES
        assert [bought.attempt for bought in service.book.purchases()] == ["before"]
    buyer.close()


def test_in_a_storm_every_clip_comes_and_none_is_bought_twice(service: FakeService, tmp_path: Path) -> None:
    storm = [
        Trick(what=what, door=door, rate=0.1)
        for door in ("buy", "look", "list", "fetch")
        for what in ("throttled", "error-500", "error-503", "dropped")
    ]
    fates = [Trick(what=what, rate=0.1) for what in ("dropped-after", "error-502-after", "fails", "short", "html")]
    service.set_mischief(mischief(*storm, *fates, Trick(what="cut", door="fetch", rate=0.1), seed=5))
    buyer = PaidFakeVideo(service.url, service.token, patience=HURRIED)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda seed: persist(buyer, clip_request(seed), tmp_path), range(1, 13)))
    assert [footage.n_frames for footage in made] == [N_FRAMES] * 12
    assert service.book.bought_twice() == []
    # The storm was one: without it there would be 12 orders, all accepted and all good.
    assert len(service.book.turned_away()) > 3
    assert len(service.book.purchases()) > 12
    buyer.close()
