"""What the editor's traits hold, and which values of them make sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import traitlets

from ..flow.plain import has_half_characters
from ..models.cards import cards
from ..schema import NodeType
from .model_requests import entry_of


def types_of(flow: Any) -> dict[str, Any]:
    """Return every node type that can be placed in a flow as the page reads it, in the palette's order."""
    return {node_type.name: node_type.describe() for node_type in flow.types}


def models_of(is_here: Callable[[Any], bool]) -> list[dict[str, Any]]:
    """Return every model card as the page reads it."""
    return [entry_of(card, is_here=is_here(card)) for card in cards()]


def conflict_of(flow: Any) -> dict[str, str]:
    """Return what has to be decided about a flow, as the page reads it."""
    return {} if flow.conflict is None else {"kind": flow.conflict.kind, "message": flow.conflict.message}


def placed_types(operation: Any) -> Any:
    """Yield the names of node types that an operation places."""
    match operation:
        case {"op": "add_node", "node": {"type": name}}:
            yield name
        case {"op": "replace", "document": {"nodes": dict(nodes)}}:
            yield from (entry["type"] for entry in nodes.values() if isinstance(entry, dict) and "type" in entry)


def changes_types(operation: Any) -> bool:
    """Return whether there may be other node types after an operation: subflows are some."""
    return operation["op"] in ("set_subflow", "replace")


def stale_nodes_of(flow: Any) -> list[str]:
    """Return the nodes that have had a result and would run now."""
    from ..run.why import stale_nodes

    return stale_nodes(flow.document, flow.registry, flow.media)


def takes_model(node_type: NodeType) -> bool:
    """Return whether a node of a type, or one in its body, loads a model in the worker."""
    within = node_type.body.types if node_type.body is not None else (node_type,)
    return any(one.where == "auto" and any(p.type.name == "model" for p in one.inputs.values()) for one in within)


def sendable(value: Any) -> Any:
    """Return JSON that can be sent: half characters, which only files can hold, become question marks."""
    if not has_half_characters(value):
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def _selection(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise traitlets.TraitError("A selection is a list of nodes or of their ids.")
    ids = [item if isinstance(item, str) else getattr(item, "id", None) for item in value]
    texts = [item for item in ids if isinstance(item, str)]
    if len(texts) < len(ids):
        raise traitlets.TraitError("A selection is a list of nodes or of their ids.")
    return texts


def _viewport(value: Any) -> dict[str, Any]:
    numbers = [value.get(name) for name in ("x", "y", "zoom")]
    finite = all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 for n in numbers)
    if value and not (finite and value["zoom"] > 0):
        raise traitlets.TraitError("A viewport is {} or {'x': …, 'y': …, 'zoom': …} with numbers.")
    return value


def _options(value: Any) -> dict[str, Any]:
    height = value.get("height", 520)
    if not isinstance(height, int | float) or isinstance(height, bool) or not 100 <= height <= 10_000:
        raise traitlets.TraitError("The height of an editor is from 100 to 10,000 pixels.")
    if not isinstance(value.get("auto_run", False), bool):
        raise traitlets.TraitError("Whether a flow runs by itself is True or False.")
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {"selection": _selection, "viewport": _viewport, "options": _options}
