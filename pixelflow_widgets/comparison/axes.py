"""What is compared: the values of each axis, checked before anything runs, with what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import PIL.Image

from ..errors import MediaError, PixelFlowError
from ..media import Adapter, Model, blake3_hex, canonical_json
from ..media.axes import count_cells
from ..models.cards import card_of
from ..run.settings import value_digest
from .targets import Target

MOST = 1000
_LONGEST = 2_000
"""Letters of a label."""


@dataclass(frozen=True)
class Axis:
    """Is one thing that differs from cell to cell.

    Args:
        name: What it is called: "prompt", "model", "seed", "weights", or the name of an input.
        values: What it goes through, checked.
        labels: What each value is called, no two alike.
        marks: What tells each value apart from others, here and in other processes.
        target: Where values go; None for weights, which change the model.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    marks: tuple[str, ...]
    target: Target | None


def is_listed(value: Any, target: Target) -> bool:
    """Return whether what is given to an input is an axis: a list of values, of lists for an input that takes one."""
    if hasattr(value, "tolist") and not isinstance(value, PIL.Image.Image):
        value = value.tolist()
    if not isinstance(value, list | tuple | range):
        return False
    return not target.type.many or (bool(value) and all(isinstance(one, list | tuple) for one in value))


def listed(values: Any) -> list[Any]:
    """Return the values of an axis as a list; one value is a list of one."""
    if hasattr(values, "tolist") and not isinstance(values, PIL.Image.Image):
        values = values.tolist()
    if isinstance(values, str | bytes | Path | Model | Adapter | PIL.Image.Image | int | float | None):
        return [values]
    return list(values) if isinstance(values, Iterable) else [values]


def axis_of(name: str, values: Any, target: Target) -> Axis:
    """Return the axis of an input.

    Args:
        name: What the axis is called.
        values: What it goes through.
        target: The input.

    Raises:
        PixelFlowError: There are no values, or the input does not take one of them.
    """
    checked = []
    for value in listed(values):
        try:
            checked.append(target.check(value))
        except MediaError as error:
            raise PixelFlowError(f"'{name}' cannot be {_short(value)}. {error}") from None
    return _axis(name, checked, target, lambda value: value_digest(target.type, value))


def weights_axis(values: Any) -> Axis:
    """Return the axis of weights.

    Args:
        values: Each is a LoRA (file, id, `pf.Adapter`, (file, weight), a training or its model), a stack of them in a
            list, a number, which is the strength of the adapter that the model has last, or None, which is none.

    Raises:
        PixelFlowError: There are none, or one is nothing of the kind.
    """
    stacks = [_stack(value) for value in listed(values)]
    return _axis("weights", stacks, None, lambda stack: blake3_hex(repr(stack).encode()))


def _axis(name: str, values: Sequence[Any], target: Target | None, mark: Callable[[Any], str]) -> Axis:
    marks = ["none" if value is None else mark(value) for value in values]
    first = {one: place for place, one in reversed(list(enumerate(marks)))}
    kept = sorted(first.values())  # two that are alike are one
    if not kept:
        raise PixelFlowError(f"There is nothing to compare: '{name}' has no values. Give it one or more.")
    labels = _apart([_label(values[place], number) for number, place in enumerate(kept, 1)])
    return Axis(name, tuple(values[p] for p in kept), tuple(labels), tuple(marks[p] for p in kept), target)


def _stack(value: Any) -> tuple[Adapter, ...] | float | None:
    if isinstance(value, bool):
        raise PixelFlowError(f"'weights' cannot be {value}. {_WEIGHTS}")
    if value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int | float):
        return tuple(replace(adapter, weight=float(value[1])) for adapter in _adapters(value[0]))
    if isinstance(value, list | tuple):
        return tuple(one for each in value for one in _adapters_of(each))
    return _adapters(value)


def _adapters_of(value: Any) -> tuple[Adapter, ...]:
    found = _stack(value)
    if isinstance(found, int | float):
        raise PixelFlowError(f"A number in a stack of weights says nothing. {_WEIGHTS}")
    return () if found is None else found


_WEIGHTS = "Write a file, (file, strength), a list of them, a strength for the model's own adapter, or None."


def _adapters(value: Any) -> tuple[Adapter, ...]:
    if isinstance(value, Adapter):
        return (value,)
    if isinstance(value, str | Path):
        return (Adapter(str(value)),)
    model = getattr(value, "model", value)  # a training has one
    if not isinstance(model, Model) or not model.adapters:
        raise PixelFlowError(f"{_short(value)} has no weights to compare. {_WEIGHTS}")
    return model.adapters


def weighted(model: Model, stack: tuple[Adapter, ...] | float | None) -> Model:
    """Return a model with weights.

    Raises:
        PixelFlowError: They are a strength, and the model has no adapter.
    """
    if stack is None:
        return model
    if not isinstance(stack, int | float):
        return replace(model, adapters=(*model.adapters, *stack))
    if not model.adapters:
        raise PixelFlowError(
            f"The strength {stack:g} is for an adapter, and '{_title(model.source)}' has none. {_WEIGHTS}"
        )
    *before, last = model.adapters
    return replace(model, adapters=(*before, replace(last, weight=stack)))


# What values are called


def _label(value: Any, number: int) -> str:
    match value:
        case None:
            return "none"
        case str():
            return value[:_LONGEST]
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case Model():
            return _title(value.source) + "".join(f" + {_named(adapter)}" for adapter in value.adapters)
        case tuple() if all(isinstance(one, Adapter) for one in value):
            return " + ".join(map(_named, value)) or "none"
        case list() if value and all(isinstance(one, str | int | float) for one in value):
            return ", ".join(map(str, value))[:_LONGEST]
    return f"{type(value).__name__.lower() if not isinstance(value, PIL.Image.Image) else 'picture'} {number}"


def _named(adapter: Adapter) -> str:
    return f"{PurePath(adapter.source).stem} {adapter.weight:g}"


def _title(source: str) -> str:
    card = card_of(source)
    return card.title if card else PurePath(source).name or source


def _apart(labels: Sequence[str]) -> list[str]:
    """Return labels of which no two are alike."""
    seen: dict[str, int] = {}
    told = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        told.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return told


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


# Together


def check_count(axes: Sequence[Axis], most: int) -> str:
    """Return in words how many runs there will be: "12 runs: 3 prompts × 4 seeds".

    Raises:
        PixelFlowError: That is more than `most`.
    """
    count = count_cells({axis.name: axis.values for axis in axes})
    several = [axis for axis in axes if len(axis.values) > 1]
    parts = [f"{len(axis.values)} {axis.name}{'' if axis.name.endswith('s') else 's'}" for axis in several]
    words = f"{count:,} run{'' if count == 1 else 's'}{': ' if parts else ''}{' × '.join(parts)}"
    if count > most:
        raise PixelFlowError(
            f"This comparison would be {words}; more than {most:,} are not begun by accident. Take values away, or "
            f"write most={count}."
        )
    return words


def mark_of(parts: Mapping[str, str]) -> str:
    """Return what tells something apart that has several marks."""
    return blake3_hex(canonical_json(dict(parts)).encode())[:32]
