"""Which layers the base models have that LoRAs are made for, so that a LoRA says by its layers what it was made for.

A family is possible where every layer of the adapter that is known here exists in it, with its shape. Names are those
of `layer_names`. Sizes are written in widths of the block; where families agree in all layers of an adapter, both stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Shape = tuple[int, int]
_NUMBERED = re.compile(r"(.*(?:blocks|layers|refiner))_(\d+)_(.+)$")


@dataclass(frozen=True)
class Blocks:
    """Is a row of equal blocks in a base model.

    Args:
        model: (family, variant): what is possible must be so for one variant.
        start: What the blocks are called.
        count: How many there are.
        sizes: Part of a block → (outputs, inputs).
    """

    model: tuple[str, str]
    start: str
    count: int
    sizes: Mapping[str, Shape]


def _square(width: int, *parts: str) -> dict[str, Shape]:
    return dict.fromkeys(parts, (width, width))


def _attention(width: int, name: str = "attn", cross: int | None = None, rows: int | None = None) -> dict[str, Shape]:
    """Return the layers of an attention whose keys and values are read from `cross` numbers and written to `rows`."""
    keys = (rows or width, cross or width)
    return {
        f"{name}_to_q": (width, width),
        f"{name}_to_k": keys,
        f"{name}_to_v": keys,
        f"{name}_to_out_0": (width, width),
    }


def _added(width: int, name: str = "attn") -> dict[str, Shape]:
    return _square(width, *(f"{name}_{part}" for part in ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")))


def _mlp(width: int, name: str = "ff", inner: int = 4, gate: int = 1) -> dict[str, Shape]:
    return {f"{name}_net_0_proj": (gate * inner * width, width), f"{name}_net_2": (width, inner * width)}


def _ffn(width: int, inner: int) -> dict[str, Shape]:
    return {"ffn_net_0_proj": (inner, width), "ffn_net_2": (width, inner)}


def _unet(family: str, cross: int, places: str) -> list[Blocks]:
    """Return the transformers of a UNet: "down_1 640 x2 d10" is two of ten blocks each in the second level down."""
    rows = []
    for place in places.split(", "):
        name, width, count, depth = place.split()
        side, _, level = name.partition("_")
        block = "mid_block" if side == "mid" else f"{side}_blocks_{level}"
        size = int(width)
        sizes = {**_attention(size, "attn1"), **_attention(size, "attn2", cross), **_mlp(size, gate=2)}
        for number in range(int(count[1:])):
            start = f"{block}_attentions_{number}_transformer_blocks"
            rows.append(Blocks((family, ""), start, int(depth[1:]), sizes))
    return rows


_SD_PLACES = (
    "down_0 320 x2 d1, down_1 640 x2 d1, down_2 1280 x2 d1, mid 1280 x1 d1, "
    "up_1 1280 x3 d1, up_2 640 x3 d1, up_3 320 x3 d1"
)
_XL_PLACES = "down_1 640 x2 d2, down_2 1280 x2 d10, mid 1280 x1 d10, up_0 1280 x3 d10, up_1 640 x3 d2"
_REFINER_PLACES = "down_1 768 x2 d4, down_2 1536 x2 d4, mid 1536 x1 d4, up_1 1536 x3 d4, up_2 768 x3 d4"
_STARTER_PLACES = "down_1 128 x1 d1, mid 128 x1 d1, up_0 128 x2 d1"


def _streams(family: str, variant: str, width: int, double: int, single: int, modulated: bool = True) -> list[Blocks]:
    """Return blocks as FLUX.1 has them: two streams, then one."""
    two = {**_attention(width), **_added(width), **_mlp(width), **_mlp(width, "ff_context")}
    one = {**_attention(width), "proj_mlp": (4 * width, width), "proj_out": (width, 5 * width)}
    if modulated:
        two |= dict.fromkeys(("norm1_linear", "norm1_context_linear"), (6 * width, width))
        one |= {"norm_linear": (3 * width, width)}
    model = (family, variant)
    return [Blocks(model, "transformer_blocks", double, two), Blocks(model, "single_transformer_blocks", single, one)]


def _flux2(variant: str, width: int, double: int, single: int) -> list[Blocks]:
    gated = {"linear_in": (6 * width, width), "linear_out": (width, 3 * width)}
    two = {**_attention(width), **_added(width)}
    two |= {f"{name}_{part}": shape for name in ("ff", "ff_context") for part, shape in gated.items()}
    one = {"attn_to_qkv_mlp_proj": (9 * width, width), "attn_to_out": (width, 4 * width)}
    model = ("FLUX.2", variant)
    return [Blocks(model, "transformer_blocks", double, two), Blocks(model, "single_transformer_blocks", single, one)]


def _sd3(variant: str, width: int, count: int, dual: int = 0) -> list[Blocks]:
    model, sizes = ("SD3", variant), {**_attention(width), **_added(width), **_mlp(width), **_mlp(width, "ff_context")}
    rows = [Blocks(model, "transformer_blocks", count, sizes)]
    factors = {"norm1_linear": (6, 9) if dual else (6,), "norm1_context_linear": (6, 2)}  # the last block has 2
    for part, made in factors.items():
        rows += [Blocks(model, "transformer_blocks", count, {part: (factor * width, width)}) for factor in made]
    rows += [Blocks(model, "transformer_blocks", dual, _attention(width, "attn2"))] if dual else []
    return rows


def _wan(family: str, variant: str, width: int, inner: int, count: int) -> list[Blocks]:
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2"), **_ffn(width, inner)}
    sizes |= _square(width, "attn2_add_k_proj", "attn2_add_v_proj")
    control = Blocks((family, variant), "vace_blocks", count, {**sizes, **_square(width, "proj_in", "proj_out")})
    return [Blocks((family, variant), "blocks", count, sizes), control]


def _crossed(family: str, variant: str, width: int, count: int) -> Blocks:
    """Return blocks that attend to themselves, then to the text, which was brought to their width."""
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2"), **_mlp(width)}
    return Blocks((family, variant), "transformer_blocks", count, sizes)


def _qwen() -> Blocks:
    width = 3072
    sizes = {**_attention(width), **_added(width), **_mlp(width, "img_mlp"), **_mlp(width, "txt_mlp")}
    sizes |= dict.fromkeys(("img_mod_1", "txt_mod_1"), (6 * width, width))
    return Blocks(("Qwen-Image", ""), "transformer_blocks", 60, sizes)


def _ltx2(width: int = 4096, heard: int = 2048) -> Blocks:
    """Return the blocks of LTX-2, which makes a film and its sound beside each other."""
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2"), **_mlp(width)}
    sizes |= {**_attention(heard, "audio_attn1"), **_attention(heard, "audio_attn2"), **_mlp(heard, "audio_ff")}
    for name, asks, answers in (("audio_to_video", width, heard), ("video_to_audio", heard, width)):
        sizes |= {f"{name}_attn_to_q": (heard, asks), f"{name}_attn_to_out_0": (asks, heard)}
        sizes |= dict.fromkeys((f"{name}_attn_to_k", f"{name}_attn_to_v"), (heard, answers))
    return Blocks(("LTX-2", ""), "transformer_blocks", 48, sizes)


def _auraflow(width: int = 3072, inner: int = 8192) -> list[Blocks]:
    def gated(name: str) -> dict[str, Shape]:
        wide = dict.fromkeys((f"{name}_linear_1", f"{name}_linear_2"), (inner, width))
        return {**wide, f"{name}_out_projection": (width, inner)}

    one = {**_attention(width), **gated("ff"), "norm1_linear": (6 * width, width)}
    two = {**one, **_added(width), **gated("ff_context"), "norm1_context_linear": (6 * width, width)}
    model = ("AuraFlow", "")
    return [Blocks(model, "joint_transformer_blocks", 4, two), Blocks(model, "single_transformer_blocks", 32, one)]


def _flux3(width: int = 3072) -> list[Blocks]:
    sizes = {**_attention(width), "ff_linear_in": (6 * width, width), "ff_linear_out": (width, 3 * width)}
    starts = {"txt_mode_blocks": 5, "single_transformer_blocks": 28}
    return [Blocks(("FLUX.3", ""), start, count, sizes) for start, count in starts.items()]


def _mochi(width: int = 3072, text: int = 1536) -> Blocks:
    sizes = {**_attention(width, "attn1"), "attn1_to_add_out": (text, width)}
    sizes |= dict.fromkeys(("attn1_add_q_proj", "attn1_add_k_proj", "attn1_add_v_proj"), (width, text))
    sizes |= {"ff_net_0_proj": (16384, width), "ff_net_2": (width, 8192)}
    sizes |= {"ff_context_net_0_proj": (8192, text), "ff_context_net_2": (text, 4096)}
    sizes |= {"norm1_linear": (4 * width, width), "norm1_context_linear": (4 * text, width)}
    return Blocks(("Mochi", ""), "transformer_blocks", 48, {**sizes, "norm1_context_linear_1": (text, width)})


def _sana(variant: str, width: int, count: int) -> Blocks:
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2")}
    sizes |= {"ff_conv_inverted": (5 * width, width), "ff_conv_depth": (5 * width, 1)}
    return Blocks(("Sana", variant), "transformer_blocks", count, {**sizes, "ff_conv_point": (width, 5 * width // 2)})


def _refined(family: str, count: int, sizes: Mapping[str, Shape]) -> list[Blocks]:
    """Return the blocks of Lumina 2 and Z-Image, which refine noise and text by two such blocks first."""
    starts = {"layers": count, "noise_refiner": 2, "context_refiner": 2}
    return [Blocks((family, ""), start, number, sizes) for start, number in starts.items()]


def _lumina(width: int = 2304, inner: int = 9216) -> list[Blocks]:
    sizes = {**_attention(width, rows=768), "norm1_linear": (4 * width, 1024), "feed_forward_linear_2": (width, inner)}
    return _refined(
        "Lumina 2", 26, sizes | dict.fromkeys(("feed_forward_linear_1", "feed_forward_linear_3"), (inner, width))
    )


def _z_image(width: int = 3840, inner: int = 10240) -> list[Blocks]:
    sizes = {
        **_attention(width, "attention"),
        "adaLN_modulation_0": (4 * width, 256),
        "feed_forward_w2": (width, inner),
    }
    return _refined("Z-Image", 30, sizes | dict.fromkeys(("feed_forward_w1", "feed_forward_w3"), (inner, width)))


def _cog(family: str, variant: str, width: int, count: int, norms: Mapping[str, int]) -> Blocks:
    sizes = {**_attention(width, "attn1"), **_mlp(width)}
    sizes |= {name: (factor * width, 512) for name, factor in norms.items()}
    return Blocks((family, variant), "transformer_blocks", count, sizes)


def _krea(width: int = 6144, inner: int = 16384) -> Blocks:
    sizes = {**_attention(width, rows=1536), **_square(width, "attn_to_gate"), "ff_down": (width, inner)}
    sizes |= dict.fromkeys(("ff_gate", "ff_up"), (inner, width))
    return Blocks(("Krea 2", ""), "transformer_blocks", 28, sizes)


def _qwen21(width: int = 4096) -> Blocks:
    wide = dict.fromkeys(("img_mlp_proj", "img_mlp_gate_layer"), (3 * width, width))
    sizes = {**_attention(width), **wide, "img_mlp_out": (width, 3 * width)}
    return Blocks(("Qwen-Image 2.1", ""), "transformer_blocks", 32, sizes)


def _hunyuan_dit(width: int = 1408, inner: int = 6144) -> Blocks:
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2", 1024), **_square(width, "norm1_linear")}
    sizes |= {"ff_net_0_proj": (inner, width), "ff_net_2": (width, inner), "skip_linear": (width, 2 * width)}
    return Blocks(("HunyuanDiT", ""), "blocks", 40, sizes)


def _stable_audio(width: int = 1536, text: int = 768) -> Blocks:
    sizes = {**_attention(width, "attn1"), **_attention(width, "attn2", text, text), **_mlp(width, gate=2)}
    return Blocks(("Stable Audio", ""), "transformer_blocks", 24, sizes)


_TWO_NORMS = {"norm1_linear": 6, "norm2_linear": 6}

_ROWS = (
    *_unet("SD1.5", 768, _SD_PLACES),
    *_unet("SD2", 1024, _SD_PLACES),
    *_unet("SDXL", 2048, _XL_PLACES),
    *_unet("SDXL Refiner", 1280, _REFINER_PLACES),
    *_unet("Starter", 192, _STARTER_PLACES),
    *_streams("FLUX.1", "", 3072, 19, 38),
    *_streams("HunyuanVideo", "", 3072, 20, 40),
    *_flux2("dev", 6144, 8, 48),
    *_flux2("klein 4B", 3072, 5, 20),
    *_flux2("klein 9B", 4096, 8, 24),
    *_sd3("medium", 1536, 24),
    *_sd3("3.5 medium", 1536, 24, dual=13),
    *_sd3("3.5 large", 2432, 38),
    _qwen(),
    *_wan("Wan 2.1", "1.3B", 1536, 8960, 30),
    *_wan("Wan 2.1", "14B", 5120, 13824, 40),
    *_wan("Wan 2.2 5B", "", 3072, 14336, 30),
    _crossed("LTX-Video", "2B", 2048, 28),
    _crossed("LTX-Video", "13B", 4096, 48),
    _ltx2(),
    _crossed("PixArt", "", 1152, 28),
    _sana("0.6B", 1152, 28),
    _sana("1.6B", 2240, 20),
    *_z_image(),
    *_lumina(),
    _cog("CogVideoX", "2B", 1920, 30, _TWO_NORMS),
    _cog("CogVideoX", "5B", 3072, 42, _TWO_NORMS),
    _cog("CogView 4", "", 4096, 28, {"norm1_linear": 12}),
    _mochi(),
    *_auraflow(),
    *_flux3(),
    _streams("HunyuanVideo 1.5", "", 2048, 54, 0)[0],
    _qwen21(),
    _krea(),
    _hunyuan_dit(),
    _stable_audio(),
)

DERIVED = {"FLUX.1": ("Chroma",), "SDXL": ("Kolors",)}
"""Families that have the very layers of another, which adapters were made for first."""


def _by_part() -> dict[tuple[str, str], list[tuple[tuple[str, str], int, Shape]]]:
    found: dict[tuple[str, str], list[tuple[tuple[str, str], int, Shape]]] = defaultdict(list)
    for row in _ROWS:
        for part, shape in row.sizes.items():
            found[row.start, part].append((row.model, row.count, shape))
    return dict(found)


_PARTS = _by_part()
_STARTS = {start for start, _ in _PARTS}


def possible(layers: Iterable[tuple[str, Shape]]) -> set[str] | None:
    """Return the families that have all of an adapter's layers; None where no layer is known here.

    Where several have, those are meant whose last blocks are changed: trainers leave no block out at the end, and
    HunyuanVideo has the blocks of FLUX.1 and one more of each.

    Args:
        layers: Folded names of a denoiser's layers in diffusers' layout, with (outputs, inputs).
    """
    last: dict[tuple[str, str, Shape], int] = {}
    for name, shape in layers:
        if match := _NUMBERED.match(name):
            start, number, part = match.groups()
            key = (start, part, shape)
            if last.get(key, -1) < int(number):
                last[key] = int(number)
    models: set[tuple[str, str]] | None = None
    ends: dict[tuple[str, str], dict[str, bool]] = defaultdict(lambda: defaultdict(bool))
    for (start, part, shape), number in last.items():
        if start not in _STARTS:
            continue
        rows = _PARTS.get((start, part), [])
        having = {model for model, count, size in rows if number < count and size == shape}
        models = having if models is None else models & having
        for model, count, _ in rows:
            ends[model][start] |= number == count - 1
    if models is None:
        return None
    whole = {model for model in models if all(ends[model].values())}
    return {family for family, _ in whole or models}
