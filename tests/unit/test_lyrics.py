"""Lyrics from every source, in order of worth, and harmless whatever is in them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from suno_video.analyze.id3 import TimedText, read_sylt
from suno_video.analyze.lyrics import MAX_BYTES, MAX_LINE, decode_text, find_lyrics, parse_lyrics
from tests.unit.sounds import silence, write_wav

LRC = """[ti:A song]
[ar:Somebody]
[offset:0]

[Chorus]
[00:10.50]First line
[00:12.00]Second line
[00:14.25]
[00:20.00][00:30.00]Again
"""


def test_lrc_lines_end_where_the_next_begins_and_repeat_where_they_have_two_stamps() -> None:
    lines = parse_lyrics(LRC, ".lrc", 60)
    assert [(line.text, line.start_s, line.end_s) for line in lines] == [
        ("First line", 10.5, 12.0),
        ("Second line", 12.0, 14.25),
        ("Again", 20.0, 25.0),
        ("Again", 30.0, 35.0),
    ]
    assert lines[0].section == "Chorus"


def test_enhanced_lrc_times_each_word_and_its_last_stamp_ends_the_line() -> None:
    text = "[00:01.00]<00:01.00> Snow <00:01.40>upon <00:02.00> me <00:02.50>\n[00:09.00]End\n"
    line = parse_lyrics(text, ".lrc", 60)[0]
    assert line.text == "Snow upon me"
    assert [(word.text, word.start_s, word.end_s) for word in line.words] == [
        ("Snow", 1.0, 1.4),
        ("upon", 1.4, 2.0),
        ("me", 2.0, 2.5),
    ]
    assert line.end_s == 2.5


def test_a_positive_offset_shows_words_sooner() -> None:
    assert parse_lyrics("[offset:+500]\n[00:10.00]la\n", ".lrc", 60)[0].start_s == 9.5


@pytest.mark.parametrize("ending", [".srt", ".vtt"])
def test_subtitles_give_timed_lines_without_markup(ending: str) -> None:
    head, point = ("WEBVTT\n\n", ".") if ending == ".vtt" else ("1\n", ",")
    text = f"{head}00:00:01{point}500 --> 00:00:03{point}000\n<i>Hello</i> {{\\an8}}there\n\n"
    lines = parse_lyrics(text, ending, 60)
    assert [(line.text, line.start_s, line.end_s) for line in lines] == [("Hello there", 1.5, 3.0)]


def test_plain_lyrics_know_their_sections_and_have_no_times() -> None:
    lines = parse_lyrics("[Verse 1]\nOne\n(ooh)\n\n[Chorus]\nTwo\n(Bridge)\nThree\n", ".txt", 60)
    assert [(line.text, line.section) for line in lines] == [
        ("One", "Verse 1"),
        ("(ooh)", "Verse 1"),
        ("Two", "Chorus"),
        ("Three", "Bridge"),
    ]
    assert not any(line.is_timed for line in lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    assert decode_text("Über den Dächern\nçà va".encode(encoding)) == "Über den Dächern\nçà va"


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".lrc", "[99:99.99]x\n[00:00.00]\x00\x1b[31mred\n[1:2:3]\n[[[[00:01.00]]]]y\n" + "[00:01.00]" * 5000),
        (".srt", "1\n99:99:99,999 --> 00:00:00,000\nbackwards\n\n" + "-->" * 1000),
        (".vtt", "WEBVTT\n\n00:01.000 --> nonsense\nx"),
        (".txt", "<script>alert(1)</script>\n{\\pos(0,0)\\fs900}big\n%{eif\\:n}\n" + "x" * 100_000),
        (".lrc", "<" * 200_000),
        (".txt", "[" * 200_000),
        (".txt", "\u202ereversed\u202c\n\ud800"),
    ],
)
def test_hostile_lyrics_are_cleaned_and_bounded(ending: str, text: str) -> None:
    for line in parse_lyrics(text, ending, 60):
        assert 0 < len(line.text) <= MAX_LINE
        assert line.text.isprintable() or "\u200d" in line.text
        assert "\\pos" not in line.text
        assert "<script>" not in line.text
        line.text.encode("utf-8")
        if line.is_timed:
            assert 0 <= line.start_s < line.end_s <= 60


def _song_with(folder: Path, **files: str) -> Path:
    song = write_wav(folder / "song.wav", silence(1))
    for ending, text in files.items():
        (folder / f"song.{ending.replace('_', '.')}").write_text(text, encoding="utf-8")
    return song


def test_the_best_source_wins(tmp_path: Path) -> None:
    song = _song_with(tmp_path, lrc="[00:01.00]lrc", srt="1\n00:00:01,000 --> 00:00:02,000\nsrt\n", lyrics_txt="txt")
    sylt = (TimedText("sylt", 1.0),)
    assert find_lyrics(song, sylt, "uslt", 60).lyrics.source == "sylt"
    assert find_lyrics(song, (), "uslt", 60).lyrics.source == "song.lrc"
    (tmp_path / "song.lrc").unlink()
    assert find_lyrics(song, (), "uslt", 60).lyrics.source == "song.srt"
    (tmp_path / "song.srt").unlink()
    assert find_lyrics(song, (), "uslt", 60).lyrics.source == "song.lyrics.txt"
    (tmp_path / "song.lyrics.txt").unlink()
    assert find_lyrics(song, (), "uslt", 60).lyrics.source == "uslt"
    assert find_lyrics(song, (), None, 60).lyrics is None


def test_a_file_that_is_too_large_or_has_no_words_is_passed_over_with_a_note(tmp_path: Path) -> None:
    song = _song_with(tmp_path, lrc="x" * (MAX_BYTES + 1), srt="nothing", txt="words")
    found = find_lyrics(song, (), None, 60)
    assert found.lyrics.source == "song.txt"
    assert len(found.notes) == 2
    assert "larger than 1 MB" in found.notes[0]


def test_a_whole_lrc_inside_uslt_is_understood(tmp_path: Path) -> None:
    found = find_lyrics(_song_with(tmp_path), (), LRC, 60)
    assert found.lyrics.lines[0].start_s == 10.5


def _sylt_mp3(path: Path, pieces: list[tuple[str, int]], version: int = 3) -> Path:
    body = b"\x03eng\x02\x01\x00" + b"".join(text.encode() + b"\0" + struct.pack(">I", at_ms) for text, at_ms in pieces)
    size = struct.pack(">I", len(body))
    if version == 4:
        size = bytes((len(body) >> shift) & 127 for shift in (21, 14, 7, 0))
    frame = b"SYLT" + size + b"\0\0" + body
    whole = bytes((len(frame) >> shift) & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3" + bytes([version, 0, 0]) + whole + frame)
    return path


@pytest.mark.parametrize("version", [3, 4])
def test_sylt_syllables_become_lines_of_timed_whole_words(tmp_path: Path, version: int) -> None:
    pieces = [("\nHel", 1000), ("lo", 1200), (" you", 1500), ("\nBye", 3000)]
    sylt = read_sylt(_sylt_mp3(tmp_path / "a.mp3", pieces, version))
    assert sylt[0] == TimedText("\nHel", 1.0)
    lines = find_lyrics(tmp_path / "a.mp3", sylt, None, 60).lyrics.lines
    assert [(line.text, line.start_s, line.end_s) for line in lines] == [("Hello you", 1.0, 3.0), ("Bye", 3.0, 8.0)]
    assert [(word.text, word.start_s) for word in lines[0].words] == [("Hello", 1.0), ("you", 1.5)]


def test_a_broken_sylt_gives_nothing(tmp_path: Path) -> None:
    whole = _sylt_mp3(tmp_path / "a.mp3", [("\nla", 1000), ("\nlo", 2000)]).read_bytes()
    for cut in range(0, len(whole), 3):
        (tmp_path / "b.mp3").write_bytes(whole[:cut])
        assert len(read_sylt(tmp_path / "b.mp3")) <= 2
    for position in range(10, len(whole)):
        (tmp_path / "b.mp3").write_bytes(whole[:position] + b"\xff" + whole[position + 1 :])
        assert len(read_sylt(tmp_path / "b.mp3")) <= 2


ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
    "Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\k30}Snow {\\k25}up{\\k40}on {\\k20}me\n"
)


def test_karaoke_times_of_ass_give_whole_words() -> None:
    line = parse_lyrics(ASS, ".ass", 60)[0]
    assert line.text == "Snow upon me"
    assert [(word.text, word.start_s) for word in line.words] == [("Snow", 1.0), ("upon", 1.3), ("me", 1.95)]


def test_aligned_lyrics_as_json_are_read_by_lines_or_by_words() -> None:
    by_line = (
        '{"aligned_lyrics": [{"text": "Snow upon", "start_s": 1, "end_s": 3, "section": "[Verse 1]",'
        ' "words": [{"text": "Snow", "start_s": 1, "end_s": 1.5}, {"text": "upon", "start_s": 1.5, "end_s": 2.8}]}]}'
    )
    by_word = (
        '{"aligned_words": [{"word": "[Verse 1]\\nSnow ", "success": true, "start_s": 1, "end_s": 1.5},'
        ' {"word": "upon\\n", "start_s": 1.5, "end_s": 2.8}, {"word": "Me ", "start_s": 4, "end_s": 5}]}'
    )
    for text, n_lines in ((by_line, 1), (by_word, 2)):
        lines = parse_lyrics(text, ".json", 60)
        assert len(lines) == n_lines
        assert (lines[0].text, lines[0].start_s, lines[0].section) == ("Snow upon", 1.0, "Verse 1")
        assert [(word.text, word.start_s, word.end_s) for word in lines[0].words] == [
            ("Snow", 1.0, 1.5),
            ("upon", 1.5, 2.8),
        ]


def test_a_rest_between_two_words_is_kept_whatever_the_format_so_that_lines_are_broken_there() -> None:
    texts = {
        ".json": '{"lines": [{"text": "Snow upon", "start": 1, "end": 3, "words": ['
        '{"word": "Snow", "start": 1, "end": 1.4}, {"word": "upon", "start": 2, "end": 2.8}]}]}',
        ".ass": ASS.split("{\\k30}")[0] + "{\\k40}Snow {\\k60}{\\k80}upon\n",
        ".lrc": "[00:01.00]<00:01.00>Snow <00:01.40> <00:02.00>upon<00:02.80>\n",
        ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.800\nSnow <00:00:01.400> <00:00:02.000>upon\n",
    }
    words_only = (
        '{"aligned_words": [{"word": "Snow ", "start_s": 1, "end_s": 1.4},'
        ' {"word": "upon\\n", "start_s": 2, "end_s": 2.8}]}'
    )
    for ending, text in [*texts.items(), (".json", words_only)]:
        line = parse_lyrics(text, ending, 60)[0]
        assert line.text == "Snow upon"
        assert [(word.text, word.start_s, word.end_s) for word in line.words] == [
            ("Snow", 1.0, 1.4),
            ("upon", 2.0, 2.8),
        ]


def test_the_stamps_of_words_in_webvtt_are_read_and_never_shown() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ann>Snow <00:00:01.500><c.hot>upon</c> <00:02.000>me</v>\n"
    line = parse_lyrics(text, ".vtt", 60)[0]
    assert line.text == "Snow upon me"
    assert [(word.text, word.start_s) for word in line.words] == [("Snow", 1.0), ("upon", 1.5), ("me", 2.0)]


def test_notes_and_styles_of_webvtt_are_not_sung_and_its_signs_are_read() -> None:
    text = (
        "WEBVTT\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000 align:start\n"
        "Rock &amp; roll\n\nNOTE\nfrom here on\nit is slow\n\n7\n00:03.000 --> 00:04.000\nNote the time\n"
    )
    assert [line.text for line in parse_lyrics(text, ".vtt", 60)] == ["Rock & roll", "Note the time"]


@pytest.mark.parametrize(
    ("written", "text", "words"),
    [
        ("<00:01.00>Ne<00:01.20>ver <00:01.50>more", "Never more", ["Never", "more"]),
        ("<00:01.00>Snow<00:01.20>upon<00:01.50>me", "Snow upon me", ["Snow", "upon", "me"]),
        ("<00:01.00>夜<00:01.20>空に<00:01.50>", "夜空に", ["夜空に"]),
    ],
)
def test_enhanced_lrc_of_syllables_or_without_spaces_gives_whole_words(
    written: str, text: str, words: list[str]
) -> None:
    line = parse_lyrics(f"[00:01.00]{written}\n[00:09.00]end\n", ".lrc", 60)[0]
    assert line.text == text
    assert [word.text for word in line.words] == words


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"lines": 3}', '{"lines": [{"text": 1, "start": "x"}, 7, null]}', "[]"]
)
def test_json_that_is_no_lyrics_gives_none(text: str) -> None:
    assert parse_lyrics(text, ".json", 60) == ()


def test_words_with_times_win_over_lines_with_times(tmp_path: Path) -> None:
    song = _song_with(tmp_path, lrc="[00:01.00]only a line", ass=ASS)
    assert find_lyrics(song, (), None, 60).lyrics.source == "song.ass"


def test_tags_of_suno_say_who_sings_and_what_is_an_ad_lib_and_are_not_sung() -> None:
    text = (
        "[Verse 1: Anna]\nOne (ooh yeah) two\n[Male]\nThree [whispered]\n(hey)\n[Name: Bo]\nFour (x2)\n[Chorus] Five\n"
    )
    lines = parse_lyrics(text, ".txt", 60)
    assert [(line.text, line.singer) for line in lines] == [
        ("One (ooh yeah) two", "Anna"),
        ("Three", "male"),
        ("(hey)", "male"),
        ("Four", "Bo"),
        ("Four", "Bo"),
        ("Five", None),
    ]
    span = lines[0].adlibs[0]
    assert lines[0].text[span.start : span.end] == "(ooh yeah)"
    assert [line.is_adlib for line in lines] == [False, False, True, False, False, False]
    assert lines[-1].section == "Chorus"


def test_tags_without_words_are_remembered_where_they_stand() -> None:
    found = find_lyrics(Path("none.mp3"), (), "[Intro]\n\n[Verse]\nOne\nTwo\n\n[Solo]\n\n[Outro]\nThree", 60).lyrics
    assert [(mark.text, mark.line) for mark in found.marks] == [("Intro", 0), ("Verse", 0), ("Solo", 2), ("Outro", 2)]
