"""What a Python user calls to edit a flow; each call is one undo step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from ..errors import MediaError, OperationRejected
from ..media import Model
from ..schema import NodeType, Registry
from ..schema.options import spread
from . import document as doc
from .document import Document, Edge
from .handles import FlowInput, InputPort, Node, OutputPort
from .layout import Columns, height_of
from .live import LiveFlow
from .media_files import MediaFiles, MediaReference, refer, to_json
from .operations import NONE, Operation, removal
from .signed import SignedFlow

_FILES = (".json", ".zip", ".png")
"""How the name of a file ends that may hold a flow; no node type is called so."""


class EditableFlow(SignedFlow):
    """Places, connects, sets and removes nodes."""

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._columns: Columns | None = None
        self._last_numbers: dict[str, int] = {}

    @property
    def nodes(self) -> dict[str, Node]:
        """Return the nodes by id."""
        return {key: Node(self, key) for key in doc.nodes(self._document)}

    @property
    def edges(self) -> list[Edge]:
        """Return the edges in the document's order."""
        return list(doc.edges(self._document))

    def add(
        self,
        type: str | NodeType | Callable[..., Any] | Path | LiveFlow,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        id: str | None = None,
        title: str | None = None,
        position: tuple[float, float] | None = None,
        **more: Any,
    ) -> Node:
        """Place a node.

        Args:
            type: Name of a node type, a function that `@node` made one, or a flow, which becomes a subflow: the name
                of its file, "poster.flow.json", or the flow itself as it is now.
            values: By input name: a value, an output of a node, or an input of the flow.
            id: Its id; made from the type's name if not given.
            title: What it is called on the canvas.
            position: Where it stands, in pixels; a free place if not given.
            more: As `values`, for inputs whose names can be keywords.

        Raises:
            KeyError: There is no such type or input; names the nearest.
            MediaError: A value does not fit its input.
            FlowFileError: The file of a flow cannot be read.
        """
        fields = {"title": title} if title else {}
        return self._add(type, {**(values or {}), **more}, fields, id, position)

    def _add(
        self,
        type: str | NodeType | Callable[..., Any] | Path | LiveFlow,
        values: Mapping[str, Any],
        fields: Mapping[str, Any],
        id: str | None = None,
        position: tuple[float, float] | None = None,
    ) -> Node:
        """Place a node with further fields of its entry; see `add`."""
        node_type, brought = self._type(type)
        given = spread(dict(values), node_type.options)
        key = id or self._free_id(node_type.name)
        plain, joins = self._sort(node_type, key, given)
        entry = {"type": node_type.name, "type_version": node_type.version, "values": plain, **fields}
        sources = [value.node for value in given.values() if isinstance(value, OutputPort)]
        with self.lock:
            place = position or self._columns_now().free_position(self._document, sources)
            self._place(key, entry, place, node_type, brought, joins)
        return Node(self, key)

    def _place(
        self,
        key: str,
        entry: dict[str, Any],
        place: tuple[float, float],
        node_type: NodeType | None,
        brought: list[Operation],
        joins: list[Operation],
    ) -> None:
        columns = self._columns_now()
        change = self.apply([*brought, {"op": "add_node", "id": key, "node": entry, "position": list(place)}, *joins])
        if change.revision == columns.revision + 1:
            columns.note(place, height_of(node_type))
            columns.revision = change.revision

    def _columns_now(self) -> Columns:
        if self._columns is None or self._columns.revision != self.revision:
            self._columns = Columns(self._document, self.types, self.revision)
        return self._columns

    def _type(self, type: str | NodeType | Callable[..., Any] | Path | LiveFlow) -> tuple[NodeType, list[Operation]]:
        """Return (the type, operations that bring the subflow which it is)."""
        if isinstance(type, LiveFlow | Path) or is_file_name(type):
            return self._bring(type if isinstance(type, LiveFlow) else Path(type))
        if isinstance(type, str):
            return self.types[type], []
        node_type = type if isinstance(type, NodeType) else getattr(type, "node_type", None)
        if node_type is None:
            raise KeyError(f"{type!r} is not a node type. Write @pf.node above the function.")
        return node_type, []

    def _free_id(self, type_name: str) -> str:
        base = re.sub(r"\W", "_", type_name.removeprefix("flow/").rpartition(".")[2], flags=re.ASCII)[:56]
        nodes = self._document["nodes"]
        if base not in nodes:
            return base
        number = self._last_numbers.get(base, 2)
        if f"{base}_{number}" not in nodes:
            number = 2  # it was removed or taken back
        while f"{base}_{number}" in nodes:
            number += 1
        self._last_numbers[base] = number
        return f"{base}_{number}"

    def _sort(self, node_type: NodeType, key: str, values: dict[str, Any]) -> tuple[dict[str, Any], list[Operation]]:
        """Return (values to be stored, operations that connect the others)."""
        plain: dict[str, Any] = {}
        joins: list[Operation] = []
        for name, value in values.items():
            port = node_type.input(name)
            items = value if isinstance(value, list | tuple) and port.type.many else [value]
            if any(isinstance(item, OutputPort | FlowInput) for item in items):
                joins.extend(self._join(item, f"{key}.{name}") for item in items)
                continue
            if any(isinstance(item, MediaReference) for item in items):
                plain[name] = refer(value)
                continue
            try:
                checked = port.check(value)
            except MediaError as error:
                raise MediaError(f"'{node_type.title}', input '{name}': {error}") from None
            if port.required or not _same(checked, port.default):
                is_drawn = port.is_seed and checked == "random"
                stored = checked if is_drawn else to_json(port.type, checked, self.media)
                plain[name] = stored
        return plain, joins

    def _join(self, value: Any, target: str) -> Operation:
        if isinstance(value, OutputPort | FlowInput) and value.flow is not self:
            raise OperationRejected(f"{value!r} belongs to another flow, '{value.flow.name}'.")
        if isinstance(value, FlowInput):
            return {"op": "feed", "name": value.name, "to": target}
        if isinstance(value, OutputPort):
            return {"op": "connect", "from": str(value), "to": target}
        raise OperationRejected(f"{target} is given values and edges at once. Give it edges only.")

    def connect(self, source: OutputPort | FlowInput, target: InputPort) -> None:
        """Connect an output, or an input of the flow, to an input; what was there before is replaced.

        Raises:
            OperationRejected: The types do not fit, or a circle would close; says why.
        """
        steps = [] if target.type.many else self._freeing(str(target))
        self.apply([*steps, self._join(source, str(target))])

    def _freeing(self, target: str) -> list[Operation]:
        steps: list[Operation] = []
        for edge in self.edges:
            if f"{edge.target}.{edge.input}" == target:
                steps.append({"op": "disconnect", "from": f"{edge.source}.{edge.output}", "to": target})
        for entry in doc.inputs(self._document):
            if target in entry.get("feeds", []):
                steps.append({"op": "unfeed", "name": entry["name"], "to": target})
        return steps

    def disconnect(self, source: OutputPort | FlowInput, target: InputPort) -> None:
        """Take an edge away, or a feed of an input of the flow."""
        if isinstance(source, FlowInput):
            self.apply([{"op": "unfeed", "name": source.name, "to": str(target)}])
        else:
            self.apply([{"op": "disconnect", "from": str(source), "to": str(target)}])

    def set(self, node: Node | str, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Set inputs of a node; an input that was connected is disconnected, and gets the value.

        Args:
            node: The node, or its id.
            values: By input name: a value, an output of a node, or an input of the flow.
            more: As `values`, for inputs whose names can be keywords.
        """
        key = self._key(node)
        node_type = Node(self, key).node_type
        given = spread({**(values or {}), **more}, node_type.options)
        plain, joins = self._sort(node_type, key, given)
        steps = [step for name in given for step in self._freeing(f"{key}.{name}")]
        joined = {operation["to"].partition(".")[2] for operation in joins}
        changes = {name: plain.get(name) for name in given if name not in joined}
        changes = {name: NONE if name in plain and value is None else value for name, value in changes.items()}
        if changes:
            steps.append({"op": "set_values", "id": key, "values": changes})
        self.apply([*steps, *joins])

    def rename(self, node: Node | str, title: str) -> None:
        """Give a node another title."""
        self.apply([{"op": "set_node", "id": self._key(node), "fields": {"title": title or None}}])

    def mute(self, node: Node | str, muted: bool = True) -> None:
        """Let a node do nothing: each output passes on what comes into the first input of its type; False undoes it."""
        self.apply([{"op": "set_node", "id": self._key(node), "fields": {"muted": True if muted else None}}])

    def set_limit(self, node: Node | str, seconds: float | None) -> None:
        """Let a node fail that is not done after so many seconds of its own; None lets it take as long as it likes.

        Raises:
            ValueError: It is no time.
        """
        if seconds is not None and not 0 < seconds < float("inf"):
            raise ValueError(f"A time limit is a number of seconds above 0, not {seconds!r}.")
        self.apply([{"op": "set_node", "id": self._key(node), "fields": {"limit": seconds}}])

    def move(self, node: Node | str, x: float, y: float) -> None:
        """Put a node somewhere else, in pixels at zoom 1."""
        self.apply([{"op": "move_nodes", "positions": {self._key(node): [x, y]}}])

    def remove(self, node: Node | FlowInput | str) -> None:
        """Remove a node with its edges, or an input of the flow, as one undo step."""
        if isinstance(node, FlowInput):
            self.apply([{"op": "remove_input", "name": node.name}])
        else:
            self.apply(removal(self._document, self._key(node)))

    def _key(self, node: Node | str) -> str:
        key = node if isinstance(node, str) else node.id
        if key not in self._document["nodes"]:
            raise KeyError(f"There is no node '{key}' in '{self.name}'.")
        return key

    def __repr__(self) -> str:
        return f"<flow {self.name}: {len(self._document['nodes'])} nodes, {len(self._document['edges'])} edges>"


def is_file_name(type: Any) -> TypeGuard[str]:
    """Return whether `flow.add` reads the type of a node from a file of this name."""
    return isinstance(type, str) and type.endswith(_FILES)


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, str | int | float | bool | type(None)):
        return value == default and isinstance(value, bool) == isinstance(default, bool)
    return value == Model(default) if isinstance(value, Model) and isinstance(default, str) else False
