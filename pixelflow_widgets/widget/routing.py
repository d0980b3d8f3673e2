"""Stop while a cell runs.

JupyterLab sends messages of widgets to a thread of their own (a subshell), so that they are heard while a cell runs.
ipykernel 7.4 then sends them to the shell that last *published* on the widget's line, and whoever reports progress
from a thread publishes in the name of the running cell: Stop would wait for that cell. The kernel asks the line where a
message shall go; here it is answered: where the page wanted it. The question comes at once, before any queue, so Stop
is heard already there. Other kernels do not ask; then nothing changes.
"""

from __future__ import annotations

from typing import Any

from ..run import Run

_KEPT = 1000


class Stops:
    """Knows which runs were stopped; is told on any thread, perhaps before the run has begun or after it ended."""

    def __init__(self) -> None:
        # Single operations on dicts need no lock: the thread that tells may not wait for anybody.
        self._asked: dict[str, bool] = {}
        self._runs: dict[str, Run] = {}

    def stop(self, run: Any, *, now: bool = False) -> None:
        """Stop the run of an id, at once or when it begins; no other.

        Args:
            run: The id.
            now: Do not wait until its nodes leave by themselves.
        """
        if isinstance(run, str) and len(run) <= 64:
            self._asked[run] = now or self._asked.get(run, False)
            if (found := self._runs.get(run)) is not None:
                found.cancel(now=now)

    def __contains__(self, run: str) -> bool:
        """Return whether the run of an id was stopped."""
        return run in self._asked

    def began(self, run: Run) -> None:
        """Take notice of a run; it is cancelled if its Stop overtook it."""
        self._runs[run.id] = run
        if run.id in self._asked:
            run.cancel(now=self._asked[run.id])

    def ended(self, run: Run) -> None:
        """Forget a run, and what was stopped long ago."""
        self._runs.pop(run.id, None)
        while len(self._asked) > _KEPT:
            self._asked.pop(next(iter(self._asked), ""), None)


def honour_the_page(line: Any, stops: Stops) -> None:
    """Let messages on a widget's line go where the page wants them, and hear Stop on the way.

    Args:
        line: The widget's comm.
        stops: Is told of Stop.
    """

    def route(data: Any, wanted: Any) -> Any:
        # On the thread that distributes all messages of the kernel: no lock, no publishing, no exception.
        try:
            content = data.get("content") if isinstance(data, dict) else None
            if isinstance(content, dict) and content.get("type") == "stop":
                stops.stop(content.get("run"), now=content.get("now") is True)
        except Exception:
            pass
        return wanted

    if hasattr(line, "_reply_subshell_for"):
        line._reply_subshell_for = route
