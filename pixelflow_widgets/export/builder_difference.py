"""What one document says and another does not, as places and values for `flow.amend`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from ..flow import document as doc
from ..flow.amending import arrow, arrow_of, place_of
from ..flow.document import Document


class Difference(NamedTuple):
    """Leads from one document to another.

    Args:
        changes: Place → value.
        without: Places that are not in the other.
    """

    changes: dict[str, Any]
    without: list[str]


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same, also in the eyes of a file: 1, 1.0 and true are three."""
    if isinstance(one, str | None) or isinstance(other, str | None):
        return one == other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def difference(made: Document, wanted: Document) -> Difference:
    """Return what leads from one document to another, by name, so that equal documents give it alike."""
    found = Difference({}, [])
    if not is_equal(made, wanted):
        _compare(made, wanted, (), found)
    return found


def _compare(made: Any, wanted: Any, place: tuple[str | int, ...], found: Difference) -> None:
    if isinstance(made, dict) and isinstance(wanted, dict):
        for name in sorted(made.keys() | wanted.keys()):
            if name not in wanted:
                found.without.append(place_of(*place, name))
            elif name not in made:
                found.changes[place_of(*place, name)] = wanted[name]
            else:
                _compare(made[name], wanted[name], (*place, name), found)
    elif not is_equal(made, wanted):
        if isinstance(made, list) and _goes_entry_by_entry(made, wanted):
            for index, (one, other) in enumerate(zip(made, wanted, strict=True)):
                _compare(one, other, (*place, _entry_name(place, made, wanted, index)), found)
        else:
            found.changes[place_of(*place)] = wanted


def _goes_entry_by_entry(made: list[Any], wanted: Any) -> bool:
    both = isinstance(wanted, list) and len(made) == len(wanted)
    return both and all(isinstance(each, dict) for each in [*made, *wanted])


def _entry_name(place: tuple[str | int, ...], made: list[Any], wanted: list[Any], index: int) -> str | int:
    name = wanted[index].get("name")
    is_named = place in (("inputs",), ("outputs",)) and doc.is_name(name) and doc.find_named(made, name) == index
    return name if is_named else index


def moved_edges(made: Document, wanted: Document) -> list[str]:
    """Return the edges and feeds that stand elsewhere in the other document, in its order; see `flow.arrange`."""
    moved = _moved([arrow_of(each) for each in made["edges"]], [arrow_of(each) for each in wanted["edges"]])
    there = {entry["name"]: entry for entry in doc.inputs(made)}
    for entry in doc.inputs(wanted):
        name = entry["name"]
        if name in there:
            before, after = there[name].get("feeds", []), entry.get("feeds", [])
            moved += _moved([arrow(name, port) for port in before], [arrow(name, port) for port in after])
    return moved


def _moved(made: list[str], wanted: list[str]) -> list[str]:
    if made == wanted or Counter(made) != Counter(wanted) or len(set(made)) < len(made):
        return []  # what was not made at all is said otherwise
    return [other for one, other in zip(made, wanted, strict=True) if one != other]
