"""Measuring cells: by a node type that looks at a picture and gives a number, or by a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import PixelFlowError, nearest
from ..media import Image
from ..public import Flow
from ..schema import NodeType, PortType, Registry

Scorer = Callable[[Any, str, Mapping[str, Any]], float]
"""Takes what a cell shows, its prompt, and its row of the table; gives its score."""


def scorer_of(by: str | Callable[..., Any], settings: Mapping[str, Any], registry: Registry) -> tuple[str, Scorer]:
    """Return (what the score is called, what measures).

    Args:
        by: Name of a node type: "clip_score"; or a function of a picture, or of a picture and its row.
        settings: Values of the node's other inputs, or keywords of the function.
        registry: Which node types there are.

    Raises:
        PixelFlowError: There is no such node type, or it measures no pictures.
    """
    if isinstance(by, str):
        return by, _by_node(_type_of(by, registry), settings, registry)
    if not callable(by):
        raise TypeError(f"score(…) wants the name of a node type or a function, not {type(by).__name__}.")
    return getattr(by, "__name__", type(by).__name__).strip("<>"), _by_function(by, settings)


def _by_function(function: Callable[..., Any], settings: Mapping[str, Any]) -> Scorer:
    try:
        inspect.signature(function).bind(None, None, **settings)
        takes_row = True
    except (TypeError, ValueError):
        takes_row = False

    def measure(shown: Any, _: str, row: Mapping[str, Any]) -> float:
        return float(function(shown, row, **settings) if takes_row else function(shown, **settings))

    return measure


def _type_of(name: str, registry: Registry) -> NodeType:
    found = registry.find(name)
    if found is not None and _image(found) and _number(found):
        return found
    measuring = [one.name for one in registry if _image(one) and _number(one) and len(one.outputs) == 1]
    what = "gives no number for a picture" if found else "is not there"
    raise PixelFlowError(
        f"The node type '{name}' {what}.{nearest(name, measuring)} Pictures are measured by: "
        f"{', '.join(measuring) or 'none'}; or write a function of a picture: score(lambda image: …)."
    )


def _image(node_type: NodeType) -> str:
    return next((port.name for port in node_type.inputs.values() if port.type == PortType("image")), "")


def _number(node_type: NodeType) -> str:
    return next((port.name for port in node_type.outputs.values() if port.type.name in ("int", "float")), "")


def _by_node(node_type: NodeType, settings: Mapping[str, Any], registry: Registry) -> Scorer:
    flow = Flow(f"score by {node_type.name}", registry=registry)
    joined = {"image": _image(node_type)}
    texts = [port for port in node_type.inputs.values() if port.type == PortType("text") and port.required]
    if texts and texts[0].name not in settings:
        joined["prompt"] = texts[0].name
    inputs = {port: flow.input(name, type=Image if name == "image" else str) for name, port in joined.items()}
    node = flow.add(node_type.name, {**settings, **inputs}, id="score")
    flow.output("score", node[_number(node_type)])

    def measure(shown: Any, prompt: str, _: Mapping[str, Any]) -> float:
        told = {"image": shown, "prompt": prompt}
        return float(flow.run({name: told[name] for name in joined})["score"])

    return measure
