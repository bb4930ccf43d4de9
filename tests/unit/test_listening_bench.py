"""The bench of listening: what it counts as an error, without listening."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from suno_video.core.song import LyricLine, Lyrics, LyricWord, Song

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from listening import score_words, total_row, untimed_words

TRUE_LINES = [
    {"text": f"line {n}", "start": 10.0 * n, "section": "verse", "words": [{"w": "line", "start": 10.0 * n}]}
    for n in range(1, 5)
]


def placed(*lines: tuple[str, float | None]) -> Song:
    words = [
        LyricLine(
            text=text,
            start_s=at,
            end_s=None if at is None else at + 1,
            words=() if at is None else (LyricWord(text="line", start_s=at, end_s=at + 1),),
            timed_by=None if at is None else "placed",
        )
        for text, at in lines
    ]
    lyrics = Lyrics(source="uslt", lines=tuple(words), made_with="placed 1")
    sound = {"n_samples": 1, "sample_rate_hz": 44100, "n_channels": 2, "duration_s": 60.0}
    return Song(file_name="a.mp3", sha256="0" * 64, title="a", lyrics=lyrics, **sound)


def test_lines_are_off_by_their_distance_and_one_without_a_place_by_an_hour() -> None:
    song = placed(("Line 1", 10.1), ("line 2", 20.2), ("line 3", 33.0), ("line 4", None))
    scores = score_words({"lines": TRUE_LINES}, song)
    assert scores["line_ms"] == pytest.approx(1600)  # between 0.2 and 3 s
    assert scores["line_near"] == 0.5
    assert scores["word_near"] == 0.5


def test_a_line_that_was_left_out_of_the_lyrics_does_not_shift_the_others() -> None:
    scores = score_words({"lines": TRUE_LINES}, placed(("line 1", 10.0), ("line 3", 30.0), ("line 4", 40.0)))
    assert scores["line_near"] == 0.75


def test_the_words_go_to_the_placing_without_their_times(tmp_path: Path) -> None:
    assert untimed_words(tmp_path / "a.mp3", {"lines": TRUE_LINES[:2]}) == "[verse]\nline 1\nline 2"


def test_the_total_is_the_mean_of_shares_and_the_median_of_errors() -> None:
    rows = [{"song": "a", "beat_f": 1.0, "line_ms": 10.0}, {"song": "b", "beat_f": 0.5}, {"song": "c", "line_ms": 30.0}]
    assert total_row(rows, "all") == {"song": "all", "beat_f": 0.75, "line_ms": 20.0}
