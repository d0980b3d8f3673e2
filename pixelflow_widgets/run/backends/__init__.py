"""Where nodes run: in a thread of this process, or in the worker. One protocol, one conformance suite."""

from __future__ import annotations

from ...errors import RunError, nearest
from .inline import InlineBackend
from .protocol import Backend, Stop, Task
from .worker import WorkerBackend, shared_worker

__all__ = ["Backend", "InlineBackend", "Stop", "Task", "WorkerBackend", "backend_for", "check_backend", "shared_worker"]

_INLINE = InlineBackend()
NAMES = ("auto", "inline", "worker")


def check_backend(choice: str | Backend) -> None:
    """Refuse the name of a backend that there is not, before anything starts.

    Args:
        choice: As for `backend_for`.

    Raises:
        RunError: There is none.
    """
    if isinstance(choice, str) and choice not in NAMES:
        raise RunError(f"There is no backend '{choice}'.{nearest(choice, NAMES)} There is: {', '.join(NAMES)}.")


def backend_for(choice: str | Backend, task_where: str) -> Backend:
    """Return the backend that runs a node.

    Args:
        choice: "auto" (the worker, but the kernel for nodes that ask for it), "inline", "worker", or a backend.
        task_where: What the node type asks for: "auto" or "kernel".
    """
    if not isinstance(choice, str):
        return choice
    check_backend(choice)
    return _INLINE if choice == "inline" or task_where == "kernel" else shared_worker()
