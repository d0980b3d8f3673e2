"""What a saved file says of the models and the machine that made it."""

from __future__ import annotations

import os
from typing import Any

from ..errors import ModelError, PixelFlowError
from ..media import Model
from .cards import card_of
from .devices import best_device
from .digests import digest_of
from .served import server_of
from .weights import sources_of

LIBRARIES = ("pixelflow-widgets", "torch", "diffusers", "transformers", "peft")


def origins(model: Model) -> dict[str, dict[str, Any]]:
    """Return what is known of a model and of each thing that it takes along, by source.

    Returns:
        "digest", "base_model", "dtype" and "device" where known, and as "usual" what suits it: steps, guidance …
    """
    if model.is_served:
        return {model.source: {"server": server_of(model).host}}
    found = {}
    for source in [] if model.is_live else sources_of(model):
        revision = {"revision": model.options.get("revision")} if source == model.source else {}
        told: dict[str, Any] = {"digest": _digest(Model(source, revision))}
        card = card_of(source)
        if card is not None:
            told |= {"base_model": card.base_model, "usual": dict(card.defaults)}
        if source == model.source:
            told |= _arithmetic(model)
        found[source] = {name: value for name, value in told.items() if value}
    return found


def _digest(model: Model) -> str:
    try:
        return digest_of(model)
    except (ModelError, OSError):
        return ""  # not here, or gone since


def _arithmetic(model: Model) -> dict[str, str]:
    """Return where a model that is in memory computes, and in which precision, where that is certain."""
    from .memory import resident

    try:
        devices = {part.device for held in resident() if held.source == model.source for part in held.parts}
    except PixelFlowError:  # the worker is too busy to say
        devices = set()
    device = devices.pop() if len(devices) == 1 else ""
    dtype = model.options.get("dtype") or ("float32" if device == "cpu" else "")
    return {"device": device.partition(":")[0], "dtype": str(dtype)}


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _threads() -> int:
    """Return with how many threads torch computes: what the worker is told, unless somebody sets them there."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) else os.cpu_count() or 1


machine = {"versions": _versions, "threads": _threads, "device": best_device}
"""What results depend on besides the models, each when it is asked for."""
