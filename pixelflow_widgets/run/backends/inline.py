"""The backend that runs a node in the calling thread: for tests, debugging and nodes of live notebook objects."""

from __future__ import annotations

import threading
import traceback
from typing import Any

from ...errors import Cancelled, NodeFailed, PixelFlowError
from ...media import preview_of
from ...schema import Progress
from .mutation import InputWatch, is_debugging
from .protocol import Task, TaskListener


class InlineBackend:
    """Calls the function where it is asked to; cannot stop one that does not report progress.

    Args:
        debug: Catch nodes that change their inputs; None asks the environment variable PIXELFLOW_DEBUG.
    """

    def __init__(self, debug: bool | None = None) -> None:
        self._debug = is_debugging() if debug is None else debug

    def execute(self, task: Task, listener: TaskListener, cancelled: threading.Event) -> dict[str, Any]:
        """Run a node; see `Backend.execute`."""
        try:
            watch = InputWatch(task.node_type.inputs, task.inputs) if self._debug else None
            outputs = call(task, listener, cancelled)
            if watch:
                watch.check()
            return outputs
        except Cancelled:
            raise
        except Exception as error:
            raise NodeFailed(describe(error), traceback=traceback.format_exc()) from error

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def call(task: Task, listener: TaskListener, cancelled: threading.Event) -> dict[str, Any]:
    """Call a node's function with its progress, and return its checked outputs."""
    node_type, arguments = task.node_type, task.inputs
    _check(cancelled)
    if node_type.progress:
        arguments = {**arguments, node_type.progress: Progress(_Previews(listener), cancelled.is_set)}
    listener.began()
    outputs = node_type.shape.unpack(node_type.function(**arguments))
    _check(cancelled)
    return outputs


def _check(cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise Cancelled("The run was stopped.")


def describe(error: BaseException) -> str:
    """Return an error in one line: errors of this package speak for themselves, others say their kind."""
    text = str(error).strip()
    if isinstance(error, PixelFlowError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Previews:
    """Encodes unfinished results before they are passed on."""

    def __init__(self, listener: TaskListener) -> None:
        self.progress = listener.progress
        self.log = listener.log
        self._preview = listener.preview

    def preview(self, value: Any) -> None:
        self._preview(preview_of(value))
