from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.assemble.captions import caption_events, piece_subtitles, unshown_letters
from suno_video.assemble.cutlist import plan_pieces
from suno_video.assemble.events import TextEvent
from suno_video.assemble.kinetic import PlacedWord, place_words
from suno_video.assemble.lettering import MAX_CHARS, ass_text, plain_text, safe_box
from suno_video.assemble.measuring import Letters
from suno_video.assemble.stylesheet import StyleSheet
from suno_video.assemble.syllables import split_syllables
from suno_video.assemble.tokens import fit_tokens, line_tokens, plain_tokens, row_text
from suno_video.core.brief import TitleStyle, TypeStyle
from suno_video.core.frames import FrameSize
from suno_video.core.song import LyricLine, Lyrics, LyricWord
from suno_video.core.storyboard import Storyboard, TitleCard
from tests.unit.films import conform_all, decode
from tests.unit.songs import scene, steady_analysis, storyboard_of

HOSTILE = (
    r"{\fs500\pos(0,0)}SHOUT{\r}",
    r"first\Nsecond\nthird\hfourth",
    "first\nsecond\r\nDialogue: 0,0:00:00.00,9:00:00.00,line,,0,0,0,,injected",
    "} closed } twice { open",
    "\\{\\i1\\}",
    "ends with a backslash \\",
    "x" * 10_000,
    "many words " * 1000,
    "tears \U0001f602\U0001f469\u200d\U0001f680 of joy",
    "שלום עולם, مرحبا بالعالم",
    "\u202egnirts desrever\u202c",
    "null \x00 bell \x07 escape \x1b[31m",
    "%{pts} ' ; [in] , : = %d",
    "<script>alert(1)</script>",
    "line\u2028separator\u2029paragraph",
)


def _film(size: FrameSize | None = None, **changes: object) -> Storyboard:
    return storyboard_of(
        scene(1, 0, 60), scene(2, 60, 120), size=size or FrameSize(width_px=64, height_px=36), **changes
    )


def _lyrics(*lines: tuple[str, float, float]) -> Lyrics:
    return Lyrics(source="test", lines=tuple(LyricLine(text=t, start_s=a, end_s=b) for t, a, b in lines))


def _dialogues(film: Storyboard, lyrics: Lyrics | None) -> list[list[str]]:
    events = caption_events(film, lyrics)
    documents = [piece_subtitles(events, film, piece) or "" for piece in plan_pieces(film)]
    return [[row for row in document.splitlines() if row.startswith("Dialogue:")] for document in documents]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_line_is_a_shadow_and_a_row_of_letters_and_none_of_its_tags_live(text: str) -> None:
    film = _film()
    (first, second) = _dialogues(film, _lyrics((text, 0.5, 1.3)))

    assert len(first) == 2
    assert second == []
    shadow, body = pysubs2.SSAFile.from_string(
        piece_subtitles(caption_events(film, _lyrics((text, 0.5, 1.3))), film, plan_pieces(film)[0]) or ""
    ).events
    shown = body.text.split("}", 1)[1]
    assert shadow.text.split("}", 1)[1] == shown
    assert "\n" not in shown
    assert len(shown) < 2 * MAX_CHARS
    # Every brace and backslash of the text is escaped; what is left are our own row breaks.
    bare = (
        re.sub(r"\{\\fn[\w ]+\\fs[\d.]+\}", "", shown)
        .replace("\\{", "")
        .replace("\\}", "")
        .replace("\\\u2060", "")
        .replace("\\N", "")
    )
    assert not set(bare) & set("{}\\")


def test_hostile_lines_are_drawn_and_the_film_keeps_its_length(tmp_path: Path) -> None:
    lines = [(text, 0.25 * k, 0.25 * k + 0.2) for k, text in enumerate(HOSTILE)]
    film = _film()

    paths = conform_all(film, steady_analysis(), tmp_path, lyrics=_lyrics(*lines))

    assert [len(decode(path, film.size)) for path in paths] == [60, 60]


