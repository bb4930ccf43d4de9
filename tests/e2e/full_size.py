"""The same backend with transformers and VAEs of full size, in bf16 on a CUDA device. Nothing is loaded.

The words are random as well: their encoders play no part once the painter is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from suno_video.backends.base import ClipRequest, StillRequest
from suno_video.backends.diffusers.device import choose_place
from suno_video.core.frames import FrameSize
from tests.e2e.random_wan import FULL, build_wan
from tests.e2e.tiny_clips import RandomVideo, random_card

SIZES = {
    "wan": FrameSize(width_px=832, height_px=480),
    "cogvideox": FrameSize(width_px=720, height_px=480),
}
_N_WORDS = {"wan": 512, "cogvideox": 226}


def build_cogvideox() -> Any:
    """CogVideoX 5B I2V: 42 layers of 48 heads, as its published config has them."""
    import diffusers
    import torch

    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device("cuda"):
            transformer = diffusers.CogVideoXTransformer3DModel(
                num_attention_heads=48,
                num_layers=42,
                in_channels=32,
                out_channels=16,
                use_rotary_positional_embeddings=True,
                use_learned_positional_embeddings=True,
            ).eval()
            vae = diffusers.AutoencoderKLCogVideoX().eval()
    finally:
        torch.set_default_dtype(before)
    return diffusers.CogVideoXImageToVideoPipeline(
        tokenizer=None,
        text_encoder=None,
        vae=vae,
        transformer=transformer,
        scheduler=diffusers.CogVideoXDDIMScheduler(),
    )


def _build_wan() -> Any:
    import torch

    pipe = build_wan(FULL, "cuda", "bfloat16")
    pipe.text_encoder = None
    pipe.vae.to(torch.float32)
    return pipe


_BUILDERS: dict[str, Callable[[], Any]] = {"wan": _build_wan, "cogvideox": build_cogvideox}


class FullVideo(RandomVideo):
    """Random weights where the real ones would lie, about 12 GB of them."""

    def __init__(self, kind: str) -> None:
        from pathlib import Path

        fps, step = (24, 4) if kind == "wan" else (8, 8)
        super().__init__(
            random_card(Path("/nowhere"), kind, words=_N_WORDS[kind], fps=fps, step=step, most=49), fails_at=(3,)
        )
        self._kind = kind

    def open(self) -> None:
        self._place = choose_place()

    def _load_painter(self) -> Any:
        if self._painter is None:
            self._painter = _BUILDERS[self._kind]().to("cuda")
            self._painter.set_progress_bar_config(disable=True)
        return self._painter

    def _encode(self, requests: Sequence[StillRequest | ClipRequest], check_stop: Callable[[], None]) -> None:
        import torch

        for request in requests:
            if self._key(request) not in self._words:
                rng = torch.Generator().manual_seed(len(self._words))
                words = torch.randn(2, 1, _N_WORDS[self._kind], 4096, generator=rng, dtype=torch.bfloat16)
                self._words[self._key(request)] = {"prompt_embeds": words[0], "negative_prompt_embeds": words[1]}
