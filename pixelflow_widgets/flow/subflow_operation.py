"""The operation that puts a subflow into a flow, changes it, or takes it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import OperationRejected
from .document import Document, is_document, is_name


def set_subflow(document: Document, operation: dict[str, Any]) -> tuple[Document, dict[str, Any]]:
    """Return the document with the subflow of a name set, or without it, and the operation that takes that back.

    Raises:
        OperationRejected: It is no subflow, or there is none of that name to go.
    """
    name, entry = operation["name"], operation["subflow"]
    if not is_name(name):
        raise OperationRejected(f"{str(name)[:80]!r} cannot name a subflow. Use letters, digits and _, at most 64.")
    held = document.get("subflows", {})
    if not isinstance(held, dict):
        raise OperationRejected("The subflows of this flow cannot be read. Mend them in the file.")
    inverse = {"op": "set_subflow", "name": name, "subflow": held.get(name)}
    if entry is not None:
        if not isinstance(entry, Mapping) or not is_document(entry.get("document")):
            raise OperationRejected("A subflow holds a whole flow under 'document'.")
        return {**document, "subflows": {**held, name: entry}}, inverse
    if name not in held:
        raise OperationRejected(f"There is no subflow '{name}'.")
    left = {other: kept for other, kept in held.items() if other != name}
    if left:
        return {**document, "subflows": left}, inverse
    return {section: content for section, content in document.items() if section != "subflows"}, inverse
