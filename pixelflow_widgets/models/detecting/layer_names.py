"""Names of layers, brought to one form: diffusers' layout, folded.

Trainers write names with dots or with underscores, and after the makers of a model or after diffusers. Folded means:
dots are underscores and what holds for every layer (".weight", "text_model.") is left out, so that names are equal
where layers are. Where the makers keep several layers in one matrix, it comes apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Named = list[tuple[str, tuple[int, int]]]

_UNET = re.compile(r"(input|output|middle)_blocks?_(\d+)(?:_(\d+))?(?:_(.+))?$")
_BFL = re.compile(r"(double|single)_blocks_(\d+)_(.+)$")
_JOINT = re.compile(r"joint_blocks_(\d+)_(x|context)_block_(.+)$")
_WAN = re.compile(r"((?:vace_)?blocks_\d+)_(.+)$")
_FUSED = re.compile(r"((?:layers|noise_refiner|context_refiner)_\d+)_attention_(qkv|out)$")
_OPEN_CLIP = re.compile(r"(?:transformer_)?resblocks_(\d+)_(.+)$")

_UNET_PARTS = {
    "in_layers_0": "norm1",
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_0": "norm2",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}
_UNET_ENDS = {
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
    "out_2": "conv_out",
    "input_blocks_0_0": "conv_in",
}
_BFL_ENDS = {
    "img_in": "x_embedder",
    "txt_in": "context_embedder",
    "time_in_in_layer": "time_text_embed_timestep_embedder_linear_1",
    "time_in_out_layer": "time_text_embed_timestep_embedder_linear_2",
    "guidance_in_in_layer": "time_text_embed_guidance_embedder_linear_1",
    "guidance_in_out_layer": "time_text_embed_guidance_embedder_linear_2",
    "vector_in_in_layer": "time_text_embed_text_embedder_linear_1",
    "vector_in_out_layer": "time_text_embed_text_embedder_linear_2",
    "double_stream_modulation_img_lin": "double_stream_modulation_img_linear",
    "double_stream_modulation_txt_lin": "double_stream_modulation_txt_linear",
    "single_stream_modulation_lin": "single_stream_modulation_linear",
    "final_layer_linear": "proj_out",
    "final_layer_adaLN_modulation_1": "norm_out_linear",
}
_SD3_ENDS = {
    "x_embedder_proj": "pos_embed_proj",
    "t_embedder_mlp_0": "time_text_embed_timestep_embedder_linear_1",
    "t_embedder_mlp_2": "time_text_embed_timestep_embedder_linear_2",
    "y_embedder_mlp_0": "time_text_embed_text_embedder_linear_1",
    "y_embedder_mlp_2": "time_text_embed_text_embedder_linear_2",
}
_WAN_PARTS = {
    **{
        f"self_attn_{old}": f"attn1_{new}"
        for old, new in zip("qkvo", ("to_q", "to_k", "to_v", "to_out_0"), strict=True)
    },
    **{
        f"cross_attn_{old}": f"attn2_{new}"
        for old, new in zip("qkvo", ("to_q", "to_k", "to_v", "to_out_0"), strict=True)
    },
    "cross_attn_k_img": "attn2_add_k_proj",
    "cross_attn_v_img": "attn2_add_v_proj",
    "ffn_0": "ffn_net_0_proj",
    "ffn_2": "ffn_net_2",
    "before_proj": "proj_in",
    "after_proj": "proj_out",
}
_WAN_ENDS = {
    "time_embedding_0": "condition_embedder_time_embedder_linear_1",
    "time_embedding_2": "condition_embedder_time_embedder_linear_2",
    "text_embedding_0": "condition_embedder_text_embedder_linear_1",
    "text_embedding_2": "condition_embedder_text_embedder_linear_2",
    "time_projection_1": "condition_embedder_time_proj",
    "img_emb_proj_1": "condition_embedder_image_embedder_ff_net_0_proj",
    "img_emb_proj_3": "condition_embedder_image_embedder_ff_net_2",
    "head_head": "proj_out",
}
_ENDS = {**_UNET_ENDS, **_BFL_ENDS, **_SD3_ENDS, **_WAN_ENDS}
_LTX_STARTS = {"patchify_proj": "proj_in", "adaln_single_": "time_embed_"}
_QKV = ("attn_to_q", "attn_to_k", "attn_to_v")
_ADDED = ("attn_add_q_proj", "attn_add_k_proj", "attn_add_v_proj")
_PROJECTIONS = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}
"""As diffusers named the layers of text encoders at first."""
_CLIP_PARTS = {"attn_out_proj": "self_attn_out_proj", "mlp_c_fc": "mlp_fc1", "mlp_c_proj": "mlp_fc2"}


def folded(name: str) -> str:
    """Return the name of a layer without dots, and without what transformers' classes put before all of theirs."""
    return name.replace(".", "_").removeprefix("text_model_")


