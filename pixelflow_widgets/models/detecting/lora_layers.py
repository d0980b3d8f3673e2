"""Reading the layers of a LoRA, in the several ways in which trainers name and write them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .layer_names import folded, in_diffusers, in_text_encoder
from .layouts import Tensors

Shapes = dict[str, tuple[int, ...]]

# The last word of a tensor's name → what it is in its layer.
_ROLES = {
    "lora_down": "down",
    "lora_A": "down",
    "lora_up": "up",
    "lora_B": "up",
    "lora_mid": "mid",
    "alpha": "alpha",
    "dora_scale": "dora",
    "lora_magnitude_vector": "dora",
    **{f"hada_{part}": f"hada_{part}" for part in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{f"lokr_{part}": f"lokr_{part}" for part in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
    "oft_blocks": "oft",
    "oft_diag": "oft",
    "oft_R": "oft",
    "on_input": "ia3",
    "diff": "full",
    "diff_b": "bias",
    "a1": "glora_down",
    "a2": "glora",
    "b1": "glora",
    "b2": "glora_up",
}
_METHODS = (
    ("hada_w1_a", "LoHa"),
    ("lokr_w1", "LoKr"),
    ("lokr_w1_a", "LoKr"),
    ("oft", "OFT"),
    ("ia3", "IA3"),
    ("glora_down", "GLoRA"),
    ("dora", "DoRA"),
)
_CHANGING = {"down", "up", "full", "oft", "ia3", "glora_down", "hada_w1_a", "lokr_w1", "lokr_w1_a"}

# How names of layers begin → (part of the model that they are in, who names them so); longer ones first.
_STARTS = (
    ("lora_transformer_", "transformer", "kohya"),
    ("lora_unet_", "denoiser", "kohya"),
    ("lora_te1_", "text_encoder", "kohya"),
    ("lora_te2_", "text_encoder_2", "kohya"),
    ("lora_te3_", "text_encoder_3", "kohya"),
    ("lora_te_", "text_encoder", "kohya"),
    ("lycoris_", "denoiser", "lycoris"),
    ("model.diffusion_model.", "denoiser", "original"),
    ("diffusion_model.", "denoiser", "original"),
    ("text_encoders.clip_l.transformer.", "text_encoder", "original"),
    ("unet.", "denoiser", "diffusers"),
    ("transformer.", "denoiser", "diffusers"),
    ("transformer_2.", "transformer_2", "diffusers"),
    ("text_encoder.", "text_encoder", "diffusers"),
    ("text_encoder_2.", "text_encoder_2", "diffusers"),
    ("text_encoder_3.", "text_encoder_3", "diffusers"),
    ("text_model.", "text_encoder", "peft"),
)
_BARE = ("", "denoiser", "")
_PEFT = "base_model.model."
_OF_UNETS = ("down_blocks_", "up_blocks_", "mid_block_", "conv_in", "conv_out", "time_embedding_", "add_embedding_")
_XLABS = {
    "qkv_lora1": "img_attn_qkv",
    "qkv_lora2": "txt_attn_qkv",
    "proj_lora1": "img_attn_proj",
    "proj_lora2": "txt_attn_proj",
    "qkv_lora": "linear1_qkv",
}
_CONVOLVED = ("conv", "resnets", "in_layers", "out_layers", "skip_connection", "_op", "samplers")


@dataclass
class LoraLayers:
    """Is what the names and shapes of a LoRA tell.

    Args:
        modules: Name of each layer as it stands in the file → the tensors that change it, by role.
        format: Who names layers so.
        variant: Which method it is, where it is not plain LoRA.
    """

    modules: Mapping[str, Shapes]
    format: str = ""
    variant: str = ""
    parts: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """Part of the model → its layers, as `layer_names` writes them → (outputs, inputs)."""
    prefixes: frozenset[str] = frozenset()

    @property
    def rank(self) -> int | None:
        """Return the most common rank."""
        ranks = Counter(rank for shapes in self.modules.values() if (rank := _rank(shapes)))
        return ranks.most_common(1)[0][0] if ranks else None

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Return all layers, each with the part that it is in before its name."""
        return {f"{part}_{name}": shape for part, layers in self.parts.items() for name, shape in layers.items()}


def lora_layers(tensors: Tensors) -> LoraLayers | None:
    """Return the layers of a LoRA, or None where most of the tensors belong to none."""
    modules: dict[str, Shapes] = {}
    counted = 0
    for name, (_, shape) in tensors.items():
        if found := _module_of(name):
            module, role = found
            modules.setdefault(module, {})[role] = shape
            counted += 1
    changed = {module: shapes for module, shapes in modules.items() if not _CHANGING.isdisjoint(shapes)}
    if not changed or 2 * counted < len(tensors):
        return None
    found = LoraLayers(changed, variant=_variant(changed))
    _sort(found)
    if any(".processor." in name and "_lora." in name for name in tensors):
        found.format = "diffusers"  # as it wrote at first
    return found


