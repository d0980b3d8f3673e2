"""Models as a script loads them: the class, the place, the precision, the adapters, in diffusers' own words."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from ..errors import ModelError
from ..media import Model
from .cards import ModelCard, card_of, described
from .devices import _HALF
from .families import FAMILIES
from .fitting import ground_of
from .tasks import PIPELINES, RELATED
from .weights import place_of

DEVICE = """{name} = (
    "cuda"
    if torch.cuda.is_available()
    else "mps"
    if torch.backends.mps.is_available()
    else "cpu"
)"""


class Writing(Protocol):
    """Takes code, as `schema.exporting.Writing` does."""

    def add_import(self, line: str) -> None:
        """Import something."""
        ...

    def define(self, key: Hashable, wanted: str, write: Callable[[str], str]) -> str:
        """Put a function or constant at the top of the script, once for each key, and return its name."""
        ...

    def refuse(self, why: str) -> NoReturn:
        """Say that the node cannot be written."""
        ...


@dataclass(frozen=True)
class ScriptedPipeline:
    """Is a pipeline as a script has it.

    Args:
        code: The expression of it, in the script.
        made: Its class in diffusers.
        card: What is known of the model, if it has a card.
        family: Its base model.
    """

    code: str
    made: type
    card: ModelCard | None
    family: str

    @property
    def accepted(self) -> Mapping[str, inspect.Parameter]:
        """Return the arguments of its call."""
        return inspect.signature(self.made.__call__).parameters


def device_in(at: Writing) -> str:
    """Return the name of the constant that says where a script computes."""
    at.add_import("import torch")
    return at.define(("device",), "DEVICE", lambda name: DEVICE.format(name=name))


def dtype_in(at: Writing, family: str, wanted: str | None) -> str:
    """Return the expression of the precision of a model."""
    at.add_import("import torch")
    if wanted:
        return f"torch.{wanted}"
    half = "float16" if family in _HALF else "bfloat16"
    device = device_in(at)
    return at.define(
        ("dtype", half),
        "DTYPE",
        lambda name: f'{name} = torch.float32 if {device} == "cpu" else torch.{half}',
    )


def pipeline_in(at: Writing, model: Model, task: str) -> ScriptedPipeline:
    """Write how a pipeline is loaded for a task, once, and return what it is called.

    Args:
        at: Takes the code.
        model: The handle; its adapters and scheduler are set where it is used.
        task: A node type.
    """
    card = card_of(model)
    family = _family(model, card)
    made = class_for(model, family, task)
    place, settings = place_in(at, model, card)
    dtype = dtype_in(at, family, model.options.get("dtype"))
    device = device_in(at)
    at.add_import("import functools")
    at.add_import(f"from diffusers import {made.__name__}")
    title = card.name if card else Path(model.source).stem

    def write(name: str) -> str:
        arguments = ", ".join([place, *settings, f"dtype={dtype}", "use_safetensors=True"])
        return (
            f"@functools.cache\ndef {name}() -> {made.__name__}:\n"
            f"    pipe = {made.__name__}.from_pretrained({arguments})\n"
            f"    return pipe.to({device})"
        )

    name = at.define(("pipeline", model.source, made.__name__, dtype), f"load {title}", write)
    return ScriptedPipeline(f"{name}()", made, card, family)


def place_in(at: Writing, model: Model, card: ModelCard | None) -> tuple[str, list[str]]:
    """Return (the expression of where a model lies, the arguments that pin which files of it)."""
    source = card.source if card else model.source
    if isinstance(source, Path):
        return _shipped(at, card.name if card else source.name), []
    if Path(source).expanduser().exists():
        return repr(str(source)), []
    settings = []
    if revision := model.options.get("revision") or (card.revision if card else None):
        settings.append(f"revision={revision!r}")
    if variant := model.options.get("variant") or (card.variant if card else None):
        settings.append(f"variant={variant!r}")
    return repr(source), settings


def _shipped(at: Writing, name: str) -> str:
    """Return the constant of the folder of a model that comes with this package."""
    at.add_import("import os")
    at.add_import("from pathlib import Path")
    constant = name.upper().replace("-", "_")
    return at.define(
        ("shipped", name),
        constant,
        lambda known: (
            f"# The model '{name}' comes with the package pixelflow-widgets; `pixelflow models info {name}` says in which\n"
            f"# folder. Copy that beside this script, or name it in the environment variable {constant}.\n"
            f'{known} = os.environ.get("{constant}", str(Path(__file__).parent / "{name}"))'
        ),
    )


def _family(model: Model, card: ModelCard | None) -> str:
    try:
        return ground_of(model).family
    except ModelError:
        return card.base_model if card else described(model).base_model


def class_for(model: Model, family: str, task: str) -> type:
    """Return diffusers' class that does a task with a model: by its index where it is here, else by its family.

    Raises:
        ModelError: Nobody knows.
    """
    import diffusers

    own = _own_class(model)
    tables = vars(importlib.import_module("diffusers.pipelines.auto_pipeline"))
    wanted: Mapping[str, type] = _table(tables, task)
    if own is not None:
        key = next(
            (
                key
                for name, table in tables.items()
                if name.startswith("AUTO_") and name.endswith("_MAPPING")
                for key, known in table.items()
                if known.__name__ == own and key in wanted
            ),
            None,
        )
        return wanted[key] if key is not None else getattr(diffusers, own)
    prefixes = next((one.pipelines for one in FAMILIES if one.name == family), ())
    for prefix in prefixes:
        found = next((made for made in wanted.values() if made.__name__ == f"{prefix}{_ending(task)}"), None)
        found = found or next((made for made in wanted.values() if made.__name__.startswith(prefix)), None)
        if found is not None:
            return found
    raise ModelError(f"Which class of diffusers loads '{model.source}' is not known before it is here. Get it first.")


def _table(tables: Mapping[str, Any], task: str) -> Mapping[str, type]:
    names = {
        "AutoPipelineForText2Image": "AUTO_TEXT2IMAGE_PIPELINES_MAPPING",
        "AutoPipelineForImage2Image": "AUTO_IMAGE2IMAGE_PIPELINES_MAPPING",
        "AutoPipelineForInpainting": "AUTO_INPAINT_PIPELINES_MAPPING",
    }
    return tables.get(names.get(PIPELINES.get(task, ""), RELATED.get(task, "")), {})


def _ending(task: str) -> str:
    return {"image_to_image": "Img2ImgPipeline", "inpaint": "InpaintPipeline", "outpaint": "InpaintPipeline"}.get(
        task, "Pipeline"
    )


def _own_class(model: Model) -> str | None:
    try:
        index = place_of(model) / "model_index.json"
        return json.loads(index.read_text(encoding="utf-8"))["_class_name"]
    except (ModelError, OSError, ValueError, KeyError):
        return None


def painting_in(at: Any, pipeline: ScriptedPipeline) -> dict[str, str]:
    """Return the arguments of a call that every task of pictures shares, as code by name."""
    defaults = pipeline.card.defaults if pipeline.card else {}
    call = {"prompt": at.code("prompt")}
    if at.known("negative_prompt"):
        call["negative_prompt"] = at.code("negative_prompt")
    steps = at.known("steps")
    call["num_inference_steps"] = at.code("steps") if steps is not None else repr(defaults.get("steps", 20))
    guidance = at.known("guidance")
    if guidance is not None or "guidance" in defaults:
        call["guidance_scale"] = at.code("guidance") if guidance is not None else repr(defaults["guidance"])
    at.add_import("import torch")
    call["generator"] = f'torch.Generator("cpu").manual_seed({at.code("seed")})'
    return call
