"""Where the weights of a model lie; a model that is here is never looked for elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError, nearest
from ..media import Model
from ..media.values import SERVED, live_object
from .cards import FROM_PACKAGE, PACKAGE, ModelCard, card_of, cards
from .layout import CONFIGS, PICKLES, is_whole, single_file_in
from .live import folder_behind, is_live, pipeline_behind

_SOURCES = ("vae", "motion")
"""Options of a model handle that name weights of their own."""
_REPOSITORY = re.compile(r"(?:[A-Za-z0-9][\w-]*(?:\.[\w-]+)*/)?[A-Za-z0-9][\w-]*(?:\.[\w-]+)*", re.ASCII)
"""How a Hub id is spelled; very old ones have no owner."""


def place_of(model: Model | str) -> Path:
    """Return the folder or the file that holds a model, without asking the network.

    Args:
        model: A card's name, a Hub id that was fetched before, a file within one ("owner/name/file.safetensors"), a
            folder, a file, or a handle (its adapters have places of their own).

    Raises:
        ModelError: It is not here; says its name, size, licence and the command that gets it. Or it is no model.
    """
    source = model if isinstance(model, str) else model.source
    if is_live(source):
        folder = folder_behind(pipeline_behind(Model(source)))
        if folder is None:
            raise ModelError(f"'{source}' is an object of this kernel; there is no folder of its own on this machine.")
        return folder
    if source.startswith(SERVED):
        raise ModelError(f"'{source[:200]}' runs on a server; nothing of it is on this machine.")
    card = card_of(source)
    if card and str(card.source).startswith(PACKAGE):
        return _in_package(card)
    place = card.source if card else source
    if isinstance(place, Path):
        return _local(place)
    if not place.strip():
        raise ModelError("No model is named. Name a card, a folder, a file or a Hub id.")
    try:
        here = Path(place).expanduser()
        if here.exists():
            return _local(here)
        found = _of_hub(place, revision_of(model))
    except (OSError, RuntimeError, ValueError):  # no file can be called so, or nobody has that home
        found = None
    if found is None:
        raise ModelError(_not_here(source if len(source) <= 200 else f"{source[:200]}…", card))
    return found


def is_here(model: Model | str) -> bool:
    """Return whether a model itself can be loaded without a network; its adapters are asked for one by one."""
    source = model if isinstance(model, str) else model.source
    if is_live(source):
        return live_object(source) is not None
    if source.startswith(SERVED):
        return True  # nothing is missing here
    try:
        place_of(model)
        companions_of(model)
    except ModelError:
        return False
    return True


def revision_of(model: Model | str) -> str | None:
    """Return the commit or branch that a model is wanted at: the handle's, else its card's; None is the newest here."""
    wanted = None if isinstance(model, str) else model.options.get("revision")
    card = card_of(model)
    return wanted or (card.revision if card else None)


def companions_of(model: Model | str) -> dict[str, Path]:
    """Return the folders that a model needs beside it, by the last part of their names: {"image_encoder": …}.

    Raises:
        ModelError: One is not here.
    """
    card = card_of(model)
    if card is None or not card.companions:
        return {}
    repository, _ = split_source(str(card.source))
    root = _fetched(repository, revision_of(model))
    found = {Path(name).name: root / name for name in card.companions} if root else {}
    if not found or not all((path / "config.json").is_file() and is_whole(path) for path in found.values()):
        raise ModelError(_not_here(card.name, card))
    return found


def sources_of(model: Model | str) -> list[str]:
    """Return what a model handle names and needs here: itself, another autoencoder, its adapters."""
    if isinstance(model, str):
        return [model]
    named = [str(model.options[name]) for name in _SOURCES if model.options.get(name)]
    return list(dict.fromkeys([model.source, *named, *(adapter.source for adapter in model.adapters)]))


def split_source(source: str) -> tuple[str, str]:
    """Return (Hub id, file within it) of "owner/name/file.safetensors"; no file is ""."""
    parts = source.split("/")
    return "/".join(parts[:2]), "/".join(parts[2:])


def _local(place: Path) -> Path:
    """Return a folder or file of this machine, if it is one that weights are taken from."""
    if place.is_file():
        if place.suffix.lower() in PICKLES:
            raise ModelError(
                f"'{place.name}' is refused: it is a pickle, and loading one can run code. Get the same weights as "
                f"safetensors. ({place})"
            )
        if place.suffix.lower() not in (".safetensors", ".gguf"):
            raise ModelError(f"'{place.name}' is no .safetensors or .gguf file, and others are not read. ({place})")
        return place
    if any((place / name).is_file() for name in CONFIGS):
        return place
    single = single_file_in(place)
    if single is None:
        raise ModelError(
            f"{place} holds no model: there is no {', '.join(CONFIGS)} in it, nor a single file of weights "
            "(.safetensors, .gguf). Name the folder that has one, or the file itself."
        )
    return single


def _in_package(card: ModelCard) -> Path:
    """Return the weights that another Python package brings."""
    from importlib.util import find_spec

    package, _, pattern = str(card.source).removeprefix(PACKAGE).partition("/")
    spec = find_spec(package)
    roots = [Path(root) for root in (spec.submodule_search_locations or ()) if spec] if spec else []
    found = sorted(path for root in roots for path in root.rglob(pattern))
    if not found:
        raise ModelError(_not_here(card.name, card))
    return found[0]


def _of_hub(source: str, revision: str | None) -> Path | None:
    """Return the place of a Hub id, or of a file within one, if it was fetched before and is whole."""
    repository, name = split_source(source)
    root = _fetched(repository, revision)
    if root is None:
        return None
    place = root / name if name else root
    if place.is_file():
        return _local(place)
    if not place.is_dir() or not is_whole(place):
        return None
    return place if any((place / config).is_file() for config in CONFIGS) else single_file_in(place)


def hub_cache() -> Path:
    """Return the folder where everything from the Hub lies; HF_HOME or HF_HUB_CACHE moves it."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser()


