"""LoRAs in the layers of one base model: laid beside its weights, weighed, and taken out again; never fused."""

from __future__ import annotations

import copy
import json
import math
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .devices import ran_out

_DENOISERS = ("unet", "transformer", "transformer_2")
PEFT_FILE = "adapter_model.safetensors"
_WRAPPER = "base_model.model."


@dataclass(frozen=True)
class _Laid:
    key: Hashable
    modules: tuple[Any, ...]


class Loras:
    """Holds which LoRAs lie in the layers of a base, and which of them act."""

    def __init__(self) -> None:
        self._laid: dict[str, _Laid] = {}
        self._acting: dict[str, float] | None = {}
        """Weights of those that act; None where a library may have changed it."""
        self._theirs: dict[int, tuple[Any, list[str], bool]] = {}
        """(layer, adapters that act, whether they are off) of layers that had some before: those of a notebook."""

    def __contains__(self, name: str) -> bool:
        return name in self._laid

    def key(self, name: str) -> Hashable:
        """Return under which key a LoRA is kept in memory."""
        return self._laid[name].key

    def lay(self, pipeline: Any, name: str, path: Path, key: Hashable) -> int:
        """Lay a LoRA beside the weights; return how many bytes it takes.

        Args:
            pipeline: Any pipeline of the base.
            name: Under which it shall be known: letters, digits and underscores.
            path: Its file.
            key: Tells it from every other.

        Raises:
            ModelError: It touches no layer of the base, or does not fit.
        """
        components = _components(pipeline)
        if not self._laid:
            layers = list(_layers(components))
            self._theirs = {id(layer): (layer, list(layer.active_adapters), layer.disable_adapters) for layer in layers}
        self._acting = None
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # that is the point
                _load(pipeline, name, path)
        except BaseException as error:
            take_out(name, components)
            self._give_back()
            if not isinstance(error, Exception) or ran_out(error):
                raise
            raise ModelError(f"The adapter '{path.name}' cannot be laid into this model: {error}") from error
        modules = tuple(module for module in components if name in getattr(module, "peft_config", {}))
        if not modules:
            raise ModelError(f"The adapter '{path.name}' touches no layer of this model. Choose one made for it.")
        self._laid[name] = _Laid(key, modules)
        return sum(_cast(layer, name) for layer in _layers(modules))

    def act(self, weights: Mapping[str, float]) -> None:
        """Have exactly these LoRAs act, each with its weight; without any, the base is as it was.

        Args:
            weights: By name.
        """
        if not self._laid or self._acting == dict(weights):
            return
        for layer in self._layers():
            _, theirs, is_off = self._theirs.get(id(layer), (layer, [], False))
            layer.enable_adapters(True)
            layer.set_adapter([*([] if is_off else theirs), *(name for name in weights if name in layer.scaling)])
            for name, weight in weights.items():
                layer.set_scale(name, weight)
        self._acting = dict(weights)

    def weigh(self, pipeline: Any, weights: Mapping[str, float]) -> None:
        """Change the weights of LoRAs that act, in what takes the noise away; texts were encoded before.

        Args:
            pipeline: Whose denoisers.
            weights: By name.
        """
        for layer in _layers(getattr(pipeline, name, None) for name in _DENOISERS):
            for name, weight in weights.items():
                layer.set_scale(name, weight)
        self._acting = None

    def remove(self, name: str) -> None:
        """Take a LoRA out; with the last one, the layers are again what they were."""
        self._acting = None
        take_out(name, self._laid.pop(name).modules)
        self._give_back()

    def _give_back(self) -> None:
        """When none is left, have those act again that acted before."""
        if not self._laid:
            for layer, names, is_off in self._theirs.values():
                layer.set_adapter(names)
                layer.enable_adapters(not is_off)
            self._theirs.clear()

    def _layers(self) -> Iterator[Any]:
        yield from _layers({id(module): module for laid in self._laid.values() for module in laid.modules}.values())

    def clear(self) -> list[Hashable]:
        """Take all LoRAs out; return the keys under which they were kept."""
        keys = [laid.key for laid in self._laid.values()]
        for name in list(self._laid):
            self.remove(name)
        return keys


def _load(pipeline: Any, name: str, path: Path) -> None:
    if path.name != PEFT_FILE:
        settings = {"weight_name": path.name, "use_safetensors": True, "local_files_only": True}
        pipeline.load_lora_weights(str(path.parent), adapter_name=name, **settings)
        return
    denoiser = next(part for part in _DENOISERS if getattr(pipeline, part, None) is not None)
    pipeline.load_lora_weights(peft_layers(path.parent, denoiser), adapter_name=name)


def peft_layers(folder: Path | str, denoiser: str) -> dict[str, Any]:
    """Return the weights of a LoRA that PEFT saved, as diffusers names them.

    PEFT names layers from its own wrapper down, and keeps the scale in a file beside the weights.

    Args:
        folder: Where it saved them.
        denoiser: The part of a pipeline that they change.
    """
    from safetensors.torch import load_file

    config = json.loads((Path(folder) / "adapter_config.json").read_text(encoding="utf-8"))
    rank = config.get("r", 8)
    scale = config.get("lora_alpha", 8) / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return {
        key.replace(_WRAPPER, f"{denoiser}.", 1): value * scale if ".lora_B." in key else value
        for key, value in load_file(Path(folder) / PEFT_FILE).items()
    }


def _components(pipeline: Any) -> list[Any]:
    names = getattr(pipeline, "_lora_loadable_modules", ())
    return [module for name in names if (module := getattr(pipeline, name, None)) is not None]


def _layers(modules: Iterable[Any]) -> Iterator[Any]:
    """Yield the layers beside which something was laid."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in modules:
        if module is not None:
            yield from (layer for layer in module.modules() if isinstance(layer, BaseTunerLayer))


def _cast(layer: Any, name: str) -> int:
    """Bring a LoRA's part of a layer into the precision of the layer; return its bytes."""
    dtype, size = layer.get_base_layer().weight.dtype, 0
    for group in layer.adapter_layer_names:
        parts = getattr(layer, group)
        if name not in parts:
            continue
        if hasattr(parts[name], "parameters"):
            parts[name].to(dtype)
            size += sum(parameter.nbytes for parameter in parts[name].parameters())
        else:
            parts[name].data = parts[name].data.to(dtype)
            size += parts[name].nbytes
    return size


def without_adapters(module: Any) -> Any:
    """Return a module in whose layers no adapters lie: itself, or a copy."""
    if not getattr(module, "peft_config", None):
        return module
    bare = copy.deepcopy(module)
    for name in list(bare.peft_config):
        take_out(name, [bare])
    return bare


def take_out(name: str, modules: Iterable[Any]) -> None:
    """Take an adapter out of modules; of those that have no other, nothing of PEFT stays."""
    from diffusers.utils import recurse_remove_peft_layers

    for module in modules:
        layers = list(_layers([module]))
        for layer in layers:
            layer.set_adapter([active for active in layer.active_adapters if active != name])
            layer.delete_adapter(name)
        configs = getattr(module, "peft_config", {})
        configs.pop(name, None)
        if layers and not configs:
            recurse_remove_peft_layers(module)
            if hasattr(module, "peft_config"):
                del module.peft_config
            module._hf_peft_config_loaded = False
