"""Beats that a person gives: read from files, laid over what was heard, remembered, and heard as clicks."""

from __future__ import annotations

import json
import math
import wave
from pathlib import Path

import numpy as np
import pytest

from suno_video.analyze import ears
from suno_video.analyze import listen as listening
from suno_video.analyze.beats_file import MAX_BYTES, read_beats_file
from suno_video.analyze.click import CLICK_LEVEL, SONG_LEVEL, write_click
from suno_video.cli.grid import GridSaid, grid_said, require_click_place
from suno_video.cli.options import Wishes
from suno_video.cli.songs import refuse_what_is_for_one
from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.errors import BackendUnavailableError, BadBeatsError, BadEditError, CannotCreateError, UsageError
from suno_video.core.frames import FrameSize
from suno_video.core.grid import GridWish
from suno_video.direct.rules import direct_by_rules
from suno_video.media.wav import write_wav as write_blocks
from suno_video.pipeline import FilmOptions, analyze_song
from suno_video.project.workspace import Project
from tests.unit.direct_songs import FAMILIES
from tests.unit.songs import steady_analysis
from tests.unit.sounds import clicks, drums, noise, two_parts, write_wav

RATE_HZ = 22050
BEAT_S = 60 / 160


def write_song(folder: Path, seconds: float = 6.0) -> Path:
    return write_wav(folder / "song.wav", two_parts(seconds), RATE_HZ)


def hear(song: Path, wish: GridWish) -> SongAnalysis:
    return listening.listen(song, fps=30, max_duration_s=600, wish=wish).analysis


def read(folder: Path, text: str | bytes, name: str = "beats.csv") -> GridWish:
    path = folder / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_beats_file(path)


FOUR = (0.5, 1.0, 1.5, 2.0)


