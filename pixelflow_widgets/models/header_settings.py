"""Settings of Stable Diffusion 1.5 and XL, written from a file's header: sizes are read there, the rest is published.

Checkpoints of these families hold weights alone, and everybody's differ in nothing else; so no folder is asked for.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .safetensors_header import Header

Shapes = Mapping[str, tuple[int, ...]]
Config = dict[str, Any]

FAMILIES = ("SD1.5", "SDXL")
_UNET = "model.diffusion_model."
_VAES = ("first_stage_model.", "vae.")
_CLIP = ("cond_stage_model.transformer.text_model.", "conditioner.embedders.0.transformer.text_model.")
_OPEN_CLIP = "conditioner.embedders.1.model."
_MERGES = Path(__file__).parent / "clip" / "merges.txt.gz"
_HEAD = 64
"""Width of a head of attention, where the number of heads is not fixed."""
_NOISE: Config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
_SCALES = {"SD1.5": 0.18215, "SDXL": 0.13025}
_PIXELS = {"SD1.5": 512, "SDXL": 1024}


def settings_from(header: Header, family: str) -> dict[str, Config] | None:
    """Return what a folder of diffusers would say, by the names of its files; None where the header does not tell.

    Args:
        header: Of a checkpoint.
        family: What it was detected as.
    """
    shapes = {name: shape for name, (_, shape) in header.tensors.items()}
    if family not in FAMILIES or f"{_UNET}input_blocks.0.0.weight" not in shapes:
        return None
    is_xl = family == "SDXL"
    parts = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", *(("text_encoder_2", "tokenizer_2") * is_xl))
    found = {"model_index.json": _index(family), "scheduler/scheduler_config.json": _scheduler(header, family)}
    found["unet/config.json"] = _unet(_within(shapes, _UNET), family)
    for part, config in (
        ("vae", vae_config(shapes, family)),
        ("text_encoder", _clip(shapes)),
        ("text_encoder_2", _open_clip(shapes)),
    ):
        if part in parts and config is not None:
            found[f"{part}/config.json"] = config
    return found


def write_settings(settings: Mapping[str, Config], folder: Path) -> None:
    """Write settings as the files of a folder."""
    for name, config in settings.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(config), encoding="utf-8")


def tokenizers(family: str) -> dict[str, Any]:
    """Return the tokenizers of a family by the names of its parts; those of SDXL differ in what fills up."""
    found = {"tokenizer": clip_tokenizer()}
    return found | ({"tokenizer_2": clip_tokenizer("!")} if family == "SDXL" else {})


def clip_tokenizer(pad: str = "<|endoftext|>") -> Any:
    """Return CLIP's tokenizer, of the merges that ship.

    Args:
        pad: The token that fills up.
    """
    from transformers import CLIPTokenizer

    vocabulary, merges = clip_pieces()
    return CLIPTokenizer(vocab=dict(vocabulary), merges=list(merges), model_max_length=77, pad_token=pad)


@functools.cache
def clip_pieces() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return CLIP's vocabulary and merges: 256 bytes, 256 that end a word, what merges make of them, start and end."""
    from tokenizers import pre_tokenizers

    lines = gzip.decompress(_MERGES.read_bytes()).decode("utf-8").splitlines()
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines)]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *(first + second for first, second in merges)]
    return {piece: place for place, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}, merges


def vae_config(shapes: Shapes, family: str) -> Config | None:
    """Return the settings of a file's autoencoder in its makers' layout, or None where it has none.

    Args:
        shapes: Of the file; the autoencoder may be all of it.
        family: For which the autoencoder is; says how its latents are scaled.
    """
    prefix = next((start for start in (*_VAES, "") if f"{start}encoder.conv_in.weight" in shapes), None)
    own = _within(shapes, prefix or "")
    if f"{prefix}encoder.down.0.block.0.conv1.weight" not in shapes:
        return None
    levels = 1 + max(int(found[1]) for name in own if (found := re.match(r"encoder\.down\.(\d+)\.", name)))
    layers = sum(bool(re.fullmatch(r"encoder\.down\.0\.block\.\d+\.conv1\.weight", name)) for name in own)
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": [own[f"encoder.down.{level}.block.0.conv1.weight"][0] for level in range(levels)],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": layers,
        "latent_channels": own["decoder.conv_in.weight"][1],
        "sample_size": _PIXELS.get(family, 512),
        "scaling_factor": _SCALES.get(family, _SCALES["SD1.5"]),
    }


def _within(shapes: Shapes, prefix: str) -> Shapes:
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


