"""LoRAs as files: by the names of diffusers, and by those of kohya's scripts, which most other tools read.

In both, layers of a UNet bear diffusers' names. kohya's scripts themselves name those of SDXL after its makers' blocks,
which are counted differently for each depth of a UNet; tools that read one kind read the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import ModelError
from .about import About
from .writing import write_tensors

Parts = Mapping[str, Mapping[str, Any]]
"""Part of a pipeline ("unet", "text_encoder", "text_encoder_2") → the weights of its LoRA as peft names them."""

_TEXT = "text_model."
"""What the field writes before the layers of a text encoder, though newer transformers has left it out in one class."""
_WITH_ONE = ("SD1.5", "SD2")
"""Families with one text encoder, which kohya's scripts do not number."""
_ROLES = {"lora_A": "lora_down", "lora_B": "lora_up"}


def write_lora(path: Path | str, parts: Parts, about: About) -> Path:
    """Write a LoRA as diffusers saves one; `load_lora_weights` reads it, and its scale.

    Args:
        path: Where; what stands there is replaced.
        parts: The weights.
        about: Says how they came about; its rank and alpha are theirs.

    Raises:
        ModelError: The weights are none, or not of the rank that is said.
    """
    tensors: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    rank, alpha = _scale(parts, about)
    for part, weights in parts.items():
        layers = set()
        for layer, role, tensor in _layers(part, weights):
            tensors[f"{part}.{layer}.{role}.weight"] = tensor
            layers.add(layer.removeprefix(_TEXT))  # peft takes names by their ends, so it finds them with it, too
        own = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "target_modules": sorted(layers)}
        settings |= {f"{part}.{name}": value for name, value in own.items()}
    header = about.header() | {"lora_adapter_metadata": json.dumps(settings, sort_keys=True)}
    return write_tensors(Path(path), tensors, header)


def write_kohya(path: Path | str, parts: Parts, about: About) -> Path:
    """Write a LoRA as kohya's scripts name it, with the alpha beside each layer.

    Args:
        path: Where; what stands there is replaced.
        parts: The weights.
        about: Says how they came about; its rank and alpha are theirs.

    Raises:
        ModelError: The weights are none, or not of the rank that is said.
    """
    import torch

    _, alpha = _scale(parts, about)
    has_two = about.base_model not in _WITH_ONE
    starts = {"unet": "lora_unet", "text_encoder": "lora_te1" if has_two else "lora_te", "text_encoder_2": "lora_te2"}
    tensors: dict[str, Any] = {}
    for part, weights in parts.items():
        for layer, role, tensor in _layers(part, weights):
            name = f"{starts[part]}_{layer.replace('.', '_')}"
            tensors[f"{name}.{_ROLES[role]}.weight"] = tensor
            tensors[f"{name}.alpha"] = torch.tensor(alpha, dtype=tensor.dtype)
    return write_tensors(Path(path), tensors, about.header())


def _layers(part: str, weights: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield (layer, "lora_A" or "lora_B", tensor) of a part, layers under the names of the field."""
    for name, tensor in weights.items():
        layer, _, role = name.removesuffix(".weight").rpartition(".")
        if role not in _ROLES or not name.endswith(".weight"):
            raise ModelError(f"'{name}' of the {part} is no weight of a LoRA as peft names them: ….lora_A.weight.")
        is_bare = part.startswith("text_encoder") and not layer.startswith(_TEXT)
        yield f"{_TEXT}{layer}" if is_bare else layer, role, tensor


def _scale(parts: Parts, about: About) -> tuple[int, float]:
    """Return (rank, alpha) of a LoRA, after all of its layers were found to have that rank."""
    ranks = {tensor.shape[0] for weights in parts.values() for name, tensor in weights.items() if ".lora_A." in name}
    if not ranks:
        raise ModelError(f"The LoRA '{about.name}' holds no layers, so there is nothing to write.")
    if about.rank is None or about.alpha is None or ranks != {about.rank}:
        told = "no rank and alpha" if about.rank is None or about.alpha is None else f"rank {about.rank}"
        has = " and ".join(map(str, sorted(ranks)))
        raise ModelError(
            f"The LoRA '{about.name}' is said to have {told}; its layers have rank {has}. Say it as it is."
        )
    return about.rank, float(about.alpha)
