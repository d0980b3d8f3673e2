"""The backend that runs a node in the calling thread: for tests, debugging and nodes of live notebook objects."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...errors import Cancelled, NodeFailed, PixelFlowError, RunError
from ...media import Preview, preview_of
from ...schema import Progress
from ...schema.lazy import NotYet
from ...secrets import redacted
from .effort import Effort
from .mutation import InputWatch, is_debugging
from .protocol import Stop, Task, TaskListener

MOST_PARTIAL = 200_000
"""Letters of a text so far that an error carries."""
MOST_SHOWN = 4_000


class InlineBackend:
    """Calls the function where it is asked to; cannot stop one that does not report progress.

    Args:
        debug: Catch nodes that change their inputs; None asks the environment variable PIXELFLOW_DEBUG.
    """

    def __init__(self, debug: bool | None = None) -> None:
        self._debug = is_debugging() if debug is None else debug

    def execute(self, task: Task, listener: TaskListener, stop: Stop) -> dict[str, Any]:
        """Run a node; see `Backend.execute`."""
        try:
            watch = InputWatch(task.node_type.inputs, task.inputs) if self._debug else None
            outputs = call(task, listener, stop)
            if watch:
                watch.check()
            return outputs
        except (Cancelled, RunError, NotYet):
            raise
        except BaseException as error:  # a node that ends its process by `sys.exit` ends only itself
            trace = traceback.format_exc()
            told = redacted(trace)
            broke = failed(listener, describe(error), told, partial_of(error))
            raise broke from (error if told == trace else None)  # what it hides, its cause would say

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def call(task: Task, listener: TaskListener, stop: Stop) -> dict[str, Any]:
    """Call a node's function with its progress, and return its checked outputs.

    A thread cannot be ended: who reports no progress hears neither Stop nor the time limit before it is done.
    """
    node_type, arguments = task.node_type, task.inputs
    _check(stop)
    listener.began()
    is_stopped = stop.is_set if task.limit is None else _or_over(stop, task.limit)
    if node_type.progress:
        arguments = {**arguments, node_type.progress: Progress(_Previews(listener), is_stopped)}
    effort = Effort()
    try:
        outputs = node_type.shape.unpack(node_type.function(**arguments))
    finally:
        listener.used(effort.end())
    if is_stopped():
        _check(stop)
    return outputs


def _or_over(stop: Stop, limit: float) -> Callable[[], bool]:
    """Return what says whether the run was stopped, and raises when the time limit has passed."""
    ends = time.monotonic() + limit

    def is_stopped() -> bool:
        if time.monotonic() > ends:
            raise NodeFailed(over_limit(limit))
        return stop.is_set()

    return is_stopped


def failed(listener: TaskListener, words: str, trace: str, partial: str) -> NodeFailed:
    """Return the error of a node, whose last preview is all that it had written, where that is text."""
    if partial:
        listener.preview(preview_of(partial[-MOST_SHOWN:]))
    return NodeFailed(words, traceback=trace, partial=partial)


def partial_of(error: BaseException) -> str:
    """Return the text that a node had written when it raised an error that carries it."""
    partial = getattr(error, "partial", "")
    return redacted(partial[:MOST_PARTIAL]) if isinstance(partial, str) else ""


def over_limit(seconds: float) -> str:
    """Say that a node took longer than it may."""
    return f"It did not finish within its time limit of {seconds:g} s. Raise the limit, or make the work smaller."


def _check(stop: Stop) -> None:
    if stop.is_set():
        raise Cancelled("The run was stopped.")


def describe(error: BaseException) -> str:
    """Return an error in one line, without secrets: ours speak for themselves, others say their kind."""
    text = redacted(str(error).strip())
    if isinstance(error, PixelFlowError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Previews:
    """Encodes unfinished results before they are passed on."""

    def __init__(self, listener: TaskListener) -> None:
        self._listener = listener
        self.used = listener.used

    def progress(self, fraction: float | None, note: str) -> None:
        self._listener.progress(fraction, redacted(note))

    def log(self, line: str) -> None:
        self._listener.log(redacted(line))

    def preview(self, value: Any) -> None:
        self._listener.preview(shown(value))


def shown(value: Any) -> Preview:
    """Return an unfinished result as a page is shown it; texts without secrets."""
    preview = preview_of(value)
    if not preview.mime.startswith("text/"):
        return preview
    return replace(preview, data=redacted(preview.data.decode(errors="replace")).encode())
