"""The mathematical shape of a document: who feeds whom, in which order, and where it goes round in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from .document import Document, Edge, edges, nodes


@dataclass
class Graph:
    """Holds the edges of a document by the nodes at their ends.

    Args:
        nodes: Ids in the document's order.
        incoming: Edges into each node, in the document's order.
        outgoing: Edges out of each node.
        dangling: Edges with a missing end; they are in neither of the others.
    """

    nodes: list[str]
    incoming: dict[str, list[Edge]]
    outgoing: dict[str, list[Edge]]
    dangling: list[Edge] = field(default_factory=list)

    @classmethod
    def of(cls, document: Document) -> Graph:
        """Return the graph of a document."""
        keys = list(nodes(document))
        graph = cls(keys, {key: [] for key in keys}, {key: [] for key in keys})
        for edge in edges(document):
            if edge.source in graph.outgoing and edge.target in graph.incoming:
                graph.incoming[edge.target].append(edge)
                graph.outgoing[edge.source].append(edge)
            else:
                graph.dangling.append(edge)
        return graph

    def upstream(self, targets: Iterable[str]) -> set[str]:
        """Return the targets and every node that they depend on."""
        found, pending = set(), [target for target in targets if target in self.incoming]
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                pending.extend(edge.source for edge in self.incoming[node])
        return found

    def downstream(self, node: str) -> set[str]:
        """Return the node and every node that depends on it."""
        found, pending = set(), [node]
        while pending:
            current = pending.pop()
            if current not in found:
                found.add(current)
                pending.extend(edge.target for edge in self.outgoing.get(current, ()))
        return found

    def order(self, wanted: set[str] | None = None) -> tuple[list[str], list[str]]:
        """Return (nodes with every source before its targets, nodes that stand in or behind a circle).

        Args:
            wanted: Nodes to order, closed under `upstream`; None is all. Ties keep the document's order.
        """
        keys = [key for key in self.nodes if wanted is None or key in wanted]
        waiting = {key: len(self.incoming[key]) for key in keys}
        ready = deque(key for key in keys if not waiting[key])
        ordered = []
        while ready:
            node = ready.popleft()
            ordered.append(node)
            for edge in self.outgoing[node]:
                if edge.target in waiting:
                    waiting[edge.target] -= 1
                    if not waiting[edge.target]:
                        ready.append(edge.target)
        return ordered, [key for key in keys if waiting[key]]

    def circle(self, stuck: Iterable[str]) -> list[str]:
        """Return one circle among nodes that `order` could not place, in the direction of its edges."""
        stuck = list(stuck)
        if not stuck:
            return []
        left, path, place = set(stuck), [stuck[0]], {}
        while path[-1] not in place:
            place[path[-1]] = len(path) - 1
            path.append(next(edge.source for edge in self.incoming[path[-1]] if edge.source in left))
        return path[place[path[-1]] : -1][::-1]

    def would_circle(self, source: str, target: str) -> bool:
        """Return whether an edge from source to target would close a circle."""
        return source in self.downstream(target)
