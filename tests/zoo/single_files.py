"""Checkpoints in one file, as the community shares them: weights of the zoo under the names of their makers.

The names are written by hand, the other way round than diffusers reads them: what comes back is what went in. All are
in half precision, as most that are shared. Read in full precision they lie at even places in memory, which those of a
file that is mapped do not, and where numbers lie decides how sums are rounded.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import Zoo, animal, enliven
from .adapters import controlnet_sd15
from .diffusion import autoencoder, noise_schedule, sd15, t5_encoder, text_encoder
from .tokenizers import clip_tokenizer, t5_tokenizer

Weights = dict[str, Any]


@animal
def sd15_half(folder: Path, zoo: Zoo) -> None:
    """Stable Diffusion 1.5 in half precision."""
    from diffusers import StableDiffusionPipeline

    sd15(folder, zoo)
    _half(StableDiffusionPipeline.from_pretrained(folder), folder)


@animal
def sd15_checkpoint(folder: Path, zoo: Zoo) -> Path:
    """The same in its makers' layout; the folder `tuned` beside it has its settings and no weights."""
    return _save(folder, zoo("sd15_half"), _sd15(zoo("sd15_half")), has_settings=True)


@animal
def sdxl_uneven(folder: Path, zoo: Zoo) -> None:
    """Stable Diffusion XL with a second text encoder that is wider than the first, as the true one is."""
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextModelWithProjection

    config = dict(UNet2DConditionModel.load_config(zoo("sdxl") / "unet"))
    first, second = clip_tokenizer(), clip_tokenizer(pad="!")
    sizes = {"layers_per_block": 2, "cross_attention_dim": 32 + 64, "projection_class_embeddings_input_dim": 6 * 8 + 64}
    made = StableDiffusionXLPipeline(
        vae=autoencoder(scaling_factor=0.13025),
        text_encoder=text_encoder(first),
        text_encoder_2=text_encoder(second, width=64, kind=CLIPTextModelWithProjection),
        tokenizer=first,
        tokenizer_2=second,
        unet=enliven(UNet2DConditionModel.from_config({**config, **sizes})),
        scheduler=noise_schedule("EulerDiscreteScheduler", timestep_spacing="leading"),
    )
    _half(made, folder)


@animal
def sdxl_checkpoint(folder: Path, zoo: Zoo) -> Path:
    """Stable Diffusion XL in its makers' layout, with its settings beside it."""
    base = zoo("sdxl_uneven")
    return _save(folder, base, _sdxl(base), has_settings=True)


