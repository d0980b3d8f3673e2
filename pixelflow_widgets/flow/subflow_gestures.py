"""What making a subflow of nodes, and taking one apart, does to a flow: a document in, operations out."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import OperationRejected, nearest
from ..schema import PortType, Registry
from . import document as doc
from .document import Document, Edge, new_document, title_of
from .graph import Graph
from .operations import Operation, apply, removal
from .subflows import mapped_nodes, with_subflows

_SIGNATURE_FIELDS = ("type", "title", "help", "default", "limits", "affects_cost", "choices", "control")


class Made(NamedTuple):
    """Is a subflow that was made of nodes.

    Args:
        node: Id of the node that runs it.
        name: What the subflow is called.
        operations: What to do, in order.
    """

    node: str
    name: str
    operations: list[Operation]


class Steps:
    """Collects operations, and knows the document as it is after them.

    Args:
        document: The flow before.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.operations: list[Operation] = []

    def do(self, op: str, **fields: Any) -> None:
        """Add an operation."""
        operation = {"op": op, **fields}
        self.document, _ = apply(self.document, operation)
        self.operations.append(operation)

    def reconnect(self, old: Edge, source: str, target: str) -> None:
        """Let an edge lead from and to other ports; it keeps its place among the others and its fields."""
        entries = self.document["edges"]
        index = next(place for place, entry in enumerate(entries) if doc.read_edge(entry) == old)
        extra = {name: value for name, value in entries[index].items() if name not in ("from", "to")}
        self.disconnect(old)
        fields = {"fields": extra} if extra else {}
        self.do("connect", **{"from": source, "to": target}, index=index, **fields)

    def disconnect(self, edge: Edge) -> None:
        """Take an edge away."""
        self.do("disconnect", **{"from": f"{edge.source}.{edge.output}", "to": f"{edge.target}.{edge.input}"})


