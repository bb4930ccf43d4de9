"""Wan 2.2 TI2V-5B with random weights, from its parts: as small as it goes, or in full size but for its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"-()"


@dataclass(frozen=True)
class Shape:
    """What decides how large it is."""

    n_layers: int
    n_heads: int
    head_dim: int
    ffn_dim: int
    text_dim: int
    vae_dims: tuple[int, int]
    """Channels of the VAE's encoder and decoder at their finest."""
    vae_factors: tuple[int, int, int, int]
    vae_blocks: int


TINY = Shape(2, 2, 12, 32, 32, (3, 3), (1, 1, 1, 1), 1)
FULL = Shape(30, 24, 128, 14336, 4096, (160, 256), (1, 2, 4, 4), 2)
"""5.0 billion parameters in the transformer, as published; the text encoder is one layer that gives the same width."""


def build_wan(shape: Shape, device: str = "cpu", dtype: str = "float32") -> Any:
    """Put the pipeline together, its weights made where they are to lie."""
    import torch
    from diffusers import UniPCMultistepScheduler, WanImageToVideoPipeline

    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            text_encoder, vae, transformer = _text_encoder(shape), _vae(shape), build_transformer(shape)
    finally:
        torch.set_default_dtype(before)
    return WanImageToVideoPipeline(
        tokenizer=_tokenizer(),
        text_encoder=text_encoder,
        vae=vae,
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, solver_order=2
        ),
        transformer=transformer,
        transformer_2=None,
        image_encoder=None,
        image_processor=None,
        boundary_ratio=None,
        expand_timesteps=True,
    )


def build_transformer(shape: Shape) -> Any:
    """Build the part that is by far the largest."""
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=shape.n_heads,
        attention_head_dim=shape.head_dim,
        in_channels=48,
        out_channels=48,
        text_dim=shape.text_dim,
        freq_dim=256,
        ffn_dim=shape.ffn_dim,
        num_layers=shape.n_layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=1024,
    ).eval()


def _vae(shape: Shape) -> Any:
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=shape.vae_dims[0],
        decoder_base_dim=shape.vae_dims[1],
        z_dim=48,
        dim_mult=list(shape.vae_factors),
        num_res_blocks=shape.vae_blocks,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 48,
        latents_std=[1.0] * 48,
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_temporal=4,
        scale_factor_spatial=16,
    ).eval()


def _text_encoder(shape: Shape) -> Any:
    from transformers import T5Config, T5EncoderModel

    config = T5Config(
        vocab_size=128,
        d_model=shape.text_dim,
        d_kv=8,
        d_ff=64,
        num_layers=1,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config).eval()


def _tokenizer() -> Any:
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((each, -3.0) for each in CHARACTERS)]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=64)
