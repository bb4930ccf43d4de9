"""Buyers that are killed, and the service as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from suno_video.backends.base import Job
from suno_video.backends.fakeservice import Book, FakeService, Mischief, PaidFakeVideo, Trick
from suno_video.backends.fakeservice.wire import USUAL_TOKEN
from tests.unit.clips import N_FRAMES, clip_request, frame_numbers
from tests.unit.fakeservice.buying import HURRIED, PRICE_USD, mischief, wait_until

ROOT = Path(__file__).resolve().parents[3]

BUYER = """
import sys, time
from pathlib import Path
from suno_video.backends.base import Job
from suno_video.backends.fakeservice import PaidFakeVideo
from tests.unit.clips import clip_request

def die(ticket):
    print("accepted", flush=True)
    time.sleep(60)

PaidFakeVideo().make(clip_request(), Job(Path(sys.argv[1]), attempt="killed-1", on_ticket=die))
"""


@contextmanager
def buying_process(service: FakeService, scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """A buyer in a process of its own, killed at the end at the latest."""
    environment = {**os.environ, **service.environment(), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", BUYER, str(scratch)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """End it without a chance to say goodbye; harmless when it has ended."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def pick_up(buyer: PaidFakeVideo, scratch: Path) -> list[int]:
    """What the next run does after the death of the first: ask, then fetch what was bought."""
    found = buyer.look_up("killed-1", clip_request())
    assert found.known is True
    made = buyer.make(clip_request(), Job(scratch, attempt="next-1", ticket=found.ticket))
    return frame_numbers(made)


@pytest.mark.slow
def test_a_buyer_killed_before_it_kept_the_ticket_has_bought_once(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    with buying_process(service, job.scratch) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "accepted\n"
        kill(process)
    (bought,) = service.book.purchases()
    assert (bought.attempt, list(job.scratch.iterdir())) == ("killed-1", [])
    assert pick_up(buyer, job.scratch) == list(range(N_FRAMES))
    assert (service.n_calls("buy"), service.book.spent_usd()) == (1, PRICE_USD)


@pytest.mark.slow
def test_a_buyer_killed_while_it_waits_for_the_answer_has_bought_all_the_same(
    service: FakeService, buyer: PaidFakeVideo, job: Job
) -> None:
    service.set_mischief(mischief(Trick(what="delayed", wait_s=0.8, calls=(1,))))
    with buying_process(service, job.scratch) as process:
        wait_until(lambda: service.n_calls("buy") == 1)
        kill(process)
        assert service.book.purchases() == []
    wait_until(lambda: bool(service.book.purchases()))
    assert pick_up(buyer, job.scratch) == list(range(N_FRAMES))
    assert (service.n_calls("buy"), service.book.spent_usd()) == (1, PRICE_USD)


@contextmanager
def service_process(*options: str) -> Iterator[str]:
    """The service in a process of its own; gives the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "suno_video.backends.fakeservice", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().rstrip("\n")
        process.terminate()
        rest, _ = process.communicate(timeout=20)
        assert rest == ""
    finally:
        kill(process)


@pytest.mark.slow
def test_the_service_runs_on_its_own_and_keeps_its_book_for_others(tmp_path: Path) -> None:
    path, plan = tmp_path / "book.sqlite", tmp_path / "mischief.json"
    plan.write_text(mischief(Trick(what="dropped-after", calls=(1,))).to_json(), encoding="utf-8")
    with service_process("--book", str(path), "--mischief", str(plan), "--price-per-clip", "1") as address:
        buyer = PaidFakeVideo(address, USUAL_TOKEN, patience=HURRIED)
        with pytest.raises(Exception, match="no answer to the order"):
            buyer.make(clip_request(), Job(tmp_path, attempt="killed-1"))
        assert pick_up(buyer, tmp_path) == list(range(N_FRAMES))
        buyer.close()
        book = Book(path)
        assert [bought.price_usd for bought in book.purchases()] == [1 + PRICE_USD]
        book.close()


def test_mischief_can_be_set_from_another_process(service: FakeService) -> None:
    key = {"Authorization": f"Bearer {service.token}"}
    plan = Mischief(tricks=(Trick(what="throttled", door="list", wait_s=4),)).to_json()
    assert httpx.post(f"{service.url}/_mischief", content=plan).status_code == 401
    assert httpx.post(f"{service.url}/_mischief", content=plan, headers=key).status_code == 200
    answer = httpx.get(f"{service.url}/v1/jobs", headers=key)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "4")
    wrong = httpx.post(f"{service.url}/_mischief", content='{"tricks": [{"what": "rain"}]}', headers=key)
    assert wrong.status_code == 422
    assert "tricks.0.what" in wrong.json()["detail"]
