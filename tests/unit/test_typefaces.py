"""Fonts: what they say of themselves, and which one draws which letters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suno_video.media import typefaces
from suno_video.media.fonts import font_file
from suno_video.media.sfnt import read_faces
from suno_video.media.typefaces import Typefaces, families_in, language_of, link_fonts, script_names


def test_a_font_says_its_family_its_letters_and_its_height() -> None:
    (inter,) = read_faces(font_file("Inter"))

    assert (inter.family, inter.index) == ("Inter", 0)
    assert all(inter.has(char) for char in "aЖé…")
    assert not any(inter.has(char) for char in "\u5929\u0e01\U0001f525")
    # Measured with libass: 200 units of type are 140 pixels of em.
    assert inter.height_em == pytest.approx(1.43, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), junk=st.binary(min_size=1, max_size=8))
def test_a_damaged_font_is_none_and_never_an_error(tmp_path_factory: pytest.TempPathFactory, cut, at, junk) -> None:
    content = bytearray(font_file("Inter").read_bytes()[: 3000 + cut])
    content[at : at + len(junk)] = junk
    path = tmp_path_factory.mktemp("fonts") / "broken.ttf"
    path.write_bytes(content)

    assert len(read_faces(path)) in (0, 1)
    assert read_faces(path.with_name("missing.ttf")) == ()


def test_letters_are_drawn_by_the_family_of_the_look_and_what_it_lacks_by_another_of_ours() -> None:
    runs = Typefaces("Inter").runs("Hello \u0928\u092e\u0938\u094d\u0924\u0947")

    assert [(run.text, run.face.family) for run in runs] == [
        ("Hello ", "Inter"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", "Noto Sans"),
    ]
    assert Typefaces("Noto Sans").runs("Hello")[0].face.family == "Noto Sans"


def test_a_font_of_the_system_is_found_by_what_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fonts = tmp_path / "fonts"
    link_fonts(fonts, ())
    monkeypatch.setattr(typefaces, "font_folders", lambda: (fonts, tmp_path / "not there"))
    monkeypatch.setattr(typefaces, "_shipped", lambda: ())
    monkeypatch.setattr(typefaces, "_packaged", lambda language: ())
    caches = (typefaces._system_files, typefaces._known_files, typefaces._other_files)
    for cache in caches:
        cache.cache_clear()
    try:
        assert Typefaces("Inter").runs("a")[0].face.family in ("Inter", "Noto Sans")
        assert Typefaces("Inter").missing("a \u0e01") == ("\u0e01",)
        assert Typefaces("Inter").runs("\u0e01") == ()
    finally:
        for cache in caches:
            cache.cache_clear()


def test_marks_stay_with_their_letter_and_what_is_joined_is_not_parted() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

    assert list(typefaces._clusters(f"e\u0301{family}a")) == ["e\u0301", family, "a"]


def test_the_tone_of_a_skin_is_left_out_and_no_grey_square_is_drawn() -> None:
    faces = Typefaces("Inter")
    assert [run.text for run in faces.runs("a\U0001f3fdb")] == ["ab"]
    assert faces.missing("\U0001f3fd") == ()


def test_the_language_of_han_letters_is_guessed_from_the_whole_song() -> None:
    assert language_of(["hello"]) == ""
    assert language_of(["\u591c", "\u306b"]) == "ja"
    assert language_of(["\uc0ac\ub791"]) == "ko"
    assert language_of(["\u6211\u7231\u4f60"]) == "zh-Hans"
    assert language_of(["\u6211\u611b\u4f60"]) == "zh-Hant"


def test_scripts_are_named_for_people() -> None:
    assert script_names("\u0e01\u0e02\u5929\U0001f525") == ("Thai", "CJK", "emoji and symbols")


def test_only_the_fonts_that_a_text_asks_for_are_put_beside_it(tmp_path: Path) -> None:
    text = "Style: line,Inter,20,\nDialogue: 0,0:00:00.00,0:00:01.00,line,,0,0,0,,{\\fnNoto Sans\\fs20}x"

    assert families_in(text) == ("Inter", "Noto Sans")
    link_fonts(tmp_path / "fonts", families_in(text))
    assert {path.name.split("[")[0] for path in (tmp_path / "fonts").iterdir()} >= {"Inter", "NotoSans"}
