"""Loads a pipeline, or only its words or only its painter, and puts it where it is to run."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from suno_video.backends.base import Economy, FailureKind, MakeFailed
from suno_video.backends.catalog import ModelCard
from suno_video.backends.diffusers.device import Place
from suno_video.backends.diffusers.families import Family
from suno_video.backends.diffusers.loras import add_loras
from suno_video.core.errors import BackendUnavailableError, ConfigError
from suno_video.core.memory import is_out_of_memory

_WORDS = ("text_encoder", "prompt_enhancer")
_TOKENS = ("tokenizer", "processor")
_PICTURE_TOOLS = ("image_processor", "feature_extractor", "scheduler")


def load_words(folder: Path, family: Family, place: Place, economies: Collection[Economy]) -> Any:
    """Load what turns words into tensors, and nothing else. Raises as `load_painter` does."""
    keep = (*_WORDS, *_TOKENS, *_PICTURE_TOOLS)
    left_out = {name: None for name in _parts(folder) if not name.startswith(keep)}
    pipe = _load(folder, family, place, left_out)
    _settle(pipe, place, economies)
    return pipe


def load_painter(
    card: ModelCard, folder: Path, family: Family, place: Place, economies: Collection[Economy], *, quantize: bool
) -> Any:
    """Load everything but the text encoders.

    Raises:
        BackendUnavailableError: The weights do not fit the family, or nothing here can make them smaller.
        ConfigError: A LoRA that the card names is not there, or its scheduler takes no such setting.
    """
    left_out: dict[str, Any] = {name: None for name in _parts(folder) if name.startswith(_WORDS)}
    large = [name for name in _parts(folder) if name.startswith(("transformer", "unet"))]
    config = _quantization(large, place) if quantize else None
    pipe = _load(folder, family, place, left_out | ({"quantization_config": config} if config is not None else {}))
    add_loras(pipe, card)
    _set_scheduler(pipe, card)
    if quantize and config is None:
        _cast_layers(pipe, large, place)
    _settle(pipe, place, economies)
    return pipe


def paint_from_words(painter: Any, family: Family) -> Any:
    """Give the pipeline that needs no still, over the parts of one that does; nothing is loaded or copied.

    Raises:
        MakeFailed: Bad input: these weights were made to begin with a still.
    """
    import diffusers

    if family.from_words is None:
        return painter
    shape = painter.transformer.config
    if shape.in_channels != shape.out_channels:  # the rest of what goes in is the still
        raise MakeFailed(FailureKind.BAD_INPUT, "this model starts from a still, and the scene has none")
    pipeline = getattr(diffusers, family.from_words)
    known = dict(painter.config) | painter.components
    pipe = pipeline(**{name: known[name] for name in inspect.signature(pipeline.__init__).parameters if name in known})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _parts(folder: Path) -> list[str]:
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    return [name for name, kind in index.items() if isinstance(kind, list) and kind[0] is not None]


def _load(folder: Path, family: Family, place: Place, changes: dict[str, Any]) -> Any:
    import diffusers

    pipeline = getattr(diffusers, family.pipeline, None)
    if pipeline is None:
        raise BackendUnavailableError(
            f"diffusers {diffusers.__version__} has no {family.pipeline}.", "Run: pip install -U diffusers"
        )
    try:
        pipe = pipeline.from_pretrained(
            str(folder),
            dtype=_dtypes(family, place),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **changes,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError) as exc:
        if is_out_of_memory(exc):
            raise
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise BackendUnavailableError(
            f"{folder} cannot be loaded as {family.pipeline}: {reason}", "Look at `source` and `family` in its card."
        ) from exc
    pipe.set_progress_bar_config(disable=True)
    for part in pipe.components.values():
        if hasattr(part, "eval"):
            part.eval()  # some parts come in training mode, and would drop out at random
    return pipe


def _dtypes(family: Family, place: Place) -> Any:
    """Give one type of number for all parts, or one for each."""
    import torch

    return {"default": place.dtype, "vae": torch.float32} if family.vae_float32 else place.dtype


def _settle(pipe: Any, place: Place, economies: Collection[Economy]) -> None:
    vae = getattr(pipe, "vae", None)
    if vae is not None and "tiling" in economies:
        for name in ("enable_tiling", "enable_slicing"):
            if hasattr(vae, name):
                getattr(vae, name)()
    if "offload" not in economies:
        pipe.to(place.device)
        return
    import torch

    pipe.enable_group_offload(
        onload_device=torch.device(place.device),
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=place.device == "cuda",
        low_cpu_mem_usage=place.device == "cuda",
    )


def _quantization(parts: list[str], place: Place) -> Any:
    """Give how to load the large parts with fewer bits by a package that is installed; None when there is none."""
    from diffusers import PipelineQuantizationConfig

    if place.device == "cuda" and find_spec("bitsandbytes"):
        kwargs = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": place.dtype}
        return PipelineQuantizationConfig("bitsandbytes_4bit", kwargs, parts)
    if find_spec("optimum") and find_spec("optimum.quanto"):
        return PipelineQuantizationConfig("quanto", {"weights_dtype": "int8"}, parts)
    return None


def _set_scheduler(pipe: Any, card: ModelCard) -> None:
    """Change settings of the scheduler as the card says: a distilled model wants other steps than its teacher."""
    changes = card.extra.get("scheduler", {})
    unknown = sorted(set(changes) - set(pipe.scheduler.config))
    if unknown:
        name = type(pipe.scheduler).__name__
        raise ConfigError(f"{card.spec}: {name} has no setting {', '.join(unknown)}.", "Correct extra.scheduler.")
    if changes:
        pipe.scheduler = pipe.scheduler.from_config(pipe.scheduler.config, **changes)


def _cast_layers(pipe: Any, parts: list[str], place: Place) -> None:
    """Keep weights in eight bits, and calculate as before."""
    import torch

    if place.device == "mps":
        raise BackendUnavailableError(
            "Models cannot be loaded with fewer bits here: Metal has no eight-bit floats.",
            "Run: pip install optimum-quanto; or set models.quantize = false.",
        )
    for name in parts:
        part = getattr(pipe, name, None)
        if part is not None:
            part.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=place.dtype)
