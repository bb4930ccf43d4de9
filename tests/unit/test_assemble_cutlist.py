from __future__ import annotations

import pytest

from suno_video.assemble.cutlist import footage_span, plan_pieces
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.profile import encoder_profile
from suno_video.core.errors import UsageError
from suno_video.core.storyboard import BeatEffect, Storyboard, Transition
from suno_video.project.fingerprint import fingerprint
from tests.unit.songs import dissolve, scene, steady_analysis, storyboard_of


def _film(first_frame: int = 0, **second: object) -> Storyboard:
    return storyboard_of(
        scene(1, first_frame, first_frame + 30),
        scene(2, first_frame + 30, first_frame + 70, transition=dissolve(8), **second),
        scene(3, first_frame + 70, first_frame + 100, transition=Transition(kind="whip", n_frames=6)),
        scene(4, first_frame + 100, first_frame + 130),
    )


@pytest.mark.parametrize("first_frame", [0, 45])
def test_pieces_tile_the_film_and_a_dissolve_is_a_piece_of_its_own(first_frame: int) -> None:
    pieces = plan_pieces(_film(first_frame))

    spans = [(piece.name, piece.start_frame - first_frame, piece.end_frame - first_frame) for piece in pieces]
    assert spans == [("s001", 0, 26), ("s001-s002", 26, 34), ("s002", 34, 70), ("s003", 70, 100), ("s004", 100, 130)]


def test_a_whip_is_burned_into_the_scenes_on_both_sides() -> None:
    by_name = {piece.name: piece for piece in plan_pieces(_film())}

    assert [c.kind for c in by_name["s002"].crossings] == ["whip"]
    assert [c.kind for c in by_name["s003"].crossings] == ["whip"]
    assert by_name["s004"].crossings == ()
    assert by_name["s003"].crossings[0].phase_at(69) < 0.5 < by_name["s003"].crossings[0].phase_at(70)


def test_a_scene_delivers_its_half_of_each_join_and_no_more() -> None:
    film = _film()

    assert [footage_span(film, scene) for scene in film.scenes] == [(0, 34), (26, 70), (70, 100), (100, 130)]


def test_a_scene_of_another_storyboard_is_refused() -> None:
    with pytest.raises(UsageError):
        footage_span(_film(), scene(9, 0, 10))


def _fingerprints(film: Storyboard) -> dict[str, str]:
    plans = conform_plans(film, steady_analysis(), None, encoder_profile("standard", film.size, film.fps))
    return {plan.piece.name: fingerprint(plan) for plan in plans}


def test_changing_one_scene_changes_that_scene_and_its_joins_only() -> None:
    before = _fingerprints(_film())
    after = _fingerprints(_film(effects=(BeatEffect(kind="shake"),)))

    assert {name for name in before if before[name] != after[name]} == {"s002", "s001-s002"}


def test_a_new_seed_or_prompt_in_a_scene_leaves_the_cut_alone() -> None:
    assert _fingerprints(_film()) == _fingerprints(_film(seed=99, prompt="a forest at dawn"))
