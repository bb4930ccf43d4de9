"""Listening to made songs: what is known must be heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suno_video.analyze.listen import listen, song_digest
from suno_video.analyze.plot import plot_analysis
from suno_video.core.analysis import N_BANDS, SongAnalysis
from suno_video.core.errors import BadSongError
from suno_video.core.frames import FrameGrid
from tests.unit.sounds import clicks, drums, encode, noise, silence, tone, write_wav

FPS = 30


def hear(folder: Path, samples: np.ndarray, fps: int = FPS) -> SongAnalysis:
    return listen(write_wav(folder / "song.wav", samples), fps=fps, max_duration_s=600).analysis


@pytest.mark.parametrize("bpm", [70, 96, 120, 174])
def test_a_click_track_gives_its_tempo_and_every_beat_within_10_ms(tmp_path: Path, bpm: int) -> None:
    times = np.arange(0.5, 24.4, 60 / bpm)
    heard = hear(tmp_path, clicks(25, times))
    beats = np.array(heard.beats_s)
    assert heard.tempo_bpm == pytest.approx(bpm, rel=0.02)
    errors = np.abs(beats[:, None] - times[None, :]).min(axis=1)
    inside = (beats > 1) & (beats < 24)
    assert errors[inside].max() < 0.010
    assert abs(len(beats) - len(times)) <= 2


def test_drums_in_four_give_bars_of_four_that_begin_on_the_kick(tmp_path: Path) -> None:
    heard = hear(tmp_path, drums(40, 110, first_s=0.3))
    assert heard.beats_per_bar == 4
    assert heard.tempo_bpm == pytest.approx(110, rel=0.02)
    bars = np.array(heard.downbeats_s)
    errors = np.abs((bars - 0.3 + 1) % (240 / 110) - 1)
    assert np.mean(errors < 0.03) > 0.9
    assert set(heard.downbeats_s) <= set(heard.beats_s)
    assert heard.beat_confidence > 0.6


def test_a_waltz_has_bars_of_three(tmp_path: Path) -> None:
    heard = hear(tmp_path, drums(40, 132, metre=3))
    assert heard.beats_per_bar == 3
    assert heard.tempo_bpm == pytest.approx(132, rel=0.02)


def test_each_click_is_an_onset_in_exactly_its_frame(tmp_path: Path) -> None:
    times = np.array([0.5, 1.0, 1.7, 2 + 1 / 30, 3.123, 4.99, 5.5, 6.2])
    heard = hear(tmp_path, clicks(8, times))
    loud = np.flatnonzero(np.array(heard.energy.onset) > 0.3)
    assert loud.tolist() == [int(t * FPS + 1e-6) for t in times]
    assert np.allclose(heard.onsets_s, times, atol=0.003)


@pytest.mark.parametrize("fps", [10, 24, 30, 60, 120])
def test_envelopes_have_one_value_for_each_frame_of_the_film(tmp_path: Path, fps: int) -> None:
    heard = hear(tmp_path, drums(5.017, 120), fps)
    n_frames = FrameGrid.for_duration(heard.duration_s, fps).n_frames
    assert len(heard.energy.loudness) == len(heard.energy.onset) == n_frames
    assert heard.energy.spectrum().shape == (n_frames, N_BANDS)


def test_a_loud_half_is_near_one_and_a_quiet_half_visibly_lower(tmp_path: Path) -> None:
    chord = tone(10, 220, 277, 330, 1500, level=0.6)
    chord[: len(chord) // 2] *= 0.2
    curve = np.array(hear(tmp_path, chord).energy.loudness)
    assert curve[170:290].min() > 0.7
    assert 0.1 < curve[10:130].mean() < 0.5


def test_the_bass_moves_the_bass_and_the_cymbals_move_the_treble(tmp_path: Path) -> None:
    low, high = tone(4, 60, level=0.5), tone(4, 8000, level=0.3)
    energy = hear(tmp_path, np.concatenate([low, high])).energy
    half = 4 * FPS
    assert np.mean(energy.bass[5 : half - 5]) > 0.8 > 0.05 > np.mean(energy.bass[half + 5 :])
    assert np.mean(energy.treble[half + 5 : -5]) > 0.8 > 0.05 > np.mean(energy.treble[5 : half - 5])
    bands = energy.spectrum()
    assert bands[60].argmax() < 5
    assert bands[half + 60].argmax() > 24


def test_leading_silence_is_its_own_section_and_leaves_the_rest_as_loud_as_ever(tmp_path: Path) -> None:
    music = drums(20, 120)
    plain = hear(tmp_path, music)
    late = hear(tmp_path, np.concatenate([silence(4), music]))
    assert late.sections[0].label == "silence"
    assert late.sections[0].end_s == pytest.approx(4, abs=0.05)
    assert late.n_leading_silent_frames == pytest.approx(4 * FPS, abs=1)
    assert set(late.energy.loudness[: 4 * FPS - 2]) == {0.0}
    assert np.allclose(late.energy.loudness[4 * FPS + 5 :], plain.energy.loudness[5:], atol=0.1)
    assert min(late.beats_s) > 3.9


def test_silence_has_no_beat_no_key_no_loudness_and_is_one_section(tmp_path: Path) -> None:
    heard = hear(tmp_path, silence(5))
    assert (heard.beats_s, heard.downbeats_s, heard.onsets_s) == ((), (), ())
    assert (heard.tempo_bpm, heard.beat_confidence) == (0, 0)
    assert (heard.key, heard.integrated_lufs, heard.moods) == (None, None, ("silent",))
    assert [section.label for section in heard.sections] == ["silence"]
    assert max(heard.energy.loudness) == max(heard.energy.onset) == 0
    assert heard.energy.spectrum().max() == 0


@pytest.mark.parametrize("sound", [noise(20), tone(20, 440), tone(20, 220, 277, 330)])
def test_noise_and_steady_tones_have_no_beat(tmp_path: Path, sound: np.ndarray) -> None:
    heard = hear(tmp_path, sound)
    assert heard.beats_s == ()
    assert heard.energy.onset.count(0.0) > 0.8 * len(heard.energy.onset)


def test_noise_has_no_key_and_a_cadence_has_its_own(tmp_path: Path) -> None:
    assert hear(tmp_path, noise(10)).key is None
    a_minor = [(220, 261.6, 329.6), (293.7, 349.2, 440), (329.6, 415.3, 493.9), (220, 261.6, 329.6)] * 3
    assert hear(tmp_path, np.concatenate([tone(1.5, *chord) for chord in a_minor])).key == "A minor"
    c_major = [(261.6, 329.6, 392), (349.2, 440, 523.3), (392, 493.9, 587.3), (261.6, 329.6, 392)] * 3
    assert hear(tmp_path, np.concatenate([tone(1.5, *chord) for chord in c_major])).key == "C major"


def test_loudness_is_that_of_the_standard(tmp_path: Path) -> None:
    # EBU Tech 3341, case 1: a stereo sine of 1000 Hz at -23 dBFS is -23 LUFS.
    sine = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(44100 * 20) / 44100)
    assert hear(tmp_path, np.stack([sine, sine], axis=1)).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_sections_begin_where_the_music_changes_and_tile_the_song(tmp_path: Path) -> None:
    calm = tone(16, 220, 277, 330, level=0.15) + 0.15 * drums(16, 120)
    full = tone(16, 174.6, 220, 261.6, level=0.4) + drums(16, 120) + noise(16, 0.05)
    heard = hear(tmp_path, np.concatenate([calm, full, calm, full, calm]))
    starts = [section.start_s for section in heard.sections]
    assert starts == pytest.approx([0, 16, 32, 48, 64], abs=0.3)
    assert heard.sections[-1].end_s == heard.duration_s
    groups = [section.group for section in heard.sections]
    assert groups[1] == groups[3] != groups[0] == groups[2]
    assert heard.sections[1].label == heard.sections[3].label in ("chorus", "drop")
    assert heard.sections[1].energy > heard.sections[2].energy + 0.3
    for start in starts[1:]:
        assert min(abs(start - bar) for bar in heard.downbeats_s) < 0.02


@pytest.mark.parametrize("duration_s", [0.5, 0.6, 1.3, 3.0])
def test_very_short_songs_are_heard_whole(tmp_path: Path, duration_s: float) -> None:
    heard = hear(tmp_path, drums(duration_s, 120))
    assert heard.duration_s == pytest.approx(duration_s)
    assert heard.sections[-1].end_s == heard.duration_s
    assert len(heard.energy.loudness) == FrameGrid.for_duration(duration_s, FPS).n_frames


def test_a_truncated_song_says_what_was_promised(tmp_path: Path) -> None:
    whole = encode(write_wav(tmp_path / "a.wav", drums(12, 120)), tmp_path / "a.mp3")
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    song = listen(cut, fps=FPS, max_duration_s=600).song
    assert 5 < song.duration_s < 7
    assert any("header promises" in note and "12.0 s" in note for note in song.notes)


def test_the_digest_changes_with_the_song_and_with_the_lyrics_beside_it(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", drums(2, 120))
    first = song_digest(path)
    assert listen(path, fps=FPS, max_duration_s=600).song.sha256 == first
    (tmp_path / "a.lrc").write_text("[00:00.50] la\n", encoding="utf-8")
    second = song_digest(path)
    write_wav(path, drums(2, 121))
    assert len({first, second, song_digest(path)}) == 3


def test_a_text_renamed_to_mp3_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("la la la", encoding="utf-8")
    with pytest.raises(BadSongError):
        listen(tmp_path / "a.mp3", fps=FPS, max_duration_s=600)


def test_the_same_song_gives_the_same_analysis(tmp_path: Path) -> None:
    song = drums(8, 100)
    assert hear(tmp_path, song) == hear(tmp_path, song)


def test_the_plot_is_a_picture_also_for_silence(tmp_path: Path) -> None:
    for samples in (drums(6, 120), silence(2)):
        heard = listen(write_wav(tmp_path / "a.wav", samples), fps=FPS, max_duration_s=600)
        plot_analysis(heard.song, heard.analysis, tmp_path / "plot.png")
        with Image.open(tmp_path / "plot.png") as picture:
            assert picture.size == (1600, 900)
            assert len(picture.getcolors(maxcolors=10**6) or ()) > 50
