"""The layouts of the makers of the models, as they publish single files; held against diffusers' own converters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from . import Layout, within


def _linear(name: str, outputs: int, inputs: int, bias: bool = True) -> Layout:
    return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})


def _conv(name: str, outputs: int, inputs: int, kernel: int = 3) -> Layout:
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Layout:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _resnet(name: str, given: int, made: int, time: int) -> Layout:
    found = _norm(f"{name}.in_layers.0", given) | _conv(f"{name}.in_layers.2", made, given)
    found |= _linear(f"{name}.emb_layers.1", made, time) | _norm(f"{name}.out_layers.0", made)
    found |= _conv(f"{name}.out_layers.3", made, made)
    return found | (_conv(f"{name}.skip_connection", made, given, 1) if given != made else {})


def _transformer(name: str, width: int, depth: int, cross: int, linear: bool) -> Layout:
    shape = (width, width) if linear else (width, width, 1, 1)
    found = _norm(f"{name}.norm", width)
    for end in ("proj_in", "proj_out"):
        found |= {f"{name}.{end}.weight": shape, f"{name}.{end}.bias": (width,)}
    for number in range(depth):
        block = f"{name}.transformer_blocks.{number}"
        for attention, read in (("attn1", width), ("attn2", cross)):
            for part, inputs in (("to_q", width), ("to_k", read), ("to_v", read)):
                found |= _linear(f"{block}.{attention}.{part}", width, inputs, bias=False)
            found |= _linear(f"{block}.{attention}.to_out.0", width, width)
        found |= _linear(f"{block}.ff.net.0.proj", 8 * width, width) | _linear(f"{block}.ff.net.2", width, 4 * width)
        for norm in ("norm1", "norm2", "norm3"):
            found |= _norm(f"{block}.{norm}", width)
    return found


def unet(
    channels: int = 320,
    factors: Sequence[int] = (1, 2, 4, 4),
    depths: Sequence[int] = (1, 1, 1, 0),
    cross: int = 768,
    given: int = 4,
    added: int = 0,
    linear: bool = False,
    middle_depth: int = 1,
) -> Layout:
    """The UNet of Stable Diffusion: 1.5 as it stands, 2 and XL with other numbers."""
    time = 4 * channels
    found = _linear("time_embed.0", time, channels) | _linear("time_embed.2", time, time)
    if added:
        found |= _linear("label_emb.0.0", time, added) | _linear("label_emb.0.2", time, time)
    found |= _conv("input_blocks.0.0", channels, given)
    number, width, passed = 0, channels, [channels]
    for level, factor in enumerate(factors):
        for _ in range(2):
            number += 1
            found |= _resnet(f"input_blocks.{number}.0", width, factor * channels, time)
            width = factor * channels
            if depths[level]:
                found |= _transformer(f"input_blocks.{number}.1", width, depths[level], cross, linear)
            passed.append(width)
        if level < len(factors) - 1:
            number += 1
            found |= _conv(f"input_blocks.{number}.0.op", width, width)
            passed.append(width)
    found |= _resnet("middle_block.0", width, width, time) | _resnet("middle_block.2", width, width, time)
    found |= _transformer("middle_block.1", width, middle_depth, cross, linear)
    found |= _way_up(width, passed, [factor * channels for factor in factors], depths, cross, linear, time)
    return found | _norm("out.0", channels) | _conv("out.2", 4, channels)


def _way_up(
    width: int, passed: list[int], widths: list[int], depths: Sequence[int], cross: int, linear: bool, time: int
) -> Layout:
    found: Layout = {}
    number = 0
    for level in reversed(range(len(widths))):
        for turn in range(3):
            name = f"output_blocks.{number}"
            found |= _resnet(f"{name}.0", width + passed.pop(), widths[level], time)
            width = widths[level]
            if depths[level]:
                found |= _transformer(f"{name}.1", width, depths[level], cross, linear)
            if turn == 2 and level:
                found |= _conv(f"{name}.{2 if depths[level] else 1}.conv", width, width)
            number += 1
    return found


SD2 = {"cross": 1024, "linear": True}
XL = {
    "factors": (1, 2, 4),
    "depths": (0, 2, 10),
    "cross": 2048,
    "added": 2816,
    "linear": True,
    "middle_depth": 10,
}
REFINER = {
    "channels": 384,
    "depths": (0, 4, 4, 0),
    "cross": 1280,
    "added": 2560,
    "linear": True,
    "middle_depth": 4,
}


def controlnet(cross: int = 768, **config: object) -> Layout:
    """A ControlNet as its inventors save it: the way down of a UNet, the hint's way in, and convolutions of nothing."""
    found = {
        name: shape
        for name, shape in unet(cross=cross, **config).items()  # type: ignore[arg-type]
        if not name.startswith(("output_blocks", "out."))
    }
    widths = (16, 16, 32, 32, 96, 96, 256, 320)
    found |= _conv("input_hint_block.0", 16, 3)
    for number, (given, made) in enumerate(itertools.pairwise(widths), 1):
        found |= _conv(f"input_hint_block.{2 * number}", made, given)
    inputs = [
        name
        for name in found
        if name.startswith("input_blocks") and name.endswith((".0.bias", ".0.op.bias", ".0.out_layers.3.bias"))
    ]
    for number, name in enumerate(inputs):
        found |= _conv(f"zero_convs.{number}.0", found[name][0], found[name][0], 1)
    return found | _conv("middle_block_out.0", 1280, 1280, 1)


