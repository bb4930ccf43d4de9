"""LoRA files and schedulers that a card names: a person's own style, or what makes a model fast."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("peft")

from suno_video.backends.base import BackendSetup, Job
from suno_video.backends.diffusers.loras import loras_of
from suno_video.core.errors import BackendUnavailableError, ConfigError
from tests.models.test_families import pixels
from tests.models.tiny.cards import card_of, request_for
from tests.models.tiny.loras import write_lora
from tests.models.tiny.pipelines import TINY


def toml(path: Path, *more: str) -> str:
    """One LoRA as a card names it."""
    return "{ " + ", ".join([f"path = {json.dumps(str(path))}", *more]) + " }"


@pytest.mark.parametrize("name", ["sdxl", "flux", "wan22-5b"])
@pytest.mark.parametrize("quantize", [None, True], ids=["", "quantized"])
def test_a_lora_counts_by_its_weight(
    opened: Callable[..., Any], name: str, quantize: bool | None, tmp_path: Path
) -> None:
    path, request = write_lora(TINY[name].build(), tmp_path), request_for(name, tmp_path)
    plain, nothing, half, whole = (
        pixels(opened(name, BackendSetup(quantize=quantize), extra=extra).make(request, Job(tmp_path)))
        for extra in ("", *(f"lora = {toml(path, f'weight = {weight}')}" for weight in (0.0, 0.5, 1.0)))
    )
    assert np.array_equal(plain, nothing)
    assert not np.array_equal(plain, half) and not np.array_equal(half, whole)


def test_each_of_two_painters_has_its_own(opened: Callable[..., Any], tmp_path: Path) -> None:
    name = "wan22-a14b"
    first, second = (write_lora(TINY[name].build(), tmp_path, seed) for seed in (1, 2))
    of_second = toml(second, 'part = "transformer_2"', "weight = 0.5")
    both = f"lora = [{toml(first)}, {of_second}]"
    backend, request = opened(name, extra=both), request_for(name, tmp_path)
    made = pixels(backend.make(request, Job(tmp_path, economies=frozenset({"offload"}))))
    painters = backend._painter.transformer, backend._painter.transformer_2
    assert [painter.active_adapters() for painter in painters] == [["lora-0"], ["lora-1"]]
    assert [scaled(painter)[0].scaling for painter in painters] == [{"lora-0": 1.0}, {"lora-1": 0.5}]
    assert not np.array_equal(made, pixels(opened(name).make(request, Job(tmp_path))))


def scaled(painter: Any) -> list[Any]:
    return [layer for layer in painter.modules() if getattr(layer, "scaling", None)]


def test_the_scheduler_is_set_as_the_card_says(opened: Callable[..., Any], tmp_path: Path) -> None:
    request = request_for("sdxl", tmp_path)
    backend = opened("sdxl", extra='scheduler = { timestep_spacing = "trailing" }')
    made = pixels(backend.make(request, Job(tmp_path)))
    assert backend._painter.scheduler.timesteps.tolist() == [999.0, 499.0]
    assert not np.array_equal(made, pixels(opened("sdxl").make(request, Job(tmp_path))))
    with pytest.raises(ConfigError, match="has no setting spacing"):
        opened("sdxl", extra='scheduler = { spacing = "trailing" }').make(request, Job(tmp_path))


def test_a_lora_of_another_model_is_refused_with_words(opened: Callable[..., Any], tmp_path: Path) -> None:
    path = write_lora(TINY["wan22-5b"].build(), tmp_path)
    backend = opened("flux", extra=f"lora = {toml(path)}")
    with pytest.raises(BackendUnavailableError, match="does not fit FluxPipeline"):
        backend.make(request_for("flux", tmp_path), Job(tmp_path))


def test_what_is_no_whole_safetensors_file_is_refused_before_anything_is_made(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_lora(TINY["flux"].build(), tmp_path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(BackendUnavailableError, match="cut short"):
        opened("flux", extra=f"lora = {toml(path)}")
    with pytest.raises(ConfigError, match="is not there"):
        opened("flux", extra=f"lora = {toml(tmp_path / 'none.safetensors')}")
    with pytest.raises(BackendUnavailableError, match="downloads are switched off"):
        opened("flux", extra='lora = { repo = "nobody/has-this", file = "lora.safetensors" }')


@pytest.mark.parametrize(
    "lora",
    [
        '{ path = "/somewhere/lora.bin" }',
        '{ repo = "somebody/something" }',
        '{ path = "a.safetensors", repo = "somebody/something", file = "b.safetensors" }',
        '{ path = "a.safetensors", scale = 2.0 }',
        '{ path = "a.safetensors", weight = "much" }',
        '{ path = "a.safetensors", part = "vae" }',
        '"a.safetensors"',
    ],
)
def test_a_lora_that_is_written_wrongly_is_told(tmp_path: Path, lora: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loras_of(card_of("flux", tmp_path, extra=f"lora = {lora}"))
    assert "lora" in caught.value.message.lower() and caught.value.hint
