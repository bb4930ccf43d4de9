"""A Wan 2.2 TI2V 5B that is tiny and random, and the command of mlx-gen for it.

Run as a script by the environment of mlx-gen: `tiny_wan_mlx.py build FOLDER`, or `tiny_wan_mlx.py run ARGUMENTS`.
mlx-gen refuses weights whose sizes are not those of the model that it knows by that name, so `run` makes the one in its
list tiny before it calls the command itself.
"""

from __future__ import annotations

import copy
import runpy
import sys
from pathlib import Path

WIDTH, FFN = 64, 128
N_LAYERS, N_HEADS, BASE = 2, 2, 16
VOCABULARY = 128
NAME = "wan2.2-ti2v-5b"
_PIECES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"-()[]/&%"


def build(folder: Path) -> None:
    """Write the weights, a few MB, as diffusers would."""
    import diffusers
    import torch
    from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((piece, -3.0) for piece in _PIECES)]
    text = UMT5Config(vocab_size=VOCABULARY, d_model=WIDTH, d_kv=16, d_ff=64, num_layers=N_LAYERS, num_heads=4)
    pipe = diffusers.WanImageToVideoPipeline(
        tokenizer=T5Tokenizer(vocab=words, extra_ids=0, model_max_length=512),
        text_encoder=UMT5EncoderModel(text).eval(),
        vae=diffusers.AutoencoderKLWan(
            **_vae_sizes(),
            latents_mean=[0.0] * 48,
            latents_std=[1.0] * 48,
            dim_mult=[1, 2, 4, 4],
            num_res_blocks=2,
            temperal_downsample=[False, True, True],
        ),
        scheduler=diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
        ),
        transformer=diffusers.WanTransformer3DModel(
            num_attention_heads=N_HEADS,
            attention_head_dim=128,
            in_channels=48,
            out_channels=48,
            text_dim=WIDTH,
            ffn_dim=FFN,
            num_layers=N_LAYERS,
        ),
        transformer_2=None,
        image_encoder=None,
        image_processor=None,
        boundary_ratio=None,
        expand_timesteps=True,
    )
    pipe.save_pretrained(folder)


def run(arguments: list[str]) -> None:
    """Be `mlxgen-generate-wan` with a tiny model by the name of the large one."""
    from mlxgen.models.common.config.model_config import ModelConfig

    config = ModelConfig.from_name(NAME)
    sizes = copy.deepcopy(config.transformer_overrides)
    sizes |= {"num_layers": N_LAYERS, "num_attention_heads": N_HEADS, "ffn_dim": FFN, "text_dim": WIDTH}
    sizes["vae_config"] |= _vae_sizes()
    config.transformer_overrides = sizes
    config.text_encoder_overrides = config.text_encoder_overrides | {
        "d_model": WIDTH,
        "d_ff": 64,
        "num_layers": N_LAYERS,
        "num_heads": 4,
        "vocab_size": VOCABULARY,
    }
    command = Path(sys.executable).with_name("mlxgen-generate-wan")
    sys.argv = [str(command), *arguments]
    runpy.run_path(str(command), run_name="__main__")


def _vae_sizes() -> dict[str, object]:
    return {
        "base_dim": BASE,
        "decoder_base_dim": BASE,
        "z_dim": 48,
        "in_channels": 12,
        "out_channels": 12,
        "patch_size": 2,
        "scale_factor_spatial": 16,
        "scale_factor_temporal": 4,
        "is_residual": True,
    }


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]))
    else:
        run(sys.argv[2:])
