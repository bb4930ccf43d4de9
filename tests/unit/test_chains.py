"""What can be made now, and what waits for the clip before it."""

from __future__ import annotations

from dataclasses import replace

from suno_video.backends.fake import FakeVideo
from suno_video.pipeline.chains import split_waiting
from suno_video.pipeline.footing import Footing
from suno_video.render.orders import Wish
from tests.unit.makers import wishes_for


def chain_of(n: int) -> list[Wish]:
    first, *others = wishes_for(FakeVideo(footage="file"), n)
    return [first, *(replace(wish, follows=f"s{number:03}") for number, wish in enumerate(others, start=1))]


def test_what_goes_on_from_a_clip_that_is_made_now_waits_for_it() -> None:
    wishes = chain_of(3)
    now, waiting = split_waiting(wishes, Footing())
    assert ([wish.scene for wish in now], {before: wish.scene for before, wish in waiting.items()}) == (
        ["s001"],
        {"s001": "s002", "s002": "s003"},
    )


def test_a_clip_that_is_on_order_is_picked_up_and_does_not_wait_to_be_ordered_anew() -> None:
    now, waiting = split_waiting(chain_of(3), Footing(), ordered={"s002"})
    assert [wish.scene for wish in now] == ["s001", "s002"]
    assert list(waiting) == ["s002"]
