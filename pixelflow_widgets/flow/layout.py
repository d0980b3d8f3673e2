"""Where a node goes that nobody placed."""

from __future__ import annotations

from collections.abc import Iterable

from .document import Document, position

COLUMN = 340
ROW = 260


def free_position(document: Document, sources: Iterable[str]) -> tuple[float, float]:
    """Return a place one column right of the rightmost source, below whatever stands in that column.

    Args:
        document: The flow.
        sources: Ids of the nodes that feed the new one; none puts it into the first column.
    """
    before = [place for source in sources if (place := position(document, source)) is not None]
    x = max((place[0] for place in before), default=-COLUMN) + COLUMN
    taken = document["layout"].get("positions", {})
    column = [place[1] for key in taken if (place := position(document, key)) and abs(place[0] - x) < COLUMN / 2]
    return x, max(column, default=-ROW) + ROW
