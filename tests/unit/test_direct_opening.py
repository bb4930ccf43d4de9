"""How a film opens and closes, and where the cover stands while the title is shown."""

from __future__ import annotations

import numpy as np
import pytest

from suno_video.backends.parallax.place import GLIDE_S, plan_place
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import TitleCard
from suno_video.direct.opening import fade_lengths, room_for_title
from tests.unit.direct_songs import song_in_bars

TITLE = TitleCard(title="Title", start_s=0.5, end_s=4.0)


def test_a_whole_song_rises_and_sinks_and_a_part_of_it_does_not() -> None:
    analysis = song_in_bars()
    n_frames = int(analysis.duration_s * 30)

    rise, sink = fade_lengths(analysis, 0, n_frames, 30)

    assert 10 < rise < 40
    assert 20 < sink < 60
    assert fade_lengths(analysis, 300, n_frames - 300, 30) == (0, 0)


def test_a_film_of_a_second_is_not_all_fade() -> None:
    analysis = song_in_bars()
    n_frames = int(analysis.duration_s * 30)

    assert fade_lengths(analysis, n_frames - 30, n_frames, 30) == (0, 3)


@pytest.mark.parametrize(("size", "makes_room"), [("16:9", True), ("9:16", True), ("1:1", False)])
def test_a_cover_makes_room_where_it_is_a_card(size: str, makes_room: bool) -> None:
    room = room_for_title(TITLE, FrameSize.parse(size), 1.0)

    assert room == ({"aside": 1.0, "aside_s": 3.0} if makes_room else {})
    assert room_for_title(None, FrameSize.parse(size), 1.0) == {}


@pytest.mark.parametrize("aspect", [16 / 9, 9 / 16])
def test_a_card_stands_aside_and_glides_to_the_middle_when_the_title_goes(aspect: float) -> None:
    place = plan_place({"aside": 1.0, "aside_s": 3.0}, 300, 30, aspect, (0.76 * min(1, aspect), 0.76 * min(1, aspect)))

    away = np.hypot(place.x, place.y)
    assert away[:90].min() == away[0] > 0.15
    assert away[90 + int(GLIDE_S * 30) + 1 :].max() < 1e-9
    assert np.abs(np.diff(away)).max() < 0.02, "it glides and does not jump"
    assert place.scale[-1] == 1


def test_a_card_that_would_have_no_time_to_rest_stays_aside() -> None:
    place = plan_place({"aside": 1.0, "aside_s": 3.0}, 120, 30, 16 / 9, (0.76, 0.76))

    assert np.ptp(place.x) == 0


def test_a_card_without_a_title_stands_in_the_middle() -> None:
    place = plan_place({"scale": 0.5}, 30, 30, 16 / 9, (0.76, 0.76))

    assert not place.x.any()
    assert (place.scale == 1).all()
