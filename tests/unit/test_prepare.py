"""A backend that wants to know early what a pass asks of it is told once, and may fail at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from suno_video.backends.base import ClipRequest, FailureKind, MakeFailed, StillRequest
from suno_video.backends.fake import FakeVideo
from tests.unit.makers import Set, wishes_for


class Early(FakeVideo):
    """Remembers what it was told, then fails if it is to."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__(footage="file")
        self.told: list[list[str]] = []
        self._fails = fails

    def prepare(self, requests: Sequence[ClipRequest | StillRequest], check_stop: Callable[[], None]) -> None:
        check_stop()
        self.told.append([request.scene for request in requests])
        if self._fails:
            raise MakeFailed(FailureKind.OUT_OF_MEMORY, "no room for all words at once")


@pytest.mark.parametrize("fails", [False, True])
def test_all_requests_of_a_pass_are_told_once_and_made_even_if_that_fails(tmp_path: Path, fails: bool) -> None:
    backend, place = Early(fails=fails), Set(tmp_path)
    outcomes = place.run(backend, wishes=wishes_for(backend, 3))
    assert [sorted(scenes) for scenes in backend.told] == [["s001", "s002", "s003"]]
    assert [outcome.reused for outcome in outcomes] == [False] * 3
    again = place.run(backend, wishes=wishes_for(backend, 3))
    assert [outcome.reused for outcome in again] == [True] * 3
    assert len(backend.told) == 1
