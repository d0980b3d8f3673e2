"""How many tokens a node will read, by the tokenizers of its model: what the run tells afterwards, told before."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ..media import Model
from ..prompts.tokens import count
from ..schema import NodeType
from .chats import count_chat
from .rates import SERVED

_TEXTS = ("prompt", "negative_prompt", "text", "system", "question")
"""Inputs that language models read; of those that are not chats, words of the node itself are read with them."""
_LANGUAGE = frozenset(
    {"chat", "expand_prompt", "summarize", "translate", "classify_text", "prompt_from_image", "caption"}
)
MOST_ITEMS = 200
"""Of a list, so many texts are counted; the others are taken to be as long as these."""


def reads(node_type: NodeType) -> bool:
    """Return whether a node gives texts to a model."""
    has_model = any(port.type.name == "model" for port in node_type.inputs.values())
    return has_model and any(name in node_type.inputs for name in _TEXTS)


def input_tokens(node_type: NodeType, values: Mapping[str, Any], until: float = math.inf) -> tuple[int | None, bool]:
    """Return (how many tokens a node will read, whether there may be more); None where nobody knows.

    Args:
        node_type: Its type.
        values: Of its inputs, as far as they are known; a list for one that runs for each of its items.
        until: When to stop counting, by the monotonic clock; the first text is counted in any case.
    """
    items = list(_items(node_type, values))
    counted: list[tuple[int | None, bool]] = []
    for item in items[:MOST_ITEMS]:
        if counted and time.monotonic() > until:
            break
        counted.append(_read(node_type, item))
    if not counted or any(number is None for number, _ in counted):
        return None, True
    total = sum(number or 0 for number, _ in counted)
    more = len(items) > len(counted)
    if more:
        total = round(total * len(items) / len(counted))
    return total, more or any(is_least for _, is_least in counted)


def _items(node_type: NodeType, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the values for each item that a node is mapped over."""
    ports = node_type.inputs
    lists = {name: value for name, value in values.items() if isinstance(value, list) and not ports[name].type.many}
    for number in range(max([len(value) for value in lists.values()], default=1)):
        chosen = {name: value[min(number, len(value) - 1)] for name, value in lists.items() if value}
        yield {**values, **chosen}


def _read(node_type: NodeType, values: Mapping[str, Any]) -> tuple[int | None, bool]:
    model = values.get("model")
    if not isinstance(model, Model) or model.source.startswith(SERVED):
        return None, True  # a server counts by itself
    names = [name for name in _TEXTS if name in node_type.inputs]
    if any(name not in values for name in names):
        return None, True  # it comes from a node that has not run
    texts = [value for name in names if isinstance(value := values[name], str)]
    if node_type.name != "chat":
        return count(model, *texts), node_type.name in _LANGUAGE
    if values.get("images"):
        return None, True
    has_form = bool(values.get("json_schema"))  # it is told to the model, too
    return count_chat(model, values["prompt"], values["system"] or ""), has_form
