"""Running by itself after edits: which edits ask for a run, and what is run then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..flow import document as doc
from ..flow.graph import Graph
from ..flow.operations import Operation
from ..schema import NodeType
from .errands import Later, beside
from .runs import Runs

IDLE = 0.3
"""Seconds without an edit after which a run begins."""
_WITHOUT_EFFECT = {"move_nodes", "set_flow"}
_LOOKS = {"title", "collapsed", "size", "note", "help"}


class AutoRuns:
    """Starts a run after edits that can change a result.

    Args:
        flow: Returns the flow, or None if it is gone.
        runs: Its runs.
        is_on: Says whether the user wants this.
    """

    def __init__(self, flow: Callable[[], Any], runs: Runs, is_on: Callable[[], bool]) -> None:
        self._flow = flow
        self._runs = runs
        self._is_on = is_on
        self._later = Later(lambda: beside(self._start), IDLE, after_pause=True)

    def heard(self, operations: list[Operation]) -> None:
        """Take notice of an edit."""
        if self._is_on() and any(map(can_change_a_result, operations)):
            self._later.ask()

    def ask(self) -> None:
        """Ask for a run: something else changed than the document."""
        if self._is_on():
            self._later.ask()

    def _start(self) -> None:
        flow = self._flow()
        if flow is not None and self._is_on():
            self._runs.start_auto(safe_targets(flow))


def can_change_a_result(operation: Operation) -> bool:
    """Return whether a result may be another after an edit: not if it only moves, names or folds."""
    if operation.get("op") in _WITHOUT_EFFECT:
        return False
    fields = operation.get("fields")
    return not isinstance(fields, dict) or not fields.keys() <= _LOOKS


def safe_targets(flow: Any) -> list[str]:
    """Return the last nodes that may run without having been asked for.

    A node that is not pure writes a file, or asks somebody, or reads what changes: doing so after each move of a slider
    is not what pressing Run once would do. So neither it nor what comes after it runs by itself, unless it does not
    run at all because it is pinned or muted.
    """
    types, entries = flow.types, doc.nodes(flow.document)
    graph = Graph.of(flow.document)
    order, _ = graph.order()
    safe: set[str] = set()
    for node in order:
        entry = entries[node]
        runs_alike = entry.get("muted") is True or _is_harmless(types.find(entry["type"]))
        if ("pinned" in entry and flow.is_pinned(node)) or (
            runs_alike and all(edge.source in safe for edge in graph.incoming[node])
        ):
            safe.add(node)
    return [node for node in order if node in safe and not any(e.target in safe for e in graph.outgoing[node])]


def _is_harmless(node_type: NodeType | None) -> bool:
    if node_type is None or not node_type.pure:
        return False
    within = node_type.body.types if node_type.body is not None else (node_type,)
    return not any(one.ask for one in within)
