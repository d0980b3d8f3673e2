"""A flow carries the source of the notebook's node types that it uses; elsewhere it is shown, and never run unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import FlowError
from ..media import blake3_hex
from ..schema import NodeType, Registry
from ..schema import registry as process_registry
from . import document as doc
from .binding import BindableFlow, replaces
from .cell_sources import run_source, source_of
from .document import Document
from .media_files import MediaFiles
from .operations import Operation
from .plain import as_json
from .trust import mark_of, process_trust

PREFIX = "notebook."
"""How the names of node types begin that a notebook defined."""
FIELD = "sources"
"""Of a document: name of a node type → {"source": text, "digest": of it, "missing": names that it needs besides}."""


class CarryingFlow(BindableFlow):
    """Carries the code of notebook nodes, and runs none that came with a file before somebody has said so."""

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._define_trusted()

    @property
    def untrusted(self) -> dict[str, str]:
        """Return the source of each node type that the flow brings and this kernel does not know."""
        if self.registry is not process_registry:
            return {}  # `@node` makes types of the process
        return {
            name: entry["source"]
            for name, entry in carried(self._document).items()
            if self.registry.find(name) is None and name in used_types(self._document)
        }

    def trust(self, name: str, *, always: bool = False) -> None:
        """Run the source of a node type that the flow brings; read `flow.untrusted[name]` before.

        Args:
            name: Of the type: "notebook.duotone".
            always: Run this very code without asking when a flow brings it again; changed, it is asked about.

        Raises:
            KeyError: The flow brings no such type, or it is known here.
            FlowError: The code does not run, or defines something else.
        """
        brought = self.untrusted
        if name not in brought:
            known = ", ".join(brought) or "none"
            raise KeyError(
                f"'{self.name}' brings no code of a type '{name}' that is not known here. It brings: {known}."
            )
        define(name, brought[name])
        if always:
            process_trust().remember([_mark(brought[name])])
        self._tell_confirmed()

    def _define_trusted(self) -> None:
        """Run what was always to be run."""
        brought = self.untrusted if FIELD in self._document or "subflows" in self._document else {}
        known = process_trust().knows(_mark(text) for text in brought.values()) if brought else set()
        for name, text in brought.items():
            if _mark(text) in known and self.registry.find(name) is None:
                try:
                    define(name, text)
                except FlowError as error:
                    self.note = str(error)

    def _accept(self, operations: list[Operation], source: str, text: str = "") -> list[Operation]:
        inverses = super()._accept(operations, source, text)
        if replaces(operations):
            self._define_trusted()
        return inverses

    def _before_writing(self) -> None:
        """Write the sources into the document as they are now: no step of undo, for nobody has edited anything."""
        super()._before_writing()
        before = self._document.get(FIELD)
        found = sources_now(self._document, self.registry.find)
        if found != (before or {}):
            operations, text = as_json([{"op": "set_flow", "fields": {FIELD: found or None}}])
            self._accept(operations, "python", text)
            self._tell(operations, "python")


def define(name: str, text: str) -> None:
    """Run the source of a node type.

    Raises:
        FlowError: It does not run, or defines something else.
    """
    try:
        run_source(name, text, _digest(text))
    except Exception as error:
        raise FlowError(f"The code of '{name}' does not run here: {type(error).__name__}: {error}") from error
    if process_registry.find(name) is None:
        raise FlowError(f"The code of '{name}' has run, and defines no node type of that name.")


def sources_now(document: Document, find: Callable[[str], NodeType | None]) -> dict[str, Any]:
    """Return the sources that a flow carries: of the types in use as the notebook has them, else as they came.

    Args:
        document: The flow.
        find: Returns the node type of a name, if there is one.
    """
    before = document.get(FIELD)
    kept = before if isinstance(before, Mapping) else {}
    found: dict[str, Any] = {}
    for name in sorted(used_types(document)):
        node_type = find(name)
        entry = _entry(node_type) if node_type is not None and _is_of_cell(node_type) else None
        entry = entry or (kept.get(name) if node_type is None or _is_of_cell(node_type) else None)
        if entry is not None:
            found[name] = entry
    return found


def _is_of_cell(node_type: NodeType) -> bool:
    return node_type.body is None and node_type.from_notebook and node_type.name.startswith(PREFIX)


def _entry(node_type: NodeType) -> dict[str, Any] | None:
    found = source_of(node_type.function)
    if found is None:
        return None
    entry: dict[str, Any] = {"source": found.text, "digest": _digest(found.text)}
    return entry | ({"missing": list(found.missing)} if found.missing else {})


def carried(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the sources that a flow and its subflows carry, by name; what cannot be read is passed over."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in _documents(document):
        held = one.get(FIELD)
        for name, entry in held.items() if isinstance(held, Mapping) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("source"), str) and name.startswith(PREFIX):
                found.setdefault(name, entry)
    return found


def used_types(document: Mapping[str, Any]) -> set[str]:
    """Return the names of the node types that a flow and its subflows use."""
    return {entry["type"] for one in _documents(document) for entry in one["nodes"].values() if doc.is_node(entry)}


def _documents(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    pending: list[Any] = [document]
    while pending:
        current = pending.pop()
        yield current
        for entry in doc.subflows(current).values():
            inner = entry.get("document") if isinstance(entry, Mapping) else None
            if doc.is_document(inner):
                pending.append(inner)


def _digest(text: str) -> str:
    return blake3_hex(text.encode("utf-8", "surrogatepass"))


def _mark(text: str) -> str:
    return mark_of("code", _digest(text))
