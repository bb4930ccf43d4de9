"""Flashes: counted as the broadcast rules say, and softened below their limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from suno_video.assemble.accents import PictureLight, measure_light
from suno_video.assemble.calming import Calmer, look
from suno_video.assemble.conform import conform, finished_frames
from suno_video.assemble.flashes import FlashCounter, FlashReading, count_packed, pack
from suno_video.assemble.plan import Finish, conform_plans
from suno_video.core.frames import I420, FrameSize, planes
from suno_video.core.storyboard import Transition
from tests.unit.films import quick_profile
from tests.unit.songs import scene, steady_analysis, storyboard_of

FPS = 30
SIZE = FrameSize(width_px=160, height_px=90)


def grey(level: int, u: int = 128, v: int = 128) -> I420:
    frame = np.empty(SIZE.i420_shape, dtype=np.uint8)
    for plane, code in zip(planes(frame), (level, u, v), strict=True):
        plane[:] = code
    return frame


def flicker(hz: float, low: I420, high: I420, n_frames: int = 60) -> list[I420]:
    return [high if (k * 2 * hz / FPS) % 2 < 1 else low for k in range(n_frames)]


def read(frames: Sequence[I420]) -> FlashReading:
    counter = FlashCounter(FPS)
    for frame in frames:
        sight = look(frame)
        counter.take(sight.light, sight.red)
    return counter.reading()


def calmed(frames: Sequence[I420], n_pieces: int = 1) -> list[I420]:
    done: list[I420] = []
    for part in np.array_split(np.arange(len(frames)), n_pieces):
        calmer = Calmer(len(part), FPS)
        for index, at in enumerate(part.tolist()):
            frame = frames[at].copy()
            calmer.apply(frame, index)
            done.append(frame)
    return done


@pytest.mark.parametrize(("hz", "flashes"), [(1, 1), (2, 2), (3, 3), (5, 5), (7.5, 7), (15, 15)])
def test_flashes_of_the_whole_picture_are_counted_within_a_second(hz: float, flashes: int) -> None:
    found = read(flicker(hz, grey(40), grey(200)))
    assert abs(found.max_general - flashes) <= (1 if hz > 7 else 0)
    assert found.max_red == 0
    assert found.is_safe == (flashes <= 3)


def test_what_changes_by_less_than_a_tenth_of_white_is_no_flash() -> None:
    # Relative luminance 0.21 and 0.29, then 0.21 and 0.33.
    assert read(flicker(10, grey(126), grey(145))).max_general == 0
    assert read(flicker(10, grey(126), grey(153))).max_general > 3


def test_what_is_brighter_than_the_rule_asks_for_is_no_flash() -> None:
    # Both above 0.80 of white.
    assert read(flicker(10, grey(216), grey(235))).max_general == 0


def test_a_quarter_of_the_picture_may_flash_and_more_may_not() -> None:
    def part(share: float, level: int) -> I420:
        frame = grey(40)
        planes(frame)[0][:, : round(share * SIZE.width_px)] = level
        return frame

    assert read(flicker(5, part(0.25, 40), part(0.25, 220))).max_general == 0
    assert read(flicker(5, part(0.32, 40), part(0.32, 220))).max_general == 5


def test_saturated_red_flashes_where_light_hardly_changes() -> None:
    red, dark_blue = grey(63, 102, 240), grey(50, 180, 110)
    found = read(flicker(5, red, dark_blue))
    assert found.max_red == 5
    assert read(flicker(5, grey(90, 110, 150), grey(80, 130, 128))).max_red == 0, "a red that is not saturated"


@pytest.mark.parametrize("hz", [4, 5, 7.5, 10, 15])
@pytest.mark.parametrize("n_pieces", [1, 2, 3, 5, 8])
def test_a_flickering_film_is_softened_below_the_limit_whatever_it_is_cut_into(hz: float, n_pieces: int) -> None:
    frames = flicker(hz, grey(40), grey(200), n_frames=120)
    assert read(calmed(frames, n_pieces)).is_safe


def test_a_picture_with_detail_and_colour_is_softened_too_and_red_ones_are() -> None:
    ramp = grey(0, 100, 150)
    planes(ramp)[0][:] = np.linspace(16, 235, SIZE.width_px).astype(np.uint8)
    dark = ramp.copy()
    planes(dark)[0][:] = (16 + (planes(ramp)[0].astype(float) - 16) * 0.4).astype(np.uint8)
    for frames in (flicker(5, dark, ramp, 90), flicker(5, grey(63, 102, 240), grey(60), 90)):
        assert not read(frames).is_safe
        assert read(calmed(frames)).is_safe


def test_what_keeps_the_limit_is_left_as_it_is_bit_for_bit() -> None:
    for frames in (flicker(1, grey(40), grey(200), 90), [grey(k % 200 + 30) for k in range(60)]):
        assert all(np.array_equal(a, b) for a, b in zip(frames, calmed(frames), strict=True))


def test_traces_as_bytes_count_the_same() -> None:
    frames = flicker(3, grey(40), grey(200))
    packed = np.stack([pack(look(frame)) for frame in frames])
    assert count_packed(packed, FPS) == read(frames)


def test_the_limit_is_kept_in_the_written_file_of_flickering_footage(tmp_path) -> None:
    """Whoever made the footage: a clip of a model, a still, our own painters."""

    class Flicker:
        n_frames = 60

        def frames(self, start=0, stop=None):
            yield from flicker(7.5, grey(40), grey(200))[start:stop]

        def close(self):
            pass

    film = storyboard_of(scene(1, 0, 60, transition=Transition(kind="flash", n_frames=8)), size=SIZE)
    analysis, profile = steady_analysis(2.0), quick_profile(film, "draft")
    for finish, safe in ((Finish(), True), (Finish(softens=False), False)):
        (plan,) = conform_plans(film, analysis, None, profile, finish)
        path = tmp_path / f"{safe}.mp4"
        told: list[PictureLight] = []
        conform(plan, [Flicker()], path, on_light=told.append)
        written = measure_light(path)
        assert count_packed(written.seen, FPS).is_safe == safe
        # What was seen on the way into the encoder is what the file shows.
        assert count_packed(told[0].seen, FPS) == count_packed(written.seen, FPS)
        assert np.abs(told[0].change - written.change).max() < 1
    assert len(list(finished_frames(plan, [Flicker()]))) == 60
