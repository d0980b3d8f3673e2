"""Everything that is wrong with a flow, as data: node, port, sentence, remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..errors import MediaError, nearest
from ..schema import NodeType, Port, PortType, Registry, may_connect
from ..schema.port_types import read_port_type
from . import document as doc
from .document import Document, Edge
from .graph import Graph
from .limits import check_limits
from .media_files import MediaFiles, from_json
from .muting import is_muted, passed_by
from .subflows import with_subflows


@dataclass(frozen=True)
class Problem:
    """Is something wrong in a flow.

    Args:
        code: One word for programs: "missing-input".
        sentence: What is wrong, who and where, in words.
        remedy: What to do.
        node: Id of the node.
        port: Name of the port, input or output of the flow.
        severity: A "hint" does not keep the flow from running.
    """

    code: str
    sentence: str
    remedy: str = ""
    node: str | None = None
    port: str | None = None
    severity: Literal["error", "hint"] = "error"

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()

    def as_json(self) -> dict[str, Any]:
        """Return the problem as JSON."""
        return asdict(self)


def find_problems(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    targets: Iterable[str] | None = None,
    *,
    is_body: bool = False,
) -> list[Problem]:
    """Return every problem of a document.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        targets: Node ids; only what these need is looked at. None is the whole flow.
        is_body: It is a subflow, which reads and writes no variables.
    """
    from .bindings import binding_problems, body_binding_problems
    from .complaints import find_complaints
    from .subflow_problems import subflow_problems  # each asks the other

    registry = with_subflows(registry, document)
    graph = Graph.of(document)
    wanted = None if targets is None else graph.upstream(targets)
    found = [*_unreadable(document), *subflow_problems(document), *_nodes(document, registry, files, graph, wanted)]
    found += [*_edges(document, registry, graph), *_circle(document, graph, wanted)]
    found += find_complaints(document, registry, files, graph, graph.nodes if wanted is None else wanted)
    found += [*_signature(document, registry, files)]
    joined = {(edge.target, edge.input) for edges in graph.incoming.values() for edge in edges}
    joined |= {place for entry in doc.inputs(document) for place in doc.feeds(entry)}
    found += body_binding_problems(document) if is_body else binding_problems(document, registry, files, joined)
    if wanted is None:
        return found if is_body else [*found, *_notices(document, registry)]
    return [problem for problem in found if problem.node is None or problem.node in wanted]


def _notices(document: Document, registry: Registry) -> Iterator[Problem]:
    for tell in registry.notices.values():
        for told in tell(document):
            yield Problem(told.code, told.sentence, told.remedy, port=told.port or None, severity="hint")


def _unreadable(document: Document) -> Iterator[Problem]:
    if document["version"] > doc.VERSION:
        yield Problem(
            "newer-version",
            f"This flow was written by a newer version of the program (format {document['version']}; this one reads "
            f"{doc.VERSION}).",
            "Update pixelflow_widgets to run it. Saving keeps what this version does not know.",
        )
    sections = (("nodes", doc.is_node), ("edges", doc.read_edge), ("inputs", _is_input), ("outputs", doc.is_output))
    for section, readable in sections:
        entries = document[section]
        for key, entry in entries.items() if isinstance(entries, Mapping) else enumerate(entries):
            if not readable(entry) or (section == "nodes" and not doc.is_name(key)):
                yield Problem(
                    "unreadable",
                    f"Entry {str(key)[:60]!r} of {section} cannot be read as one.",
                    "It is kept as it is in the file; mend or delete it there.",
                    node=str(key) if section == "nodes" else None,
                )


def _is_input(entry: Any) -> bool:
    return doc.is_input(entry) and doc.are_limits_readable(entry)


def _nodes(
    document: Document, registry: Registry, files: MediaFiles, graph: Graph, wanted: set[str] | None
) -> Iterator[Problem]:
    from .bindings import bound_ports
    from .subflow_problems import body_problems

    fed: dict[str, set[str]] = {}
    for entry in doc.inputs(document):
        for node, port in doc.feeds(entry):
            fed.setdefault(node, set()).add(port)
    for key, entry in doc.nodes(document).items():
        if wanted is not None and key not in wanted:
            continue
        node_type = registry.find(entry["type"])
        if node_type is None:
            yield _unknown_type(document, registry, key, entry["type"])
            continue
        title = doc.title_of(document, key, node_type.title)
        version = entry.get("type_version", 1)
        if isinstance(version, int) and version > node_type.version:
            yield Problem(
                "newer-type",
                f"'{title}' was made with version {version} of its type; here it is {node_type.version}.",
                "Update the package that defines it.",
                node=key,
            )
        yield from _values(key, title, entry, node_type, files)
        connected = {edge.input for edge in graph.incoming[key]} | fed.get(key, set()) | bound_ports(entry).keys()
        yield from _missing(key, title, entry, node_type, connected)
        if node_type.body is not None and not is_muted(entry):
            yield from body_problems(key, title, node_type.body, registry, files)


def _missing(
    key: str, title: str, entry: Mapping[str, Any], node_type: NodeType, connected: set[str]
) -> Iterator[Problem]:
    passed = set(passed_by(node_type).values()) if is_muted(entry) else node_type.inputs.keys()
    there = connected | entry.get("values", {}).keys()
    for port in node_type.inputs.values():
        if port.name in passed and port.required and port.name not in there:
            yield Problem(
                "missing-input",
                f"'{title}' needs {port.type}: its input '{port.name}' has no value and no edge.",
                "Set it or connect something to it.",
                node=key,
                port=port.name,
            )


def _unknown_type(document: Document, registry: Registry, key: str, name: str) -> Problem:
    from .subflow_problems import why_unknown

    title = doc.title_of(document, key)
    if (why := why_unknown(name, document)) is not None:
        return Problem("unknown-type", f"'{title}' {why[0]}", why[1], node=key)
    held = document.get("sources")
    if isinstance(held, Mapping) and name in held:
        sentence = (
            f"'{title}' is of type '{name[:80]}', which is a function of another notebook; the flow brings its code."
        )
        remedy = f"Read it, print(flow.untrusted['{name[:80]}']), then let it run: flow.trust('{name[:80]}')."
        return Problem("untrusted-code", sentence, remedy, node=key)
    return Problem(
        "unknown-type",
        f"'{title}' is of type '{name[:80]}', which is not known here."
        + nearest(name, (known.name for known in registry)),
        "Install the package or run the cell that defines it.",
        node=key,
    )


def _values(
    key: str, title: str, entry: Mapping[str, Any], node_type: NodeType, files: MediaFiles
) -> Iterator[Problem]:
    for name, value in entry.get("values", {}).items():
        port = node_type.inputs.get(name)
        if port is None:
            yield Problem(
                "unknown-value",
                f"'{title}' has no input '{str(name)[:60]}'; a value for it is kept.",
                nearest(str(name), node_type.inputs).strip(),
                node=key,
                severity="hint",
            )
            continue
        try:
            port.check(from_json(port.type, value, files))
        except MediaError as error:
            yield Problem("bad-value", f"'{title}', input '{name}': {error}", "Set another value.", key, name)


def _edges(document: Document, registry: Registry, graph: Graph) -> Iterator[Problem]:
    for edge in graph.dangling:
        missing = edge.source if edge.source not in graph.outgoing else edge.target
        node = edge.target if edge.target in graph.incoming else edge.source
        yield Problem(
            "dangling-edge",
            f"The edge {edge} leads {'from' if missing == edge.source else 'to'} a node '{missing}' that is not there.",
            "Delete the edge or bring the node back.",
            node=node if node in graph.incoming else None,
        )
    taken: dict[tuple[str, str], int] = {}
    for entry in doc.inputs(document):
        for place in doc.feeds(entry):
            taken[place] = taken.get(place, 0) + 1
    for target, incoming in graph.incoming.items():
        for edge in incoming:
            taken[target, edge.input] = taken.get((target, edge.input), 0) + 1
            source_port, problem = _end(document, registry, edge.source, edge.output, "output", target)
            target_port, other = _end(document, registry, target, edge.input, "input", target)
            if problem or other:
                yield from (found for found in (problem, other) if found)
            elif problem := _muted(document, registry, edge, target):
                yield problem
            elif source_port and target_port and (reason := may_connect(source_port.type, target_port.type)):
                yield Problem(
                    "mismatch", f"{edge}: {reason}", "Delete the edge or convert between.", target, edge.input
                )
    yield from _several(document, registry, taken)


def _muted(document: Document, registry: Registry, edge: Edge, target: str) -> Problem | None:
    """Return the problem of an edge that comes out of a muted node which has nothing of that type to pass on."""
    entry = document["nodes"][edge.source]
    node_type = registry.find(entry["type"]) if is_muted(entry) else None
    if node_type is None or edge.output in passed_by(node_type):
        return None
    title = doc.title_of(document, edge.source, node_type.title)
    return Problem(
        "muted",
        f"'{title}' is muted, and has no input of the type of '{edge.output}' that it could pass on.",
        "Unmute it, mute what comes after it too, or connect something else.",
        node=target,
        port=edge.input,
    )


def _several(document: Document, registry: Registry, taken: Mapping[tuple[str, str], int]) -> Iterator[Problem]:
    for (node, port), count in taken.items():
        if count < 2 or not doc.is_node(document["nodes"].get(node)):
            continue
        target, _ = _end(document, registry, node, port, "input", node)
        entry = document["nodes"][node]
        if is_muted(entry) and (muted := registry.find(entry["type"])) and port not in passed_by(muted).values():
            continue  # what comes there counts for nothing
        if target and not target.type.many:
            title = doc.title_of(document, node)
            sentence = f"'{title}', input '{port}' takes one value and {count} edges lead to it."
            yield Problem("several-edges", sentence, "Keep one of them.", node, port)


def _end(
    document: Document, registry: Registry, node: str, port: str, side: str, blame: str
) -> tuple[Port | None, Problem | None]:
    """Return the port at one end of an edge, or the problem that it is not there; neither for an unknown type."""
    node_type = registry.find(document["nodes"][node]["type"])
    if node_type is None:
        return None, None
    ports = node_type.inputs if side == "input" else node_type.outputs
    if port in ports:
        return ports[port], None
    title = doc.title_of(document, node, node_type.title)
    has = ", ".join(ports) or "none"
    return None, Problem(
        "unknown-port",
        f"'{title}' has no {side} '{port[:60]}', but an edge uses it.{nearest(port, ports)}",
        f"Its {side}s: {has}. Delete the edge or choose another port.",
        node=blame,
        port=port if node == blame else None,
    )


def _circle(document: Document, graph: Graph, wanted: set[str] | None) -> Iterator[Problem]:
    _, stuck = graph.order(wanted)
    circle = graph.circle(stuck)
    if circle:
        titles = [doc.title_of(document, node) for node in circle]
        shown = titles if len(titles) <= 12 else [*titles[:10], "…", titles[-1]]
        yield Problem(
            "circle",
            f"The flow goes round in a circle: {' → '.join([*shown, titles[0]])}.",
            "Delete one of these edges.",
            node=circle[0],
        )


def _signature(document: Document, registry: Registry, files: MediaFiles) -> Iterator[Problem]:
    nodes = doc.nodes(document)
    for section in ("inputs", "outputs"):
        names = [entry.get("name") for entry in document[section] if isinstance(entry, Mapping)]
        counted = Counter(name for name in names if isinstance(name, str))
        for name in sorted(name for name, count in counted.items() if count > 1):
            yield Problem("twice", f"The flow has two {section} called '{name}'.", "Rename one.", port=name)
    for entry in doc.inputs(document):
        yield from flow_input_problems(document, registry, files, entry, nodes)
    for entry in doc.outputs(document):
        node, port = doc.split_port(entry["from"]) or ("", "")
        if node not in nodes:
            sentence = f"The output '{entry['name']}' reads node '{node}', which is not there."
            yield Problem("dangling-output", sentence, "Delete it or read another port.", port=entry["name"])
        elif (problem := _end(document, registry, node, port, "output", node)[1]) is not None:
            yield problem


def flow_input_problems(
    document: Document, registry: Registry, files: MediaFiles, entry: Mapping[str, Any], nodes: Container[str]
) -> Iterator[Problem]:
    """Yield what is wrong with one input of a flow.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that its default may refer to.
        entry: The input; one that can be read.
        nodes: The ids of the nodes that can be read.
    """
    name = entry["name"]
    try:
        port_type: PortType = read_port_type(entry["type"])
        if entry.get("default") is not None:
            check_limits(entry, port_type, port_type.check(from_json(port_type, entry["default"], files)))
    except MediaError as error:
        yield Problem("bad-input", f"The flow's input '{name}': {error}", "Change its type or default.", port=name)
        return
    for node, port in doc.feeds(entry):
        if node not in nodes:
            sentence = f"The flow's input '{name}' feeds node '{node}', which is not there."
            yield Problem("dangling-feed", sentence, "Let it feed another port.", port=name)
            continue
        target, problem = _end(document, registry, node, port, "input", node)
        if problem:
            yield problem
        elif target and (reason := may_connect(port_type, target.type)):
            yield Problem("mismatch", f"Input '{name}' → {node}.{port}: {reason}", "Feed another port.", node, port)
