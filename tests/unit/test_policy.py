"""What follows a failure: retries, milder requests, the out-of-memory ladder, in their order and only so often."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from suno_video.backends.base import AudioSpan, Capabilities, ClipRequest, FailureKind, StillRequest
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.render.orders import clip_order, legal_clip, legal_length, legal_size
from suno_video.render.policy import Failure, Plan, Recovery, RetryPolicy, climb_down
from tests.unit.songs import scene, steady_analysis, storyboard_of

CLIPS = Capabilities(makes="clip", footage="file", size_multiple=16, economies=frozenset({"tiling", "offload"}))
BIG = FrameSize(width_px=640, height_px=352)


def request(n_frames: int = 60) -> ClipRequest:
    board = storyboard_of(scene(1, 0, n_frames), size=BIG)
    return clip_order(board, board.scenes[0], music_curves(steady_analysis(), 0, n_frames), (0, n_frames)).request


def recovery(softer: str | None = "a calm street", **policy: float) -> tuple[Recovery, Plan]:
    plan = Plan(request())
    return Recovery(plan, CLIPS, RetryPolicy(**policy), softer), plan


def failed(kind: str, retry_after_s: float | None = None) -> Failure:
    return Failure(kind, "it failed", retry_after_s=retry_after_s)


def test_the_ladder_gives_up_speed_first_then_length_then_size() -> None:
    steps = list(climb_down(Plan(request()), CLIPS))
    assert [step.plan.economies for step in steps[:4]] == [
        frozenset(),
        {"tiling"},
        {"tiling", "offload"},
        {"tiling", "offload"},
    ]
    assert [step.plan.request.n_frames for step in steps] == [60, 60, 60, 30, 30, 30]
    assert [str(step.plan.request.size) for step in steps[3:]] == ["640x352", "480x256", "320x176"]
    assert steps[-1].plan.changes == ("tiling", "offload", "fewer frames", "made at 320x176")
    assert all(step.plan.request.music.n_frames == step.plan.request.n_frames for step in steps)


def test_a_backend_that_saves_nothing_and_makes_one_length_only_gets_smaller() -> None:
    stiff = replace(CLIPS, economies=frozenset(), n_frames=(60,), min_side_px=200)
    steps = list(climb_down(Plan(request()), stiff))
    assert [step.words for step in steps] == ["after returning memory", "at 480x256, scaled up again"]


def test_a_still_has_no_frames_to_give_up() -> None:
    still = StillRequest("s001", "a street", "", 1, BIG)
    words = [step.words for step in climb_down(Plan(still), CLIPS)]
    assert "with fewer frames, played slower" not in words
    assert words[-1] == "at 320x176, scaled up again"


def test_what_is_retryable_is_tried_a_few_times_and_no_more() -> None:
    recover, plan = recovery(max_retries=2)
    steps = [recover.after(failed(FailureKind.RETRYABLE), plan) for _ in range(4)]
    assert [step is not None for step in steps] == [True, True, False, False]


def test_waits_double_with_jitter_and_obey_what_the_service_asked_for() -> None:
    policy, rng = RetryPolicy(base_s=2, longest_s=10), random.Random(1)
    waits = [policy.wait_s(n, None, rng) for n in range(6)]
    assert all(2 * 2**n / 2 <= wait <= min(10, 2 * 2**n) for n, wait in enumerate(waits[:2]))
    assert max(waits) <= 10
    assert policy.wait_s(0, 7.5, rng) == 7.5


def test_a_service_that_wants_us_to_wait_for_an_hour_is_away() -> None:
    recover, plan = recovery()
    assert recover.after(failed(FailureKind.RETRYABLE, retry_after_s=3600), plan) is None


def test_a_refusal_gets_another_seed_then_milder_words_then_nothing() -> None:
    recover, plan = recovery()
    first, second, third = (recover.after(failed(FailureKind.REFUSED), plan) for _ in range(3))
    assert first is not None
    assert first.plan.request.seed != plan.request.seed
    assert first.plan.request.prompt == plan.request.prompt
    assert second is not None
    assert second.plan.request.prompt == "a calm street"
    assert second.plan.changes == ("reseeded", "softened prompt")
    assert third is None


def test_a_bug_a_bad_input_and_an_absent_service_are_not_tried_again() -> None:
    for kind in (FailureKind.BUG, FailureKind.BAD_INPUT, FailureKind.UNAVAILABLE):
        recover, plan = recovery()
        assert recover.after(failed(kind), plan) is None


def test_a_length_is_snapped_to_the_next_longer_one_or_the_longest() -> None:
    certain = replace(CLIPS, n_frames=(49, 81, 121))
    assert [legal_length(n, 30, certain) for n in (10, 49, 50, 121, 500)] == [49, 49, 81, 121, 121]
    snapped = legal_clip(request(60), certain)
    assert snapped.n_frames == snapped.music.n_frames == 81


def test_a_size_is_snapped_to_the_multiple_and_the_largest_side() -> None:
    full = FrameSize(width_px=1920, height_px=1080)
    assert str(legal_size(full, replace(CLIPS, size_multiple=32, max_side_px=1280))) == "1280x704"
    assert str(legal_size(full, replace(CLIPS, size_multiple=2))) == "1920x1080"
    upright = FrameSize(width_px=1080, height_px=1920)
    assert str(legal_size(upright, replace(CLIPS, size_multiple=16, max_side_px=832))) == "464x832"


def test_a_model_with_a_rate_of_its_own_is_asked_for_frames_at_that_rate() -> None:
    asked_for = request(90)
    wan = Capabilities(makes="clip", n_frames=tuple(range(5, 122, 4)), fps=16, size_multiple=16)
    asked = legal_clip(asked_for, wan)
    # 90 frames at 30 show what happens until 89/30 s; at 16 a second, frame 47 is the last that begins by then.
    assert (asked.fps, asked.n_frames, asked.music.n_frames) == (16, 49, 49)
    assert (asked.n_frames - 1) / 16 >= 89 / 30


def test_a_model_that_is_asked_for_seconds_gives_the_next_longer_ones() -> None:
    hailuo = Capabilities(makes="clip", seconds=(6, 10))
    assert [legal_length(n, 30, hailuo) for n in (10, 180, 181, 500)] == [180, 180, 300, 300]


def test_legal_sizes_and_pixels_are_kept_to() -> None:
    wide, tall = FrameSize(width_px=1920, height_px=1080), FrameSize(width_px=1080, height_px=1920)
    certain = Capabilities(
        makes="clip", sizes=tuple(FrameSize.parse(size) for size in ("832x480", "480x832", "1280x720", "720x1280"))
    )
    assert [str(legal_size(size, certain)) for size in (wide, tall)] == ["1280x720", "720x1280"]
    assert str(legal_size(wide, certain, Fraction(1, 2))) == "832x480"
    megapixel = Capabilities(makes="still", size_multiple=16, max_pixels=1 << 20)
    size = legal_size(wide, megapixel)
    assert size.width_px * size.height_px <= 1 << 20
    assert (size.width_px % 16, size.height_px % 16) == (0, 0)
    assert abs(size.aspect / wide.aspect - 1) < 0.03


def test_what_a_backend_takes_no_notice_of_is_left_out_of_its_request(tmp_path: Path) -> None:
    pictures = tuple(tmp_path / f"{name}.png" for name in "abc")
    song = AudioSpan(tmp_path / "song.mp3", 12.0, 3.0)
    asked_for = replace(request(), references=pictures, audio=song, last_frame=pictures[0])
    bare = legal_clip(asked_for, Capabilities(makes="clip"))
    assert (bare.references, bare.audio, bare.last_frame) == ((), None, None)
    sung = Capabilities(makes="clip", accepts=frozenset({"reference", "audio"}), max_references=2)
    asked = legal_clip(asked_for, sung)
    assert asked.references == pictures[:2]
    assert asked.audio == replace(song, duration_s=asked.n_frames / asked.fps)
