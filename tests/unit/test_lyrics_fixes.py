"""A person's fixes: one text file, read line by line, and refused by the line."""

from __future__ import annotations

import pytest

from suno_video.analyze.lyrics_fixes import (
    apply_fixes,
    fixes_digest,
    is_untouched,
    parse_fixes,
    take_times,
    write_sheet,
)
from suno_video.core.errors import BadEditError
from suno_video.core.song import LyricLine, Lyrics, SectionMark


def _lyrics() -> Lyrics:
    rows = (("One", 10.0), ("Again", 20.0), ("Two", 30.0), ("Again", 40.0), ("Again", 60.0))
    lines = tuple(
        LyricLine(text=text, start_s=at, end_s=at + 2, timed_by="placed", confidence=0.4, block=i // 2)
        for i, (text, at) in enumerate(rows)
    )
    return Lyrics(source="t", lines=lines, marks=(SectionMark(text="Verse", line=0), SectionMark(text="Outro", line=4)))


def _fixed(text: str) -> tuple[list[str], dict[int, float], dict[int, float]]:
    found = apply_fixes(_lyrics(), parse_fixes(text, "f"), "f", 100)
    return [line.text for line in found.lyrics.lines], found.starts_s, found.ends_s


def test_a_time_moves_the_line_that_says_so() -> None:
    assert _fixed("# a note\n\n00:31.25  two\n") == (["One", "Again", "Two", "Again", "Again"], {2: 31.25}, {})
    assert _fixed("0:09.5 - 0:11,25 One")[1:] == ({0: 9.5}, {0: 11.25})


def test_of_lines_that_say_the_same_the_nearest_is_meant() -> None:
    assert _fixed("00:42.00 Again")[1] == {3: 42.0}
    assert _fixed("00:19.00 Again\n01:02.00 Again")[1] == {1: 19.0, 4: 62.0}


def test_lines_go_come_and_get_other_words_and_the_tags_stay_before_their_lines() -> None:
    texts, starts, _ = _fixed("- Two\n+ 00:35.00 Hey hey\nOne => First one\n")
    assert texts == ["First one", "Again", "Hey hey", "Again", "Again"]
    assert starts == {2: 35.0}
    found = apply_fixes(_lyrics(), parse_fixes("- One", "f"), "f", 100)
    assert [mark.line for mark in found.lyrics.marks] == [0, 3]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n\nTwo", "line 3: it begins with no time"),
        ("00:10.00", "line 1: no words"),
        ("00:10 - 00:09 One", "line 1: it ends before it begins"),
        ("00:10.00 Onee", "did you mean 'one'"),
        ("00:10.00 zzz qqq", "write + before it to add it"),
        ("00:10 One\n00:11 One", "line 2: only 1 lines say 'One'"),
        ("09:59.00 One", "line 1: the song ends before that"),
        ("+ hey", "line 1: it begins with no time"),
        ("One =>", "words on both sides"),
        ("\x00\x1b[31m" * 500, "line 1"),
    ],
)
def test_a_line_that_means_nothing_is_refused_by_its_number(text: str, reason: str) -> None:
    with pytest.raises(BadEditError) as caught:
        apply_fixes(_lyrics(), parse_fixes(text, "lyrics.fix.txt"), "lyrics.fix.txt", 100)
    assert reason in caught.value.message


def test_the_sheet_that_is_offered_says_nothing_until_somebody_edits_it() -> None:
    sheet = write_sheet(_lyrics(), "Song")
    assert is_untouched(sheet)
    assert fixes_digest(sheet) == ""
    assert parse_fixes(sheet, "f") == ()
    edited = sheet.replace("# 00:30.00  Two", "00:30.50  Two")
    assert not is_untouched(edited)
    assert fixes_digest(edited) != ""
    assert _fixed(edited)[1] == {2: 30.5}


def test_times_that_a_model_heard_go_to_the_same_words_whatever_a_person_took_out() -> None:
    heard = tuple(
        line.model_copy(update={"start_s": line.start_s + 1, "timed_by": "aligned"}) for line in _lyrics().lines
    )
    left = apply_fixes(_lyrics(), parse_fixes("- Two", "f"), "f", 100).lyrics
    assert [line.start_s for line in take_times(left, heard).lines] == [11, 21, 41, 61]
