"""The flows inside a flow: what a document says of them, and the node types that they are.

    "subflows": {"poster": {"document": {…a whole flow…}, "source": "poster.flow.json", "digest": "…"}}

A subflow is held by value and brings the subflows that it uses itself. Placed, it is of type `flow/poster`; the same
body is repeated by `repeat/poster`, and so on. These types depend on the document, so who asks for the type of a node
asks `with_subflows(registry, document)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from ..errors import FlowFileError, MediaError, nearest
from ..media import blake3_hex, canonical_json
from ..schema import NodeType, Port, PortType, Registry
from ..schema.body import Body, Kind
from ..schema.body_ports import TITLES, input_port, placed_ports
from ..schema.node_type import REQUIRED
from ..schema.port_types import read_port_type
from . import document as doc
from .document import KINDS, Document, is_document, split_type, subflows, users
from .file import check_shape, upgrade
from .graph import Graph
from .media_files import PLAIN, MediaFiles, from_json
from .recent import Recent

FAMILY = "Subflows"
_read = Recent()
_views = Recent()


class Subflow(NamedTuple):
    """Is what can be read of one subflow.

    Args:
        document: The flow, complete.
        digest: What identifies its meaning.
    """

    document: Document
    digest: str


def read_subflow(entry: Any) -> Subflow:
    """Return what an entry says.

    Raises:
        FlowFileError: It is not one; says why.
    """
    content = entry.get("document") if isinstance(entry, Mapping) else None
    if not isinstance(content, Mapping):
        raise FlowFileError("A subflow holds a flow under 'document'.")
    return _read.get((id(content),), lambda: _read_document(content), content)


def _read_document(content: Mapping[str, Any]) -> Subflow:
    document = upgrade(check_shape(content))
    return Subflow(document, digest_of(document))


def digest_of(document: Document) -> str:
    """Return what identifies the meaning of a flow: neither titles nor positions are in it."""
    nodes = {
        key: [entry["type"], *(entry.get(name) for name in ("type_version", "values", "muted", "pinned", "limit"))]
        for key, entry in doc.nodes(document).items()
    }
    inputs = [
        [entry.get(name) for name in ("name", "type", "default", "limits", "feeds")] for entry in doc.inputs(document)
    ]
    outputs = [[entry["name"], entry["from"]] for entry in doc.outputs(document)]
    inner = {}
    for name, entry in subflows(document).items():
        try:
            inner[name] = read_subflow(entry).digest
        except FlowFileError:
            inner[name] = ""
    meaning = [nodes, [str(edge) for edge in doc.edges(document)], inputs, outputs, inner]
    return blake3_hex(canonical_json(meaning).encode(errors="surrogatepass"))


def is_same(one: Any, other: Any) -> bool:
    """Return whether two entries are one subflow: the same meaning, whatever it is called and wherever it stands."""
    try:
        return one == other or read_subflow(one).digest == read_subflow(other).digest
    except FlowFileError:
        return False


def contains_itself(name: str, body: Mapping[str, Any]) -> bool:
    """Return whether a body, or one inside it, runs a subflow of this name that it does not bring along itself."""
    pending = [body]
    while pending:
        document = pending.pop()
        if not is_document(document) or name in (held := subflows(document)):
            continue  # what is inside means that one
        if next(users(document, name), None) is not None:
            return True
        pending += [entry["document"] for entry in held.values() if isinstance(entry, Mapping) and "document" in entry]
    return False


def with_subflows(registry: Registry, document: Mapping[str, Any]) -> Registry:
    """Return the types of a document: the registry itself where it holds no subflows, else one that knows them too."""
    held = document.get("subflows")
    if not held or not isinstance(held, Mapping):
        return registry
    if isinstance(registry, SubflowTypes):
        registry = registry.outside
    return _views.get((id(registry), id(held)), lambda: SubflowTypes(registry, held), registry, held)


class SubflowTypes(Registry):
    """Knows the types of a registry, and those that the subflows of a document are.

    Args:
        outside: The registry.
        held: The subflows of the document.
    """

    def __init__(self, outside: Registry, held: Mapping[str, Any]) -> None:
        super().__init__()
        self.outside = outside
        self.failures = outside.failures
        self.fingerprints = outside.fingerprints
        self.checks = outside.checks
        self.origins = outside.origins
        self.machine = outside.machine
        self.notices = outside.notices
        self._held = held
        self._derived: dict[str, NodeType | None] = {}
        self._former: dict[str, NodeType | None] = {}

    def add(self, node_type: NodeType) -> None:
        """Add a node type to the registry."""
        self.outside.add(node_type)

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each type that is added to the registry; the function that is returned ends it."""
        return self.outside.on_change(callback)

    def find(self, name: str) -> NodeType | None:
        """Return the type of a name, or None."""
        parts = split_type(name)
        if parts is None or parts[1] not in self._held:
            return self.outside.find(name)
        with self._lock:
            if self.revision != self.outside.revision:  # what is inside a body may have other ports now
                self.revision = self.outside.revision
                self._former, self._derived = self._derived, {}
            if name not in self._derived:
                made, former = _node_type(*parts, self._held[parts[1]], self.outside), self._former.get(name)
                self._derived[name] = former if made == former else made
            return self._derived[name]

    def __getitem__(self, name: str) -> NodeType:
        """Return the type of a name.

        Raises:
            KeyError: There is none; the message names the nearest.
        """
        if split_type(name) is None:
            return self.outside[name]
        if (found := self.find(name)) is None:
            raise KeyError(f"There is no node type '{name}'.{nearest(name, (known.name for known in self))}")
        return found

    def __iter__(self) -> Iterator[NodeType]:
        """Yield every type of the registry, then those of the subflows."""
        yield from self.outside
        for name in self._held:
            yield from filter(None, (self.find(f"{kind}/{name}") for kind in KINDS))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _node_type(kind: Kind, name: str, entry: Any, registry: Registry) -> NodeType | None:
    try:
        document, digest = read_subflow(entry)
    except FlowFileError:
        return None
    types = with_subflows(registry, document)
    ports = placed_ports(kind, _inputs(document, types), outputs_of(document, types))
    if ports is None:
        return None
    inside = [found for node in doc.nodes(document).values() if (found := types.find(node["type"])) is not None]
    leaves = {id(leaf): leaf for found in inside for leaf in (found.body.types if found.body else [found])}
    body = Body(kind, name, document, digest, tuple(leaves.values()), ports.steered_by, ports.lists, ports.table)
    return NodeType(
        name=f"{kind}/{name}",
        function=_not_called,
        inputs=ports.inputs,
        outputs=ports.outputs,
        title=TITLES[kind].format(title_of(document)),
        help=description if isinstance(description := document.get("description"), str) else "",
        pure=all(found.pure for found in inside) and not _draws_seeds(document, types),
        where="kernel",
        family=FAMILY,
        body=body,
    )


