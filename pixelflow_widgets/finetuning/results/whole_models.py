"""A whole model that was taught, as a folder that diffusers loads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from ...models.loras import without_adapters
from ...models.taught import MODEL_WEIGHTS
from .about import About
from .writing import write_tensors

_ONE_FILE = "1000GB"


def write_model(folder: Path | str, pipeline: Any, about: About) -> Path:
    """Write a pipeline as a folder of its own.

    Every part is written, those too that training left as they were: links to the base would be broken by its removal
    and lost on the way to another machine.

    Args:
        folder: Where; what stands there is replaced.
        pipeline: The model, taught.
        about: Says how it came about; the header of the UNet's file tells it.
    """
    from safetensors.torch import load_file

    folder = Path(folder)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    parts = {name: part for name, part in pipeline.components.items() if hasattr(part, "peft_config")}
    try:
        # LoRAs that others laid beside the weights for their own use are none of this model's.
        pipeline.register_modules(**{name: without_adapters(part) for name, part in parts.items()})
        pipeline.save_pretrained(unfinished, safe_serialization=True, max_shard_size=_ONE_FILE)
        write_tensors(unfinished / MODEL_WEIGHTS, load_file(unfinished / MODEL_WEIGHTS), about.header())
        shutil.rmtree(folder, ignore_errors=True)  # a folder takes the place of an empty one only
        os.replace(unfinished, folder)
    finally:
        pipeline.register_modules(**parts)
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder
