"""What an input of a flow takes besides its type: the limits and choices that stand in its entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from ..errors import MediaError
from ..media import Model
from ..schema import PortType


def check_limits(entry: Mapping[str, Any], port_type: PortType, value: Any) -> None:
    """Raise where an input does not take a value of its type.

    Args:
        entry: The input, as the document has it.
        port_type: Its type.
        value: The value, checked against that.

    Raises:
        MediaError: Says what is taken.
    """
    if port_type.many:
        most = entry.get("limits", {}).get("max_items")
        if is_count(most) and len(value) > most:
            raise MediaError(f"The list has {len(value)} items; it has at most {most}.")
    check_items(entry, value if port_type.many else [value])


def check_items(entry: Mapping[str, Any], items: Iterable[Any]) -> None:
    """Raise where an input does not take a value as one item.

    Raises:
        MediaError: Says what is taken.
    """
    limits, choices = entry.get("limits", {}), entry.get("choices")
    for item in items:
        if isinstance(item, str) and is_count(most := limits.get("max_length")) and len(item) > most:
            raise MediaError(f"The text has {len(item)} characters; it has at most {most}.")
        if isinstance(item, str | Model) and are_choices(choices):
            named = item.source if isinstance(item, Model) else item
            if named not in choices:
                raise MediaError(f"{named[:60]!r} is not one of {', '.join(choices)}.")
        if isinstance(item, int | float) and not isinstance(item, bool):
            _check_number(limits, item)


def _check_number(limits: Mapping[str, Any], number: float) -> None:
    low, high, step = limits.get("min"), limits.get("max"), limits.get("step")
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = " and ".join(
            f"at {word} {bound}" for word, bound in (("least", low), ("most", high)) if bound is not None
        )
        raise MediaError(f"{number} is not allowed; it is {bounds}.")
    if isinstance(number, int) and is_count(step) and number % step:
        raise MediaError(f"{number} is not a multiple of {step}.")


def is_count(value: Any) -> TypeGuard[int]:
    """Return whether a limit counts something; what a file says otherwise is no limit."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def are_choices(value: Any) -> TypeGuard[list[str]]:
    """Return whether an entry names the only values that there are."""
    return isinstance(value, list) and bool(value) and all(isinstance(choice, str) for choice in value)