def vae(latents: int = 4, quant: bool = True) -> Layout:
    """The autoencoder of Stable Diffusion, and with 16 latents those of SD3 and FLUX.1."""
    found: Layout = {}
    for side, widths in (("encoder", (128, 128, 256, 512, 512)), ("decoder", (512, 512, 512, 256, 128))):
        count = 2 if side == "encoder" else 3
        for level in range(4):
            given = widths[level]
            # The decoder counts its levels from the picture's side.
            place = f"{side}.{'down' if side == 'encoder' else 'up'}.{level if side == 'encoder' else 3 - level}"
            for block in range(count):
                found |= _vae_block(f"{place}.block.{block}", given, widths[level + 1])
                given = widths[level + 1]
            if level < 3:
                name = "downsample" if side == "encoder" else "upsample"
                found |= _conv(f"{place}.{name}.conv", given, given)
        found |= _vae_block(f"{side}.mid.block_1", 512, 512) | _vae_block(f"{side}.mid.block_2", 512, 512)
        found |= _norm(f"{side}.mid.attn_1.norm", 512)
        for part in ("q", "k", "v", "proj_out"):
            found |= _conv(f"{side}.mid.attn_1.{part}", 512, 512, 1)
    found |= _conv("encoder.conv_in", 128, 3) | _conv("encoder.conv_out", 2 * latents, 512)
    found |= _norm("encoder.norm_out", 512) | _norm("decoder.norm_out", 128)
    found |= _conv("decoder.conv_in", 512, latents) | _conv("decoder.conv_out", 3, 128)
    if quant:
        found |= _conv("quant_conv", 2 * latents, 2 * latents, 1) | _conv("post_quant_conv", latents, latents, 1)
    return found


def _vae_block(name: str, given: int, made: int) -> Layout:
    found = _norm(f"{name}.norm1", given) | _conv(f"{name}.conv1", made, given)
    found |= _norm(f"{name}.norm2", made) | _conv(f"{name}.conv2", made, made)
    return found | (_conv(f"{name}.nin_shortcut", made, given, 1) if given != made else {})


def clip(width: int = 768, depth: int = 12) -> Layout:
    """CLIP's text encoder, under the names that single files keep."""
    found: Layout = {
        "text_model.embeddings.token_embedding.weight": (49408, width),
        "text_model.embeddings.position_embedding.weight": (77, width),
        "text_model.embeddings.position_ids": (1, 77),
    }
    for number in range(depth):
        layer = f"text_model.encoder.layers.{number}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            found |= _linear(f"{layer}.self_attn.{part}", width, width)
        found |= _linear(f"{layer}.mlp.fc1", 4 * width, width) | _linear(f"{layer}.mlp.fc2", width, 4 * width)
        found |= _norm(f"{layer}.layer_norm1", width) | _norm(f"{layer}.layer_norm2", width)
    return found | _norm("text_model.final_layer_norm", width)


