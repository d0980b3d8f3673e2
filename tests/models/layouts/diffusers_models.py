"""The layouts that diffusers and transformers write, from their own classes with the published configurations."""

from __future__ import annotations

import functools
from typing import Any

from . import Layout

SD_UNET: dict[str, Any] = {"cross_attention_dim": 768, "attention_head_dim": 8}
XL_UNET: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
REFINER_UNET: dict[str, Any] = {
    **XL_UNET,
    "block_out_channels": (384, 768, 1536, 1536),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": 4,
    "attention_head_dim": (6, 12, 24, 24),
    "cross_attention_dim": 1280,
    "projection_class_embeddings_input_dim": 2560,
}
_VAE: dict[str, Any] = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
}
_SIXTEEN = {**_VAE, "latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False}

# Name → (class, configuration): of the published models, where diffusers' defaults are not theirs.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "sd15": ("UNet2DConditionModel", SD_UNET),
    "sd15 inpaint": ("UNet2DConditionModel", {**SD_UNET, "in_channels": 9}),
    "sd2": (
        "UNet2DConditionModel",
        {"cross_attention_dim": 1024, "attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True},
    ),
    "sdxl": ("UNet2DConditionModel", XL_UNET),
    "sdxl inpaint": ("UNet2DConditionModel", {**XL_UNET, "in_channels": 9}),
    "sdxl refiner": ("UNet2DConditionModel", REFINER_UNET),
    "kolors": (
        "UNet2DConditionModel",
        {
            **XL_UNET,
            "projection_class_embeddings_input_dim": 5632,
            "encoder_hid_dim": 4096,
            "encoder_hid_dim_type": "text_proj",
        },
    ),
    "svd": ("UNetSpatioTemporalConditionModel", {}),
    "modelscope": ("UNet3DConditionModel", {}),
    "flux schnell": ("FluxTransformer2DModel", {}),
    "flux dev": ("FluxTransformer2DModel", {"guidance_embeds": True}),
    "flux fill": ("FluxTransformer2DModel", {"guidance_embeds": True, "in_channels": 384}),
    "flux depth": ("FluxTransformer2DModel", {"guidance_embeds": True, "in_channels": 128}),
    "flux2": ("Flux2Transformer2DModel", {}),
    "flux3": ("Flux3Transformer2DModel", {}),
    "chroma": ("ChromaTransformer2DModel", {}),
    "sd3 medium": (
        "SD3Transformer2DModel",
        {"num_layers": 24, "num_attention_heads": 24, "caption_projection_dim": 1536, "pos_embed_max_size": 192},
    ),
    "sd35 medium": (
        "SD3Transformer2DModel",
        {
            "num_layers": 24,
            "num_attention_heads": 24,
            "caption_projection_dim": 1536,
            "pos_embed_max_size": 384,
            "dual_attention_layers": tuple(range(13)),
            "qk_norm": "rms_norm",
        },
    ),
    "sd35 large": (
        "SD3Transformer2DModel",
        {
            "num_layers": 38,
            "num_attention_heads": 38,
            "caption_projection_dim": 2432,
            "pos_embed_max_size": 192,
            "qk_norm": "rms_norm",
        },
    ),
    "qwen": ("QwenImageTransformer2DModel", {}),
    "qwen 2.1": ("QwenImage21Transformer2DModel", {}),
    "wan 14B": ("WanTransformer3DModel", {}),
    "wan 14B i2v": (
        "WanTransformer3DModel",
        {"in_channels": 36, "image_dim": 1280, "added_kv_proj_dim": 5120},
    ),
    "wan 1.3B": ("WanTransformer3DModel", {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30}),
    "wan 5B": (
        "WanTransformer3DModel",
        {"num_attention_heads": 24, "ffn_dim": 14336, "num_layers": 30, "in_channels": 48, "out_channels": 48},
    ),
    "wan vace": (
        "WanVACETransformer3DModel",
        {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30, "vace_layers": list(range(0, 30, 2))},
    ),
    "ltx": ("LTXVideoTransformer3DModel", {}),
    "ltx2": ("LTX2VideoTransformer3DModel", {}),
    "hunyuan video": ("HunyuanVideoTransformer3DModel", {}),
    "hunyuan video 1.5": ("HunyuanVideo15Transformer3DModel", {}),
    "mochi": ("MochiTransformer3DModel", {}),
    "cogvideox": ("CogVideoXTransformer3DModel", {}),
    "cogview4": (
        "CogView4Transformer2DModel",
        {"attention_head_dim": 128, "num_attention_heads": 32, "num_layers": 28},
    ),
    "auraflow": ("AuraFlowTransformer2DModel", {}),
    "lumina2": ("Lumina2Transformer2DModel", {}),
    "z-image": ("ZImageTransformer2DModel", {}),
    "sana": ("SanaTransformer2DModel", {}),
    "pixart": ("PixArtTransformer2DModel", {"caption_channels": 4096}),
    "hunyuan dit": (
        "HunyuanDiT2DModel",
        {"in_channels": 4, "patch_size": 2, "hidden_size": 1408, "num_layers": 40, "mlp_ratio": 4.3637},
    ),
    "krea2": ("Krea2Transformer2DModel", {}),
    "stable audio": ("StableAudioDiTModel", {}),
    "controlnet sd15": ("ControlNetModel", SD_UNET),
    "controlnet sdxl": ("ControlNetModel", {name: XL_UNET[name] for name in XL_UNET if name != "up_block_types"}),
    "controlnet sdxl small": (
        "ControlNetModel",
        {
            **{name: XL_UNET[name] for name in XL_UNET if name != "up_block_types"},
            "down_block_types": ("DownBlock2D",) * 3,
            "transformer_layers_per_block": (0, 0, 0),
        },
    ),
    "controlnet sdxl union": (
        "ControlNetUnionModel",
        {name: XL_UNET[name] for name in XL_UNET if name != "up_block_types"},
    ),
    "controlnet flux": ("FluxControlNetModel", {"num_layers": 5, "num_single_layers": 10, "guidance_embeds": True}),
    "controlnet flux union": ("FluxControlNetModel", {"num_layers": 5, "num_single_layers": 10, "num_mode": 10}),
    "controlnet sd3": (
        "SD3ControlNetModel",
        {"num_layers": 6, "num_attention_heads": 24, "caption_projection_dim": 1536, "pos_embed_max_size": 192},
    ),
    "controlnet qwen": ("QwenImageControlNetModel", {"num_layers": 5}),
    "sparse controlnet": ("SparseControlNetModel", {"use_simplified_condition_embedding": False}),
    "motion sd15": ("MotionAdapter", {"use_motion_mid_block": False}),
    "motion sdxl": ("MotionAdapter", {"block_out_channels": (320, 640, 1280), "use_motion_mid_block": False}),
    "motion unet": ("UNetMotionModel", {"cross_attention_dim": 768}),
    "vae sd": ("AutoencoderKL", _VAE),
    "vae flux": ("AutoencoderKL", _SIXTEEN),
    "vae wan": ("AutoencoderKLWan", {}),
    "vae qwen": ("AutoencoderKLQwenImage", {}),
    "vae ltx": ("AutoencoderKLLTXVideo", {}),
    "vae flux2": ("AutoencoderKLFlux2", {}),
    "vae hunyuan video": ("AutoencoderKLHunyuanVideo", {}),
    "vae cogvideox": (
        "AutoencoderKLCogVideoX",
        {
            "down_block_types": ("CogVideoXDownBlock3D",) * 4,
            "up_block_types": ("CogVideoXUpBlock3D",) * 4,
            "block_out_channels": (128, 256, 256, 512),
        },
    ),
    "vae svd": ("AutoencoderKLTemporalDecoder", {name: _VAE[name] for name in _VAE if name != "up_block_types"}),
    "vae stable audio": ("AutoencoderOobleck", {}),
    "vae tiny": ("AutoencoderTiny", {}),
    "vae tiny flux": ("AutoencoderTiny", {"latent_channels": 16}),
}


@functools.cache
def _layout(name: str) -> Layout:
    import diffusers
    import torch

    class_name, config = MODELS[name]
    with torch.device("meta"):
        model = getattr(diffusers, class_name)(**config)
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def layout(name: str) -> Layout:
    """Names and shapes of a published model, as diffusers saves it."""
    return dict(_layout(name))


@functools.cache
def _encoder(name: str) -> Layout:
    import torch
    import transformers

    clip = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    large = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
    open_clip = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16}
    xxl = {"d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
    t5 = {**xxl, "feed_forward_proj": "gated-gelu"}
    classes: dict[str, tuple[str, str, dict[str, Any]]] = {
        "clip-l": ("CLIPTextModel", "CLIPTextConfig", clip),
        "clip-g": ("CLIPTextModelWithProjection", "CLIPTextConfig", {**large, "projection_dim": 1280}),
        "openclip-h": ("CLIPTextModel", "CLIPTextConfig", open_clip),
        "clip": ("CLIPModel", "CLIPConfig", {}),
        "clip vision": ("CLIPVisionModelWithProjection", "CLIPVisionConfig", {}),
        "t5-xxl": ("T5EncoderModel", "T5Config", t5),
        "umt5-xxl": ("UMT5EncoderModel", "UMT5Config", {**t5, "vocab_size": 256384}),
        "llama": ("LlamaForCausalLM", "LlamaConfig", {"num_hidden_layers": 4}),
        "gpt2": ("GPT2LMHeadModel", "GPT2Config", {}),
    }
    class_name, config_name, config = classes[name]
    with torch.device("meta"):
        model = getattr(transformers, class_name)(getattr(transformers, config_name)(**config))
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def encoder(name: str) -> Layout:
    """Names and shapes of a published text encoder or language model, as transformers saves it."""
    return dict(_encoder(name))
