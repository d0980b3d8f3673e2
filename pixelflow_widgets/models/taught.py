"""Weights that trainings on this machine made, as cards: in pickers and by name, beside those of the catalogue.

They lie in one folder, each in a folder of its name: LoRAs and embeddings as a file of that name, beside their card and
samples, or a whole model. Files that lie there loose count, too. Only headers are read, each once for a state of its
file, and what cannot be read is as if it were not there.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..media.folders import data_folder
from .cards import ModelCard, cards
from .detecting import Detected, detect
from .detecting.makers_words import OWN, resolution, trigger_words
from .layout import INDEX
from .safetensors_header import read_header

MODEL_WEIGHTS = Path("unet", "diffusion_pytorch_model.safetensors")
"""Part of a whole model whose header says how it came about."""
_KINDS = ("lora", "embedding")
_ENDING = ".safetensors"
_WORDS = {"lora": "LoRA", "embedding": "Learnt word", "model": "Model"}
_PAINTING = ("text_to_image", "image_to_image", "inpaint", "outpaint", "control")


def taught_folder() -> Path | None:
    """Return where trainings put weights; None where nothing is kept on disk here."""
    root = data_folder()
    return None if root is None else (root / "weights").absolute()


def taught_cards() -> list[ModelCard]:
    """Return the cards of all weights that trainings made, by name."""
    folder = taught_folder()
    try:
        found = sorted(folder.iterdir()) if folder is not None else []
    except OSError:
        return []
    places = (path for path in found if path.suffix == _ENDING or path.is_dir())
    known = (_known(_within(place)) for place in places if not place.name.startswith("."))
    return [card for card in known if card is not None]


def taught_card(name: str) -> ModelCard | None:
    """Return the card of weights that a training made, or None.

    Args:
        name: Of the card; or where the weights lie.
    """
    folder = taught_folder()
    if folder is None or not name or name.startswith("."):
        return None
    if Path(name).name == name:
        return _known(_within(folder / name)) or _known(folder / f"{name}{_ENDING}")
    place = Path(name)
    return _known(_within(place)) if folder in (place.parent, place.parent.parent) else None


def taught_state() -> object:
    """Return what changes when there are other weights; costs a look at the folders."""
    folder = taught_folder()
    try:
        places = [folder, *(path for path in folder.iterdir() if path.is_dir())] if folder is not None else []
        return tuple(sorted((str(place), place.stat().st_mtime_ns) for place in places))
    except OSError:
        return ()


def _within(place: Path) -> Path:
    """Return the weights in the folder of a result: the file of its name or the only one; of a whole model itself."""
    try:
        if place.suffix == _ENDING or (place / INDEX).is_file():
            return place
        named = place / f"{place.name}{_ENDING}"
        files = [named] if named.is_file() else list(place.glob(f"*{_ENDING}"))
    except (OSError, ValueError):  # no file can be called so
        return place
    return files[0] if len(files) == 1 else place


def _known(place: Path) -> ModelCard | None:
    """Return the card of a file or a folder; None where there is none, or it is nothing that a flow can name."""
    header = place if place.suffix == _ENDING else place / MODEL_WEIGHTS
    try:
        stat = header.stat()
        return _read(place, header, (stat.st_size, stat.st_mtime_ns))
    except (OSError, ValueError):
        return None


@functools.lru_cache(512)
def _read(place: Path, header: Path, _: object) -> ModelCard | None:
    """Return what is known of weights; the last argument tells states of their file."""
    try:
        found, told = detect(place), read_header(header).metadata
    except ModelError:
        return None
    if found.kind not in (_KINDS if place is header else ("model",)):
        return None
    own = _of_file(place, found, told)
    return own if found.kind != "model" else _like_its_base(own, told)


def _like_its_base(own: ModelCard, told: Mapping[str, str]) -> ModelCard:
    """Return the card of a whole model, with what suits its base; of the size, what it was taught at."""
    base = told.get(f"{OWN}base", "")
    kin = cards(base_model=own.base_model, kind="model", taught=False)
    like = next((card for card in kin if base in (card.name, str(card.source))), None)
    # What is said of where the base comes from does not hold for what was made of it.
    here: dict[str, Any] = {"revision": None, "variant": None, "gated": False, "companions": ()}
    if like is None:
        like, size = next(iter(kin), own), resolution(told)
        here["defaults"] = {**like.defaults, **({"width": size[0], "height": size[1]} if size else {})}
        here["limits"] = {}
    kept = ("name", "title", "source", "licence", "megabytes", "help", "trigger_words")
    return replace(like, **{field: getattr(own, field) for field in kept}, **here)


def _of_file(place: Path, found: Detected, told: Mapping[str, str]) -> ModelCard:
    is_loose = place.parent == taught_folder()
    name = place.name.removesuffix(_ENDING) if is_loose else place.parent.name
    words = trigger_words(told)
    is_taken = any(name in (card.name, str(card.source)) for card in cards(taught=False))
    return ModelCard(
        name=str(place) if is_taken else name,
        title=name,
        source=str(place),
        tasks=_PAINTING if found.kind == "model" else (found.kind,),
        modality="image",
        base_model=found.base_model,
        licence=told.get(f"{OWN}licence", "") or told.get("modelspec.license", ""),
        megabytes=found.megabytes,
        help=_help(found.kind, words, told),
        kind=found.kind,
        trigger_words=words,
    )


def _help(kind: str, words: Sequence[str], told: Mapping[str, str]) -> str:
    pictures, base, date = (told.get(f"{OWN}{name}", "") for name in ("pictures", "base", "date"))
    how = (
        f" with {pictures} picture{'' if pictures == '1' else 's'}" if pictures else "",
        f" on {base}" if base else "",
        f", {date[:10]}" if date else "",
    )
    named = " or ".join(f"'{word}'" for word in words)
    return f"{_WORDS[kind]} of a training here{''.join(how)}.{f' Write {named} in the prompt.' if named else ''}"
