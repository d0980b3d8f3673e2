"""Places in a document, and the order of its edges: what `flow.amend` and `flow.arrange` make of a document.

A place is written "nodes/draw/note". Entries of the flow's inputs and outputs go by name, those of other lists by
number. In names, "~1" is a slash and "~0" a tilde, as in JSON Pointer (RFC 6901).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from ..errors import OperationRejected
from .document import Document, find_named, is_name

_NAMED = ("inputs", "outputs")
Item = TypeVar("Item")


def place_of(*names: str | int) -> str:
    """Return the place of these names, one inside the other."""
    return "/".join(str(name).replace("~", "~0").replace("/", "~1") for name in names)


def amended(document: Document, changes: Mapping[str, Any], without: Sequence[str] = ()) -> Document:
    """Return a document with other values at some places, and without others.

    Raises:
        OperationRejected: There is no such place; names it.
    """
    for place, value in changes.items():
        document = _put(document, _names(place), (value,), place, ())
    for place in without:
        document = _put(document, _names(place), (), place, ())
    return document


def _names(place: Any) -> list[str]:
    if not isinstance(place, str) or not place:
        raise OperationRejected(f"{str(place)[:80]!r} is no place in a flow. Write 'nodes/draw/note', say.")
    return [name.replace("~1", "/").replace("~0", "~") for name in place.split("/")]


def _put(inside: Any, names: list[str], value: tuple[Any, ...], place: str, above: tuple[str, ...]) -> Any:
    """Return a part of a document with the value put at the names, or without that if there is no value."""
    name, rest = names[0], names[1:]
    if isinstance(inside, list):
        index = _index(inside, name, above)
        if index is None or (not rest and not value):
            raise OperationRejected(f"There is no place '{place}': no entry '{name[:80]}' of a list to change.")
        after = _put(inside[index], rest, value, place, (*above, name)) if rest else value[0]
        return [*inside[:index], after, *inside[index + 1 :]]
    if not isinstance(inside, Mapping) or ((rest or not value) and name not in inside):
        raise OperationRejected(f"There is no place '{place[:200]}' in the flow: '{name[:80]}' is not there.")
    if rest:
        return {**inside, name: _put(inside[name], rest, value, place, (*above, name))}
    return {**inside, name: value[0]} if value else {key: each for key, each in inside.items() if key != name}


def _index(entries: list[Any], name: str, above: tuple[str, ...]) -> int | None:
    if len(above) == 1 and above[0] in _NAMED and is_name(name):
        index = find_named(entries, name)
    else:
        index = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else -1
    return index if 0 <= index < len(entries) else None


def reordered(document: Document, order: Sequence[str]) -> Document:
    """Return a document in which these edges and feeds come in this order, in the places that they have together.

    Args:
        document: The flow.
        order: "draw.image -> save.image" for an edge, "prompt -> draw.prompt" for a feed of an input.
    """
    if not order:
        return document
    named = [each for each in order if isinstance(each, str)]
    edges = _in_order(document["edges"], [arrow_of(each) for each in document["edges"]], named)
    return {**document, "edges": edges, "inputs": [_fed_in_order(entry, named) for entry in document["inputs"]]}


def _fed_in_order(entry: Any, order: Sequence[str]) -> Any:
    feeds = entry.get("feeds") if isinstance(entry, Mapping) else None
    if not isinstance(feeds, list) or not all(isinstance(port, str) for port in feeds):
        return entry
    return {**entry, "feeds": _in_order(feeds, [arrow(entry.get("name"), port) for port in feeds], order)}


def arrow(source: Any, target: Any) -> str:
    """Return how an edge or a feed is named."""
    return f"{source} -> {target}"


def arrow_of(entry: Any) -> str:
    """Return how an entry of the edges is named; empty for what is none."""
    return arrow(entry.get("from"), entry.get("to")) if isinstance(entry, Mapping) else ""


def _in_order(items: list[Item], keys: Sequence[Hashable], order: Sequence[Hashable]) -> list[Item]:
    wanted = {key: place for place, key in enumerate(order)}
    places = [index for index, key in enumerate(keys) if key in wanted]
    moved = sorted(places, key=lambda index: wanted[keys[index]])
    after = list(items)
    for place, index in zip(places, moved, strict=True):
        after[place] = items[index]
    return after
