"""What is found out about a file of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["model", "lora", "controlnet", "vae", "embedding", "ip_adapter", "motion", "text_encoder", "unknown"]


@dataclass(frozen=True)
class Detected:
    """Is what a file or folder of weights is, as far as its names and shapes tell.

    Args:
        path: The file or folder.
        kind: What it is for; "unknown" where nothing known here looks like it.
        base_model: Family that it is, or was made for; "" where the headers leave it open.
        candidates: The families that it may be for, where that is more than one; `base_model` is among them where the
            others have the very same layers.
        format: Who writes such names: "original" (the makers of the model), "diffusers", "transformers", "kohya",
            "peft" …
        variant: What is special about it: "inpaint", "LoHa", "DoRA", "dev" …
        parts: Of a whole model, what the file holds: "unet", "vae", "text_encoder" …
        rank: Of a LoRA; the most common one of its layers.
        alpha: Of a LoRA, where it says it; the scale is alpha / rank.
        layers: Of an adapter, how many layers it changes; of an embedding, how many vectors it has.
        trigger_words: What calls it in a prompt, where its maker says it.
        resolution: Width and height in pixels that it was trained on, where its maker says it.
        megabytes: Size of the weights.
        shapes: Of an adapter, folded name of each layer in diffusers' layout → (outputs, inputs); `base_shapes` gives
            the same of a base model. Layers whose name there is not known are left out.
        reason: Why this was concluded, or why nothing was; a sentence.
    """

    path: Path
    kind: Kind
    base_model: str = ""
    candidates: tuple[str, ...] = ()
    format: str = ""
    variant: str = ""
    parts: tuple[str, ...] = ()
    rank: int | None = None
    alpha: float | None = None
    layers: int = 0
    trigger_words: tuple[str, ...] = ()
    resolution: tuple[int, int] | None = None
    megabytes: float = 0.0
    shapes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    reason: str = ""
