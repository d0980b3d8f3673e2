"""What is not the same on this machine as where a file was made, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...media import Model
from ...schema import Registry

if TYPE_CHECKING:
    from .record import Provenance

_MOST = 20
"""Problems of a flow that are told."""


def differences(made: Provenance, registry: Registry) -> list[str]:
    """Return a sentence for each thing that may make another result of the same flow here.

    Args:
        made: How the file was made.
        registry: Knows this machine and its models.
    """
    len(registry)  # loads the built-in node types, who bring what knows of models
    machine = registry.machine
    here = machine["versions"]() if "versions" in machine else {}
    told = [
        f"{name} is {here[name]} here; it was {version}." if here.get(name) else f"{name} ({version}) is not here."
        for name, version in made.versions.items()
        if here.get(name) != version
    ]
    told += _models(made, registry)
    if made.device and "device" in machine and (device := machine["device"]()) != made.device:
        told.append(f"Models compute on {_word(device)} here; they did on {_word(made.device)}.")
    if made.threads and "threads" in machine and (threads := machine["threads"]()) != made.threads:
        told.append(f"torch computes with {_threads(threads)} here; it did with {_threads(made.threads)}.")
    told += [problem.sentence for problem in made.flow.problems() if problem.severity == "error"][:_MOST]
    if not made.versions:
        told.append("The file does not say with which models and libraries it was made.")
    return told


def _models(made: Provenance, registry: Registry) -> Iterator[str]:
    look = registry.origins.get("model")
    for source, model in made.models.items():
        if look is None or not model.get("digest"):
            continue
        here = look(Model(source)).get(source, {}).get("digest", "")
        if not here:
            yield f"The model '{source}' is not here."
        elif here != model["digest"]:
            yield f"The model '{source}' has other files here than where this was made."


def _word(device: str) -> str:
    return {"cpu": "the processor", "cuda": "a GPU (cuda)", "mps": "Apple's GPU (mps)"}.get(device, device[:40])


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
