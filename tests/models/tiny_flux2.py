"""A FLUX.2 Klein that is tiny and random, built by diffusers, in the folder layout of the real one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from suno_video.backends.catalog import ModelCard

HIDDEN = 64  # layers quantize in groups of 64
N_LAYERS = 28  # mflux reads layers 9, 18 and 27 of the text encoder


def build_tiny_flux2(folder: Path) -> None:
    """Write the weights, about 170 MB: mflux fixes the size of the decoder."""
    import diffusers
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    words = {word: n for n, word in enumerate(["<|endoftext|>", *sorted(ByteLevel.alphabet())])}
    tokenizer = Qwen2Tokenizer(vocab=words, merges=[], model_max_length=512)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    )
    text_encoder = Qwen3ForCausalLM(
        Qwen3Config(
            hidden_size=HIDDEN,
            intermediate_size=64,
            num_hidden_layers=N_LAYERS,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=128,
            vocab_size=300,
            max_position_embeddings=1024,
        )
    ).eval()
    transformer = diffusers.Flux2Transformer2DModel(
        num_layers=1,
        num_single_layers=1,
        num_attention_heads=2,
        attention_head_dim=128,
        joint_attention_dim=3 * HIDDEN,
        guidance_embeds=False,
    )
    pipe = diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=transformer,
        vae=diffusers.AutoencoderKLFlux2(),
    )
    pipe.to(torch.bfloat16)
    pipe.save_pretrained(folder)


def tiny_card(folder: Path, *, family: str = "flux2") -> ModelCard:
    """A card for it."""
    return ModelCard(
        backend="mflux",
        id="tiny",
        makes="still",
        source=str(folder),
        inputs={"prompt": "prompt", "reference": "image_paths"} if family.endswith("edit") else {"prompt": "prompt"},
        size_multiple=16,
        steps=2,
        guidance=1.0,
        licence="MIT",
        commercial_use=True,
        checked_on=date(2026, 11, 25),
        extra={
            "family": family,
            "config": "flux2-klein-4b",
            "transformer_overrides": {
                "num_layers": 1,
                "num_single_layers": 1,
                "num_attention_heads": 2,
                "joint_attention_dim": 3 * HIDDEN,
            },
            "text_encoder_overrides": {
                "hidden_size": HIDDEN,
                "intermediate_size": 64,
                "num_hidden_layers": N_LAYERS,
                "num_attention_heads": 2,
                "num_key_value_heads": 1,
                "vocab_size": 300,
            },
        },
    )
