"""The layouts of what stands beside a denoiser: ControlNets, IP-Adapters, motion modules, VAEs, text encoders."""

from __future__ import annotations

from collections.abc import Mapping

from .key_layouts import _DIFFUSERS_CROSS, _ORIGINAL_CROSS
from .layouts import Layout, Shape
from .result import Kind

Keys = Mapping[str, Shape | None] | str


def _row(kind: Kind, families: str, format: str, keys: Keys, variant: str = "", absent: str = "") -> Layout:
    names = dict.fromkeys(keys.split()) if isinstance(keys, str) else keys
    return Layout(kind, tuple(families.split(", ") if families else ()), "", format, names, variant, absent)


def _control(family: str, format: str, keys: Keys, variant: str = "") -> Layout:
    return _row("controlnet", family, format, keys, variant)


_HINT, _ZERO = "input_hint_block.0.weight", "zero_convs.0.0.weight"
_CONDITION, _ADDED = "controlnet_cond_embedding.conv_in.weight", "add_embedding.linear_1.weight"
_LORA_CROSS = _ORIGINAL_CROSS.removesuffix("weight") + "down"
_SPARSE = "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight"
_SPARSE_DIFFUSERS = "down_blocks.0.motion_modules.0.norm.weight"

CONTROLNETS = (
    _control("SDXL", "control-lora", {"lora_controlnet": None, _LORA_CROSS.format(4): (None, 2048)}, "control-lora"),
    _control("SD1.5", "control-lora", {"lora_controlnet": None, _LORA_CROSS.format(1): (None, 768)}, "control-lora"),
    _control("SD1.5", "original", f"controlnet_cond_embedding.weight {_SPARSE}", "SparseCtrl"),
    _control("SD1.5", "original", f"{_CONDITION} {_SPARSE}", "SparseCtrl"),
    _control("SD1.5", "diffusers", f"controlnet_cond_embedding.weight {_SPARSE_DIFFUSERS}", "SparseCtrl"),
    _control("SD1.5", "diffusers", f"{_CONDITION} {_SPARSE_DIFFUSERS}", "SparseCtrl"),
    _control("Kolors", "diffusers", {_CONDITION: None, _ADDED: (1280, 5632)}),
    _control("SDXL", "diffusers", {_CONDITION: None, _ADDED: (1280, 2816), "task_embedding": None}, "union"),
    _control("SDXL", "diffusers", {_CONDITION: None, _ADDED: (1280, 2816)}),
    _control("Starter", "diffusers", {_CONDITION: None, _ADDED: (256, 176)}),
    _control("SD1.5", "diffusers", {_CONDITION: None, _DIFFUSERS_CROSS.format(0): (320, 768)}),
    _control("SD2", "diffusers", {_CONDITION: None, _DIFFUSERS_CROSS.format(0): (320, 1024)}),
    _control("", "diffusers", {_CONDITION: (None,) * 5}),
    _control("SDXL", "original", {_HINT: None, _ZERO: None, _ORIGINAL_CROSS.format(4): (640, 2048)}),
    _control("SD1.5", "original", {_HINT: None, _ZERO: None, _ORIGINAL_CROSS.format(1): (320, 768)}),
    _control("SD2", "original", {_HINT: None, _ZERO: None, _ORIGINAL_CROSS.format(1): (320, 1024)}),
    _control("FLUX.1", "original", f"controlnet_blocks.0.weight double_blocks.0.img_attn.norm.key_norm.scale {_HINT}"),
    _control(
        "FLUX.1",
        "diffusers",
        "controlnet_x_embedder.weight context_embedder.weight controlnet_mode_embedder.weight",
        "union",
    ),
    _control("FLUX.1", "diffusers", "controlnet_x_embedder.weight context_embedder.weight x_embedder.weight"),
    _control(
        "FLUX.1", "diffusers", "input_hint_block.conv_in.weight controlnet_blocks.0.weight context_embedder.weight"
    ),
    _control("Qwen-Image", "diffusers", "controlnet_x_embedder.weight txt_norm.weight img_in.weight"),
    _control("SD3", "diffusers", "pos_embed_input.proj.weight controlnet_blocks.0.weight"),
    _control("Z-Image", "original", "control_all_x_embedder.2-1.weight control_layers.0.adaLN_modulation.0.weight"),
    _control("HunyuanDiT", "diffusers", "input_block.weight controlnet_blocks.0.weight text_embedding_padding"),
    _control("Sana", "diffusers", "input_block.weight controlnet_blocks.0.weight caption_norm.weight"),
)