@given(st.text(max_size=60))
def test_escaped_text_never_holds_a_live_brace_a_break_or_a_control(text: str) -> None:
    safe = ass_text(text)

    assert not any(ord(char) < 32 for char in safe)
    rest = safe.replace("\\\u2060", "").replace("\\{", "").replace("\\}", "")
    assert "{" not in rest
    assert "}" not in rest
    assert "\\" not in rest


@pytest.fixture
def only_our_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no fonts but those we ship."""
    monkeypatch.setattr("suno_video.media.typefaces._packaged", lambda language: ())
    monkeypatch.setattr("suno_video.media.typefaces._of_system", lambda cluster, language: None)


@pytest.mark.usefixtures("only_our_fonts")
def test_what_no_font_here_has_is_left_out_and_named_and_never_an_empty_box() -> None:
    lyrics = _lyrics(("fire \U0001f525 \u5929 burns", 0.5, 1.5))

    (first, _) = _dialogues(_film(), lyrics)

    assert "\U0001f525" not in "".join(first)
    assert "\u5929" not in "".join(first)
    assert "burns" in first[0]
    words = unshown_letters(_film(), lyrics)
    assert words.startswith("2 characters of the text (emoji and symbols, CJK: \U0001f525 \u5929) left out")
    assert "suno-video[fonts]" in words
    assert unshown_letters(_film(), _lyrics(("Привет, señor", 0.5, 1.5))) == ""


@pytest.mark.usefixtures("only_our_fonts")
def test_a_line_with_nothing_to_show_is_not_shown() -> None:
    assert _dialogues(_film(), _lyrics(("\U0001f602\u200d \n\x00", 0.5, 1.5))) == [[], []]
    assert plain_text(" \t\n") == ""


def test_no_captions_and_no_title_give_no_document() -> None:
    film = _film(captions="none")

    assert _dialogues(film, _lyrics(("hello", 0.5, 1.5))) == [[], []]
    assert caption_events(_film(), None) == ()


def test_captions_never_overlap_even_when_the_lyrics_do() -> None:
    lyrics = _lyrics(("one", 0.5, 3.0), ("two", 1.0, 1.1), ("three", 1.15, 4.0), ("four", 2.0, 2.1))

    events = caption_events(_film(), lyrics)

    assert [event.text for event in events] == ["one", "two three", "four"]
    assert all(a.end_s <= b.start_s for a, b in pairwise(events))


def test_a_line_across_a_cut_is_in_both_pieces_and_does_not_fade_again() -> None:
    before, after = _dialogues(_film(), _lyrics(("over the cut", 1.5, 2.5)))

    # Times are those of the song, so that both pieces draw the same line at the same moment of it.
    assert before == after
    assert [row.split(",")[1] for row in after] == ["0:00:01.38", "0:00:01.38"]
    assert all(r"\fade(255,0,255,0,160," in row for row in after)


def test_a_line_across_a_cut_looks_the_same_on_both_sides(tmp_path: Path) -> None:
    size = FrameSize(width_px=320, height_px=180)
    lyrics = _lyrics(("over the cut", 1.5, 2.5))
    grey = {"s001": 90, "s002": 90}
    paths = conform_all(_film(size), steady_analysis(), tmp_path, lyrics=lyrics, grey=grey)

    before, after = decode(paths[0], size)[-1], decode(paths[1], size)[0]

    assert int(before[:180].max()) > 180, "the caption is drawn"
    assert np.abs(before[:180].astype(int) - after[:180]).mean() < 1.0


def _timed(text: str, *spans: tuple[float, float], words: tuple[str, ...] | None = None) -> LyricLine:
    sung = [
        LyricWord(text=w, start_s=a, end_s=b) for w, (a, b) in zip(words or tuple(text.split()), spans, strict=True)
    ]
    return LyricLine(text=text, start_s=spans[0][0], end_s=spans[-1][1], words=tuple(sung))


def _one(line: LyricLine) -> Lyrics:
    return Lyrics(source="x", lines=(line,))


def test_a_highlight_sweeps_syllable_by_syllable_when_they_are_sung() -> None:
    line = _timed("moonlight up", (0.6, 1.0), (1.2, 1.4))

    (_, row) = _dialogues(_film(), _one(line))[0]

    # The line appears at 0.48 s; sweeps and rests add up to the moment at which each word begins.
    sweeps = re.findall(r"\{\\(kf?)(\d+)\}", row)
    assert sum(int(length) for _, length in sweeps) == 140 - 48
    assert [kind for kind, _ in sweeps] == ["k", "kf", "kf", "k", "kf"]
    assert re.sub(r"\{[^}]*\}", "", row).endswith("moonlight up")


def test_words_that_are_not_the_line_and_times_that_are_not_sure_are_not_swept() -> None:
    wrong = _timed("light it up", (0.6, 0.9), (1.0, 1.2), words=("light", "up"))
    lines = _dialogues(_film(captions="lines"), _one(_timed("light up", (0.6, 0.9), (1.0, 1.2))))

    assert r"\k" not in _dialogues(_film(), _one(wrong))[0][1]
    assert r"\k" not in lines[0][1]


def test_what_runs_from_right_to_left_lights_up_word_by_word() -> None:
    # Hebrew; libass fills a word from its left, which would be its end.
    line = _timed("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", (0.6, 0.9), (1.0, 1.2))
    film = _film()

    rows = pysubs2.SSAFile.from_string(piece_subtitles(caption_events(film, _one(line)), film, plan_pieces(film)[0]))

    assert rows.styles["line"].encoding == -1, "libass lays out the row as a whole, from right to left"
    if rows.events:  # where a font has Hebrew
        assert r"\kf" not in rows.events[1].text


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("underneath", "un-der-neath"),
        ("loved", "loved"),
        ("wanted", "wan-ted"),
        ("table", "ta-ble"),
        ("fire,", "fire,"),
        ("Привет", "При-вет"),
        ("\u591c\u306b\u99c6\u3051\u308b\u3063", "\u591c-\u306b-\u99c6-\u3051-\u308b\u3063"),
        ("\u0645\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628\u0627"),
        ("\U0001f602", "\U0001f602"),
    ],
)
def test_words_are_divided_as_they_are_sung(word: str, parts: str) -> None:
    assert "-".join(part.text for part in split_syllables(word)) == parts


@given(st.text(min_size=1, max_size=30))
def test_syllables_are_the_word_and_share_all_of_its_time(word: str) -> None:
    parts = split_syllables(word)

    assert "".join(part.text for part in parts) == word
    assert sum(part.share for part in parts) == pytest.approx(1)


def test_a_long_line_is_broken_where_the_singer_breathes() -> None:
    # Balanced, it would break after "the"; but there is a rest of half a second before "hold".
    text = "we ran through the endless hold on"
    spans = [(k * 0.3, k * 0.3 + 0.28) for k in range(5)] + [(2.0, 2.2), (2.3, 2.5)]
    letters = Letters("Inter")

    rows, _ = fit_tokens(line_tokens(_timed(text, *spans)), letters.width_em, em_px=40, width_px=600)

    assert [row_text(row) for row in rows] == ["we ran through the endless", "hold on"]


def test_chinese_is_broken_between_letters_but_no_row_begins_with_a_comma() -> None:
    tokens = plain_tokens("\u591c\u306b\u99c6\u3051\u308b\u3001\u541b\u306e\u58f0")

    assert [token.text for token in tokens] == [
        *"\u591c\u306b\u99c6\u3051",
        "\u308b\u3001",
        *"\u541b\u306e\u58f0",
    ]
    assert all(token.breath >= 0 for token in tokens)
    assert [token.text for token in plain_tokens("\uc0ac\ub791\ud574 \ub108\ub97c")] == [
        "\uc0ac\ub791\ud574",
        "\ub108\ub97c",
    ]


def test_japanese_rows_begin_with_a_word_and_chinese_ones_not_with_a_particle() -> None:
    letters = Letters("Inter", "ja")
    rows, _ = fit_tokens(plain_tokens("夜空に咲いた花火が君の瞳に映って消えた"), letters.width_em, 1.0, 6.4, 4)
    assert len(rows) > 2
    assert not [row_text(row) for row in rows if "ぁ" <= row[0].text[0] <= "ん"]
    rows, _ = fit_tokens(plain_tokens("你问我爱你的心有多深"), letters.width_em, 1.0, 5.5, 2)
    assert [row_text(row)[0] for row in rows] == ["你", "你"]  # 你问我爱|你的心有多深, and not 的心有多深


def test_large_rows_from_right_to_left_share_their_right_edge_and_their_words_stand_apart() -> None:
    sheet = StyleSheet(FrameSize(width_px=1280, height_px=720), TypeStyle())
    event = TextEvent("card", 0, 3, plain_tokens("ירושלים של זהב ושל נחושת"))
    ragged = []
    for number in range(4):
        rows: dict[float, list[PlacedWord]] = {}
        for word in place_words(sheet, replace(event, number=number), seed=1):
            rows.setdefault(word.y_px, []).append(word)
        edges = [
            [(w.x_px - w.width_px / 2, w.x_px + w.width_px / 2) for w in sorted(row, key=_x)] for row in rows.values()
        ]
        assert all(b[0] - a[1] > 0.3 * sheet.line_em_px for row in edges for a, b in pairwise(row))
        left, right = {round(row[0][0]) for row in edges}, {round(row[-1][1]) for row in edges}
        ragged.append(len(right) == 1 and len(left) > 1)
    assert any(ragged)


def _x(word: PlacedWord) -> float:
    return word.x_px


@pytest.mark.parametrize("size", ["16:9", "9:16", "1:1"])
@pytest.mark.parametrize("text", ["fire", "stay until the morning light", "if you leave me here alone tonight"])
def test_large_words_stand_in_the_safe_box_and_never_on_each_other(size: str, text: str) -> None:
    sheet = StyleSheet(FrameSize.parse(size), TypeStyle())
    for number in range(4):  # each layout in turn
        words = place_words(sheet, TextEvent("card", 0.0, 3.0, plain_tokens(text), number), seed=7)

        assert [word.token.text for word in words] == text.split()
        boxes = [
            (w.x_px - w.width_px / 2, w.y_px - 0.45 * w.em_px, w.x_px + w.width_px / 2, w.y_px + 0.45 * w.em_px)
            for w in words
        ]
        for left, top, right, bottom in boxes:
            assert sheet.box.left <= left < right <= sheet.box.right
            assert sheet.box.top <= top < bottom <= sheet.box.bottom
        for k, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[k + 1 :]:
                assert other[0] >= right or other[2] <= left or other[1] >= bottom or other[3] <= top


def test_each_large_word_stands_when_it_is_sung_and_stays_until_the_card_goes() -> None:
    line = _timed("hold the light", (0.5, 0.7), (0.8, 0.9), (1.1, 1.5))
    film = _film(size=FrameSize(width_px=640, height_px=360), captions="type")

    events = caption_events(film, _one(line))
    document = pysubs2.SSAFile.from_string(piece_subtitles(events, film, plan_pieces(film)[0]) or "")

    letters = [event for event in document.events if event.layer == 1]
    assert [event.start for event in letters] == [410, 710, 1010], "each comes in over 90 ms and stands on its onset"
    assert len({event.end for event in letters}) == 1


def test_large_words_without_times_land_on_beats() -> None:
    film = _film(captions="type")
    beats_s = (0.5, 1.0, 1.5)

    (card,) = caption_events(film, _lyrics(("one two three", 0.45, 1.9)), beats_s)

    assert {token.start_s for token in card.tokens} <= set(beats_s)


def test_white_letters_are_read_on_white_black_and_grey(tmp_path: Path) -> None:
    size = FrameSize(width_px=640, height_px=360)
    film = storyboard_of(scene(1, 0, 45), size=size)
    for grey in (16, 126, 235):
        (path,) = conform_all(
            film, steady_analysis(), tmp_path / str(grey), lyrics=_lyrics(("MMMMMMMM", 0.2, 1.4)), grey={"s001": grey}
        )
        luma = decode(path, size)[25][: size.height_px].astype(float)
        rows, columns = np.nonzero(luma > 228) if grey < 228 else np.nonzero(luma < 90)
        # Contrast as WCAG 2 has it, of the letters against the darkest tenth around them.
        band = luma[rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3]
        light = ((np.clip(band, 16, 235) - 16) / 219) ** 2.2
        ratio = (np.percentile(light, 99) + 0.05) / (np.percentile(light, 10) + 0.05)
        assert ratio > 7, f"on {grey}: {ratio:.1f}"


def test_the_title_stands_with_the_artist_below_it_and_is_escaped() -> None:
    card = TitleCard(title="A {\\b1}Title", artist="Some \\N One", start_s=0.0, end_s=1.8)

    rows = _dialogues(_film(title_card=card), None)[0]

    assert [row.split(",")[3] for row in rows] == ["title", "title", "artist", "artist"]
    bare = [re.sub(r"\{\\fn[^}]*\}", "", row) for row in rows]
    assert all("A \\{\\\u2060b1\\}Title" in row for row in bare[:2])


@pytest.mark.parametrize("size", ["16:9", "9:16"])
def test_a_title_stands_beside_the_cover_that_makes_room_for_it(tmp_path: Path, size: str) -> None:
    wide = FrameSize.parse(size)
    size_px = FrameSize(width_px=wide.width_px // 4, height_px=wide.height_px // 4)
    card = TitleCard(title="A Rather Long Title", artist="Somebody", start_s=0.0, end_s=1.8)
    aside = scene(1, 0, 60, params={"aside": 1.0, "aside_s": 1.8})
    film = storyboard_of(aside, scene(2, 60, 120), size=size_px, title_card=card)

    paths = conform_all(film, steady_analysis(), tmp_path, grey={"s001": 90, "s002": 90})

    frame = decode(paths[0], size_px)[35][: size_px.height_px]
    rows, columns = np.nonzero(frame > 180)
    if size == "16:9":
        assert columns.min() > size_px.width_px / 2
    else:
        assert rows.min() > 0.45 * size_px.height_px
    box = safe_box(size_px)
    assert rows.max() <= box.bottom + 0.02 * size_px.height_px
    assert columns.max() <= box.right


def test_a_line_in_the_middle_makes_room_for_the_title() -> None:
    film = _film(title_card=TitleCard(title="Title", start_s=0.0, end_s=1.0))
    style = TypeStyle(position="middle")
    film = film.model_copy(update={"treatment": film.treatment.model_copy(update={"type_style": style})})

    first, second = _dialogues(film, _lyrics(("early", 0.3, 0.8), ("late", 2.5, 3.0)))

    assert r"\an2\pos(" in first[-1]
    assert r"\pos(" not in second[-1]


def test_a_title_in_the_corner_makes_room_for_a_line_that_is_sung_meanwhile() -> None:
    size = FrameSize(width_px=640, height_px=360)
    card = TitleCard(title="Title", artist="Somebody", start_s=0.0, end_s=1.8)
    film = _film(size, title_card=card)
    corner = film.treatment.model_copy(update={"title_style": TitleStyle(layout="corner")})
    film = film.model_copy(update={"treatment": corner})

    def artist_y(lyrics: Lyrics) -> float:
        row = next(row for row in _dialogues(film, lyrics)[0] if row.split(",")[3] == "artist")
        return float(re.findall(r"\\(?:pos|move)\([\d.]+,([\d.]+)", row)[0])

    alone, shared = artist_y(_lyrics(("late", 2.5, 3.0))), artist_y(_lyrics(("meanwhile", 0.5, 1.2)))
    caption_px = 0.05 * 360
    assert shared < alone - 2.5 * caption_px


def test_long_lines_are_broken_into_balanced_rows_that_fit() -> None:
    text = "Hold on, hold on, we are only getting started and nobody knows"

    letters = Letters("Inter")
    rows, em_px = fit_tokens(plain_tokens(text), letters.width_em, em_px=40, width_px=900)

    assert " ".join(row_text(row) for row in rows) == text
    assert len(rows) == 2
    widths = [letters.width_em(row_text(row)) * em_px for row in rows]
    assert max(widths) <= 900
    assert min(widths) > 0.6 * max(widths)


def test_a_long_line_in_a_square_takes_three_rows_before_its_type_shrinks() -> None:
    sheet = StyleSheet(FrameSize(width_px=540, height_px=540), TypeStyle())
    line = plain_tokens("I walked a thousand miles through the rain, and the neon never learned my name")
    rows, em_px = sheet.rows(line, sheet.line_em_px, sheet.letters)
    assert (len(rows), em_px) == (3, sheet.line_em_px)


def test_text_that_fits_nowhere_is_cut_with_an_ellipsis() -> None:
    letters = Letters("Inter")
    rows, em_px = fit_tokens(plain_tokens("x" * 400), letters.width_em, em_px=40, width_px=300)

    assert row_text(rows[-1]).endswith("…")
    assert all(letters.width_em(row_text(row)) * em_px <= 301 for row in rows[:-1])


def test_vertical_video_keeps_text_where_no_feed_covers_it() -> None:
    box = safe_box(FrameSize(width_px=1080, height_px=1920))
    assert (box.left, box.top, box.right, box.bottom) == (65, 270, 930, 1248)

    wide = safe_box(FrameSize(width_px=1920, height_px=1080))
    assert (wide.left, wide.right) == (96, 1824)


@pytest.mark.parametrize("size", ["640x360", "360x640"])
def test_what_is_drawn_stays_inside_the_safe_box(tmp_path: Path, size: str) -> None:
    frame_size = FrameSize.parse(size)
    text = "The quick brown fox jumps over the lazy dog and runs away from everything"
    film = storyboard_of(scene(1, 0, 45), size=frame_size)
    paths = conform_all(film, steady_analysis(), tmp_path, lyrics=_lyrics((text, 0.2, 1.4)), grey={"s001": 60})

    luma = decode(paths[0], frame_size)[25][: frame_size.height_px]

    rows, columns = np.nonzero(luma > 150)
    box = safe_box(frame_size)
    assert len(rows) > 100, "something is drawn"
    assert columns.min() >= box.left
    assert columns.max() <= box.right
    assert rows.min() >= box.top
    assert rows.max() <= box.bottom


def test_weight_and_family_of_the_look_are_used() -> None:
    film = _film()
    light = film.model_copy(
        update={
            "treatment": film.treatment.model_copy(
                update={"type_style": TypeStyle(family="Noto Sans", weight=300, uppercase=True)}
            )
        }
    )
    document = piece_subtitles(caption_events(light, _lyrics(("quiet", 0.5, 1.5))), light, plan_pieces(light)[0])

    assert document is not None
    style = pysubs2.SSAFile.from_string(document).styles["line"]
    assert (style.fontname, style.bold) == ("Noto Sans", False)
    assert document.rstrip().endswith("QUIET")