def in_diffusers(name: str, shape: tuple[int, int]) -> Named:
    """Return the layers of diffusers that a folded name of a denoiser stands for.

    Args:
        name: As its makers or diffusers name it, without the part before: "double_blocks_0_img_attn_qkv".
        shape: (outputs, inputs).
    """
    naming = _NAMINGS.get(name.partition("_")[0])
    named = naming(name, shape) if naming else None
    return named or [(_ENDS.get(name, name), shape)]


def in_text_encoder(name: str, shape: tuple[int, int]) -> Named:
    """Return the layers of transformers that a folded name of a text encoder stands for, OpenCLIP's among them."""
    match = _OPEN_CLIP.match(name)
    if not match:
        block, _, part = folded(name).rpartition("_self_attn_")
        return [(f"{block}_self_attn_{_PROJECTIONS[part]}" if part in _PROJECTIONS else folded(name), shape)]
    layer, part = f"encoder_layers_{match[1]}", match[2]
    if part in ("attn_in_proj", "attn_in_proj_weight"):
        return _split(shape, [f"{layer}_self_attn_{letter}_proj" for letter in "qkv"])
    return [(f"{layer}_{_CLIP_PARTS.get(part, part)}", shape)]


def _split(shape: tuple[int, int], names: list[str]) -> Named:
    return [(name, (shape[0] // len(names), shape[1])) for name in names]


def _unet(name: str, shape: tuple[int, int]) -> Named | None:
    """Return diffusers' name of a layer of a UNet: blocks are counted by level there, and by module here."""
    match = _UNET.match(name)
    return [(_unet_name(match), shape)] if match else None


def _unet_name(match: re.Match[str]) -> str:
    side, number, part, rest = match[1], int(match[2]), match[3] or "", match[4] or ""
    if side == "middle":
        place = {0: "mid_block_resnets_0", 1: "mid_block_attentions_0", 2: "mid_block_resnets_1"}.get(number, "")
        rest = "_".join(word for word in (part, rest) if word)
        return f"{place}_{_UNET_PARTS.get(rest, rest)}"
    if side == "input" and not number:
        return "conv_in"
    level, layer = divmod(number - 1 if side == "input" else number, 3)
    block = f"{'down' if side == 'input' else 'up'}_blocks_{level}"
    if rest == "op":
        return f"{block}_downsamplers_0_conv"
    if rest == "conv":
        return f"{block}_upsamplers_0_conv"
    return f"{block}_{'resnets' if part == '0' else 'attentions'}_{layer}_{_UNET_PARTS.get(rest, rest)}"


def _bfl(name: str, shape: tuple[int, int]) -> Named | None:
    match = _BFL.match(name)
    if not match:
        return None
    return _double(match, shape) if match[1] == "double" else _single(match, shape)


def _double(match: re.Match[str], shape: tuple[int, int]) -> Named:
    """Return the layers of FLUX' and HunyuanVideo's blocks of two streams; FLUX.2 is told by its gated MLP."""
    block, (stream, _, part) = f"transformer_blocks_{match[2]}", match[3].partition("_")
    outputs, inputs = shape
    is_text, kind = stream == "txt", "_context" if stream == "txt" else ""
    if part == "attn_qkv":
        return _split(shape, [f"{block}_{name}" for name in (_ADDED if is_text else _QKV)])
    if part == "attn_proj":
        return [(f"{block}_{'attn_to_add_out' if is_text else 'attn_to_out_0'}", shape)]
    if part in ("mlp_0", "mlp_fc1"):
        return [(f"{block}_ff{kind}_{'linear_in' if outputs == 6 * inputs else 'net_0_proj'}", shape)]
    if part in ("mlp_2", "mlp_fc2"):
        return [(f"{block}_ff{kind}_{'linear_out' if inputs == 3 * outputs else 'net_2'}", shape)]
    if part in ("mod_lin", "mod_linear"):
        return [(f"{block}_norm1{kind}_linear", shape)]
    return [(match.string, shape)]


def _single(match: re.Match[str], shape: tuple[int, int]) -> Named:
    block, part = f"single_transformer_blocks_{match[2]}", match[3]
    outputs, inputs = shape
    if part == "linear1" and outputs == 9 * inputs:
        return [(f"{block}_attn_to_qkv_mlp_proj", shape)]
    if part == "linear1":
        attention = _split((3 * inputs, inputs), [f"{block}_{name}" for name in _QKV])
        return [*attention, (f"{block}_proj_mlp", (outputs - 3 * inputs, inputs))]
    if part == "linear1_qkv":  # as XLabs trains it
        return _split(shape, [f"{block}_{name}" for name in _QKV])
    if part == "linear2":
        return [(f"{block}_{'attn_to_out' if inputs == 4 * outputs else 'proj_out'}", shape)]
    if part in ("modulation_lin", "modulation_linear"):
        return [(f"{block}_norm_linear", shape)]
    return [(match.string, shape)]


def _joint(name: str, shape: tuple[int, int]) -> Named | None:
    match = _JOINT.match(name)
    if not match:
        return None
    block, is_text, part = f"transformer_blocks_{match[1]}", match[2] == "context", match[3]
    kind = "_context" if is_text else ""
    if part in ("attn_qkv", "attn2_qkv"):
        names = _ADDED if is_text else _QKV
        return _split(shape, [f"{block}_{name.replace('attn_', part[:-3], 1)}" for name in names])
    parts = {
        "attn_proj": "attn_to_add_out" if is_text else "attn_to_out_0",
        "attn2_proj": "attn2_to_out_0",
        "mlp_fc1": f"ff{kind}_net_0_proj",
        "mlp_fc2": f"ff{kind}_net_2",
        "adaLN_modulation_1": f"norm1{kind}_linear",
    }
    return [(f"{block}_{parts.get(part, part)}", shape)]


def _wan(name: str, shape: tuple[int, int]) -> Named | None:
    match = _WAN.match(name)
    return [(f"{match[1]}_{_WAN_PARTS[match[2]]}", shape)] if match and match[2] in _WAN_PARTS else None


def _ltx(name: str, shape: tuple[int, int]) -> Named | None:
    for start, new in _LTX_STARTS.items():
        if name.startswith(start):
            return [(new + name[len(start) :], shape)]
    return None


def _fused(name: str, shape: tuple[int, int]) -> Named | None:
    """Return the layers of Z-Image, which has as many keys as queries, or Lumina 2, which has a third."""
    match = _FUSED.match(name)
    if not match:
        return None
    block, (outputs, inputs) = match[1], shape
    if match[2] == "out":
        return [(f"{block}_attention_to_out_0", shape)]
    name = "attention" if outputs == 3 * inputs else "attn"
    queries, keys = inputs, (outputs - inputs) // 2
    sizes = zip(("to_q", "to_k", "to_v"), (queries, keys, keys), strict=True)
    return [(f"{block}_{name}_{part}", (size, inputs)) for part, size in sizes]


# The first word of a name → how the makers of such models name layers.
_NAMINGS: dict[str, Callable[[str, tuple[int, int]], Named | None]] = {
    **dict.fromkeys(("input", "middle", "output"), _unet),
    **dict.fromkeys(("double", "single"), _bfl),
    **dict.fromkeys(("layers", "noise", "context"), _fused),
    **dict.fromkeys(("blocks", "vace"), _wan),
    **dict.fromkeys(("patchify", "adaln"), _ltx),
    "joint": _joint,
}
