"""What the paid backend says before it buys, whom it trusts, and mischief as data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.backends.base import Job
from suno_video.backends.calling import NotAClip, is_loopback
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Tariff, Trick
from suno_video.backends.fakeservice.answers import Answer, Call
from suno_video.backends.fakeservice.client import ServiceClient
from suno_video.backends.fakeservice.mischief import AFTERS, FATES, FETCH_TURNS, TURNS
from suno_video.backends.fakeservice.remote import read_job
from suno_video.backends.fakeservice.shop import Shop
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, PER_CLIP_VARIABLE, TOKEN_VARIABLE
from suno_video.backends.patience import Patience
from suno_video.core.errors import BackendUnavailableError, BadEditError, ConfigError, ExitStatus, KeyRefusedError
from tests.unit.clips import clip_request
from tests.unit.fakeservice.buying import Stopped


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (ADDRESS_VARIABLE, TOKEN_VARIABLE, PER_CLIP_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_readiness_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not PaidFakeVideo.readiness().ready
    assert ADDRESS_VARIABLE in PaidFakeVideo.readiness().detail
    monkeypatch.setenv(ADDRESS_VARIABLE, "http://127.0.0.1:9")
    assert TOKEN_VARIABLE in PaidFakeVideo.readiness().detail
    monkeypatch.setenv(TOKEN_VARIABLE, "secret-token")
    assert PaidFakeVideo.readiness().ready
    assert "secret-token" not in PaidFakeVideo.readiness().detail
    monkeypatch.setenv(ADDRESS_VARIABLE, "http://example.org")
    assert not PaidFakeVideo.readiness().ready


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "http://example.org",
        "https://127.0.0.1",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@example.org",
        "http://user@127.0.0.1",
        "http://0.0.0.0:80",
        "http://127.0.0.1:port",
        "http://127.0.0.1 /",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_only_this_machine_is_ever_called(address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(BackendUnavailableError):
        PaidFakeVideo(address, "token").open()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:80", "http://127.9.9.9", "http://localhost:1", "http://[::1]:1/"]
)
def test_this_machine_has_several_names(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_is_none_is_told_before_anything_is_sent(token: str) -> None:
    with pytest.raises(KeyRefusedError) as caught:
        PaidFakeVideo("http://127.0.0.1:9", token).open()
    assert caught.value.exit_status == ExitStatus.KEY


def test_the_key_goes_to_the_service_and_not_along_with_a_download(
    service: FakeService, buyer: PaidFakeVideo, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}
    real = Shop.answer

    def watch(shop: Shop, call: Call) -> Answer:
        seen[call.target.split("/")[1]] = call.authorization
        return real(shop, call)

    monkeypatch.setattr(Shop, "answer", watch)
    buyer.make(clip_request(), job)
    assert seen == {"v1": f"Bearer {service.token}", "files": ""}


def test_a_clip_on_another_machine_is_not_fetched(tmp_path: Path) -> None:
    client = ServiceClient("http://127.0.0.1:9", "token", Patience())
    with pytest.raises(NotAClip, match="another machine"):
        client.fetch("http://example.org/clip.mp4", tmp_path / "clip.mp4", lambda: None)
    client.close()


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": "a"}, {"id": "../../x", "status": "starting"}, {"id": 7, "status": "starting"}]
)
def test_a_job_without_a_usable_id_is_no_job(body: object) -> None:
    with pytest.raises(ValueError, match="words that we do not know"):
        read_job(body)


@pytest.mark.parametrize("said", [None, "", "free", "NaN", "-1", "Infinity", [1]])
def test_a_cost_that_is_no_amount_counts_as_not_said(said: object) -> None:
    job = read_job({"id": "a", "status": "succeeded", "metrics": {"cost_usd": said}, "news": 1})
    assert job.cost_usd is None
    assert job.is_ended
    assert not read_job({"id": "a", "status": "being-polished"}).is_ended


def test_a_price_is_by_clip_and_by_second_and_rounded_up() -> None:
    assert Tariff(Decimal("0.10"), Decimal("0.05")).price_usd(60, 30) == Decimal("0.2000")
    assert Tariff(Decimal(0), Decimal("0.01")).price_usd(1, 30) == Decimal("0.0004")


def test_a_quote_may_leave_room_for_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PER_CLIP_VARIABLE, "0.25")
    quote = PaidFakeVideo(worst_factor=Decimal("1.5")).quote(clip_request(n_frames=30))
    assert (quote.expected_usd, quote.worst_usd) == (Decimal("0.30"), Decimal("0.45"))
    monkeypatch.setenv(PER_CLIP_VARIABLE, "a lot")
    with pytest.raises(ConfigError, match=PER_CLIP_VARIABLE):
        PaidFakeVideo()


def test_legal_lengths_are_part_of_its_capabilities() -> None:
    assert PaidFakeVideo().capabilities.n_frames is None
    assert PaidFakeVideo(n_frames=(49, 81)).capabilities.n_frames == (49, 81)


def test_a_trick_at_a_door_where_it_cannot_happen_is_refused() -> None:
    with pytest.raises(BadEditError, match="happens at the door 'fetch'"):
        Mischief.from_json('{"tricks": [{"what": "expired"}]}')
    with pytest.raises(BadEditError, match="happens at the door 'buy'"):
        Mischief.from_json('{"tricks": [{"what": "short", "door": "fetch"}]}')


@given(seed=st.integers(0, 99), rate=st.floats(0, 1))
def test_the_same_seed_gives_the_same_mischief_and_calls_come_first(seed: int, rate: float) -> None:
    trick = Trick(what="fails", calls=(3,), rate=rate)
    plan = Mischief(seed=seed, tricks=(trick,))
    read_again = Mischief.from_json(plan.to_json())
    struck = [bool(plan.at("buy", call)) for call in range(1, 50)]
    assert struck == [bool(read_again.at("buy", call)) for call in range(1, 50)]
    assert struck[2]
    assert plan.at("look", 3) == []


def test_a_rate_is_about_how_often_it_happens() -> None:
    plan = Mischief(tricks=(Trick(what="fails", rate=0.25), Trick(what="dropped")))
    struck = [{trick.what for trick in plan.at("buy", call)} for call in range(1, 2001)]
    assert 400 < sum("fails" in names for names in struck) < 600
    assert all("dropped" in names for names in struck)


def test_every_trick_is_on_the_page_of_the_backend() -> None:
    page = (Path(__file__).resolve().parents[3] / "backends" / "fake-paid.md").read_text(encoding="utf-8")
    names = TURNS | AFTERS | FATES | FETCH_TURNS
    assert len(names) > 20
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_a_long_pause_ends_soon_after_the_run() -> None:
    slept_s: list[float] = []

    def stop() -> None:
        if sum(slept_s) > 1:
            raise Stopped

    with pytest.raises(Stopped):
        Patience(sleep=slept_s.append).pause(3600, stop)
    assert 1 < sum(slept_s) < 1.2


def test_a_run_that_has_ended_waits_no_more() -> None:
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        Patience(sleep=lambda _: pytest.fail("it slept")).pause(1, stop)


def test_pauses_between_tries_grow_and_are_as_long_as_the_service_asks() -> None:
    slept_s: list[float] = []
    patience = Patience(first_pause_s=1, most_pause_s=5, most_asked_s=60, sleep=slept_s.append)
    pauses = []
    for n_tried, asked_s in [(1, None), (2, None), (9, None), (1, 30), (1, 86400)]:
        patience.pause_before_try(n_tried, asked_s, lambda: None)
        pauses.append(sum(slept_s))
        slept_s.clear()
    assert pauses == pytest.approx([1, 2, 5, 30, 60], rel=0.26)
