"""`with Flow() as flow:` — node functions that are called inside are placed instead of run."""

from __future__ import annotations

from contextvars import Token
from typing import Any

from ..schema import NodeType, active_recorder
from .editing import EditableFlow
from .handles import Node, OutputPort


class FlowRecorder:
    """Places a node in a flow for each call of a node function.

    Args:
        flow: Where the nodes go.
    """

    def __init__(self, flow: EditableFlow) -> None:
        self._flow = flow
        self._token: Token[Any] | None = None

    def record(self, node_type: NodeType, arguments: dict[str, Any]) -> OutputPort | Node | Any:
        """Place a node; return its output, a NamedTuple of its outputs, or the node if it has none."""
        for injected in (node_type.progress, node_type.ask, node_type.record):
            arguments.pop(injected or "", None)
        node = self._flow.add(node_type, arguments)
        outputs = list(node.outputs.values())
        if node_type.many_outputs is not None:
            return node_type.many_outputs(*outputs)
        return outputs[0] if outputs else node

    def start(self) -> None:
        """Record the calls of this thread or task from now on."""
        self._token = active_recorder.set(self)

    def stop(self) -> None:
        """End recording, and go back to the `with Flow()` around this one."""
        if self._token is not None:
            active_recorder.reset(self._token)
            self._token = None
