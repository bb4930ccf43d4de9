"""Where the beat grid is to be trusted, and what the film does where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suno_video.analyze.listen import listen
from suno_video.assemble.accents import musical_accents
from suno_video.assemble.meeting import prove_timing, share_on_marks
from suno_video.core.analysis import EnergyCurve, Passage, SongAnalysis, VoiceSpan
from suno_video.core.brief import Brief
from suno_video.core.gridtrust import grid_doubts, trusted_beats_s, trusted_downbeats_s, verdict_at
from suno_video.core.music import music_curves
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.direct.rules import direct_by_rules
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of
from tests.unit.sounds import RATE_HZ, drums, silence, write_wav

FPS = 30
MIDDLE = (48.0, 80.0)
"""A verse of `song_in_bars`: 24 bars from bar 25 on."""


def middling(verdict: str, **changes: object) -> SongAnalysis:
    """A song whose middle is not steady: there its notes fall beside the grid, 0.73 s apart."""
    song = song_in_bars(**changes)
    start, end = MIDDLE
    notes = np.arange(start + 0.31, end, 0.73)
    edges = ((0.0, start, "steady"), (start, end, verdict), (end, song.duration_s, "steady"))
    passages = tuple(Passage(start_s=a, end_s=b, verdict=v, trust=0.9 if v == "steady" else 0.2) for a, b, v in edges)
    onsets = sorted({*(beat for beat in song.beats_s if not start <= beat < end), *notes.tolist()})
    return SongAnalysis.model_validate({**song.__dict__, "onsets_s": tuple(onsets), "passages": passages})


def film(analysis: SongAnalysis, lines: tuple[LyricLine, ...] = (), timing: str | float = "grid") -> Storyboard:
    brief = Brief(timing=timing, captions="none")
    return direct_by_rules(song_of(analysis, lines), analysis, brief, families=FAMILIES)


def cuts_within(board: Storyboard) -> tuple[list[float], list[float]]:
    """Cuts in the middle, and those around it."""
    cuts = [scene.start_frame / FPS for scene in board.scenes[1:]]
    inside = [cut for cut in cuts if MIDDLE[0] + 0.5 < cut < MIDDLE[1] - 0.5]
    return inside, [cut for cut in cuts if not MIDDLE[0] - 0.5 <= cut <= MIDDLE[1] + 0.5]


def away_s(cuts: list[float], marks: object) -> float:
    return max(float(np.abs(np.asarray(marks) - cut).min()) for cut in cuts)


def n_on(cuts: list[float], marks: np.ndarray) -> int:
    return sum(float(np.abs(marks - cut).min()) <= 0.5 / FPS + 1e-6 for cut in cuts)


@pytest.mark.parametrize("verdict", ["unsure", "none", "free"])
def test_a_song_that_is_steady_but_for_its_middle_is_cut_on_bars_around_it_and_on_notes_within(verdict: str) -> None:
    analysis = middling(verdict)

    inside, around = cuts_within(film(analysis))

    assert len(inside) >= 4
    assert len(around) >= 10
    assert away_s(inside, analysis.onsets_s) <= 0.5 / FPS + 1e-6
    assert away_s(around, analysis.downbeats_s) <= 0.5 / FPS + 1e-6


def test_where_somebody_sings_off_the_grid_cuts_follow_the_lines() -> None:
    analysis = middling("unsure")
    starts = np.arange(MIDDLE[0] + 0.9, MIDDLE[1] - 5, 5.1)
    lines = tuple(LyricLine(text="a slow and free line", start_s=t, end_s=t + 4.4) for t in starts.tolist())

    inside, _ = cuts_within(film(analysis, lines))

    assert away_s(inside, [*starts, *(starts + 4.4)]) <= 0.5 / FPS + 1e-6
    assert n_on(inside, starts) >= 4


def test_a_voice_without_known_words_is_followed_as_well() -> None:
    starts = np.arange(MIDDLE[0] + 0.5, MIDDLE[1] - 5, 5.3)
    voices = tuple(VoiceSpan(start_s=t, end_s=t + 4) for t in starts.tolist())

    inside, _ = cuts_within(film(middling("none").model_copy(update={"voices": voices})))

    assert n_on(inside, starts) >= 4
    assert all(any(abs(start - cut) < 0.02 for cut in inside) for start in starts[1:-1])


def test_bars_are_counted_through_a_passage_that_breathes_and_not_through_one_that_nobody_trusts() -> None:
    for verdict, counted in (("free", True), ("unsure", False)):
        scenes = [s for s in film(middling(verdict)).scenes if 50 < s.start_frame / FPS < 78]
        assert all((scene.bar > 0) == counted for scene in scenes)
        assert not any("downbeat" in scene.why for scene in scenes)


def test_the_whole_song_is_asked_where_an_older_analysis_has_no_passages() -> None:
    song = song_in_bars()
    assert verdict_at(song, 10.0) == "steady"
    assert trusted_beats_s(song) == song.beats_s
    unsure = song.model_copy(update={"beat_confidence": 0.2})
    assert verdict_at(unsure, 10.0) == "unsure"
    assert trusted_downbeats_s(unsure) == ()


def test_nothing_pulses_on_beats_that_nobody_trusts_and_no_effect_hangs_on_them() -> None:
    analysis = middling("unsure")
    n_frames = round(analysis.duration_s * FPS)
    quiet = EnergyCurve.pack_spectrum(np.zeros((n_frames, 32), dtype=np.float32))
    level = (0.5,) * n_frames
    energy = EnergyCurve(fps=FPS, loudness=level, bass=level, mid=level, treble=level, onset=level, spectrum_b64=quiet)
    music = music_curves(analysis.model_copy(update={"energy": energy}), 0, n_frames)
    a, b = (round(edge * FPS) for edge in MIDDLE)

    assert not music.beat[a:b].any()
    assert not music.downbeat[a:b].any()
    assert music.beat[: a - 1].max() == pytest.approx(1.0)
    assert np.diff(music.beats[a:b]).min() > 0, "the clock runs on"
    middle = [s for s in film(analysis).scenes if s.start_frame >= a and s.end_frame <= b]
    assert middle
    assert not any(effect.on in ("beat", "downbeat") for scene in middle for effect in scene.effects)


def test_passages_are_told_in_plain_words() -> None:
    analysis = middling("unsure")
    (doubt,) = grid_doubts(analysis)
    assert doubt.text == "0:48-1:20: no steady beat; cuts follow the notes that are heard"
    lines = Lyrics(source="x", lines=(LyricLine(text="la", start_s=50.0, end_s=64.0),))
    assert grid_doubts(analysis, lines)[0].text == "0:48-1:20: no steady beat; cuts follow the singing"
    assert grid_doubts(analysis, lines, (0.0, 48.0)) == ()
    assert grid_doubts(middling("free"))[0].what.startswith("the beat breathes")
    assert grid_doubts(song_in_bars()) == ()


def test_the_proof_holds_each_cut_against_what_it_follows() -> None:
    analysis = middling("unsure")
    board = film(analysis, timing="human")

    on_grid, off_grid = prove_timing(board, {}, analysis, None)

    assert len(on_grid) + len(off_grid) == len(board.scenes) - 1
    assert all(48000 - 500 <= cut.cut_ms < 80000 for cut in off_grid)
    assert share_on_marks(off_grid, FPS) == 1.0
    assert {cut.mark for cut in off_grid} <= {"onset", "section"}
    beats_s, onsets_s = musical_accents(analysis)
    assert not ((beats_s >= 48) & (beats_s < 80)).any()
    assert ((onsets_s >= 48) & (onsets_s < 80)).all()


def plucks(duration_s: float, times_s: np.ndarray) -> np.ndarray:
    """Notes that ring, one at each moment."""
    out, time_s = silence(duration_s), np.arange(3 * RATE_HZ) / RATE_HZ
    for number, at in enumerate(times_s.tolist()):
        hz = (220.0, 261.6, 293.7, 329.6, 392.0)[number * 3 % 5]
        note = 0.5 * np.exp(-time_s / 0.4) * sum(np.sin(2 * np.pi * hz * h * time_s) / h for h in (1, 2, 3))
        first = round(at * RATE_HZ)
        out[first : first + len(note)] += note[: len(out) - first]
    return out


def test_in_a_composed_song_with_a_free_middle_the_cuts_there_are_on_its_notes(tmp_path: Path) -> None:
    steps = np.random.default_rng(5).uniform(0.35, 1.9, 40)
    notes = np.cumsum(steps)[np.cumsum(steps) < 23.5]
    sound = np.concatenate([drums(24, 120), plucks(24, notes), drums(16, 120)]) * 0.6
    heard = listen(write_wav(tmp_path / "song.wav", sound), fps=FPS, max_duration_s=600)

    board = direct_by_rules(heard.song, heard.analysis, Brief(timing="grid"), families=FAMILIES)

    doubts = grid_doubts(heard.analysis)
    assert doubts
    assert all(doubt.start_s > 20 and doubt.end_s < 50 for doubt in doubts)
    inside = [
        scene.start_frame / FPS
        for scene in board.scenes[1:]
        if verdict_at(heard.analysis, scene.start_frame / FPS) != "steady"
    ]
    assert len(inside) >= 2
    # Passages change some beats around the border: there, drums are heard.
    heard_there = np.concatenate([np.arange(20, 24, 0.5), 24 + notes, np.arange(48, 52, 0.5)])
    assert away_s(inside, heard_there) <= 0.5 / FPS + 0.025, "as near as onsets are heard, and frames are"
    others = [s.start_frame / FPS for s in board.scenes[1:] if s.start_frame / FPS < 24 or s.start_frame / FPS > 50]
    assert others
    assert away_s(others, np.arange(0, 64, 0.5)) <= 0.5 / FPS + 0.025
