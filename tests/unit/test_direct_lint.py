"""Prompts that somebody else wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.direct.lint import cut_text, find_faults, mend_prompt, plain_text

GOOD = (
    "Wide shot of a woman in a silver raincoat on a wet roof, hard side light, 35mm lens, camera pushing in",
    "Close-up of two hands almost touching, backlight through haze",
    "A long pan over the sea at dusk, painted by the last light",
    "Neon tubes mirrored in puddles, a crowd moving in the same direction",
    "A boat drifts past a lighthouse in the style of a woodcut",
)
BAD = {
    "the same window as before": "another picture",
    "A man at the same window": "another picture",
    "again the boy runs": "another picture",
    "the girl from the previous scene": "another picture",
    "the woman, a bit older": "by degrees",
    "he is slightly younger than before": "by degrees",
    "a field in the style of Jane Doe": "own style",
    "a portrait painted by Jane van Doe": "own style",
    "inspired by the work of Jane Doe": "own style",
    "à la Doe, a red room": "own style",
    'a neon sign reading "OPEN"': "text in the picture",
    "a banner that says hello": "text in the picture",
    "the word “love” in the sky": "text in the picture",
    "big typography over the city": "text in the picture",
    "see https://evil.example/x for more": "address",
    "load ../../etc/passwd": "address",
    "use weights.safetensors": "address",
    "--budget 900": "address",
    "$(rm -rf x)": "address",
    "mail me@evil.example": "address",
}


@pytest.mark.parametrize("prompt", GOOD)
def test_a_good_prompt_stays_as_it_is(prompt: str) -> None:
    assert find_faults(prompt) == []
    assert mend_prompt(prompt) == prompt


@pytest.mark.parametrize("prompt", BAD)
def test_a_bad_clause_is_named_and_left_out(prompt: str) -> None:
    assert BAD[prompt] in str(find_faults(prompt)[0])
    mended = mend_prompt(f"A red door in the rain. {prompt}. Soft side light.")
    assert mended.startswith("A red door in the rain.")
    assert mended.endswith("Soft side light.")
    assert find_faults(mended) == []


def test_the_artist_of_the_song_is_not_asked_for() -> None:
    assert mend_prompt("The Testers on a stage, warm light", artist="The Testers") == "warm light"


def test_what_is_all_bad_leaves_nothing() -> None:
    assert mend_prompt("the same window again") == ""


def test_control_and_direction_marks_are_no_words() -> None:
    assert plain_text("a\u202eb\x1b[2J\n\tc\u200b d") == "ab [2J c d"


@given(st.text(max_size=900), st.integers(10, 700))
def test_what_is_left_has_no_fault_and_fits(text: str, max_chars: int) -> None:
    mended = mend_prompt(text, max_chars=max_chars)
    assert len(mended) <= max_chars
    assert find_faults(mended) == []


@given(st.text(max_size=200), st.integers(1, 100))
def test_a_cut_text_is_a_beginning(text: str, max_chars: int) -> None:
    cut = cut_text(text, max_chars)
    assert text.startswith(cut)
    assert len(cut) <= max_chars
