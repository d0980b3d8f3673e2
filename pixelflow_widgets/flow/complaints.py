"""What node types say of their inputs before anything runs: models that are not here, adapters that do not fit.

Values are known where they stand in the document, and where nodes give them that are worked out while a flow is edited
(`@node(is_static=True)`), however many of those stand in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..errors import MediaError, PixelFlowError
from ..schema import Complaint, NodeType, Port, Registry
from . import document as doc
from .bindings import bound_ports
from .document import Document, Edge
from .graph import Graph
from .media_files import MediaFiles, from_json
from .muting import is_muted, passed_by
from .problems import Problem


def is_checked(node_type: NodeType, registry: Registry) -> bool:
    """Return whether a node type may say something of its inputs before a run."""
    if node_type.check is not None or node_type.is_static:
        return True
    return any(port.type.name in registry.checks for port in node_type.inputs.values())


def complaints_of(node_type: NodeType, registry: Registry, known: Mapping[str, Any]) -> Iterator[Complaint]:
    """Yield what is wrong with input values, each with its port.

    Args:
        node_type: The type.
        registry: Which checks there are.
        known: Checked values by input name; the others are not known yet.
    """
    for name, value in known.items():
        port = node_type.inputs.get(name)
        check = registry.checks.get(port.type.name) if port else None
        if port is None or check is None or value is None:
            continue
        for item in value if port.type.many else [value]:
            for complaint in _asked(check, port, item, known):
                yield complaint._replace(port=complaint.port or name)
    if node_type.check is not None:
        yield from _asked(node_type.check, known)


def _asked(check: Callable[..., Iterable[Complaint]], *given: Any) -> Iterator[Complaint]:
    """Yield what a check says; where it stumbles over a value, that is what is wrong with it."""
    try:
        yield from check(*given)
    except Exception as error:  # of a file that lies, or a check of somebody else's: a flow can always be looked at
        yield Complaint("unchecked", f"This cannot be looked at: {type(error).__name__}: {str(error)[:200]}")


def find_complaints(
    document: Document, registry: Registry, files: MediaFiles, graph: Graph, nodes: Iterable[str]
) -> Iterator[Problem]:
    """Yield what is wrong with the values that are known of some nodes, each where it enters; muted ones do nothing.

    Args:
        document: The flow.
        registry: Which node types there are, those of its subflows among them.
        files: The media that values refer to.
        graph: Of the document.
        nodes: Their ids.
    """
    entries = doc.nodes(document)
    types = {key: registry.find(entries[key]["type"]) for key in nodes if not is_muted(entries[key])}
    checked = {key: node_type for key, node_type in types.items() if node_type and is_checked(node_type, registry)}
    if not checked:
        return
    static = StaticValues(document, registry, files, graph)
    said: dict[str, set[str]] = {}
    ordered, stuck = graph.order()
    for key in [*ordered, *stuck]:
        before = {edge.input: said.get(edge.source, set()) for edge in graph.incoming[key]}
        said[key] = set().union(*before.values()) if is_muted(entries[key]) else set()
        if key not in checked:
            continue
        title = doc.title_of(document, key, checked[key].title)
        for complaint in complaints_of(checked[key], registry, static.inputs(key)):
            said[key].add(complaint.sentence)
            if complaint.sentence in before.get(complaint.port, ()):
                continue  # it came over an edge, from where it was said
            is_hint = complaint.severity == "hint" or entries[key].get("pinned")  # a result that stands needs nothing
            severity = "hint" if is_hint else "error"
            sentence = f"'{title}': {complaint.sentence}"
            yield Problem(complaint.code, sentence, complaint.remedy, key, complaint.port or None, severity)
        if key in static.errors:
            yield Problem("static", f"'{title}': {static.errors[key]}", node=key)


class StaticValues:
    """Works out what is known of a document's values without running it.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        graph: Of the document.
    """

    def __init__(self, document: Document, registry: Registry, files: MediaFiles, graph: Graph) -> None:
        self._registry, self._files, self._graph = registry, files, graph
        self._entries = doc.nodes(document)
        self._fed = {place for entry in doc.inputs(document) for place in doc.feeds(entry)}
        self._fed |= {(key, port) for key, entry in self._entries.items() for port in bound_ports(entry)}
        self._given: dict[str, Mapping[str, Any] | None] = {}
        self.errors: dict[str, str] = {}
        """Why a node cannot be worked out, by id."""

    def inputs(self, node: str) -> dict[str, Any]:
        """Return the values of a node's inputs that are known, by name."""
        self._work_out(node)
        node_type = self._type(node)
        known: dict[str, Any] = {}
        for name, port in node_type.inputs.items() if node_type else ():
            try:
                known[name] = self._input(node, port)
            except (LookupError, MediaError):
                continue  # not known, or `find_problems` says what is wrong with it
        return known

    def _type(self, node: str) -> NodeType | None:
        return self._registry.find(self._entries[node]["type"]) if node in self._entries else None

    def _input(self, node: str, port: Port) -> Any:
        """Return the value of an input.

        Raises:
            LookupError: It is not known.
            MediaError: It cannot be read, or does not fit.
        """
        if (node, port.name) in self._fed or port.lazy:
            raise LookupError
        edges = [edge for edge in self._graph.incoming[node] if edge.input == port.name]
        if edges:
            values = [self._output(edge) for edge in edges]
            flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
            if port.type.many:
                return port.check(flat)
            if isinstance(values[0], list):
                raise LookupError  # the node is mapped
            return port.check(values[0])
        stored = self._entries[node].get("values", {}).get(port.name, None if port.required else port.default)
        if stored is None:
            if port.required:
                raise LookupError
            return None
        return port.check(from_json(port.type, stored, self._files))

    def _output(self, edge: Edge) -> Any:
        given = self._given.get(edge.source)
        if given is None:
            raise LookupError
        return given[edge.output]

    def _work_out(self, node: str) -> None:
        """Work out the static nodes that a node follows, each once, without recursion."""
        wanted, pending = set(), [node]
        while pending:
            for edge in self._graph.incoming[pending.pop()]:
                source = edge.source
                if source in wanted or source in self._given:
                    continue
                node_type = self._type(source)
                if node_type is not None and (node_type.is_static or is_muted(self._entries[source])):
                    wanted.add(source)
                    pending.append(source)
        waiting = {key: sum(edge.source in wanted for edge in self._graph.incoming[key]) for key in wanted}
        ready = [key for key, count in waiting.items() if not count]
        while ready:  # those in a circle never are
            key = ready.pop()
            self._given[key] = self._outputs(key)
            for edge in self._graph.outgoing[key]:
                if edge.target in waiting:
                    waiting[edge.target] -= 1
                    if not waiting[edge.target]:
                        ready.append(edge.target)
        if (
            node in self._entries
            and (node_type := self._type(node))
            and node_type.is_static
            and node not in self._given
        ):
            self._given[node] = self._outputs(node)

    def _outputs(self, node: str) -> Mapping[str, Any] | None:
        node_type = self._type(node)
        assert node_type is not None
        known: dict[str, Any] = {}
        for name, port in node_type.inputs.items():
            try:
                known[name] = self._input(node, port)
            except (LookupError, MediaError):
                continue
        if is_muted(self._entries[node]):
            return {output: known[name] for output, name in passed_by(node_type).items() if name in known}
        if len(known) < len(node_type.inputs):
            return None
        try:
            return node_type.shape.unpack(node_type.function(**known))
        except Exception as error:  # whatever stands in a file, a flow can be looked at
            named = isinstance(error, PixelFlowError)
            self.errors[node] = str(error) if named else f"{type(error).__name__}: {str(error)[:200]}"
            return None
