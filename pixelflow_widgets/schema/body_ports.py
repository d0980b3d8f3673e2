"""Which ports a node has that runs a body: those of the flow, and what its kind adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..controls import DEFAULT_CONTROLS, Choices, Control, Number, Prompt
from .body import Kind
from .node_type import Port
from .port_types import PortType

GO_ON = "go_on"
"""The output by which the body of a `while_` says whether it runs once more."""
MOST_TIMES = 1000
TITLES: dict[Kind, str] = {
    "flow": "{}",
    "repeat": "Repeat {}",
    "while_": "While {}",
    "for_each": "For each {}",
    "grid": "Grid of {}",
}
"""What a node that runs a body is called, by the title of the body."""

_TIMES = Number(min=1, max=MOST_TIMES, step=1)
_STEERS: dict[Kind, Port] = {
    "repeat": Port("times", PortType("int"), 3, control=_TIMES, help="How many times it runs."),
    "while_": Port("at_most", PortType("int"), 20, control=_TIMES, help="After how many times it ends in any case."),
    "for_each": Port("rows", PortType("table"), help="Runs once for each row; columns are named like inputs."),
    "grid": Port(
        "axes",
        PortType("text"),
        control=Prompt(lines=3, placeholder="prompt: a red circle | a blue star"),
        help="One line for each axis: the name of an input, a colon, and its values with | between them.",
    ),
}


@dataclass(frozen=True)
class PlacedPorts:
    """Are the ports of a node that runs a body.

    Args:
        inputs: Input ports by name.
        outputs: Output ports by name.
        steered_by: As in `Body`.
        lists: As in `Body`.
        table: As in `Body`.
    """

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    steered_by: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)
    table: str = ""


def input_port(entry: Mapping[str, Any], port_type: PortType, default: Any, fed: Port | None) -> Port:
    """Return the port of an input of a flow.

    Args:
        entry: The input, as the document has it.
        port_type: Its type.
        default: Its value when none is given; REQUIRED where there is none.
        fed: The first port that it feeds, whose control it takes over where both carry the same, and the input names
            no choices of its own.
    """
    control = DEFAULT_CONTROLS.get(port_type.name)
    if port_type.many and port_type.name not in ("image", "text"):
        control = None
    if fed is not None and fed.control is not None and fed.type == port_type:
        control = fed.control
    choices = entry.get("choices")
    if port_type.name == "text" and isinstance(choices, list) and choices:
        control = Choices(tuple(map(str, choices)))
    return Port(
        name=entry["name"],
        type=port_type,
        default=default,
        control=_limited(control, entry.get("limits", {})),
        help=_text(entry.get("help")) or (fed.help if fed else ""),
        label=_text(entry.get("title")),
    )


def _limited(control: Control | None, limits: Mapping[str, Any]) -> Control | None:
    bounds = {side: limits[side] for side in ("min", "max") if limits.get(side) is not None}
    if not bounds or control is None or not hasattr(control, "min"):
        return control
    return replace(control, **bounds)  # type: ignore[arg-type]  # every control with a smallest value has these two


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def placed_ports(kind: Kind, inputs: Iterable[Port], outputs: Iterable[Port]) -> PlacedPorts | None:
    """Return the ports of a node of a kind, or None where a body with these ports cannot be one.

    Args:
        kind: How often the body runs.
        inputs: The inputs of the flow.
        outputs: The outputs of the flow.
    """
    taken, given = {port.name: port for port in inputs}, {port.name: port for port in outputs}
    if kind == "flow":
        return PlacedPorts(taken, given)
    steer = replace(_STEERS[kind], name=_free(_STEERS[kind].name, taken))
    if kind in ("repeat", "while_"):
        return _looped(kind, taken, given, steer)
    # What an axis or a column gives need not have a value of its own.
    free = {name: replace(port, default=None, optional=True) if port.required else port for name, port in taken.items()}
    free[steer.name] = steer
    return _listed(free, given, steer.name) if kind == "for_each" else _gridded(free, given, steer.name)


def _looped(kind: Kind, inputs: dict[str, Port], outputs: dict[str, Port], steer: Port) -> PlacedPorts | None:
    if kind == "while_" and (GO_ON not in outputs or outputs[GO_ON].type != PortType("flag")):
        return None
    lists = {
        name: f"every_{name}"
        for name, port in outputs.items()
        if not port.type.many and f"every_{name}" not in outputs  # lists do not nest
    }
    every = {listed: _list(outputs[name], listed) for name, listed in lists.items()}
    return PlacedPorts({**inputs, steer.name: steer}, {**outputs, **every}, steer.name, lists)


def _listed(inputs: dict[str, Port], outputs: dict[str, Port], steered_by: str) -> PlacedPorts:
    lists: dict[str, str] = {}
    for name, port in outputs.items():
        plural = name if port.type.many else f"{name}s"
        taken = plural in lists.values() or (plural != name and plural in outputs)
        lists[name] = _free(f"{name}_list" if taken or (name.endswith("s") and plural != name) else plural, lists)
    made = {lists[name]: _list(port, lists[name]) for name, port in outputs.items()}
    table = _free("table", made)
    return PlacedPorts(inputs, {**made, table: Port(table, PortType("table"))}, steered_by, lists, table)


def _gridded(inputs: dict[str, Port], outputs: dict[str, Port], steered_by: str) -> PlacedPorts | None:
    shown = next((name for name, port in outputs.items() if port.type == PortType("image")), None)
    if shown is None:
        return None
    given = {
        "image": Port("image", PortType("image")),
        "images": Port("images", PortType("image", many=True)),
        "table": Port("table", PortType("table")),
    }
    return PlacedPorts(inputs, given, steered_by, {shown: "images"}, "table")


def _list(port: Port, name: str) -> Port:
    return replace(port, name=name, type=port.type.listed, label="")


def _free(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    while name in known:
        name += "_2"
    return name
