"""LoRA files with random weights for the painters of tiny models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers as D
import torch

_ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]


def write_lora(pipe: Any, folder: Path, seed: int = 0) -> Path:
    """Write a file as `save_lora_weights` does, for the first painter of a pipeline."""
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(seed)
    has_unet = isinstance(pipe, D.StableDiffusionXLPipeline)
    painter = pipe.unet if has_unet else pipe.transformer
    painter.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights=False, target_modules=_ATTENTION))
    layers = {"unet_lora_layers" if has_unet else "transformer_lora_layers": get_peft_model_state_dict(painter)}
    type(pipe).save_lora_weights(folder, weight_name=f"lora-{seed}.safetensors", **layers)
    return folder / f"lora-{seed}.safetensors"
