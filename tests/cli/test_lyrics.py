"""The command `lyrics`: what a person sees of the words, and what a program reads."""

from __future__ import annotations

from pathlib import Path

from suno_video.cli.lyrics import _as_sheet, _summary
from suno_video.core.song import LyricLine, Lyrics
from tests.cli.conftest import Run
from tests.unit.sounds import silence, write_wav

HEADER = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def test_the_table_says_whose_times_they_are_and_nothing_of_the_log(run: Run, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "work" / "song.wav", silence(4.0))
    sung = "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\k30}Snow {\\k25}up{\\k40}on\x1b\n"
    song.with_suffix(".ass").write_text(HEADER + sung, encoding="utf-8")
    said = run("lyrics", "song.wav", "-q")
    assert (said.returncode, said.stderr) == (0, "")
    header, line, _, summary = said.stdout.splitlines()
    assert header.split() == ["line", "section", "from", "to", "sure", "timed", "by", "flags", "words"]
    assert line.split() == ["1", "-", "0:01.00", "0:01.95", "1.00", "given", "-", "Snow", "upon"]
    assert summary == "1 line from song.ass, with times of their own"


def test_on_a_terminal_sections_are_rows_and_columns_that_say_nothing_make_room_for_the_words() -> None:
    columns = {
        "line": ["1", "2"],
        "section": ["Verse", "Chorus"],
        "timed by": ["placed", "placed"],
        "flags": ["-", "unsure"],
        "words": ["One", "Two"],
    }
    kept, rows = _as_sheet(columns, [list(row) for row in zip(*columns.values(), strict=True)])
    assert list(kept) == ["line", "flags", "words"]
    assert rows == [["", "", "[Verse]"], ["1", "-", "One"], ["", "", "[Chorus]"], ["2", "unsure", "Two"]]


def test_the_summary_counts_what_is_shown_softly_and_what_is_not_shown() -> None:
    doubts = (0.9, 0.3, 0.05)
    lines = tuple(
        LyricLine(text="a", start_s=i, end_s=i + 1, timed_by="placed", confidence=c) for i, c in enumerate(doubts)
    )
    given = LyricLine(text="b", start_s=5, end_s=6, timed_by="given")
    assert _summary(Lyrics(source="song.txt", lines=(*lines, given))) == (
        "4 lines from song.txt, 3 placed by voice, sections, syllables and bars, 1 with times of their own; "
        "1 unsure: shown softly, not swept; 1 not shown: nobody knows when"
    )
