"""Random flows of nodes that compute with numbers, random edits of them, and what they give from nothing."""

from __future__ import annotations

import random
import time
from typing import Annotated, Any

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Seed
from pixelflow_widgets.flow.document import edges
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.run import Run, start
from pixelflow_widgets.run.cache import MemoryCache
from pixelflow_widgets.schema.asking import Ask

WORLD = {"weather": 1}
"""What an impure node sees, and no digest does."""
MOST_NODES = 8


@pf.node(where="kernel")
def number(value: int = 1) -> int:
    return value


@pf.node(where="kernel")
def mixed(first: int = 0, second: int = 0) -> int:
    return (first * 7 + second * 3 + 1) % 1009


@pf.node(where="kernel")
def spread(value: int = 1, count: int = 3) -> list[int]:
    return [value + place for place in range(count % 5)]


@pf.node(where="kernel")
def summed(values: list[int]) -> int:
    return sum(value * (place + 1) for place, value in enumerate(values)) % 1009


@pf.node(where="kernel")
def rolled(sides: int = 6, seed: Annotated[int, Seed()] = 0) -> int:
    return random.Random(seed).randrange(1, max(2, sides))


@pf.node(where="kernel", pure=False)
def weather(value: int = 0) -> int:
    return value + WORLD["weather"]


@pf.node(where="kernel")
def picky(value: int = 3) -> int:
    if value % 3 == 0:
        raise ValueError(f"{value} can be divided by three")
    return value + 10


@pf.node(where="kernel")
def dawdles(value: int = 1, progress: pf.Progress = pf.Progress()) -> int:
    """Takes a moment, and hears Stop."""
    for step in range(4):
        time.sleep(0.005)
        progress(step / 4)
    return value * 2


@pf.node
def far(value: int = 1, progress: pf.Progress = pf.Progress()) -> int:
    """Does the same in the worker."""
    for step in range(4):
        time.sleep(0.005)
        progress(step / 4)
    return value * 3


@pf.node(where="kernel")
def recalled(values: list[int]) -> list[int]:
    """Stands for what a pinned node gave, where that was a list."""
    return values


@pf.node(where="kernel")
def picks(values: list[int], ask: Ask = Ask()) -> int:
    """Asks which of its inputs goes on."""
    return values[ask(values, "Which number?")]


TYPES = [number, mixed, mixed, spread, summed, rolled, weather, picky, dawdles]
TYPES_OF_ALL_KINDS = [*TYPES, picks, picks, picks, dawdles, dawdles, far, far]


