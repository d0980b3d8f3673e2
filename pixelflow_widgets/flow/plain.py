"""Operations as plain JSON: what is kept in memory is what a file, the journal and a page can hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..errors import OperationRejected
from .operations import Operation

MAX_DEPTH = 48
"""How deep an operation nests: less than a file may, so that what was accepted can be loaded again."""
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def as_json(operations: list[Operation]) -> tuple[list[Operation], str]:
    """Return a copy of operations as their JSON reads, and that JSON in ASCII.

    Raises:
        OperationRejected: They are not JSON: an array, NaN, half a character, more than 48 levels.
    """
    try:
        text = _ENCODER.encode(operations)
        copy = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise OperationRejected(f"An operation is plain JSON: {error}.") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:  # hardly ever: only then it may be too deep
        level = [copy]
        for _ in range(MAX_DEPTH):
            level = [child for value in level if isinstance(value, list | dict) for child in _children(value)]
        if level:
            raise OperationRejected(f"An operation has at most {MAX_DEPTH} levels.")
    if "\\ud" in text and has_half_characters(copy):
        raise OperationRejected("This edit holds half a character (a lone surrogate). Type it again.")
    return copy, text


def has_half_characters(value: Any) -> bool:
    """Return whether JSON holds text that cannot be sent as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _children(value: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return value if isinstance(value, list) else value.values()
