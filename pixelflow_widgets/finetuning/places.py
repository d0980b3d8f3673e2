"""Which training is meant: settings with nothing left open, and the folder that belongs to them. Loads no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..errors import TrainingError
from ..media import Model, blake3_hex
from ..models.digests import digest_of, fingerprint
from ..models.families import config_in
from ..models.fitting import Ground, ground_of
from ..models.live import pipeline_behind
from .folders import folder_of, plain_name
from .settings import Settings, settled

_SIZES = {"Starter": 64, "SD1.5": 512, "SD2": 768, "SDXL": 1024}
"""Edges of the pictures that families make, in pixels, where no config says it."""


class Known(Protocol):
    """Is what is asked of a data set before a training."""

    name: str

    @property
    def trigger(self) -> str:
        """Return the word for what is taught; empty where none was said."""
        ...

    @property
    def digest(self) -> str:
        """Identify pictures and captions."""
        ...

    def __len__(self) -> int:
        """Return how many pictures are learnt from."""
        ...


class Placed(NamedTuple):
    """Is a training that could begin.

    Args:
        settings: With nothing left open.
        folder: Where it lives, whether it began or not.
        family: Of the base model.
        base_digest: What identifies the files of the base model.
    """

    settings: Settings
    folder: Path
    family: str
    base_digest: str


def placed(dataset: Known, settings: Settings, model: Model | None = None) -> Placed:
    """Return which training is meant; the same data set, settings and base model give the same folder.

    Args:
        dataset: The pictures.
        settings: As they were given.
        model: The base model, where it is more than its name in the settings.

    Raises:
        TrainingError: A setting or the base model does not allow it.
        ModelError: The base model is not here.
    """
    settings.check()
    model = model or Model(settings.base)
    ground = ground_of(model)
    trigger = settings.trigger or dataset.trigger
    if settings.method == "prompt" and not trigger:
        raise TrainingError("Teaching a word needs one: set the trigger, to a word that the model does not know.")
    name = plain_name(settings.name or dataset.name or trigger or "training")
    settings = replace(settings, base=model.source, name=name, trigger=trigger)
    settings = settled(settings, ground.family, _sample_size(model, ground), len(dataset))
    digest = blake3_hex(fingerprint(model).encode()) if model.is_live else digest_of(model)
    return Placed(settings, folder_of(name, settings.as_json(), dataset.digest, digest), ground.family, digest)


def _sample_size(model: Model, ground: Ground) -> int:
    """Return the edge of the pictures that a model makes by itself, in pixels."""
    parts = pipeline_behind(model).components if model.is_live else {}
    unet, vae = (_config(part, parts, ground.place) for part in ("unet", "vae"))
    size, blocks = unet.get("sample_size"), vae.get("block_out_channels", ())
    if isinstance(size, int) and blocks:
        return size * 2 ** (len(blocks) - 1)
    return _SIZES.get(ground.family, 512)


def _config(part: str, parts: Mapping[str, Any], place: Path | None) -> Mapping[str, Any]:
    """Return the settings of a part of a model, which the notebook holds or which lies in a folder."""
    if part in parts:
        return getattr(parts[part], "config", {})
    return config_in(place / part, "config.json") if place and place.is_dir() else {}
