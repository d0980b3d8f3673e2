"""Why a flow cannot be served as it is: every reason at once, in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from ...errors import EndpointChanged, MediaError, ValuesRefused
from ...flow import document as doc
from ...flow.bindings import bound_ports, variable_of
from ...flow.carrying import carried, used_types
from ...flow.document import Document
from ...flow.graph import Graph
from ...flow.media_files import MediaFiles, from_json
from ...flow.problems import Problem, find_problems
from ...flow.signature import MISSING, Entry, Signature, read_values
from ...flow.subflows import with_subflows
from ...schema import NodeType, Port, Registry
from .freezing import types_of

UNTRAVELLED = ("latents", "any")
"""Types that no request brings."""
UNGIVEN = ("latents", "model")
"""Types that no answer brings."""
_PLACES = ("path", "paths", "file", "files", "folder", "directory", "dataset", "url", "base_url")
"""What a port is called that names something on this machine or elsewhere; those of pure nodes of ours name nothing."""
_PICKERS = {"file": "a file", "model": "a model", "lora": "a LoRA", "loras": "LoRAs"}
_HARMLESS = ("int", "float", "flag", "choice")
"""Types of inputs from which no text of a caller's own can come."""


def reasons(
    flow: Document, document: Document, registry: Registry, files: MediaFiles, signature: Signature
) -> Iterator[Problem]:
    """Yield what keeps a flow from being served.

    Args:
        flow: The flow as it is.
        document: The same, frozen.
        registry: Which node types there are.
        files: Its media.
        signature: Of the flow.
    """
    types = with_subflows(registry, document)
    wrong = list(_problems(flow, document, registry, files))
    yield from wrong
    yield from _variables(document)
    yield from _nodes(document, types)
    yield from _code(document, types)
    yield from _inputs(document, signature)
    yield from _defaults(signature, files, {problem.port for problem in wrong if problem.code == "bad-input"})
    yield from _outputs(signature)
    yield from reached_places(document, types, signature)


def _problems(flow: Document, document: Document, registry: Registry, files: MediaFiles) -> Iterator[Problem]:
    """Yield what keeps either from running: to freeze leaves out what cannot be read, and takes off pins."""
    found = find_problems(flow, registry, files, document["nodes"])
    found += find_problems(document, registry, files)
    told = {}
    for problem in found:
        if problem.severity == "error" and problem.code != "unconfirmed":  # `_variables` says so, confirmed or not
            told.setdefault((problem.sentence, problem.node, problem.port), problem)
    yield from told.values()


def _variables(document: Document) -> Iterator[Problem]:
    for key, entry in doc.nodes(document).items():
        for port, name in bound_ports(entry).items():
            sentence = f"'{doc.title_of(document, key)}', input '{port}' reads the variable '{name}' of this notebook."
            yield Problem("variable", sentence, "Unbind it, or give the flow an input for it.", key, port)
    for entry in doc.inputs(document):
        if name := variable_of(entry):
            sentence = f"The flow's input '{entry['name']}' reads the variable '{name}' of this notebook."
            yield Problem("variable", sentence, "Unbind it: callers give the value.", port=entry["name"])


def _nodes(document: Document, types: Registry, path: str = "") -> Iterator[Problem]:
    """Yield which nodes cannot run where nobody sits: they ask, or touch what only the notebook has."""
    for key, entry in doc.nodes(document).items():
        node_type = types.find(entry["type"])
        if node_type is None:
            continue
        title = path + doc.title_of(document, key, node_type.title)
        at = None if path else key
        if node_type.body is not None:
            inner = dict(node_type.body.document)
            yield from _nodes(inner, with_subflows(types, inner), f"{title} / ")
        elif node_type.ask is not None:
            sentence = f"'{title}' asks somebody to choose, and nobody is there when a flow is served."
            yield Problem("asks", sentence, "Use 'pick_item', which takes the one of a number.", at)
        elif _is_of_kernel(node_type):
            sentence = f"'{title}' runs in the notebook's kernel, with objects that no server has."
            yield Problem("kernel", sentence, 'Take where="kernel" away from its @node, or leave the node out.', at)