def _fetched(repository: str, revision: str | None) -> Path | None:
    """Return the snapshot of a Hub repository on this machine: of a revision, or the newest that is whole."""
    if not _REPOSITORY.fullmatch(repository):
        return None
    folder = hub_cache() / f"models--{repository.replace('/', '--')}"
    snapshots = folder / "snapshots"
    ref = folder / "refs" / (revision or "main")
    names = [revision] if revision else []
    if ref.is_file():
        names.append(ref.read_text(encoding="utf-8").strip())
    named = next((snapshots / name for name in names if name and (snapshots / name).is_dir()), None)
    if named is not None or revision:
        return named
    found = sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime) if snapshots.is_dir() else []
    return found[-1] if found else None


def _not_here(source: str, card: ModelCard | None) -> str:
    """Return the sentence for what is not on this machine, with the command that gets it."""
    if card is not None and str(card.source).startswith(PACKAGE):
        return (
            f"{card.title} is not on this machine ({card.size}, licence {card.licence}). It comes with a Python "
            f"package. Get it with: {FROM_PACKAGE}"
        )
    if card is not None:
        agree = ", after its makers' conditions were accepted on its page" if card.gated else ""
        return (
            f"{card.title} is not on this machine ({card.size}, licence {card.licence}). Get it with: "
            f"pixelflow models get {card.name}{agree}"
        )
    names = [card.name for card in cards()]
    if looks_like_hub(source):
        return (
            f"The model '{source}' is not on this machine: it is no folder or file here, and was not fetched from the "
            f"Hub. Get it with: pixelflow models get {source}"
        )
    return (
        f"There is no model '{source}' here: it is not a card, a folder, a file or a Hub id that was fetched."
        f"{nearest(source, names)} All cards: pixelflow models list"
    )


def looks_like_hub(source: str) -> bool:
    """Return whether a name could be a Hub id, or a file within one: "owner/name"."""
    repository, _ = split_source(source)
    return "/" in repository and _REPOSITORY.fullmatch(repository) is not None


def files_in(place: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name, path) of each file of a place; that of a single file does not count."""
    if place.is_file():
        yield "", place
        return
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        yield str(path.relative_to(place)), path


def size_of(place: Path) -> int:
    """Return how many bytes a folder or file takes."""
    return sum(path.stat().st_size for _, path in files_in(place))