@dataclass
class _Entry:
    """Is an input of the flow to be made, and what leads into it from outside."""

    name: str
    given: PortType | None = None
    feeds: list[str] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entry: Mapping[str, Any] | None = None


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return the first of `poster`, `poster_2`, `poster_3` that is not taken, written as a name."""
    plain = re.sub(r"\W", "_", wanted, flags=re.ASCII)[:56]
    base = plain if doc.is_name(plain) else f"n_{plain}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def make_subflow(document: Document, registry: Registry, ids: Iterable[str], title: str) -> Made:
    """Return what makes a subflow of some nodes, with one node in their place.

    Edges, feeds and outputs that cross the border become its inputs and outputs; if there is none that leaves, what
    nobody reads does.

    Args:
        document: The flow.
        registry: Which node types there are.
        ids: The nodes.
        title: What the subflow is called.

    Raises:
        OperationRejected: They cannot be one node; says why.
    """
    return _Making(document, registry, ids).make(title)


class _Making:
    def __init__(self, document: Document, registry: Registry, ids: Iterable[str]) -> None:
        self.document = document
        self.nodes = doc.nodes(document)
        chosen = set(ids)
        for key in chosen - self.nodes.keys():
            raise OperationRejected(f"There is no node '{key}'.{nearest(key, self.nodes)}")
        self.inside = [key for key in self.nodes if key in chosen]
        if not self.inside:
            raise OperationRejected("A subflow is made of nodes. Select at least one.")
        self.types = with_subflows(registry, document)
        self.graph = Graph.of(document)
        found = {key: self.types.find(entry["type"]) for key, entry in self.nodes.items()}
        self.known, self.mapped = found, mapped_nodes(document, self.graph, found)
        edges = [edge for edge in doc.edges(document) if {edge.source, edge.target} <= self.nodes.keys()]
        self.internal = [edge for edge in edges if edge.source in chosen and edge.target in chosen]
        self.entering = [edge for edge in edges if edge.source not in chosen and edge.target in chosen]
        self.leaving = [edge for edge in edges if edge.source in chosen and edge.target not in chosen]
        self._check(chosen)

    def _check(self, chosen: set[str]) -> None:
        behind = set().union(*(self.graph.downstream(edge.target) for edge in self.leaving)) if self.leaving else set()
        for edge in self.entering:
            if edge.source in behind:
                between = title_of(self.document, edge.source)
                raise OperationRejected(
                    f"'{between}' depends on the selected nodes and feeds them, so they cannot be one node. Select "
                    f"'{between}' too."
                )
        last = {(edge.target, edge.input): edge for edge in self.internal}
        place = {edge: number for number, edge in enumerate(doc.edges(self.document))}
        for edge in self.entering:
            inner = last.get((edge.target, edge.input))
            if inner is not None and place[edge] < place[inner]:
                first = title_of(self.document, edge.source)
                raise OperationRejected(
                    f"'{title_of(self.document, edge.target)}' takes a list from '{first}' first and from a selected "
                    f"node later; in a subflow the order would be another. Select '{first}' too."
                )

    def make(self, title: str) -> Made:
        held = doc.subflows(self.document)
        name = free_name(name_from_words(title, "subflow"), held)
        inputs, outputs = self._inputs(), self._outputs()
        body = self._body(name, title, inputs, outputs)
        steps = Steps(self.document)
        steps.do("set_subflow", name=name, subflow={"document": body})
        node = free_name(name, self.document["nodes"])
        places = [place for key in self.inside if (place := doc.position(self.document, key)) is not None]
        corner = {"position": [min(x for x, _ in places), min(y for _, y in places)]} if places else {}
        steps.do("add_node", id=node, node={"type": f"flow/{name}", "type_version": 1, "values": {}}, **corner)
        self._join(steps, node, inputs, outputs)
        for key in self.inside:
            for operation in removal(steps.document, key):
                steps.do(**operation)
        drop_unused(steps, used_subflows(self.nodes[key] for key in self.inside))
        return Made(node, name, steps.operations)

    def _inputs(self) -> list[_Entry]:
        made: dict[Any, _Entry] = {}
        taken: set[str] = set()

        def entry_of(key: Any, name: str) -> _Entry:
            if key not in made:
                made[key] = _Entry(free_name(name, taken))
                taken.add(made[key].name)
            return made[key]

        for edge in self.entering:
            node_type = self.known[edge.target]
            port = node_type.inputs.get(edge.input) if node_type else None
            # Into a list each edge has an input of its own: their order is that of the items.
            is_own = port is None or port.type.many
            entry = entry_of(edge if is_own else (edge.source, edge.output), edge.input)
            entry.feeds.append(f"{edge.target}.{edge.input}")
            entry.edges.append(edge)
            given = self._given(edge)
            takes = port.type if port is not None and port.type.name != "any" else given
            wanted = given if given is not None and given.many and not (takes or given).many else takes
            entry.given = wanted if len(entry.feeds) == 1 or wanted == entry.given else given
        for outer in doc.inputs(self.document):
            feeds = [f"{node}.{port}" for node, port in doc.feeds(outer) if node in self.inside]
            if feeds:
                entry = entry_of(("input", outer["name"]), outer["name"])
                entry.feeds, entry.entry = feeds, outer
        return list(made.values())

    def _given(self, edge: Edge) -> PortType | None:
        node_type = self.known[edge.source]
        port = node_type.outputs.get(edge.output) if node_type else None
        if port is None:
            return None
        return port.type.listed if edge.source in self.mapped else port.type

    def _outputs(self) -> dict[str, str]:
        """Return inner port → name of the output that reads it."""
        made: dict[str, str] = {}
        for entry in doc.outputs(self.document):
            node, port = doc.split_port(entry["from"]) or ("", "")
            if node in self.inside and entry["from"] not in made:
                made[entry["from"]] = free_name(entry["name"], set(made.values()))
        read = [(edge.source, edge.output) for edge in self.leaving]
        if not made and not read:
            last = [key for key in self.inside if not self.graph.outgoing[key]]
            read = [(key, port) for key in last if (found := self.known[key]) for port in found.outputs]
        for node, port in read:
            if f"{node}.{port}" not in made:
                made[f"{node}.{port}"] = free_name(port, set(made.values()))
        return made

    def _body(self, name: str, title: str, inputs: list[_Entry], outputs: Mapping[str, str]) -> Document:
        body = new_document(name)
        if title not in ("", name, name.replace("_", " ").capitalize()):
            body["title"] = title
        body["nodes"] = {key: self.nodes[key] for key in self.inside}
        kept = set(self.internal)
        body["edges"] = [entry for entry in self.document["edges"] if doc.read_edge(entry) in kept]
        body["inputs"] = [_input_entry(made) for made in inputs]
        body["outputs"] = [{"name": output, "from": port} for port, output in outputs.items()]
        places = {key: place for key in self.inside if (place := doc.position(self.document, key)) is not None}
        body["layout"] = {"positions": {key: list(place) for key, place in places.items()}}
        held = doc.subflows(self.document)
        if used := {name: held[name] for name in used_subflows(body["nodes"].values()) if name in held}:
            body["subflows"] = used
        return body

    def _join(self, steps: Steps, node: str, inputs: list[_Entry], outputs: Mapping[str, str]) -> None:
        for made in inputs:
            for number, edge in enumerate(made.edges):
                if number:
                    steps.disconnect(edge)
                else:
                    steps.reconnect(edge, f"{edge.source}.{edge.output}", f"{node}.{made.name}")
            if made.entry is not None:
                refeed(steps, made.entry["name"], made.feeds, [f"{node}.{made.name}"])
        for edge in self.leaving:
            source = f"{node}.{outputs[f'{edge.source}.{edge.output}']}"
            steps.reconnect(edge, source, f"{edge.target}.{edge.input}")
        for entry in doc.outputs(self.document):
            if entry["from"] in outputs:
                steps.do("set_output", name=entry["name"], fields={"from": f"{node}.{outputs[entry['from']]}"})


def _input_entry(made: _Entry) -> dict[str, Any]:
    described = (made.given or PortType("any")).describe()
    own = {name: made.entry[name] for name in _SIGNATURE_FIELDS if name in made.entry} if made.entry else {}
    return {"name": made.name, "type": described, **own, "feeds": made.feeds}


def refeed(steps: Steps, name: str, old: list[str], new: list[str]) -> None:
    """Let an input of the flow feed other ports, which stand where the first of the old ones stood."""
    entry = steps.document["inputs"][doc.find_named(steps.document["inputs"], name)]
    index = entry["feeds"].index(old[0])
    for port in old:
        steps.do("unfeed", name=name, to=port)
    for number, port in enumerate(new):
        steps.do("feed", name=name, to=port, index=index + number)


def used_subflows(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the subflows that some nodes run, each once."""
    parts = [doc.split_type(entry["type"]) for entry in entries]
    return list(dict.fromkeys(found[1] for found in parts if found is not None))


def drop_unused(steps: Steps, names: Iterable[str]) -> None:
    """Take away those of some subflows that no node runs any more."""
    for name in names:
        if name in doc.subflows(steps.document) and next(doc.users(steps.document, name), None) is None:
            steps.do("set_subflow", name=name, subflow=None)


def name_from_words(words: str, fallback: str) -> str:
    """Return "style_prompt" for "Style prompt"; the fallback where nothing is left."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or fallback


def adopt(steps: Steps, held: Mapping[str, Any], same: Callable[[Any, Any], bool]) -> dict[str, str]:
    """Bring subflows into a flow; return name → the name that each has there.

    Args:
        steps: Where to.
        held: The subflows by name.
        same: Whether two entries are the same subflow, so that one is enough.
    """
    names: dict[str, str] = {}
    for name, entry in held.items():
        here = doc.subflows(steps.document)
        names[name] = name if name in here and same(here[name], entry) else free_name(name, here)
        if names[name] not in here:
            steps.do("set_subflow", name=names[name], subflow=entry)
    return names
