"""Weights as a training would leave them, without one: random, so that every layer has an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pixelflow_widgets.finetuning.results import About

RANK, ALPHA = 4, 3
LAYERS = {
    "unet": [
        *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"),
        *("conv1", "conv2", "time_emb_proj", "conv_shortcut", "downsamplers.0.conv"),
    ],
    "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
    "text_encoder_2": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
}


def pipeline_of(place: Path) -> Any:
    from diffusers import DiffusionPipeline

    from pixelflow_widgets.models.quiet import quiet

    with quiet():
        pipeline = DiffusionPipeline.from_pretrained(place)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def with_lora(place: Path) -> tuple[Any, dict[str, dict[str, Any]]]:
    """A pipeline with a LoRA in UNet and text encoders, and the weights of that as peft names them."""
    import torch
    from peft import LoraConfig, get_peft_model_state_dict

    pipeline, parts = pipeline_of(place), {}
    for part, layers in LAYERS.items():
        module = getattr(pipeline, part, None)
        if module is None:
            continue
        torch.manual_seed(3)
        module.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=layers))
        for name, parameter in module.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.2)
        parts[part] = get_peft_model_state_dict(module)
    return pipeline, parts


def about(base: Path | str, base_model: str, **given: Any) -> About:
    fields: dict[str, Any] = {
        "name": "zorb",
        "method": "lora",
        "base": str(base),
        "base_model": base_model,
        "base_digest": "b" * 64,
        "trigger_words": ("zorb",),
        "rank": RANK,
        "alpha": ALPHA,
        "steps": 120,
        "pictures": 8,
        "dataset_digest": "d" * 64,
        "resolution": 64,
        "licence": "CC0-1.0",
        "date": "2026-11-23T17:00:00+00:00",
        "learning_rate": 1e-3,
        "seed": 7,
        "settings": {"schedule": "cosine", "continue_from": "/home/lovelace/secret/zorb.safetensors"},
    }
    return About(**fields | given)


def picture(pipeline: Any, prompt: str = "a red circle") -> Any:
    """What it paints, as numbers, so that the least difference shows."""
    import torch

    return pipeline(
        prompt,
        num_inference_steps=3,
        width=32,
        height=32,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images[0]


def difference(one: Any, other: Any) -> float:
    return float(np.abs(one - other).max())