def open_clip(width: int = 1280, depth: int = 32) -> Layout:
    """OpenCLIP's text encoder, as SD2 and SDXL keep it."""
    found: Layout = {
        "positional_embedding": (77, width),
        "text_projection": (width, width),
        "logit_scale": (),
        "token_embedding.weight": (49408, width),
    }
    for number in range(depth):
        layer = f"transformer.resblocks.{number}"
        found |= {f"{layer}.attn.in_proj_weight": (3 * width, width), f"{layer}.attn.in_proj_bias": (3 * width,)}
        found |= _linear(f"{layer}.attn.out_proj", width, width)
        found |= _linear(f"{layer}.mlp.c_fc", 4 * width, width) | _linear(f"{layer}.mlp.c_proj", width, 4 * width)
        found |= _norm(f"{layer}.ln_1", width) | _norm(f"{layer}.ln_2", width)
    return found | _norm("ln_final", width)


def sd15(given: int = 4) -> Layout:
    """A checkpoint of Stable Diffusion 1.5."""
    parts = within("model.diffusion_model.", unet(given=given)) | within("first_stage_model.", vae())
    return parts | within("cond_stage_model.transformer.", clip())


def sd2(given: int = 4) -> Layout:
    """A checkpoint of Stable Diffusion 2."""
    parts = within("model.diffusion_model.", unet(given=given, **SD2)) | within("first_stage_model.", vae())
    return parts | within("cond_stage_model.model.", open_clip(1024, 24))


def sdxl(given: int = 4) -> Layout:
    """A checkpoint of Stable Diffusion XL."""
    parts = within("model.diffusion_model.", unet(given=given, **XL)) | within("first_stage_model.", vae())
    parts |= within("conditioner.embedders.0.transformer.", clip())
    return parts | within("conditioner.embedders.1.model.", open_clip())


def refiner() -> Layout:
    """A checkpoint of SDXL's refiner."""
    parts = within("model.diffusion_model.", unet(**REFINER)) | within("first_stage_model.", vae())
    return parts | within("conditioner.embedders.0.model.", open_clip())


def flux(guided: bool = True, given: int = 64, double: int = 19, single: int = 38) -> Layout:
    """The transformer of FLUX.1: dev with guidance, schnell without."""
    width = 3072
    found = _linear("img_in", width, given) | _linear("txt_in", width, 4096)
    for name, inputs in (("time_in", 256), ("vector_in", 768), *((("guidance_in", 256),) if guided else ())):
        found |= _linear(f"{name}.in_layer", width, inputs) | _linear(f"{name}.out_layer", width, width)
    for number in range(double):
        for stream in ("img", "txt"):
            block = f"double_blocks.{number}.{stream}"
            found |= _linear(f"{block}_mod.lin", 6 * width, width) | _linear(f"{block}_attn.qkv", 3 * width, width)
            found |= {f"{block}_attn.norm.{name}_norm.scale": (128,) for name in ("query", "key")}
            found |= _linear(f"{block}_attn.proj", width, width)
            found |= _linear(f"{block}_mlp.0", 4 * width, width) | _linear(f"{block}_mlp.2", width, 4 * width)
    for number in range(single):
        block = f"single_blocks.{number}"
        found |= _linear(f"{block}.linear1", 7 * width, width) | _linear(f"{block}.linear2", width, 5 * width)
        found |= {f"{block}.norm.{name}_norm.scale": (128,) for name in ("query", "key")}
        found |= _linear(f"{block}.modulation.lin", 3 * width, width)
    found |= _linear("final_layer.linear", 64, width)
    return found | _linear("final_layer.adaLN_modulation.1", 2 * width, width)


