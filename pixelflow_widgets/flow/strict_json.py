"""JSON of anybody, as RFC 8259 has it: what Python's own reader would let pass without a word is refused."""

from __future__ import annotations

import json
import math
from typing import Any


class NotStrict(ValueError):
    """Says what a text holds that Python would read, although it is no JSON or loses something."""


def read_strictly(text: str | bytes) -> Any:
    """Return what a JSON text says, in time that grows with its length.

    Raises:
        NotStrict: It holds a number that JSON has not, or a name twice in one object.
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    return json.loads(text, parse_constant=_refuse_number, parse_float=_finite, object_pairs_hook=_once)


def _refuse_number(text: str) -> float:
    raise NotStrict(f"{text} is not a number that JSON has")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text[:40])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of a name that comes twice, one value would be lost without a word."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:  # not by counting each: that takes hours for a million names
            if name in seen:
                raise NotStrict(f"the name {name[:80]!r} stands twice in one object")
            seen.add(name)
    return made
