"""The layouts of adapters: each trainer's names for the layers of a base model, and the tensors of each method."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import Layout

Layers = dict[str, tuple[int, ...]]

ATTENTION = r"attn\d?\.(to_[qkv]|to_out\.0)$"
ALL_LINEAR = r"(attn\d?\.(to_[qkv]|to_out\.0)|ff\.net\.(0\.proj|2)|proj_in|proj_out)$"
STREAMS = r"((img|txt)_(attn\.(qkv|proj)|mlp\.[02]|mod\.lin)|linear[12]|modulation\.lin)$"
JOINT = r"(attn2?\.(qkv|proj)|mlp\.fc[12]|adaLN_modulation\.1)$"
WAN = r"(self_attn|cross_attn)\.[qkvo]$|ffn\.[02]$"
ENCODER = r"(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])$"


def layers(base: Layout, wanted: str) -> Layers:
    """The matrices of a base model whose names end so, without ".weight"."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in base.items()
        if name.endswith(".weight") and len(shape) > 1 and re.search(wanted, name.removesuffix(".weight"))
    }


def _pair(shape: tuple[int, ...], rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of (down, up); of convolutions, the kernel goes into the first."""
    return (rank, *shape[1:]), (shape[0], rank, *(1 for _ in shape[2:]))


def _named(prefix: str, name: str) -> str:
    return prefix + (name.replace(".", "_") if prefix.endswith("_") else name)


def lora(
    base: Layers,
    prefix: str,
    down: str = "lora_down.weight",
    up: str = "lora_up.weight",
    rank: int = 16,
    alpha: bool = False,
) -> Layout:
    """Two small matrices for each layer; a prefix that ends with an underscore makes names without dots."""
    found: Layout = {}
    for name, shape in base.items():
        found[f"{_named(prefix, name)}.{down}"], found[f"{_named(prefix, name)}.{up}"] = _pair(shape, rank)
        found |= {f"{_named(prefix, name)}.alpha": ()} if alpha else {}
    return found


def kohya(base: Layers, prefix: str = "lora_unet_", rank: int = 16) -> Layout:
    """As sd-scripts and musubi-tuner write: alpha beside each pair."""
    return lora(base, prefix, rank=rank, alpha=True)


def peft(base: Layers, prefix: str, rank: int = 16, name: str = "") -> Layout:
    """As PEFT writes, and diffusers since it uses PEFT; DiffSynth leaves the adapter's name in."""
    inner = f".{name}" if name else ""
    return lora(base, prefix, f"lora_A{inner}.weight", f"lora_B{inner}.weight", rank)


def old_diffusers(base: Layers, prefix: str = "unet.", rank: int = 4) -> Layout:
    """As diffusers wrote before PEFT."""
    return lora(base, prefix, "lora.down.weight", "lora.up.weight", rank)


def processors(base: Layers, rank: int = 4) -> Layout:
    """As diffusers wrote at first, when attention processors held LoRAs."""
    found: Layout = {}
    for name, shape in base.items():
        attention, _, part = name.partition(".to_")
        part = "to_" + part.removesuffix(".0")
        for end, own in zip(("down", "up"), _pair(shape, rank), strict=True):
            found[f"{attention}.processor.{part}_lora.{end}.weight"] = own
    return found


def xlabs(width: int = 3072, rank: int = 16) -> Layout:
    """As XLabs writes for FLUX.1: LoRAs of the picture's stream are the first, those of the text's the second."""
    found: Layout = {}
    for number in range(19):
        for stream in (1, 2):
            for part, outputs in (("qkv", 3 * width), ("proj", width)):
                name = f"double_blocks.{number}.processor.{part}_lora{stream}"
                found |= {f"{name}.down.weight": (rank, width), f"{name}.up.weight": (outputs, rank)}
    return found


def loha(base: Layers, prefix: str = "lora_unet_", rank: int = 8) -> Layout:
    """The Hadamard product of two pairs, as LyCORIS writes."""
    found: Layout = {}
    for name, (outputs, inputs, *_) in base.items():
        module = _named(prefix, name)
        for number in (1, 2):
            found |= {f"{module}.hada_w{number}_a": (outputs, rank), f"{module}.hada_w{number}_b": (rank, inputs)}
        found |= {f"{module}.alpha": ()}
    return found


def lokr(base: Layers, prefix: str = "lora_unet_", factor: int = 8, rank: int = 8) -> Layout:
    """The Kronecker product of a small matrix and a pair, as LyCORIS writes."""
    found: Layout = {}
    for name, (outputs, inputs, *_) in base.items():
        module = _named(prefix, name)
        found |= {f"{module}.lokr_w1": (factor, factor), f"{module}.alpha": ()}
        found |= {f"{module}.lokr_w2_a": (outputs // factor, rank), f"{module}.lokr_w2_b": (rank, inputs // factor)}
    return found


def dora(base: Layers, prefix: str = "lora_unet_", rank: int = 16) -> Layout:
    """LoRA with the length of each column beside it, as kohya writes."""
    lengths = {f"{_named(prefix, name)}.dora_scale": (shape[0], 1) for name, shape in base.items()}
    return kohya(base, prefix, rank) | lengths


def peft_dora(base: Layers, prefix: str, rank: int = 16) -> Layout:
    """LoRA with the length of each column beside it, as PEFT writes."""
    lengths = {f"{prefix}{name}.lora_magnitude_vector": (shape[0],) for name, shape in base.items()}
    return peft(base, prefix, rank) | lengths


def glora(base: Layers, prefix: str = "lora_unet_", rank: int = 8) -> Layout:
    """Two pairs, for weights and for what they give, as LyCORIS writes."""
    found: Layout = {}
    for name, (outputs, inputs, *_) in base.items():
        module = _named(prefix, name)
        found |= {f"{module}.a1.weight": (rank, inputs), f"{module}.a2.weight": (inputs, rank)}
        found |= {f"{module}.b1.weight": (rank, inputs), f"{module}.b2.weight": (outputs, rank)}
    return found


def oft(base: Layers, prefix: str = "lora_unet_", blocks: int = 4) -> Layout:
    """Rotations in blocks, as kohya writes."""
    found: Layout = {}
    for name, (outputs, *_) in base.items():
        size = outputs // blocks
        found |= {f"{_named(prefix, name)}.oft_blocks": (blocks, size, size), f"{_named(prefix, name)}.alpha": ()}
    return found


def ia3(base: Layers, prefix: str = "lora_unet_") -> Layout:
    """One factor for each number, as LyCORIS writes."""
    found: Layout = {}
    for name, (outputs, *_) in base.items():
        module = _named(prefix, name)
        found |= {f"{module}.weight": (outputs,), f"{module}.on_input": ()}
    return found


def control_lora(base: Layout) -> Layout:
    """As Stability publishes control LoRAs: pairs for the way down, the hint's way in whole."""
    found: Layout = {"lora_controlnet": ()}
    for name, shape in base.items():
        if name.startswith(("input_hint_block", "zero_convs", "middle_block_out")) or len(shape) < 2:
            found[name] = shape
        else:
            module = name.removesuffix(".weight")
            found[f"{module}.down"], found[f"{module}.up"] = _pair(shape, 128)
    return found


def flux_control(base: Layout, rank: int = 128) -> Layout:
    """As Black Forest Labs publish control LoRAs: the way in takes the hint too, norms and biases come along."""
    found: Layout = {}
    for name, shape in base.items():
        if name.endswith(".scale"):
            found[name] = shape
        elif name.endswith(".weight"):
            module = name.removesuffix(".weight")
            inputs = 128 if module == "img_in" else shape[1]
            found |= {f"{module}.lora_A.weight": (rank, inputs), f"{module}.lora_B.weight": (shape[0], rank)}
            found |= {f"{module}.lora_B.bias": (shape[0],)}
    return found


def motion_lora(motion: Layout, rank: int = 64) -> Layout:
    """As AnimateDiff publishes LoRAs for movements of the camera."""
    found: Layout = {}
    for name, shape in layers(motion, r"attention_blocks\.\d\.(to_[qkv]|to_out\.0)$").items():
        block, _, part = name.rpartition(".to_")
        for end, own in zip(("down", "up"), _pair(shape, rank), strict=True):
            found[f"{block}.processor.to_{part.removesuffix('.0')}_lora.{end}.weight"] = own
    return found


def ip_adapter(base: Layout, cross: int, wide: int = 1024, face: bool = False) -> Layout:
    """An IP-Adapter of a UNet: keys and values of the picture for each of its cross-attentions, in odd numbers."""
    found: Layout = {"image_proj.proj.weight": (4 * cross, wide), "image_proj.proj.bias": (4 * cross,)}
    found |= {"image_proj.norm.weight": (cross,), "image_proj.norm.bias": (cross,)}
    for number, (_, (width, *_)) in enumerate(layers(base, r"attn2\.to_k$").items()):
        for part in ("to_k_ip", "to_v_ip"):
            found[f"ip_adapter.{2 * number + 1}.{part}.weight"] = (width, cross)
        if face:
            found[f"ip_adapter.{2 * number + 1}.to_q_lora.down.weight"] = (128, width)
            found[f"ip_adapter.{2 * number + 1}.to_q_lora.up.weight"] = (width, 128)
    return found


def flux_ip_adapter() -> Layout:
    """As XLabs writes IP-Adapters for FLUX.1."""
    found: Layout = {"ip_adapter_proj_model.proj.weight": (16384, 768), "ip_adapter_proj_model.norm.weight": (4096,)}
    for number in range(19):
        for part in ("k_proj", "v_proj"):
            name = f"double_blocks.{number}.processor.ip_adapter_double_stream_{part}"
            found |= {f"{name}.weight": (3072, 4096), f"{name}.bias": (3072,)}
    return found


def original_motion(diffusers: Layout) -> Layout:
    """AnimateDiff's own names of what diffusers' motion adapter holds."""
    found: Layout = {}
    for name, shape in diffusers.items():
        if ".pos_embed.pe" in name:
            name = name.replace(".pos_embed.pe", ".attention_blocks.0.pos_encoder.pe")
        name = re.sub(r"\.attn([12])\.", lambda match: f".attention_blocks.{int(match[1]) - 1}.", name)
        name = re.sub(r"\.norm([12])\.", lambda match: f".norms.{int(match[1]) - 1}.", name)
        name = name.replace(".norm3.", ".ff_norm.")
        found[re.sub(r"(motion_modules\.\d+)\.", r"\1.temporal_transformer.", name)] = shape
    return found


Maker = Callable[[Layers], Layout]
