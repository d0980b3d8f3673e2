"""Where a node goes that nobody placed."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema import NodeType, Registry
from ..schema.node_type import Port
from .document import Document, nodes, position

COLUMN = 340
GAP = 36
_REACH = COLUMN / 2
"""How far beside each other two nodes still stand in one column."""
_HEADER, _ROW, _LINE, _FRAME, _METER = 60, 26, 17, 246, 18
_BLOCKS = {"upload": 60, "model": 28, "file": 28}


def height_of(node_type: NodeType | None) -> float:
    """Return about how high the card of a node is, in pixels; js/src/nodes/card.ts knows it to the pixel.

    Args:
        node_type: Its type; None is one that is not installed here.
    """
    if node_type is None:
        return _HEADER + 4 * _ROW
    inputs = [port for port in node_type.inputs.values() if not port.advanced]
    rows = len(inputs) + len(node_type.outputs)
    framed = any(port.type.name in ("image", "mask", "video") for port in node_type.outputs.values())
    return _HEADER + rows * _ROW + sum(map(_block, inputs)) + (_FRAME if framed else 0)


def _block(port: Port) -> float:
    control = port.control.describe() if port.control else {}
    lines = control.get("lines", 1)
    if control.get("kind") == "prompt":
        return lines * _LINE + 16 + _METER
    if lines > 1:
        return lines * _LINE + 16
    return _BLOCKS.get(control.get("kind", ""), 0)


class Columns:
    """Knows where the columns of a flow end, so that placing a node does not look at all the others.

    Args:
        document: The flow.
        registry: Which node types there are.
        revision: Of which revision this is true.
    """

    def __init__(self, document: Document, registry: Registry, revision: int) -> None:
        self.revision = revision
        self._ends: dict[int, dict[float, float]] = {}  # by strip, then by x
        heights: dict[str, float] = {}
        for key, entry in nodes(document).items():
            if (place := position(document, key)) is not None:
                name = entry["type"]
                if name not in heights:
                    heights[name] = height_of(registry.find(name))
                self.note(place, heights[name])

    def note(self, place: tuple[float, float], height: float) -> None:
        """Take notice of a node that was placed."""
        x, y = place
        strip = self._ends.setdefault(int(x // _REACH), {})
        strip[x] = max(strip.get(x, y + height), y + height)

    def free_position(self, document: Document, sources: Iterable[str]) -> tuple[float, float]:
        """Return a place one column right of the rightmost source, below whatever stands in that column.

        Args:
            document: The flow.
            sources: Ids of the nodes that feed the new one; none puts it into the first column.
        """
        before = [place for source in sources if (place := position(document, source)) is not None]
        x = max((place[0] for place in before), default=-COLUMN) + COLUMN
        middle = int(x // _REACH)
        near = [strip for number in (middle - 1, middle, middle + 1) if (strip := self._ends.get(number))]
        column = [end for strip in near for other, end in strip.items() if abs(other - x) < _REACH]
        return x, max(column, default=-GAP) + GAP
