"""Embeddings, IP-Adapters, motion modules, control LoRAs and small decoders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pixelflow_widgets.models.detecting import detect

from ..layouts import Layout, adapters, write
from ..layouts import originals as makers
from ..layouts.diffusers_models import layout

TAESD = {"1.weight": (64, 4, 3, 3), "1.bias": (64,), "3.conv.0.weight": (64, 64, 3, 3)}
TAEF1 = {**TAESD, "1.weight": (64, 16, 3, 3)}
TAESD_ENCODER = {"0.weight": (64, 3, 3, 3), "0.bias": (64,), "1.conv.0.weight": (64, 64, 3, 3)}

# Name → (layout, kind, base model, variant)
PARTS: dict[str, tuple[Callable[[], Layout], str, str, str]] = {
    "embedding of SD1.5 as AUTOMATIC1111 saves it": (lambda: {"emb_params": (8, 768)}, "embedding", "SD1.5", ""),
    "embedding of SD1.5, converted": (
        lambda: {"string_to_param.265": (2, 768), "string_to_token.265": (), "step": ()},
        *("embedding", "SD1.5", ""),
    ),
    "embedding of SD1.5 by diffusers": (lambda: {"<cat-toy>": (768,)}, "embedding", "SD1.5", ""),
    "embedding of SD2": (lambda: {"emb_params": (4, 1024)}, "embedding", "SD2", ""),
    "embedding of SDXL": (lambda: {"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "SDXL", ""),
    "embedding of an odd width": (lambda: {"emb_params": (4, 96)}, "embedding", "", ""),
    "IP-Adapter of SD1.5": (lambda: adapters.ip_adapter(layout("sd15"), 768), "ip_adapter", "SD1.5", ""),
    "IP-Adapter of SDXL": (lambda: adapters.ip_adapter(layout("sdxl"), 2048, 1280), "ip_adapter", "SDXL", ""),
    "IP-Adapter with a LoRA for faces": (
        lambda: adapters.ip_adapter(layout("sd15"), 768, face=True),
        *("ip_adapter", "SD1.5", ""),
    ),
    "IP-Adapter of FLUX.1": (adapters.flux_ip_adapter, "ip_adapter", "FLUX.1", ""),
    "motion of SD1.5 as AnimateDiff names it": (
        lambda: adapters.original_motion(layout("motion sd15")),
        *("motion", "SD1.5", ""),
    ),
    "motion of SDXL as AnimateDiff names it": (
        lambda: adapters.original_motion(layout("motion sdxl")),
        *("motion", "SDXL", ""),
    ),
    "control LoRA of SDXL": (
        lambda: adapters.control_lora(makers.controlnet(**makers.XL)),
        *("controlnet", "SDXL", "control-lora"),
    ),
    "control LoRA of SD1.5": (
        lambda: adapters.control_lora(makers.controlnet()),
        "controlnet",
        "SD1.5",
        "control-lora",
    ),
    "FLUX.1 control by XLabs": (
        lambda: {
            "controlnet_blocks.0.weight": (3072, 3072),
            "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
            "input_hint_block.0.weight": (16, 3, 3, 3),
            "pos_embed_input.weight": (3072, 64),
        },
        *("controlnet", "FLUX.1", ""),
    ),
    "T2I-Adapter": (
        lambda: {
            "adapter.conv_in.weight": (320, 192, 3, 3),
            "adapter.body.0.resnets.0.block1.weight": (320, 320, 3, 3),
        },
        *("unknown", "", "a T2I-Adapter"),
    ),
    "small decoder": (lambda: TAESD, "vae", "", "tiny decoder"),
    "small decoder of 16": (lambda: TAEF1, "vae", "", "tiny decoder"),
    "small encoder": (lambda: TAESD_ENCODER, "vae", "", "tiny encoder"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_told(name: str, tmp_path: Path) -> None:
    make, *wanted = PARTS[name]
    found = detect(write(tmp_path / "part.safetensors", make(), dtype="F32"))
    assert [found.kind, found.base_model, found.variant] == wanted and found.reason.endswith(".")


def test_small_decoders_are_for_those_that_share_the_latents(tmp_path: Path) -> None:
    four = detect(write(tmp_path / "4.safetensors", TAESD)).candidates
    sixteen = detect(write(tmp_path / "16.safetensors", TAEF1)).candidates
    assert four == ("SD1.5", "SD2", "SDXL") and {"FLUX.1", "SD3"} < set(sixteen)


def test_an_embedding_counts_its_vectors(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "one.safetensors", {"<cat>": (768,)})).layers == 1
    assert detect(write(tmp_path / "many.safetensors", {"clip_l": (3, 768), "clip_g": (3, 1280)})).layers == 6


def test_a_single_matrix_is_no_embedding(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a.safetensors", {"head.weight": (768, 768)})).kind == "unknown"
    assert detect(write(tmp_path / "b.safetensors", {"<x>": (4, 4, 768)})).kind == "unknown"
    assert detect(write(tmp_path / "c.safetensors", {"mean": (768,), "std": (768,)})).kind == "unknown"
