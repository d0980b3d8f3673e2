"""Variables of the notebook on ports: what the document says of them, and what is wrong with that.

    "nodes":   {"blur": {"type": "blur", "bindings": {"image": "photo"}}}
    "inputs":  [{"name": "words", "type": "text", "variable": "caption", "feeds": [...]}]
    "outputs": [{"name": "image", "from": "blur.image", "variable": "poster"}]

No value of a variable is ever written down: a flow holds names.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..errors import MediaError
from ..schema import NodeType, PortType, Registry
from ..schema.port_types import read_port_type
from . import document as doc
from .conversions import described, may_fit
from .document import Document
from .media_files import MediaFiles
from .muting import is_muted, passed_by
from .problems import Problem
from .variables import NotDefined, Use, Variables, is_variable, may_be_written

FIELD = "bindings"
"""Of a node: its input port → the name of a variable."""
ENTRY_FIELD = "variable"
"""Of an input or output of the flow: the name of a variable."""
_NOBODY = Variables(dict)
"""What a flow may use of which nobody has confirmed anything."""


class Wish(NamedTuple):
    """Is what a flow wants of a variable.

    Args:
        use: Whether it reads or writes it.
        name: The variable.
    """

    use: Use
    name: str


def bound_ports(entry: Any) -> dict[str, str]:
    """Return the variables of a node's entry by input port; what cannot be read is passed over."""
    held = entry.get(FIELD) if isinstance(entry, Mapping) else None
    if not isinstance(held, Mapping):
        return {}
    return {port: name for port, name in held.items() if isinstance(name, str) and name}


def variable_of(entry: Mapping[str, Any]) -> str:
    """Return the variable of an input or output of the flow; empty where it has none."""
    name = entry.get(ENTRY_FIELD)
    return name if isinstance(name, str) else ""


def wishes(document: Document) -> list[Wish]:
    """Return what a flow wants of the notebook's variables, each once, in the document's order."""
    found = [Wish("read", name) for entry in doc.nodes(document).values() for name in bound_ports(entry).values()]
    found += [Wish("read", name) for entry in doc.inputs(document) if (name := variable_of(entry))]
    found += [Wish("write", name) for entry in doc.outputs(document) if (name := variable_of(entry))]
    return list(dict.fromkeys(found))


def binding_problems(
    document: Document, registry: Registry, files: MediaFiles, joined: Container[tuple[str, str]]
) -> Iterator[Problem]:
    """Yield what is wrong with the bindings of a flow.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: Its media, which bring the variables that it may use.
        joined: (node, port) that something is connected to.
    """
    for key, entry in doc.nodes(document).items():
        bound = bound_ports(entry)
        if not bound:
            continue
        node_type = registry.find(entry["type"])
        title = doc.title_of(document, key, node_type.title if node_type else "")
        for port, name in bound.items():
            yield from _port_problems(key, title, port, name, node_type, is_muted(entry), files, joined)
    for entry in doc.inputs(document):
        if (problem := input_problem(entry, files)) is not None:
            yield replace(problem, severity="hint")  # a run may bring a value of its own
    for entry in doc.outputs(document):
        yield from _output_problems(entry, files)


def _port_problems(
    key: str,
    title: str,
    port: str,
    name: str,
    node_type: NodeType | None,
    muted: bool,
    files: MediaFiles,
    joined: Container[tuple[str, str]],
) -> Iterator[Problem]:
    if node_type is None or (muted and port not in passed_by(node_type).values()):
        return  # the type is told of, or what comes there counts for nothing
    if port not in node_type.inputs:
        sentence = (
            f"'{title}' has no input '{port[:60]}' any more; the variable '{name[:60]}' that was bound to it is kept."
        )
        yield Problem("unknown-binding", sentence, "Bind it to another input, or unbind it.", key, severity="hint")
        return
    taken = node_type.inputs[port]
    if (key, port) in joined and not taken.type.many:
        sentence = f"'{title}', input '{port}' takes one value; the variable '{name}' and an edge lead to it."
        yield Problem("several-edges", sentence, "Unbind the variable, or delete the edge.", key, port)
    who = f"'{title}', input '{port}'"
    if (problem := why_not_read(who, name, taken.type, files)) is not None:
        yield replace(problem, node=key, port=port)


def input_problem(entry: Mapping[str, Any], files: MediaFiles) -> Problem | None:
    """Return what is wrong with the variable of an input of the flow, or None."""
    if not (name := variable_of(entry)):
        return None
    try:
        port_type = read_port_type(entry["type"])
    except MediaError:
        return None  # `flow_input_problems` says so
    problem = why_not_read(f"The flow's input '{entry['name']}'", name, port_type, files)
    return None if problem is None else replace(problem, port=entry["name"])


def why_not_read(who: str, name: str, port_type: PortType, files: MediaFiles) -> Problem | None:
    """Return why a variable cannot be read for a port, or None; nothing of its value is looked at.

    Args:
        who: Which port, as a sentence begins.
        name: The variable.
        port_type: What the port takes.
        files: The flow's media, which bring the variables that it may use.
    """
    if not is_variable(name):
        return Problem("bad-variable", f"{who}: {name[:60]!r} cannot name a variable.", "Unbind it.")
    try:
        value = (files.variables or _NOBODY).read(name)
    except PermissionError:
        sentence = f"{who} wants to read the variable '{name}' of this notebook."
        return Problem("unconfirmed", sentence, f"Allow it, flow.allow('{name}'), or unbind it.")
    except NotDefined:
        sentence = f"{who}: '{name}' is not defined in this notebook."
        return Problem("no-variable", sentence, "Run the cell that makes it, or unbind.")
    if may_fit(value, port_type):
        return None
    kind = "None" if value is None else f"of type {type(value).__name__}"
    sentence = f"{who}: the variable '{name}' is {kind}, and the port takes {port_type}."
    return Problem("bad-variable", sentence, "Make what it takes in a cell, or bind another variable.")


def _output_problems(entry: Mapping[str, Any], files: MediaFiles) -> Iterator[Problem]:
    name, output = variable_of(entry), entry["name"]
    if not name:
        return
    who = f"The flow's output '{output}'"
    if not may_be_written(name):
        sentence = f"{who}: a flow makes no variable called {name[:60]!r}, which Python or the notebook uses itself."
        yield Problem("bad-variable", sentence, "Choose another name.", port=output, severity="hint")
    elif not (files.variables or _NOBODY).may("write", name):
        sentence = f"{who} wants to make the variable '{name}' in this notebook, and does not yet."
        yield Problem(
            "unconfirmed", sentence, f"Allow it, flow.allow('{name}'), or unbind it.", port=output, severity="hint"
        )


def body_binding_problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with bindings in a subflow: there, a value comes in by an input alone."""
    for key, entry in doc.nodes(document).items():
        for port, name in bound_ports(entry).items():
            sentence = f"'{doc.title_of(document, key)}', input '{port}' is bound to the variable '{name}'."
            remedy = "A subflow reads no variables: give it an input for this, and bind that where the subflow stands."
            yield Problem("bound-in-subflow", sentence, remedy, key, port)


def told(value: Any) -> dict[str, str]:
    """Return what a list of variables says of one."""
    kind, size = described(value)
    return {"kind": kind, "size": size}
