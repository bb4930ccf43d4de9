from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.assemble.captions import caption_events, piece_subtitles
from suno_video.assemble.cutlist import plan_pieces
from suno_video.assemble.lettering import MAX_CHARS, ass_text, fit_rows, plain_text, safe_box, text_width
from suno_video.core.brief import TypeStyle
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
    bare = shown.replace("\\{", "").replace("\\}", "").replace("\\\u2060", "").replace("\\N", "")
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


def test_a_line_with_nothing_to_show_is_not_shown() -> None:
    assert _dialogues(_film(), _lyrics(("\U0001f602\u200d \n\x00", 0.5, 1.5))) == [[], []]
    assert plain_text(" \t\n") == ""


def test_no_captions_and_no_title_give_no_document() -> None:
    film = _film(captions=False)

    assert _dialogues(film, _lyrics(("hello", 0.5, 1.5))) == [[], []]
    assert caption_events(_film(), None) == ()


def test_captions_never_overlap_even_when_the_lyrics_do() -> None:
    lyrics = _lyrics(("one", 0.5, 3.0), ("two", 1.0, 1.1), ("three", 1.15, 4.0), ("four", 2.0, 2.1))

    events = caption_events(_film(), lyrics)

    assert [event.text for event in events] == ["one", "two three", "four"]
    assert all(a.end_s <= b.start_s for a, b in pairwise(events))


def test_a_line_across_a_cut_is_in_both_pieces_and_does_not_fade_again() -> None:
    before, after = _dialogues(_film(), _lyrics(("over the cut", 1.5, 2.5)))

    assert all(r"\fade(255,0,255,0,160," in row for row in before)
    # The second piece begins at 2.0 s, 620 ms after the line: its fade in is long past.
    assert all(r"\fade(255,0,255,-620,-460," in row for row in after)
    assert [row.split(",")[1] for row in after] == ["0:00:00.00", "0:00:00.00"]


def test_a_line_across_a_cut_looks_the_same_on_both_sides(tmp_path: Path) -> None:
    size = FrameSize(width_px=320, height_px=180)
    lyrics = _lyrics(("over the cut", 1.5, 2.5))
    grey = {"s001": 90, "s002": 90}
    paths = conform_all(_film(size), steady_analysis(), tmp_path, lyrics=lyrics, grey=grey)

    before, after = decode(paths[0], size)[-1], decode(paths[1], size)[0]

    assert int(before[:180].max()) > 180, "the caption is drawn"
    assert np.abs(before[:180].astype(int) - after[:180]).mean() < 1.0


def test_words_light_up_when_they_are_sung() -> None:
    words = (LyricWord(text="light", start_s=0.6, end_s=0.9), LyricWord(text="up", start_s=1.0, end_s=1.2))
    timed = Lyrics(source="x", lines=(LyricLine(text="light up", start_s=0.6, end_s=1.2, words=words),))
    wrong = Lyrics(source="x", lines=(LyricLine(text="light it up", start_s=0.6, end_s=1.2, words=words),))

    assert [row.count(r"\t(") for row in _dialogues(_film(), timed)[0]] == [0, 2]
    assert r"\t(480,600,\1a&H00&)}up" in _dialogues(_film(), timed)[0][1]
    assert [row.count(r"\t(") for row in _dialogues(_film(), wrong)[0]] == [0, 0]


def test_the_title_stands_with_the_artist_below_it_and_is_escaped() -> None:
    card = TitleCard(title="A {\\b1}Title", artist="Some \\N One", start_s=0.0, end_s=1.8)

    rows = _dialogues(_film(title_card=card), None)[0]

    assert [row.split(",")[3] for row in rows] == ["title", "title", "artist", "artist"]
    assert all("A \\{\\\u2060b1\\}Title" in row for row in rows[:2])


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


def test_long_lines_are_broken_into_balanced_rows_that_fit() -> None:
    text = "Hold on, hold on, we are only getting started and nobody knows"

    setting = fit_rows(text, "Inter", em_px=40, width_px=900)

    assert " ".join(setting.rows) == text
    assert len(setting.rows) == 2
    widths = [text_width(row, "Inter") * setting.em_px for row in setting.rows]
    assert max(widths) <= 900
    assert min(widths) > 0.7 * max(widths)


def test_text_that_fits_nowhere_is_cut_with_an_ellipsis() -> None:
    setting = fit_rows("x" * 400, "Inter", em_px=40, width_px=300)

    assert setting.rows[-1].endswith("…")
    assert all(text_width(row, "Inter") * setting.em_px <= 301 for row in setting.rows[:-1])


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
