"""What each family of pipelines wants to be told. Everything else is one code path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suno_video.backends.base import ClipRequest, MakesKind, StillRequest
from suno_video.backends.catalog import ModelCard
from suno_video.backends.diffusers.pictures import first_frame_of, fitted
from suno_video.core.errors import ConfigError


@dataclass(frozen=True)
class Order:
    """A request with what the card adds to it."""

    card: ModelCard
    request: StillRequest | ClipRequest
    audio_latents: Any = None
    """What is heard, encoded; None: nothing, or nothing that counts."""

    @property
    def clip(self) -> ClipRequest:
        """The request, which must be one for a clip."""
        assert isinstance(self.request, ClipRequest)
        return self.request

    @property
    def from_words(self) -> bool:
        """Whether the clip begins with no still, of a model that can do without one."""
        return self.clip.first_frame is None and "first_frame" not in self.card.needs

    @property
    def guides(self) -> bool:
        """Whether the negative prompt counts (classifier-free guidance)."""
        return (self.card.guidance or 0.0) > 1.0

    @property
    def sequence(self) -> dict[str, Any]:
        """How many tokens of the prompt count, where the card says so."""
        return {key: self.card.fixed[key] for key in ("max_sequence_length",) if key in self.card.fixed}

    @property
    def extra_call(self) -> dict[str, Any]:
        """Inputs from the card that no plain value can hold."""
        return dict(self.card.extra.get("call", {}))


@dataclass(frozen=True)
class Family:
    """Pipelines of one class."""

    pipeline: str
    """Its class in diffusers."""
    makes: MakesKind
    encode: Callable[[Any, Order], dict[str, Any]]
    """Gives the words as tensors, named as the pipeline takes them. It gets a pipeline with text encoders only."""
    inputs: Callable[[Order], dict[str, Any]] = lambda order: {}
    from_words: str | None = None
    """The class that paints with the same parts where there is no still; None: the same one does, or none can."""
    dropped_frames: int = 0
    """How many fewer frames come out than are asked for."""
    vae_float32: bool = False
    takes_steps: bool = True
    takes_guidance: bool = True
    words_see_picture: bool = False
    """Whether the text encoder looks at the first frame as well."""
    freezes_audio: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


def family_of(card: ModelCard) -> Family:
    """Give the family that a card names in `extra.family`. Raises `ConfigError` when there is none, or it misfits."""
    name = card.extra.get("family")
    family = FAMILIES.get(name) if isinstance(name, str) else None
    if family is None:
        raise ConfigError(
            f"The card of {card.spec} names no family of models that diffusers has here.",
            f"Set extra.family to one of: {', '.join(FAMILIES)}.",
        )
    if family.makes != card.makes:
        raise ConfigError(f"The card of {card.spec} makes {card.makes}s; {name} makes {family.makes}s.", "Correct it.")
    return family


def call_inputs(family: Family, order: Order) -> dict[str, Any]:
    """Give everything that a pipeline is called with, but for words, seed, output and callback."""
    card, request = order.card, order.request
    told: dict[str, Any] = {"height": request.size.height_px, "width": request.size.width_px, **family.defaults}
    if family.takes_steps and card.steps is not None:
        told["num_inference_steps"] = card.steps
    if family.takes_guidance and card.guidance is not None:
        told["guidance_scale"] = card.guidance
    if isinstance(request, ClipRequest):
        told["num_frames"] = request.n_frames + family.dropped_frames
    fixed = {
        key: list(value) if key in _LISTS and isinstance(value, tuple) else value for key, value in card.fixed.items()
    }
    return told | family.inputs(order) | fixed | order.extra_call


_LISTS = ("sigmas", "timesteps")
"""Inputs that pipelines want as lists."""


# Words


def _encode_flux(pipe: Any, order: Order) -> dict[str, Any]:
    words, pooled, _ = pipe.encode_prompt(order.request.prompt, None, **order.sequence)
    return {"prompt_embeds": words, "pooled_prompt_embeds": pooled}


def _encode_klein(pipe: Any, order: Order) -> dict[str, Any]:
    layers = {key: order.card.fixed[key] for key in ("text_encoder_out_layers",) if key in order.card.fixed}
    words, _ = pipe.encode_prompt(order.request.prompt, **order.sequence, **layers)
    if not order.guides:
        return {"prompt_embeds": words}
    without, _ = pipe.encode_prompt(order.request.negative_prompt, **order.sequence, **layers)
    return {"prompt_embeds": words, "negative_prompt_embeds": without}


def _encode_sdxl(pipe: Any, order: Order) -> dict[str, Any]:
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    tensors = pipe.encode_prompt(
        order.request.prompt,
        negative_prompt=order.request.negative_prompt,
        do_classifier_free_guidance=order.guides,
    )
    return dict(zip(names, tensors, strict=True))


def _encode_two(pipe: Any, order: Order) -> dict[str, Any]:
    words, without = pipe.encode_prompt(
        order.request.prompt, order.request.negative_prompt, order.guides, **order.sequence
    )
    return {"prompt_embeds": words, "negative_prompt_embeds": without}


def _encode_ltx(pipe: Any, order: Order) -> dict[str, Any]:
    names = ("prompt_embeds", "prompt_attention_mask", "negative_prompt_embeds", "negative_prompt_attention_mask")
    tensors = pipe.encode_prompt(order.request.prompt, order.request.negative_prompt, order.guides, **order.sequence)
    return dict(zip(names, tensors, strict=True))


def _encode_ltx2(pipe: Any, order: Order) -> dict[str, Any]:
    words, mask = pipe.encode_prompt(order.request.prompt, **order.sequence)
    return {"prompt_embeds": words, "prompt_attention_mask": mask}


def _encode_hunyuan(pipe: Any, order: Order) -> dict[str, Any]:
    template = {"prompt_template": order.extra_call["prompt_template"]} if "prompt_template" in order.extra_call else {}
    words, pooled, mask = pipe.encode_prompt(
        first_frame_of(order.clip), order.request.prompt, **template, **order.sequence
    )
    return {"prompt_embeds": words, "pooled_prompt_embeds": pooled, "prompt_attention_mask": mask}


def _encode_hunyuan_words(pipe: Any, order: Order) -> dict[str, Any]:
    template = {"prompt_template": order.extra_call["prompt_template"]} if "prompt_template" in order.extra_call else {}
    words, pooled, mask = pipe.encode_prompt(order.request.prompt, **template, **order.sequence)
    return {"prompt_embeds": words, "pooled_prompt_embeds": pooled, "prompt_attention_mask": mask}


# Pictures


def _kontext(order: Order) -> dict[str, Any]:
    size = order.request.size
    steady = {"_auto_resize": False, "max_area": size.width_px * size.height_px}
    if not order.request.references:
        return steady
    return {"image": fitted(order.request.references[0], size), **steady}


def _references(order: Order) -> dict[str, Any]:
    pictures = [fitted(path, order.request.size) for path in order.request.references]
    return {"image": pictures} if pictures else {}


def _first_frame(order: Order) -> dict[str, Any]:
    return {"image": first_frame_of(order.clip)}


def _first_and_last(order: Order) -> dict[str, Any]:
    if order.from_words:
        return {}
    told = _first_frame(order)
    if order.clip.last_frame is not None and "last_frame" in order.card.inputs:
        told["last_image"] = fitted(order.clip.last_frame, order.clip.size)
    return told


def _ltx(order: Order) -> dict[str, Any]:
    from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

    clip = order.clip
    conditions = [] if order.from_words else [LTXVideoCondition(image=first_frame_of(clip), frame_index=0)]
    if clip.last_frame is not None:
        conditions.append(LTXVideoCondition(image=fitted(clip.last_frame, clip.size), frame_index=clip.n_frames - 1))
    return {"conditions": conditions or None, "frame_rate": clip.fps}


def _ltx2(order: Order) -> dict[str, Any]:
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    clip = order.clip
    conditions = None
    if not order.from_words:
        # crf 0: the picture goes in as it is, not as a codec would have left it (and needs no PyAV).
        conditions = [LTX2VideoCondition(frames=first_frame_of(clip), index=0, strength=1.0, crf=0)]
    told: dict[str, Any] = {"conditions": conditions, "frame_rate": float(clip.fps), "generate_slots": False}
    if order.audio_latents is not None:
        told |= {"audio_latents": order.audio_latents, "freeze_audio": True}
    return told


FAMILIES: Mapping[str, Family] = {
    "flux": Family("FluxPipeline", "still", _encode_flux),
    "flux-kontext": Family("FluxKontextPipeline", "still", _encode_flux, _kontext),
    "flux2-klein": Family("Flux2KleinPipeline", "still", _encode_klein, _references),
    "sdxl": Family("StableDiffusionXLPipeline", "still", _encode_sdxl),
    "cogvideox": Family("CogVideoXImageToVideoPipeline", "clip", _encode_two, _first_frame),
    "cogvideox-words": Family("CogVideoXPipeline", "clip", _encode_two),
    "wan": Family(
        "WanImageToVideoPipeline", "clip", _encode_two, _first_and_last, from_words="WanPipeline", vae_float32=True
    ),
    "wan-words": Family("WanPipeline", "clip", _encode_two, vae_float32=True),
    "ltx": Family("LTXConditionPipeline", "clip", _encode_ltx, _ltx),
    "ltx2": Family(
        "LTX2DFRPipeline", "clip", _encode_ltx2, _ltx2, takes_steps=False, takes_guidance=False, freezes_audio=True
    ),
    "hunyuan": Family(
        "HunyuanVideoImageToVideoPipeline",
        "clip",
        _encode_hunyuan,
        _first_frame,
        dropped_frames=4,
        words_see_picture=True,
    ),
    "hunyuan-words": Family("HunyuanVideoPipeline", "clip", _encode_hunyuan_words),
}
