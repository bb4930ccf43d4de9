"""What is bought at Replicate is bought once, found again, and paid as it should be; whatever the service does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from suno_video.backends.base import BackendSetup, ClipRequest, FailureKind, FileFootage, Job, MakeFailed, StillRequest
from suno_video.backends.calling import NotAClip
from suno_video.backends.catalog import ModelCard, ModelCatalog, read_cards
from suno_video.backends.fakeservice import FakeService, Mischief, Trick
from suno_video.backends.registry import make_backend
from suno_video.backends.replicate import ReplicateBackend, quote_tool, run_tool
from suno_video.backends.replicate.client import ReplicateClient
from suno_video.backends.replicate.schema import input_faults
from suno_video.core.errors import BackendUnavailableError, ConfigError, KeyRefusedError
from suno_video.core.frames import FrameSize
from suno_video.media.mp4 import read_mp4
from tests.replicate.conftest import HAILUO, QUICK, clip_request, new_job
from tests.replicate.server import SCHEMAS, TOKEN, setup_for

Buyer = Callable[..., ReplicateBackend]
WIDE = FrameSize(width_px=1344, height_px=768)


def go_wrong(service: FakeService, *tricks: Trick, **more: float) -> None:
    service.set_mischief(Mischief(tricks=tricks, **more))


def failure(backend: ReplicateBackend, request: ClipRequest | StillRequest, job: Job) -> MakeFailed:
    with pytest.raises(MakeFailed) as failed:
        backend.make(request, job)
    return failed.value


def orders(service: FakeService) -> list[dict]:
    calls = service.shop.calls
    return [json.loads(call.body) for call in calls if call.method == "POST" and call.target.endswith("predictions")]


def test_a_clip_is_ordered_in_the_models_own_words_and_paid_by_the_second(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    backend = buyer()
    made = backend.make(request_, job)
    assert isinstance(made, FileFootage)
    assert (made.n_frames, made.fps, made.size) == (81, 16, request_.size)
    [order] = orders(service)
    picture = order["input"].pop("image")
    assert picture.startswith(f"{service.url}/v1/files/")
    assert order == {
        "input": {
            "prompt": "a lighthouse",
            "num_frames": 81,
            "frames_per_second": 16,
            "resolution": "480p",
            "seed": 7,
        }
    }
    assert made.cost_usd == backend.quote(request_).expected_usd == Decimal("0.012") * Decimal(str(81 / 16))


def test_a_still_becomes_a_png_whatever_the_model_writes(service: FakeService, buyer: Buyer, job: Job) -> None:
    backend = buyer("black-forest-labs/flux-schnell", "still")
    path = backend.make(StillRequest("s001", "a lighthouse", "", 7, WIDE), job)
    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
    assert (job.cost_usd, list(job.scratch.iterdir())) == (Decimal("0.003"), [path])


# What the published client 1.0.7 does wrong, done right.


def test_a_long_job_gives_its_clip_and_not_nothing(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(service, work_s=0.6)
    assert isinstance(buyer().make(request_, job), FileFootage)
    assert not any("prefer" in call.headers for call in service.shop.calls)


def test_the_service_is_told_to_end_a_run_that_takes_too_long(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    buyer().make(request_, job)
    assert [call.headers["cancel-after"] for call in service.shop.calls if "cancel-after" in call.headers] == ["1800s"]


def test_an_aborted_prediction_is_a_failure_that_cost_nothing(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(service, Trick(what="aborted"))
    failed = failure(buyer(), request_, job)
    assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, 0)
    assert "aborted" in failed.reason


def test_a_throttled_order_is_to_be_made_again_when_the_words_say_so(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(service, Trick(what="throttled"))
    failed = failure(buyer(), request_, job)
    assert (failed.kind, failed.retry_after_s) == (FailureKind.RETRYABLE, 30)
    assert service.n_calls("buy") == 1


def test_a_prediction_that_never_ends_is_cancelled(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(service, Trick(what="never-ends"))
    failed = failure(buyer(patience=replace(QUICK, give_up_s=0.2)), request_, job)
    assert (failed.kind, failed.cost_usd) == (FailureKind.RETRYABLE, 0)
    assert service.book.purchases()[0].status == "canceled"


@pytest.mark.parametrize(
    ("trick", "kind", "words"),
    [
        ("no-credit", FailureKind.UNAVAILABLE, "billing"),
        ("unfit", FailureKind.BAD_INPUT, "must be one of 6, 10"),
        ("error-503", FailureKind.UNKNOWN, "503"),
        ("refused", FailureKind.REFUSED, "E005"),
        ("fails", FailureKind.RETRYABLE, "CUDA"),
        ("truncated", FailureKind.RETRYABLE, "cannot be used"),
        ("short", FailureKind.RETRYABLE, "frames"),
        ("html", FailureKind.RETRYABLE, "text/html"),
    ],
)
def test_what_goes_wrong_is_told_in_our_words(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest, trick: str, kind: str, words: str
) -> None:
    go_wrong(service, Trick(what=trick))
    failed = failure(buyer(), request_, job)
    assert failed.kind == kind
    assert words in failed.reason
    assert service.n_calls("buy") == 1
    assert (failed.cost_usd > 0) == (trick in ("truncated", "short", "html"))


def test_storms_while_it_waits_and_fetches_cost_only_time(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(
        service,
        Trick(what="error-502", door="look", calls=(1, 2)),
        Trick(what="dropped", door="look", calls=(4,)),
        Trick(what="cut", door="fetch", calls=(1,)),
        work_s=0.1,
    )
    assert isinstance(buyer().make(request_, job), FileFootage)
    assert service.n_calls("buy") == 1


def test_an_output_that_was_deleted_is_paid_and_gone(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    go_wrong(service, Trick(what="expired", door="fetch"))
    failed = failure(buyer(), request_, job)
    assert failed.kind == FailureKind.RETRYABLE
    assert failed.cost_usd > 0
    assert "deleted" in failed.reason


# An answer that never came.


def lost_order(service: FakeService, backend: ReplicateBackend, request: ClipRequest, tmp_path: Path) -> Job:
    go_wrong(service, Trick(what="dropped-after", calls=(1,)))
    job = new_job(tmp_path)
    assert failure(backend, request, job).kind == FailureKind.UNKNOWN
    assert job.ticket is None
    return job


def test_a_lost_order_is_found_by_the_id_beside_its_picture(
    service: FakeService, buyer: Buyer, request_: ClipRequest, tmp_path: Path
) -> None:
    job = lost_order(service, buyer(), request_, tmp_path)
    service.shop.page = 1
    later = buyer()
    for _ in range(2):  # others that ask for the very same are no reason for doubt
        later.make(request_, new_job(tmp_path))
    found = buyer().look_up(job.attempt, request_)
    assert (found.known, found.ticket) == (True, service.book.purchases()[0].id)
    job.ticket = found.ticket
    assert isinstance(later.make(request_, job), FileFootage)
    assert len(service.book.purchases()) == 3
    assert later.look_up("f" * 32, request_).known is False


def test_a_lost_order_without_pictures_is_found_by_its_words_only_when_one_alone_can_be_it(
    service: FakeService, buyer: Buyer, tmp_path: Path
) -> None:
    request = clip_request(None, fps=24, n_frames=144)
    job = lost_order(service, buyer(HAILUO), request, tmp_path)
    assert buyer(HAILUO).look_up(job.attempt, request).known is True
    assert buyer(HAILUO).look_up(job.attempt, replace(request, prompt="a mountain")).known is False
    assert buyer(HAILUO).look_up(job.attempt, None).known is None
    lost_order(service, buyer(HAILUO), request, tmp_path)
    assert buyer(HAILUO).look_up(job.attempt, request).known is None


def test_what_was_there_before_the_attempt_is_not_it(service: FakeService, buyer: Buyer, tmp_path: Path) -> None:
    request = clip_request(None, fps=24, n_frames=144)
    job = lost_order(service, buyer(HAILUO), request, tmp_path)
    now = datetime.now(UTC)
    assert buyer(HAILUO).look_up_since(job.attempt, request, now).known is True
    assert buyer(HAILUO).look_up_since(job.attempt, request, now + timedelta(hours=1)).known is False


def test_a_prediction_whose_data_is_deleted_leaves_the_question_open(
    service: FakeService, buyer: Buyer, request_: ClipRequest, tmp_path: Path
) -> None:
    job = lost_order(service, buyer(), request_, tmp_path)
    go_wrong(service, expire_s=0)
    time.sleep(0.1)
    assert buyer().look_up(job.attempt, request_).known is None


def test_an_account_that_cannot_be_asked_leaves_the_question_open(
    service: FakeService, buyer: Buyer, request_: ClipRequest, tmp_path: Path
) -> None:
    backend = buyer()
    job = lost_order(service, backend, request_, tmp_path)
    go_wrong(service, Trick(what="error-503", door="list"))
    assert backend.look_up(job.attempt, request_).known is None


# Checked before anything is bought.


def test_an_input_that_the_model_does_not_take_is_never_sent(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    failed = failure(buyer(), replace(request_, n_frames=41), job)
    assert failed.kind == FailureKind.BAD_INPUT
    assert "num_frames is 41, and must be at least 81 and at most 121" in failed.reason
    assert orders(service) == []


def test_a_model_that_needs_a_picture_says_so(service: FakeService, buyer: Buyer, job: Job) -> None:
    failed = failure(buyer(), clip_request(None), job)
    assert failed.kind == FailureKind.BAD_INPUT
    assert "first frame" in failed.reason
    assert service.shop.files == {}


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({"prompt": "x", "durations": 6}, "durations is not among its inputs (duration?)"),
        ({}, "prompt is missing"),
        ({"prompt": "x", "duration": 7}, "duration is 7, and must be one of 6, 10"),
        ({"prompt": 3}, "prompt is 3, and must be of type string"),
        ({"prompt": "x", "prompt_optimizer": 1}, "prompt_optimizer is 1, and must be of type boolean"),
    ],
)
def test_each_fault_of_an_input_is_named_with_what_is_legal(wish: dict, fault: str) -> None:
    known = SCHEMAS[HAILUO]
    published = {"Input": {"required": known["required"], "properties": known["properties"]}, **known["also"]}
    assert input_faults(wish, published) == [fault]


def test_without_a_schema_only_a_card_that_was_looked_up_is_bought(
    service: FakeService, buyer: Buyer, request_: ClipRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.shop.schemas_away = True
    assert isinstance(buyer().make(request_, new_job(tmp_path)), FileFootage)
    assert "cannot be read" in caplog.text
    still = buyer("black-forest-labs/flux-schnell", "still")
    failed = failure(still, StillRequest("s001", "x", "", 7, WIDE), new_job(tmp_path))
    assert failed.kind == FailureKind.UNAVAILABLE
    assert len(orders(service)) == 1


def test_a_model_without_a_price_is_not_bought(service: FakeService, request_: ClipRequest) -> None:
    card = ModelCatalog.of(BackendSetup()).find("replicate", HAILUO, "clip").model_copy(update={"id": "who/knows"})
    with pytest.raises(ConfigError, match="No price is known"):
        ReplicateBackend(card, setup_for(service)).quote(request_)


# Keys and addresses.


def test_a_wrong_token_ends_with_the_right_error(service: FakeService) -> None:
    setup = BackendSetup(services={"replicate_url": service.url, "replicate_token": "r8_wrong"})
    backend = make_backend("replicate:minimax/video-01", "clip", setup)
    with pytest.raises(KeyRefusedError) as failed:
        backend.open()
    backend.close()
    assert int(failed.value.exit_status) == 77


def test_the_token_goes_to_the_service_and_nowhere_else(
    service: FakeService, buyer: Buyer, job: Job, request_: ClipRequest
) -> None:
    buyer().make(request_, job)
    fetched = [call for call in service.shop.calls if call.target.startswith("/delivery")]
    assert [call.authorization for call in fetched] == [""]
    assert TOKEN not in repr(setup_for(service))


@pytest.mark.parametrize("url", ["http://example.org/out.mp4", "file:///etc/passwd", "https://user@example.org/x"])
def test_an_output_at_an_unsafe_address_is_not_fetched(service: FakeService, tmp_path: Path, url: str) -> None:
    client = ReplicateClient(service.url, TOKEN, QUICK)
    with pytest.raises(NotAClip):
        client.fetch(url, tmp_path / "x.mp4", ("video/",), lambda: None)
    client.close()


def test_plain_http_is_for_this_machine_alone() -> None:
    with pytest.raises(BackendUnavailableError, match="https"):
        ReplicateClient("http://example.org", TOKEN, QUICK)


@pytest.mark.parametrize(
    ("services", "ready", "words"),
    [
        ({}, False, "REPLICATE_API_TOKEN"),
        ({"replicate_token": "r8_x"}, True, "api.replicate.com"),
        ({"replicate_token": "r8_x", "replicate_url": "http://example.org"}, False, "https"),
    ],
)
def test_readiness_says_what_is_missing(services: dict[str, str], ready: bool, words: str) -> None:
    found = ReplicateBackend.readiness_of(None, BackendSetup(services=services))
    assert found.ready is ready
    assert words in found.detail


# Tools.


def test_a_tool_is_bought_by_its_newest_version_and_paid_by_the_machines_time(
    service: FakeService, request_: ClipRequest, job: Job
) -> None:
    cards = ModelCatalog.of(BackendSetup()).of_backend("replicate", "tool")
    card = next(card for card in cards if card.id == "nightmareai/real-esrgan")
    assert request_.first_frame is not None
    result = run_tool(card, {"image": request_.first_frame}, job, setup_for(service), patience=QUICK)
    assert result.cost_usd == Decimal("0.00045")  # 2 s at $0.000225
    assert result.path.suffix == ".webp"
    [order] = orders(service)
    assert (order["version"], order["input"]["scale"]) == ("v1", 2)


def tool(name: str) -> ModelCard:
    return next(card for card in ModelCatalog.of(BackendSetup()).of_backend("replicate", "tool") if card.id == name)


def clip_and_sound(tmp_path: Path) -> dict[str, Path]:
    inputs = {"video": tmp_path / "clip.mp4", "audio": tmp_path / "voice.wav"}
    inputs["video"].write_bytes(b"\0\0\0\x18ftypmp42 a clip")
    inputs["audio"].write_bytes(b"RIFF a voice")
    return inputs


def test_lip_sync_uploads_clip_and_sound_and_is_paid_by_the_second_of_sound(
    service: FakeService, job: Job, tmp_path: Path
) -> None:
    card, inputs = tool("bytedance/latentsync"), clip_and_sound(tmp_path)
    quote = quote_tool(card, inputs, setup_for(service), seconds=4.0)
    result = run_tool(card, inputs, job, setup_for(service), seconds=4.0, patience=QUICK)
    assert (quote.expected_usd, quote.worst_usd, result.cost_usd) == tuple(map(Decimal, ("0.12", "0.18", "0.12")))
    [order] = orders(service)
    assert order["input"].keys() == {"video", "audio"}
    assert all(address.startswith(f"{service.url}/v1/files/") for address in order["input"].values())
    assert read_mp4(result.path).track("vide") is not None
    assert result.path.is_relative_to(job.scratch)


def test_a_tool_whose_run_was_cut_off_is_picked_up_and_not_bought_again(service: FakeService, tmp_path: Path) -> None:
    card, inputs = tool("bytedance/latentsync"), clip_and_sound(tmp_path)

    class CutOffError(Exception):
        pass

    def cut_off(ticket: str) -> None:
        raise CutOffError(ticket)

    with pytest.raises(CutOffError) as died:
        run_tool(card, inputs, new_job(tmp_path, on_ticket=cut_off), setup_for(service), seconds=4.0, patience=QUICK)
    again = new_job(tmp_path, ticket=str(died.value))
    result = run_tool(card, inputs, again, setup_for(service), seconds=4.0, patience=QUICK)
    assert (result.path.suffix, result.cost_usd) == (".mp4", Decimal("0.12"))
    assert (len(orders(service)), len(service.book.purchases())) == (1, 1)


@pytest.mark.parametrize(
    ("inputs", "seconds", "error", "words"),
    [
        (("video", "audio"), None, ConfigError, "bytedance/latentsync"),
        (("video",), 4.0, MakeFailed, "audio"),
    ],
    ids=["a price that hangs on a length nobody gave", "a sound that is missing"],
)
def test_a_tool_that_cannot_be_priced_or_lacks_an_input_buys_nothing(
    service: FakeService, job: Job, tmp_path: Path, inputs: tuple[str, ...], seconds: float | None,
    error: type[Exception], words: str,
) -> None:  # fmt: skip
    there = clip_and_sound(tmp_path)
    given = {name: there[name] for name in inputs}
    with pytest.raises(error, match=words):
        run_tool(tool("bytedance/latentsync"), given, job, setup_for(service), seconds=seconds, patience=QUICK)
    assert service.book.purchases() == []


def test_a_tool_that_was_refused_says_so_and_a_wrong_key_too(
    service: FakeService, job: Job, request_: ClipRequest, tmp_path: Path
) -> None:
    assert request_.first_frame is not None
    go_wrong(service, Trick(what="refused"))
    inputs = {"image": request_.first_frame}
    with pytest.raises(MakeFailed) as failed:
        run_tool(tool("nightmareai/real-esrgan"), inputs, job, setup_for(service), patience=QUICK)
    assert failed.value.kind == FailureKind.REFUSED
    wrong = BackendSetup(services={"replicate_url": service.url, "replicate_token": "r8_wrong"})
    with pytest.raises(KeyRefusedError):
        run_tool(tool("nightmareai/real-esrgan"), inputs, new_job(tmp_path), wrong, patience=QUICK)


def test_a_card_of_a_users_own_is_checked_like_ours() -> None:
    [card] = read_cards(
        '[[model]]\nbackend = "replicate"\nid = "me/mine"\nmakes = "clip"\nseconds = [5]\n'
        'inputs = { prompt = "text" }\nlicence = "mine"\ncommercial_use = true\nchecked_on = 2026-11-01\n',
        "mine.toml",
    )
    assert ReplicateBackend(card).name == "replicate:me/mine"