def flux2() -> Layout:
    """The transformer of FLUX.2 dev."""
    width = 6144
    found = _linear("img_in", width, 128, bias=False) | _linear("txt_in", width, 15360, bias=False)
    for name in ("time_in", "guidance_in"):
        found |= _linear(f"{name}.in_layer", width, 256, bias=False)
        found |= _linear(f"{name}.out_layer", width, width, bias=False)
    for name, factor in (
        ("double_stream_modulation_img", 6),
        ("double_stream_modulation_txt", 6),
        ("single_stream_modulation", 3),
    ):
        found |= _linear(f"{name}.lin", factor * width, width, bias=False)
    for number in range(8):
        for stream in ("img", "txt"):
            block = f"double_blocks.{number}.{stream}"
            found |= _linear(f"{block}_attn.qkv", 3 * width, width, bias=False)
            found |= {f"{block}_attn.norm.{name}_norm.scale": (128,) for name in ("query", "key")}
            found |= _linear(f"{block}_attn.proj", width, width, bias=False)
            found |= _linear(f"{block}_mlp.0", 6 * width, width, bias=False)
            found |= _linear(f"{block}_mlp.2", width, 3 * width, bias=False)
    for number in range(48):
        block = f"single_blocks.{number}"
        found |= _linear(f"{block}.linear1", 9 * width, width, bias=False)
        found |= _linear(f"{block}.linear2", width, 4 * width, bias=False)
        found |= {f"{block}.norm.{name}_norm.scale": (128,) for name in ("query", "key")}
    found |= _linear("final_layer.linear", 128, width, bias=False)
    return found | _linear("final_layer.adaLN_modulation.1", 2 * width, width, bias=False)


def chroma() -> Layout:
    """The transformer of Chroma: FLUX.1 without modulations, which one small network makes."""
    found = {
        name: shape for name, shape in flux(guided=False).items() if "_mod" not in name and "modulation" not in name
    }
    found = {name: shape for name, shape in found.items() if not name.startswith(("time_in", "vector_in"))}
    guide = "distilled_guidance_layer"
    found |= _linear(f"{guide}.in_proj", 5120, 64) | _linear(f"{guide}.out_proj", 3072, 5120)
    for number in range(5):
        found |= _linear(f"{guide}.layers.{number}.in_layer", 5120, 5120)
        found |= _linear(f"{guide}.layers.{number}.out_layer", 5120, 5120)
        found |= {f"{guide}.norms.{number}.scale": (5120,)}
    return found


def sd3(width: int = 1536, count: int = 24, dual: int = 0, positions: int = 36864, normed: bool = False) -> Layout:
    """The transformer of SD3 and SD3.5."""
    found: Layout = {"pos_embed": (1, positions, width)}
    found |= {"x_embedder.proj.weight": (width, 16, 2, 2), "x_embedder.proj.bias": (width,)}
    found |= _linear("context_embedder", width, 4096)
    for name, inputs in (("t_embedder", 256), ("y_embedder", 2048)):
        found |= _linear(f"{name}.mlp.0", width, inputs) | _linear(f"{name}.mlp.2", width, width)
    for number in range(count):
        for stream in ("x_block", "context_block"):
            block, is_last = f"joint_blocks.{number}.{stream}", stream == "context_block" and number == count - 1
            attentions = ("attn", "attn2") if stream == "x_block" and number < dual else ("attn",)
            for attention in attentions:
                found |= _linear(f"{block}.{attention}.qkv", 3 * width, width)
                found |= {f"{block}.{attention}.{norm}.weight": (64,) for norm in ("ln_q", "ln_k") if normed}
                found |= {} if is_last else _linear(f"{block}.{attention}.proj", width, width)
            if not is_last:
                found |= _linear(f"{block}.mlp.fc1", 4 * width, width) | _linear(f"{block}.mlp.fc2", width, 4 * width)
            factor = 2 if is_last else 9 if len(attentions) == 2 else 6
            found |= _linear(f"{block}.adaLN_modulation.1", factor * width, width)
    found |= _linear("final_layer.linear", 64, width)
    return found | _linear("final_layer.adaLN_modulation.1", 2 * width, width)


