"""Saying what a file, a folder or a model is, and whether it is sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..media import Model
from .cards import ModelCard, described, size_in_words
from .describing import gguf_architecture
from .layout import PICKLES, missing_in
from .safetensors_header import read_header
from .weights import companions_of, place_of, size_of

_PIECE = 16 * 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """Is what was found out about weights.

    Args:
        source: As the user named them.
        place: Where they lie; None where they are not here.
        card: What is known of them; None where nothing is.
        bytes: Their size.
        problems: What is wrong, in sentences; nothing where they can be used.
        notes: What is worth knowing and does no harm, in sentences.
    """

    source: str
    place: Path | None
    card: ModelCard | None
    bytes: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Return whether they can be used."""
        return not self.problems

    def __str__(self) -> str:
        card = self.card
        known = " · ".join(part for part in (card.kind, card.base_model, card.help) if part) if card else ""
        lines = [f"{self.source}: {'sound' if self.is_sound else 'not sound'}, {size_in_words(self.bytes)}", known]
        return "\n".join(
            [*(line for line in lines if line), *(f"- {problem}" for problem in self.problems), *self.notes]
        )


def check(model: Model | str | Path, *, deep: bool = False) -> Checked:
    """Return what weights are, and whether they are sound. Never raises for a bad file: it says what is bad.

    Args:
        model: A card's name, Hub id, folder, file or handle.
        deep: Read every byte of what came from the Hub and compare it with what the Hub announced.
    """
    handle = str(model) if isinstance(model, Path) else model
    source = handle if isinstance(handle, str) else handle.source
    given = Path(source).expanduser()
    try:
        place = place_of(handle)
        folders = [place, *companions_of(handle).values()]
    except ModelError as error:
        size = given.stat().st_size if given.is_file() else 0
        return Checked(source, given if given.exists() else None, None, size, (str(error),), ())
    problems = [problem for folder in folders for problem in _problems(folder, deep)]
    notes = [note for folder in folders for note in _notes(folder)]
    card = None
    try:
        card = described(handle)
    except ModelError as error:
        problems.append(str(error))
    size = sum(size_of(folder) for folder in folders)
    return Checked(source, place, card, size, tuple(dict.fromkeys(problems)), tuple(notes))


def _problems(place: Path, deep: bool) -> Iterator[str]:
    """Yield what is wrong with a folder or file."""
    if place.is_dir():
        yield from (f"{what} is missing. Get the model again." for what in missing_in(place))
    for path in _files(place):
        try:
            if path.suffix == ".safetensors":
                read_header(path)
            elif path.suffix == ".gguf":
                gguf_architecture(path)
        except ModelError as error:
            yield str(error)
        else:
            if deep and _is_changed(path):
                yield f"'{path.name}' is not what the Hub announced: its content changed. Remove it and get it again."


def _is_changed(path: Path) -> bool:
    """Return whether a file that the Hub's cache names by its SHA-256 has another one."""
    name = path.resolve().name
    if not path.is_symlink() or len(name) != 64:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() != name


def _notes(place: Path) -> Iterator[str]:
    """Yield what else lies in a folder and is left alone."""
    pickles = [path.name for path in _files(place) if path.suffix in PICKLES]
    if pickles:
        yield f"Pickles lie beside it and are never opened: {', '.join(sorted(pickles)[:5])}."
    if any(path.suffix == ".py" for path in _files(place)):
        yield "Python code lies beside it and is never run."


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [path for path in sorted(place.rglob("*")) if path.is_file()]