_KEYS = "ip_adapter.{}.to_k_ip.weight"

IP_ADAPTERS = (
    _row("ip_adapter", "SDXL", "original", {_KEYS.format(1): (640, 2048)}),
    _row("ip_adapter", "SD1.5", "original", {_KEYS.format(1): (320, 768)}),
    _row("ip_adapter", "SD2", "original", {_KEYS.format(1): (320, 1024)}),
    _row("ip_adapter", "Starter", "original", {_KEYS.format(1): (128, 192)}),
    _row("ip_adapter", "SD3", "original", "ip_adapter.0.norm_ip.linear.weight"),
    _row("ip_adapter", "FLUX.1", "original", {_KEYS.format(0): (3072, 4096)}),
    _row("ip_adapter", "FLUX.1", "xlabs", "double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight"),
)

_ORIGINAL_MOTION = "down_blocks.{}.motion_modules.0.temporal_transformer.norm.weight"
_DIFFUSERS_MOTION = "down_blocks.{}.motion_modules.0.norm.weight"

# A UNet that motion modules were put into has them too, and is a model.
MOTIONS = tuple(
    _row(
        "motion",
        family,
        format,
        {name.format(0): (320,), name.format(level): (1280,)},
        absent="time_embedding.linear_1.weight",
    )
    for format, name in (("original", _ORIGINAL_MOTION), ("diffusers", _DIFFUSERS_MOTION))
    for family, level in (("SD1.5", 3), ("SDXL", 2))
)

_KL, _KL_DIFFUSERS = "encoder.down.0.block.0.conv1.weight", "encoder.down_blocks.0.resnets.0.conv1.weight"
_LATENTS = "decoder.conv_in.weight"
_FOUR, _SIXTEEN = "SD1.5, SD2, SDXL", "FLUX.1, SD3, Chroma, Z-Image, Lumina 2, HiDream"
_CAUSAL = "encoder.conv_in.conv.weight"


def _vae(families: str, format: str, keys: Keys, variant: str = "") -> Layout:
    return _row("vae", families, format, keys, variant)


