"""How long so much work takes: a line through what was measured, which single cold or disturbed runs do not bend."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from typing import NamedTuple

MOST_POINTS = 20
"""The newest count: a machine that has become busy is heard of soon."""
_LEAST = 1e-3


class Point(NamedTuple):
    """Is one measurement.

    Args:
        amount: How much work it was.
        cost: What it took.
    """

    amount: float
    cost: float


def expected(points: Sequence[Point], amount: float) -> float | None:
    """Return what so much work costs, by what was measured before; None where nothing was.

    Of all lines through two of the points that rise, or through one and the origin, that one is taken whose relative
    errors are smallest in sum: of few points some may lie far off, as that of the run that had to load the model.

    Args:
        points: Measurements, newest first.
        amount: How much work there is.
    """
    points = [Point(max(amount, _LEAST), max(cost, 0.0)) for amount, cost in points[:MOST_POINTS]]
    if not points:
        return None
    if len(points) == 1:
        return points[0].cost / points[0].amount * max(amount, _LEAST)
    slope, base = min(_lines(points), key=lambda line: _error(points, *line))
    return base + slope * max(amount, _LEAST)


def _lines(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Return (slope, height at no work) of the lines that may be; those through the origin first, which win a draw."""
    lines = [(point.cost / point.amount, 0.0) for point in points]
    if len({point.amount for point in points}) == 1:
        return [(statistics.median(slope for slope, _ in lines), 0.0)]
    for one, other in itertools.combinations(points, 2):
        if one.amount != other.amount:
            slope = (one.cost - other.cost) / (one.amount - other.amount)
            base = one.cost - slope * one.amount
            if slope >= 0 and base >= 0:
                lines.append((slope, base))
    return lines


def _error(points: Sequence[Point], slope: float, base: float) -> float:
    return sum(abs(base + slope * point.amount - point.cost) / max(point.cost, _LEAST) for point in points)
