"""Wildcards: `__colour__` in a prompt is one line of colour.txt, in the user's folder or among those shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import MediaError, nearest
from ..media import blake3_hex
from ..media.folders import data_folder
from ..media.text_files import read_text
from . import comments, parsing
from .shipped_words import WILDCARDS

MOST_BYTES = 2_000_000
MOST_OPTIONS = 20_000
MOST_FILES = 200
"""How many wildcards one prompt may lead to, by way of others."""
_MOST_NAMED = 1_000

Lists = Mapping[str, Sequence[str]]


def folder() -> Path | None:
    """Return where the user's wildcards lie, a file each; None where nothing is kept on disk."""
    data = data_folder()
    return None if data is None else data / "wildcards"


def names(place: Path | None = None) -> list[str]:
    """Return the wildcards that there are: the user's, and those shipped.

    Args:
        place: The folder of the user's; theirs if not given.
    """
    place = place or folder()
    own: set[str] = set()
    if place is not None and place.is_dir():
        for number, file in enumerate(place.rglob("*.txt")):
            if number == _MOST_NAMED:
                break
            own.add(file.relative_to(place).with_suffix("").as_posix())
    return sorted(own | set(WILDCARDS))


def options(name: str, place: Path | None = None) -> list[str]:
    """Return the lines of a wildcard, with their weights if they have any.

    Args:
        name: As it stands between the underscores; the user's file goes before one that is shipped.
        place: As for `names`.

    Raises:
        MediaError: There is none of this name, it cannot be read, or it has no line or too many.
    """
    place = place or folder()
    file = None if place is None else place / f"{name}.txt"
    if file is None or not file.is_file():
        if name in WILDCARDS:
            return list(WILDCARDS[name])
        where = "" if place is None else f" Write one option a line into {place / f'{name}.txt'}."
        raise MediaError(f"There is no wildcard '__{name}__'.{nearest(name, names(place))}{where}")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise MediaError(f"The wildcard file {file} is larger than {MOST_BYTES:,} bytes.")
        read = comments.without(read_text(file))
    except OSError as error:
        raise MediaError(f"The wildcard file {file} cannot be read: {error}") from error
    found = [line.strip() for line in read.splitlines() if line.strip()]
    if not found:
        raise MediaError(f"The wildcard file {file} has no line. Write one option a line.")
    if len(found) > MOST_OPTIONS:
        raise MediaError(f"The wildcard file {file} has {len(found):,} lines, and {MOST_OPTIONS:,} are read.")
    return found


def gathered(text: str, place: Path | None = None) -> dict[str, list[str]]:
    """Return the lines of every wildcard that a prompt names, and of those that they name.

    Args:
        text: A prompt.
        place: As for `names`.

    Raises:
        MediaError: One is not there or cannot be read, one leads back to itself, or there are too many.
    """
    found: dict[str, list[str]] = {}
    leads: dict[str, list[str]] = {"": _named(text)}
    pending = list(leads[""])
    while pending:
        name = pending.pop()
        if name in found:
            continue
        if len(found) == MOST_FILES:
            raise MediaError(f"This prompt leads to more than {MOST_FILES} wildcards.")
        found[name] = options(name, place)
        leads[name] = _named("\n".join(found[name]))
        pending += leads[name]
    _check_circles(leads)
    return found


def _named(text: str) -> list[str]:
    return list(dict.fromkeys(name for name, _, _ in parsing.references(text)))


def _check_circles(leads: Mapping[str, Sequence[str]]) -> None:
    """Raise where a wildcard leads back to itself."""
    done: set[str] = set()
    way: list[tuple[str, Iterator[str]]] = [("", iter(leads[""]))]
    on_way = {""}
    while way:
        name, following = way[-1]
        after = next(following, None)
        if after is None:
            way.pop()
            on_way.discard(name)
            done.add(name)
        elif after in on_way:
            names = [one for one, _ in way]
            circle = " → ".join(f"__{one}__" for one in [*names[names.index(after) :], after])
            raise MediaError(f"The wildcards lead back to where they began: {circle}. Take one of them out.")
        elif after not in done:
            way.append((after, iter(leads[after])))
            on_way.add(after)


def fingerprint(text: str | None) -> str:
    """Return what stands for the files behind a prompt's wildcards: another text where one of them changed.

    Empty where there are none; what is wrong with them is the same for ever, as long as it is wrong.
    """
    if text is None or "__" not in text:
        return ""
    try:
        found = gathered(text)
    except MediaError as error:
        return str(error)
    return blake3_hex(repr(sorted(found.items())).encode()) if found else ""
