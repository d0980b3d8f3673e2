"""What of a flow a published version keeps, and how it is opened again: by itself, whatever becomes of the flow."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...errors import EndpointChanged
from ...flow import document as doc
from ...flow.bindings import ENTRY_FIELD, FIELD
from ...flow.carrying import FIELD as SOURCES
from ...flow.carrying import carried, sources_now, used_types
from ...flow.cell_sources import run_source
from ...flow.document import Document
from ...flow.graph import Graph
from ...flow.subflows import with_subflows
from ...media import blake3_hex, canonical_json
from ...schema import NodeType, Registry
from ...schema import registry as process_registry
from ...schema.registry import defining

HOMES = "homes"
"""Of a frozen document: node type → the module whose import defines it, for types of other packages."""
_NODE_FIELDS = ("type", "type_version", "values", "title", "muted", "limit", FIELD)
_PACKAGE = __name__.partition(".")[0]


def frozen(document: Document, registry: Registry) -> Document:
    """Return what of a flow its outputs need, without what changes no result: places, pins, notes.

    Args:
        document: The flow.
        registry: Which node types there are.
    """
    needed = Graph.of(document).upstream(node for node, _ in map(_source_of, doc.outputs(document)))
    kept = {key: _node(entry) for key, entry in doc.nodes(document).items() if key in needed}
    edges = [edge for edge in doc.edges(document) if edge.source in kept and edge.target in kept]
    made: Document = {
        **doc.new_document(document["name"]),
        **{name: document[name] for name in ("version", "title", "description") if name in document},
        "nodes": kept,
        "edges": [{"from": f"{edge.source}.{edge.output}", "to": f"{edge.target}.{edge.input}"} for edge in edges],
        "inputs": [_input(entry, kept) for entry in doc.inputs(document)],
        "outputs": [_without(entry, ENTRY_FIELD) for entry in doc.outputs(document)],
    }
    made |= _subflows(document, made)
    types = with_subflows(registry, made)
    sources = sources_now({**made, SOURCES: document.get(SOURCES)}, types.find)
    homes = {name: home for name in sorted(used_types(made)) if (home := _home(types.find(name)))}
    return made | ({SOURCES: sources} if sources else {}) | ({HOMES: homes} if homes else {})


def _source_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    return doc.split_port(entry["from"]) or ("", "")


def _node(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in _NODE_FIELDS if entry.get(name) is not None}


def _input(entry: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    fed = [port for port in entry.get("feeds", []) if (split := doc.split_port(port)) and split[0] in kept]
    return {**entry, "feeds": fed}


def _without(entry: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != field}


def _subflows(document: Document, made: Document) -> dict[str, Any]:
    """Return the subflows that are used, each by itself, as the document has them."""
    used = {parts[1] for entry in made["nodes"].values() if (parts := doc.split_type(entry["type"]))}
    held = {
        name: {"document": _body(entry["document"])}
        for name, entry in sorted(doc.subflows(document).items())
        if name in used and isinstance(entry, Mapping) and doc.is_document(entry.get("document"))
    }
    return {"subflows": held} if held else {}


def _body(document: Document) -> Document:
    """Return a subflow without places and pins; all its nodes stay, for all of them may run."""
    nodes = {key: _node(entry) if doc.is_node(entry) else entry for key, entry in document["nodes"].items()}
    made = {**document, "nodes": nodes, "layout": {"positions": {}}}
    return {name: part for name, part in made.items() if name not in ("subflows", SOURCES)} | _subflows(document, made)


def _home(node_type: NodeType | None) -> str:
    """Return the module that a type comes from, where it is neither this package nor a notebook."""
    if node_type is None or node_type.body is not None or node_type.from_notebook:
        return ""
    module = str(node_type.function.__module__)
    return "" if module.partition(".")[0] == _PACKAGE else module


def digest_of(document: Document, models: Mapping[str, Any], seeds: str) -> str:
    """Return what identifies a version: its document (media stand there by digest), its models, its seed policy."""
    return blake3_hex(canonical_json([document, models, seeds]).encode("utf-8", "surrogatepass"))


class FrozenTypes(Registry):
    """Knows the types of a registry, and in front of them those whose code one version carries.

    Args:
        outside: The registry.
        own: What the version carries, by name.
    """

    def __init__(self, outside: Registry, own: Mapping[str, NodeType]) -> None:
        super().__init__()
        self.outside = outside
        self.failures = outside.failures
        self.fingerprints, self.checks = outside.fingerprints, outside.checks
        self.origins, self.machine = outside.origins, outside.machine
        self._own = dict(own)

    def add(self, node_type: NodeType) -> None:
        """Refuse: what a version knows is frozen."""
        raise TypeError("A published version gets no other node types.")

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Never call back: nothing changes."""
        return lambda: None

    def find(self, name: str) -> NodeType | None:
        """Return the type of a name, or None."""
        return self._own.get(name) or self.outside.find(name)

    def __getitem__(self, name: str) -> NodeType:
        return self._own[name] if name in self._own else self.outside[name]

    def __iter__(self) -> Iterator[NodeType]:
        yield from self._own.values()
        yield from (known for known in self.outside if known.name not in self._own)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def types_of(document: Document, outside: Registry) -> Registry:
    """Return the types of a frozen document: the code that it carries is run, the modules that it names imported.

    To publish it was to trust it; the types of the process stay what they are.

    Args:
        document: The frozen document.
        outside: Which node types there are besides.

    Raises:
        EndpointChanged: Code does not run here, or a module is not here.
    """
    own: dict[str, NodeType] = {}
    for name, entry in carried(document).items():
        own[name] = _defined(name, entry["source"])
    homes = document.get(HOMES)
    for name, module in homes.items() if isinstance(homes, Mapping) else ():
        if outside.find(name) is None:
            own[name] = _imported(name, module)
    return FrozenTypes(outside, own) if own else outside


def _defined(name: str, text: str) -> NodeType:
    made = Registry()
    token = defining.set(made)
    try:
        run_source(name, text, blake3_hex(text.encode("utf-8", "surrogatepass")))
    except Exception as error:  # somebody's own code
        raise EndpointChanged(f"The code of '{name}' does not run here: {type(error).__name__}: {error}") from error
    finally:
        defining.reset(token)
    if (found := made.find(name)) is None:
        raise EndpointChanged(f"The code of '{name}' has run, and defines no node type of that name.")
    return found


def _imported(name: str, module: str) -> NodeType:
    who = f"'{name}' comes from the module '{module}'"
    try:
        importlib.import_module(module)
    except Exception as error:  # it is not installed, or stumbles
        raise EndpointChanged(f"{who}, which cannot be imported here: {type(error).__name__}: {error}") from error
    if (found := process_registry.find(name)) is None:
        raise EndpointChanged(f"{who}, which defines no such node type here.")
    return found
