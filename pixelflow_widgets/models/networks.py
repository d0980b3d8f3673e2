"""Transformers models, each with what prepares its inputs: a tokenizer, an image processor, or both."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .bases import Base
from .files import bytes_in_memory, component_key, weight_files
from .memory import Kept, memory, size_of
from .pipelines import attempt
from .tasks import NETWORKS, PARTS


def network_for(base: Base, task: str, told: Callable[[str], None]) -> tuple[Any, Any]:
    """Return (model, processor) of a base.

    Args:
        base: Which is lent.
        task: A node type, or a part of another model: "vocoder".
        told: Is told what is being loaded.

    Raises:
        ModelError: It cannot be loaded, or does not serve the task.
    """
    made = attempt(lambda: class_at(base.place, base.title, task), base.place)
    name = made.__name__
    if name not in base.kept:
        beside = [base.state] if base.place.is_file() else []  # a GGUF file may have settings beside it
        key = component_key(base.place, "", name, base.dtype, base.device, *beside)
        kept = memory.find(key)
        if kept is None:
            told(f"Loading {base.title} …")
            needed = bytes_in_memory(weight_files(base.place, base.variant), base.dtype.itemsize)
            memory.make_room(needed, base.device)
            model = attempt(lambda: _load(made, base), base.place)
            kept = Kept(key, name, model, size_of(model), base.device)
        base.take(name, kept)
    if "processor" not in base.light and task not in PARTS:
        base.light["processor"] = attempt(lambda: processor_at(base.place), base.place)
    return base.kept[name].thing, base.light.get("processor")


def settings_at(place: Path) -> Any:
    """Return the settings of the model in a folder or file."""
    import transformers

    return transformers.AutoConfig.from_pretrained(_folder(place), **_file(place), **_OFFLINE)


def class_at(place: Path, title: str, task: str) -> Any:
    """Return the class that serves a task with a model: that which its folder names, if it is one of them.

    Args:
        place: Its folder or file.
        title: What a person calls it.
        task: A node type.

    Raises:
        ModelError: It does not serve the task.
    """
    config = settings_at(place)
    named = (config.architectures or [None])[0]
    for _, made in serving(config, task):
        # Without a name, a head that only some files have cannot be taken for granted.
        if made.__name__ == named or (named is None and not made.__name__.endswith("Classification")):
            return made
    if task in PARTS:
        raise ModelError(f"{title} is a {named or type(config).__name__}, which is no {task}. Choose a {PARTS[task]}.")
    does = task.replace("_", " ")
    raise ModelError(f"{title} is a {named or type(config).__name__}, which does not do {does}. Choose another model.")


def serving(config: Any, task: str) -> Iterator[tuple[str, Any]]:
    """Yield (table of transformers, class) of all that do a task with models of a configuration, the best first.

    Args:
        config: Of a model.
        task: A node type.
    """
    import transformers

    if task in PARTS:
        yield "", getattr(transformers, PARTS[task])
    for name in NETWORKS.get(task, ()):
        known = getattr(transformers, name)
        if hasattr(known, "_model_mapping"):
            found = known._model_mapping.get(type(config), ())
            yield from ((name, made) for made in (found if isinstance(found, tuple) else (found,)))
        elif known.config_class is type(config):
            yield "", known


_OFFLINE = {"local_files_only": True, "trust_remote_code": False}


def _folder(place: Path) -> Path:
    return place.parent if place.is_file() else place


def _file(place: Path) -> dict[str, str]:
    return {"gguf_file": place.name} if place.suffix == ".gguf" else {}


def _load(made: Any, base: Base) -> Any:
    settings: dict[str, Any] = {**_OFFLINE, **_file(base.place)}
    if base.place.suffix != ".gguf":
        settings["use_safetensors"] = True
    if base.variant:
        settings["variant"] = base.variant
    with _without_bar():
        model, told = made.from_pretrained(_folder(base.place), dtype=base.dtype, output_loading_info=True, **settings)
    missing = sorted(told["missing_keys"])
    if missing:
        raise ModelError(f"{base.title} lacks weights: {len(missing)}, among them '{missing[0]}'. Get its files anew.")
    return model.to(base.device).eval()


@contextlib.contextmanager
def _without_bar() -> Iterator[None]:
    """Take away the bar that reading a GGUF file draws, which none of the libraries' settings does."""
    from transformers import modeling_gguf_pytorch_utils as gguf

    bar = gguf.tqdm
    gguf.tqdm = functools.partial(bar, disable=True)
    try:
        yield
    finally:
        gguf.tqdm = bar


def processor_at(place: Path) -> Any:
    """Return what prepares inputs; AutoProcessor gives the tokenizer or image processor where there is only one."""
    import transformers

    return transformers.AutoProcessor.from_pretrained(_folder(place), **_file(place), **_OFFLINE)
