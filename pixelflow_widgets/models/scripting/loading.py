"""The functions of a script that load a model: the first reads its weights, the others share them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import ModelError
from ...media import Model
from ..cards import card_of
from ..families import config_in
from ..files import index_of
from ..schedulers import replacement
from .adapters import Worn, encoder_in, is_open, loading_glances, loading_loras, weighing_glances
from .classes import class_for, part_class
from .embeddings import loading_words
from .places import Place, device_in, located
from .single_files import from_single_file
from .writing import Writing

_FLOWING = "FlowMatchEulerDiscreteScheduler"
_BY_TORCHSDE = ("CosineDPMSolverMultistepScheduler", "DPMSolverSDEScheduler")
"""Schedulers whose noise another package draws."""


@dataclass(frozen=True)
class Parts:
    """Is what a pipeline consists of besides the weights of its model.

    Args:
        made: Its class.
        auto: The class of diffusers that makes it of another pipeline; empty is its own.
        scheduler: The name of another scheduler than the model's own.
        vae: Another autoencoder.
        controlnets: Those that guide it.
    """

    made: str
    auto: str
    scheduler: str = ""
    vae: str = ""
    controlnets: tuple[Model, ...] = ()


@dataclass(frozen=True)
class Root:
    """Is the weights of a model, in a precision.

    Args:
        key: Tells it from others.
        model: Its handle without adapters.
        place: Where it is.
        title: What it is called.
        family: Its base model.
        dtype: The expression of its precision.
        worn: The words that it has learnt, and the IP-Adapters that all nodes want of it.
    """

    key: Hashable
    model: Model
    place: Place
    title: str
    family: str
    dtype: str
    worn: Worn

    @property
    def has_encoder(self) -> bool:
        """Return whether the model brings an image encoder of its own."""
        return bool(index_of(self.place.here or Path()).get("image_encoder", [None])[0])


class Loader:
    """Writes the functions that load a model.

    Args:
        at: Takes the code.
        root: The model.
        every: What all pipelines of the flow consist of that share the model.
        loras: The name of each LoRA that any of them wears, by source.
        denoiser: What of it takes the noise away.
    """

    def __init__(
        self, at: Writing, root: Root, every: Sequence[Parts], loras: Mapping[str, str], denoiser: str
    ) -> None:
        self._at, self._root, self._every, self._loras, self._denoiser = at, root, every, loras, denoiser

    def code_of(self, parts: Parts, weighing: str) -> str:
        """Return the name of the function that loads a pipeline.

        Args:
            parts: What it consists of.
            weighing: The statement that has its LoRAs act, where all wear the same.
        """
        shared = self._shared()
        if parts == shared:
            return self._whole(shared, weighing)
        return self._sharing(parts, shared, self._whole(shared, weighing))

    def _shared(self) -> Parts:
        """Return what the pipeline is that reads the weights; what all of them have, it has too."""
        if len(self._every) == 1:
            return self._every[0]
        schedulers, vaes = ({getattr(parts, name) for parts in self._every} for name in ("scheduler", "vae"))
        scheduler = schedulers.pop() if len(schedulers) == 1 else ""
        vae = vaes.pop() if len(vaes) == 1 else ""
        plain = [replace(parts, scheduler=scheduler, vae=vae) for parts in self._every if not parts.controlnets]
        if plain:  # one that is wanted is best, and best of those one that paints from nothing
            return min(plain, key=lambda parts: (parts not in self._every, bool(_words(parts))))
        made = class_for(self._root.model, self._root.family, "text_to_image")
        return Parts(made.__name__, "AutoPipelineForText2Image", scheduler, vae)

    def _whole(self, parts: Parts, weighing: str) -> str:
        """Write the function that reads the weights."""
        at, root = self._at, self._root
        at.add_import("import functools")
        at.add_import(f"from diffusers import {parts.made}")
        if _scheduler_of(root).get("_class_name") in _BY_TORCHSDE:
            at.require("torchsde")
        lines, arguments = self._brought(parts)
        if motion := root.model.options.get("motion"):
            lines.append(f"motion_adapter = {self._part('motion', Model(str(motion)))}")
            arguments.append("motion_adapter=motion_adapter")
        if root.worn.glances and not root.has_encoder:
            lines.append(f"image_encoder = {encoder_in(at, root.worn.glances[0], root.dtype)}")
            arguments.append("image_encoder=image_encoder")
        if root.place.is_file:
            lines += from_single_file(at, root.place, root.family, parts.made, root.dtype, arguments)
        else:
            every = [root.place.code, *root.place.settings, *arguments, f"dtype={root.dtype}", "use_safetensors=True"]
            lines.append(f"pipe = {parts.made}.from_pretrained({', '.join(every)})")
        if parts.scheduler:
            lines.append(self._scheduled(parts.scheduler))
        lines += loading_words(at, root.worn.words, root.place.here)
        if root.worn.glances:
            lines.append(loading_glances(at, root.worn.glances))
            lines += [] if is_open(at, root.worn.glances) else [weighing_glances(at, root.worn.glances)]
        lines += loading_loras(at, self._loras, self._denoiser)
        lines += [weighing] if weighing else []
        return self._define(("whole", root.key), f"load {root.title}", parts.made, lines)

    def _sharing(self, parts: Parts, shared: Parts, whole: str) -> str:
        """Write a function whose pipeline has the weights of another one."""
        at = self._at
        maker = parts.auto or parts.made
        at.add_import("import functools")
        at.add_import(f"from diffusers import {maker}")
        at.add_import(f"from diffusers import {parts.made}")
        lines, arguments = self._brought(parts if parts.vae != shared.vae else replace(parts, vae=""))
        if not parts.auto:
            arguments.append(f"dtype={self._root.dtype}")
        lines.append(f"pipe = {maker}.from_pipe({', '.join([f'{whole}()', *arguments])})")
        if parts.scheduler != shared.scheduler:
            lines.append(self._scheduled(parts.scheduler))
        words = [*_words(parts), *([parts.scheduler] if parts.scheduler != shared.scheduler else [])]
        return self._define(
            ("sharing", self._root.key, parts), " ".join(["load", self._root.title, *words]), parts.made, lines
        )

    def _define(self, key: Hashable, wanted: str, made: str, lines: list[str]) -> str:
        body = "\n".join(f"    {line}" for line in [*lines, f"return pipe.to({device_in(self._at)})"])
        return self._at.define(key, wanted, lambda name: f"@functools.cache\ndef {name}() -> {made}:\n{body}")

    # What comes from elsewhere

    def _brought(self, parts: Parts) -> tuple[list[str], list[str]]:
        """Return (statements, arguments) of the parts that come from elsewhere."""
        lines, arguments = [], []
        if parts.vae:
            lines.append(f"vae = {self._part('vae', Model(parts.vae))}")
            arguments.append("vae=vae")
        guides = [self._part("controlnet", controlnet) for controlnet in parts.controlnets]
        if len(guides) == 1:
            lines.append(f"controlnet = {guides[0]}")
        elif guides:
            lines.append(f"controlnet = [{', '.join(guides)}]")
        return lines, [*arguments, *(["controlnet=controlnet"] if guides else [])]

    def _part(self, kind: str, model: Model) -> str:
        """Return the expression of a part of a pipeline that comes from elsewhere."""
        at, root, place = self._at, self._root, located(self._at, model)
        made = part_class(kind, root.family, _folder(place))
        at.add_import(f"from diffusers import {made}")
        if place.is_file and made not in ("AutoencoderKL", "ControlNetModel"):
            raise ModelError(
                f"{made} reads no single files in a script. Get '{model.source}' as a folder of diffusers."
            )
        if place.is_file:
            like = [f"config={root.place.code}", 'subfolder="vae"'] if kind == "vae" and not root.place.is_file else []
            return f"{made}.from_single_file({', '.join([place.file_in(at), *like, f'dtype={root.dtype}'])})"
        within = ['subfolder="vae"'] if _is_whole(place, model) else []
        pins = [one for one in place.settings if not one.startswith("variant=")]
        arguments = [place.code, *within, *pins, f"dtype={root.dtype}", "use_safetensors=True"]
        return f"{made}.from_pretrained({', '.join(arguments)})"

    def _scheduled(self, name: str) -> str:
        """Return the statement that gives `pipe` a scheduler by the name that people know."""
        at = self._at
        config = _scheduler_of(self._root)
        made, options = replacement(config, name)
        defaults = inspect.signature(getattr(importlib.import_module("diffusers"), made).__init__).parameters
        told = {
            option: value
            for option, value in options.items()
            if option in defaults and config.get(option, defaults[option].default) != value
        }
        at.add_import(f"from diffusers import {made}")
        arguments = ["pipe.scheduler.config", *(f"{option}={value!r}" for option, value in told.items())]
        return f"pipe.scheduler = {made}.from_config({', '.join(arguments)})"


_WORDS = {"Img2Img": "img2img", "Inpaint": "inpaint", "ControlNet": "controlnet"}


def _words(parts: Parts) -> list[str]:
    """Return what a pipeline does besides painting from nothing."""
    return [word for ending, word in _WORDS.items() if ending in parts.made]


def _scheduler_of(root: Root) -> Mapping[str, object]:
    """Return the settings of a model's own scheduler; of one that is not here, what its family has."""
    here = root.place.here
    if here is not None and here.is_dir():
        return config_in(here / "scheduler", "scheduler_config.json")
    if root.family == "Stable Audio":
        return {"_class_name": "CosineDPMSolverMultistepScheduler"}
    flowing = root.family not in ("SD1.5", "SD2", "SDXL", "SDXL Refiner", "Starter", "Kolors", "SVD")
    return {"_class_name": _FLOWING if flowing else "EulerDiscreteScheduler"}


def _folder(place: Place) -> Path | None:
    here = place.here
    return here / "vae" if here is not None and (here / "model_index.json").is_file() else here


def _is_whole(place: Place, model: Model) -> bool:
    """Return whether a part is taken out of a whole model."""
    if place.here is not None:
        return (place.here / "model_index.json").is_file()
    card = card_of(model)
    return card is not None and card.kind == "model"
