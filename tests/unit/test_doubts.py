"""A check that refuses scene after scene is not re-rolled for ever: either it is wrong, or the backend is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job
from suno_video.backends.fake import FakeVideo
from suno_video.backends.testcards import write_clip
from suno_video.core.events import Warned
from suno_video.core.frames import planes
from suno_video.render.attempts import Missed
from suno_video.render.doubts import CERTAIN, IN_A_ROW, Doubts
from suno_video.render.footage import Fulfilled
from suno_video.render.quality import ALL_CHECKS, Flaw
from tests.unit.makers import Set, wishes_for

Paint = Callable[[np.ndarray, int], None]


def drifts(frame: np.ndarray, number: int) -> None:
    planes(frame)[1][:] = 70 + 5 * number


def is_grey(frame: np.ndarray, number: int) -> None:
    frame[:] = 110


class Painted(FakeVideo):
    """Sells clips of which all from number `first_bad` on (and before `first_good`) look as `paint` says."""

    def __init__(self, paint: Paint, first_bad: int, first_good: int = 999) -> None:
        super().__init__(footage="file", price_usd="0.10")
        self.capabilities = replace(self.capabilities, concurrency=1)
        self._paint, self._bad = paint, range(first_bad, first_good)

    def make(self, request: ClipRequest, job: Job) -> Any:
        made = super().make(request, job)
        assert isinstance(made, FileFootage)
        frames = []
        for number in range(request.n_frames):
            frame = np.empty(request.size.i420_shape, np.uint8)
            light, blue, red = planes(frame)
            light[:] = np.linspace(40 + number, 200, light.size).reshape(light.shape)
            blue[:], red[:] = 120, 130
            if len(self.requests) in self._bad:
                self._paint(frame, number)
            frames.append(frame)
        write_clip(made.path, iter(frames), request.size, request.fps)
        return made


def scenes(outcomes: list[Any], kind: type) -> list[str]:
    return [outcome.wish.scene for outcome in outcomes if isinstance(outcome, kind)]


def test_a_check_of_degree_that_refuses_three_scenes_in_succession_only_warns_from_there_on(tmp_path: Path) -> None:
    place, fake = Set(tmp_path), Painted(drifts, first_bad=2)
    outcomes = place.run(fake, wishes=wishes_for(fake, 7))
    assert scenes(outcomes, Missed) == ["s002", "s003"]
    assert scenes(outcomes, Fulfilled) == ["s001", "s004", "s005", "s006", "s007"]
    # One that passed, two that were made three times, and one for each of the others.
    assert (len(fake.requests), place.spent()) == (1 + 3 + 3 + 4, Decimal("1.10"))
    kept = [outcome.take.receipt.changes for outcome in outcomes if isinstance(outcome, Fulfilled)]
    assert kept == [(), *[("kept although: drift",)] * 4]
    first, *others = [event.text for event in place.told(Warned)]
    assert "s002, s003, s004 by fake came out badly in succession (drift)" in first
    assert 'checks.skip = ["drift"]' in first and "--upgrade" in first
    assert [text.split(" is kept although ")[0] for text in others] == ["s004", "s005", "s006", "s007"]


def test_a_backend_that_gives_one_colour_for_three_scenes_in_succession_is_asked_for_nothing_more(
    tmp_path: Path,
) -> None:
    place, fake = Set(tmp_path), Painted(is_grey, first_bad=2)
    outcomes = place.run(fake, wishes=wishes_for(fake, 7))
    assert scenes(outcomes, Fulfilled) == ["s001"]
    assert len(fake.requests) == 1 + 3 + 3 + 1
    reasons = {outcome.wish.scene: outcome.kind for outcome in outcomes if isinstance(outcome, Missed)}
    assert reasons == {
        **dict.fromkeys(("s002", "s003", "s004"), FailureKind.FLAWED),
        **dict.fromkeys(("s005", "s006", "s007"), FailureKind.UNAVAILABLE),
    }
    assert [event.text for event in place.told(Warned) if "nothing more is asked of it" in event.text]


def test_bad_clips_with_good_ones_between_them_are_chance_and_are_re_rolled(tmp_path: Path) -> None:
    place, fake = Set(tmp_path), Painted(drifts, first_bad=2, first_good=4)
    outcomes = place.run(fake, wishes=wishes_for(fake, 4))
    assert scenes(outcomes, Missed) == []
    assert (len(fake.requests), place.told(Warned)) == (6, [])


@pytest.mark.parametrize("check", ["drift", "text", "black"])
def test_one_scene_that_is_refused_again_and_again_is_no_succession(check: str) -> None:
    doubts, told = Doubts(), list[Any]()
    for _ in range(5):
        assert not doubts.overlooks("fake", "s001", Flaw(check, "it is bad"), told.append)
    for scene in ("s002", "s003", "s004")[: IN_A_ROW - 2]:
        assert not doubts.overlooks("fake", scene, Flaw(check, "it is bad"), told.append)
    doubts.passed("other")
    assert told == []
    assert doubts.overlooks("fake", "s009", Flaw(check, "it is bad"), told.append) == (check not in CERTAIN)
    assert (doubts.broken("fake") is not None) == (check in CERTAIN)
    assert doubts.broken("other") is None
    assert not doubts.overlooks("other", "s009", Flaw(check, "it is bad"), told.append)


def test_what_passes_ends_a_succession() -> None:
    doubts, told = Doubts(), list[Any]()
    for scene in ("s001", "s002"):
        doubts.overlooks("fake", scene, Flaw("cut", "it is cut"), told.append)
    doubts.passed("fake")
    for scene in ("s003", "s004"):
        assert not doubts.overlooks("fake", scene, Flaw("cut", "it is cut"), told.append)
    assert told == []


def test_the_certain_checks_are_checks() -> None:
    assert set(ALL_CHECKS) > CERTAIN
