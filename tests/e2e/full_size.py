"""The same backend with transformers and VAEs of full size, in bf16 on a CUDA device. Nothing is loaded.

The words are random as well: their encoders play no part once the painter is there. The same functions build them tiny,
so that a test without a graphics card goes through all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suno_video.backends.base import ClipRequest, StillRequest
from suno_video.backends.diffusers.device import choose_place
from suno_video.core.frames import FrameSize
from tests.e2e import random_wan
from tests.e2e.random_wan import build_wan
from tests.e2e.tiny_clips import RandomModel, random_card


@dataclass(frozen=True)
class Parts:
    """What decides how large the painter and the VAE of a pipeline are; what is left out is as published."""

    painter: dict[str, Any] = field(default_factory=dict)
    vae: dict[str, Any] = field(default_factory=dict)


FLUX = Parts(
    {"axes_dims_rope": (16, 56, 56), "guidance_embeds": False},
    {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "block_out_channels": (128, 256, 512, 512),
        "layers_per_block": 2,
        "latent_channels": 16,
        "sample_size": 1024,
    },
)
"""FLUX.1 schnell: 19 double and 38 single blocks of 24 heads, 11.9 billion parameters."""
TINY_FLUX = Parts(
    {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 32,
        "pooled_projection_dim": 32,
        "axes_dims_rope": (4, 4, 8),
        "guidance_embeds": False,
    },
    {**FLUX.vae, "block_out_channels": (8, 8, 8, 8), "layers_per_block": 1, "latent_channels": 4, "norm_num_groups": 4},
)
COGVIDEOX = Parts({"num_attention_heads": 48, "num_layers": 42, "in_channels": 32, "out_channels": 16})
"""CogVideoX 5B I2V, as its published config has it: 5.6 billion parameters."""
TINY_COGVIDEOX = Parts(
    {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "num_layers": 1,
        "in_channels": 8,
        "out_channels": 4,
        "text_embed_dim": 32,
        "time_embed_dim": 8,
        "sample_width": 12,
        "sample_height": 8,
        "max_text_seq_length": 16,
    },
    {"block_out_channels": (8, 8, 8, 8), "latent_channels": 4, "layers_per_block": 1, "norm_num_groups": 2},
)


@contextmanager
def _made_on(device: str, dtype: str) -> Any:
    """Weights that are made meanwhile lie there at once, as such numbers."""
    import torch

    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def build_flux(parts: Parts, device: str, dtype: str) -> Any:
    """FLUX.1 without its words."""
    import diffusers

    with _made_on(device, dtype):
        transformer = diffusers.FluxTransformer2DModel(**parts.painter).eval()
        vae = diffusers.AutoencoderKL(
            use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1159, scaling_factor=0.3611, **parts.vae
        ).eval()
    return diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        vae=vae,
        transformer=transformer,
    )


def build_cogvideox(parts: Parts, device: str, dtype: str) -> Any:
    """CogVideoX, image to video, without its words."""
    import diffusers

    with _made_on(device, dtype):
        transformer = diffusers.CogVideoXTransformer3DModel(
            use_rotary_positional_embeddings=True, use_learned_positional_embeddings=True, **parts.painter
        ).eval()
        blocks = {"down_block_types": ("CogVideoXDownBlock3D",) * 4, "up_block_types": ("CogVideoXUpBlock3D",) * 4}
        vae = diffusers.AutoencoderKLCogVideoX(**blocks, **parts.vae).eval()
    return diffusers.CogVideoXImageToVideoPipeline(
        tokenizer=None,
        text_encoder=None,
        vae=vae,
        transformer=transformer,
        scheduler=diffusers.CogVideoXDDIMScheduler(),
    )


def build_wan_painter(shape: random_wan.Shape, device: str, dtype: str) -> Any:
    """Wan 2.2 TI2V without its words; its VAE in float32."""
    import torch

    pipe = build_wan(shape, device, dtype)
    pipe.text_encoder = None
    pipe.vae.to(torch.float32)
    return pipe


@dataclass(frozen=True)
class Built:
    """A model with random weights, and what is asked of it."""

    family: str
    build: Callable[[str, str], Any]
    """Takes a device and a type of number."""
    size: FrameSize
    n_words: int
    word_dim: int
    pooled_dim: int = 0
    fps: int = 24
    step: int = 4
    guidance: float = 5.0


def _flux(parts: Parts, side_px: int, **words: int) -> Built:
    size = FrameSize(width_px=side_px, height_px=side_px)
    return Built("flux", lambda *place: build_flux(parts, *place), size, guidance=0.0, **words)


def _wan(shape: random_wan.Shape, size: str, n_words: int) -> Built:
    where = FrameSize.parse(size)
    return Built("wan", lambda *place: build_wan_painter(shape, *place), where, n_words, shape.text_dim)


def _cogvideox(parts: Parts, size: str, n_words: int, word_dim: int) -> Built:
    where = FrameSize.parse(size)
    return Built("cogvideox", lambda *place: build_cogvideox(parts, *place), where, n_words, word_dim, fps=8, step=8)


FULL = {
    "wan": _wan(random_wan.FULL, "832x480", 512),
    "cogvideox": _cogvideox(COGVIDEOX, "720x480", 226, 4096),
    "flux": _flux(FLUX, 1024, n_words=256, word_dim=4096, pooled_dim=768),
}
TINY = {
    "wan": _wan(random_wan.TINY, "96x64", 16),
    "cogvideox": _cogvideox(TINY_COGVIDEOX, "96x64", 16, 32),
    "flux": _flux(TINY_FLUX, 64, n_words=16, word_dim=32, pooled_dim=32),
}


class FullModel(RandomModel):
    """Random weights where the real ones would lie: 12 to 24 GB of them, or next to none.

    Args:
        fails_at: As of `RandomModel`.
    """

    def __init__(self, built: Built, fails_at: Sequence[int] = (3,)) -> None:
        card = random_card(
            Path("/nowhere"),
            built.family,
            makes="still" if built.family == "flux" else "clip",
            words=built.n_words,
            fps=built.fps,
            step=built.step,
            most=49,
            guidance=built.guidance,
        )
        super().__init__(card, fails_at=fails_at)
        self._built = built

    def open(self) -> None:
        self._place = choose_place()

    def _load_painter(self) -> Any:
        if self._painter is None:
            place = self._where()
            self._painter = self._built.build(place.device, str(place.dtype).removeprefix("torch."))
            self._painter.set_progress_bar_config(disable=True)
        return self._painter

    def _encode(self, requests: Sequence[StillRequest | ClipRequest], check_stop: Callable[[], None]) -> None:
        import torch

        built, dtype = self._built, self._where().dtype
        for request in requests:
            if self._key(request) not in self._words:
                rng = torch.Generator().manual_seed(len(self._words))
                words = torch.randn(2, 1, built.n_words, built.word_dim, generator=rng).to(dtype)
                pooled = torch.randn(1, built.pooled_dim, generator=rng).to(dtype)
                more = {"pooled_prompt_embeds": pooled} if built.pooled_dim else {"negative_prompt_embeds": words[1]}
                self._words[self._key(request)] = {"prompt_embeds": words[0], **more}
