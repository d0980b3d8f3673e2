"""What a backend does: run one node, tell how far it is, and stop when asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...schema import NodeType
from ...schema.progress import Listener


class Stop(threading.Event):
    """Is set when a run was stopped; `now` is true when Stop was pressed again, and nothing more is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = False

    def set_now(self) -> None:
        """Stop, and end what does not stop by itself at once."""
        self.now = True
        self.set()


@dataclass(slots=True)
class Task:
    """Is one call of a node's function.

    Args:
        id: Unique in this process.
        node_type: Whose function.
        inputs: Checked values by port.
        limit: Seconds that it may take, counted from its turn; None is as long as it likes.
        priority: Of two tasks that wait for the same lane, that of the smaller number comes first.
    """

    id: str
    node_type: NodeType
    inputs: Mapping[str, Any]
    limit: float | None = None
    priority: int = 0


class TaskListener(Listener, Protocol):
    """Receives what a node reports, and when it comes to its turn."""

    def began(self) -> None:
        """Hear that the function is called now: what came before was waiting."""
        ...

    def peak(self, bytes: int) -> None:
        """Hear how many bytes more than before the process held at most while the node ran; best effort."""
        ...


class Backend(Protocol):
    """Runs nodes."""

    def execute(self, task: Task, listener: TaskListener, stop: Stop) -> dict[str, Any]:
        """Run a node and return its checked outputs by port; several threads may call at once.

        Args:
            task: What to run.
            listener: Hears progress; its previews come as `media.Preview`.
            stop: Set when the run was stopped.

        Raises:
            NodeFailed: The function raised, took longer than its limit, or a value cannot travel.
            WorkerLost: The process that ran it is gone.
            Cancelled: It was stopped.
        """
        ...

    def close(self) -> None:
        """End everything that it started."""
        ...
