"""How much work the inputs of a request ask for, before anything runs, and how much one may ask for.

Work is counted in pixel steps: width x height x frames x steps of each node, times the items that it is mapped over.
It is an estimate for refusing what is out of all proportion; a run's deadline ends what it does not foresee.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, MutableSequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...errors import MediaError, ValuesRefused
from ...flow import document as doc
from ...flow.complaints import StaticValues
from ...flow.document import Document
from ...flow.graph import Graph
from ...flow.media_files import MediaFiles, from_json
from ...flow.problems import Problem
from ...flow.recent import Recent
from ...flow.signature import Signature
from ...flow.subflows import with_subflows
from ...media import Image, Model, Video
from ...media.axes import count_cells, read_axes
from ...models.cards import card_of
from ...schema import NodeType, Registry
from ...schema.port_types import read_port_type

Caps = dict[str, float]
"""How much one request may ask for: "work" in pixel steps, "pixels" of one picture, "seconds" of a run."""
WORK = 400e6
"""Pixel steps that every flow may ask for; four times what it asks for by itself where that is more."""
PIXELS = 16_777_216
SECONDS = 600
USUAL_EDGE = 512
"""Of a picture of which nothing is known."""
_SIZED = ("image", "mask", "video", "any")
_NUMBERS = ("width", "height", "frames", "steps", "factor")


class Size(NamedTuple):
    """Is how large a picture or a film is."""

    pixels: float = 0
    frames: float = 1

    @property
    def area(self) -> float:
        """Return how many pixels there are in all frames."""
        return self.pixels * self.frames


NOTHING = Size()
SizeOf = Callable[[Any], Size | None]
"""Tells how large a medium is that a caller gave: the value itself, or what stands for it."""


def size_of_value(value: Any) -> Size | None:
    """Return how large a picture or a film is, or None for anything else."""
    if isinstance(value, Image):
        return Size(value.width * value.height)
    if isinstance(value, Video):
        frames, height, width, _ = value.frames.shape
        return Size(width * height, frames)
    return None


@dataclass(frozen=True)
class Work:
    """Is how much a request asks for.

    Args:
        steps: Pixel steps, of all nodes.
        largest: Pixels of the largest picture.
    """

    steps: float = 0
    largest: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.steps + other.steps, max(self.largest, other.largest))

    def __mul__(self, times: float) -> Work:
        return Work(self.steps * times, self.largest)


def work_of(
    document: Document,
    registry: Registry,
    values: Mapping[str, Any],
    *,
    files: MediaFiles | None = None,
    size_of: SizeOf = size_of_value,
) -> Work:
    """Return how much work a flow has with these inputs; those that are left out take their defaults.

    Args:
        document: The flow.
        registry: Which node types there are.
        values: Of its inputs, by name.
        files: Its media.
        size_of: Tells how large a medium among the values is.
    """
    given = {**_defaults(document, files or MediaFiles()), **values}
    return _Estimate(document, registry, given, files or MediaFiles(), size_of).work()


def check_caps(caps: Mapping[str, float], signature: Signature, work: Work) -> None:
    """Raise where a request asks for more than one may.

    Args:
        caps: Of the endpoint.
        signature: Of the flow.
        work: What it asks for.

    Raises:
        ValuesRefused: Says how much it is, and by which inputs it can become less.
    """
    costly = [entry.name for entry in signature.inputs if entry.affects_cost]
    less = f" Ask for less: {', '.join(costly)}." if costly else ""
    if work.largest > caps["pixels"]:
        told = f"This asks for a picture of {work.largest:,.0f} pixels; at most {caps['pixels']:,.0f} are made here."
        raise ValuesRefused([{"at": "", "message": told + less}])
    if work.steps > caps["work"]:
        told = f"This asks for {work.steps:,.0f} pixel steps; at most {caps['work']:,.0f} are done for one request."
        raise ValuesRefused([{"at": "", "message": told + less}])


def caps_of(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    given: Mapping[str, float] | None,
    problems: MutableSequence[Problem],
) -> Caps:
    """Return how much one request may ask for.

    Args:
        document: The flow, frozen.
        registry: Which node types there are.
        files: Its media.
        given: What its publisher says; the rest is made from what the flow asks for by itself.
        problems: Gets what is wrong with that.
    """
    own = work_of(document, registry, {}, files=files)
    caps: Caps = {"work": max(WORK, 4 * own.steps), "pixels": max(PIXELS, own.largest), "seconds": SECONDS}
    for name, value in (given or {}).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in caps or not is_number or not 0 < value < math.inf:
            sentence = f"{str(name)[:40]} = {str(value)[:40]} is no cap."
            remedy = "There are work (pixel steps), pixels (of one picture) and seconds (of a run), each above 0."
            problems.append(Problem("caps", sentence, remedy))
        else:
            caps[name] = value
    return caps


def _defaults(document: Document, files: MediaFiles) -> dict[str, Any]:
    found = {}
    for entry in doc.inputs(document):
        try:
            port_type = read_port_type(entry["type"])
            if entry.get("default") is not None:
                found[entry["name"]] = port_type.check(from_json(port_type, entry["default"], files))
        except MediaError:
            continue  # `find_problems` says so
    return found


@dataclass
class _Node:
    """Is what is worked out of one node: how large what it gives is, and how many items it is mapped over."""

    size: Size = NOTHING
    items: float = 1
    values: dict[str, Any] = field(default_factory=dict)


_prepared = Recent()
"""What hangs on a flow alone and not on a request."""


def _prepare(document: Document, types: Registry, files: MediaFiles) -> tuple[Graph, dict[str, dict[str, Any]]]:
    """Return (the graph of a flow, the values that are known in it by node)."""
    graph = Graph.of(document)
    static = StaticValues(document, types, files, graph)
    return graph, {key: static.inputs(key) for key in graph.nodes}


class _Estimate:
    """Goes through a flow once, from its inputs on.

    Args:
        document: The flow, or a subflow.
        registry: Which node types there are.
        values: Of its inputs, defaults among them; a `Size` stands for a picture of which no more is known.
        files: Its media.
        size_of: As for `work_of`.
    """

    def __init__(
        self, document: Document, registry: Registry, values: Mapping[str, Any], files: MediaFiles, size_of: SizeOf
    ) -> None:
        self._document, self._registry, self._files, self._size_of = document, registry, files, size_of
        self._types = with_subflows(registry, document)
        key = id(document), id(self._types), id(files)
        self._graph, self._known = _prepared.get(
            key, lambda: _prepare(document, self._types, files), document, self._types, files
        )
        self._fed: dict[str, dict[str, Any]] = {}
        for entry in doc.inputs(document):
            for node, port in doc.feeds(entry):
                if entry["name"] in values:
                    self._fed.setdefault(node, {})[port] = values[entry["name"]]
        self._nodes: dict[str, _Node] = {}

    def work(self) -> Work:
        total = Work()
        for key in self._graph.order()[0]:
            node_type = self._types.find(self._document["nodes"][key]["type"])
            self._nodes[key] = one = _Node()
            if node_type is None:
                continue
            one.values = self._values(key, node_type)
            one.items = self._items(key, node_type, one.values)
            if node_type.body is not None:
                inside, one.size = self._inside(key, node_type, one.values)
                total += inside * one.items
                continue
            one.size = self._size(key, node_type, one.values)
            steps = max(1, _number(one.values.get("steps")) or 1)
            total += Work(one.size.area * steps * one.items, one.size.pixels)
        return total

    def _values(self, key: str, node_type: NodeType) -> dict[str, Any]:
        """Return the values of a node's inputs that are known, with what suits its model where they are left empty."""
        values = {**self._known.get(key, {}), **self._fed.get(key, {})}
        for edge in self._graph.incoming[key]:
            source = self._nodes.get(edge.source, _Node())
            if edge.input not in values and "value" in source.values:  # `number` and `seed` hand on what they hold
                values[edge.input] = source.values["value"]
        model = values.get("model")
        card = card_of(model) if isinstance(model, Model) else None
        for name in _NUMBERS:
            if name in node_type.inputs and values.get(name) is None:
                usual = card.defaults.get(name) if card is not None else None
                values[name] = usual if usual is not None else values.get(name)
        return {name: value for name, value in values.items() if name in node_type.inputs}

    def _items(self, key: str, node_type: NodeType, values: Mapping[str, Any]) -> float:
        """Return how many times a node runs because a list comes to a port of one value."""
        ports = node_type.inputs
        counts = [len(value) for name, value in values.items() if isinstance(value, list) and not ports[name].type.many]
        counts += [
            self._nodes[edge.source].items
            for edge in self._graph.incoming[key]
            if edge.source in self._nodes and edge.input in ports and not ports[edge.input].type.many
        ]
        return max([1, *counts])

    def _media(self, key: str, node_type: NodeType, values: Mapping[str, Any]) -> Iterator[Size]:
        """Yield how large the pictures and films are that come into a node."""
        for edge in self._graph.incoming[key]:
            if edge.source in self._nodes:
                yield self._nodes[edge.source].size
        for name, value in values.items():
            if node_type.inputs[name].type.name not in _SIZED:
                continue
            for item in value if isinstance(value, list) else [value]:
                size = item if isinstance(item, Size) else self._size_of(item)
                if size is not None:
                    yield size

    def _size(self, key: str, node_type: NodeType, values: Mapping[str, Any]) -> Size:
        given = list(self._media(key, node_type, values))
        pixels = max((size.pixels for size in given), default=0.0)
        frames = max((size.frames for size in given), default=1.0)
        if "width" in node_type.inputs and "height" in node_type.inputs:
            width, height = (_number(values.get(edge)) for edge in ("width", "height"))
            usual = math.sqrt(pixels) or USUAL_EDGE
            pixels = (width or usual) * (height or usual)
        if (factor := _number(values.get("factor"))) is not None:
            pixels *= max(1, factor) ** 2
        if (told := _number(values.get("frames"))) is not None:
            frames = max(1, told)
        return Size(pixels, frames)

    def _inside(self, key: str, node_type: NodeType, values: Mapping[str, Any]) -> tuple[Work, Size]:
        """Return (how much a body asks for in all its turns, how large its largest picture is)."""
        assert node_type.body is not None
        inner: Any = node_type.body.document
        media = [size for size in self._media(key, node_type, {}) if size.pixels]
        given = {**_defaults(inner, self._files), **{name: each for name, each in values.items() if each is not None}}
        for edge in self._graph.incoming[key]:
            if edge.input not in given and media:
                given[edge.input] = max(media)
        once = _Estimate(inner, self._types, given, self._files, self._size_of).work()
        return once * _turns(node_type, values), Size(once.largest)


def _turns(node_type: NodeType, values: Mapping[str, Any]) -> float:
    """Return how many times the body of a node runs."""
    assert node_type.body is not None
    steer = values.get(node_type.body.steered_by)
    match node_type.body.kind:
        case "repeat" | "while_":
            return max(1, _number(steer) or 1)
        case "for_each":
            return len(steer) if steer is not None else 1
        case "grid":
            try:
                return count_cells(read_axes(str(steer or ""), node_type.inputs))
            except MediaError:
                return 1
    return 1


def _number(value: Any) -> float | None:
    if isinstance(value, list):
        return max((number for item in value if (number := _number(item)) is not None), default=None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
