"""How far a job's run is: what its callers are told of the run's events, no more than they can use."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable
from typing import Any

from ...media import Preview
from ...run import Run
from ...run.events import Event
from ..usage import Spending
from .events import Told

_MOST_NODES = 1000
"""Nodes that are told of; a flow with more of them tells how far it is all the same."""


def gathered(events: queue.SimpleQueue[Event | None], seconds: float) -> list[Event]:
    """Return what happens within some seconds; less where the run ends, or None says that nobody follows it further.

    Args:
        events: Where they come.
        seconds: How long they are waited for.
    """
    found: list[Event] = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            break
        if event is None:
            break
        found.append(event)
        if event.kind == "run-finished":
            break
    return found


class Follower:
    """Follows a run.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.is_ended = False
        self.preview: Preview | None = None
        """The newest unfinished result."""
        self.note = ""
        """What is being done."""
        self.nodes = self.found = 0
        """How many nodes ran, and how many results were there."""
        self.spending = Spending()
        self._count = max(1, len(run.node_types))
        self._fractions: dict[str, float] = {}
        self._told: list[Told] = []
        self._has_moved = False

    @property
    def progress(self) -> float:
        """Return how much is done, from 0 to 1."""
        done = self.nodes + self.found + sum(self._fractions.values())
        return round(min(1.0, done / self._count), 4)

    @property
    def has_news(self) -> bool:
        """Return whether there is anything to tell."""
        return bool(self._told) or self._has_moved

    def hear(self, events: Iterable[Event]) -> None:
        """Take in what happened."""
        for event in events:
            if event.kind == "run-finished":
                self.is_ended = True
            elif event.node is not None and "/" not in event.node:  # what happens in a body is told of its node
                self._hear(event, event.node)

    def news(self) -> list[Told]:
        """Return what happened since it was asked last, and how far the run is."""
        told, self._told = self._told, []
        if self._has_moved and not self.is_ended:
            told.append(("progress", {"progress": self.progress, "note": self.note, **self._unfinished()}))
        self._has_moved = False
        return told

    def _hear(self, event: Event, node: str) -> None:
        match event.kind:
            case "node-started":
                self._fractions[node] = 0.0
                self._tell("node-started", node)
            case "progress":
                self._fractions[node] = event.fraction or 0.0
                self.note = event.note
                self._has_moved = True
            case "preview":
                self.preview = event.preview
                self._has_moved = True
            case "node-finished":
                self._fractions.pop(node, None)
                self.found += event.cached
                self.nodes += not event.cached
                self.spending.hear(event)
                self._tell("node-finished", node, seconds=round(event.took or 0.0, 3), found=event.cached)
                self._has_moved = True

            case "node-failed":
                self.spending.hear(event)

    def _tell(self, kind: str, node: str, **data: Any) -> None:
        if self.nodes + self.found <= _MOST_NODES:
            self._told.append((kind, {"node": node, "title": self.run.title(node), **data}))

    def _unfinished(self) -> dict[str, Any]:
        return {"nodes": dict(self._fractions), "has_preview": self.preview is not None}
