"""Our cards of the diffusers backend against the pipelines that they name: their classes, and what those take."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendSetup, ClipRequest, StillRequest
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.diffusers.families import Order, call_inputs, family_of
from suno_video.backends.diffusers.loras import loras_of
from suno_video.backends.registry import make_backend
from tests.models.tiny.cards import picture, request_for


def pipeline_called(name: str) -> Any:
    """A class of diffusers by its name."""
    import diffusers

    return getattr(diffusers, name)


CARDS = ModelCatalog.load().of_backend("diffusers")
ENCODED = {"generator", "output_type", "callback_on_step_end", "prompt_embeds"}


def told(card: ModelCard, request: StillRequest | ClipRequest) -> dict[str, Any]:
    return call_inputs(family_of(card), Order(card, request))


def wish(card: ModelCard, place: Path) -> StillRequest | ClipRequest:
    """A request with all that the card says it takes."""
    another = picture(place / "another.png")
    if card.makes == "still":
        return replace(request_for("flux", place), references=(another,) if "reference" in card.inputs else ())
    last = another if "last_frame" in card.inputs else None
    return replace(request_for("wan22-5b", place), first_frame=another, last_frame=last)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_the_pipeline_takes_what_the_card_tells_it(card: ModelCard, tmp_path: Path) -> None:
    pipeline = pipeline_called(family_of(card).pipeline)
    assert set(told(card, wish(card, tmp_path))) | ENCODED <= set(inspect.signature(pipeline.__call__).parameters)


@pytest.mark.parametrize("card", [card for card in CARDS if card.makes == "clip"], ids=lambda card: card.id)
def test_without_a_still_it_is_told_of_none(card: ModelCard, tmp_path: Path) -> None:
    if card.needs:
        pytest.skip("begins with a still")
    family = family_of(card)
    pipeline = pipeline_called(family.from_words or family.pipeline)
    said = told(card, replace(request_for("wan22-5b", tmp_path), first_frame=None))
    assert set(said) | ENCODED <= set(inspect.signature(pipeline.__call__).parameters)
    assert said.get("image") is None and said.get("conditions") is None


@pytest.mark.parametrize("card", [card for card in CARDS if card.fast], ids=lambda card: card.id)
def test_a_fast_variant_takes_fewer_steps_without_guidance_and_as_much_to_begin_with(card: ModelCard) -> None:
    backend = make_backend(card.spec, "still" if card.makes == "still" else "clip", BackendSetup(fast=True))
    fast = next(each for each in CARDS if each.spec == backend.name)
    assert fast.id == card.fast and backend.model == card.fast
    n_steps = fast.steps or len(fast.fixed["timesteps"])  # type: ignore[arg-type]
    assert card.steps is not None and n_steps <= card.steps / 3
    assert fast.guidance is not None and fast.guidance <= 1.0
    assert (fast.accepts, fast.needs, fast.frames, fast.max_pixels) == (
        card.accepts,
        card.needs,
        card.frames,
        card.max_pixels,
    )


def test_loras_come_from_where_their_cards_say() -> None:
    named = {card.id: [lora.name for lora in loras_of(card)] for card in CARDS if loras_of(card)}
    assert {name: len(loras) for name, loras in named.items()} == {
        "sdxl-lightning": 1,
        "wan2.2-i2v-a14b-4step": 2,
        "wan2.1-i2v-14b-480p-4step": 1,
    }
    assert all(card.source_url.split(".co/")[1] == lora.repo for card in CARDS for lora in loras_of(card))
