"""Which class of diffusers a script names: known before a model is on this machine, by its family."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...media import Model
from ..cards import card_of, described
from ..components import component_class
from ..families import FAMILIES
from ..files import index_of
from ..fitting import ground_of
from ..tasks import MOTION, PIPELINES, RELATED
from ..weights import place_of

REGULAR = ("StableDiffusion", "StableDiffusionXL", "StableDiffusion3", "Flux", "QwenImage", "ZImage")
"""How the names of classes begin whose ends tell the task."""
_ENDINGS = {
    "AutoPipelineForText2Image": "",
    "AutoPipelineForImage2Image": "Img2Img",
    "AutoPipelineForInpainting": "Inpaint",
}
TABLES = {
    "AutoPipelineForText2Image": "AUTO_TEXT2IMAGE_PIPELINES_MAPPING",
    "AutoPipelineForImage2Image": "AUTO_IMAGE2IMAGE_PIPELINES_MAPPING",
    "AutoPipelineForInpainting": "AUTO_INPAINT_PIPELINES_MAPPING",
}
_COMPONENTS = {
    "controlnet": {
        "SD3": "SD3ControlNetModel",
        "FLUX.1": "FluxControlNetModel",
        "Qwen-Image": "QwenImageControlNetModel",
        "Z-Image": "ZImageControlNetModel",
        "HunyuanDiT": "HunyuanDiT2DControlNetModel",
        "": "ControlNetModel",
    },
    "vae": {"Qwen-Image": "AutoencoderKLQwenImage", "FLUX.2": "AutoencoderKLFlux2", "": "AutoencoderKL"},
    "motion": {"": "MotionAdapter"},
}
"""Kind of a part → family → its class where its files are not here; "" is every other family."""


def family_of_model(model: Model) -> str:
    """Return the base model of a handle, be it here or not."""
    try:
        return ground_of(model).family
    except ModelError:
        card = card_of(model)
        return card.base_model if card else described(model).base_model


def class_for(model: Model, family: str, task: str, *, is_guided: bool = False) -> type:
    """Return diffusers' class that does a task with a model: by its index where it is here, else by its family.

    Args:
        model: The handle.
        family: Its base model.
        task: A node type.
        is_guided: ControlNets guide it.

    Raises:
        ModelError: Nobody knows.
    """
    import diffusers

    if model.options.get("motion") and family in MOTION:
        return getattr(diffusers, MOTION[family])
    made = _plain_class(model, family, task)
    if not is_guided:
        return made
    found = getattr(diffusers, made.__name__.replace("Pipeline", "ControlNetPipeline"), None)
    if found is None:
        raise ModelError(f"diffusers has no pipeline with ControlNets for {family or model.source}. Choose another.")
    return found


def _plain_class(model: Model, family: str, task: str) -> type:
    import diffusers

    own = _own_class(model)
    prefixes = next((one.pipelines for one in FAMILIES if one.name == family), ())
    if regular := regular_name(own or f"{next(iter(prefixes), '')}Pipeline", task):
        return getattr(diffusers, regular)
    wanted = _wanted(task)
    if own is not None:
        key = next((key for key, known in _known() if known.__name__ == own and key in wanted), None)
        return wanted[key] if key is not None else getattr(diffusers, own)
    for prefix in prefixes:
        own = f"{prefix}Pipeline"
        key = next((key for key, known in _known() if known.__name__ == own and key in wanted), None)
        if key is not None:
            return wanted[key]
        found = next((made for made in wanted.values() if made.__name__.startswith(prefix)), None)
        found = found or (None if wanted else getattr(diffusers, own, None))
        if found is not None:
            return found
    raise ModelError(f"Which class of diffusers loads '{model.source}' is not known before it is here. Get it first.")


def regular_name(own: str, task: str) -> str:
    """Return what a class is called that does a task, of families that diffusers names by rule; empty of others.

    Its tables say the same, but reading them takes long: each class that stands in them is loaded.

    Args:
        own: The class that the model names.
        task: A node type.
    """
    stem = re.sub("(Img2Img|Inpaint)?Pipeline$", "", own)
    return f"{stem}{_ENDINGS[PIPELINES[task]]}Pipeline" if stem in REGULAR and task in PIPELINES else ""


def _wanted(task: str) -> Mapping[str, type]:
    """Return diffusers' table of the classes that do a task, by family."""
    return _tables().get(TABLES.get(PIPELINES.get(task, ""), RELATED.get(task, "")), {})


def _tables() -> Mapping[str, Any]:
    return vars(importlib.import_module("diffusers.pipelines.auto_pipeline"))


def _known() -> Iterator[tuple[str, type]]:
    """Yield (family in diffusers' words, class) of all its tables."""
    for name, table in _tables().items():
        if name.startswith("AUTO_") and name.endswith("_MAPPING"):
            yield from table.items()


def _own_class(model: Model) -> str | None:
    """Return the class that the model's own index names; that of a single file lies in a folder beside it."""
    try:
        place = place_of(model)
    except ModelError:
        return None
    name = index_of(place if place.is_dir() else place.with_suffix("")).get("_class_name")
    return name if isinstance(name, str) else None


def part_class(kind: str, family: str, place: Path | None) -> str:
    """Return diffusers' class of a part that comes from elsewhere: a ControlNet, an autoencoder.

    Args:
        kind: "controlnet", "vae" or "motion".
        family: Of the model that it goes with.
        place: Its folder or file, if it is here.
    """
    if place is not None:
        return component_class(place).__name__
    return _COMPONENTS[kind].get(family, _COMPONENTS[kind][""])
