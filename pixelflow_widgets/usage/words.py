"""Texts that nodes will give, worked out before a run: those that only put words together take no time, and are asked.

Nothing of it is kept as a result: what such a node gave in the run itself counts there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..run.cache import Results, Value
from ..run.plan import Plan
from ..run.steps import Step, gather
from ..schema import NodeType, Progress
from ..schema.usage import Usage
from .noting import is_shipped

NAMES = frozenset(
    {
        *("prompt", "prompt_template", "prompt_variants", "prompt_schedule", "prompt_style", "negative_preset"),
        *("join_text", "template", "number", "seed"),
    }
)
"""Node types that are asked: short, bounded, and without a look at anything but wildcards and styles."""
MOST_ITEMS = 200
MOST_NODES = 500


class _Silence:
    """Hears what nodes tell, and tells nobody."""

    def progress(self, fraction: float | None, note: str) -> None:
        """Pass it over."""

    def preview(self, value: Any) -> None:
        """Pass it over."""

    def log(self, line: str) -> None:
        """Pass it over."""

    def used(self, usage: Usage) -> None:
        """Pass it over."""


def worked_out(
    plan: Plan,
    todo: Iterable[str],
    types: Mapping[str, NodeType],
    results_of: Callable[[str], Results | None],
    until: float,
) -> dict[str, Results]:
    """Return what nodes that put words together will give, as far as what comes into them is known.

    Args:
        plan: Of the run.
        todo: The nodes that will run, in their order.
        types: Of these nodes.
        results_of: Returns what other nodes gave, where that is there.
        until: When to stop, by the monotonic clock.
    """
    made: dict[str, Results] = {}
    asked = [node for node in todo if node in types and types[node].name in NAMES and is_shipped(types[node])][
        :MOST_NODES
    ]
    drawn = {node for node, _ in plan.drawn}  # the run draws other seeds than this plan
    for node in asked:
        if node in drawn or time.monotonic() > until:
            continue
        try:
            step = plan.step(node)
            before = _before(step, made, results_of)
            if before is not None:
                made[node] = _given(step, before)
        except Exception:  # the run says what is wrong with it
            continue
    return made


def _before(
    step: Step, made: Mapping[str, Results], results_of: Callable[[str], Results | None]
) -> dict[str, Results] | None:
    """Return what comes into a node by the nodes that give it, or None where some of it is not known."""
    found: dict[str, Results] = {}
    for links in step.links.values():
        for link in links:
            results = made.get(link.source) or results_of(link.source)
            if results is None or link.output not in results:
                return None
            found[link.source] = results
    return found


def _given(step: Step, before: Mapping[str, Results]) -> Results:
    items, is_mapped = gather(step, before)
    if len(items) > MOST_ITEMS:
        raise ValueError("too many")
    function, shape, outputs = step.node_type.function, step.node_type.shape, step.node_type.outputs
    silent: dict[str, Any] = {step.node_type.progress: Progress(_Silence())} if step.node_type.progress else {}
    given = [shape.unpack(function(**{name: value.data for name, value in item.items()}, **silent)) for item in items]
    results: Results = {}
    for name, port in outputs.items():
        values = [each[name] for each in given]
        flat = [part for value in values for part in value] if port.type.many else values
        is_list = is_mapped or port.type.many
        results[name] = [Value(part, "") for part in flat] if is_list else Value(flat[0], "")
    return results