def _is_of_kernel(node_type: NodeType) -> bool:
    """Return whether a function says that it touches the notebook; lazy and static ones run there for other reasons."""
    is_quick = node_type.is_static or any(port.lazy for port in node_type.inputs.values())
    return node_type.where == "kernel" and not is_quick


def _code(document: Document, types: Registry) -> Iterator[Problem]:
    """Yield which functions of the notebook cannot go along."""
    brought = carried(document)
    for name in sorted(used_types(document)):
        node_type = types.find(name)
        if node_type is None or node_type.body is not None or not node_type.from_notebook:
            continue
        if name not in brought:
            sentence = f"The source of '{name}' is not known, so that no server can run it."
            yield Problem("code", sentence, "Write the function in a cell, or in a module that can be imported.")
        elif missing := brought[name].get("missing"):
            sentence = f"'{name}' needs {', '.join(map(repr, missing))}, which cannot be carried along with its source."
            yield Problem("code", sentence, "Make these inputs of the node, or define them inside the function.")
    try:
        types_of(document, types)
    except EndpointChanged as error:
        yield Problem("code", str(error), "Let the function import what it needs, or put it into a module.")


def _inputs(document: Document, signature: Signature) -> Iterator[Problem]:
    feeds = {entry["name"]: entry.get("feeds", []) for entry in doc.inputs(document)}
    for entry in signature.inputs:
        if not feeds.get(entry.name):
            sentence = f"The input '{entry.name}' feeds nothing that an output needs."
            yield Problem("idle-input", sentence, "Connect it, or remove it.", port=entry.name)
        if entry.type.name in UNTRAVELLED and entry.choices is None:
            sentence = f"The input '{entry.name}' takes {entry.type}, which no request can bring."
            yield Problem("untravelled", sentence, "Say what it is: flow.input(…, type=pf.Image).", port=entry.name)
        low, high = entry.limits.get("min"), entry.limits.get("max")
        if entry.choices == () or (low is not None and high is not None and low > high):
            sentence = f"No value of the input '{entry.name}' suits all the ports that it feeds."
            remedy = "Give it other limits or choices, or feed fewer ports."
            yield Problem("no-value", sentence, remedy, port=entry.name)


def _defaults(signature: Signature, files: MediaFiles, known: Set[str | None]) -> Iterator[Problem]:
    """Yield which defaults no caller could give, but those of which the flow itself says so."""
    for entry in signature.inputs:
        if entry.default is MISSING or entry.is_seed or entry.choices == () or entry.name in known:
            continue
        try:
            _check_default(entry, files)
        except (MediaError, ValuesRefused) as error:
            told = error.problems[0]["message"] if isinstance(error, ValuesRefused) else str(error)
            sentence = f"The default of the input '{entry.name}' is none that it takes: {told}"
            yield Problem("bad-default", sentence, "Set another default, or wider limits.", port=entry.name)


def _check_default(entry: Entry, files: MediaFiles) -> None:
    if entry.type.name in ("image", "mask", "audio", "video", "table", "latents", "any"):
        entry.type.check(from_json(entry.type, entry.default, files))
    elif entry.type.name != "model" or entry.choices is not None:
        alone = Signature("", "", "", (entry,), ())
        read_values(alone, {entry.name: entry.default}, lambda _, text: text)


def _outputs(signature: Signature) -> Iterator[Problem]:
    if not signature.outputs:
        yield Problem("no-output", "The flow has no output.", "Give it one: flow.output('image', node['image']).")
    for given in signature.outputs:
        if given.type.name in UNGIVEN:
            sentence = f"The output '{given.name}' gives {given.type}, which no answer can bring."
            yield Problem("untravelled", sentence, "Put a node behind it that makes a picture of it.", port=given.name)


def reached_places(document: Document, types: Registry, signature: Signature) -> Iterator[Problem]:
    """Yield which inputs could name a file, a folder, an address or a model of this machine.

    What a caller can write goes on through every node that it comes to: a text that a model makes of a prompt is the
    caller's, too.

    Args:
        document: The flow, frozen.
        types: Which node types there are, those of its subflows among them.
        signature: Of the flow.
    """
    free = {entry.name for entry in signature.inputs if entry.choices is None and entry.type.name not in _HARMLESS}
    yield from _Reach(document, types, free, "").problems()


