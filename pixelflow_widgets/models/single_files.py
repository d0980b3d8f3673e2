"""Models in one file: weights alone, put together by the settings of a folder of the same family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .cards import cards
from .families import family as family_named
from .weights import place_of

_CLASSES = {"controlnet": "ControlNetModel", "vae": "AutoencoderKL", "motion": "MotionAdapter"}


def pipeline_class(family: str, path: Path) -> Any:
    """Return the diffusers class of a family's pipeline.

    Args:
        family: What the file was detected as.
        path: The file.

    Raises:
        ModelError: Nobody knows the family, or it has no pipeline.
    """
    import diffusers

    known = family_named(family)
    made = getattr(diffusers, f"{known.pipelines[0]}Pipeline", None) if known and known.pipelines else None
    if made is None or not hasattr(made, "from_single_file"):
        raise ModelError(
            f"'{path.name}' cannot be loaded as a model: {family or 'its family, which nobody can tell,'} has no "
            "pipeline for single files. Get the model as a folder in diffusers' format."
        )
    return made


def settings_folder(family: str, path: Path) -> Path:
    """Return a folder that says how the weights of a file are put together, and has the tokenizers.

    That is the folder beside the file of the same name without its ending, else any model of the family that is here.

    Raises:
        ModelError: There is none; says what to get.
    """
    beside = path.with_suffix("")
    if (beside / "model_index.json").is_file():
        return beside
    fitting = cards(base_model=family, kind="model") if family else []
    for card in fitting:
        if card.is_here and (place := place_of(card.name)).is_dir():
            return place
    how = f"Get one with: pixelflow models get {fitting[0].name}" if fitting else f"Put one into {beside}."
    raise ModelError(
        f"'{path.name}' holds weights alone; how they are put together is said by a folder of a {family or 'similar'} "
        f"model, and none is here. {how}"
    )


def component_class(place: Path) -> Any:
    """Return the diffusers class of one component: a folder names it, and of a file it is detected.

    Raises:
        ModelError: It is none that is used by itself.
    """
    import diffusers

    from .detecting import detect

    if place.is_dir():
        try:
            name = json.loads((place / "config.json").read_text(encoding="utf-8"))["_class_name"]
            return getattr(diffusers, name)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ModelError(f"{place} holds no component of diffusers: its config.json names none.") from error
    found = detect(place)
    if found.kind not in _CLASSES:
        raise ModelError(f"'{place.name}' is no component that a model is lent with: {found.reason}")
    return getattr(diffusers, _CLASSES[found.kind])
