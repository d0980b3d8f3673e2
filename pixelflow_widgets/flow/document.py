"""The flow as plain JSON, and tolerant reading of it.

    {"format": "pixelflow", "version": 1, "name": "first",
     "nodes":   {"draw": {"type": "text_to_image", "type_version": 1, "values": {"steps": 20}}},
     "edges":   [{"from": "ask.text", "to": "draw.prompt"}],
     "inputs":  [{"name": "prompt", "type": "text", "default": "…", "feeds": ["draw.prompt"]}],
     "outputs": [{"name": "image", "from": "draw.image"}],
     "layout":  {"positions": {"draw": [280, 40]}},
     "subflows": {"poster": {"document": {…a whole flow…}}}}  # only where there are some

A document is never changed in place: an operation makes a new one that shares what did not change. Fields that this
version does not know stay where they are; entries that cannot be read are passed over here, named by `problems`, and
written back as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard, get_args

from ..schema.body import Kind

Document = dict[str, Any]

FORMAT = "pixelflow"
VERSION = 1
KINDS: tuple[Kind, ...] = get_args(Kind)
"""How a subflow may be placed: the node's type is "flow/poster", "repeat/poster" …"""
NODE_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
"""How a node, input or output may be called: it becomes a Python name in exported code."""


class Edge(NamedTuple):
    """Leads from an output port to an input port.

    Args:
        source: Id of the node that gives.
        output: Its output port.
        target: Id of the node that takes.
        input: Its input port.
    """

    source: str
    output: str
    target: str
    input: str

    def __str__(self) -> str:
        return f"{self.source}.{self.output} → {self.target}.{self.input}"


def new_document(name: str) -> Document:
    """Return an empty flow."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "nodes": {},
        "edges": [],
        "inputs": [],
        "outputs": [],
        "layout": {"positions": {}},
    }


def is_document(thing: Any) -> TypeGuard[Document]:
    """Return whether edits can go on from it: every section is there, in its shape."""
    if not isinstance(thing, dict) or thing.get("format") != FORMAT:
        return False
    sections = {"name": str, "nodes": dict, "edges": list, "inputs": list, "outputs": list}
    layout = thing.get("layout", {})
    return (
        all(isinstance(thing.get(section), shape) for section, shape in sections.items())
        and isinstance(layout, dict)
        and isinstance(layout.get("positions", {}), dict)
        and isinstance(thing.get("subflows", {}), dict)
    )


def split_port(text: Any) -> tuple[str, str] | None:
    """Return (node, port) of "node.port", or None for anything else."""
    if not isinstance(text, str):
        return None
    node, dot, port = text.partition(".")
    return (node, port) if dot and node and port else None


def read_edge(entry: Any) -> Edge | None:
    """Return an edge entry as an `Edge`, or None if it is not one."""
    if not isinstance(entry, dict):
        return None
    source, target = split_port(entry.get("from")), split_port(entry.get("to"))
    return Edge(*source, *target) if source and target else None


def edges(document: Document) -> Iterator[Edge]:
    """Yield every edge that can be read, in the document's order."""
    for entry in document["edges"]:
        edge = read_edge(entry)
        if edge is not None:
            yield edge


def is_name(text: Any) -> TypeGuard[str]:
    """Return whether a node, input or output may be called so."""
    return isinstance(text, str) and NODE_ID.match(text) is not None


def is_node(entry: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether a node entry can be read."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("values", {}), dict)
        and isinstance(entry.get("title", ""), str | None)
    )


def nodes(document: Document) -> dict[str, Mapping[str, Any]]:
    """Return the nodes that can be read, by id."""
    return {key: entry for key, entry in document["nodes"].items() if is_node(entry) and is_name(key)}


def split_type(name: Any) -> tuple[Kind, str] | None:
    """Return (kind, name of the subflow) of "repeat/poster", or None for the name of any other type."""
    if not isinstance(name, str):
        return None
    kind, slash, subflow = name.partition("/")
    return (kind, subflow) if slash and kind in KINDS else None


def users(document: Document, subflow: str) -> Iterator[str]:
    """Yield the ids of the nodes that run a subflow."""
    for key, entry in nodes(document).items():
        if (parts := split_type(entry["type"])) is not None and parts[1] == subflow:
            yield key


def subflows(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the entries of the subflows by name; there may be some among them that cannot be read."""
    found = document.get("subflows")
    return found if isinstance(found, Mapping) else {}


def is_input(entry: Any) -> TypeGuard[Mapping[str, Any]]:
    """Return whether an entry of the flow's inputs can be read."""
    return (
        isinstance(entry, dict)
        and is_name(entry.get("name"))
        and isinstance(entry.get("type"), str | Mapping)
        and isinstance(entry.get("limits", {}), Mapping)
        and isinstance(entry.get("feeds", []), list)
    )


def are_limits_readable(entry: Mapping[str, Any]) -> bool:
    """Return whether the limits of an input are numbers, of a number."""
    limits = entry.get("limits", {})
    bounds = [bound for bound in (limits.get("min"), limits.get("max")) if bound is not None]
    of_numbers = entry["type"] in ("int", "float", "list[int]", "list[float]")
    return not bounds or (of_numbers and all(_is_number(bound) for bound in bounds))


def inputs(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of the flow's signature that feed ports."""
    return (entry for entry in document["inputs"] if is_input(entry) and are_limits_readable(entry))


def feeds(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (node, port) for each port that an input feeds."""
    for text in entry.get("feeds", []):
        port = split_port(text)
        if port:
            yield port


def is_output(entry: Any) -> bool:
    """Return whether an entry of the flow's outputs can be read."""
    return isinstance(entry, dict) and is_name(entry.get("name")) and split_port(entry.get("from")) is not None


def outputs(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of the flow's signature that read ports."""
    return (entry for entry in document["outputs"] if is_output(entry))


def find_named(entries: list[Any], name: str) -> int:
    """Return the place of the input or output of a name, or -1."""
    for place, entry in enumerate(entries):
        if isinstance(entry, dict) and entry.get("name") == name:
            return place
    return -1


def position(document: Document, node: str) -> tuple[float, float] | None:
    """Return where a node stands, in pixels at zoom 1, or None."""
    layout = document.get("layout")
    positions = layout.get("positions") if isinstance(layout, dict) else None
    place = positions.get(node) if isinstance(positions, dict) else None
    if isinstance(place, list) and len(place) == 2 and all(_is_number(edge) and abs(edge) < 1e7 for edge in place):
        return place[0], place[1]
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def title_of(document: Document, node: str, default: str = "") -> str:
    """Return what a node is called on the canvas: its own title, else the default, else its id."""
    entry = document["nodes"].get(node)
    title = entry.get("title") if isinstance(entry, dict) else None
    return title if isinstance(title, str) and title else default or node
