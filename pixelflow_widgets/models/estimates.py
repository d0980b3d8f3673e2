"""Whether a model will fit into memory, before it is loaded."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import ModelError
from ..media import Model
from .cards import card_of, size_in_words
from .devices import best_device, free_bytes, precision
from .files import bytes_in_memory, only_variant, weight_files
from .fitting import adapter_file, ground_of
from .live import is_live
from .memory import WORK, elsewhere, memory, residents_here
from .weights import place_of

How = Literal["resident", "fits", "others make room", "offload", "too large"]


@dataclass(frozen=True)
class Fit:
    """Says whether a model fits.

    Args:
        source: The model.
        device: Where it would compute.
        needed: Bytes that it takes, with what it computes with.
        free: Bytes that are free there now.
        how: "resident" is there already; "others make room" means that models which nobody uses are let go of; with
            "offload" parts of it come to the device one after another.
        sentence: All that in words.
    """

    source: str
    device: str
    needed: int
    free: int
    how: How
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def fit(model: Model | str) -> Fit:
    """Return whether a model fits into the memory where it would compute; nothing is loaded.

    Args:
        model: A handle, with its adapters, or a name.

    Raises:
        ModelError: Nothing is known of its size.
    """
    model = Model(model) if isinstance(model, str) else model
    return _fit_nowhere(model) or _fit_elsewhere(model) or fit_here(model)


def _fit_nowhere(model: Model) -> Fit | None:
    """Return that a model on a server takes no room; None for one of this machine."""
    if not model.is_served:
        return None
    return Fit(model.source, "server", 0, 0, "fits", f"{model.source} runs on a server and takes no memory here.")


def fit_in_passing(model: Model | str) -> Fit | None:
    """Return whether a model fits, as `fit` does; None where torch would have to be loaded here first, only to tell it.

    Raises:
        ModelError: Nothing is known of its size.
    """
    model = Model(model) if isinstance(model, str) else model
    return _fit_nowhere(model) or _fit_elsewhere(model) or (fit_here(model) if "torch" in sys.modules else None)


def _fit_elsewhere(model: Model) -> Fit | None:
    """Return what another process says, where models are loaded; None if there is none."""
    for ask in () if is_live(model) else elsewhere():
        fields = ask(f"{__name__}:fit_as_json", model.as_dict())
        if fields is not None and "refusal" in fields:
            raise ModelError(fields["refusal"])
        if fields is not None:
            return Fit(**fields)
    return None


def fit_as_json(fields: dict[str, Any]) -> dict[str, Any]:
    """Return whether a model fits into this process's memory, or why nobody knows, from and as plain data."""
    try:
        return asdict(fit_here(Model.from_dict(fields)))
    except ModelError as error:
        return {"refusal": str(error)}


def fit_here(model: Model) -> Fit:
    """Return whether a model fits into this process's memory; see `fit`."""
    device = best_device()
    card = card_of(model)
    title = card.title if card else Path(model.source).name
    free = free_bytes(device)
    needed = int(weighed(model, device) * WORK)
    held = [kept for kept in memory.all() if kept.device == device]
    limit = memory.limit(device) * WORK
    others = sum(kept.bytes for kept in held if not kept.is_in_use)
    busy = sum(kept.bytes for kept in held) - others
    room = min(free, int(limit) - busy - others)
    how: How = "fits" if needed <= room else "others make room"
    if is_live(model) or any(found.source == model.source for found in residents_here()):
        how = "resident"
    elif needed > min(free + others, limit - busy):
        how = "offload" if device == "cuda" else "too large"
    return Fit(model.source, device, needed, max(room, 0), how, _sentence(title, how, needed, max(room, 0)))


def _sentence(title: str, how: How, needed: int, free: int) -> str:
    if how == "resident":
        return f"{title} is in memory."
    means = {
        "fits": "fits",
        "others make room": "fits once models that nobody uses are let go of",
        "offload": "will offload, which is slower",
        "too large": "will be very slow, or fail; choose a smaller model or half precision",
    }
    return f"{title} needs about {size_in_words(needed)}, {size_in_words(free)} free: {means[how]}."


def weighed(model: Model, device: str) -> int:
    """Return how many bytes the weights of a model and its adapters will take, from headers alone.

    Raises:
        ModelError: It is not here, and its card says nothing of its size.
    """
    card = card_of(model)
    try:
        ground = ground_of(model)
    except ModelError:
        if card is None or not (card.memory_gb or card.megabytes):
            raise
        return int(card.memory_gb * 1e9 or card.megabytes * 1e6)
    if ground.place is None:
        return int((card.megabytes if card else 0) * 1e6)
    itemsize = precision(device, ground.family, model.options.get("dtype")).itemsize
    place = ground.place
    variant = model.options.get("variant") or (only_variant(place) if place.is_dir() else None)
    is_index = (place / "model_index.json").is_file()
    folders = [path for path in place.iterdir() if path.is_dir()] if is_index else [place]
    files = [path for folder in folders for path in weight_files(folder, variant)]
    if vae := model.options.get("vae"):
        files += weight_files(place_of(str(vae)))
    files += [adapter_file(adapter) for adapter in model.adapters if adapter.weight]
    return bytes_in_memory(files, itemsize)
