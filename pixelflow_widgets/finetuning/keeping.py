"""What a training keeps so that any process can go on with it: its pictures; and the handle on what it learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TrainingError
from ..media import Model
from ..models.cards import card_of
from ..models.weights import place_of

if TYPE_CHECKING:
    from .dataset import Dataset

PICTURES = "pictures"
"""Folder of the pictures and captions, within that of a training."""


def keep_pictures(dataset: Dataset, folder: Path) -> Dataset:
    """Put the pictures into the folder of their training, once, and return them as they lie there."""
    kept = folder / PICTURES
    if not kept.is_dir():
        dataset.freeze(kept)
    return kept_pictures(folder, dataset.trigger)


def kept_pictures(folder: Path, trigger: str) -> Dataset:
    """Return the pictures of a training.

    Args:
        folder: Of the training.
        trigger: Its trigger word.

    Raises:
        TrainingError: They are gone.
    """
    from .dataset import Dataset

    kept = folder / PICTURES
    if not kept.is_dir():
        raise TrainingError(f"The pictures of the training '{folder.name}' are gone: there is no folder {kept}.")
    return Dataset(kept, trigger=trigger)


def plain(model: Model) -> Model:
    """Return a base model without the adapters that its handle wears: what is taught."""
    return replace(model, adapters=())


def handle_of(base: Model, method: str, weights: Path) -> Model:
    """Return a base model with what a training made of it.

    Args:
        base: Its handle; adapters that it wears stay, and act first.
        method: Of the training.
        weights: A file, or the folder of a whole model.
    """
    source = _name_of(weights)
    if method == "full":
        return Model(source, base.options, base.adapters)
    return base.with_adapter(source, kind="embedding" if method == "prompt" else "lora")


def _name_of(weights: Path) -> str:
    """Return what weights are called, which travels better than where they lie on this machine; else that."""
    card = card_of(str(weights))
    return card.name if card is not None and place_of(card.name) == weights else str(weights)
