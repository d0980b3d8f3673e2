"""Where the values of a comparison go: inputs of a flow, and ports of its nodes that nothing feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MediaError, PixelFlowError, nearest
from ..flow import document as doc
from ..flow.media_files import from_json
from ..flow.signature.entries import fed_ports
from ..flow.subflows import with_subflows
from ..media import Model
from ..public import Flow
from ..schema import Port, PortType
from ..schema.node_type import OPTION
from ..schema.port_types import read_port_type


@dataclass(frozen=True)
class Target:
    """Is an input that values go to.

    Args:
        name: Of the input.
        type: What it takes.
        ports: What it feeds.
        entry: The input as documents have it, where the flow has not got it by itself; else empty.
        usual: Its value where none is given, as documents have it; None where there is none.
    """

    name: str
    type: PortType
    ports: tuple[Port, ...]
    entry: Mapping[str, Any]
    usual: Any

    def check(self, value: Any) -> Any:
        """Return a value as the input takes it; None leaves the input as it is.

        Raises:
            MediaError: It is another type, or outside the limits.
        """
        if value is None:
            return None
        if self.type.name == "model":
            value = [_handle(one) for one in value] if isinstance(value, list | tuple) else _handle(value)
        for port in self.ports:
            if port.type == self.type:
                port.check(value)
        return self.type.check(value)


def _handle(value: Any) -> Any:
    if isinstance(value, str | Path):
        return Model(str(value))
    return getattr(value, "model", value)  # a training has one


class Targets:
    """Finds where values go in a flow.

    Args:
        flow: The flow.
    """

    def __init__(self, flow: Flow) -> None:
        document = flow.document
        types = with_subflows(flow.registry, document)
        self._flow = flow
        self._own: dict[str, Target] = {}
        for entry in doc.inputs(document):
            try:
                port_type = read_port_type(entry["type"])
            except MediaError:
                continue
            ports = tuple(fed_ports(document, types, entry))
            self._own[entry["name"]] = Target(entry["name"], port_type, ports, {}, entry.get("default"))
        self._free = list(_free_ports(flow, types))

    def input(self, name: str) -> Target:
        """Return the input of a name, or of the one port of that name that nothing feeds.

        Raises:
            PixelFlowError: There is none, or there are several.
        """
        return self._own.get(name) or self._of_port(name)

    def own(self, name: str) -> Target | None:
        """Return the flow's own input of a name, if it has one."""
        return self._own.get(name)

    def of_kind(self, name: str, kind: str) -> Target:
        """Return where prompts, models or seeds go.

        That is the input "prompt", else the one that feeds ports which are called so, else such a port that nothing
        feeds, else the only input of the kind.

        Args:
            name: "prompt", "model" or "seed".
            kind: The type that it has.

        Raises:
            PixelFlowError: There is none, or there are several.
        """
        if name in self._own:
            return self._own[name]
        fitting = [one for one in self._own.values() if one.type == PortType(kind)]
        if name == "seed":
            fitting = [one for one in fitting if any(port.is_seed for port in one.ports)]
        feeding = [one for one in fitting if any(port.name == name for port in one.ports)]
        if not feeding and any(port.name == name for _, port, _ in self._free):
            return self._of_port(name)
        fitting = feeding or fitting
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            names = ", ".join(one.name for one in fitting)
            raise PixelFlowError(
                f"The flow '{self._flow.name}' has several inputs that may be the {name}: {names}. Name the one that "
                f"is meant: pf.compare(flow, {fitting[0].name}=[…])."
            )
        return self._of_port(name)

    def _of_port(self, name: str) -> Target:
        found = [(node, port, value) for node, port, value in self._free if port.name in (name, OPTION + name)]
        if len(found) == 1:
            node, port, value = found[0]
            entry = {"name": name, "type": port.type.describe(), "feeds": [f"{node}.{port.name}"]}
            return Target(name, port.type, (port,), entry, value)
        flow = self._flow
        if found:
            nodes = ", ".join(f"'{doc.title_of(flow.document, node, node)}'" for node, *_ in found[:8])
            raise PixelFlowError(
                f"Several nodes of '{flow.name}' have '{name}': {nodes}. Make it an input of the flow that feeds those "
                f"that are meant: flow.input('{name}', …)."
            )
        known = list(dict.fromkeys([*self._own, *(port.name.removeprefix(OPTION) for _, port, _ in self._free)]))
        raise PixelFlowError(
            f"The flow '{flow.name}' has no input '{name}'.{nearest(name, known)} "
            f"It has: {', '.join(known[:24]) or 'none'}."
        )

    def usual_model(self, target: Target) -> Model:
        """Return the model that stands where none is given.

        Raises:
            PixelFlowError: There is none.
        """
        if target.usual is None or target.type.many:
            raise PixelFlowError(
                f"'{target.name}' of '{self._flow.name}' has no model that weights could change. Give it: models=[…]."
            )
        return target.check(from_json(target.type, target.usual, self._flow.media))


def _free_ports(flow: Flow, types: Any) -> Iterator[tuple[str, Port, Any]]:
    """Yield (node, port, its value) for each input port that neither an edge nor an input feeds."""
    document = flow.document
    fed = {f"{edge.target}.{edge.input}" for edge in doc.edges(document)}
    fed |= {f"{node}.{port}" for entry in doc.inputs(document) for node, port in doc.feeds(entry)}
    for node, entry in doc.nodes(document).items():
        node_type = types.find(entry["type"])
        for port in node_type.inputs.values() if node_type else ():
            if f"{node}.{port.name}" not in fed:
                yield node, port, entry.get("values", {}).get(port.name, None if port.required else port.default)


def still_seeds(flow: Flow) -> None:
    """Let seeds that are drawn anew in every run be 0: cells shall differ by what is compared alone."""
    types = with_subflows(flow.registry, flow.document)
    for node, port, value in list(_free_ports(flow, types)):
        if port.is_seed and value == "random":
            flow.set(node, {port.name: 0})


def missing(flow: Flow, given: Iterable[str]) -> list[str]:
    """Return the names of inputs that have no value yet."""
    known = set(given)
    return [entry.name for entry in flow.signature.inputs if entry.is_required and entry.name not in known]