VAES = (
    _vae("SVD", "diffusers", "decoder.mid_block.resnets.0.temporal_res_block.conv1.weight"),
    *(
        _vae(families, format, {name: (128, 128, 3, 3), _LATENTS: (512, channels, 3, 3)})
        for format, name in (("original", _KL), ("diffusers", _KL_DIFFUSERS))
        for families, channels in ((_FOUR, 4), (_SIXTEEN, 16), ("FLUX.2", 32))
    ),
    _vae(
        "Starter",
        "diffusers",
        {_KL_DIFFUSERS: (16, 16, 3, 3), _LATENTS: (32, 4, 3, 3), "encoder.conv_out.weight": (8, 32, 3, 3)},
    ),
    _vae(
        "Wan 2.1, Qwen-Image",
        "original",
        {"decoder.middle.0.residual.0.gamma": None, "conv2.weight": (16, 16, 1, 1, 1)},
    ),
    _vae("Wan 2.2 5B", "original", {"decoder.middle.0.residual.0.gamma": None, "conv2.weight": (48, 48, 1, 1, 1)}),
    _vae(
        "Wan 2.1, Qwen-Image",
        "diffusers",
        {"decoder.mid_block.resnets.0.norm1.gamma": None, "post_quant_conv.weight": (16, 16, 1, 1, 1)},
    ),
    _vae(
        "Wan 2.2 5B",
        "diffusers",
        {"decoder.mid_block.resnets.0.norm1.gamma": None, "post_quant_conv.weight": (48, 48, 1, 1, 1)},
    ),
    _vae("LTX-Video", "original", f"{_CAUSAL} decoder.up_blocks.0.res_blocks.0.conv1.conv.weight"),
    _vae("CogVideoX", "diffusers", f"{_CAUSAL} decoder.mid_block.resnets.0.norm1.conv_y.conv.weight"),
    _vae("HunyuanVideo", "diffusers", f"{_CAUSAL} decoder.mid_block.attentions.0.to_q.weight"),
    _vae("LTX-Video", "diffusers", f"{_CAUSAL} decoder.mid_block.resnets.0.conv1.conv.weight latents_mean"),
    _vae("Sana", "original", "decoder.stages.1.op_list.0.main.conv.conv.bias"),
    _vae(
        "Stable Audio", "diffusers", "encoder.block.0.res_unit1.conv1.weight_v decoder.block.0.res_unit1.conv1.weight_v"
    ),
    _vae(_FOUR, "diffusers", {"encoder.layers.0.weight": None, "decoder.layers.0.weight": (64, 4, 3, 3)}, "tiny"),
    _vae(_SIXTEEN, "diffusers", {"encoder.layers.0.weight": None, "decoder.layers.0.weight": (64, 16, 3, 3)}, "tiny"),
    _vae(_FOUR, "original", {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}, "tiny decoder"),
    _vae(_SIXTEEN, "original", {"1.weight": (64, 16, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}, "tiny decoder"),
    _vae("", "original", {"0.weight": (64, 3, 3, 3), "1.conv.0.weight": (64, 64, 3, 3)}, "tiny encoder"),
)

_CLIP = "text_model.encoder.layers.0.self_attn.q_proj.weight"
_CLIP_BARE = "encoder.layers.0.self_attn.q_proj.weight"  # as transformers 5 saves some of its classes
_T5, _UMT5 = "encoder.block.0.layer.0.SelfAttention.q.weight", "SelfAttention.relative_attention_bias.weight"
_XXL = "FLUX.1, SD3, Chroma, LTX-Video, HiDream, Mochi, CogVideoX, PixArt"


def _encoder(families: str, format: str, keys: Keys, variant: str, absent: str = "") -> Layout:
    return _row("text_encoder", families, format, keys, variant, absent)


ENCODERS = (
    _row(
        "model",
        "CLIP",
        "transformers",
        "vision_model.embeddings.class_embedding text_model.embeddings.token_embedding.weight",
    ),
    _row("unknown", "", "transformers", "vision_model.embeddings.class_embedding", "an image encoder of CLIP"),
    *(
        _encoder(families, "transformers", {name: (width, width), token: (None, width)}, variant)
        for name, token in (
            (_CLIP, "text_model.embeddings.token_embedding.weight"),
            (_CLIP_BARE, "embeddings.token_embedding.weight"),
        )
        for families, width, variant in (
            ("SD1.5, SDXL, SD3, FLUX.1", 768, "CLIP-L"),
            ("SD2", 1024, "OpenCLIP-H"),
            ("SDXL, SD3", 1280, "OpenCLIP-G"),
        )
    ),
    _row("model", "T5", "transformers", f"{_T5} decoder.block.0.layer.0.SelfAttention.q.weight"),
    _encoder("Wan 2.1, Wan 2.2 5B", "transformers", f"{_T5} encoder.block.1.layer.0.{_UMT5}", "UMT5-XXL"),
    _encoder(
        "Wan 2.1, Wan 2.2 5B", "original", "blocks.0.pos_embedding.embedding.weight token_embedding.weight", "UMT5-XXL"
    ),
    _encoder(_XXL, "transformers", {_T5: (4096, 4096)}, "T5-XXL"),
    _row("unknown", "", "transformers", "layers.0.self_attn.q_proj.weight embed_tokens.weight", "a language model"),
    _row("unknown", "", "transformers", "model.layers.0.self_attn.q_proj.weight", "a language model"),
    _row("unknown", "", "transformers", "transformer.h.0.attn.c_attn.weight", "a language model"),
    _row("unknown", "", "transformers", "h.0.attn.c_attn.weight", "a language model"),
    _row("unknown", "", "diffusers", "adapter.body.0.resnets.0.block1.weight", "a T2I-Adapter"),
    _row("unknown", "", "original", "body.0.block1.weight", "a T2I-Adapter"),
)