@animal
def sd3_uneven(folder: Path, zoo: Zoo) -> None:
    """Stable Diffusion 3.5 with text encoders of three widths; diffusers reads that the first projects onto itself."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
    from transformers import CLIPTextModelWithProjection

    config = dict(SD3Transformer2DModel.load_config(zoo("sd3") / "transformer"))
    sizes = {"joint_attention_dim": 32 + 64, "pooled_projection_dim": 32 + 64}
    tokenizer, t5 = clip_tokenizer(), t5_tokenizer()
    first = text_encoder(tokenizer, kind=CLIPTextModelWithProjection)
    first.text_projection.weight.data = torch.eye(32)
    made = StableDiffusion3Pipeline(
        transformer=enliven(SD3Transformer2DModel.from_config({**config, **sizes})),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(channels=16, scaling_factor=1.5305, shift_factor=0.0609, quantises=False),
        text_encoder=first,
        tokenizer=tokenizer,
        text_encoder_2=text_encoder(tokenizer, width=64, kind=CLIPTextModelWithProjection),
        tokenizer_2=tokenizer,
        text_encoder_3=t5_encoder(t5, width=96),
        tokenizer_3=t5,
    )
    _half(made, folder)


@animal
def sd3_checkpoint(folder: Path, zoo: Zoo) -> Path:
    """Stable Diffusion 3.5 with its three text encoders in one file, with its settings beside it."""
    base = zoo("sd3_uneven")
    return _save(folder, base, _sd3(base), has_settings=True)


@animal
def sd3_checkpoint_without_t5(folder: Path, zoo: Zoo) -> Path:
    """The same without T5, as the smaller file that its makers share."""
    base = zoo("sd3_uneven")
    found = {name: tensor for name, tensor in _sd3(base).items() if "t5xxl" not in name}
    return _save(folder, base, found, has_settings=True)


@animal
def sd15_wide(folder: Path, _: Zoo) -> None:
    """Stable Diffusion 1.5 as wide as the true one and hardly deep, with the true tokenizer: its header tells all."""
    from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from pixelflow_widgets.models.header_settings import clip_tokenizer as true_tokenizer

    words = {
        "vocab_size": 49408,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
        "hidden_act": "quick_gelu",
    }
    width = {
        "hidden_size": 768,
        "intermediate_size": 768,
        "num_attention_heads": 12,
        "projection_dim": 768,
    }
    one_level = {
        "down_block_types": ("CrossAttnDownBlock2D",),
        "up_block_types": ("CrossAttnUpBlock2D",),
    }
    levels = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }
    made = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(32,) * 4, layers_per_block=1, latent_channels=4, **levels),
        text_encoder=CLIPTextModel(CLIPTextConfig(num_hidden_layers=1, **words, **width)),
        tokenizer=true_tokenizer(),
        unet=UNet2DConditionModel(
            sample_size=64,
            block_out_channels=(320,),
            layers_per_block=1,
            cross_attention_dim=768,
            attention_head_dim=8,
            **one_level,
        ),
        scheduler=noise_schedule("PNDMScheduler", skip_prk_steps=True),
        safety_checker=None,  # type: ignore[arg-type]
        feature_extractor=None,  # type: ignore[arg-type]
        requires_safety_checker=False,
    )
    _half(made, folder)


@animal
def sd15_wide_checkpoint(folder: Path, zoo: Zoo) -> Path:
    """The same in its makers' layout, and nothing beside it."""
    return _save(folder, zoo("sd15_wide"), _sd15(zoo("sd15_wide")))


@animal
def sd15_unet_alone(folder: Path, zoo: Zoo) -> Path:
    """The denoiser of Stable Diffusion 1.5 without the rest, beside a whole folder of the same family."""
    base = zoo("sd15_half")
    path = _save(folder, base, _within("model.diffusion_model.", _unet(weights(base, "unet"))))
    shutil.copytree(base, path.with_suffix(""))
    return path


@animal
def sd15_without_vae(folder: Path, zoo: Zoo) -> Path:
    """Stable Diffusion 1.5 in its makers' layout, whose autoencoder is shared by itself; true sizes, no settings."""
    found = _sd15(zoo("sd15_wide"))
    return _save(folder, zoo("sd15_wide"), {name: found[name] for name in found if "first_stage" not in name})


@animal
def vae_file_wide(folder: Path, zoo: Zoo) -> Path:
    """The autoencoder that goes with it."""
    return _save(folder, zoo("sd15_wide"), _vae(weights(zoo("sd15_wide"), "vae")))


@animal
def vae_file_sd15(folder: Path, zoo: Zoo) -> Path:
    """The autoencoder of another Stable Diffusion 1.5 in its makers' layout."""
    base = zoo("sd15_half_other")
    return _save(folder, base, _vae(weights(base, "vae")))


