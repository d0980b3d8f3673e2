"""Which nodes of a plan may run now: a count of what each still waits for, and never a look at all of them.

Only what is asked for is there. A lazy input is asked for by its node while that runs; the node waits for it then, and
is called again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping

from .keys import Keyed
from .structure import Link


class Schedule:
    """Says what is ready.

    Args:
        order: The nodes of the plan, each after those that feed it.
        keyed: Their edges.
        there: Nodes whose results are there; grows while the plan runs.
    """

    def __init__(self, order: list[str], keyed: Mapping[str, Keyed], there: Container[str]) -> None:
        self.ready: deque[str] = deque()
        self.lost: set[str] = set()
        """Nodes that failed, and those that cannot run because of them."""
        self._order = order
        self._keyed = keyed
        self._there = there
        self._asked: set[str] = set()
        self._waiting: dict[str, int] = {}
        self._followers: dict[str, list[str]] = {}
        self._patient: set[str] = set()

    def want(self, nodes: Iterable[str]) -> None:
        """Ask for the results of nodes: they and what they need become ready, each in its turn."""
        new: set[str] = set()
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if node not in self._asked and node not in self._there:
                self._asked.add(node)
                new.add(node)
                if links := _eager(self._keyed[node]):
                    pending += [link.source for link in links]
        for node in self._order if new else ():
            if node not in new:
                continue
            links = _eager(self._keyed[node])
            sources = [link.source for link in links if link.source not in self._there] if links else None
            if not sources:
                self.ready.append(node)
            elif not self.lost.isdisjoint(sources):
                self.lost.add(node)
            else:
                self._wait(node, sources)

    def _wait(self, node: str, sources: list[str]) -> None:
        self._waiting[node] = len(sources)
        for source in sources:
            self._followers.setdefault(source, []).append(node)

    def wait_for(self, node: str, sources: Iterable[str]) -> None:
        """Let a node that has begun wait for what its lazy input needs; it becomes ready again, also if that fails."""
        sources = list(dict.fromkeys(sources))
        self.want(sources)
        missing = [source for source in sources if source not in self._there and source not in self.lost]
        if missing:
            self._patient.add(node)
            self._wait(node, missing)
        else:
            self.ready.append(node)

    def done(self, node: str) -> None:
        """Take notice that the result of a node is there."""
        for follower in self._followers.pop(node, ()):
            self._advance(follower)

    def _advance(self, node: str) -> None:
        if node in self._waiting:
            self._waiting[node] -= 1
            if not self._waiting[node]:
                del self._waiting[node]
                self._patient.discard(node)
                self.ready.append(node)

    def lose(self, node: str) -> None:
        """Take notice that a node failed: what needs it will not run, but who tries it lazily hears of it."""
        pending = [node]
        while pending:
            lost = pending.pop()
            self.lost.add(lost)
            for follower in self._followers.pop(lost, ()):
                if follower in self._patient:
                    self._advance(follower)
                elif follower not in self.lost:
                    self._waiting.pop(follower, None)
                    pending.append(follower)


def _eager(keyed: Keyed) -> Iterable[Link]:
    facts = keyed.settings.facts
    if facts is None or not facts.lazy:
        return keyed.links
    return [link for link in keyed.links if link.input not in facts.lazy]
