"""Painters that are not compiled yet are said to be, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from suno_video.backends.procedural import rehearsal
from suno_video.core.events import Event
from suno_video.pipeline.warming import say_if_cold
from tests.unit.songs import scene, storyboard_of


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rehearsal, "compiled_folder", lambda: tmp_path)
    return tmp_path


def test_a_first_film_says_which_painters_are_compiled_and_a_second_says_nothing(compiled: Path) -> None:
    board = storyboard_of(scene(1, 0, 30, family="silk"), scene(2, 30, 60, family="nebula"))
    said: list[Event] = []
    say_if_cold(board, said.append)
    assert ["nebula, silk" in str(event) for event in said] == [True]
    for family in ("silk", "nebula"):
        rehearsal.rehearse(family)
    say_if_cold(board, said.append)
    assert len(said) == 1


def test_scenes_that_others_play_compile_nothing(compiled: Path) -> None:
    said: list[Event] = []
    say_if_cold(storyboard_of(scene(1, 0, 30, video_backend="fake")), said.append)
    assert said == []
