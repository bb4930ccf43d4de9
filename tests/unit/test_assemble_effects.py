from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from suno_video.assemble.conform import finished_frames
from suno_video.assemble.cutlist import Crossing
from suno_video.assemble.effects import EffectChain, effect_tracks
from suno_video.assemble.optics import crop_in, dim, letterbox, lift, move, shift_chroma
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.transitions import apply_half, blend
from suno_video.core.frames import I420, planes
from suno_video.core.music import music_curves
from suno_video.core.storyboard import SHOWS_BOTH, BeatEffect, Storyboard, Transition, TransitionKind
from tests.unit.films import numbered_footage, quick_profile
from tests.unit.songs import TINY, scene, steady_analysis, storyboard_of

JOINS = tuple(kind for kind in get_args(TransitionKind) if kind in SHOWS_BOTH)
HALVES = tuple(kind for kind in get_args(TransitionKind) if kind != "cut" and kind not in SHOWS_BOTH)


def _picture(seed: int = 1) -> I420:
    return np.random.default_rng(seed).integers(16, 236, TINY.i420_shape, dtype=np.uint8)


def _grey(level: int) -> I420:
    frame = np.full(TINY.i420_shape, 128, dtype=np.uint8)
    frame[: TINY.height_px] = level
    return frame


def _finished(film: Storyboard, grey: dict[str, int] | None = None) -> list[I420]:
    frames = []
    for plan in conform_plans(film, steady_analysis(), None, quick_profile(film)):
        frames += [frame.copy() for frame in finished_frames(plan, numbered_footage(plan, grey))]
    return frames


@pytest.mark.parametrize("kind", HALVES)
def test_a_half_touches_its_own_frames_only_and_is_the_same_every_time(kind: str) -> None:
    crossing = Crossing(kind, 50, 8, seed=3)  # type: ignore[arg-type]
    for frame_index in (45, 54):
        frame = _picture()
        apply_half(frame, crossing, frame_index)
        assert np.array_equal(frame, _picture())
    for frame_index in (49, 50):
        first, again = _picture(), _picture()
        apply_half(first, crossing, frame_index)
        apply_half(again, crossing, frame_index)
        assert not np.array_equal(first, _picture())
        assert np.array_equal(first, again)


def test_there_are_sixteen_transitions_and_more() -> None:
    assert len(JOINS) + len(HALVES) >= 16


@pytest.mark.parametrize("kind", JOINS)
def test_a_join_goes_from_the_old_scene_to_the_new_one_and_is_the_same_every_time(kind: str) -> None:
    for seed in (3, 4, 5, 6):
        crossing = Crossing(kind, 50, 20, seed=seed)  # type: ignore[arg-type]
        light = [float(np.mean(planes(blend(_grey(40), _grey(200), crossing, k))[0])) for k in range(40, 60)]
        assert light[0] < 56
        assert light[-1] > 184
        assert all(b >= a - 8 for a, b in pairwise(light)), "ink may darken what it is about to cover, and no more"
        first, again = (blend(_picture(1), _picture(2), crossing, 49) for _ in range(2))
        assert np.array_equal(first, again)


