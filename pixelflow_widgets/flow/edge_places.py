"""Where an edge stands in a list of edges, without reading thousands of them for each edit."""

from __future__ import annotations

import threading
from typing import Any

MOST_GONE = 64
_SEVERAL = -1


class EdgePlaces:
    """Finds edges by their two ports.

    Edits follow each other, and each makes a list that is the one before with an edge more or less. The newest list is
    remembered with a place for each target; edges that went before it may have moved an edge down by as many places.
    What is found is always read in the list itself. Lists are never changed in place.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # flows are edited on several threads
        self._edges: list[Any] | None = None
        self._places: dict[str, int] = {}
        self._gone = 0

    def find(self, edges: list[Any], source: str, target: str) -> int:
        """Return the place of the first edge from a port to a port, or -1."""
        with self._lock:
            if edges is not self._edges or self._gone > MOST_GONE:
                self._read(edges)
            place = self._places.get(target)
            if place is None:
                return -1
            where = range(len(edges)) if place == _SEVERAL else range(max(place - self._gone, 0), place + 1)
        for place in where:
            edge = edges[place] if place < len(edges) else None
            if isinstance(edge, dict) and edge.get("to") == target and edge.get("from") == source:
                return place
        return -1

    def _read(self, edges: list[Any]) -> None:
        self._edges, self._places, self._gone = edges, {}, 0
        for place, edge in enumerate(edges):
            if isinstance(edge, dict) and isinstance(target := edge.get("to"), str):
                self._places[target] = _SEVERAL if target in self._places else place

    def added(self, before: list[Any], after: list[Any], target: str) -> None:
        """Take notice that a list has one edge more than another, as its last one."""
        with self._lock:
            if before is self._edges:
                self._edges = after
                self._places[target] = _SEVERAL if target in self._places else len(before) + self._gone

    def removed(self, before: list[Any], after: list[Any], target: str) -> None:
        """Take notice that a list has one edge less than another."""
        with self._lock:
            if before is self._edges:
                self._edges = after
                self._gone += 1
                if self._places.get(target) != _SEVERAL:
                    self._places.pop(target, None)
