"""What a backend does: run one node, tell how far it is, and stop when asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...schema import NodeType
from ...schema.progress import Listener


@dataclass(frozen=True)
class Task:
    """Is one call of a node's function.

    Args:
        id: Unique in this process.
        node_type: Whose function.
        inputs: Checked values by port.
    """

    id: str
    node_type: NodeType
    inputs: Mapping[str, Any]


class TaskListener(Listener, Protocol):
    """Receives what a node reports, and when it comes to its turn."""

    def began(self) -> None:
        """Hear that the function is called now: what came before was waiting."""
        ...


class Backend(Protocol):
    """Runs nodes."""

    def execute(self, task: Task, listener: TaskListener, cancelled: threading.Event) -> dict[str, Any]:
        """Run a node and return its checked outputs by port; several threads may call at once.

        Args:
            task: What to run.
            listener: Hears progress; its previews come as `media.Preview`.
            cancelled: Set when the run was stopped.

        Raises:
            NodeFailed: The function raised, or a value cannot travel.
            WorkerLost: The process that ran it is gone.
            Cancelled: It was stopped.
        """
        ...

    def close(self) -> None:
        """End everything that it started."""
        ...
