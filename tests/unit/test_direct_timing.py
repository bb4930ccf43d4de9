"""Editor's timing: how early a cut is, and what never moves."""

from __future__ import annotations

import numpy as np
import pytest

from suno_video.core.analysis import Passage
from suno_video.core.brief import Brief
from suno_video.core.song import LyricLine, LyricWord
from suno_video.core.storyboard import Storyboard
from suno_video.direct.rules import direct_by_rules
from suno_video.direct.timing import ON_BEAT, kind_of, timing_kinds
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of

FPS = 30


def film(genre: str | None = None, lines=(), analysis=None, **brief) -> Storyboard:
    analysis = analysis or song_in_bars()
    song = song_of(analysis, lines).model_copy(update={"genre": genre})
    return direct_by_rules(song, analysis, Brief(**brief), families=FAMILIES)


def leads(board: Storyboard) -> list[int]:
    return [scene.lead_frames for scene in board.scenes[1:] if scene.transition.kind not in ON_BEAT]


@pytest.mark.parametrize(
    ("genre", "least", "most"), [("Techno", 0, 1), ("thrash metal", 0, 1), ("Dream Pop", 1, 3), ("piano ballad", 2, 3)]
)
def test_how_early_an_editor_cuts_depends_on_the_genre(genre: str, least: int, most: int) -> None:
    found = leads(film(genre, timing="human"))

    assert least <= float(np.median(found)) <= most
    assert max(found) <= most + 1
    assert min(found) >= 0, "a cut is never behind the beat"


def test_the_cuts_of_hard_music_lie_before_their_beats_by_less_than_a_frame_on_average() -> None:
    analysis = song_in_bars(bpm=127.3)
    beats = np.asarray(analysis.beats_s)

    def mean_ms(genre: str, timing: str) -> float:
        board = film(genre, analysis=analysis, timing=timing, look="noir")
        cuts = [scene.start_frame / FPS for scene in board.scenes[1:] if scene.transition.kind not in ON_BEAT]
        return float(np.mean([(cut - beats[np.argmin(np.abs(beats - cut))]) * 1000 for cut in cuts]))

    for genre in ("metal", "hip hop", "pop"):
        grid, tight, human = (mean_ms(genre, timing) for timing in ("grid", "tight", "human"))
        assert grid > tight > human
        assert abs(grid) < 6
    assert -45 < mean_ms("metal", "human") < -8
    assert mean_ms("pop", "human") < mean_ms("hip hop", "human") < mean_ms("metal", "human")


def test_the_dial_goes_from_the_grid_over_tight_to_human() -> None:
    grid, tight, human = (leads(film("ballad", timing=name)) for name in ("grid", "tight", "human"))

    assert set(grid) == {0}
    assert 0 < np.mean(tight) < np.mean(human)
    assert leads(film("ballad", timing=1.0)) == human, "the same song gives the same film"
    assert len(set(human)) > len(set(grid))


def test_a_cut_is_as_many_frames_before_its_beat_as_it_says() -> None:
    board = film("ballad", timing="human")
    beats = {round(beat * FPS) for beat in song_in_bars().beats_s}

    for scene in board.scenes[1:]:
        assert scene.start_frame + scene.lead_frames in beats
        assert not scene.lead_frames or scene.why.endswith("early")


def test_what_flashes_or_zooms_stays_on_the_beat() -> None:
    boards = [film("ballad", timing="human", look=look) for look in ("neon", "auto")]
    accents = [scene for board in boards for scene in board.scenes if scene.transition.kind in ON_BEAT]

    assert accents
    assert {scene.lead_frames for scene in accents} == {0}


def test_there_is_no_anticipation_of_beats_that_nobody_trusts() -> None:
    analysis = song_in_bars()
    unsure = Passage(start_s=0.0, end_s=analysis.duration_s, verdict="unsure", trust=0.2)

    assert set(leads(film("ballad", analysis=analysis.model_copy(update={"passages": (unsure,)})))) == {0}


def test_no_cut_lies_inside_a_sung_word_even_where_a_line_is_cut() -> None:
    # One line without end: it holds no cut back, but its words do. Each is sung over every second beat (120 bpm).
    analysis = song_in_bars(bpm=120)
    starts = np.arange(0.8, analysis.duration_s - 2, 1.0)
    words = tuple(LyricWord(text="la", start_s=t, end_s=t + 0.45) for t in starts)
    line = LyricLine(text="la " * len(words), start_s=0.8, end_s=float(starts[-1] + 1), words=words)

    board = film("pop", (line,), analysis=analysis)

    for scene in board.scenes[1:]:
        at = scene.start_frame / FPS
        assert not any(word.start_s + 0.05 < at < word.end_s - 0.05 for word in words), scene.why
    assert any(scene.why.endswith("moved to the edge of a word") for scene in board.scenes)


def test_each_kind_of_music_cuts_earlier_in_its_calm_passages() -> None:
    for kind in timing_kinds():
        assert 0 <= kind.driving_ms <= kind.calm_ms <= 100
    analysis = song_in_bars(moods=("dreamy",))
    assert kind_of(song_of(analysis), analysis).name == "calm"
    assert (
        kind_of(song_of(analysis).model_copy(update={"genre": "Polka"}), song_in_bars(moods=("bright",))).name == "pop"
    )


def test_density_follows_energy() -> None:
    board = film("pop")
    by_energy: dict[float, list[float]] = {}
    for scene in board.scenes:
        by_energy.setdefault(song_in_bars().sections[scene.section].energy, []).append(scene.n_frames / FPS)
    means = [float(np.mean(lengths)) for _, lengths in sorted(by_energy.items())]
    assert means[-1] < 0.6 * means[0]
    assert float(np.corrcoef(np.arange(len(means)), means)[0, 1]) < -0.7
