"""Every family of pipelines, as small as it goes, with random weights; shapes as of diffusers 0.42.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers as D
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder
from transformers import CLIPImageProcessor

from tests.models.tiny import words


def _flux_parts(*, guidance: bool) -> dict[str, Any]:
    torch.manual_seed(0)
    vae = D.AutoencoderKL(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        block_out_channels=(4,),
        layers_per_block=1,
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.0609,
        scaling_factor=1.5035,
    )
    transformer = D.FluxTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance,
    )
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(),
        "text_encoder": words.clip_text(),
        "tokenizer": words.clip_tokenizer(),
        "text_encoder_2": words.t5(),
        "tokenizer_2": words.t5_tokenizer(),
        "vae": vae,
        "transformer": transformer,
    }


def flux() -> Any:
    return D.FluxPipeline(**_flux_parts(guidance=False), image_encoder=None, feature_extractor=None)


def flux_wide_vae() -> Any:
    """Its VAE needs by far the most memory, as that of a large model at a large size."""
    parts = _flux_parts(guidance=False)
    torch.manual_seed(0)
    parts["vae"] = D.AutoencoderKL(
        sample_size=128,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32,) * 4,
        layers_per_block=1,
        latent_channels=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.0609,
        scaling_factor=1.5035,
    )
    return D.FluxPipeline(**parts, image_encoder=None, feature_extractor=None)


def flux_dev() -> Any:
    return D.FluxPipeline(**_flux_parts(guidance=True), image_encoder=None, feature_extractor=None)


def kontext() -> Any:
    return D.FluxKontextPipeline(**_flux_parts(guidance=True))


def klein() -> Any:
    torch.manual_seed(0)
    tr = D.Flux2Transformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        timestep_guidance_channels=256,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    te = words.qwen3()
    vae = D.AutoencoderKLFlux2(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",),
        up_block_types=("UpDecoderBlock2D",),
        block_out_channels=(4,),
        layers_per_block=1,
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return D.Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=te,
        tokenizer=words.qwen_tokenizer(),
        transformer=tr,
        vae=vae,
    )


def sdxl() -> Any:
    torch.manual_seed(0)
    unet = D.UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=2,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=80,
        cross_attention_dim=64,
        norm_num_groups=1,
    )
    vae = D.AutoencoderKL(
        block_out_channels=(32, 64),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=128,
    )
    return D.StableDiffusionXLPipeline(
        unet=unet,
        scheduler=D.EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            steps_offset=1,
            beta_schedule="scaled_linear",
            timestep_spacing="leading",
        ),
        vae=vae,
        text_encoder=words.clip_text(),
        tokenizer=words.clip_tokenizer(),
        text_encoder_2=words.clip_text(projected=True),
        tokenizer_2=words.clip_tokenizer(),
    )


def _cogvideox_parts(in_channels: int) -> dict[str, Any]:
    torch.manual_seed(0)
    tr = D.CogVideoXTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=in_channels,
        out_channels=4,
        time_embed_dim=2,
        text_embed_dim=32,
        num_layers=1,
        sample_width=2,
        sample_height=2,
        sample_frames=9,
        patch_size=2,
        temporal_compression_ratio=4,
        max_text_seq_length=16,
        use_rotary_positional_embeddings=True,
        use_learned_positional_embeddings=False,
    )
    vae = D.AutoencoderKLCogVideoX(
        in_channels=3,
        out_channels=3,
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        temporal_compression_ratio=4,
    )
    return {
        "tokenizer": words.t5_tokenizer(),
        "text_encoder": words.t5(),
        "vae": vae,
        "transformer": tr,
        "scheduler": D.CogVideoXDDIMScheduler(),
    }


def cogvideox() -> Any:
    return D.CogVideoXImageToVideoPipeline(**_cogvideox_parts(8))


def cogvideox_words() -> Any:
    return D.CogVideoXPipeline(**_cogvideox_parts(4))


def _wan_vae() -> Any:
    torch.manual_seed(0)
    return D.AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def _wan_transformer(in_ch: int = 36, out_ch: int = 16, image_dim: int | None = 4) -> Any:
    torch.manual_seed(0)
    return D.WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=in_ch,
        out_channels=out_ch,
        text_dim=32,
        freq_dim=256,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
        image_dim=image_dim,
    )


def wan21() -> Any:
    return D.WanImageToVideoPipeline(
        tokenizer=words.t5_tokenizer(),
        text_encoder=words.t5(),
        vae=_wan_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer=_wan_transformer(),
        image_encoder=words.clip_vision(),
        image_processor=CLIPImageProcessor(crop_size=32, size=32),
        transformer_2=None,
    )


def wan_words() -> Any:
    return D.WanPipeline(
        tokenizer=words.t5_tokenizer(),
        text_encoder=words.t5(),
        vae=_wan_vae(),
        scheduler=D.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=_wan_transformer(in_ch=16, image_dim=None),
        transformer_2=None,
    )


def wan22_a14b() -> Any:
    return D.WanImageToVideoPipeline(
        tokenizer=words.t5_tokenizer(),
        text_encoder=words.t5(),
        vae=_wan_vae(),
        scheduler=D.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=_wan_transformer(image_dim=None),
        transformer_2=_wan_transformer(image_dim=None),
        boundary_ratio=0.875,
        image_encoder=None,
        image_processor=None,
    )


def wan22_5b() -> Any:
    torch.manual_seed(0)
    vae = D.AutoencoderKLWan(
        base_dim=3,
        z_dim=48,
        in_channels=12,
        out_channels=12,
        is_residual=True,
        patch_size=2,
        latents_mean=[0.0] * 48,
        latents_std=[1.0] * 48,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        scale_factor_spatial=16,
        scale_factor_temporal=4,
        temperal_downsample=[False, True, True],
    )
    return D.WanImageToVideoPipeline(
        tokenizer=words.t5_tokenizer(),
        text_encoder=words.t5(),
        vae=vae,
        scheduler=D.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=_wan_transformer(48, 48, None),
        transformer_2=None,
        image_encoder=None,
        image_processor=None,
        boundary_ratio=None,
        expand_timesteps=True,
    )


def ltx() -> Any:
    torch.manual_seed(0)
    tr = D.LTXVideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=4,
        attention_head_dim=8,
        cross_attention_dim=32,
        num_layers=1,
        caption_channels=32,
    )
    vae = D.AutoencoderKLLTXVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=8,
        block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        layers_per_block=(1,) * 5,
        decoder_layers_per_block=(1,) * 5,
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False,) * 5,
        upsample_residual=(False,) * 4,
        upsample_factor=(1,) * 4,
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    return D.LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=words.t5(),
        tokenizer=words.t5_tokenizer(),
        transformer=tr,
    )


def ltx2() -> Any:
    te = words.gemma3()
    h = te.config.text_config.hidden_size
    n = te.config.text_config.num_hidden_layers + 1
    torch.manual_seed(0)
    tr = D.LTX2VideoTransformer3DModel(
        in_channels=4,
        out_channels=4,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=2,
        attention_head_dim=8,
        cross_attention_dim=16,
        audio_in_channels=4,
        audio_out_channels=4,
        audio_num_attention_heads=2,
        audio_attention_head_dim=4,
        audio_cross_attention_dim=8,
        num_layers=2,
        qk_norm="rms_norm_across_heads",
        caption_channels=h,
        rope_double_precision=False,
        rope_type="split",
    )
    con = LTX2TextConnectors(
        caption_channels=h,
        text_proj_in_factor=n,
        video_connector_num_attention_heads=4,
        video_connector_attention_head_dim=8 if h == 32 else 4,
        video_connector_num_layers=1,
        video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=4,
        audio_connector_attention_head_dim=8 if h == 32 else 4,
        audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32,
        rope_theta=10000.0,
        rope_double_precision=False,
        causal_temporal_positioning=False,
        rope_type="split",
    )
    vae = D.AutoencoderKLLTX2Video(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(8,),
        decoder_block_out_channels=(8,),
        layers_per_block=(1,),
        decoder_layers_per_block=(1, 1),
        spatio_temporal_scaling=(True,),
        decoder_spatio_temporal_scaling=(True,),
        decoder_inject_noise=(False, False),
        downsample_type=("spatial",),
        upsample_residual=(False,),
        upsample_factor=(1,),
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    avae = D.AutoencoderKLLTX2Audio(
        base_channels=4,
        output_channels=2,
        ch_mult=(1, 1, 1),
        num_res_blocks=1,
        attn_resolutions=None,
        in_channels=2,
        resolution=32,
        latent_channels=2,
        norm_type="pixel",
        causality_axis="height",
        dropout=0.0,
        mid_block_add_attention=False,
        sample_rate=16000,
        mel_hop_length=160,
        is_causal=True,
        mel_bins=8,
    )
    voc = LTX2Vocoder(
        in_channels=16,
        hidden_channels=32,
        out_channels=2,
        upsample_kernel_sizes=[4, 4],
        upsample_factors=[2, 2],
        resnet_kernel_sizes=[3],
        resnet_dilations=[[1, 3, 5]],
        leaky_relu_negative_slope=0.1,
        output_sampling_rate=16000,
    )
    return D.LTX2DFRPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        audio_vae=avae,
        text_encoder=te,
        tokenizer=words.gemma_tokenizer(),
        connectors=con,
        transformer=tr,
        vocoder=voc,
        processor=None,
        prompt_enhancer=None,
        duration_head=None,
    )


def _hunyuan_parts(in_channels: int, *, image: bool) -> dict[str, Any]:
    torch.manual_seed(0)
    tr = D.HunyuanVideoTransformer3DModel(
        in_channels=in_channels,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=10,
        num_layers=1,
        num_single_layers=1,
        num_refiner_layers=1,
        patch_size=1,
        patch_size_t=1,
        guidance_embeds=not image,
        text_embed_dim=16,
        pooled_projection_dim=8,
        rope_axes_dim=(2, 4, 4),
        image_condition_type="latent_concat" if image else None,
    )
    vae = D.AutoencoderKLHunyuanVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        down_block_types=("HunyuanVideoDownBlock3D",) * 4,
        up_block_types=("HunyuanVideoUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        act_fn="silu",
        norm_num_groups=4,
        scaling_factor=0.476986,
        spatial_compression_ratio=8,
        temporal_compression_ratio=4,
        mid_block_add_attention=True,
    )
    return {
        "tokenizer": words.llama_tokenizer(),
        "transformer": tr,
        "vae": vae,
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=7.0),
        "text_encoder_2": words.clip_text(8, 32),
        "tokenizer_2": words.clip_tokenizer(),
    }


def hunyuan() -> Any:
    return D.HunyuanVideoImageToVideoPipeline(
        text_encoder=words.llava(),
        image_processor=CLIPImageProcessor(crop_size=224, size=224),
        **_hunyuan_parts(9, image=True),
    )


def hunyuan_words() -> Any:
    return D.HunyuanVideoPipeline(text_encoder=words.llama(), **_hunyuan_parts(4, image=False))


@dataclass(frozen=True)
class Tiny:
    """A tiny model: how to build it, and what its card says."""

    build: Callable[[], Any]
    family: str
    inputs: tuple[str, ...] = ()
    size_multiple: int = 16
    frames: tuple[int, int] | None = None
    """Step and offset of legal numbers of frames."""
    guidance: float | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)

    @property
    def makes(self) -> str:
        return "still" if self.frames is None else "clip"


_SHORT = {"max_sequence_length": 16}
_TEMPLATE = {
    "template": "{}",
    "crop_start": 0,
    "image_emb_len": 49,
    "image_emb_start": 5,
    "image_emb_end": 54,
    "double_return_token_id": 271,
}
_FRAME = ("first_frame",)
TINY: Mapping[str, Tiny] = {
    "flux": Tiny(flux, "flux", fixed=_SHORT),
    "flux-wide-vae": Tiny(flux_wide_vae, "flux", fixed=_SHORT),
    "flux-dev": Tiny(flux_dev, "flux", guidance=3.5, fixed=_SHORT),
    "kontext": Tiny(kontext, "flux-kontext", ("reference",), guidance=2.5, fixed=_SHORT),
    "klein": Tiny(
        klein,
        "flux2-klein",
        ("reference",),
        guidance=4.0,
        fixed={"max_sequence_length": 64, "text_encoder_out_layers": (1,)},
    ),
    "sdxl": Tiny(sdxl, "sdxl", guidance=5.0),
    "cogvideox": Tiny(cogvideox, "cogvideox", _FRAME, frames=(8, 1), guidance=6.0, fixed=_SHORT),
    "cogvideox-words": Tiny(cogvideox_words, "cogvideox-words", frames=(8, 1), guidance=6.0, fixed=_SHORT),
    "wan-words": Tiny(wan_words, "wan-words", frames=(4, 1), guidance=5.0, fixed=_SHORT),
    "wan21": Tiny(wan21, "wan", _FRAME, frames=(4, 1), guidance=5.0, fixed=_SHORT),
    "wan22-5b": Tiny(wan22_5b, "wan", _FRAME, 32, (4, 1), 5.0, _SHORT),
    "wan22-a14b": Tiny(wan22_a14b, "wan", (*_FRAME, "last_frame"), frames=(4, 1), guidance=3.5, fixed=_SHORT),
    "ltx": Tiny(ltx, "ltx", (*_FRAME, "last_frame"), 32, (8, 1), 3.0, _SHORT),
    "ltx2": Tiny(
        ltx2,
        "ltx2",
        (*_FRAME, "audio"),
        32,
        (8, 1),
        fixed={"max_sequence_length": 16, "sigmas": (1.0, 0.6, 0.3), "use_cross_timestep": False},
    ),
    "hunyuan": Tiny(
        hunyuan,
        "hunyuan",
        _FRAME,
        frames=(4, 1),
        guidance=1.0,
        fixed={"max_sequence_length": 64},
        call={"prompt_template": _TEMPLATE},
    ),
    "hunyuan-words": Tiny(
        hunyuan_words,
        "hunyuan-words",
        frames=(4, 1),
        guidance=6.0,
        fixed={"max_sequence_length": 64},
        call={"prompt_template": {"template": "{}", "crop_start": 0}},
    ),
}
