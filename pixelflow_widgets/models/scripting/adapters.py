"""Adapters in a script: LoRAs and IP-Adapters that are loaded once, and weighed for each use."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ModelError
from ...media import Adapter, Model
from ..adapters import is_off
from ..cards import card_of
from ..fitting import adapter_file
from ..ip_adapters import encoder_folder
from ..loras import PEFT_FILE, peft_layers
from ..weights import companions_of
from .places import adapter_in, local_in, quoted
from .writing import Writing


@dataclass(frozen=True)
class Worn:
    """Is what a use of a model wears.

    Args:
        loras: Those that act, in order.
        glances: IP-Adapters that act, in order.
        words: Textual inversions, in order.
    """

    loras: tuple[Adapter, ...] = ()
    glances: tuple[Adapter, ...] = ()
    words: tuple[Adapter, ...] = ()

    @classmethod
    def of(cls, model: Model) -> Worn:
        """Return what a handle wears; what is switched off is as if it were not there."""
        acting = [adapter for adapter in model.adapters if not is_off(adapter)]
        kinds = ("lora", "ip_adapter", "embedding")
        return cls(*(tuple(one for one in acting if one.kind == kind) for kind in kinds))

    @property
    def changes(self) -> bool:
        """Return whether a weight changes over the steps."""
        return any(adapter.schedule for adapter in (*self.loras, *self.glances))


def lora_names(every: Iterable[Worn]) -> dict[str, str]:
    """Return what LoRAs are called in the script, by source."""
    found: dict[str, str] = {}
    for adapter in (adapter for worn in every for adapter in worn.loras):
        if adapter.source in found:
            continue
        name, number = _name_of(adapter.source), 2
        while name in found.values():
            name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
        found[adapter.source] = name
    return found


def _name_of(source: str) -> str:
    """Return what a LoRA is called: as its card, its file, or its repository."""
    from torch.nn import ModuleDict

    card = card_of(source)
    path = Path(str(card.source) if card else source)
    is_nameless = path.stem in ("pytorch_lora_weights", "adapter_model")
    wanted = card.name if card else path.parent.name if is_nameless else path.stem
    name = re.sub(r"[^A-Za-z0-9]+", "_", wanted).strip("_").lower() or "lora"
    taken = keyword.iskeyword(name) or hasattr(ModuleDict, name) or name[0].isdigit()
    return f"lora_{name}" if taken else name


def loading_loras(at: Writing, names: Mapping[str, str], denoiser: str) -> list[str]:
    """Return the statements that load LoRAs into `pipe`."""
    lines = []
    for source, name in names.items():
        folder, file, pins = adapter_in(at, source)
        if Path(file).name == PEFT_FILE:
            if pins:
                at.add_import("from huggingface_hub import snapshot_download")
                folder = f"snapshot_download({', '.join([folder, *pins])})"
            tensors = f"{at.bring(peft_layers)}({folder}, {quoted(denoiser)})"
            lines.append(f"pipe.load_lora_weights({tensors}, adapter_name={quoted(name)})")
            continue
        arguments = [folder, *_within(file), *pins, f"adapter_name={quoted(name)}"]
        lines.append(f"pipe.load_lora_weights({', '.join(arguments)})")
    return lines


def _within(file: str) -> list[str]:
    """Return the arguments that name a file of a repository or folder."""
    folder, _, name = file.rpartition("/")
    found = [f"subfolder={quoted(folder)}"] if folder else []
    return [*found, f"weight_name={quoted(name)}"] if name else found


def is_open(at: Writing, adapters: Iterable[Adapter]) -> bool:
    """Return whether a weight is known only in the script, where it may be another one in each use."""
    return any(at.number(adapter.weight) != repr(adapter.weight) for adapter in adapters)


def weighing_loras(at: Writing, worn: Worn, names: Mapping[str, str], pipe: str) -> str:
    """Return the statement that has LoRAs act, each with its weight; one that is there twice counts twice."""
    known: dict[str, float] = {}
    others: dict[str, list[str]] = {}
    for adapter in worn.loras:
        name = names[adapter.source]
        if is_open(at, [adapter]):
            others.setdefault(name, []).append(at.number(adapter.weight))
        else:
            known[name] = known.get(name, 0.0) + adapter.weight
    every = dict.fromkeys(names[adapter.source] for adapter in worn.loras)
    weights = [" + ".join([*([repr(known[name])] if name in known else []), *others.get(name, ())]) for name in every]
    return f"{pipe}.set_adapters([{', '.join(map(quoted, every))}], adapter_weights=[{', '.join(weights)}])"


def weighing_glances(at: Writing, glances: Sequence[Adapter], pipe: str = "pipe") -> str:
    """Return the statement that gives the IP-Adapters of a pipeline their weights."""
    return f"{pipe}.set_ip_adapter_scale({_one_or_all([at.number(one.weight) for one in glances])})"


def _one_or_all(codes: Sequence[str]) -> str:
    return codes[0] if len(codes) == 1 else f"[{', '.join(codes)}]"


def loading_glances(at: Writing, glances: Sequence[Adapter], pipe: str = "pipe") -> str:
    """Return the statement that loads IP-Adapters into a pipeline, whose image encoder is there."""
    found = [adapter_in(at, adapter.source) for adapter in glances]
    files = [file.rpartition("/") for _, file, _ in found]
    arguments = [
        _one_or_all([folder for folder, _, _ in found]),
        f"subfolder={_one_or_all([quoted(folder) for folder, _, _ in files])}",
        f"weight_name={_one_or_all([quoted(name) for _, _, name in files])}",
        *dict.fromkeys(pin for _, _, pins in found for pin in pins),
    ]
    return f"{pipe}.load_ip_adapter({', '.join(arguments)})"


def encoder_in(at: Writing, adapter: Adapter, dtype: str) -> str:
    """Return the expression of the image encoder that an IP-Adapter looks through."""
    at.add_import("from transformers import CLIPVisionModelWithProjection")
    folder, _, pins = adapter_in(at, adapter.source)
    card = card_of(adapter.source)
    within = next((name for name in card.companions if name.endswith("image_encoder")), "") if card else ""
    if within:
        place = [folder, f"subfolder={quoted(within)}", *pins]
    elif pins or not _is_here(adapter):
        place = [folder, f"subfolder={quoted('models/image_encoder')}", *pins]
    else:
        place = [local_in(at, encoder_folder(adapter), "IMAGE_ENCODER")]
    arguments = ", ".join([*place, f"dtype={dtype}", "use_safetensors=True"])
    return f"CLIPVisionModelWithProjection.from_pretrained({arguments})"


def _is_here(adapter: Adapter) -> bool:
    try:
        companions_of(adapter.source)
        return adapter_file(adapter).is_file()
    except ModelError:
        return False


def weighing_in_steps(at: Writing, worn: Worn, names: Mapping[str, str], denoiser: str) -> tuple[str, str]:
    """Write how weights change over the steps; return the names of (what weighs, what a pipeline calls after a step).

    Texts are encoded before the first step, with the whole weights; so it is the denoiser alone that is weighed.
    """
    at.add_import("import numpy as np")
    lines = []
    if any(adapter.schedule for adapter in worn.loras):
        sums: dict[str, list[str]] = {}
        for adapter in worn.loras:
            sums.setdefault(names[adapter.source], []).append(_weight_after(at, adapter))
        listed = ", ".join(map(quoted, sums))
        weights = ", ".join(" + ".join(each) for each in sums.values())
        lines.append(f"pipe.{denoiser}.set_adapters([{listed}], [{weights}])")
    if any(adapter.schedule for adapter in worn.glances):
        weights = _one_or_all([_weight_after(at, adapter) for adapter in worn.glances])
        lines.append(f"pipe.set_ip_adapter_scale({weights})")
    body = "\n".join(f"    {line}" for line in lines)
    weigh = at.define(
        ("weigh", worn, denoiser),
        "weigh adapters",
        lambda name: f'def {name}(pipe, done):\n    """Weigh adapters after a part of the steps."""\n{body}',
    )
    after = at.define(
        ("after step", worn, denoiser),
        "weigh after step",
        lambda name: (
            f"def {name}(pipe, step, timestep, tensors):\n"
            f"    {weigh}(pipe, (step + 1) / pipe.num_timesteps)\n"
            "    return tensors"
        ),
    )
    return weigh, after


def _weight_after(at: Writing, adapter: Adapter) -> str:
    """Return the expression of a weight after a part `done` of the steps."""
    if is_open(at, [adapter]):
        at.refuse(
            "one of its adapters has a weight that is known only when the flow runs, and another one a schedule. Set "
            "the weight on its node."
        )
    if not adapter.schedule:
        return repr(adapter.weight)
    places, factors = zip(*adapter.schedule, strict=True)
    found = f"np.interp(done, {list(places)!r}, {list(factors)!r})"
    return found if adapter.weight == 1 else f"{adapter.weight!r} * {found}"
