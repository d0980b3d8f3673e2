"""What another version of a flow takes and gives otherwise, and whether its callers have to be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ...schema import PortType
from .entries import MISSING, Entry, Given, Signature


class Difference(NamedTuple):
    """Is one thing that is otherwise.

    Args:
        words: What it is.
        breaks: Whoever calls as before may be refused, or miss something.
    """

    words: str
    breaks: bool


def differences(before: Signature, after: Signature) -> list[Difference]:
    """Return what a signature has otherwise than one before it, in its own order.

    Args:
        before: What callers know.
        after: What they would meet.
    """
    return [*_entries(before.inputs, after.inputs, "input"), *_entries(before.outputs, after.outputs, "output")]


def _entries(
    before: tuple[Entry, ...] | tuple[Given, ...], after: tuple[Entry, ...] | tuple[Given, ...], word: str
) -> Iterator[Difference]:
    known, now = {entry.name: entry for entry in before}, {entry.name: entry for entry in after}
    for name in known:
        if name not in now:
            yield Difference(f"The {word} {name} is gone", True)
    for name, entry in now.items():
        former = known.get(name)
        if former is None:
            is_required = isinstance(entry, Entry) and entry.is_required
            yield Difference(f"{name} is a new {word}{', and required' if is_required else ''}", is_required)
        else:
            yield from _changes(former, entry)
    order = [name for name in known if name in now]
    if order != [name for name in now if name in known]:
        yield Difference(f"The {word}s come in another order", False)


def _changes(before: Any, after: Any) -> Iterator[Difference]:
    if before.type != after.type:
        is_wider = isinstance(after, Entry) and (before.type, after.type) == (PortType("int"), PortType("float"))
        yield Difference(f"{after.name} is {after.type}, was {before.type}", not is_wider)
    if isinstance(after, Given) and before.is_optional != after.is_optional:
        yield Difference(f"{after.name} {'may be none' if after.is_optional else 'is always there'}", after.is_optional)
    if isinstance(before, Entry) and isinstance(after, Entry):
        yield from _input_changes(before, after)
    words = [word for word in ("title", "help") if getattr(before, word) != getattr(after, word)]
    if words:
        yield Difference(f"{after.name} has another {' and '.join(words)}", False)


def _input_changes(before: Entry, after: Entry) -> Iterator[Difference]:
    name = after.name
    if before.is_required != after.is_required:
        told = "required now" if after.is_required else f"optional now, {_value(after.default)} if not given"
        yield Difference(f"{name} is {told}", after.is_required)
    elif before.default is not MISSING and before.default != after.default:
        yield Difference(f"{name} is {_value(after.default)} by default, was {_value(before.default)}", False)
    for limit in sorted({*before.limits, *after.limits}):
        former, now = before.limits.get(limit), after.limits.get(limit)
        if former != now:
            word, was = limit.replace("_", " "), "" if former is None else f", was {former:.15g}"
            told = f"no {word}" if now is None else f"a {word} of {now:.15g}"
            yield Difference(f"{name} has {told}{was}", _is_closer(limit, former, now))
    if before.choices != after.choices:
        told = "anything" if after.choices is None else f"one of {', '.join(after.choices)}"
        is_closer = after.choices is not None and (
            before.choices is None or not set(before.choices) <= set(after.choices)
        )
        yield Difference(f"{name} takes {told}", is_closer)
    if before.affects_cost != after.affects_cost:
        yield Difference(f"{name} {'affects' if after.affects_cost else 'does not affect'} the cost", False)


def _is_closer(limit: str, before: float | None, now: float | None) -> bool:
    """Return whether a limit lets in less than before."""
    if now is None:
        return False
    if before is None:
        return True
    if limit == "step":
        return before % now != 0
    return now > before if limit == "min" else now < before


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "a medium"
    told = f"“{value}”" if isinstance(value, str) else str(value)
    return told if len(told) <= 60 else f"{told[:59]}…"
