"""The words: records, frames, colours, music curves and storyboards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from suno_video.core import errors
from suno_video.core.analysis import N_BANDS, EnergyCurve
from suno_video.core.clock import clock, clock_tenths, tick_step_s
from suno_video.core.color import (
    hex_to_srgb,
    linear_palette,
    linear_to_oklch,
    linear_to_srgb,
    oklch_to_linear,
    srgb_to_hex,
    srgb_to_linear,
)
from suno_video.core.errors import BadEditError
from suno_video.core.frames import FrameGrid, FrameSize, planes
from suno_video.core.music import music_curves
from suno_video.core.record import find_line
from suno_video.core.storyboard import Storyboard, Transition
from tests.unit.songs import PALETTE, dissolve, scene, steady_analysis, storyboard_of


@given(st.floats(0.05, 20_000), st.integers(10, 120))
def test_a_film_is_never_shorter_than_the_song_and_at_most_a_frame_longer(duration_s: float, fps: int) -> None:
    grid = FrameGrid.for_duration(duration_s, fps)
    assert -2e-6 <= grid.duration_s - duration_s < 1 / fps + 1e-9 or grid.n_frames == 1


def test_a_song_that_fills_its_last_frame_exactly_gets_no_empty_one() -> None:
    assert FrameGrid.for_duration(10.0, 30).n_frames == 300
    assert FrameGrid.for_duration(10.0 + 1e-9, 30).n_frames == 300
    assert FrameGrid.for_duration(10.01, 30).n_frames == 301


@pytest.mark.parametrize(("text", "size"), [("16:9", (1920, 1080)), ("720P", (1280, 720)), (" 640x360 ", (640, 360))])
def test_sizes_are_read_as_people_write_them(text: str, size: tuple[int, int]) -> None:
    parsed = FrameSize.parse(text)
    assert (parsed.width_px, parsed.height_px) == size


@pytest.mark.parametrize("text", ["", "17:9", "641x360", "0x0", "99999x99999", "-2x4", "720"])
def test_a_size_that_makes_no_sense_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        FrameSize.parse(text)
    assert "16:9" in caught.value.hint


def test_the_planes_of_a_frame_are_views_into_it() -> None:
    frame = np.zeros((54, 64), np.uint8)
    y, u, v = planes(frame)
    assert (y.shape, u.shape, v.shape) == ((36, 64), (18, 32), (18, 32))
    u[:] = 7
    v[:] = 9
    assert sorted(set(frame[36:].ravel().tolist())) == [7, 9]
    assert frame[36, 0] == 7
    assert frame[-1, -1] == 9


@given(st.from_regex(r"^#[0-9a-f]{6}$", fullmatch=True))
def test_colours_survive_the_way_through_linear_light(color: str) -> None:
    assert srgb_to_hex(linear_to_srgb(srgb_to_linear(hex_to_srgb(color)))) == color


def test_a_palette_in_linear_light_goes_from_dark_to_light() -> None:
    light = linear_palette(PALETTE) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    assert light.shape == (5,)
    assert np.all(np.diff(light) > 0)


def test_every_error_has_its_own_code_and_a_docstring_for_people() -> None:
    found = errors.all_errors()
    assert len({cls.code for cls in found}) == len(found)
    assert all(cls.__doc__ for cls in found)
    assert errors.ProjectBusyError.exit_status == 75


def test_music_curves_peak_on_the_beat_and_count_beats() -> None:
    curves = music_curves(steady_analysis(), 0, 60)
    assert curves.beat[0] == pytest.approx(1)
    assert curves.beat[15] == pytest.approx(1)
    assert curves.beat[14] < 0.1
    assert curves.beats[30] == pytest.approx(2)
    assert curves.bar_phase[30] == pytest.approx(0.5)
    assert curves.at(45).downbeat < curves.at(0).downbeat


def test_music_outside_the_song_is_silent_and_the_clock_runs_on() -> None:
    curves = music_curves(steady_analysis(duration_s=2.0), -30, 120)
    assert curves.loudness[0] == 0
    assert curves.loudness[-1] == 0
    assert np.all(np.diff(curves.beats) > 0)


def test_section_energy_is_blended_over_a_second() -> None:
    energy = music_curves(steady_analysis(), 0, 240).energy
    assert energy[0] == pytest.approx(0.4)
    assert energy[-1] == pytest.approx(0.9)
    assert np.max(np.abs(np.diff(energy))) < 0.05


def test_a_storyboard_with_a_gap_is_refused() -> None:
    with pytest.raises(ValidationError, match="s002 begins at frame 31, not at 30"):
        storyboard_of(scene(1, 0, 30), scene(2, 31, 60))


def test_a_storyboard_that_ends_early_is_refused() -> None:
    with pytest.raises(ValidationError, match="ends at frame 30, the film at 40"):
        storyboard_of(scene(1, 0, 30), n_frames=40)


def test_transitions_that_take_more_than_a_scene_has_are_refused() -> None:
    with pytest.raises(ValidationError, match="transitions on its two sides take"):
        storyboard_of(
            scene(1, 0, 30),
            scene(2, 30, 40, transition=dissolve(10)),
            scene(3, 40, 80, transition=dissolve(10)),
        )


def test_a_first_scene_cannot_dissolve_from_nothing() -> None:
    with pytest.raises(ValidationError, match="no picture to dissolve from"):
        storyboard_of(scene(1, 0, 30, transition=dissolve(4)))


def test_an_odd_transition_is_refused() -> None:
    with pytest.raises(ValidationError, match="even"):
        Transition(kind="dip", n_frames=3)


def test_a_storyboard_survives_the_way_to_disk_and_back() -> None:
    board = storyboard_of(scene(1, 0, 30), scene(2, 30, 60, transition=dissolve(8)))
    assert Storyboard.from_json(board.to_json()) == board


def test_a_bad_edit_names_the_line_and_the_reason() -> None:
    board = storyboard_of(scene(1, 0, 30), scene(2, 30, 60))
    text = board.to_json().replace('"motif": "m"', '"motif": 5', 1)
    line = text[: text.index('"motif": 5')].count("\n") + 1
    with pytest.raises(errors.BadEditError) as caught:
        Storyboard.from_json(text, "storyboard.json")
    assert f"line {line}: scenes.0.motif" in caught.value.message


def test_a_key_that_we_do_not_know_is_refused_at_its_line() -> None:
    text = storyboard_of(scene(1, 0, 30)).to_json().replace('"captions"', '"captoins"', 1)
    line = text[: text.index("captoins")].count("\n") + 1
    with pytest.raises(errors.BadEditError, match=f"line {line}: captoins"):
        Storyboard.from_json(text)


def test_a_missing_comma_is_named_with_line_and_column() -> None:
    with pytest.raises(errors.BadEditError, match="line 3, column"):
        Storyboard.from_json('{\n "version": 1\n "seed": 2\n}')


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"a": ', "\x00", '"' + "x" * 100_000])
def test_rubbish_is_refused_without_a_traceback(text: str) -> None:
    with pytest.raises(errors.BadEditError):
        Storyboard.from_json(text)


def test_lines_are_found_in_nested_json_with_repeated_keys() -> None:
    text = '{\n "a": [\n  {"x": 1},\n  {\n   "x": 2\n  }\n ]\n}'
    assert find_line(text, ("a", 0, "x")) == 3
    assert find_line(text, ("a", 1, "x")) == 5
    assert find_line(text, ("a", 1, "missing")) == 4


def test_times_are_said_as_people_say_them() -> None:
    assert [clock(s) for s in (0, 59.6, 204.3, 3723)] == ["0:00", "1:00", "3:24", "1:02:03"]
    tenths = [clock_tenths(s) for s in (0, 7.74, 59.96, 64.24, 3600)]
    assert tenths == ["0:00.0", "0:07.7", "1:00.0", "1:04.2", "60:00.0"]


def test_an_axis_gets_no_more_ticks_than_asked_for() -> None:
    assert [tick_step_s(length_s, 9) for length_s in (0.5, 9, 10, 67, 240, 3600)] == [1, 1, 2, 10, 30, 600]
    assert tick_step_s(9 * 86400, 9) == 7200


def test_a_colour_survives_the_way_through_oklch() -> None:
    (lch,) = linear_to_oklch(srgb_to_linear(hex_to_srgb("#3b82c4"))[None])
    assert srgb_to_hex(linear_to_srgb(oklch_to_linear(*lch))) == "#3b82c4"
    (grey,) = linear_to_oklch(np.array([[1.0, 1.0, 1.0]]))
    assert grey[:2] == pytest.approx([1, 0], abs=1e-6)


def test_a_spectrum_that_does_not_fit_the_frames_is_refused() -> None:
    levels = dict.fromkeys(("loudness", "bass", "mid", "treble", "onset"), (0.5, 0.5))
    packed = EnergyCurve.pack_spectrum(np.zeros((2, N_BANDS), np.float32))
    assert EnergyCurve(fps=30, **levels, spectrum_b64=packed).spectrum().shape == (2, N_BANDS)
    for wrong in (EnergyCurve.pack_spectrum(np.zeros((3, N_BANDS), np.float32)), "not base64!"):
        with pytest.raises(ValueError, match="spectrum_b64"):
            EnergyCurve(fps=30, **levels, spectrum_b64=wrong)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "size.json"
    path.write_text('{"width_px": 64, "height_px": 36}', encoding="utf-8-sig")
    assert FrameSize.load(path) == FrameSize(width_px=64, height_px=36)


def test_brackets_without_end_are_a_bad_edit_and_no_bug() -> None:
    with pytest.raises(BadEditError, match="nested"):
        FrameSize.from_json("[" * 100_000)
