"""Letters found in what a model heard, their sounds and mouths, and written words against sung ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from suno_video.analyze.align.aligner import align_heard
from suno_video.analyze.align.compare import compare_words
from suno_video.analyze.align.letters import Heard, choose_model, letter_models
from suno_video.analyze.align.romanise import spell
from suno_video.analyze.align.sounds import phonemes_of, sounds_of
from suno_video.analyze.align.viterbi import TooShortError, align_tokens
from suno_video.core.song import LyricLine, Lyrics, SungWord

LETTERS = {char: number for number, char in enumerate("abcdefghijklmnopqrstuvwxyz'", 1)}
FRAME_S = 0.02


def _heard(n_frames: int, sung: Sequence[tuple[int, str]]) -> np.ndarray:
    """What a model hears that is sure of each letter in one frame, and of nothing in between."""
    chances = np.full((n_frames, len(LETTERS) + 1), 0.001, dtype=np.float32)
    chances[:, 0] = 0.95
    for frame, char in sung:
        chances[frame] = 0.001
        chances[frame, LETTERS[char]] = 0.9
    return np.log(chances)


def _word(first: int, text: str, step: int = 4) -> list[tuple[int, str]]:
    return [(first + step * i, char) for i, char in enumerate(text)]


def test_each_letter_is_found_in_the_frame_in_which_it_was_heard_also_when_doubled() -> None:
    heard = _heard(80, _word(10, "hello"))
    spans = align_tokens(heard, [LETTERS[c] for c in "hello"], blank=0)
    assert [(span.start, span.end) for span in spans] == [(10 + 4 * i, 11 + 4 * i) for i in range(5)]


def test_a_gap_that_may_be_anything_swallows_an_ad_lib_that_nobody_wrote() -> None:
    sung = [*_word(5, "yeah"), *_word(40, "snow"), *_word(70, "yeah")]
    tokens = [LETTERS[c] for c in "snow"]
    spans = align_tokens(_heard(100, sung), tokens, blank=0, stars=(0, 4))
    assert [span.start for span in spans] == [40, 44, 48, 52]


def test_a_text_that_does_not_fit_is_said_to_be_too_long() -> None:
    with pytest.raises(TooShortError):
        align_tokens(_heard(5, []), [1, 1, 1, 1], blank=0)
    assert align_tokens(_heard(5, []), [], blank=0) == []


def test_lines_that_were_placed_seconds_away_come_to_where_their_words_are_heard() -> None:
    pieces = ((200, "snow upon"), (400, "window pane"), (600, "snow upon"))
    sung = [(at + 5 * number, char) for at, text in pieces for number, char in enumerate(text) if char != " "]
    rows = (("Snow, upon!", 6.0), ("Window pane", 7.5), ("Snow, upon!", 11.0))
    lines = tuple(
        LyricLine(text=text, start_s=at, end_s=at + 1, timed_by="placed", confidence=0.2) for text, at in rows
    )
    heard = Heard(_heard(900, sung).astype(np.float16), FRAME_S, LETTERS, 0)
    found = align_heard(Lyrics(source="t", lines=lines), heard).lines
    assert [line.start_s for line in found] == [4.0, 8.0, 12.0]
    assert [word.start_s for word in found[0].words] == [4.0, 4.5]
    assert all(line.timed_by == "aligned" and line.is_sure for line in found)
    assert [each.viseme for each in found[0].words[0].phonemes] == ["SS", "nn", "oh"]
    assert [each.start_s for each in found[0].words[0].phonemes] == [4.0, 4.1, 4.2]


def test_a_line_that_is_not_heard_keeps_the_time_that_it_had() -> None:
    line = LyricLine(text="never sung", start_s=3.0, end_s=4.0, timed_by="placed", confidence=0.3)
    heard = Heard(_heard(400, []).astype(np.float16), FRAME_S, LETTERS, 0)
    assert align_heard(Lyrics(source="t", lines=(line,)), heard).lines == (line,)


def test_a_vocabulary_is_spelled_in_as_written_in_either_case_and_what_it_lacks_is_left_out() -> None:
    shouted = {char.upper(): number for char, number in LETTERS.items()}
    assert "".join(letter.text for letter in spell("Don’t stop!", LETTERS)) == "don'tstop"
    assert [letter.word for letter in spell("A b", shouted)] == [0, 1]
    assert [letter.text for letter in spell("愛 a", {"愛": 1, "a": 2})] == ["愛", "a"]


def test_models_are_chosen_by_script_and_only_those_that_may_be_sold_with() -> None:
    assert choose_model("I woke up late") == "facebook/wav2vec2-base-960h"
    assert "russian" in choose_model("Любовь моя")
    assert "japanese" in choose_model("愛してる")
    assert choose_model("🎵") == letter_models()[0].id
    assert all("NC" not in model.licence for model in letter_models() if model.scripts)


@pytest.mark.parametrize(
    ("word", "shapes"),
    [
        ("moon", "PP ou nn"),
        ("fire", "FF aa E RR"),
        ("the", "TH E"),
        ("through", "TH RR oh"),
        ("box", "PP oh kk SS"),
        ("'", ""),
    ],
)
def test_words_have_the_mouths_that_make_them(word: str, shapes: str) -> None:
    assert " ".join(each.viseme for each in sounds_of(word)) == shapes


def test_sounds_fill_their_word_without_gap_or_overlap() -> None:
    for times in (None, [2.0, 2.3, 2.4]):
        found = phonemes_of("box", 2.0, 3.0, times)
        assert (found[0].start_s, found[-1].end_s) == (2.0, 3.0)
        assert all(a.end_s == b.start_s for a, b in zip(found, found[1:], strict=False))


def _said(text: str, start_s: float) -> list[SungWord]:
    words = text.split()
    return [SungWord(text=w, start_s=start_s + 0.4 * i, end_s=start_s + 0.4 * i + 0.3) for i, w in enumerate(words)]


def test_what_is_sung_and_not_written_and_the_other_way_round_are_found() -> None:
    lines = [LyricLine(text=t) for t in ("We keep on moving", "Hands in the air tonight", "Café, déjà vu")]
    heard = [*_said("we keep on movin", 1), *_said("hey everybody sing along", 6), *_said("cafe deja vu", 20)]
    found = compare_words(lines, heard)
    assert found.not_sung == (1,)
    assert [(run.text, run.start_s, run.after_line) for run in found.not_written] == [
        ("hey everybody sing along", 6.0, 0)
    ]
    assert found.heard_share[0] == 1.0
    assert found.heard_share[2] == 1.0


def test_a_chorus_that_is_sung_once_more_than_written_is_told_once() -> None:
    lines = [LyricLine(text="Run with me into the fire"), LyricLine(text="Slow down and breathe")]
    heard = [
        *_said("run with me into the fire", 1),
        *_said("run with me into the fire", 5),
        *_said("slow down and breathe", 9),
    ]
    found = compare_words(lines, heard)
    assert found.not_sung == ()
    assert [run.text for run in found.not_written] == ["run with me into the fire"]


def test_with_nothing_heard_nothing_is_said() -> None:
    found = compare_words([LyricLine(text="One")], [])
    assert (found.not_sung, found.not_written) == ((), ())
