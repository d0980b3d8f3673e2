"""`pf.compare`: every combination of prompts, models, seeds, weights and whatever else a flow takes, as a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import PixelFlowError
from ..media import Model
from ..public import Flow
from .axes import MOST, Axis, axis_of, check_count, is_listed, listed, weights_axis
from .cells import cells_of
from .comparison import Comparison
from .subject import Subject, subject_of

__all__ = ["Comparison", "compare"]

_KINDS = {"prompt": "text", "model": "model", "seed": "int"}


def compare(
    subject: str | Path | Model | Flow | None = None,
    /,
    *,
    prompts: Any = None,
    models: Any = None,
    seeds: Any = None,
    weights: Any = None,
    most: int = MOST,
    backend: Any = "auto",
    over_budget: bool = False,
    **inputs: Any,
) -> Comparison:
    """Run a flow or a model with every combination of values, beside; returns at once, and is shown by a cell.

    What ran before is found and not run again, so that the same call goes on where it was stopped.

    Args:
        subject: A flow or its file; a model's card, id, folder or file. None is the first of `models`.
        prompts: Texts for the input "prompt", or the one text that it takes.
        models: Models for the input "model", or the one node that has one.
        seeds: Seeds; those that are drawn anew in every run are 0 where none are given.
        weights: What changes the model: a LoRA (file, id, `pf.Adapter`, (file, strength), a training), a list of these,
            a strength for the adapter that the model has, or None for none.
        most: More runs than this are refused.
        backend: As of `Flow.start`.
        over_budget: Run though that exceeds the flow's budget; without it, the comparison stops there and says why.
        inputs: Values of other inputs by name: a list is an axis, anything else is the same in all cells. Ports of
            nodes that nothing feeds count as inputs.

    Raises:
        PixelFlowError: There is no such input, it does not take a value, or there would be too many runs.
    """
    if subject is None:
        if models is None:
            raise PixelFlowError("Say what is compared: pf.compare(flow, …), or pf.compare(models=[…], prompts=[…]).")
        subject = next(iter(listed(models)), None)
        if subject is None:
            raise PixelFlowError("There is nothing to compare: 'models' has no values. Give it one or more.")
    source = subject_of(subject)
    named = {"prompts": prompts, "models": models, "seeds": seeds, "weights": weights}
    for name in [name for name in named if named[name] is not None and source.targets.own(name)]:
        inputs[name] = named.pop(name)  # the flow has an input that is called so itself
    axes, given = _read(source, named, inputs, most)
    words = check_count(axes, most)
    into, model = "", None
    if any(axis.target is None for axis in axes):
        target = source.targets.of_kind("model", "model")
        source.use(target)
        into = target.name
        if not any(axis.target is not None and axis.target.name == into for axis in axes):
            model = given.get(into) or source.targets.usual_model(target)
    cells = cells_of(axes, given, model, into)
    _check_required(source, cells[0].inputs)
    return Comparison(source, axes, cells, words, backend, over_budget=over_budget)


def _read(
    source: Subject, named: Mapping[str, Any], inputs: Mapping[str, Any], most: int
) -> tuple[list[Axis], dict[str, Any]]:
    """Return (the axes, what is the same in all cells by input)."""
    given: dict[str, Any] = {**source.usual}
    axes: list[Axis] = []
    for name, values in _bounded({**named, **inputs}, most):
        if name == "weights" and name not in inputs:
            axes.append(weights_axis(values))
            continue
        single = name.removesuffix("s")
        is_named = name not in inputs and single in _KINDS
        target = source.targets.of_kind(single, _KINDS[single]) if is_named else source.targets.input(name)
        source.use(target)
        axis = axis_of(single if is_named else name, values if is_named else _whole(values, target), target)
        if is_named or is_listed(values, target):
            axes.append(axis)
        else:
            given[target.name] = axis.values[0]
    twice = [axis.name for axis in axes if axis.target and [one.target for one in axes].count(axis.target) > 1]
    if twice:
        raise PixelFlowError(f"{' and '.join(twice)} are the same input. Give its values once.")
    return axes, given


def _whole(values: Any, target: Any) -> list[Any]:
    """Return the values of an input: those of its axis, or the one that all cells get."""
    return listed(values) if is_listed(values, target) else [values]


def _bounded(given: Mapping[str, Any], most: int) -> Iterator[tuple[str, Any]]:
    """Yield what was given; what is much too long is refused before its values are looked at."""
    for name, values in given.items():
        if values is None:
            continue
        if isinstance(values, range | list | tuple) and len(values) > 10 * most:
            raise PixelFlowError(f"'{name}' has {len(values):,} values; a comparison has at most {most:,} runs.")
        yield name, values


def _check_required(source: Subject, given: Mapping[str, Any]) -> None:
    missing = [name for name in source.required if name not in given]
    if missing:
        how = ", ".join("prompts=[…]" if name == "prompt" else f"{name}=…" for name in missing)
        raise PixelFlowError(f"'{source.name}' needs {', '.join(map(repr, missing))}. Give it to pf.compare: {how}.")
