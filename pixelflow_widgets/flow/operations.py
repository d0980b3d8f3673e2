"""Named operations on a document, each a pure `apply → (document, inverse)`.

The page applies the same operations in TypeScript; `tests/vectors/operations.json` is read by both. An operation is
plain JSON: {"op": "connect", "from": "ask.text", "to": "draw.prompt"}. It checks the shape of the document only;
whether types fit and whether a cycle would close is asked in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import OperationRejected, nearest
from .document import Document, find_named, is_document, is_input, is_name, is_node, split_port
from .edge_places import EdgePlaces
from .joins import joins
from .subflow_operation import set_subflow

Operation = dict[str, Any]
_Applied = tuple[Document, Operation]

_edges = EdgePlaces()
NONE = {"$none": True}
"""Stands in an operation for a value that is null in the document: null itself takes a field away."""
NODE_FIELDS = (
    "title",
    "type",
    "type_version",
    "pinned",
    "muted",
    "limit",
    "collapsed",
    "size",
    "note",
    "source",
    "bindings",
)
ENTRY_FIELDS = ("title", "help", "default", "limits", "type", "affects_cost", "choices", "from", "control", "variable")
FLOW_FIELDS = ("name", "title", "description", "sources")


def apply(document: Document, operation: Operation) -> _Applied:
    """Return the document after an operation, and the operation that takes it back.

    Raises:
        OperationRejected: The operation does not fit this document, which is unchanged.
    """
    name = operation.get("op") if isinstance(operation, dict) else None
    handler = OPERATIONS.get(name) if isinstance(name, str) else None
    if handler is None:
        raise OperationRejected(f"There is no operation {name!r}.{nearest(str(name), OPERATIONS)}")
    try:
        return handler(document, operation)
    except KeyError as error:
        raise OperationRejected(f"The operation '{name}' wants a field {error}.") from None


def apply_all(document: Document, operations: Iterable[Operation]) -> tuple[Document, list[Operation]]:
    """Apply operations in order, all or none; the inverses come in the order that takes them back.

    Raises:
        OperationRejected: One of them does not fit; nothing is changed.
    """
    inverses: list[Operation] = []
    for operation in operations:
        document, inverse = apply(document, operation)
        inverses.append(inverse)
    return document, inverses[::-1]


def _reject(sentence: str) -> OperationRejected:
    return OperationRejected(sentence)


def _node(document: Document, key: Any) -> dict[str, Any]:
    entry = document["nodes"].get(key) if is_name(key) else None
    if not is_node(entry):
        raise _reject(f"There is no node '{key}'.")
    return entry


def _port(text: Any) -> str:
    if split_port(text) is None:
        raise _reject(f"{str(text)[:80]!r} is not a port. Write 'node.port'.")
    return text


def _placed_port(document: Document, text: Any) -> str:
    _node(document, _port(text).partition(".")[0])
    return text


def _is_none(value: Any) -> bool:
    return value == NONE and value["$none"] is True  # {"$none": 1} is equal in Python and a value of its own


def _changed(fields: Mapping[str, Any], changes: Mapping[str, Any], allowed: Iterable[str] | None) -> tuple[dict, dict]:
    """Return (fields after the changes, changes that take them back).

    None takes a field away; {"$none": true} sets it to null.
    """
    if not isinstance(changes, dict):
        raise _reject("Changes come as an object of field names and values.")
    after, back = dict(fields), {}
    for name, value in changes.items():
        if allowed is not None and name not in allowed:
            raise _reject(f"A field '{name}' cannot be set.{nearest(str(name), allowed)}")
        back[name] = (NONE if fields[name] is None else fields[name]) if name in fields else None
        if value is None:
            after.pop(name, None)
        else:
            after[name] = None if _is_none(value) else value
    return after, back


def _place(count: int, index: Any) -> int:
    return index if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < count else count


def _inserted(entries: list[Any], index: Any, entry: Any) -> list[Any]:
    place = _place(len(entries), index)
    return [*entries[:place], entry, *entries[place:]]


def _positions(document: Document) -> dict[str, Any]:
    layout = document.get("layout")
    positions = layout.get("positions") if isinstance(layout, dict) else None
    return positions if isinstance(positions, dict) else {}


def _with_positions(document: Document, positions: dict[str, Any]) -> Document:
    layout = document.get("layout")
    return {**document, "layout": {**(layout if isinstance(layout, Mapping) else {}), "positions": positions}}


def _with_node(document: Document, key: str, entry: Mapping[str, Any]) -> Document:
    nodes = document["nodes"].copy()  # a third of the time of {**nodes, key: entry}
    nodes[key] = entry
    return {**document, "nodes": nodes}


def _add_node(document: Document, operation: Operation) -> _Applied:
    key, entry = operation["id"], operation["node"]
    if not is_name(key):
        raise _reject(f"{str(key)[:80]!r} cannot name a node. Use letters, digits and _, at most 64.")
    if key in document["nodes"]:
        raise _reject(f"There is a node '{key}' already.")
    if not is_node(entry):
        raise _reject("A node wants a type, and values as an object.")
    after = _with_node(document, key, {"values": {}, **entry})
    # A file may hold a position of a node that it does not hold: the inverse puts that back.
    before, position = _positions(document), operation.get("position")
    inverse: Operation = {"op": "remove_node", "id": key}
    if key in before:
        inverse["position"] = NONE if before[key] is None else before[key]
    if position is not None:
        after = _with_positions(after, _changed(before, {key: position}, None)[0])
    return after, inverse


def _remove_node(document: Document, operation: Operation) -> _Applied:
    key = operation["id"]
    entry = _node(document, key)
    if joins(document, key):
        raise _reject(f"'{key}' is still connected. Take its edges, feeds and outputs away first.")
    nodes = document["nodes"].copy()
    del nodes[key]
    after = {**document, "nodes": nodes}
    before, position = _positions(document), operation.get("position")
    positions, back = _changed(before, {key: position}, None)
    if position is not None or key in before:
        after = _with_positions(after, positions)
    inverse: Operation = {"op": "add_node", "id": key, "node": entry}
    return after, inverse if back[key] is None else {**inverse, "position": back[key]}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _set_values(document: Document, operation: Operation) -> _Applied:
    key = operation["id"]
    entry = _node(document, key)
    values, back = _changed(entry.get("values", {}), operation["values"], None)
    return _with_node(document, key, {**entry, "values": values}), {"op": "set_values", "id": key, "values": back}


def _set_node(document: Document, operation: Operation) -> _Applied:
    key = operation["id"]
    entry, back = _changed(_node(document, key), operation["fields"], NODE_FIELDS)
    if not is_node(entry):
        raise _reject("A node keeps a type, and its title is text.")
    return _with_node(document, key, entry), {"op": "set_node", "id": key, "fields": back}


def _move_nodes(document: Document, operation: Operation) -> _Applied:
    positions, back = _changed(_positions(document), operation["positions"], None)
    for key in back:
        _node(document, key)
    return _with_positions(document, positions), {"op": "move_nodes", "positions": back}


def _connect(document: Document, operation: Operation) -> _Applied:
    edge = {"from": _placed_port(document, operation["from"]), "to": _placed_port(document, operation["to"])}
    before, index = document["edges"], operation.get("index")
    if _edges.find(before, edge["from"], edge["to"]) >= 0:
        raise _reject(f"{edge['from']} is connected to {edge['to']} already.")
    extra = operation.get("fields")
    if isinstance(extra, Mapping):
        edge = {**extra, **edge}
    after = _inserted(before, index, edge)
    if after[-1] is edge:
        _edges.added(before, after, edge["to"])
    return {**document, "edges": after}, {"op": "disconnect", "from": edge["from"], "to": edge["to"]}


def _disconnect(document: Document, operation: Operation) -> _Applied:
    source, target = _port(operation["from"]), _port(operation["to"])
    before = document["edges"]
    index = _edges.find(before, source, target)
    if index < 0:
        raise _reject(f"{source} is not connected to {target}.")
    after = before.copy()
    edge = after.pop(index)
    _edges.removed(before, after, target)
    inverse: Operation = {"op": "connect", "from": source, "to": target, "index": index}
    extra = {name: value for name, value in edge.items() if name not in ("from", "to")}
    return {**document, "edges": after}, {**inverse, "fields": extra} if extra else inverse


def _add_entry(section: str) -> Callable[..., _Applied]:
    word, shape = section[:-1], _SHAPES[section]

    def add(document: Document, operation: Operation) -> _Applied:
        entry = operation[word]
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not is_name(name):
            raise _reject(f"{str(name)[:80]!r} cannot name an {word}. Use letters, digits and _, at most 64.")
        if find_named(document[section], name) >= 0:
            raise _reject(f"There is an {word} '{name}' already.")
        entry = shape(document, entry)
        after = {**document, section: _inserted(document[section], operation.get("index"), entry)}
        return after, {"op": f"remove_{word}", "name": name}

    return add


def _input_shape(document: Document, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if not is_input(entry):
        raise _reject("An input wants a type, limits as an object and feeds as a list.")
    ports = [_placed_port(document, port) for port in entry.get("feeds", [])]
    if len(set(ports)) < len(ports):
        raise _reject("An input feeds a port once.")
    return {"feeds": [], **entry}


def _output_shape(document: Document, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    _placed_port(document, entry.get("from"))
    return entry


_SHAPES = {"inputs": _input_shape, "outputs": _output_shape}


def _found(document: Document, section: str, name: Any) -> int:
    place = find_named(document[section], name) if is_name(name) else -1
    if place < 0:
        raise _reject(f"The flow has no {section[:-1]} '{name}'.")
    return place


def _remove_entry(section: str) -> Callable[..., _Applied]:
    word = section[:-1]

    def remove(document: Document, operation: Operation) -> _Applied:
        place = _found(document, section, operation["name"])
        entries = document[section]
        after = {**document, section: entries[:place] + entries[place + 1 :]}
        return after, {"op": f"add_{word}", word: entries[place], "index": place}

    return remove


def _replaced(document: Document, section: str, place: int, entry: Mapping[str, Any]) -> Document:
    entries = document[section]
    return {**document, section: [*entries[:place], entry, *entries[place + 1 :]]}


def _set_entry(section: str) -> Callable[..., _Applied]:
    word = section[:-1]

    def change(document: Document, operation: Operation) -> _Applied:
        name = operation["name"]
        place = _found(document, section, name)
        entry, back = _changed(document[section][place], operation["fields"], ENTRY_FIELDS)
        if word == "output":
            _output_shape(document, entry)
        elif not is_input(entry):
            raise _reject("An input keeps a type, and its limits are an object.")
        return _replaced(document, section, place, entry), {"op": f"set_{word}", "name": name, "fields": back}

    return change


def _feed(document: Document, operation: Operation) -> _Applied:
    name, port = operation["name"], _placed_port(document, operation["to"])
    place = _found(document, "inputs", name)
    entry = document["inputs"][place]
    if not isinstance(entry.get("feeds", []), list):
        raise _reject(f"The feeds of input '{name}' cannot be read. Mend them in the file.")
    if port in _list(entry.get("feeds")):
        raise _reject(f"The input '{name}' feeds {port} already.")
    entry = {**entry, "feeds": _inserted(_list(entry.get("feeds")), operation.get("index"), port)}
    return _replaced(document, "inputs", place, entry), {"op": "unfeed", "name": name, "to": port}


def _unfeed(document: Document, operation: Operation) -> _Applied:
    name, port = operation["name"], _port(operation["to"])
    place = _found(document, "inputs", name)
    entry = document["inputs"][place]
    fed = _list(entry.get("feeds"))
    if port not in fed:
        raise _reject(f"The input '{name}' does not feed {port}.")
    index = fed.index(port)
    entry = {**entry, "feeds": fed[:index] + fed[index + 1 :]}
    return _replaced(document, "inputs", place, entry), {"op": "feed", "name": name, "to": port, "index": index}


def _set_flow(document: Document, operation: Operation) -> _Applied:
    after, back = _changed(document, operation["fields"], FLOW_FIELDS)
    if not isinstance(after.get("name"), str):
        raise _reject("A flow keeps a name.")
    return after, {"op": "set_flow", "fields": back}


def _replace(document: Document, operation: Operation) -> _Applied:
    after = operation["document"]
    if not is_document(after):
        raise _reject(
            "A flow has a name, nodes, edges, inputs and outputs, each in the shape that a flow file gives it."
        )
    return after, {"op": "replace", "document": document}


OPERATIONS: dict[str, Callable[[Document, Operation], _Applied]] = {
    "add_node": _add_node,
    "remove_node": _remove_node,
    "set_values": _set_values,
    "set_node": _set_node,
    "move_nodes": _move_nodes,
    "connect": _connect,
    "disconnect": _disconnect,
    "add_input": _add_entry("inputs"),
    "remove_input": _remove_entry("inputs"),
    "set_input": _set_entry("inputs"),
    "feed": _feed,
    "unfeed": _unfeed,
    "add_output": _add_entry("outputs"),
    "remove_output": _remove_entry("outputs"),
    "set_output": _set_entry("outputs"),
    "set_flow": _set_flow,
    "set_subflow": set_subflow,
    "replace": _replace,
}
"""Every operation by its name."""


def removal(document: Document, node: str) -> list[Operation]:
    """Return the operations that take a node away with its edges, feeds and outputs, as one undo step."""
    _node(document, node)
    steps: list[Operation] = []
    while more := joins(document, node):  # again, where the first of two entries with one name was in the way
        document, _ = apply_all(document, more)
        steps += more
    return [*steps, {"op": "remove_node", "id": node}]
