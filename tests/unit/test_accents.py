"""Accents of the picture against those of the music, and the proof that holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.accents import join_light, measure_light, prove_accents, visual_accents
from suno_video.assemble.proof import prove_sync, usual_bounds
from suno_video.core.analysis import DrumHits
from suno_video.core.errors import CheckFailedError
from suno_video.core.song import LyricLine, Lyrics
from tests.unit.films import click_song, conform_all, splice_film
from tests.unit.songs import scene, steady_analysis, storyboard_of

FPS = 30


def _pulses(n_frames: int, at: list[int]) -> np.ndarray:
    change = np.full(n_frames, 1.0, dtype=np.float32)
    change[at] = 8.0
    return change


def test_a_sudden_change_is_an_accent_and_even_motion_is_none() -> None:
    assert visual_accents(_pulses(90, [20, 50]), FPS).tolist() == [20, 50]
    assert visual_accents(np.full(90, 30.0, dtype=np.float32), FPS).tolist() == []
    assert visual_accents(np.linspace(0, 3, 90, dtype=np.float32), FPS).tolist() == []
    assert visual_accents(np.zeros(2, dtype=np.float32), FPS).tolist() == []


def test_accents_on_every_second_beat_hit_and_serve_half() -> None:
    analysis = steady_analysis()
    beats = [round(beat * FPS) for beat in analysis.beats_s if 0 < beat < 8]
    change = _pulses(8 * FPS, beats[::2])

    proof = prove_accents(change, FPS, 0, analysis)

    assert proof.vbcs == 1.0
    assert proof.abhs == pytest.approx(0.5, abs=0.1)
    assert proof.musical == "beats"
    assert proof.n_visual == len(beats[::2])


def test_accents_between_the_beats_hit_nothing_and_chance_is_told() -> None:
    analysis = steady_analysis()
    step = analysis.beats_s[1] - analysis.beats_s[0]
    off = [round((beat + step / 2) * FPS) for beat in analysis.beats_s if beat < 7]

    proof = prove_accents(_pulses(8 * FPS, off), FPS, 0, analysis)

    assert (proof.vbcs, proof.abhs) == (0.0, 0.0)
    assert proof.vbcs_by_chance == pytest.approx(0.14 / step, abs=0.05)


def test_accents_on_a_kick_between_the_beats_are_on_the_music_and_on_no_beat() -> None:
    analysis = steady_analysis()
    step = analysis.beats_s[1] - analysis.beats_s[0]
    kicks = tuple(beat + step / 2 for beat in analysis.beats_s if beat < 7)
    heard = analysis.model_copy(update={"drums": DrumHits(kick_s=kicks)})

    proof = prove_accents(_pulses(8 * FPS, [round(kick * FPS) for kick in kicks]), FPS, 0, heard)

    assert (proof.vbcs, proof.on_hits) == (0.0, 1.0)
    assert proof.vbcs_by_chance < proof.on_hits_by_chance < 1


def test_the_change_at_a_cut_is_that_between_two_files(tmp_path: Path) -> None:
    film = storyboard_of(scene(1, 0, 30), scene(2, 30, 60))
    paths = conform_all(film, steady_analysis(), tmp_path, grey={"s001": 40, "s002": 200})

    change = join_light([measure_light(path) for path in paths])

    assert len(change) == 60
    assert int(change.argmax()) == 30
    assert visual_accents(change, FPS).tolist() == [30]


def test_the_proof_says_how_each_cut_lies_to_its_beat_and_how_that_was_meant(tmp_path: Path) -> None:
    analysis = steady_analysis(4.0)
    beat = round(analysis.beats_s[3] * FPS)
    board = storyboard_of(scene(1, 0, beat - 2), scene(2, beat - 2, 120, lead_frames=2))
    paths = conform_all(board, analysis, tmp_path)
    song = click_song(tmp_path / "song.wav", analysis.beats_s, 4.0)
    film = splice_film(board, paths, song, tmp_path / "film.mp4")
    lyrics = Lyrics(source="x", lines=(LyricLine(text="a", start_s=0.1, end_s=1.0), LyricLine(text="b")))

    proof = prove_sync(film, paths, board, analysis, lyrics=lyrics)

    (cut,) = proof.beat_cuts
    assert cut.scene == "s002"
    assert cut.offset_ms == pytest.approx(-2000 / FPS, abs=17)
    assert cut.meant_ms == pytest.approx(-2000 / FPS, abs=0.01)
    assert proof.on_beat == 1.0
    assert proof.median_offset_ms == cut.offset_ms
    assert proof.lyrics is not None
    assert (proof.lyrics.n_lines, proof.lyrics.n_timed_lines, proof.lyrics.mean_confidence) == (2, 1, 1.0)
    assert proof.faults == ()


def test_bounds_are_data_and_what_is_out_of_them_is_an_error(tmp_path: Path) -> None:
    board, analysis = storyboard_of(scene(1, 0, 60)), steady_analysis(2.0)
    paths = conform_all(board, analysis, tmp_path)
    film = splice_film(board, paths, click_song(tmp_path / "song.wav", (0.5,), 2.0), tmp_path / "film.mp4")
    proof = prove_sync(film, paths, board, analysis)

    assert proof.bounds == usual_bounds()
    proof.require_in_bounds()
    tight = proof.model_copy(update={"bounds": usual_bounds().model_copy(update={"max_duration_error_frames": -1.0})})
    with pytest.raises(CheckFailedError, match="longer than the song"):
        tight.require_in_bounds()