class _Reach:
    """Follows what callers can write through a flow.

    Args:
        document: The flow, or a subflow.
        types: Which node types there are.
        free: The inputs whose values callers choose freely.
        path: Titles of the nodes around a subflow.
    """

    def __init__(self, document: Document, types: Registry, free: Set[str], path: str) -> None:
        self._document, self._types, self._path = document, types, path
        self._graph = Graph.of(document)
        self._fed: dict[tuple[str, str], Any] = {}
        for entry in doc.inputs(document):
            if entry["name"] in free:
                self._fed |= dict.fromkeys(doc.feeds(entry), entry["name"])
        self._from: dict[str, str] = {}
        """Node that gives what a caller wrote → the input that it came by."""

    def problems(self) -> Iterator[Problem]:
        ordered, _ = self._graph.order()
        for key in ordered:
            entry = self._document["nodes"][key]
            node_type = self._types.find(entry["type"])
            if node_type is None:
                continue
            reached = dict(self._reached(key))
            if reached:
                self._from[key] = next(iter(reached.values()))
            title = self._path + doc.title_of(self._document, key, node_type.title)
            for name, by in reached.items():
                if (what := place_of(node_type, name)) and self._may_write(key, name):
                    yield self._problem(key, title, name, by, what)
            if node_type.body is not None and reached:
                yield from self._inside(node_type, title, reached)

    def _reached(self, key: str) -> Iterable[tuple[str, str]]:
        """Yield (input port, input of the flow) for each port of a node to which comes what a caller wrote."""
        for (node, port), name in self._fed.items():
            if node == key:
                yield port, name
        for edge in self._graph.incoming[key]:
            if edge.source in self._from:
                yield edge.input, self._from[edge.source]

    def _may_write(self, key: str, name: str) -> bool:
        """Return whether what comes to a port can be a text: a model handle, say, was checked where it was made."""
        given = [edge for edge in self._graph.incoming[key] if edge.input == name]
        if not given or (key, name) in self._fed:
            return True
        types = [self._types.find(self._document["nodes"][edge.source]["type"]) for edge in given]
        ports = [each.outputs.get(edge.output) if each else None for each, edge in zip(types, given, strict=True)]
        return any(port is None or port.type.name != "model" for port in ports)

    def _inside(self, node_type: NodeType, title: str, reached: Mapping[str, Any]) -> Iterator[Problem]:
        assert node_type.body is not None
        inner = dict(node_type.body.document)
        names = {entry["name"] for entry in doc.inputs(inner)}
        free = set(reached) & names if node_type.body.kind == "flow" else names  # rows, axes, what comes round again
        yield from _Reach(inner, with_subflows(self._types, inner), free, f"{title} / ").problems()

    def _problem(self, key: str, title: str, port: str, by: str, what: str) -> Problem:
        sentence = f"By the input '{by}' callers could choose {what} of this machine: it comes to '{title}', '{port}'."
        remedy = f"Say which there are: flow.set_input('{by}', choices=[…]); or set the port in the flow."
        return Problem("place", sentence, remedy, None if self._path else key, port)


def place_of(node_type: NodeType, name: str) -> str:
    """Return what a text at a port names on this machine, in words; empty where it names nothing."""
    port: Port | None = node_type.inputs.get(name)
    if port is None or node_type.body is not None:
        return ""  # a subflow's own ports say so inside
    kind = port.control.kind if port.control is not None else ""
    if kind in _PICKERS or port.type.name == "model":
        return _PICKERS.get(kind, "a model")
    if node_type.is_static and port.type.name == "text":
        return "a model"  # its revision, its files: all that a node says which only makes a handle
    is_ours = node_type.pure and "." not in node_type.name  # such as `json_extract`, whose path leads through a text
    return "a file or a folder" if port.type.name in ("text", "any") and name in _PLACES and not is_ours else ""
