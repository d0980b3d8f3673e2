"""A model as a flow: one node that does a task with it, and an input for everything that a person would set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import ModelError, PixelFlowError, nearest
from ...flow.subflows import title_of
from ...media import Model
from ...models.cards import ModelCard, card_of, described
from ...schema import NodeType, Port
from ...schema.node_type import OPTION, in_words
from .subject import FORMED, Subject

_PICKED = ("lora", "ip_adapter", "embedding", "controlnet", "motion", "vae", "vocoder", "text_encoder")


def of_model(model: Model, task: str | None, fixed: Mapping[str, Any], make: Callable[[str], Any]) -> Subject:
    """Return a model as what is played.

    Args:
        model: The model.
        task: The node type that does it; None is the first that the model serves.
        fixed: Values of inputs of that node which stay as they are.
        make: Makes an empty flow of a name.

    Raises:
        ModelError: There is no such model, or it does nothing by itself.
        PixelFlowError: There is no such task, or it needs something that no form can give.
    """
    card = described(model)
    if card_of(model) is None:  # what its family is made for is no limit for one that somebody has trained further
        card = replace(card, limits={})
    _check_whole(card)
    name = task or _first_task(card)
    title = card.title if name == next(iter(card.tasks), name) else f"{card.title}: {in_words(name).lower()}"
    flow = make(title)
    node_type = _type_of(name, card, flow)
    node = flow.add(node_type.name, {"model": model, **_checked(node_type, fixed)}, id=_id_of(node_type))
    entries = list(_entries(node_type, card, node.id, fixed))
    plain = [entry for entry, is_optional in entries if not is_optional]
    flow.apply([{"op": "add_input", "input": entry} for entry in plain])
    for port in node_type.outputs.values():
        flow.output(port.name, node[port.name])
    help = f"{node_type.help} {card.help}".strip()
    told = {"title": title} if title_of(flow.document) != title else {}
    flow.amend(told | ({"description": help} if help else {}))
    return Subject(
        flow,
        "card",
        f"playground/{model.source}/{name}",
        {entry["name"]: entry for entry, is_optional in entries if is_optional},
        tuple(entry["name"] for entry, _ in entries),
        (card.title,),
    )


def _first_task(card: ModelCard) -> str:
    task = next(iter(card.tasks), None)
    if task is None:
        raise ModelError(
            f"Nobody can tell yet what '{card.name}' does. {card.help} Get it: pixelflow models get {card.name}; or "
            f"say what it does: pf.Playground('{card.name}', task='text_to_image')."
        )
    return task


def _check_whole(card: ModelCard) -> None:
    if card.kind in _PICKED:
        what = card.kind.replace("_", " ")
        raise ModelError(
            f"'{card.name}' is no whole model but changes one ({what}). Play a model that has it: "
            f"pf.Playground(pf.Model('…').with_adapter('{card.name}'))."
        )


def _type_of(task: str, card: ModelCard, flow: Any) -> NodeType:
    node_type = flow.types.find(task)
    if node_type is None or "model" not in node_type.inputs:
        does = ", ".join(card.tasks) or "text_to_image, chat, text_to_speech, text_to_video …"
        raise PixelFlowError(
            f"There is no task '{task}'.{nearest(task, card.tasks)} {card.title} does: {does}. "
            f"Write pf.Playground('{card.name}', task='{next(iter(card.tasks), 'text_to_image')}')."
        )
    return node_type


def _checked(node_type: NodeType, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that stay, by port; options may be named without what they begin with."""
    return {node_type.input(_port_of(node_type, name)).name: value for name, value in fixed.items()}


def _port_of(node_type: NodeType, name: str) -> str:
    return OPTION + name if name not in node_type.inputs and OPTION + name in node_type.inputs else name


def _id_of(node_type: NodeType) -> str:
    return node_type.name.rpartition(".")[2]


def _entries(
    node_type: NodeType, card: ModelCard, node: str, fixed: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield (the entry of an input, whether only generations have it that give it) in the order of a form."""
    taken = {_port_of(node_type, name) for name in fixed} | {"model"}
    for port in node_type.inputs.values():
        if port.name in taken:
            continue
        if port.type.name not in FORMED:
            _check_optional(port, node_type, card)
        elif _has(card, port):
            entry = _entry(port, card, node)
            yield entry, "default" not in entry and not port.required


def _check_optional(port: Port, node_type: NodeType, card: ModelCard) -> None:
    if port.required:
        raise PixelFlowError(
            f"'{node_type.title}' needs {port.type} ('{port.name}'), which no form gives. Give it here: "
            f"pf.Playground('{card.name}', task='{node_type.name}', {port.name}=…)."
        )


def _has(card: ModelCard, port: Port) -> bool:
    """Return whether there is anything to set: the family has it, the model takes the medium, more than one number."""
    if port.families and card.base_model not in port.families:
        return False
    if port.optional and port.type.name in ("image", "mask", "audio", "video") and not port.is_option:
        return not card.tasks or port.type.name in card.takes
    low, high = card.limits.get(port.name, (0, 1))
    return low != high


def _entry(port: Port, card: ModelCard, node: str) -> dict[str, Any]:
    """Return the entry of the input that feeds a port; what suits the model is its default, where the card says it."""
    name = port.name.removeprefix(OPTION)
    entry: dict[str, Any] = {"name": name, "type": port.type.describe(), "feeds": [f"{node}.{port.name}"]}
    entry |= {"title": port.label} if port.label else {}
    default = card.defaults.get(port.name)
    default = port.default if default is None else default
    if not port.required and isinstance(default, str | int | float) and default != "random":
        entry["default"] = float(default) if port.type.name == "float" else default
    limits: dict[str, float] = {}
    if port.type.name in ("int", "float") and port.name in card.limits:
        limits["min"], limits["max"] = card.limits[port.name]
    if port.name in ("width", "height") and card.multiple > 1:
        limits["step"] = card.multiple
    return entry | ({"limits": limits} if limits else {})