def _not_called(**_: Any) -> NoReturn:
    raise TypeError("A subflow has no function: the executor runs its nodes.")


def title_of(document: Mapping[str, Any]) -> str:
    """Return what a flow is called: its title, else its name in words."""
    title = document.get("title")
    return title if isinstance(title, str) and title else document["name"].replace("_", " ").strip().capitalize()


def _inputs(document: Document, types: Registry) -> Iterator[Port]:
    for entry in doc.inputs(document):
        try:
            port_type = read_port_type(entry["type"])
        except MediaError:
            continue
        fed = next((port for place in doc.feeds(entry) if (port := port_at(document, types, place)) is not None), None)
        yield input_port(entry, port_type, _default(entry, port_type), fed)


def port_at(document: Document, types: Registry, place: tuple[str, str]) -> Port | None:
    """Return the input port at (node, port), or None where there is none that is known."""
    node = document["nodes"].get(place[0])
    node_type = types.find(node["type"]) if doc.is_node(node) else None
    return node_type.inputs.get(place[1]) if node_type else None


def _default(entry: Mapping[str, Any], port_type: PortType) -> Any:
    """Return the default of an input; a medium stays as the document refers to it."""
    default = entry.get("default")
    if default is None:
        return REQUIRED
    if port_type.name not in PLAIN:
        return default
    try:
        return port_type.check(from_json(port_type, default, MediaFiles()))
    except MediaError:
        return REQUIRED


def outputs_of(document: Document, types: Registry) -> Iterator[Port]:
    """Yield the ports that the outputs of a flow are; a list where their node runs for each item of one."""
    graph = Graph.of(document)
    found = {key: types.find(entry["type"]) for key, entry in doc.nodes(document).items()}
    mapped = mapped_nodes(document, graph, found)
    for entry in doc.outputs(document):
        node, name = doc.split_port(entry["from"]) or ("", "")
        node_type = found.get(node)
        port = node_type.outputs.get(name) if node_type else None
        if port is None and node_type is not None:
            continue
        carried = port.type if port else PortType("any")  # of a type that is not known here
        label = entry.get("title")
        yield Port(
            entry["name"],
            carried.listed if node in mapped else carried,
            optional=port is not None and port.optional,
            label=label if isinstance(label, str) else "",
        )


def mapped_nodes(document: Document, graph: Graph, types: Mapping[str, NodeType | None]) -> set[str]:
    """Return the nodes that run for each item of a list, so that what they give is a list."""
    many = {
        (node, port) for entry in doc.inputs(document) if _is_list(entry["type"]) for node, port in doc.feeds(entry)
    }
    mapped: set[str] = set()
    for key in graph.order()[0]:
        node_type = types[key]
        if node_type is None:
            continue
        for edge in graph.incoming[key]:
            source = types[edge.source]
            port = source.outputs.get(edge.output) if source else None
            if edge.source in mapped or (port is not None and port.type.many):
                many.add((key, edge.input))
        if any((key, port.name) in many and not port.type.many for port in node_type.inputs.values()):
            mapped.add(key)
    return mapped


def _is_list(described: Any) -> bool:
    try:
        return read_port_type(described).many
    except MediaError:
        return False


def _draws_seeds(document: Document, types: Registry) -> bool:
    """Return whether a seed is drawn anew for each run in there."""
    fed = {place for entry in doc.inputs(document) for place in doc.feeds(entry)}
    fed |= {(edge.target, edge.input) for edge in doc.edges(document)}
    for key, entry in doc.nodes(document).items():
        node_type = types.find(entry["type"])
        for port in node_type.inputs.values() if node_type else ():
            drawn = port.is_seed and entry.get("values", {}).get(port.name, port.default) == "random"
            if drawn and (key, port.name) not in fed:
                return True
    return False
