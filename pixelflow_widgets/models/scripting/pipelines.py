"""Pipelines of diffusers in a script: a model is loaded once, whatever it does and wears in however many nodes."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...media import Adapter, Model
from ..cards import ModelCard, card_of
from ..fitting import ground_of, why_unfit, why_unfit_controlnet
from ..tasks import PIPELINES
from ..weights import is_here
from .adapters import (
    Worn,
    encoder_in,
    is_open,
    loading_glances,
    lora_names,
    weighing_glances,
    weighing_in_steps,
    weighing_loras,
)
from .classes import class_for, family_of_model
from .loading import Loader, Parts, Root
from .places import device_in, dtype_in, located
from .writing import Writing


@dataclass(frozen=True)
class ScriptedPipeline:
    """Is a pipeline as a script has it, ready to be called.

    Args:
        code: The variable that holds it.
        made: Its class in diffusers.
        card: What is known of the model, if it has a card.
        family: Its base model.
        model: The handle.
        worn: The adapters that act.
        arguments: What its call is given besides the wishes of the node, as code by name.
    """

    code: str
    made: type
    card: ModelCard | None
    family: str
    model: Model
    worn: Worn
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> Mapping[str, inspect.Parameter]:
        """Return the arguments of its call."""
        return inspect.signature(self.made.__call__).parameters

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Return what suits the model: steps, guidance, width, height."""
        return self.card.defaults if self.card else {}


@dataclass(frozen=True)
class _Use:
    """Is what a node makes of a model; others that share the model are told."""

    parts: Parts
    worn: Worn


def pipeline_in(at: Writing, model: Model, task: str, controlnets: Sequence[Model] = ()) -> ScriptedPipeline:
    """Write how a pipeline is loaded, once, and before this use what it wears; return what it is called.

    Args:
        at: Takes the code.
        model: The handle.
        task: A node type.
        controlnets: Those that guide it, in order.

    Raises:
        ExportError: The model cannot be loaded by a script, or does not do that.
    """
    if not isinstance(model, Model):
        at.refuse("its model is known only when the flow runs, and a script names its models. Choose it on the node.")
    card, family = card_of(model), family_of_model(model)
    worn = Worn.of(model)
    try:
        _check(model, worn, controlnets)
        made = class_for(model, family, task, is_guided=bool(controlnets))
        root, denoiser = _root(at, model, card, family, worn.words), _denoiser(made)
        parts = Parts(
            made.__name__,
            PIPELINES.get(task, ""),
            str(model.options.get("scheduler") or ""),
            str(model.options.get("vae") or ""),
            tuple(controlnets),
        )
        at.remember(root.key, _Use(parts, worn))
        uses: list[_Use] = list(at.remembered(root.key))
        names = lora_names(use.worn for use in uses)
        glances = _shared_glances(uses)
        root = replace(root, worn=replace(root.worn, glances=glances))
        always = _same_for_all(uses) and not is_open(at, worn.loras)
        loader = Loader(at, root, list(dict.fromkeys(use.parts for use in uses)), names, denoiser)
        pipe = at.reused("pipe")
        at.ahead(f"{pipe} = {loader.code_of(parts, weighing_loras(at, worn, names, 'pipe') if always else '')}()")
    except ModelError as error:
        at.refuse(str(error))
    if names and not always:
        at.ahead(*_dressing(at, worn, uses, names, pipe))
    if worn.glances and (len({use.worn.glances for use in uses}) > 1 or is_open(at, worn.glances)):
        _look(at, root, worn.glances, pipe)
    arguments = _changing(at, worn, names, denoiser, pipe)
    return ScriptedPipeline(pipe, made, card, family, model, worn, arguments)


def _check(model: Model, worn: Worn, controlnets: Sequence[Model]) -> None:
    """Check what can be checked here: adapters and ControlNets that are not on this machine may be elsewhere.

    Raises:
        ModelError: Something does not fit.
    """
    if is_here(model):
        for adapter in (*worn.loras, *worn.glances, *worn.words):
            if is_here(adapter.source) and (why := why_unfit(adapter, ground_of(model))):
                raise ModelError(why)
        for controlnet in controlnets:
            if why := why_unfit_controlnet(controlnet, model):
                raise ModelError(why)


def _root(at: Writing, model: Model, card: ModelCard | None, family: str, words: tuple[Adapter, ...]) -> Root:
    place = located(at, model, card)
    dtype = dtype_in(at, family, model.options.get("dtype"))
    title = card.name if card else Path(model.source).stem
    bare = Model(model.source, {name: value for name, value in model.options.items() if name in _OWN})
    key: Hashable = (
        "model",
        str(card.source if card else model.source),
        place.settings,
        dtype,
        bare.options.get("motion"),
    )
    return Root((*key, words), bare, place, title, family, dtype, Worn(words=words))


_OWN = ("revision", "variant", "dtype", "motion")
"""Options of a handle that say which weights are loaded, and how."""


def _denoiser(made: type) -> str:
    return "unet" if "unet" in inspect.signature(made.__init__).parameters else "transformer"


def _same_for_all(uses: Sequence[_Use]) -> bool:
    """Return whether all nodes want the same LoRAs of a model, and the same weights in every step."""
    return len({use.worn.loras for use in uses}) == 1 and bool(uses[0].worn.loras)


def _shared_glances(uses: Sequence[_Use]) -> tuple[Adapter, ...]:
    """Return the IP-Adapters that all nodes want of a model, if all want the same."""
    every = {tuple(one.source for one in use.worn.glances) for use in uses}
    return uses[0].worn.glances if len(every) == 1 else ()


def _look(at: Writing, root: Root, glances: Sequence[Adapter], pipe: str) -> None:
    """Write what has a pipeline look through the IP-Adapters of one node, and no longer than that."""
    if not root.worn.glances:
        if not root.has_encoder:
            at.add_import("import functools")
            at.add_import("from transformers import CLIPVisionModelWithProjection")
            encoder = encoder_in(at, glances[0], root.dtype)
            name = at.define(
                ("image encoder", encoder),
                "load image encoder",
                lambda name: (
                    f"@functools.cache\ndef {name}() -> CLIPVisionModelWithProjection:\n"
                    f"    image_encoder = {encoder}\n    return image_encoder.to({device_in(at)})"
                ),
            )
            at.ahead(f"{pipe}.image_encoder = {name}()")
        at.ahead(loading_glances(at, glances, pipe))
        at.behind(f"{pipe}.unload_ip_adapter()")
    at.ahead(weighing_glances(at, glances, pipe))


def _dressing(at: Writing, worn: Worn, uses: Sequence[_Use], names: Mapping[str, str], pipe: str) -> list[str]:
    """Return the statements that have a pipeline wear for one use what others do not."""
    if not worn.loras:
        return [f"{pipe}.disable_lora()"]
    again = [f"{pipe}.enable_lora()"] if any(not use.worn.loras for use in uses) else []
    return [*again, weighing_loras(at, worn, names, pipe)]


def _changing(at: Writing, worn: Worn, names: Mapping[str, str], denoiser: str, pipe: str) -> dict[str, str]:
    """Write what weighs adapters over the steps, if any changes; return what the call is given for it."""
    if not worn.changes:
        return {}
    weigh, after = weighing_in_steps(at, worn, names, denoiser)
    at.line(f"{weigh}({pipe}, 0)")
    return {"callback_on_step_end": after}
