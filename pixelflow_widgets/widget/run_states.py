"""How far the nodes of a flow's newest run are, and what of that the pages have not been told yet."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from ..run.events import Event

IDLE: dict[str, Any] = {"run": None, "status": "idle", "nodes": {}, "seq": 0, "queued": 0, "queue": []}
"""The trait before anything ran."""
_ENDS = {"node-finished": "done", "node-failed": "failed", "node-cancelled": "cancelled"}
_ON = ("queued", "running")
Told = dict[str, Any]
MOST_ERRORS = 50
"""Of how many items of one node it is told why they failed."""


class RunStates:
    """Holds the state of a run; gives out the whole at its start and end, and what changed in between.

    A delta is numbered within its run, without gaps, and the whole says which delta it includes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.run: str | None = None
        self.status = "idle"
        self.is_auto = False
        self._nodes: dict[str, Told] = {}
        self._changed: set[str] = set()
        self._queue: list[str] = []
        self._queue_is_new = False
        self._seq = 0
        self._is_whole = False
        self._progress: dict[str, Told] = {}
        self._new_progress: set[str] = set()

    @property
    def is_on(self) -> bool:
        """Return whether its run has not ended."""
        return self.status in _ON

    def begin(self, run: str, *, is_auto: bool = False, is_queued: bool = False) -> None:
        """Show another run.

        Args:
            run: Its id.
            is_auto: Nobody asked for it.
            is_queued: It waits for the run of another flow.
        """
        with self._lock:
            if self.run != run:
                self.run, self.is_auto, self._seq, self._nodes = run, is_auto, 0, {}
                self._changed.clear()
                self._progress.clear()
                self._new_progress.clear()
            self.status, self._is_whole = "queued" if is_queued else "running", True

    def plan(self, nodes: Mapping[str, Told]) -> None:
        """Show what the run needs, which waits; and what is said of each node besides."""
        with self._lock:
            self._nodes = {node: {"state": "waiting", **more} for node, more in nodes.items()}
            self._is_whole = True

    def queue(self, runs: list[str]) -> None:
        """Show which runs of the flow wait, in their order."""
        with self._lock:
            self._queue_is_new |= runs != self._queue
            self._queue = runs

    def note(self, node: str, event: Event, items: int | None = None) -> None:
        """Take the progress of a node, or its change of state, into account.

        Args:
            node: Its id.
            event: What happened.
            items: How many times a mapped node ran, once it is done.
        """
        with self._lock:
            before = self._nodes.get(node, {})
            if event.kind == "progress":
                told: Told = {"fraction": event.fraction, "note": event.note}
                self._progress[node] = told | ({"item": list(event.item)} if event.item else {})
                self._new_progress.add(node)
                return
            entry = _lasting(before) | ({"items": items} if items else {})
            if event.kind == "node-started":
                self._set(node, entry | {"state": "running"})
            elif event.kind == "item-failed" and event.item:
                told = {"item": event.item[0], "error": event.note}
                errors = [*before.get("item_errors", []), told][:MOST_ERRORS]
                self._set(node, before | {"items": event.item[1], "item_errors": errors})
            elif event.kind in _ENDS:
                self._set(node, entry | _ended(event))
                self._progress.pop(node, None)
                self._new_progress.discard(node)

    def _set(self, node: str, entry: Told) -> None:
        self._nodes[node] = entry
        self._changed.add(node)

    def ask(self, node: str, note: str, count: int) -> None:
        """Show that a node asks which of some candidates is taken."""
        with self._lock:
            self._set(node, _lasting(self._nodes.get(node, {})) | {"state": "asking", "note": note, "count": count})

    def is_asking(self, node: str) -> bool:
        """Return whether a node asks something."""
        with self._lock:
            return self._nodes.get(node, {}).get("state") == "asking"

    def answered(self, node: str) -> None:
        """Show that a node that asked something goes on."""
        with self._lock:
            before = self._nodes.get(node, {})
            if before.get("state") == "asking":
                self._set(node, _lasting(before) | {"state": "running"})

    def end(self, run: str, status: str) -> None:
        """Show how a run has ended, if it is the one that is shown."""
        with self._lock:
            if self.run != run:
                return
            self.status, self._is_whole = status, True
            # What waited did not come to run; what ran on was left behind.
            self._nodes = {
                node: {**_lasting(entry), "state": "cancelled"} if entry["state"] in ("running", "asking") else entry
                for node, entry in self._nodes.items()
                if entry["state"] != "waiting"
            }

    def again(self) -> None:
        """Tell everything again: a page has come that knows nothing, or missed something."""
        with self._lock:
            self._is_whole = True
            self._new_progress.update(self._progress)

    def take(self) -> tuple[Told | None, list[Told]]:
        """Return what is to be told: (the whole state, or None; messages)."""
        with self._lock:
            state, messages = None, []
            if self._is_whole:
                state = self._whole()
            elif self._changed or (self._queue_is_new and self.run is not None):
                self._seq += 1
                nodes = {node: self._nodes[node] for node in self._nodes if node in self._changed}
                told = {"type": "states", "run": self.run, "seq": self._seq, "nodes": nodes}
                messages.append(told | (self._waiting() if self._queue_is_new else {}))
            if self._new_progress:
                progress = {node: self._progress[node] for node in self._new_progress}
                messages.append({"type": "progress", "run": self.run, "nodes": progress})
            self._is_whole = self._queue_is_new = False
            self._changed.clear()
            self._new_progress.clear()
            return state, messages

    def _whole(self) -> Told:
        state: Told = {"run": self.run, "status": self.status, "nodes": dict(self._nodes), "seq": self._seq}
        return state | self._waiting() | ({"auto": True} if self.is_auto else {})

    def _waiting(self) -> Told:
        return {"queued": len(self._queue), "queue": list(self._queue)}


def marks(nodes: Iterable[str], entries: Mapping[str, Any], is_pinned: Any) -> dict[str, Told]:
    """Return what the document says of nodes that their state shows too: muted, pinned.

    Args:
        nodes: Their ids.
        entries: What the document says of each.
        is_pinned: Says of a node with a pin whether that holds.
    """
    found: dict[str, Told] = {}
    for node in nodes:
        entry = entries.get(node)
        told = found[node] = {}
        if isinstance(entry, Mapping):
            if entry.get("muted") is True:
                told["muted"] = True
            if "pinned" in entry and is_pinned(node):
                told["pinned"] = True
    return found


def _lasting(entry: Told) -> Told:
    """Return what of a node's state stays while it goes from one to the next."""
    return {name: entry[name] for name in ("items", "item_errors", "muted", "pinned") if name in entry}


def _ended(event: Event) -> Told:
    entry: Told = {"state": _ENDS[event.kind]}
    entry |= {"cached": True} if event.cached else {}
    entry |= {"took": round(event.took, 3)} if event.took is not None else {}
    if event.kind == "node-failed":
        entry |= {"error": event.note, "traceback": event.traceback}
    return entry
