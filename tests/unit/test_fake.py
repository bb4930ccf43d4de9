"""The fakes do what a test tells them to."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.backends.base import Economy, FailureKind, FileFootage, Job, MakeFailed, StillRequest
from suno_video.backends.fake import FakeImage, FakeVideo, busy
from suno_video.core.frames import FrameSize
from tests.unit.clips import clip_request, frame_numbers
from tests.unit.songs import TINY

FULL = FrameSize(width_px=128, height_px=72)


def kind_of(fake: FakeVideo, tmp_path: Path, size: FrameSize = TINY, *economies: Economy) -> str:
    """How one attempt ends: a kind of failure, or `made`."""
    try:
        fake.make(clip_request(size=size), Job(tmp_path, economies=frozenset(economies)))
    except MakeFailed as exc:
        return exc.kind
    return "made"


def test_a_file_shows_every_test_card_in_order(tmp_path: Path) -> None:
    fake = FakeVideo(footage="file", price_usd="0.20", cost_usd="0.25")
    made = fake.make(clip_request(n_frames=12), Job(tmp_path))
    assert isinstance(made, FileFootage)
    assert made.path.parent == tmp_path
    assert (made.n_frames, made.fps, made.size) == (12, 30, TINY)
    assert frame_numbers(made) == list(range(12))
    assert made.cost_usd == Decimal("0.25")
    assert fake.quote(clip_request()).worst_usd == Decimal("0.20")


def test_two_files_of_one_scene_do_not_overwrite_each_other(tmp_path: Path) -> None:
    fake = FakeVideo(footage="file")
    for _ in range(2):
        fake.make(clip_request(), Job(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2


def test_it_says_what_it_gives_and_whether_it_costs_money() -> None:
    assert (FakeVideo().capabilities.footage, FakeVideo().capabilities.spends_money) == ("stream", False)
    paid = FakeVideo(footage="file", price_usd="0.10").capabilities
    assert (paid.footage, paid.spends_money) == ("file", True)


def test_it_runs_out_of_memory_until_all_that_it_needs_is_done(tmp_path: Path) -> None:
    fake = FakeVideo(needs={"tiling", "offload"})
    assert fake.capabilities.economies == {"tiling", "offload"}
    assert kind_of(fake, tmp_path, TINY) == FailureKind.OUT_OF_MEMORY
    assert kind_of(fake, tmp_path, TINY, "tiling") == FailureKind.OUT_OF_MEMORY
    assert kind_of(fake, tmp_path, TINY, "tiling", "offload") == "made"


def test_it_runs_out_of_memory_until_the_picture_is_small_enough(tmp_path: Path) -> None:
    fake = FakeVideo(needs_smaller_than_px=128, economies={"tiling"})
    assert fake.capabilities.economies == {"tiling"}
    assert kind_of(fake, tmp_path, FULL, "tiling") == FailureKind.OUT_OF_MEMORY
    assert kind_of(fake, tmp_path, TINY, "tiling") == "made"


def test_a_script_comes_before_the_want_of_memory(tmp_path: Path) -> None:
    fake = FakeVideo(script=[busy(retry_after_s=7)], needs={"offload"})
    with pytest.raises(MakeFailed) as caught:
        fake.make(clip_request(), Job(tmp_path, economies=frozenset({"offload"})))
    assert (caught.value.kind, caught.value.retry_after_s) == (FailureKind.RETRYABLE, 7)
    assert kind_of(fake, tmp_path, TINY, "offload") == "made"


def test_stills_run_out_of_memory_as_clips_do(tmp_path: Path) -> None:
    fake, request = FakeImage(needs={"tiling"}), StillRequest("s001", "a lighthouse", "text", 7, TINY)
    with pytest.raises(MakeFailed, match="out of memory"):
        fake.make(request, Job(tmp_path))
    assert fake.make(request, Job(tmp_path, economies=frozenset({"tiling"}))).is_file()


def test_it_can_be_stopped_while_it_takes_its_time(tmp_path: Path) -> None:
    began_s = time.monotonic()

    def stop() -> None:
        if time.monotonic() - began_s > 0.1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        FakeVideo(takes_s=60).make(clip_request(), Job(tmp_path, check_stop=stop))
    assert time.monotonic() - began_s < 10
