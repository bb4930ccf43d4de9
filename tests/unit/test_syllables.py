"""Syllables, near enough to share out the time of a line."""

from __future__ import annotations

import pytest

from suno_video.analyze.syllables import count_syllables, word_syllables


@pytest.mark.parametrize(
    ("word", "n"),
    [
        *(("moved", 1), ("wanted", 2), ("table", 2), ("fire", 1), ("radio", 3), ("going", 2), ("nation", 2)),
        *(("horses", 2), ("the", 1), ("don't", 1), ("Straße", 2), ("élégance", 4), ("naïve", 2), ("99", 2)),
        *(("сияние", 4), ("μουσική", 3), ("きょう", 2), ("愛してる", 5), ("사랑해", 3), ("我爱你", 3)),
        *(("حبيبي", 3), ("नमस्ते", 3), ("--", 0), ("", 0)),
    ],
)
def test_words_of_many_scripts_have_about_as_many_syllables_as_are_sung(word: str, n: int) -> None:
    assert word_syllables(word) == n


def test_a_line_has_the_syllables_of_its_words_and_hostile_ones_are_bounded() -> None:
    assert count_syllables("We keep on moving (hey)") == 6
    assert 0 < count_syllables("a" * 1_000_000) <= 300
