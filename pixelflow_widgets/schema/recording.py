"""Where a node function finds out that it is being recorded instead of run."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .node_type import NodeType


class Recorder(Protocol):
    """Places a node for each call of a node function."""

    def record(self, node_type: NodeType, arguments: dict[str, Any]) -> Any:
        """Place a node whose inputs are the arguments, and return what stands for its outputs."""
        ...


active_recorder: ContextVar[Recorder | None] = ContextVar("active_recorder", default=None)
"""The recorder of the `with Flow()` that is open in this thread or task, if one is."""
