"""Which models read a prompt that is written somewhere in a flow, as far as is known before a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import MediaError, PixelFlowError
from ..flow import document as doc
from ..flow.complaints import StaticValues
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.media_files import from_json
from ..flow.subflows import with_subflows
from ..media import Model
from ..schema import NodeType, Port

MOST_MODELS = 4
"""So many at most read one prompt side by side."""
_MOST_NODES = 1000

Place = tuple[str, str]
"""A node and its port."""


class PromptModels:
    """Finds the models that read what is written into a port.

    Args:
        flow: The flow.
    """

    def __init__(self, flow: Any) -> None:
        self._document: Document = flow.document
        self._files = flow.media
        self._graph = Graph.of(self._document)
        self._registry = with_subflows(flow.registry, self._document)
        self._static = StaticValues(self._document, self._registry, self._files, self._graph)
        self._entries = doc.nodes(self._document)

    def places(self, node: Any, port: Any, entry: Any = None) -> list[Place]:
        """Return the port that a page names, or those that an input of the flow feeds.

        Raises:
            PixelFlowError: There is neither.
        """
        if isinstance(entry, str):
            fed = [
                place for found in doc.inputs(self._document) if found["name"] == entry for place in doc.feeds(found)
            ]
            return [(key, name) for key, name in fed if key in self._entries]
        if not isinstance(node, str) or not isinstance(port, str) or node not in self._entries:
            raise PixelFlowError(f"There is no node '{str(node)[:60]}' any more.")
        return [(node, port)]

    def port(self, place: Place) -> Port | None:
        """Return a port of a node, where its type is known."""
        node_type = self._type(place[0])
        return node_type.inputs.get(place[1]) if node_type else None

    def readers(self, places: list[Place]) -> list[Model]:
        """Return the models that read what is written there: the node's own, or those that its text comes to."""
        found: dict[Model, None] = {}
        for node in self._reading(node for node, _ in places):
            model = self._model_of(node)
            if model is not None:
                found[model] = None
            if len(found) == MOST_MODELS:
                break
        return list(found)

    def _reading(self, nodes: Iterator[str]) -> Iterator[str]:
        """Yield the nodes that have a model, on the ways of a text downstream; it goes no further than to them."""
        pending = list(nodes)
        seen = set(pending)
        while pending and len(seen) < _MOST_NODES:
            node = pending.pop(0)
            node_type = self._type(node)
            if node_type is None:
                continue
            if _model_port(node_type) is not None:
                yield node
                continue
            for edge in self._graph.outgoing[node]:
                port = node_type.outputs.get(edge.output)
                if port is not None and port.type.name == "text" and edge.target not in seen:
                    seen.add(edge.target)
                    pending.append(edge.target)

    def _type(self, node: str) -> NodeType | None:
        return self._registry.find(self._entries[node]["type"]) if node in self._entries else None

    def _model_of(self, node: str) -> Model | None:
        node_type = self._type(node)
        port = _model_port(node_type) if node_type else None
        if port is None:
            return None
        value = self._static.inputs(node).get(port.name)
        if value is None:
            value = self._given_by_the_flow(node, port)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value:
            return Model(value)
        return value if isinstance(value, Model) else None

    def _given_by_the_flow(self, node: str, port: Port) -> Any:
        """Return the default of the flow's input that feeds a port: what a run takes if nobody says otherwise."""
        for entry in doc.inputs(self._document):
            if (node, port.name) in doc.feeds(entry) and entry.get("default") is not None:
                try:
                    return port.check(from_json(port.type, entry["default"], self._files))
                except MediaError:
                    return None
        return None


def _model_port(node_type: NodeType) -> Port | None:
    """Return the input that says which model: the handle that comes in, else the text that names one."""
    ports = node_type.inputs.values()
    handle = next((port for port in ports if port.type.name == "model"), None)
    return handle or next((port for port in ports if port.control is not None and port.control.kind == "model"), None)