class Edits:
    """Does random edits to a flow: each number that is drawn means something, whatever the flow is.

    Args:
        flow: The flow.
        types: The node types that are placed.
    """

    def __init__(self, flow: pf.Flow, types: list[Any] = TYPES) -> None:
        self.flow, self.types = flow, types
        self.recalled: dict[str, Any] = {}
        """What was pinned, by the key of the result."""

    def do(self, kind: str, one: int, two: int, value: int) -> None:
        """Do an edit, if the flow allows it; the numbers choose nodes and ports among those that there are."""
        ids = list(self.flow.nodes)
        try:
            if kind in ("ungroup", "repeat"):
                ids = [node for node in ids if "/" in self.flow.document["nodes"][node]["type"]]
            if kind == "add" and len(ids) < MOST_NODES:
                self.flow.add(self.types[(one + 10 * two) % len(self.types)])
            elif kind in ("undo", "redo"):
                self.flow.undo() if kind == "undo" else self.flow.redo()
            elif kind == "weather":
                WORLD["weather"] = value
            elif ids:
                one, two = one % len(ids), two % len(ids)
                if kind == "connect":  # mostly forward: circles are refused
                    one, two = (one, two) if value == 9 else (max(one, two), min(one, two))
                self._change(kind, ids[one], ids[two], value)
        except (pf.PixelFlowError, KeyError, ZeroDivisionError):
            pass  # no ports, a circle, types that do not fit, no result to pin, a node that is gone by now

    def _change(self, kind: str, one: str, two: str, value: int) -> None:
        flow, node = self.flow, self.flow.nodes[one]
        inputs = list(node.node_type.inputs) or [""]
        port = inputs[value % len(inputs)]
        match kind:
            case "set":
                is_list, is_seed = node.node_type.inputs[port].type.many, node.node_type.inputs[port].is_seed
                flow.set(one, **{port: [value] * 2 if is_list else "random" if is_seed and value % 2 else value})
            case "connect":
                source = flow.nodes[two]
                flow.connect(
                    source[list(source.node_type.outputs)[value % len(source.node_type.outputs)]], node.inputs[port]
                )
            case "disconnect":
                for edge in [edge for edge in edges(flow.document) if edge.target == one][:1]:
                    flow.disconnect(flow.nodes[edge.source][edge.output], node.inputs[edge.input])
            case "remove":
                flow.remove(one)
            case "mute":
                muted = None if flow.document["nodes"][one].get("muted") else True
                flow.apply([{"op": "set_node", "id": one, "fields": {"muted": muted}}])
            case "pin":
                self._pin(one)
            case "unpin":
                flow.unpin(one)
            case "group":
                self._group(one, two)
            case "ungroup":
                flow.unpack(one)
            case "repeat":
                flow.loop("repeat", one, times=value % 4 + 1)
            case "rename":
                flow.rename(one, f"Number {value}")

    def _group(self, one: str, two: str) -> None:
        """Make a subflow, but not of what a run from nothing cannot do again: pins, and seeds drawn inside."""
        entries = [self.flow.document["nodes"][node] for node in (one, two)]
        if not any("pinned" in entry or "random" in entry["values"].values() for entry in entries):
            self.flow.make_subflow({one, two}, "group")

    def _pin(self, node: str) -> None:
        run = self.flow.last_run
        given = list(run.partial_result().node(node).values()) if run is not None and node in run.results else []
        if len(given) == 1:  # a muted node may give nothing, and a loop gives several
            self.flow.pin(node)
            self.recalled[self.flow.document["nodes"][node]["pinned"]["key"]] = given[0]

    def runnable(self) -> list[str]:
        """Return the nodes that can be asked for."""
        return [
            node
            for node in self.flow.nodes
            if not any(problem.severity == "error" for problem in self.flow.problems([node]))
        ]


BEGINNING = ["add"] * 6 + ["connect"] * 8
"""What is done first, so that there is a flow."""
KINDS = {
    "add": 6,
    "set": 5,
    "connect": 7,
    "disconnect": 1,
    "remove": 1,
    "mute": 2,
    "pin": 3,
    "unpin": 1,
    "undo": 2,
    "redo": 1,
    "weather": 2,
    "rename": 1,
    "group": 2,
    "ungroup": 1,
    "repeat": 1,
    "run": 6,
    "run to": 2,
}
"""How often each edit is done, compared with the others."""


def outcome(run: Run, wanted: list[str]) -> dict[str, Any]:
    """Return what each node gave, or that it failed, or that it did not come to its turn."""
    result = run.partial_result()
    return {
        node: "failed" if node in run.errors else list(result.node(node).values()) if node in run.results else "not run"
        for node in wanted
    }


def from_nothing(edits: Edits, run: Run, wanted: list[str]) -> dict[str, Any]:
    """Return what nodes give where no result is kept: with the seeds of a run, and what was pinned written out."""
    document = run.partial_result().document
    entries = dict(document["nodes"])
    ports: dict[str, str] = {}
    for node, entry in entries.items():
        if edits.flow.is_pinned(node):
            value = edits.recalled[entry["pinned"]["key"]]
            node_type = (recalled if isinstance(value, list) else number).node_type  # type: ignore[attr-defined]
            (name,), (ports[node],) = node_type.inputs, node_type.outputs
            entries[node] = {"type": node_type.name, "type_version": 1, "values": {name: value}}
    joined = []
    for edge in document["edges"]:
        source, target = edge["from"].partition(".")[0], edge["to"].partition(".")[0]
        if target not in ports:
            joined.append({**edge, "from": f"{source}.{ports[source]}"} if source in ports else edge)
    plain = {**document, "nodes": entries, "edges": joined}
    again = start(plain, edits.flow.registry, MediaFiles(), targets=wanted, cache=MemoryCache(), backend="inline")
    assert again.wait(60)
    return outcome(again, wanted)
