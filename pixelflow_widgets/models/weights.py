"""Where the weights of a model lie, and what identifies them; a model that is here is never looked for elsewhere."""

from __future__ import annotations

import functools
import os
import threading
from pathlib import Path

from ..errors import ModelError, nearest
from ..media import Model, blake3_hex
from ..media.values import live_object
from .cards import card_of, cards
from .live import folder_behind, is_live, pipeline_behind, state_of

_digests: dict[tuple[str, int, int], str] = {}
_lock = threading.Lock()


def folder_of(model: Model | str) -> Path:
    """Return the folder that holds a model, without asking the network.

    Args:
        model: A card's name, a Hub id that was fetched before, or a folder.

    Raises:
        ModelError: It is not here; says its name, size, licence and the command that gets it.
    """
    source = model if isinstance(model, str) else model.source
    if is_live(source):
        folder = folder_behind(pipeline_behind(Model(source)))
        if folder is None:
            raise ModelError(f"'{source}' is an object of this kernel; there is no folder of its own on this machine.")
        return folder
    card = card_of(source)
    place = card.source if card else source
    if isinstance(place, Path) or Path(place).is_dir():
        folder = Path(place)
        if not (folder / "model_index.json").is_file():
            raise ModelError(f"{folder} holds no model: there is no model_index.json in it.")
        return folder
    found = _fetched(place, card.revision if card else None)
    if found is not None:
        return found
    if card is None:
        names = [card.name for card in cards()]
        raise ModelError(
            f"There is no model '{source}' here: it is not a card, a folder or a Hub id that was fetched."
            f"{nearest(source, names)} Cards: {', '.join(names)}."
        )
    raise ModelError(
        f"{card.title} is not on this machine ({card.megabytes / 1000:.1f} GB, licence {card.licence}). Get it with: "
        f"hf download {card.source} --revision {card.revision}"
    )


def _fetched(repository: str, revision: str | None) -> Path | None:
    """Return the local snapshot of a Hub repository, or None."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.utils import HFValidationError

    try:
        found = try_to_load_from_cache(repository, "model_index.json", revision=revision)
    except (HFValidationError, ValueError):
        return None
    return Path(found).parent if isinstance(found, str) else None


def fingerprint(model: Model) -> str:
    """Return what identifies the weights, and the libraries and machine whose arithmetic they meet.

    Where the model is not here, its handle alone identifies it; the node will say what is missing.
    """
    if model.is_live:
        pipeline = live_object(model.source)
        return model.as_json() + ("" if pipeline is None else blake3_hex(state_of(pipeline).encode()))
    try:
        folder = folder_of(model)
    except ModelError:
        return model.as_json()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = blake3_hex(*(f"{path.relative_to(folder)} {_digest(path)}\n".encode() for path in files))
    threads = os.environ.get("OMP_NUM_THREADS", str(os.cpu_count()))
    return f"{digest} torch {_minor('torch')} diffusers {_minor('diffusers')} threads {threads}"


def _digest(path: Path) -> str:
    """Return what identifies a file's content; it is read once for each state (size, time) of the file."""
    if path.is_symlink() and path.resolve().parent.name == "blobs":
        return path.resolve().name  # the Hub's cache names its files by their digest
    stat = path.stat()
    state = (str(path), stat.st_size, stat.st_mtime_ns)
    with _lock:
        if state not in _digests:
            from blake3 import blake3

            _digests[state] = blake3().update_mmap(path).hexdigest() if stat.st_size else "empty"
        return _digests[state]


@functools.cache
def _minor(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return ".".join(version(package).split(".")[:2])
    except PackageNotFoundError:
        return "none"
