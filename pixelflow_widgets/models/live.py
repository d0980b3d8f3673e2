"""Pipelines that a notebook holds itself: what is known of them, and what tells that one was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..media import Model
from ..media.values import LIVE, live_object
from .families import family_of_pipeline


def is_live(model: Model | str) -> bool:
    """Return whether a model is an object of this process."""
    return (model if isinstance(model, str) else model.source).startswith(LIVE)


def pipeline_behind(model: Model) -> Any:
    """Return the pipeline that `Model.from_object` was given.

    Raises:
        ModelError: It is gone, or belongs to another kernel.
    """
    pipeline = live_object(model.source)
    if pipeline is None:
        kind = model.source.removeprefix(LIVE).rpartition("-")[0]
        raise ModelError(
            f"The {kind} behind '{model.source}' is not in this kernel any more. Keep it in a variable, make a handle "
            "with pf.Model.from_object(pipeline), and set that as the model."
        )
    return pipeline


def folder_behind(pipeline: Any) -> Path | None:
    """Return the folder that a pipeline was loaded from, if it is one on this machine."""
    source = getattr(getattr(pipeline, "config", None), "_name_or_path", None)
    folder = Path(source) if isinstance(source, str | Path) and source else None
    return folder if folder and (folder / "model_index.json").is_file() else None


def family_of(pipeline: Any) -> str:
    """Return the base model of a pipeline, by its class and shapes; the name of the class where that is not known."""
    name = type(pipeline).__name__
    denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    known = family_of_pipeline(name, getattr(denoiser, "config", None))
    return known.name if known else name


def size_of(pipeline: Any) -> int:
    """Return how many bytes its weights take."""
    return sum(tensor.nbytes for module in _modules(pipeline).values() for tensor in module.parameters())


def state_of(pipeline: Any) -> str:
    """Return text that changes with what somebody does to a pipeline: other parts or settings, adapters, training.

    Weights are told by how often each was written to, not read: this is asked before each run.
    """
    told = []
    for name, part in sorted(pipeline.components.items()):
        told.append(f"{name}: {type(part).__name__} {id(part)} {getattr(part, 'config', '')}")
    for name, module in sorted(_modules(pipeline).items()):
        count, versions, kinds = 0, 0, set()
        for tensor in module.parameters():
            count += 1
            versions += 0 if tensor.is_inference() else tensor._version
            kinds.add(str(tensor.dtype))
        told.append(f"{name}: {count} {versions} {sorted(kinds)}")
        if getattr(module, "peft_config", None):
            adapted = (layer for layer in module.modules() if hasattr(layer, "lora_A"))
            told += [f"{layer.active_adapters} {layer.scaling}" for layer in adapted]
    return "\n".join(told)


def _modules(pipeline: Any) -> dict[str, Any]:
    return {name: part for name, part in pipeline.components.items() if hasattr(part, "parameters")}
