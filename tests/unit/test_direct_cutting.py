"""Where the film is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suno_video.core.brief import Brief
from suno_video.core.frames import FrameGrid
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.direct.cutting import MOST_SLOWER
from suno_video.direct.pacing import MAX_SHOT_S, MIN_SHOT_S
from suno_video.direct.rules import direct_by_rules
from suno_video.direct.sung import SungLines
from tests.unit.direct_songs import FAMILIES, POP, analyses, analysis_of, song_in_bars, song_of, sung_lines

FPS = 30


def storyboard_for(analysis, lines=(), **brief) -> Storyboard:
    return direct_by_rules(song_of(analysis, lines), analysis, Brief(**brief), families=FAMILIES)


def cuts_s(storyboard: Storyboard) -> list[float]:
    return [scene.start_frame / storyboard.fps for scene in storyboard.scenes[1:]]


def lengths_s(storyboard: Storyboard, label: str) -> list[float]:
    return [scene.n_frames / storyboard.fps for scene in storyboard.scenes if scene.section_label == label]


@settings(max_examples=150, deadline=None)
@given(analysis=analyses(), fps=st.sampled_from((10, 24, 25, 30, 60)), data=st.data())
def test_scenes_tile_any_song_and_tear_no_line(analysis, fps, data):
    lines = data.draw(sung_lines(analysis.duration_s))
    storyboard = storyboard_for(analysis, lines, fps=fps)
    # That scenes tile is checked by the Storyboard itself; here, that they tile the whole song.
    assert storyboard.first_frame == 0
    assert storyboard.end_frame == FrameGrid.for_duration(analysis.duration_s, fps).n_frames
    sung = SungLines.of(Lyrics(source="test", lines=lines))
    for scene in storyboard.scenes[1:]:
        torn = sung.around(scene.start_frame / fps)
        # A cut may lie half a frame beside the moment it was meant for.
        assert torn is None or min(abs(scene.start_frame / fps - edge) for edge in torn) <= 0.08 + 0.51 / fps


@settings(max_examples=60, deadline=None)
@given(analysis=analyses(), longest_s=st.sampled_from((3.0, 5.0, 6.0, 10.0)), data=st.data())
def test_no_scene_is_longer_than_the_longest_clip_can_be_stretched(analysis, longest_s, data):
    lines = data.draw(sung_lines(analysis.duration_s))
    song = song_of(analysis, lines)
    board = direct_by_rules(song, analysis, Brief(), families=FAMILIES, longest_s=longest_s)
    assert max(scene.n_frames for scene in board.scenes) / board.fps <= longest_s * MOST_SLOWER + 0.1


def test_a_limit_cuts_on_the_grid_and_its_absence_changes_nothing():
    analysis = song_in_bars()
    free = storyboard_for(analysis)
    limited = direct_by_rules(song_of(analysis), analysis, Brief(), families=FAMILIES, longest_s=4.0)
    assert direct_by_rules(song_of(analysis), analysis, Brief(), families=FAMILIES, longest_s=None) == free
    assert len(limited.scenes) > len(free.scenes)
    beats_s = np.array(analysis.beats_s)
    assert max(float(np.abs(beats_s - cut).min()) for cut in cuts_s(limited)) < 0.04


@settings(max_examples=100, deadline=None)
@given(analysis=analyses())
def test_neighbours_never_share_family_and_camera_move(analysis):
    scenes = storyboard_for(analysis).scenes
    for left, right in zip(scenes, scenes[1:], strict=False):
        assert (left.family, left.motion.move) != (right.family, right.motion.move)


@settings(max_examples=60, deadline=None)
@given(analysis=analyses(), window=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_part_of_a_song_is_cut_as_it_is_in_the_whole(analysis, window):
    from_s, to_s = (share * analysis.duration_s for share in sorted(window))
    if to_s - from_s < 0.25:
        return
    whole = storyboard_for(analysis)
    part = storyboard_for(analysis, from_s=from_s, to_s=to_s)
    assert part.first_frame == round(from_s * FPS)
    assert part.end_frame == min(round(to_s * FPS), whole.end_frame)
    known = {scene.id: scene for scene in whole.scenes}
    for scene in part.scenes[1:]:
        assert scene.start_frame == known[scene.id].start_frame
        assert (scene.family, scene.seed, scene.prompt) == (
            known[scene.id].family,
            known[scene.id].seed,
            known[scene.id].prompt,
        )


def test_without_words_every_cut_of_a_steady_song_is_on_a_downbeat():
    for bpm, beats_per_bar in ((68, 4), (120, 4), (128, 4), (150, 3), (174, 4), (97.3, 4)):
        analysis = song_in_bars(bpm=bpm, beats_per_bar=beats_per_bar)
        downbeats = np.array(analysis.downbeats_s)
        for cut in cuts_s(storyboard_for(analysis, timing="grid")):
            assert np.abs(downbeats - cut).min() <= 0.5 / FPS + 1e-6


def test_every_section_begins_with_a_cut():
    analysis = song_in_bars()
    cuts = cuts_s(storyboard_for(analysis, timing="grid"))
    assert {section.start_s for section in analysis.sections[1:]} <= set(cuts)


def test_a_border_beside_the_grid_is_moved_to_the_nearest_downbeat():
    analysis = song_in_bars()
    moved = [analysis.sections[0].model_copy(update={"end_s": 16.4})]
    moved += [analysis.sections[1].model_copy(update={"start_s": 16.4}), *analysis.sections[2:]]
    storyboard = storyboard_for(analysis.model_copy(update={"sections": tuple(moved)}), timing="grid")
    first_verse = next(scene for scene in storyboard.scenes if scene.section == 1)
    assert first_verse.start_frame == 16 * FPS
    assert first_verse.bar == 9
    assert first_verse.why == "downbeat of bar 9, verse begins"


def test_louder_music_is_cut_more_often():
    n_scenes = []
    for energy in (0.0, 0.25, 0.5, 0.75, 1.0):
        analysis = song_in_bars((("other", "A", energy, 32), ("other", "B", energy, 32)), bpm=120)
        n_scenes.append(len(storyboard_for(analysis, look="neon", seed=1).scenes))
    assert n_scenes == sorted(n_scenes)
    assert n_scenes[-1] >= 3 * n_scenes[0]


def test_chorus_is_denser_than_verse_and_verse_than_intro_at_any_tempo():
    for bpm in (70, 90, 120, 140, 174):
        storyboard = storyboard_for(song_in_bars(bpm=bpm))
        intro, verse, chorus = (float(np.mean(lengths_s(storyboard, kind))) for kind in ("intro", "verse", "chorus"))
        assert chorus < verse <= intro


def test_scenes_are_neither_too_short_nor_too_long():
    for bpm in (60, 90, 128, 180):
        for scene in (storyboard := storyboard_for(song_in_bars(bpm=bpm))).scenes:
            assert MIN_SHOT_S - 1 / FPS <= scene.n_frames / storyboard.fps <= MAX_SHOT_S + 0.2


def test_a_cut_gives_way_to_a_line_that_is_being_sung():
    analysis = song_in_bars()
    # Each line runs over a downbeat, as sung lines do, and leaves a gap of one beat before the next.
    lines = tuple(LyricLine(text="la", start_s=start + 1.0, end_s=start + 4.6) for start in np.arange(16.0, 190.0, 4.0))
    storyboard = storyboard_for(analysis, lines)
    assert len(storyboard.scenes) > 20
    for cut in cuts_s(storyboard):
        assert not any(line.start_s + 0.1 < cut < line.end_s - 0.1 for line in lines)


def test_a_line_longer_than_a_scene_keeps_the_scene_longer():
    analysis = song_in_bars((("chorus", "A", 1.0, 16),))
    line = LyricLine(text="aaah", start_s=6.1, end_s=17.9)
    storyboard = storyboard_for(analysis, (line,))
    held = next(scene for scene in storyboard.scenes if scene.lyrics == "aaah")
    assert held.start_frame / FPS <= 6.2
    assert held.end_frame / FPS >= 17.8
    assert held.sung


def test_lines_with_impossible_times_do_not_stop_the_cutting():
    analysis = song_in_bars()
    everything = LyricLine(text="la", start_s=0.0, end_s=analysis.duration_s)
    assert len(storyboard_for(analysis, (everything,)).scenes) == len(storyboard_for(analysis).scenes)


def test_without_a_sure_grid_phrases_last_four_to_eight_seconds():
    analysis = song_in_bars().model_copy(update={"beat_confidence": 0.2})
    storyboard = storyboard_for(analysis, look="neon")
    lengths = [scene.n_frames / FPS for scene in storyboard.scenes]
    assert 3.4 <= float(np.mean(lengths)) <= 8.5
    assert {scene.bar for scene in storyboard.scenes} == {0}
    assert not any("downbeat" in scene.why for scene in storyboard.scenes)


def test_without_a_sure_grid_cuts_wait_for_onsets():
    section = song_in_bars((("verse", "A", 0.5, 30),)).sections
    onsets = tuple(float(t) for t in np.arange(0.37, 60, 0.9))
    storyboard = storyboard_for(analysis_of(section, (), onsets_s=onsets))
    assert len(storyboard.scenes) > 6
    for cut in cuts_s(storyboard):
        assert np.abs(np.array(onsets) - cut).min() <= 0.5 / FPS + 1e-6


def test_silence_becomes_slow_phrases():
    analysis = song_in_bars((("silence", "A", 0.0, 30),), moods=("silent",), beat_confidence=0.0)
    assert 6 <= len(storyboard_for(analysis).scenes) <= 12


def test_the_shortest_song_is_one_scene():
    analysis = song_in_bars((("other", "A", 0.5, 1),), bpm=400)
    assert analysis.duration_s == 0.6
    assert [scene.n_frames for scene in storyboard_for(analysis).scenes] == [18]


def test_an_hour_has_hundreds_of_scenes_and_not_thousands():
    plan = (
        ("intro", "A", 0.2, 32),
        *(("drop", "B", 1.0, 64), ("breakdown", "C", 0.2, 32)) * 18,
        ("outro", "A", 0.2, 32),
    )
    analysis = song_in_bars(plan, bpm=126)
    assert 200 <= len(storyboard_for(analysis).scenes) <= 900


def test_transitions_are_shorter_than_what_they_join():
    # More than what the Storyboard checks: half of every scene is left untouched.
    for look in ("neon", "dream", "vhs", "chrome"):
        storyboard = storyboard_for(song_in_bars(bpm=174), look=look)
        following = [scene.transition.n_frames for scene in storyboard.scenes[1:]] + [0]
        for scene, after in zip(storyboard.scenes, following, strict=True):
            assert scene.transition.n_frames // 2 + after // 2 <= scene.n_frames * 2 / 3
        assert storyboard.scenes[0].transition.kind == "cut"


def test_pace_of_a_look_changes_the_number_of_scenes():
    analysis = song_in_bars(POP)
    calm, quick = (len(storyboard_for(analysis, look=look).scenes) for look in ("aurora", "chrome"))
    assert quick > 1.3 * calm