def _index(family: str) -> Config:
    found: Config = {
        "scheduler": ["diffusers", "EulerDiscreteScheduler" if family == "SDXL" else "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if family == "SDXL":
        found["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        found["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
        return {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True, **found}
    without = {name: [None, None] for name in ("safety_checker", "feature_extractor", "image_encoder")}
    return {"_class_name": "StableDiffusionPipeline", "requires_safety_checker": False, **found, **without}


def _scheduler(header: Header, family: str) -> Config:
    """Return the published schedule; a maker who trained it otherwise says so in a tensor or in words."""
    is_velocity = "v_pred" in header.tensors or header.metadata.get("modelspec.prediction_type", "").startswith("v")
    found: Config = {**_NOISE, "prediction_type": "v_prediction" if is_velocity else "epsilon"}
    if family == "SDXL":
        found |= {"timestep_spacing": "leading", "rescale_betas_zero_snr": "ztsnr" in header.tensors}
        return {"_class_name": "EulerDiscreteScheduler", **found}
    return {"_class_name": "PNDMScheduler", **found, "skip_prk_steps": True, "set_alpha_to_one": False}


def _unet(own: Shapes, family: str) -> Config:
    """Return the settings of a UNet: its levels are what lies between two steps down."""
    levels: list[list[tuple[int, int]]] = [[]]
    for number in itertools.count(1):
        if f"input_blocks.{number}.0.op.weight" in own:
            levels.append([])
            continue
        made = own.get(f"input_blocks.{number}.0.in_layers.2.weight")
        if made is None:
            break
        levels[-1].append((made[0], _depth(own, f"input_blocks.{number}.1")))
    widths, depths = [level[0][0] for level in levels], [level[0][1] for level in levels]
    cross = next(shape[1] for name, shape in own.items() if name.endswith(".attn2.to_k.weight"))
    is_linear = len(own["middle_block.1.proj_in.weight"]) == 2
    found: Config = {
        "_class_name": "UNet2DConditionModel",
        "in_channels": own["input_blocks.0.0.weight"][1],
        "block_out_channels": widths,
        "layers_per_block": len(levels[0]),
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)],
        "transformer_layers_per_block": [max(depth, 1) for depth in depths],
        "attention_head_dim": [width // _HEAD for width in widths] if family == "SDXL" else 8,
        "cross_attention_dim": cross,
        "use_linear_projection": is_linear,
        "sample_size": _PIXELS[family] // 8,
    }
    if family == "SDXL":
        added = own["label_emb.0.0.weight"][1]
        found |= {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}
        found["projection_class_embeddings_input_dim"] = added
    return found


def _depth(own: Shapes, name: str) -> int:
    """Return how many blocks an attention is deep."""
    return next(n for n in itertools.count() if f"{name}.transformer_blocks.{n}.norm1.weight" not in own)


def _clip(shapes: Shapes) -> Config | None:
    """Return the settings of OpenAI's text encoder, or None where the file has none."""
    prefix = next((start for start in _CLIP if f"{start}embeddings.token_embedding.weight" in shapes), None)
    if prefix is None:
        return None
    own = _within(shapes, prefix)
    count = _layers(own, "encoder.layers.{}.layer_norm1.weight")
    inner = own["encoder.layers.0.mlp.fc1.weight"][0]
    vocabulary, width = own["embeddings.token_embedding.weight"]
    return _text_config("CLIPTextModel", vocabulary, width, inner, count, "quick_gelu") | {"projection_dim": 768}


def _open_clip(shapes: Shapes) -> Config | None:
    """Return the settings of OpenCLIP's text encoder, the second of SDXL, or None where the file has none."""
    own = _within(shapes, _OPEN_CLIP)
    if "token_embedding.weight" not in own:
        return None
    count = _layers(own, "transformer.resblocks.{}.ln_1.weight")
    inner = own["transformer.resblocks.0.mlp.c_fc.weight"][0]
    vocabulary, width = own["token_embedding.weight"]
    found = _text_config("CLIPTextModelWithProjection", vocabulary, width, inner, count, "gelu")
    return found | {"projection_dim": own["text_projection"][1]}


def _layers(own: Shapes, name: str) -> int:
    return next(number for number in itertools.count() if name.format(number) not in own)


def _text_config(kind: str, vocabulary: int, width: int, inner: int, count: int, activation: str) -> Config:
    return {
        "architectures": [kind],
        "model_type": "clip_text_model",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": count,
        "num_attention_heads": width // _HEAD,
        "hidden_act": activation,
        "max_position_embeddings": 77,
        # Published configurations name 2, by which the highest token ends a text: a learnt word has a higher one.
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": 1,
    }
