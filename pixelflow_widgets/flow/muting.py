"""A muted node lets what comes in go out again, by type, and does nothing itself."""

from __future__ import annotations

from typing import Any

from ..schema import NodeType
from . import document as doc


def is_muted(entry: Any) -> bool:
    """Return whether an entry of a document is a node that is muted."""
    return doc.is_node(entry) and entry.get("muted") is True


def passed_by(node_type: NodeType) -> dict[str, str]:
    """Return which input each output passes on while the node is muted: the first of the same type, if there is one."""
    passes: dict[str, str] = {}
    for output, port in node_type.outputs.items():
        for name, taken in node_type.inputs.items():
            if taken.type == port.type and not taken.lazy and not taken.is_option:
                passes[output] = name
                break
    return passes
