"""Node types with lazy inputs, questions and anything on their ports, for the tests of the executor."""

from __future__ import annotations

from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.schema.asking import Ask


@pf.node
def either_side(condition: bool, on: pf.Lazy[Any], off: pf.Lazy[Any]) -> Any:
    """Takes one side; the other is not worked out."""
    return on.get() if condition else off.get()


@pf.node
def either_number(condition: bool, on: pf.Lazy[int], off: pf.Lazy[int] = 7) -> int:  # type: ignore[assignment]
    return on.get() if condition else off.get()


@pf.node
def rescue(first: pf.Lazy[Any], second: pf.Lazy[Any]) -> Any:
    """Takes the first, and the second where the first fails."""
    try:
        return first.get()
    except pf.NodeFailed:
        return second.get()


@pf.node
def picked(candidates: list[int], ask: Ask = Ask()) -> int:
    return candidates[ask(candidates, "Which one?")]
