"""Taking weights away again: those that were fetched, and only what no other model uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import ModelError
from ..media import Model
from .cards import PACKAGE, card_of
from .weights import companions_of, hub_cache, looks_like_hub, place_of, split_source


def remove(model: Model | str) -> int:
    """Remove the weights of a model that was fetched, or begun to be, and return how many bytes that gave back.

    Args:
        model: A card's name, a Hub id, or a file within one.

    Raises:
        ModelError: It is not here, or not from the Hub: what ships with a package and what is the user's own stays.
    """
    source = model if isinstance(model, str) else model.source
    card = card_of(source)
    try:
        place = place_of(model)
    except ModelError:
        begun = _begun(str(card.source) if card else source)
        if not begun:
            raise
        return _drop(begun)
    folder = _repository_of(place)
    if folder is None:
        if card is not None and str(card.source).startswith(PACKAGE):
            raise ModelError(f"{card.title} is part of a Python package: {place}. Remove it with pip.")
        if card is not None and isinstance(card.source, Path):
            raise ModelError(f"{card.title} ships with this package and stays.")
        raise ModelError(f"{place} was not fetched from the Hub: it is yours. Remove it by hand if you want to.")
    pointers = list(_files(place))
    others = _used_by_others(source, folder)
    for companion in companions_of(model).values():
        pointers += [path for path in _files(companion) if path not in others]
    freed = _unlink(pointers, folder)
    _tidy(folder)
    return freed


def _begun(source: str) -> list[Path]:
    """Return what came of a fetch that did not end: parts of files, and files that no snapshot shows yet."""
    if not looks_like_hub(source):
        return []
    folder = hub_cache() / f"models--{split_source(source)[0].replace('/', '--')}"
    shown = {path.resolve() for path in folder.glob("snapshots/**/*") if path.is_symlink()}
    return [path for path in folder.glob("blobs/*") if path.resolve() not in shown]


def _drop(begun: list[Path]) -> int:
    """Remove what a fetch began."""
    freed = sum(path.stat().st_size for path in begun)
    for path in begun:
        path.unlink()
    _tidy(begun[0].parents[1])
    return freed


def _repository_of(place: Path) -> Path | None:
    """Return the folder of the Hub's cache that a place is in."""
    cache = hub_cache()
    if not place.is_relative_to(cache):
        return None
    return cache / place.relative_to(cache).parts[0]


def _files(place: Path) -> Iterable[Path]:
    return [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]


def _used_by_others(source: str, folder: Path) -> set[Path]:
    """Return the files that other cards whose weights are here need beside theirs."""
    from .cards import cards

    used: set[Path] = set()
    for card in cards():
        if source in (card.name, str(card.source)) or not card.companions:
            continue
        try:
            places = companions_of(card.name).values() if _repository_of(place_of(card.name)) == folder else ()
        except ModelError:
            continue
        used |= {path for companion in places for path in _files(companion)}
    return used


def _unlink(pointers: list[Path], folder: Path) -> int:
    """Remove files of a snapshot, and their content where no other file of the repository has the same."""
    blobs = {path.resolve() for path in pointers if path.is_symlink()}
    freed = sum(path.stat().st_size for path in pointers if not path.is_symlink())
    for path in pointers:
        path.unlink()
    kept = {path.resolve() for path in folder.glob("snapshots/**/*") if path.is_symlink()}
    for blob in blobs - kept:
        freed += blob.stat().st_size
        blob.unlink()
    return freed


def _tidy(folder: Path) -> None:
    """Remove what is left of a repository: parts of files that nobody waits for, empty folders, names of commits."""
    for path in sorted(folder.glob("snapshots/**/*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if any(path.is_file() for path in folder.glob("snapshots/**/*")):
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
