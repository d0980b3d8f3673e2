"""Curves of the docks go round the cards between their ends: behind one they would seem to lead into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .cards import Box

Point = tuple[float, float]

_ASIDE = 20
"""How far before and behind cards a curve is level with its lane."""
_APART = 14
_LANES = 8
_SAMPLES = 24
_TRIES = 6


@dataclass(frozen=True)
class Curve:
    """Leads from the right of one box to the left of another, round cards by way of a level lane if there is one.

    Args:
        start: Where it begins.
        end: Where it ends.
        from_medium: What comes.
        to_medium: What is taken.
        lane: (where the lane begins, where it ends).
    """

    start: Point
    end: Point
    from_medium: str
    to_medium: str
    lane: tuple[Point, Point] | None = None

    def moved(self, x: float, y: float) -> Curve:
        """Return it at another place."""
        lane = (_moved(self.lane[0], x, y), _moved(self.lane[1], x, y)) if self.lane else None
        return replace(self, start=_moved(self.start, x, y), end=_moved(self.end, x, y), lane=lane)


def _moved(point: Point, x: float, y: float) -> Point:
    return point[0] + x, point[1] + y


def handles(start: Point, end: Point) -> tuple[Point, Point]:
    """Return the handles of a cubic that leaves and arrives level, and swings out further when it has to turn back."""
    forward = end[0] - start[0]
    reach = max(forward / 2, 24) if forward >= 0 else min(60 - forward / 3, 220)
    return (start[0] + reach, start[1]), (end[0] - reach, end[1])


def round_cards(curves: Iterable[Curve], cards: Sequence[Box]) -> Iterator[Curve]:
    """Yield curves, those that cards stand in the way of with a lane above or below these."""
    lanes = 0
    for curve in curves:
        found = _with_lane(curve, cards, lanes)
        lanes += found.lane is not None
        yield found


def _with_lane(curve: Curve, cards: Sequence[Box], lanes: int) -> Curve:
    blocking = _hit(curve, cards)
    if not blocking:
        return curve
    ways = [way for side in (-1, 1) if (way := _round(curve, cards, blocking, side, lanes)) is not None]
    return min(ways, key=_detour, default=curve)


def _round(curve: Curve, cards: Sequence[Box], blocking: list[Box], side: int, lanes: int) -> Curve | None:
    """Return the curve by a lane on one side of what blocks it, or None if that does not lead round."""
    for _ in range(_TRIES):
        aside = _APART + _LANES * (lanes % 4)
        top, bottom = min(box.y for box in blocking), max(box.y + box.height for box in blocking)
        level = top - aside if side < 0 else bottom + aside
        left = min(box.x for box in blocking) - _ASIDE
        right = max(box.x + box.width for box in blocking) + _ASIDE
        if not curve.start[0] < left < right < curve.end[0]:
            return None
        way = replace(curve, lane=((left, level), (right, level)))
        more = [box for box in _hit(way, cards) if box not in blocking]
        if not more:
            return way if not _hit(way, cards) else None
        blocking = [*blocking, *more]
    return None


def _detour(curve: Curve) -> float:
    level = curve.lane[0][1] if curve.lane else 0
    return abs(level - curve.start[1]) + abs(level - curve.end[1])


def _hit(curve: Curve, cards: Sequence[Box]) -> list[Box]:
    """Return the cards that a curve leads through."""
    points = list(_points(curve))
    return [box for box in cards if any(_is_in(point, box) for point in points)]


def _is_in(point: Point, box: Box) -> bool:
    return box.x < point[0] < box.x + box.width and box.y < point[1] < box.y + box.height


def _points(curve: Curve) -> Iterator[Point]:
    if curve.lane is None:
        yield from _cubic(curve.start, curve.end)
        return
    (left, level), (right, _) = curve.lane
    yield from _cubic(curve.start, curve.lane[0])
    yield from ((left + (right - left) * part / _SAMPLES, level) for part in range(_SAMPLES))
    yield from _cubic(curve.lane[1], curve.end)


def _cubic(start: Point, end: Point) -> Iterator[Point]:
    first, second = handles(start, end)
    for number in range(1, _SAMPLES):
        at = number / _SAMPLES
        parts = (1 - at) ** 3, 3 * (1 - at) ** 2 * at, 3 * (1 - at) * at**2, at**3
        places = start, first, second, end
        yield (
            sum(part * place[0] for part, place in zip(parts, places, strict=True)),
            sum(part * place[1] for part, place in zip(parts, places, strict=True)),
        )
