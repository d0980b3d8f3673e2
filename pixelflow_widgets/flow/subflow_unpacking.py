"""What taking a subflow apart does to a flow: its nodes stand where the one node stood that ran it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import OperationRejected
from ..schema import NodeType, Registry
from ..schema.body import Body
from . import document as doc
from .document import Document, Edge, title_of
from .graph import Graph
from .operations import Operation, removal
from .subflow_gestures import Steps, adopt, drop_unused, free_name, refeed
from .subflows import is_same, mapped_nodes, with_subflows


class Unpacked(NamedTuple):
    """Is what unpacking a subflow comes to.

    Args:
        nodes: Id in the subflow → id in the flow.
        operations: What to do, in order.
    """

    nodes: dict[str, str]
    operations: list[Operation]


def unpack_subflow(document: Document, registry: Registry, node: str) -> Unpacked:
    """Return what puts the nodes of a subflow into the flow that runs it.

    Args:
        document: The flow.
        registry: Which node types there are.
        node: Id of the node that runs the subflow; a subflow that no other node runs goes.

    Raises:
        OperationRejected: It runs no subflow, or its nodes would not do the same outside; says why.
    """
    entry = doc.nodes(document).get(node)
    if entry is None:
        raise OperationRejected(f"There is no node '{node}'.")
    types = with_subflows(registry, document)
    node_type = types.find(entry["type"])
    if node_type is None or node_type.body is None:
        title = title_of(document, node, node_type.title if node_type else "")
        raise OperationRejected(f"'{title}' runs no subflow, so there is nothing to unpack.")
    if node_type.body.kind != "flow":
        title = title_of(document, node, node_type.title)
        raise OperationRejected(f"'{title}' runs its subflow several times. Only one that runs once can be unpacked.")
    return _Unpacking(document, types, node, node_type, node_type.body).unpack()


class _Unpacking:
    def __init__(self, document: Document, types: Registry, node: str, node_type: NodeType, body: Body) -> None:
        self.document, self.types, self.node, self.node_type = document, types, node, node_type
        self.body: Document = dict(body.document)
        self.name = body.name
        self.inner_types = with_subflows(types, self.body)
        self.inner = doc.nodes(self.body)
        taken = set(document["nodes"])
        self.ids: dict[str, str] = {}
        for key in self.inner:
            self.ids[key] = free_name(key, taken)
            taken.add(self.ids[key])
        self.feeds = {
            entry["name"]: [place for place in doc.feeds(entry) if place[0] in self.ids]
            for entry in doc.inputs(self.body)
        }
        self.reads = {entry["name"]: doc.split_port(entry["from"]) for entry in doc.outputs(self.body)}
        self.edges = [edge for edge in doc.edges(document) if node in (edge.source, edge.target)]

    def unpack(self) -> Unpacked:
        self._check()
        steps = Steps(self.document)
        names = adopt(steps, doc.subflows(self.body), is_same)
        self._add_nodes(steps, names)
        self._add_edges(steps)
        for edge in self.edges:
            self._lead_on(steps, edge)
        for entry in doc.inputs(self.document):
            for place in doc.feeds(entry):
                if place[0] == self.node and (ports := self._fed(place[1])):
                    refeed(steps, entry["name"], [f"{self.node}.{place[1]}"], ports)
        for entry in doc.outputs(self.document):
            place = doc.split_port(entry["from"])
            if place and place[0] == self.node and (port := self._read(place[1])):
                steps.do("set_output", name=entry["name"], fields={"from": port})
        for operation in removal(steps.document, self.node):
            steps.do(**operation)
        drop_unused(steps, [self.name])
        return Unpacked(self.ids, steps.operations)

    def _fed(self, name: str) -> list[str]:
        return [f"{self.ids[node]}.{port}" for node, port in self.feeds.get(name, ())]

    def _read(self, name: str) -> str | None:
        place = self.reads.get(name)
        return f"{self.ids[place[0]]}.{place[1]}" if place and place[0] in self.ids else None

    def _check(self) -> None:
        title = title_of(self.document, self.node, self.node_type.title)
        found = {key: self.types.find(entry["type"]) for key, entry in doc.nodes(self.document).items()}
        if self.node in mapped_nodes(self.document, Graph.of(self.document), found) and self._takes_lists():
            raise OperationRejected(
                f"'{title}' runs once for each item of a list; unpacked, its nodes would take the whole list."
            )
        joined = {(edge.target, edge.input) for edge in doc.edges(self.body)}
        for name, feeds in self.feeds.items():
            value = self._value(name)
            for place in feeds if value is not None and not self._is_connected(name) else ():
                if place in joined:
                    raise OperationRejected(
                        f"The value of '{name}' on '{title}' goes into a list that edges lead to as well. Connect "
                        "something to it first."
                    )

    def _takes_lists(self) -> bool:
        found = (self.inner_types.find(entry["type"]) for entry in self.inner.values())
        return any(port.type.many for node_type in found if node_type for port in node_type.inputs.values())

    def _is_connected(self, name: str) -> bool:
        by_edge = any((edge.target, edge.input) == (self.node, name) for edge in self.edges)
        return by_edge or any((self.node, name) in doc.feeds(entry) for entry in doc.inputs(self.document))

    def _value(self, name: str) -> Any:
        """Return what goes into an input that is not connected, as the document has it; None is nothing."""
        own = self.document["nodes"][self.node].get("values", {})
        if name in own:
            return own[name]
        return next((entry.get("default") for entry in doc.inputs(self.body) if entry["name"] == name), None)

    def _add_nodes(self, steps: Steps, names: Mapping[str, str]) -> None:
        places = {key: place for key in self.inner if (place := doc.position(self.body, key)) is not None}
        here = doc.position(self.document, self.node)
        left, top = (min((place[axis] for place in places.values()), default=0) for axis in (0, 1))
        dx, dy = (here[0] - left, here[1] - top) if here else (0, 0)
        for key, entry in self.inner.items():
            parts = doc.split_type(entry["type"])
            renamed = {"type": f"{parts[0]}/{names[parts[1]]}"} if parts and parts[1] in names else {}
            values = {**entry.get("values", {}), **dict(self._set_from_outside(key))}
            position = {"position": [places[key][0] + dx, places[key][1] + dy]} if key in places else {}
            steps.do("add_node", id=self.ids[key], node={**entry, **renamed, "values": values}, **position)

    def _set_from_outside(self, key: str) -> Iterator[tuple[str, Any]]:
        for name, feeds in self.feeds.items():
            value = self._value(name)
            if value is not None and not self._is_connected(name):
                yield from ((port, value) for node, port in feeds if node == key)

    def _add_edges(self, steps: Steps) -> None:
        index = 0
        for entry in self.body["edges"]:
            edge = doc.read_edge(entry)
            if edge is None or not {edge.source, edge.target} <= self.ids.keys():
                continue
            extra = {name: value for name, value in entry.items() if name not in ("from", "to")}
            fields = {"fields": extra} if extra else {}
            source, target = f"{self.ids[edge.source]}.{edge.output}", f"{self.ids[edge.target]}.{edge.input}"
            # First of all: what came from outside into the same list came after what was inside.
            steps.do("connect", **{"from": source, "to": target}, index=index, **fields)
            index += 1

    def _lead_on(self, steps: Steps, edge: Edge) -> None:
        """Let an edge of the node lead to, or from, the nodes that it ran."""
        if edge.source == self.node:
            port = self._read(edge.output)
            if port is None or _has(steps.document, port, f"{edge.target}.{edge.input}"):
                steps.disconnect(edge)
            else:
                steps.reconnect(edge, port, f"{edge.target}.{edge.input}")
            return
        source, ports = f"{edge.source}.{edge.output}", self._fed(edge.input)
        if not ports:
            steps.disconnect(edge)
        for number, port in enumerate(ports):
            if number:
                steps.do("connect", **{"from": source, "to": port})
            else:
                steps.reconnect(edge, source, port)


def _has(document: Document, source: str, target: str) -> bool:
    return any(str(edge) == f"{source} → {target}" for edge in doc.edges(document))