@pytest.mark.parametrize("kind", (*JOINS, *HALVES))
def test_every_transition_keeps_to_limited_range_at_any_shape(kind: str) -> None:
    for height, width in ((64, 36), (48, 48), (36, 64)):
        pictures = [
            np.random.default_rng(k).integers(16, 236, (height * 3 // 2, width), dtype=np.uint8) for k in (1, 2)
        ]
        crossing = Crossing(kind, 50, 8, seed=5)  # type: ignore[arg-type]
        for index in (46, 49, 50, 53):
            before, after = (picture.copy() for picture in pictures)
            if kind in JOINS:
                before = blend(before, after, crossing, index)
            else:
                apply_half(before, crossing, index)
            luma, u, v = planes(before)
            assert luma.min() >= 12
            assert luma.max() <= 240
            assert min(u.min(), v.min()) >= 12


def test_a_dip_is_black_at_the_cut_and_untouched_beside_it() -> None:
    film = storyboard_of(scene(1, 0, 30), scene(2, 30, 60, transition=Transition(kind="dip", n_frames=12)))

    luma = [int(frame[0, 0]) for frame in _finished(film, {"s001": 200, "s002": 100})]

    assert luma[23] == 200
    assert luma[36] == 100
    assert max(luma[29], luma[30]) <= 20


def test_a_film_can_open_with_the_second_half_of_a_dip() -> None:
    film = storyboard_of(scene(1, 0, 30, transition=Transition(kind="dip", n_frames=12)))

    luma = [int(frame[0, 0]) for frame in _finished(film, {"s001": 200})]

    assert luma[0] <= 20
    assert luma[6:] == [200] * 24


def test_a_dissolve_mixes_in_light_and_is_never_darker_than_both() -> None:
    film = storyboard_of(scene(1, 0, 30), scene(2, 30, 60, transition=Transition(kind="dissolve", n_frames=10)))

    luma = [int(frame[0, 0]) for frame in _finished(film, {"s001": 40, "s002": 200})]

    assert luma[24] == 40
    assert luma[35] == 200
    assert all(a <= b for a, b in pairwise(luma[24:36]))
    assert (luma[29] + luma[30]) / 2 > 125, "the middle is brighter than the mean of the codes"


def test_a_wipe_begins_with_the_old_scene_and_ends_with_the_new_one() -> None:
    for seed in range(8):
        crossing = Crossing("wipe", 50, 20, seed=seed)
        first = blend(_grey(40), _grey(200), crossing, 40)
        last = blend(_grey(40), _grey(200), crossing, 59)
        middle = planes(blend(_grey(40), _grey(200), crossing, 50))[0]
        assert np.mean(planes(first)[0]) < 48
        assert np.mean(planes(last)[0]) > 192
        assert (middle.min(), middle.max()) == (40, 200)


def test_moving_by_nothing_changes_nothing_and_letterbox_is_black() -> None:
    frame = _picture()
    move(frame, 1.0, 0.0, 0.0)
    crop_in(frame, 1.0, 0.2, -0.2)
    assert np.array_equal(frame, _picture())

    letterbox(frame, 1.0)
    luma, u, v = planes(frame)
    assert set(luma[:4].ravel()) == set(luma[-4:].ravel()) == {16}
    assert set(u[:2].ravel()) == set(v[-2:].ravel()) == {128}
    assert not np.all(luma[6] == 16)


def test_cropping_in_enlarges_around_the_middle_and_moves_with_the_shift() -> None:
    for dx, expected in ((0.0, 31.5), (0.1, 31.5 + 2 * 6.4), (-0.1, 31.5 - 2 * 6.4)):
        frame = _grey(16)
        planes(frame)[0][:, 31:33] = 235
        crop_in(frame, 2.0, dx, 0.0)
        bright = planes(frame)[0][18].astype(float) - 16
        assert abs((bright * np.arange(64)).sum() / bright.sum() - expected) <= 1.0


def test_lifting_brightens_and_dimming_darkens_within_limited_range() -> None:
    bright, dark = _picture(), _picture()
    lift(bright, 0.5)
    dim(dark, 0.5)

    luma = planes(_picture())[0]
    assert np.all(planes(bright)[0] >= luma)
    assert np.all(planes(dark)[0] <= luma)
    assert planes(bright)[0].max() <= 235
    assert planes(dark)[0].min() >= 16


def test_red_and_blue_are_pulled_apart_at_edges_and_greys_stay_grey() -> None:
    frame = np.full((360 * 3 // 2, 640), 128, dtype=np.uint8)
    luma, u, v = planes(frame)
    luma[:], luma[:, 320:] = 40, 200

    shift_chroma(frame, 1.0)

    away = np.r_[0:150, 170:320]
    assert np.abs(u[:, away].astype(int) - 128).max() <= 1
    assert np.abs(v[:, away].astype(int) - 128).max() <= 1
    assert v[90, 160] < 118, "red comes late: the edge is cyan where it is light already"
    assert u[90, 159] > 138, "blue comes early: the dark side is blue"
    assert luma[90, 317] > 40
    assert luma[90, 322] < 200
    assert (luma[90, 300], luma[90, 340]) == (40, 200)


def test_no_effect_asks_for_no_change() -> None:
    frame = _picture()
    chain = EffectChain(effect_tracks((BeatEffect(kind="zoom_pulse", amount=0.0),), _music(), 30))

    chain.apply(frame, 0)

    assert np.array_equal(frame, _picture())


def _music(bpm: float = 120.0):  # type: ignore[no-untyped-def]
    return music_curves(steady_analysis(8.0, bpm=bpm), 0, 240)


def test_a_zoom_pulse_is_strongest_on_the_beat() -> None:
    levels = effect_tracks((BeatEffect(kind="zoom_pulse", amount=1.0),), _music(), 30)[0].levels

    assert np.argmax(levels[30:45]) == 0
    assert levels[30] > 4 * levels[40]


@pytest.mark.parametrize("bpm", [120.0, 200.0, 300.0])
def test_there_are_never_more_than_three_flashes_in_a_second(bpm: float) -> None:
    levels = effect_tracks((BeatEffect(kind="flash", amount=1.0),), _music(bpm), 30)[0].levels

    rises = np.flatnonzero(np.diff(levels, prepend=0.0) > 0.05)
    assert len(rises) > 4
    assert np.diff(rises).min() >= 10


def test_an_echo_across_a_cut_into_a_join_goes_on_as_if_there_were_none() -> None:
    echo = (BeatEffect(kind="echo", amount=1.0, on="always"),)
    whole = _finished(storyboard_of(scene(1, 0, 60, effects=echo)))
    film = storyboard_of(
        scene(1, 0, 45, effects=echo), scene(2, 45, 60, transition=Transition(kind="dissolve", n_frames=10))
    )
    plan = conform_plans(film, steady_analysis(), None, quick_profile(film))[1]

    first = next(iter(finished_frames(plan, numbered_footage(plan, {"s002": 0}))))

    assert plan.layers[0].n_preroll == 8
    assert abs(int(first[0, 0]) - int(whole[40][0, 0])) <= 3