def wan(width: int = 5120, inner: int = 13824, count: int = 40, given: int = 16, image: bool = False) -> Layout:
    """The transformer of Wan 2.1, and of Wan 2.2 with other numbers."""
    made = 48 if given == 48 else 16
    found: Layout = {"patch_embedding.weight": (width, given, 1, 2, 2), "patch_embedding.bias": (width,)}
    found |= _linear("text_embedding.0", width, 4096) | _linear("text_embedding.2", width, width)
    found |= _linear("time_embedding.0", width, 256) | _linear("time_embedding.2", width, width)
    found |= _linear("time_projection.1", 6 * width, width)
    for number in range(count):
        block = f"blocks.{number}"
        for attention in ("self_attn", "cross_attn"):
            for part in "qkvo":
                found |= _linear(f"{block}.{attention}.{part}", width, width)
            found |= {f"{block}.{attention}.norm_{part}.weight": (width,) for part in "qk"}
        if image:
            for part in ("k_img", "v_img"):
                found |= _linear(f"{block}.cross_attn.{part}", width, width)
            found |= {f"{block}.cross_attn.norm_k_img.weight": (width,)}
        found |= _norm(f"{block}.norm3", width)
        found |= _linear(f"{block}.ffn.0", inner, width) | _linear(f"{block}.ffn.2", width, inner)
        found |= {f"{block}.modulation": (1, 6, width)}
    if image:
        found |= _norm("img_emb.proj.0", 1280) | _linear("img_emb.proj.1", 1280, 1280)
        found |= _linear("img_emb.proj.3", width, 1280) | _norm("img_emb.proj.4", width)
    return found | _linear("head.head", made * 4, width) | {"head.modulation": (1, 2, width)}


def wan_vae(latents: int = 16) -> Layout:
    """The ends and the middle of Wan's autoencoder, which say which one it is."""
    found: Layout = {
        "conv1.weight": (2 * latents, 2 * latents, 1, 1, 1),
        "conv1.bias": (2 * latents,),
        "conv2.weight": (latents, latents, 1, 1, 1),
        "conv2.bias": (latents,),
        "encoder.conv1.weight": (96, 3, 3, 3, 3),
        "decoder.conv1.weight": (384, latents, 3, 3, 3),
    }
    for side in ("encoder", "decoder"):
        for block in (0, 2):
            found |= {f"{side}.middle.{block}.residual.{part}.gamma": (384, 1, 1, 1) for part in (0, 3)}
            found |= {f"{side}.middle.{block}.residual.{part}.weight": (384, 384, 3, 3, 3) for part in (2, 6)}
    return found


def ltx(diffusers: Layout) -> Layout:
    """The transformer of LTX-Video: diffusers renames five of its parts."""
    names = {"proj_in.": "patchify_proj.", "time_embed.": "adaln_single.", "norm_q.": "q_norm.", "norm_k.": "k_norm."}
    found: Layout = {}
    for name, shape in diffusers.items():
        for new, old in names.items():
            name = name.replace(new, old)
        found[name] = shape
    return found


def z_image(diffusers: Layout) -> Layout:
    """The transformer of Z-Image, which fuses queries, keys and values."""
    found: Layout = {}
    for name, shape in diffusers.items():
        name = name.replace("all_x_embedder.2-1.", "x_embedder.").replace("all_final_layer.2-1.", "final_layer.")
        name = name.replace(".norm_q.", ".q_norm.").replace(".norm_k.", ".k_norm.").replace("to_out.0", "out")
        if ".attention.to_q." in name:
            found[name.replace("to_q", "qkv")] = (3 * shape[0], *shape[1:])
        elif ".attention.to_" not in name:
            found[name] = shape
    return found


def bytes_of(layout: Layout) -> int:
    """What the tensors take in half precision."""
    return sum(2 * math.prod(shape) for shape in layout.values())