@animal
def controlnet_half(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for SD1.5 in half precision."""
    from diffusers import ControlNetModel

    controlnet_sd15(folder, zoo)
    _half(ControlNetModel.from_pretrained(folder), folder)


@animal
def controlnet_file_sd15(folder: Path, zoo: Zoo) -> Path:
    """The same as its inventors save theirs."""
    base = zoo("controlnet_half")
    return _save(folder, base, _controlnet(weights(base, "")))


def _half(model: Any, folder: Path) -> None:
    import torch

    model.to(dtype=torch.float16).save_pretrained(folder)


def _save(folder: Path, base: Path, tensors: Mapping[str, Any], has_settings: bool = False) -> Path:
    from safetensors.torch import save_file

    path = folder / "tuned.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    if has_settings:
        shutil.copytree(base, path.with_suffix(""), ignore=shutil.ignore_patterns("*.safetensors"))
    return path


def weights(folder: Path, part: str) -> Weights:
    """The tensors of one part of a folder."""
    from safetensors.torch import load_file

    return {name: tensor for path in (folder / part).glob("*.safetensors") for name, tensor in load_file(path).items()}


def _within(prefix: str, tensors: Weights) -> Weights:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _sd15(base: Path) -> Weights:
    found = _within("model.diffusion_model.", _unet(weights(base, "unet")))
    found |= _within("first_stage_model.", _vae(weights(base, "vae")))
    return found | _within("cond_stage_model.transformer.", _clip(weights(base, "text_encoder")))


def _sdxl(base: Path) -> Weights:
    found = _within("model.diffusion_model.", _unet(weights(base, "unet")))
    found |= _within("first_stage_model.", _vae(weights(base, "vae")))
    found |= _within("conditioner.embedders.0.transformer.", _clip(weights(base, "text_encoder")))
    return found | _within("conditioner.embedders.1.model.", _open_clip(weights(base, "text_encoder_2")))


def _sd3(base: Path) -> Weights:
    found = _within("model.diffusion_model.", _mmdit(weights(base, "transformer")))
    found |= _within("first_stage_model.", _vae(weights(base, "vae")))
    for part, name in (("text_encoder", "clip_l"), ("text_encoder_2", "clip_g"), ("text_encoder_3", "t5xxl")):
        found |= _within(f"text_encoders.{name}.transformer.", weights(base, part))
    return found


_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.resnets.1": "middle_block.2",
    "mid_block.attentions.0": "middle_block.1",
}


def _renamed(name: str, names: Mapping[str, str]) -> str:
    """A name whose beginning stands in a table."""
    start = next((start for start in names if name.startswith(start + ".")), "")
    return names[start] + name.removeprefix(start) if start else name


def _unet(tensors: Weights) -> Weights:
    """The UNet of Stable Diffusion: a level is one number after the other, its step down or up the last."""
    count = 1 + max(int(found[1]) for name in tensors if (found := re.match(r"down_blocks\.0\.resnets\.(\d+)", name)))
    return {_unet_name(name, count, tensors): tensor for name, tensor in tensors.items()}


def _unet_name(name: str, count: int, tensors: Weights) -> str:
    found = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)", name)
    if found is None:
        name = _renamed(name, _ENDS)
        start, _, rest = name.partition(".")
        number, _, own = rest.partition(".")
        return f"{start}.{number}.{_renamed(own, _RESNET)}" if start == "middle_block" and number != "1" else name
    side, level, kind, place, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    first = level * (count + 1) + (side == "down")
    blocks = "input_blocks" if side == "down" else "output_blocks"
    if kind == "downsamplers":
        return f"{blocks}.{first + count}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        is_attentive = any(each.startswith(f"up_blocks.{level}.attentions.") for each in tensors)
        return f"{blocks}.{first + count}.{2 if is_attentive else 1}.{rest}"
    own = _renamed(rest, _RESNET) if kind == "resnets" else rest
    return f"{blocks}.{first + place}.{0 if kind == 'resnets' else 1}.{own}"


def _vae(tensors: Weights) -> Weights:
    """An autoencoder; the decoder counts its levels from the picture's side, and its attention is of convolutions."""
    top = max(int(found[1]) for name in tensors if (found := re.match(r"encoder\.down_blocks\.(\d+)", name)))
    names: Weights = {}
    for name, tensor in tensors.items():
        name = re.sub(r"down_blocks\.(\d+)", r"down.\1", name)
        name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{top - int(found[1])}", name)
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
        name = re.sub(r"(up|down)samplers\.0", r"\1sample", name.replace("resnets", "block"))
        name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0" in name:
            name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
            name = re.sub(r"to_out\.0", "proj_out", re.sub(r"to_([qkv])", r"\1", name))
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        names[name] = tensor
    return names


def _clip(tensors: Weights) -> Weights:
    import torch

    named = {f"text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in tensors.items()}
    return {**named, "text_model.embeddings.position_ids": torch.arange(77)[None]}


_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def _open_clip(tensors: Weights) -> Weights:
    """OpenCLIP's text encoder: queries, keys and values are one matrix, and the projection is turned."""
    import torch

    own = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    found: Weights = {
        "positional_embedding": own.pop("embeddings.position_embedding.weight"),
        "token_embedding.weight": own.pop("embeddings.token_embedding.weight"),
        "text_projection": own.pop("text_projection.weight").T,
        "logit_scale": torch.tensor(4.6),
    }
    for end in ("weight", "bias"):
        found[f"ln_final.{end}"] = own.pop(f"final_layer_norm.{end}")
    for name in [name for name in own if "q_proj" in name]:
        fused = torch.cat([own.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"])
        end = name.rpartition(".")[2]
        number = name.split(".")[2]
        found[f"transformer.resblocks.{number}.attn.in_proj_{end}"] = fused
    for name, tensor in own.items():
        number, _, rest = name.removeprefix("encoder.layers.").partition(".")
        found[f"transformer.resblocks.{number}.{_renamed(rest, _OPEN_CLIP)}"] = tensor
    return found


_MMDIT = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
_MMDIT_BLOCK = {
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn2.to_out.0": "x_block.attn2.proj",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
}


def _mmdit(tensors: Weights) -> Weights:
    """The transformer of SD3: fused queries, keys and values; shift comes before scale."""
    import torch

    own, found = dict(tensors), {}
    last = max(int(name.split(".")[1]) for name in own if name.startswith("transformer_blocks."))
    for name in [name for name in own if re.search(r"\.(to_q|add_q_proj)\.", name)]:
        _, number, attention, part, end = name.split(".")
        parts = (name.replace("to_q", f"to_{each}").replace("add_q_", f"add_{each}_") for each in "qkv")
        stream = "x_block" if part == "to_q" else "context_block"
        fused = torch.cat([own.pop(each) for each in list(parts)])
        found[f"joint_blocks.{number}.{stream}.{attention}.qkv.{end}"] = fused
    for name, tensor in own.items():
        if name.startswith(("norm_out.", f"transformer_blocks.{last}.norm1_context.")):
            tensor = torch.cat(list(reversed(tensor.chunk(2))))
        if name.startswith("transformer_blocks."):
            _, number, rest = name.split(".", 2)
            found[f"joint_blocks.{number}.{_renamed(rest, _MMDIT_BLOCK)}"] = tensor
        else:
            found[_MMDIT.get(name) or _renamed(name, _MMDIT)] = tensor
    return found


def _controlnet(tensors: Weights) -> Weights:
    """A ControlNet: the way down of a UNet, the hint's way in, convolutions of nothing."""
    down = {name: tensor for name, tensor in tensors.items() if not name.startswith("controlnet_")}
    found = _unet(down)
    for name, tensor in tensors.items():
        place = [int(number) for number in re.findall(r"\d+", name.rpartition(".")[0])]
        end = name.rpartition(".")[2]
        if name.startswith("controlnet_down_blocks."):
            found[f"zero_convs.{place[0]}.0.{end}"] = tensor
        elif name.startswith("controlnet_mid_block."):
            found[f"middle_block_out.0.{end}"] = tensor
        elif name.startswith("controlnet_cond_embedding."):
            found[f"input_hint_block.{_hint(name, place, tensors)}.{end}"] = tensor
    return found


def _hint(name: str, place: Sequence[int], tensors: Weights) -> int:
    count = sum(each.startswith("controlnet_cond_embedding.blocks.") for each in tensors) // 2
    if "conv_in" in name:
        return 0
    return 2 * (count + 1) if "conv_out" in name else 2 * (place[0] + 1)
