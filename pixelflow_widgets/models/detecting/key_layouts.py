"""The layouts of denoisers: names and shapes that tell the families of base models apart.

A shape stands where families share names. Those that ask for more come before those that ask for less: the first that
fits is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from .layouts import Layout, Shape

_ORIGINAL_CROSS = "input_blocks.{}.1.transformer_blocks.0.attn2.to_k.weight"
_DIFFUSERS_CROSS = "down_blocks.{}.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_ORIGINAL_IN = "input_blocks.0.0.weight"


def _unet(family: str, format: str, keys: Mapping[str, Shape | None], variant: str = "", absent: str = "") -> Layout:
    return Layout("model", (family,), "unet", format, keys, variant, absent)


def _dit(family: str, format: str, keys: Mapping[str, Shape | None] | str, variant: str = "") -> Layout:
    names = dict.fromkeys(keys.split()) if isinstance(keys, str) else keys
    return Layout("model", (family,), "transformer", format, names, variant)


def _original_unets(family: str, level: int, cross: tuple[int, int], channels: int = 320) -> list[Layout]:
    attention = {_ORIGINAL_CROSS.format(level): cross}
    special = {"inpaint": 9, "instruct-pix2pix": 8, "depth": 5}
    rows = [
        _unet(family, "original", {_ORIGINAL_IN: (channels, count, 3, 3), **attention}, variant)
        for variant, count in special.items()
    ]
    return [*rows, _unet(family, "original", {_ORIGINAL_IN: (channels, 4, 3, 3), **attention})]


def _diffusers_unets(family: str, level: int, cross: tuple[int, int], channels: int = 320) -> list[Layout]:
    attention = {_DIFFUSERS_CROSS.format(level): cross}
    special = {"inpaint": 9, "instruct-pix2pix": 8, "depth": 5}
    rows = [
        _unet(family, "diffusers", {"conv_in.weight": (channels, count, 3, 3), **attention}, variant)
        for variant, count in special.items()
    ]
    return [*rows, _unet(family, "diffusers", {"conv_in.weight": (channels, 4, 3, 3), **attention})]


_UNETS = [
    _unet("SVD", "original", {"input_blocks.1.1.time_stack.0.attn1.to_q.weight": None}),
    _unet("SVD", "diffusers", {"down_blocks.0.attentions.0.temporal_transformer_blocks.0.attn1.to_q.weight": None}),
    _unet("ModelScope", "diffusers", {"transformer_in.proj_in.weight": None, "conv_in.weight": (None, 4, 3, 3)}),
    _unet("Kolors", "diffusers", {"encoder_hid_proj.weight": (2048, 4096), "conv_in.weight": (320, 4, 3, 3)}),
    _unet(
        "SD Upscaler",
        "original",
        {_ORIGINAL_IN: (256, 7, 3, 3), "input_blocks.10.0.skip_connection.bias": None},
    ),
    _unet("SD Upscaler", "diffusers", {"conv_in.weight": (256, 7, 3, 3), "class_embedding.weight": None}),
    _unet("Stable Cascade", "original", {"clip_txt_mapper.weight": None, "down_blocks.0.0.channelwise.0.weight": None}),
    *_original_unets("SDXL", 4, (640, 2048)),
    *_original_unets("SDXL Refiner", 4, (768, 1280), 384),
    *_original_unets("SD1.5", 1, (320, 768)),
    *_original_unets("SD2", 1, (320, 1024)),
    *_diffusers_unets("SDXL", 1, (640, 2048)),
    *_diffusers_unets("SDXL Refiner", 1, (768, 1280), 384),
    *_diffusers_unets("Starter", 1, (128, 192), 64),
    *_diffusers_unets("SD1.5", 0, (320, 768)),
    *_diffusers_unets("SD2", 0, (320, 1024)),
]

_FLUX = "double_blocks.0.img_attn.norm.key_norm.scale"
_FLUX_DIFFUSERS = "single_transformer_blocks.0.proj_mlp.weight"
_FLUX_TEXT = "time_text_embed.text_embedder.linear_1.weight"
_FLUX_GUIDANCE = "time_text_embed.guidance_embedder.linear_1.weight"
_GUIDANCE = "guidance_in.in_layer.weight"

_FLUXES = [
    _dit("FLUX.2", "original", "double_stream_modulation_img.lin.weight single_stream_modulation.lin.weight"),
    _dit("FLUX.2", "diffusers", "double_stream_modulation_img.linear.weight single_stream_modulation.linear.weight"),
    _dit("FLUX.3", "original", "early_stream_modulations.image.lin.weight"),
    _dit("FLUX.3", "diffusers", "early_stream_modulations.image.linear.weight"),
    _dit("Chroma", "original", f"distilled_guidance_layer.in_proj.weight {_FLUX}"),
    _dit("Chroma", "diffusers", f"distilled_guidance_layer.in_proj.weight {_FLUX_DIFFUSERS}"),
    _dit("HunyuanVideo", "original", "txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.weight"),
    _dit("HunyuanVideo 1.5", "diffusers", "context_embedder_2.linear_1.weight image_embedder.linear_1.weight"),
    _dit("HunyuanVideo", "diffusers", "context_embedder.token_refiner.refiner_blocks.0.attn.to_q.weight"),
    _dit("FLUX.1", "original", {_FLUX: None, "img_in.weight": (None, 384), _GUIDANCE: None}, "fill"),
    _dit("FLUX.1", "original", {_FLUX: None, "img_in.weight": (None, 128), _GUIDANCE: None}, "control"),
    _dit("FLUX.1", "original", {_FLUX: None, "vector_in.in_layer.weight": None, _GUIDANCE: None}, "dev"),
    _dit("FLUX.1", "original", {_FLUX: None, "vector_in.in_layer.weight": None}, "schnell"),
    _dit("FLUX.1", "diffusers", {_FLUX_DIFFUSERS: None, "x_embedder.weight": (None, 384), _FLUX_TEXT: None}, "fill"),
    _dit("FLUX.1", "diffusers", {_FLUX_DIFFUSERS: None, "x_embedder.weight": (None, 128), _FLUX_TEXT: None}, "control"),
    _dit("FLUX.1", "diffusers", {_FLUX_DIFFUSERS: None, _FLUX_GUIDANCE: None, _FLUX_TEXT: None}, "dev"),
    _dit("FLUX.1", "diffusers", {_FLUX_DIFFUSERS: None, _FLUX_TEXT: None}, "schnell"),
]

_SD3 = "joint_blocks.0.context_block.adaLN_modulation.1.weight"
_SD3_DIFFUSERS = "transformer_blocks.0.norm1_context.linear.weight"

_SD3S = [
    _dit("SD3", "original", f"{_SD3} joint_blocks.37.x_block.mlp.fc1.weight", "3.5 large"),
    _dit("SD3", "original", f"{_SD3} joint_blocks.0.x_block.attn2.qkv.weight", "3.5 medium"),
    _dit("SD3", "original", f"{_SD3} x_embedder.proj.weight", "medium"),
    _dit(
        "SD3", "diffusers", f"{_SD3_DIFFUSERS} pos_embed.proj.weight transformer_blocks.37.ff.net.2.weight", "3.5 large"
    ),
    _dit(
        "SD3",
        "diffusers",
        f"{_SD3_DIFFUSERS} pos_embed.proj.weight transformer_blocks.0.attn2.to_q.weight",
        "3.5 medium",
    ),
    _dit("SD3", "diffusers", f"{_SD3_DIFFUSERS} pos_embed.proj.weight {_FLUX_TEXT}", "medium"),
]

_WAN = "patch_embedding.weight head.modulation blocks.0.self_attn.q.weight"
_WAN_DIFFUSERS = "patch_embedding.weight condition_embedder.time_embedder.linear_1.weight blocks.0.attn1.to_q.weight"


def _wan(family: str, names: str, format: str, variant: str, *more: str, channels: int | None = None) -> Layout:
    keys: dict[str, Shape | None] = dict.fromkeys([*names.split(), *more])
    keys["patch_embedding.weight"] = (None, channels, None, None, None)
    return _dit(family, format, keys, variant)


_WANS = [
    _wan("Wan 2.1", _WAN, "original", "VACE", "vace_blocks.0.after_proj.weight"),
    _wan("Wan 2.1", _WAN, "original", "Animate", "motion_encoder.dec.direction.weight"),
    _wan("Wan 2.1", _WAN, "original", "image to video", channels=36),
    _wan("Wan 2.2 5B", _WAN, "original", "", channels=48),
    _wan("Wan 2.1", _WAN, "original", "text to video", channels=16),
    _wan("Wan 2.1", _WAN_DIFFUSERS, "diffusers", "VACE", "vace_blocks.0.proj_out.weight"),
    _wan("Wan 2.1", _WAN_DIFFUSERS, "diffusers", "Animate", "motion_encoder.motion_synthesis_weight"),
    _wan("Wan 2.1", _WAN_DIFFUSERS, "diffusers", "image to video", channels=36),
    _wan("Wan 2.2 5B", _WAN_DIFFUSERS, "diffusers", "", channels=48),
    _wan("Wan 2.1", _WAN_DIFFUSERS, "diffusers", "text to video", channels=16),
]

_LTX = "scale_shift_table caption_projection.linear_1.weight transformer_blocks.0.attn2.to_k.weight"

_OTHERS = [
    _dit("Qwen-Image 2.1", "original", "txt_in.text_norm.weight transformer_blocks.0.img_mlp.gate_up.weight"),
    _dit("Qwen-Image 2.1", "diffusers", "txt_in.text_norm.weight img_in.weight"),
    _dit("Qwen-Image", "diffusers", "txt_norm.weight transformer_blocks.0.img_mod.1.weight img_in.weight"),
    _dit("Krea 2", "original", "txtfusion.projector.weight"),
    _dit("Krea 2", "diffusers", "time_mod_proj.weight text_fusion.projector.weight"),
    _dit("Z-Image", "diffusers", "all_x_embedder.2-1.weight layers.0.attention.to_q.weight"),
    _dit("Z-Image", "original", "layers.0.adaLN_modulation.0.weight x_pad_token cap_embedder.0.weight"),
    _dit("Lumina 2", "original", "cap_embedder.0.weight noise_refiner.0.attention.qkv.weight"),
    _dit("Lumina 2", "diffusers", "time_caption_embed.caption_embedder.0.weight noise_refiner.0.attn.to_q.weight"),
    _dit("LTX-2", "original", "av_ca_a2v_gate_adaln_single.emb.timestep_embedder.linear_1.weight"),
    _dit(
        "LTX-2", "diffusers", "av_cross_attn_video_a2v_gate.emb.timestep_embedder.linear_1.weight audio_proj_in.weight"
    ),
    _dit("LTX-Video", "original", f"patchify_proj.weight adaln_single.linear.weight {_LTX}"),
    _dit("LTX-Video", "diffusers", f"proj_in.weight time_embed.linear.weight {_LTX}"),
    _dit("Mochi", "original", "blocks.0.attn.qkv_x.weight"),
    _dit("Mochi", "diffusers", "transformer_blocks.0.attn1.add_q_proj.weight patch_embed.proj.weight"),
    _dit("CogVideoX", "diffusers", "patch_embed.text_proj.weight time_embedding.linear_1.weight"),
    _dit(
        "CogView 4", "diffusers", "patch_embed.text_proj.weight time_condition_embed.condition_embedder.linear_1.weight"
    ),
    _dit("AuraFlow", "original", "double_layers.0.attn.w2q.weight cond_seq_linear.weight"),
    _dit("AuraFlow", "diffusers", "joint_transformer_blocks.0.attn.add_q_proj.weight context_embedder.weight"),
    _dit("HiDream", "original", "double_stream_blocks.0.block.adaLN_modulation.1.weight"),
    _dit("Sana", "original", "blocks.0.cross_attn.q_linear.weight attention_y_norm.weight"),
    _dit(
        "Sana", "diffusers", "caption_norm.weight transformer_blocks.0.ff.conv_inverted.weight patch_embed.proj.weight"
    ),
    _dit(
        "PixArt", "original", "blocks.0.cross_attn.q_linear.weight y_embedder.y_proj.fc1.weight x_embedder.proj.weight"
    ),
    _dit("PixArt", "diffusers", "pos_embed.proj.weight adaln_single.linear.weight caption_projection.linear_1.weight"),
    _dit("Cosmos Predict 2", "original", "x_embedder.proj.1.weight blocks.0.self_attn.q_proj.weight"),
    _dit("Cosmos", "original", "x_embedder.proj.1.weight blocks.block0.blocks.0.block.attn.to_q.0.weight"),
    _dit("HunyuanDiT", "diffusers", "text_embedding_padding time_extra_emb.timestep_embedder.linear_1.weight"),
    _dit("Stable Audio", "original", "model.transformer.layers.0.self_attn.to_qkv.weight"),
    _dit("Stable Audio", "diffusers", "timestep_proj.0.weight global_proj.0.weight preprocess_conv.weight"),
]

DENOISERS = (*_UNETS, *_FLUXES, *_SD3S, *_WANS, *_OTHERS)
