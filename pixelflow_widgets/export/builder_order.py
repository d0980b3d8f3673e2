"""In which order a person would place the nodes of a flow: what is needed first, and so that ids number themselves."""

from __future__ import annotations

import heapq
import itertools
import re
from collections import defaultdict

from ..flow import document as doc
from ..flow.document import Document

_NUMBERED = re.compile(r"(.*)_([0-9]{1,9})\Z", re.DOTALL)


def writing_order(document: Document) -> list[str]:
    """Return the ids of the nodes in the order in which they are written; those in a circle come last.

    It does not depend on the order in which the document names them, so equal documents are written alike.
    """
    rank = _ranks(document)
    before, after = _needs(document)
    waiting, softly = _wishes(document)
    open_wishes = {key: len(waiting[key]) for key in rank}
    missing = {key: len(before[key]) for key in rank}
    ready = [(rank[key], key) for key in rank if not missing[key]]
    heapq.heapify(ready)
    held: dict[str, None] = {}  # ready, and another one shall come first
    order: list[str] = []
    written: set[str] = set()
    while ready or held:
        if ready:
            _, key = heapq.heappop(ready)
            if open_wishes[key]:
                held[key] = None
                continue
        else:
            key = min(held, key=rank.__getitem__)  # nothing else is left: the wish is not granted
        held.pop(key, None)
        order.append(key)
        written.add(key)
        for follower in after[key]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, (rank[follower], follower))
        for follower in softly[key]:
            open_wishes[follower] -= 1
            if follower in held and not open_wishes[follower]:
                del held[follower]
                heapq.heappush(ready, (rank[follower], follower))
    return order + sorted(rank.keys() - written, key=rank.__getitem__)


_Rank = tuple[float, int, float, float, str, int]


def _ranks(document: Document) -> dict[str, _Rank]:
    """Return what says how early a node comes: with its first edge; what is only needed, just before it is needed."""
    nodes = doc.nodes(document)
    first: dict[str, int] = {}
    needed: dict[str, int] = {}
    for place, edge in enumerate(doc.edges(document)):
        first.setdefault(edge.target, place)
    for edge in doc.edges(document):
        if edge.target in first:
            needed[edge.source] = min(needed.get(edge.source, first[edge.target]), first[edge.target])
    ranks: dict[str, _Rank] = {}
    for key in nodes:
        x, y = doc.position(document, key) or (0.0, 0.0)
        when = first.get(key, needed.get(key))
        ranks[key] = (float("inf") if when is None else when, key in first, x, y, *_numbered(key))
    return ranks


def _numbered(key: str) -> tuple[str, int]:
    match = _NUMBERED.match(key)
    return (match[1], int(match[2])) if match else (key, 1)


def _needs(document: Document) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    nodes = doc.nodes(document)
    before: dict[str, set[str]] = defaultdict(set)
    after: dict[str, list[str]] = defaultdict(list)
    for edge in doc.edges(document):
        if edge.source in nodes and edge.target in nodes and edge.source not in before[edge.target]:
            before[edge.target].add(edge.source)
            after[edge.source].append(edge.target)
    return before, after


def _wishes(document: Document) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """Return what should come earlier, if it can: the lower number of a name, and what stands above in one column."""
    before: dict[str, set[str]] = defaultdict(set)
    after: dict[str, list[str]] = defaultdict(list)
    rows: dict[tuple[str, object], list[tuple[tuple[float, str, int], str]]] = defaultdict(list)
    for key, entry in doc.nodes(document).items():
        base, number = _numbered(key)
        rows["number", (entry["type"], base)].append(((number, "", 0), key))
        if (place := doc.position(document, key)) is not None:
            rows["column", place[0]].append(((place[1], base, number), key))
    for row in rows.values():
        row.sort()
        for (_, one), (_, next_one) in itertools.pairwise(row):
            if one not in before[next_one]:
                before[next_one].add(one)
                after[one].append(next_one)
    return before, after
