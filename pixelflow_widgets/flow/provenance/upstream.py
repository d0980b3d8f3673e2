"""The values that reach a node of a flow as it was run, as far as they are known without running it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import MediaError
from ...schema import NodeType, Registry
from ...schema.port_types import read_port_type
from .. import document as doc
from ..bindings import bound_ports, variable_of
from ..document import Document, Edge
from ..graph import Graph
from ..media_files import PLAIN, MediaFiles, from_json
from ..muting import is_muted, passed_by

_DEEPEST = 60
"""Nodes in a row that are worked out again."""
_QUICK = frozenset(PLAIN) - {"model"}
_BUILT_IN = f"{__name__.partition('.')[0]}.nodes."


class Upstream:
    """Works out what a node was given.

    What came out of a node in the run is taken; built-in nodes that only join texts and numbers are called again,
    because a run that finds a picture in its cache does not run the prompt before it.

    Args:
        document: The flow as it was run.
        registry: Which node types there are, those of its subflows among them.
        files: The media that values refer to.
        given: What came out of nodes, by node and port.
    """

    def __init__(
        self, document: Document, registry: Registry, files: MediaFiles, given: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.graph = Graph.of(document)
        self._registry, self._files, self._given = registry, files, given
        self._entries = doc.nodes(document)
        self._fed: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for entry in doc.inputs(document):
            for place in doc.feeds(entry):
                self._fed.setdefault(place, []).append(entry)
        self._worked_out: dict[str, Mapping[str, Any]] = {}

    def type_of(self, node: str) -> NodeType | None:
        """Return the type of a node that does something, or None."""
        entry = self._entries.get(node)
        return None if entry is None or is_muted(entry) else self._registry.find(entry["type"])

    def value(self, node: str, name: str, depth: int = 0) -> Any:
        """Return the value of an input.

        Raises:
            LookupError: It is not known.
        """
        entry = self._entries[node]
        node_type = self._registry.find(entry["type"])
        if node_type is None or name not in node_type.inputs or depth > _DEEPEST or name in bound_ports(entry):
            raise LookupError(name)  # what a variable of the notebook held is nobody's business
        port = node_type.inputs[name]
        edges = [edge for edge in self.graph.incoming[node] if edge.input == name]
        fed = self._fed.get((node, name), [])
        try:
            if edges or fed:
                values = [self._output(edge, depth + 1) for edge in edges] + [self._default(entry) for entry in fed]
                return port.check(values if port.type.many else values[0])
            stored = entry.get("values", {}).get(name, None if port.required else port.default)
            return None if stored is None else port.check(from_json(port.type, stored, self._files))
        except MediaError as error:
            raise LookupError(name) from error

    def _default(self, entry: Mapping[str, Any]) -> Any:
        """Return what an input of the flow gives: in a flow as it was run, what it was given."""
        if variable_of(entry):
            raise LookupError(entry["name"])
        port_type = read_port_type(entry["type"])
        return None if entry.get("default") is None else from_json(port_type, entry["default"], self._files)

    def _output(self, edge: Edge, depth: int) -> Any:
        given = self._given.get(edge.source, {})
        if edge.output in given:
            return given[edge.output]
        if edge.source not in self._worked_out:
            self._worked_out[edge.source] = self._call(edge.source, depth)
        return self._worked_out[edge.source][edge.output]

    def _call(self, node: str, depth: int) -> Mapping[str, Any]:
        entry = self._entries[node]
        node_type = self._registry.find(entry["type"])
        if node_type is None:
            raise LookupError(node)
        if is_muted(entry):
            return {output: self.value(node, name, depth) for output, name in passed_by(node_type).items()}
        if not (node_type.is_static or _is_plain(node_type)):
            raise LookupError(node)
        arguments = {name: self.value(node, name, depth) for name in node_type.inputs}
        try:
            return node_type.shape.unpack(node_type.function(**arguments))
        except Exception as error:  # whatever it is, the value is not known
            raise LookupError(node) from error


def _is_plain(node_type: NodeType) -> bool:
    """Return whether a node only makes texts and numbers of others, quickly."""
    ports = [*node_type.inputs.values(), *node_type.outputs.values()]
    is_quick = node_type.pure and node_type.body is None and not (node_type.progress or node_type.ask)
    is_ours = node_type.function.__module__.startswith(_BUILT_IN)
    return is_quick and is_ours and all(port.type.name in _QUICK and not port.lazy for port in ports)