@pytest.mark.parametrize(
    ("text", "beats", "downbeats"),
    [
        ("0.5\n1.0\n1.5\n2.0\n", FOUR, ()),
        ("time,beat\n0.5,1\n1.0,2\n1.5,3\n2.0,1\n", FOUR, (0.5, 2.0)),
        ("nr,beat,time\n1,1,0.5\n2,2,1.0\n3,1,1.5\n4,2,2.0\n", FOUR, (0.5, 1.5)),
        ("time;beat\n0,5;1\n1,0;2\n1,5;1\n2,0;2\n", FOUR, (0.5, 1.5)),
        ("\ufeffTime,Label\r\n0:00.5,down\r\n0:01,\r\n0:01.5,\r\n0:02,down\r\n", FOUR, (0.5, 2.0)),
        ("0.5 1\n1.0 2\n1.5 3\n2.0 4\n", FOUR, (0.5,)),
        ("0.5\t0.5\t1.1\n1.0\t1.0\t1.2\n1.5\t1.5\t2.1\n2.0\t2.0\t2.2\n", FOUR, (0.5, 1.5)),
        ("0.5\t0.5\tbar\n\\\t100.0\t200.0\n1.0\t1.0\t\n1.5\t1.5\t\n2.0\t2.0\tbar\n", FOUR, (0.5, 2.0)),
        ("[0.5, 1.0, 1.5, 2.0]", FOUR, ()),
        ('{"beats_s": [0.5, 1, 1.5, 2], "downbeats_s": [1]}', FOUR, (1.0,)),
        ('{"beats": [[0.5, 1], [1, 2], [1.5, 3], [2, 1]]}', FOUR, (0.5, 2.0)),
        ('{"beats": [{"time": 0.5, "downbeat": true}, {"time": 1}, {"time": 1.5}, {"time": 2}]}', FOUR, (0.5,)),
        ('{"downbeats": [0.5, 2.5]}', (), (0.5, 2.5)),
        (
            '{"annotations": [{"namespace": "chord", "data": []}, {"namespace": "beat", "data": ['
            '{"time": 0.5, "duration": 0, "value": 1, "confidence": null}, {"time": 1, "value": 2},'
            '{"time": 1.5, "value": 1}, {"time": 2, "value": 2}]}], "file_metadata": {}, "sandbox": {}}',
            FOUR,
            (0.5, 1.5),
        ),
        (
            '{"annotations": [{"namespace": "beat_position", "data": [{"time": 0.5, "value": {"position": 1,'
            '"measure": 1, "num_beats": 2, "beat_units": 4}}, {"time": 1, "value": {"position": 2}}]}]}',
            (0.5, 1.0),
            (0.5,),
        ),
    ],
)
def test_beats_are_read_from_files_of_all_kinds(
    tmp_path: Path, text: str, beats: tuple[float, ...], downbeats: tuple[float, ...]
) -> None:
    found = read(tmp_path, text)
    assert (found.beats_s, found.downbeats_s) == (beats, downbeats)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("0.5\nnan\n1.5\n", "line 2: 'nan' is no time"),
        ("time\n0.5\n1e999\n", "line 3: '1e999' is no time"),
        ("0.5\n1.0\n0.9\n", "line 3: 0.9 s comes after 1 s"),
        ("-1\n1.0\n", "line 1: the time is negative"),
        ("0.5\n0.55\n", "line 2: 0.55 s is closer than 0.1 s"),
        ("0.5\n", "fewer than two beats"),
        ("one\ntwo\nthree\n", "line 2: 'two' is no time"),
        ('{"tempo": 120}', "neither `beats` nor `downbeats`"),
        ('{"beats": 7}', "`beats` is no list"),
        ('{"beats": [1, 2], "downbeats": [1.5]}', "downbeats[0]: at 1.5 s there is no beat"),
        ('{"beats": [1, {"x": 2}]}', "beats[1] has no `time`"),
        ('{"beats": [1, true]}', "beats[1]: 'True' is no time"),
        ("[1, 2", "line 1, column"),
        ("[NaN, 2]", "is no time"),
        ("[" * 100_000, "nested"),
        ('{"annotations": []}', "none of its annotations"),
        (b"\xff\xfb\x90\x00\x00" * 50, "it is not text"),
        ("ä".encode("latin-1") + b"\n1\n", "it is not text"),
        ("\n".join(str(k) for k in range(60_002)), "more than 60000 marks"),
        ("[" + "9" * 5000 + ", 1]", ""),
    ],
)
def test_a_file_that_is_no_grid_is_refused_by_line_and_reason(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(BadBeatsError) as caught:
        read(tmp_path, text)
    assert said in caught.value.message
    assert len(caught.value.message) < 400 and "listening.md" in caught.value.hint


def test_a_song_named_as_beats_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(BadBeatsError, match="larger than 32 MB"):
        read_beats_file(path)


def test_given_beats_are_the_grid_and_only_bars_are_sought(tmp_path: Path) -> None:
    given = tuple(round(k * BEAT_S, 4) for k in range(16))
    heard = hear(write_song(tmp_path), GridWish(beats_s=given, source="tapped.csv"))
    assert heard.beats_s == given
    assert heard.downbeats_s == given[::4]
    assert (heard.grid_source, heard.beat_confidence) == ("file", 1.0)
    assert {passage.verdict for passage in heard.passages} == {"given"}
    assert "tapped.csv" in heard.passages[0].why


def test_given_bars_keep_their_place_against_what_is_heard(tmp_path: Path) -> None:
    given = tuple(round(k * BEAT_S, 4) for k in range(16))
    heard = hear(write_song(tmp_path), GridWish(beats_s=given, downbeats_s=given[1::3], beats_per_bar=3))
    assert (heard.downbeats_s, heard.beats_per_bar) == (given[1::3], 3)


@pytest.mark.parametrize("bpm", [80, 160])
def test_a_given_tempo_finds_its_phase_at_the_level_that_the_person_chose(tmp_path: Path, bpm: int) -> None:
    heard = hear(write_song(tmp_path), GridWish(bpm=bpm))
    beats = np.array(heard.beats_s)
    assert (heard.tempo_bpm, heard.grid_source) == (pytest.approx(bpm, rel=0.01), "tempo")
    assert np.abs((beats + BEAT_S / 2) % BEAT_S - BEAT_S / 2).max() < 0.02
    assert len(beats) == pytest.approx(6 * bpm / 60, abs=1)


def test_a_given_tempo_breathes_where_the_music_does(tmp_path: Path) -> None:
    steps = 0.6 * (1 + 0.14 * np.sin(np.arange(30) / 4))
    times = 0.3 + np.cumsum(steps)
    heard = hear(write_wav(tmp_path / "song.wav", clicks(20, times)), GridWish(bpm=100))
    away = np.abs(times[:, None] - np.array(heard.beats_s)[None, :]).min(axis=1)
    assert np.mean(away < 0.05) > 0.9 and len(heard.beats_s) == pytest.approx(len(times), abs=3)


def test_a_given_tempo_makes_a_grid_where_nothing_is_heard(tmp_path: Path) -> None:
    heard = hear(write_wav(tmp_path / "song.wav", noise(6)), GridWish(bpm=120, downbeat_s=1.0))
    assert 1.0 in heard.downbeats_s
    assert np.allclose(np.diff(heard.beats_s), 0.5, atol=0.03)


def test_a_given_downbeat_turns_the_bars_and_leaves_the_beats(tmp_path: Path) -> None:
    song = write_song(tmp_path)
    plain, turned = hear(song, GridWish()), hear(song, GridWish(downbeat_s=2 * BEAT_S))
    assert turned.beats_s == plain.beats_s and turned.passages == plain.passages
    assert turned.downbeats_s == plain.beats_s[2::4] != plain.downbeats_s
    assert (turned.grid_source, turned.bars_given) == ("heard", True)
    assert turned.correction != plain.correction == ""


def test_a_downbeat_between_the_beats_moves_them(tmp_path: Path) -> None:
    at_s = 4.5 * BEAT_S
    heard = hear(write_song(tmp_path), GridWish(downbeat_s=at_s))
    assert min(abs(each - at_s) for each in heard.downbeats_s) < 1e-3
    beats = np.array(heard.beats_s)
    assert np.median(np.abs(beats % BEAT_S - BEAT_S / 2)) < 0.05


@pytest.mark.parametrize("wish", [GridWish(beats_s=(1, 2, 99)), GridWish(downbeat_s=99)])
def test_a_grid_beyond_the_song_is_refused(tmp_path: Path, wish: GridWish) -> None:
    with pytest.raises(BadBeatsError, match=r"99\.000 s"):
        hear(write_song(tmp_path, 4), wish)


def test_no_bar_can_begin_where_no_beat_is_heard(tmp_path: Path) -> None:
    with pytest.raises(BadBeatsError, match="No beat is heard"):
        hear(write_wav(tmp_path / "song.wav", noise(4)), GridWish(downbeat_s=1))


def test_cuts_follow_the_bars_that_a_person_sets(tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", drums(24, 120))
    for downbeat_s in (0.0, 0.5):
        heard = listening.listen(song, fps=30, max_duration_s=600, wish=GridWish(bpm=120, downbeat_s=downbeat_s))
        board = direct_by_rules(heard.song, heard.analysis, Brief(timing="grid"), families=FAMILIES)
        cuts = np.array([scene.start_frame / 30 for scene in board.scenes[1:]])
        assert len(cuts) >= 2
        away_s = (cuts - downbeat_s + 1.0) % 2.0 - 1.0
        assert np.abs(away_s).max() <= 0.5 / 30 + 0.01, "each begins a bar of two seconds"


def options(**changes: object) -> FilmOptions:
    brief = Brief(size=FrameSize(width_px=64, height_px=36))
    return FilmOptions(brief=brief, **changes)  # type: ignore[arg-type]


def test_a_correction_is_remembered_until_it_is_taken_back_and_does_not_listen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = write_song(tmp_path, 4)
    project = Project.beside(song).create()

    def analyze(**changes: object) -> SongAnalysis:
        return analyze_song(song, options(**changes), write=True)[1]

    first = analyze()
    monkeypatch.setattr(listening, "track_beats", None)  # who calls it now listens again
    said = analyze(grid=GridWish(bpm=80))
    assert (said.grid_source, first.grid_source) == ("tempo", "heard")
    assert analyze() == said
    turned = analyze(grid=GridWish(downbeat_s=2 * BEAT_S))
    assert turned.downbeats_s != said.downbeats_s and np.allclose(turned.beats_s, said.beats_s, atol=0.02)
    assert analyze(forget_grid=True) == first
    assert not project.grid_file.exists()


def test_a_correction_that_cannot_be_of_the_song_is_not_kept(tmp_path: Path) -> None:
    song = write_song(tmp_path, 4)
    Project.beside(song).create()
    with pytest.raises(BadBeatsError):
        analyze_song(song, options(grid=GridWish(beats_s=(1, 50))), write=True)
    assert analyze_song(song, options())[1].grid_source == "heard"


def test_a_downbeat_that_contradicts_the_bars_of_a_kept_file_is_refused(tmp_path: Path) -> None:
    song = write_song(tmp_path, 4)
    kept = GridWish(beats_s=(1, 2, 3), downbeats_s=(1,), source="mine.csv")
    Project.beside(song).create().grid_file.write_text(kept.to_json())
    with pytest.raises(UsageError, match=r"mine\.csv has its bars"):
        analyze_song(song, options(grid=GridWish(downbeat_s=2)))


def test_an_edited_grid_that_does_not_fit_is_refused_and_can_be_left(tmp_path: Path) -> None:
    song = write_song(tmp_path, 4)
    project = Project.beside(song).create()
    project.grid_file.write_text('{"bpm": 1e9}')
    with pytest.raises(BadEditError, match="bpm"):
        analyze_song(song, options())
    assert analyze_song(song, options(forget_grid=True))[1].grid_source == "heard"


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels())
    return raw.astype(np.float64) / 32767


def test_clicks_begin_on_the_sample_of_their_beat_and_the_sound_is_as_long_as_the_song(tmp_path: Path) -> None:
    rate, analysis = 44100, steady_analysis(8.0, bpm=97)
    song_sound = np.stack([np.full(8 * rate + 123, 0.25), np.full(8 * rate + 123, -0.5)], axis=1)
    song, out = write_wav(tmp_path / "song.wav", song_sound), tmp_path / "out.wav"
    assert write_click(song, analysis, out, max_duration_s=60) == len(analysis.beats_s)
    clicks = samples_of(out) - SONG_LEVEL * samples_of(song)
    assert clicks.shape == song_sound.shape and np.allclose(clicks[:, 0], clicks[:, 1], atol=2e-4)
    loud = np.flatnonzero(np.abs(clicks[:, 0]) > 0.6 * CLICK_LEVEL)
    starts = loud[np.diff(loud, prepend=-rate) > rate // 10]
    assert np.abs(starts - np.array(analysis.beats_s) * rate).max() <= 0.51
    turns = [int((np.diff(np.sign(clicks[at : at + rate // 100, 0])) != 0).sum()) for at in starts]
    is_bar = np.isin(analysis.beats_s, analysis.downbeats_s)
    assert {turns[k] for k in np.flatnonzero(is_bar)} == {40} and {turns[k] for k in np.flatnonzero(~is_bar)} == {20}


def test_a_click_that_cannot_be_written_leaves_nothing_and_takes_no_old_file_away(tmp_path: Path) -> None:
    song = write_song(tmp_path, 4)
    with pytest.raises(CannotCreateError):
        write_click(song, steady_analysis(4), tmp_path / "no" / "out.wav", max_duration_s=60)
    old = tmp_path / "out.wav"
    old.write_bytes(b"old")

    def failing() -> object:
        yield np.zeros((10, 1), dtype=np.float32)
        raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="disk is full"):
        write_blocks(old, 44100, 1, failing())  # type: ignore[arg-type]
    assert old.read_bytes() == b"old" and sorted(each.name for each in tmp_path.iterdir()) == ["out.wav", "song.wav"]


def test_numbers_that_are_none_never_reach_a_grid() -> None:
    for bad in ({"bpm": math.nan}, {"bpm": 0}, {"downbeat_s": -1}, {"beats_s": [1]}, {"beats_s": [2, 1]}):
        with pytest.raises(BadEditError):
            GridWish.from_json(json.dumps(bad).replace("NaN", "1e999"))


def test_other_ears_that_are_not_installed_are_asked_for_by_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ears, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailableError, match="needs beat_this, torch") as caught:
        ears.open_ears("beat_this")
    assert "suno-video[beat-this]" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"bpm": math.nan}, "--bpm nan is no tempo"),
        ({"bpm": 0.0}, "--bpm 0 is no tempo"),
        ({"bpm": 1e9}, "is no tempo"),
        ({"downbeat": "-1"}, "--downbeat '-1' is no time"),
        ({"downbeat": "nan"}, "is no time"),
        ({"beats": "beats.csv", "bpm": 120.0}, "--beats and --bpm contradict"),
        ({"beats": "beats.csv", "downbeat": "1.5"}, "--downbeat 1.5 and --beats contradict"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, object], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beats.csv").write_text("time,beat\n1,1\n1.5,2\n2,1\n2.5,2\n")
    with pytest.raises(UsageError) as caught:
        grid_said(Wishes(**said))  # type: ignore[arg-type]
    assert words in caught.value.message


def test_a_file_of_beats_takes_the_place_of_all_that_was_said_before(tmp_path: Path) -> None:
    (tmp_path / "beats.csv").write_text("time,beat\n1,1\n1.5,2\n2,1\n2.5,2\n")
    said = grid_said(Wishes(beats=str(tmp_path / "beats.csv"), downbeat="2"))
    assert said.forget and said.wish.downbeats_s == (1, 2) and said.wish.source == "beats.csv"
    assert grid_said(Wishes(beats="auto")) == GridSaid(GridWish(), forget=True)
    assert grid_said(Wishes()) == GridSaid(GridWish(), forget=False)


def test_one_grid_is_not_for_several_songs() -> None:
    refuse_what_is_for_one(Wishes(beats="auto"))
    for wishes in (Wishes(bpm=120), Wishes(downbeat="1"), Wishes(beats="beats.csv")):
        with pytest.raises(UsageError, match="is for one song"):
            refuse_what_is_for_one(wishes)


def test_a_click_never_takes_the_place_of_the_song(tmp_path: Path) -> None:
    song = write_song(tmp_path, 1)
    for click, words in ((song, "the song itself"), (tmp_path / "out.mp3", r"does not end in \.wav")):
        with pytest.raises(UsageError, match=words):
            require_click_place(song, click)
    with pytest.raises(CannotCreateError) as caught:
        require_click_place(song, tmp_path / "no" / "out.wav")
    assert "--click" in caught.value.hint


def test_the_metre_is_told_in_words_and_a_compound_one_by_its_sign() -> None:
    heard = steady_analysis()
    assert heard.metre_in_words == "4 beats a bar"
    six = heard.model_copy(update={"beats_per_bar": 2, "beat_division": 3})
    assert six.metre_in_words == "2 beats of three a bar (6/8)"
