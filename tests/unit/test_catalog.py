"""Model cards: ours are sound, a user's come first, and what does not fit is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from suno_video.backends.base import BackendSetup
from suno_video.backends.catalog import FrameRule, ModelCard, ModelCatalog, read_cards
from suno_video.core.errors import BadEditError, UsageError

CARD = """
[[model]]
backend = "painter"
id = "slow"
makes = "clip"
default = true
fast = "quick"
inputs = { prompt = "prompt", first_frame = "image" }
frames = { step = 4, offset = 1, least = 5, most = 81 }
fps = 16
licence = "Apache-2.0"
commercial_use = true
checked_on = 2026-11-01

[[model]]
backend = "painter"
id = "quick"
makes = "clip"
inputs = { prompt = "prompt" }
seconds = [6, 10]
steps = 4
licence = "none given"
commercial_use = "unknown"
checked_on = 2026-11-01
"""


def catalog(tmp_path: Path, *texts: str) -> ModelCatalog:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text)
    return ModelCatalog.load(tmp_path)


def test_a_card_says_what_its_model_can_do(tmp_path: Path) -> None:
    card = catalog(tmp_path, CARD).find("painter", "slow", "clip")
    can = card.capabilities(concurrency=2)
    assert can.n_frames is not None
    assert (can.n_frames[0], can.n_frames[-1], len(can.n_frames), can.fps) == (5, 81, 20, 16)
    assert (can.accepts, can.footage, can.concurrency) == ({"first_frame"}, "file", 2)
    assert card.spec == "painter:slow"


def test_the_default_is_found_without_a_name_and_its_fast_variant_when_asked(tmp_path: Path) -> None:
    cards = catalog(tmp_path, CARD)
    assert cards.find("painter", None, "clip").id == "slow"
    quick = cards.find("painter", None, "clip", fast=True)
    assert (quick.id, quick.capabilities().seconds, quick.commercial_use) == ("quick", (6, 10), None)


def test_a_users_card_takes_the_place_of_one_with_its_name(tmp_path: Path) -> None:
    theirs = CARD.replace("fps = 16", "fps = 24")
    assert catalog(tmp_path, CARD, theirs).find("painter", "slow", "clip").fps == 24


def test_a_card_that_would_paint_otherwise_has_another_digest(tmp_path: Path) -> None:
    slow = catalog(tmp_path, CARD).find("painter", "slow", "clip")
    assert slow.digest == slow.model_copy(update={"licence": "MIT", "memory_gb": 3.0}).digest
    assert slow.digest != slow.model_copy(update={"guidance": 3.5}).digest


def test_a_name_that_is_not_there_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    cards = catalog(tmp_path, CARD)
    with pytest.raises(UsageError, match="no model 'slwo'") as failed:
        cards.find("painter", "slwo", "clip")
    assert failed.value.hint is not None and "slow" in failed.value.hint
    with pytest.raises(UsageError, match="makes no stills"):
        cards.find("painter", "slow", "still")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("most = 81", "most = 4"), "frames"),
        (("fps = 16\n", ""), "rate"),
        (("seconds = [6, 10]", "seconds = [-1]"), "seconds"),
        (("steps = 4", "stepz = 4"), "stepz"),
        (('prompt = "prompt", first', 'prompts = "prompt", first'), "inputs"),
        (("commercial_use = true", 'commercial_use = "perhaps"'), "commercial_use"),
    ],
)
def test_a_card_that_does_not_fit_is_told_with_its_line(change: tuple[str, str], reason: str) -> None:
    with pytest.raises(BadEditError) as failed:
        read_cards(CARD.replace(*change), "mine.toml")
    assert any("line" in each and reason in each for each in failed.value.reasons)


def test_a_frame_rule_lists_its_numbers() -> None:
    assert FrameRule(step=8, offset=1, least=9, most=33).legal == (9, 17, 25, 33)
    assert FrameRule(most=3).legal == (1, 2, 3)
    assert FrameRule(step=17, offset=5, least=124, most=345).legal[:2] == (124, 141)


def _ours() -> list[ModelCard]:
    return list(ModelCatalog.of(BackendSetup()).cards)


@pytest.mark.parametrize("card", _ours(), ids=lambda card: card.spec)
def test_our_cards_are_sound(card: ModelCard) -> None:
    """Every card of ours says where it was looked up, and names a fast variant that is there."""
    assert card.source_url.startswith("https://")
    assert "prompt" in card.inputs or card.makes == "tool"
    if card.fast is not None:
        assert any((other.backend, other.id) == (card.backend, card.fast) for other in _ours())
    if card.makes != "tool":
        assert card.capabilities().makes == card.makes


def test_each_backend_of_ours_has_one_default_of_each_kind() -> None:
    counted: dict[tuple[str, str], int] = {}
    for card in _ours():
        if card.makes != "tool":
            counted[card.backend, card.makes] = counted.get((card.backend, card.makes), 0) + card.default
    assert set(counted.values()) <= {1}


def test_what_a_model_needs_must_have_an_input() -> None:
    with pytest.raises(BadEditError) as failed:
        read_cards(CARD.replace("fps = 16\n", 'fps = 16\nneeds = ["audio"]\n'), "mine.toml")
    assert "needs audio" in failed.value.reasons[0]
