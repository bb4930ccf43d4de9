"""A FLUX.2 Klein that is tiny and random, built by diffusers, in the folder layout of the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from suno_video.backends.catalog import ModelCard, read_cards

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
            num_attention_heads=1,
            num_key_value_heads=1,
            head_dim=128,
            vocab_size=300,
            max_position_embeddings=1024,
        )
    ).eval()
    transformer = diffusers.Flux2Transformer2DModel(
        num_layers=1,
        num_single_layers=1,
        num_attention_heads=1,
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


def write_lora(path: Path) -> Path:
    """Write a LoRA of rank 4 for the first layer of the transformer, in the names that mflux reads."""
    import torch
    from safetensors.torch import save_file

    noise = torch.Generator().manual_seed(1)
    width, n_channels = 128, 128  # one head of 128; packed latents
    save_file(
        {
            "transformer.x_embedder.lora_A.weight": torch.randn(4, n_channels, generator=noise),
            "transformer.x_embedder.lora_B.weight": torch.randn(width, 4, generator=noise),
        },
        path,
    )
    return path


def tiny_card(folder: Path, *, family: str = "flux2", **extra: Any) -> ModelCard:
    """A card for it."""
    return read_cards(tiny_card_text(folder, family=family, **extra), "tiny")[0]


def tiny_card_text(folder: Path, *, family: str = "flux2", **extra: Any) -> str:
    """The card as a person would write it."""
    facts = {"family": family, "config": "flux2-klein-4b"} | extra
    return "\n".join(
        [
            "[[model]]",
            'backend = "mflux"',
            'id = "tiny"',
            'makes = "still"',
            f"source = {json.dumps(str(folder))}",
            f"inputs = {_INPUTS if family.endswith('edit') else _WORDS}",
            "size_multiple = 16",
            'sizes = ["32x32"]',
            "max_references = 2",
            "steps = 2",
            "guidance = 1.0",
            'licence = "MIT"',
            "commercial_use = true",
            "checked_on = 2026-11-25",
            "[model.extra]",
            *(f"{name} = {json.dumps(value)}" for name, value in facts.items()),
            "[model.extra.transformer_overrides]",
            *(f"{name} = {value}" for name, value in _TRANSFORMER.items()),
            "[model.extra.text_encoder_overrides]",
            *(f"{name} = {value}" for name, value in _TEXT_ENCODER.items()),
            "",
        ]
    )


_WORDS = '{ prompt = "prompt" }'
_INPUTS = '{ prompt = "prompt", reference = "image_paths" }'
_TRANSFORMER = {
    "num_layers": 1,
    "num_single_layers": 1,
    "num_attention_heads": 1,
    "joint_attention_dim": 3 * HIDDEN,
}
_TEXT_ENCODER = {
    "hidden_size": HIDDEN,
    "intermediate_size": 64,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "vocab_size": 300,
}
