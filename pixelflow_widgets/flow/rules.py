"""Which edits a flow accepts: what the shape of the document alone cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import FlowFileError, MediaError, OperationRejected
from ..schema import PortType, Registry, may_connect
from ..schema.port_types import read_port_type
from ..secrets import held_by, looks_like_a_key
from .bindings import bound_ports
from .document import Document, edges, feeds, find_named, is_name, split_port, title_of, users
from .file import check_shape
from .operations import Operation
from .subflows import contains_itself, read_subflow, with_subflows


class Rules:
    """Refuses edits that would close a circle, join unlike types or give one port two values.

    Keeps who feeds whom beside the document, so that a question costs what it touches and not the whole flow.

    Args:
        document: What stands before the first question.
        registry: Which node types there are.
    """

    def __init__(self, document: Document, registry: Registry) -> None:
        self._registry = registry
        self._begin(document)

    def _begin(self, document: Document) -> None:
        self._targets: dict[str, list[str]] = {}
        self._feeders: dict[str, list[str]] = {}
        for edge in edges(document):
            self._join(f"{edge.source}.{edge.output}", f"{edge.target}.{edge.input}")
        for entry in document["inputs"]:
            if isinstance(entry, Mapping) and is_name(entry.get("name")) and isinstance(entry.get("feeds"), list):
                for node, port in feeds(entry):
                    self._feeders.setdefault(f"{node}.{port}", []).append(entry["name"])

    def check(self, document: Document, operation: Operation) -> None:
        """Raise where an operation may not be applied to the document.

        Raises:
            OperationRejected: Says why in words.
        """
        self._check_secrets(document, operation)
        match operation["op"]:
            case "connect":
                self._check_edge(document, operation["from"], operation["to"])
            case "feed":
                self._check_feed(document, operation["name"], operation["to"])
            case "add_input":
                given = _read_type(operation["input"]["type"])
                for port in operation["input"].get("feeds", []):
                    self._check_types(document, given, port, "The input")
            case "set_input" if operation["fields"].get("type") is not None:
                given = _read_type(operation["fields"]["type"])
                entry = document["inputs"][find_named(document["inputs"], operation["name"])]
                for node, port in feeds(entry):
                    self._check_fit(document, given, f"{node}.{port}", f"Input '{operation['name']}'")
            case "set_subflow":
                _check_subflow(document, operation["name"], operation["subflow"])
            case "replace":
                _check_whole(operation["document"])

    def note(self, operation: Operation) -> None:
        """Take notice of an operation that was applied."""
        match operation["op"]:
            case "connect":
                self._join(operation["from"], operation["to"])
            case "disconnect":
                source, target = operation["from"], operation["to"]
                self._targets[source.partition(".")[0]].remove(target.partition(".")[0])
                self._feeders[target].remove(source)
            case "feed":
                self._feeders.setdefault(operation["to"], []).append(operation["name"])
            case "unfeed":
                self._feeders[operation["to"]].remove(operation["name"])
            case "add_input":
                for port in operation["input"].get("feeds", []):
                    self._feeders.setdefault(port, []).append(operation["input"]["name"])
            case "remove_input":
                for feeders in self._feeders.values():
                    if operation["name"] in feeders:
                        feeders.remove(operation["name"])
            case "replace":
                self._begin(operation["document"])

    def _join(self, source: str, target: str) -> None:
        self._targets.setdefault(source.partition(".")[0], []).append(target.partition(".")[0])
        self._feeders.setdefault(target, []).append(source)

    def _check_secrets(self, document: Document, operation: Operation) -> None:
        """Refuse what would keep the value of a secret: it would be in journal, file and each version."""
        if (name := held_by(operation)) is not None:
            raise OperationRejected(
                f"This holds the value of the secret '{name}', which would be saved with the flow. Write its name."
            )
        if operation["op"] == "set_values":
            entry, values = document["nodes"].get(operation["id"]), operation["values"]
        elif operation["op"] == "add_node":
            entry = operation["node"]
            values = entry.get("values")
        else:
            return
        node_type = self._registry.find(entry["type"]) if isinstance(entry, Mapping) and "type" in entry else None
        for name, port in node_type.inputs.items() if node_type and isinstance(values, Mapping) else ():
            value = values.get(name)
            is_for_names = getattr(port.control, "names_a_secret", False)
            if is_for_names and isinstance(value, str) and looks_like_a_key(value):
                raise OperationRejected(
                    f"What is put into '{name}' looks like a key itself, which would be saved with the flow. Write "
                    "pf.secrets.ask('MY_KEY') in a cell, and MY_KEY here."
                )

    def _check_edge(self, document: Document, source: str, target: str) -> None:
        source_node, target_node = source.partition(".")[0], target.partition(".")[0]
        if self._leads_to(target_node, source_node):
            raise OperationRejected(
                f"{source} → {target} would close a circle: '{title_of(document, source_node)}' already depends on "
                f"'{title_of(document, target_node)}'."
            )
        if (given := self._type(document, source, "output")) is not None:
            self._check_types(document, given, target, source)

    def _check_feed(self, document: Document, name: str, target: str) -> None:
        place = find_named(document["inputs"], name)
        if place >= 0 and isinstance(document["inputs"][place], Mapping):
            self._check_types(document, _read_type(document["inputs"][place].get("type")), target, f"Input '{name}'")

    def _check_types(self, document: Document, given: PortType, target: str, who: str) -> None:
        wanted = self._check_fit(document, given, target, who)
        if wanted and self._feeders.get(target) and not wanted.many:
            raise OperationRejected(f"{target} takes one value and is connected to {self._feeders[target][0]} already.")
        node, _, port = target.partition(".")
        if wanted and not wanted.many and (name := bound_ports(document["nodes"].get(node)).get(port)):
            raise OperationRejected(f"{target} takes one value and is bound to the variable '{name}'. Unbind it first.")

    def _check_fit(self, document: Document, given: PortType, target: str, who: str) -> PortType | None:
        wanted = self._type(document, target, "input")
        if wanted and (reason := may_connect(given, wanted)) is not None:
            raise OperationRejected(f"{reason} {who} gives {given}; {target} takes {wanted}.")
        return wanted

    def _type(self, document: Document, port: str, side: str) -> PortType | None:
        """Return the type of a port; None for nodes of unknown type.

        Raises:
            OperationRejected: The node type has no such port.
        """
        node, name = split_port(port) or ("", "")
        entry = document["nodes"].get(node)
        if not isinstance(entry, Mapping) or "type" not in entry:
            return None
        node_type = with_subflows(self._registry, document).find(entry["type"])
        if node_type is None:
            return None
        try:
            return (node_type.input(name) if side == "input" else node_type.output(name)).type
        except KeyError as error:
            raise OperationRejected(error.args[0]) from None

    def _leads_to(self, start: str, goal: str) -> bool:
        seen, pending = set(), [start]
        while pending:
            current = pending.pop()
            if current == goal:
                return True
            if current not in seen:
                seen.add(current)
                pending.extend(self._targets.get(current, ()))
        return False


def _check_whole(document: Document) -> None:
    """Refuse a document that a file of it would not give back as it is."""
    try:
        complete = check_shape(document) == document
    except FlowFileError as error:
        raise OperationRejected(str(error)) from None
    if not complete:
        raise OperationRejected("A whole flow has values in each node, feeds in each input, and positions.")


def _check_subflow(document: Document, name: str, entry: Mapping[str, Any] | None) -> None:
    if entry is None:
        if (user := next(users(document, name), None)) is not None:
            raise OperationRejected(
                f"'{title_of(document, user)}' runs the subflow '{name}'. Take that node away first."
            )
        return
    try:
        read_subflow(entry)
    except FlowFileError as error:
        raise OperationRejected(f"The subflow '{name}': {error}") from None
    if contains_itself(name, entry["document"]):
        raise OperationRejected(f"The subflow '{name}' cannot contain itself. Take the node that runs it out of it.")


def _read_type(described: Any) -> PortType:
    try:
        return read_port_type(described)
    except MediaError as error:
        raise OperationRejected(str(error)) from None
