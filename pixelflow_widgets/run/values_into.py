"""What comes into a node, as its function would be given it: for looking at one node by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import PIL.Image

from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..schema import Port, Registry
from .cache import as_list
from .plan import make_plan
from .result import Result
from .steps import Step


def values_into(
    document: Document, registry: Registry, files: MediaFiles, node: str, run: Callable[[list[str]], Result]
) -> dict[str, Any]:
    """Return the values of a node's inputs by port; lists come as lists, also where the node runs for each item.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        node: Its id.
        run: Runs nodes, as far as they are not fresh, and returns what they gave.

    Raises:
        FlowProblems: Something is wrong with the node, or with what feeds it.
    """
    step = make_plan(document, registry, files, {}, [node]).step(node)
    sources = sorted({link.source for links in step.links.values() for link in links})
    results = run(sources) if sources else None
    made = {}
    for name, port in step.node_type.inputs.items():
        arrived = list(_arrived(step, name, results))
        if arrived:
            made[name] = _joined(port, arrived)
        elif name in step.values:
            made[name] = _own(step.values[name])
    return made


def _arrived(step: Step, name: str, results: Result | None) -> Iterable[Any]:
    for link in step.links.get(name, ()):
        assert results is not None
        yield results.node(link.source)[link.output]
    yield from map(_own, step.feeds.get(name, ()))


def _own(slot: Any) -> Any:
    """Return a value, or a copy of what could be changed under the flow."""
    values = [one.data.copy() if isinstance(one.data, PIL.Image.Image) else one.data for one in as_list(slot)]
    return values if isinstance(slot, list) else values[0]


def _joined(port: Port, arrived: list[Any]) -> Any:
    if port.type.many:
        return port.check([item for value in arrived for item in (value if isinstance(value, list) else [value])])
    value = arrived[0]
    return [port.check(item) for item in value] if isinstance(value, list) else port.check(value)
