from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suno_video.core.text import (
    MAX_CLUSTER,
    clean_line,
    clean_lines,
    clusters,
    cut_text,
    has_address,
    utf16_units,
    weighted_length,
    without_addresses,
)
from tests.unit.hostile import any_text

FAMILY, SCOT, BEAR = "👨‍👩‍👧‍👦", "👍🏽", "🐻‍❄️"


def chars(most: int) -> object:
    return lambda text: len(text) <= most


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" + FAMILY + "b", ["a", FAMILY, "b"]),
        (SCOT + BEAR, [SCOT, BEAR]),
        ("🇩🇪🇯🇵🇧🇷", ["🇩🇪", "🇯🇵", "🇧🇷"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("क्षेत्र", ["क्षे", "त्र"]),
        ("각힣", ["각", "힣"]),
        ("\u1100\u1161\u11a8", ["\u1100\u1161\u11a8"]),
        ("กำ", ["กำ"]),
        ("می\u200cخواهم", ["م", "ی\u200c", "خ", "و", "ا", "ه", "م"]),
        ("", []),
    ],
)
def test_what_a_reader_sees_as_one_character_is_one(text: str, parts: list[str]) -> None:
    assert clusters(text) == parts


@given(any_text)
@settings(max_examples=50, deadline=None)
def test_clusters_are_the_text_and_never_long(text: str) -> None:
    assert "".join(clusters(text)) == text
    assert all(0 < len(part) <= MAX_CLUSTER for part in clusters(text))


@given(any_text, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_cut_text_fits_and_ends_between_two_characters(text: str, most: int) -> None:
    cut = cut_text(text, lambda part: len(part) <= most)

    assert len(cut) <= most
    if cut != text and cut:
        kept = cut.removesuffix("…")
        assert text.startswith(kept)
        whole, edges = 0, set()
        for part in clusters(text):
            whole += len(part)
            edges.add(whole)
        # What was cut off as trailing punctuation is one code point a piece.
        assert len(kept) in edges or text[len(kept)] in " \n\u3000,;:–-/"


def test_a_text_is_cut_at_a_line_or_a_word() -> None:
    assert cut_text("paper stars above the bay", lambda part: len(part) <= 20) == "paper stars above…"
    assert cut_text("one two three\nfour five six", lambda part: len(part) <= 17) == "one two three…"
    assert cut_text("你好世界你好世界", lambda part: len(part) <= 5) == "你好世界…"
    assert cut_text("It ends. It does not go on", lambda part: len(part) <= 14, sentences=True) == "It ends."
    assert cut_text(FAMILY * 3, lambda part: len(part) <= 12) == FAMILY + "…"
    assert cut_text(FAMILY, lambda part: len(part) <= 5) == ""


def test_what_steers_a_terminal_or_turns_the_writing_is_gone() -> None:
    hostile = "a\x1b[31mb\u202ec\u2066d\ufeffe\x00f\u200bg\ud800h\r\ni\u2028j"
    assert clean_lines(hostile, 100) == "a [31mbcde fgh\ni\nj"
    assert clean_line(hostile, 100) == "a [31mbcde fgh i j"
    assert clean_line("می‌خواهم " + FAMILY, 100) == "می‌خواهم " + FAMILY


def test_marks_piled_up_are_cut_down() -> None:
    assert len(clean_line("z" + "\u0335\u0489" * 500, 100)) == 9


@given(any_text)
@settings(max_examples=50, deadline=None)
def test_a_clean_line_is_one_line_of_what_can_be_seen(text: str) -> None:
    line = clean_line(text, 50)

    assert len(line) <= 50
    assert "\n" not in line
    assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")]
    assert clean_line(line, 50) == line


def test_a_text_of_megabytes_costs_no_time() -> None:
    assert clean_line("x" * 5_000_000, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "address",
    ["https://a.b/c?d=e", "www.example.org", "me@example.com", "example.com", "evil.xyz/path", "ftp://h", "t.me/x"],
)
def test_addresses_are_found_and_left_out(address: str) -> None:
    assert has_address(f"see {address} now")
    assert without_addresses(f"see {address} now").split() == ["see", "now"]


@pytest.mark.parametrize("words", ["Mr. Blue", "feat. Nobody", "St.Vincent", "3.5 miles", "and so on..."])
def test_words_with_dots_are_no_addresses(words: str) -> None:
    assert without_addresses(words) == words


def test_marks_of_mentions_and_hashtags_go_and_their_words_stay() -> None:
    assert without_addresses("by @who and #this, #1 & @@both") == "by who and this, 1 & both"


def test_lengths_as_platforms_count_them() -> None:
    assert utf16_units("a😀") == 3
    assert weighted_length("abc é") == 5
    assert weighted_length("日本") == 4
    assert weighted_length("“x”…") == 5  # the ellipsis, U+2026, lies outside of the ranges that weigh one
    assert weighted_length("a.b") >= 23