def _module_of(name: str) -> tuple[str, str] | None:
    """Return (name of the layer, what the tensor is in it), or None for a tensor of something else."""
    before, _, last = name.rpartition(".")
    if last == "weight":
        before, _, last = before.rpartition(".")
    if role := _ROLES.get(last):
        return before, role
    if last in ("down", "up"):
        for end in (".lora", ".lora_linear_layer", "_lora"):
            if before.endswith(end):
                return _without_processor(before[: -len(end)]), last
        if before.endswith(("_lora1", "_lora2")):
            return before, last
        return None
    if last == "bias":
        return None
    module, _, former = before.rpartition(".")  # PEFT puts the adapter's name last: "lora_A.default"
    role = _ROLES.get(former) if former.startswith("lora_") else None
    return (module, role) if role else None


def _without_processor(module: str) -> str:
    """Return the name of a layer whose LoRA the attention's processor holds, as diffusers had it at first."""
    plain = module.replace(".processor.", ".")
    return f"{plain}.0" if plain != module and plain.endswith(".to_out") else plain


def _variant(modules: Mapping[str, Shapes]) -> str:
    roles = {role for shapes in modules.values() for role in shapes}
    named = next((method for role, method in _METHODS if role in roles), "")
    if named or not roles & {"down"}:
        return named or ("full difference" if "full" in roles else "")
    kernels = (shapes["down"] for shapes in modules.values() if "down" in shapes)
    return "LoCon" if any(len(shape) > 2 and math.prod(shape[2:]) > 1 for shape in kernels) else ""


def _rank(shapes: Shapes) -> int | None:
    for role, axis in (("down", 0), ("hada_w1_b", 0), ("lokr_w2_b", 0), ("lokr_w1_b", 0)):
        if len(shapes.get(role, ())) > axis:
            return shapes[role][axis]
    return None


def _sort(found: LoraLayers) -> None:
    """Sort layers into the parts of the model, under the names that base models have."""
    formats: Counter[str] = Counter()
    prefixes = set()
    row = _STARTS[0]
    for module, shapes in found.modules.items():
        bare = module.removeprefix(_PEFT)
        if not bare.startswith(row[0]) or not row[0]:  # most follow one of the same part
            row = next((row for row in _STARTS if bare.startswith(row[0])), _BARE)
        start, part, format = row
        formats["peft" if bare is not module else format or ("xlabs" if "_lora" in module else "peft")] += 1
        prefixes.add(start)
        size = _size(module, shapes)
        if size is None:
            continue
        name = folded(bare[len(start) :])
        if part.startswith("text_encoder"):
            named = in_text_encoder(name, size)
        else:
            named = in_diffusers(_as_its_makers(name) if "_lora" in name else name, size)
        if part == "denoiser":
            part = "unet" if named[0][0].startswith(_OF_UNETS) else "transformer"
        found.parts.setdefault(part, {}).update(named)
    found.format = formats.most_common(1)[0][0]
    found.prefixes = frozenset(prefixes)


def _as_its_makers(name: str) -> str:
    """Return the makers' name of a layer that XLabs names by the processor which holds its LoRAs."""
    block, _, part = name.partition("_processor_")
    return f"{block}_{_XLABS.get(part, part)}"


def _size(module: str, shapes: Shapes) -> tuple[int, int] | None:
    """Return (outputs, inputs) of the layer that is changed, or None where the shapes do not say."""
    down, up = shapes.get("down", ()), shapes.get("up", ())
    if len(down) >= 2 and len(up) >= 2:
        return (up[0], down[1]) if up[1] == down[0] else None
    down, up = shapes.get("glora_down", ()), shapes.get("glora_up", ())
    if len(down) == 2 and len(up) == 2:
        return up[0], down[1]
    if len(shapes.get("full", ())) >= 2:
        return shapes["full"][0], shapes["full"][1]
    if any(word in module for word in _CONVOLVED):
        return None  # the width of the kernel is in their numbers of inputs
    first, second = shapes.get("hada_w1_a", ()), shapes.get("hada_w1_b", ())
    if len(first) == 2 and len(second) == 2:
        return first[0], second[1]
    left, right = _factor(shapes, "lokr_w1"), _factor(shapes, "lokr_w2")
    return (left[0] * right[0], left[1] * right[1]) if left and right else None


def _factor(shapes: Shapes, name: str) -> tuple[int, int] | None:
    """Return the shape of one factor of a Kronecker product, which may itself be a product of two."""
    whole, first, second = shapes.get(name, ()), shapes.get(f"{name}_a", ()), shapes.get(f"{name}_b", ())
    if len(whole) >= 2:
        return whole[0], whole[1]
    return (first[0], second[1]) if len(first) == 2 and len(second) == 2 else None
