"""Tokenizers and text encoders with a vocabulary of single characters, built in code."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GemmaTokenizer,
    LlamaConfig,
    LlamaModel,
    LlamaTokenizer,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

_BYTES = sorted(ByteLevel.alphabet())
_CHARACTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'-")
_HEX = [f"<0x{number:02X}>" for number in range(256)]
_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['content'] is string %}{{ m['content'] }}"
    "{% else %}{% for c in m['content'] %}{{ c.get('text','') }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _numbered(words: list[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(words)}


def clip_tokenizer() -> Any:
    words = ["<|startoftext|>", "<|endoftext|>", *_BYTES, *(each + "</w>" for each in _BYTES)]
    return CLIPTokenizer(vocab=_numbered(words), merges=[], model_max_length=77)


def t5_tokenizer() -> Any:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((each, -3.0) for each in _CHARACTERS)]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=64)


def qwen_tokenizer() -> Any:
    made = Qwen2Tokenizer(vocab=_numbered(["<|endoftext|>", *_BYTES]), merges=[], model_max_length=512)
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    made.chat_template = _CHAT
    return made


def gemma_tokenizer() -> Any:
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *_HEX, "▁", *_CHARACTERS]
    return GemmaTokenizer(vocab=_numbered(words), merges=[], model_max_length=512)


def llama_tokenizer() -> Any:
    words = ["<unk>", "<s>", "</s>", *_HEX, "▁", *_CHARACTERS]
    made = LlamaTokenizer(vocab=_numbered(words), merges=[], model_max_length=512)
    made.pad_token = "</s>"
    return made


def t5() -> Any:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=128,
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        num_decoder_layers=0,
        relative_attention_num_buckets=8,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config).eval()


def clip_text(hidden: int = 32, projection: int = 32, *, projected: bool = False) -> Any:
    torch.manual_seed(0)
    config = CLIPTextConfig(
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        vocab_size=514,
        hidden_size=hidden,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=projection,
        hidden_act="gelu",
        max_position_embeddings=77,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def clip_vision() -> Any:
    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=4,
        projection_dim=4,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        intermediate_size=16,
        patch_size=4,
    )
    return CLIPVisionModelWithProjection(config).eval()


def qwen3() -> Any:
    torch.manual_seed(0)
    config = Qwen3Config(
        intermediate_size=16,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size=300,
        max_position_embeddings=512,
    )
    return Qwen3ForCausalLM(config).eval()


def gemma3() -> Any:
    torch.manual_seed(0)
    text = {
        "model_type": "gemma3_text",
        "vocab_size": 400,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "sliding_window": 64,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    tokens = {"mm_tokens_per_image": 4, "image_token_index": 390, "boi_token_index": 391, "eoi_token_index": 392}
    return Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=vision, **tokens)).eval()


def _llama_config() -> Any:
    return LlamaConfig(
        bos_token_id=1,
        eos_token_id=2,
        hidden_size=16,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=4,
        pad_token_id=2,
        vocab_size=400,
    )


def llama() -> Any:
    torch.manual_seed(0)
    return LlamaModel(_llama_config()).eval()


def llava() -> Any:
    torch.manual_seed(0)
    text = _llama_config()
    vision = CLIPVisionConfig(
        hidden_size=8,
        intermediate_size=37,
        projection_dim=32,
        num_attention_heads=4,
        num_hidden_layers=2,
        image_size=224,
    )
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=390, pad_token_id=2)
    return LlavaForConditionalGeneration(config).eval()
