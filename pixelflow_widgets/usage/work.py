"""How much work a flow has to do with its inputs, before anything runs.

Work is counted in pixel steps: width x height x frames x steps of each node, times the items that it is mapped over;
of a node by itself also in tokens and in seconds of sound. It is an estimate: for refusing what is out of proportion,
and for scaling what a node took before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import MediaError
from ..flow import document as doc
from ..flow.complaints import StaticValues
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.media_files import KEY, MediaFiles, from_json
from ..flow.recent import Recent
from ..flow.subflows import with_subflows
from ..media import Image, Model, Video
from ..media.axes import count_cells, read_axes
from ..models.cards import card_of
from ..schema import NodeType, Port, Registry
from ..schema.port_types import read_port_type

USUAL_EDGE = 512
"""Of a picture of which nothing is known."""
_SIZED = ("image", "mask", "video", "any")
_READ = ("image", "mask")
"""Media that are read for their size."""
_LASTING = ("max_tokens", "seconds")
_NUMBERS = ("width", "height", "frames", "steps", "factor", "max_tokens", "seconds")


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


def work_of_nodes(
    document: Document,
    registry: Registry,
    values: Mapping[str, Any],
    files: MediaFiles,
    known: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, NodeWork]:
    """Return how much each node of a flow has to do, by its id; bodies are told with the node that runs them.

    Args:
        document: The flow.
        registry: Which node types there are.
        values: Of its inputs, by name.
        files: Its media.
        known: What is known of the inputs of nodes besides what stands in the flow, by node and port.
    """
    given = {**_defaults(document, files), **values}
    estimate = _Estimate(document, registry, given, files, size_of_value, known or {})
    estimate.work()
    return estimate.nodes


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
class NodeWork:
    """Is what is worked out of one node.

    Args:
        size: How large what it gives is.
        items: How many items it is mapped over.
        values: Of its inputs, as far as they are known.
        steps: Of painting or of anything else that is done by steps; tokens at most of what writes, seconds of a sound.
        inside: What its body runs, as (type, work, how many times); empty where it has none.
    """

    size: Size = NOTHING
    items: float = 1
    values: dict[str, Any] = field(default_factory=dict)
    steps: float = 1
    inside: list[tuple[NodeType, NodeWork, float]] = field(default_factory=list)

    @property
    def amount(self) -> float:
        """Return how much it is, in units that only nodes of one type and model compare."""
        if self.inside:
            return sum(one.amount * times for _, one, times in self.inside) * self.items
        return max(1.0, self.size.area) * self.steps * self.items


_prepared = Recent()
"""What hangs on a flow alone and not on a request."""


def _prepare(
    document: Document, types: Registry, files: MediaFiles, reader: type[StaticValues] = StaticValues
) -> tuple[Graph, dict[str, dict[str, Any]]]:
    """Return (the graph of a flow, the values that are known in it by node)."""
    graph = Graph.of(document)
    static = reader(document, types, files, graph)
    return graph, {key: static.inputs(key) for key in graph.nodes}


class _WithoutFilms(StaticValues):
    """Reads no film, sound or table that stands in a flow: a flow that is edited is reckoned again and again."""

    def _input(self, node: str, port: Port) -> Any:
        if port.type.name not in _READ and self._has_medium(node, port.name):
            raise LookupError
        return super()._input(node, port)

    def _has_medium(self, node: str, port: str) -> bool:
        stored = self._entries[node].get("values", {}).get(port)
        items = stored if isinstance(stored, list) else [stored]
        return any(isinstance(item, Mapping) and KEY in item for item in items)


class _Estimate:
    """Goes through a flow once, from its inputs on.

    Args:
        document: The flow, or a subflow.
        registry: Which node types there are.
        values: Of its inputs, defaults among them; a `Size` stands for a picture of which no more is known.
        files: Its media.
        size_of: As for `work_of`.
        known: As for `work_of_nodes`; with it, nothing is kept of the flow, which is edited and does not come again.
    """

    def __init__(
        self,
        document: Document,
        registry: Registry,
        values: Mapping[str, Any],
        files: MediaFiles,
        size_of: SizeOf,
        known: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._document, self._registry, self._files, self._size_of = document, registry, files, size_of
        self._types = with_subflows(registry, document)
        self._is_kept = known is None
        if self._is_kept:
            held = (document, self._types, files)
            key = id(document), id(self._types), id(files)
            self._graph, self._known = _prepared.get(key, lambda: _prepare(*held), *held)
        else:
            self._graph, self._known = _prepare(document, self._types, files, _WithoutFilms)
        self._fed = {node: dict(given) for node, given in (known or {}).items()}
        for entry in doc.inputs(document):
            for node, port in doc.feeds(entry):
                if entry["name"] in values:
                    self._fed.setdefault(node, {})[port] = values[entry["name"]]
        self.nodes: dict[str, NodeWork] = {}

    def work(self) -> Work:
        total = Work()
        for key in self._graph.order()[0]:
            node_type = self._types.find(self._document["nodes"][key]["type"])
            self.nodes[key] = one = NodeWork()
            if node_type is None:
                continue
            one.values = self._values(key, node_type)
            one.items = self._items(key, node_type, one.values)
            if node_type.body is not None:
                inside, one.size, one.inside = self._inside(key, node_type, one.values)
                total += inside * one.items
                continue
            one.size = self._size(key, node_type, one.values)
            steps = max(1, _number(one.values.get("steps")) or 1)
            one.steps = steps * _length(one.values)
            total += Work(one.size.area * steps * one.items, one.size.pixels)
        return total

    def _values(self, key: str, node_type: NodeType) -> dict[str, Any]:
        """Return the values of a node's inputs that are known, with what suits its model where they are left empty."""
        values = {**self._known.get(key, {}), **self._fed.get(key, {})}
        for edge in self._graph.incoming[key]:
            source = self.nodes.get(edge.source, NodeWork())
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
            self.nodes[edge.source].items
            for edge in self._graph.incoming[key]
            if edge.source in self.nodes and edge.input in ports and not ports[edge.input].type.many
        ]
        return max([1, *counts])

    def _media(self, key: str, node_type: NodeType, values: Mapping[str, Any]) -> Iterator[Size]:
        """Yield how large the pictures and films are that come into a node."""
        for edge in self._graph.incoming[key]:
            if edge.source in self.nodes:
                yield self.nodes[edge.source].size
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

    def _inside(
        self, key: str, node_type: NodeType, values: Mapping[str, Any]
    ) -> tuple[Work, Size, list[tuple[NodeType, NodeWork, float]]]:
        """Return (how much a body asks for in all its turns, how large its largest picture is, what it runs)."""
        assert node_type.body is not None
        inner: Any = node_type.body.document
        media = [size for size in self._media(key, node_type, {}) if size.pixels]
        given = {**_defaults(inner, self._files), **{name: each for name, each in values.items() if each is not None}}
        for edge in self._graph.incoming[key]:
            if edge.input not in given and media:
                given[edge.input] = max(media)
        estimate = _Estimate(inner, self._types, given, self._files, self._size_of, None if self._is_kept else {})
        once, turns = estimate.work(), _turns(node_type, values)
        return once * turns, Size(once.largest), list(estimate.leaves(turns))

    def leaves(self, turns: float) -> Iterator[tuple[NodeType, NodeWork, float]]:
        """Yield the nodes that run functions, those in bodies in place of the nodes that run these, with turns."""
        for key, one in self.nodes.items():
            if one.inside:
                yield from ((inner, work, times * turns * one.items) for inner, work, times in one.inside)
            elif (node_type := self._types.find(self._document["nodes"][key]["type"])) is not None:
                yield node_type, one, turns


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


def _length(values: Mapping[str, Any]) -> float:
    """Return how long what is written or sounds will be at most, in tokens or seconds; 1 where that is not asked."""
    return math.prod(max(0.001, number) for name in _LASTING if (number := _number(values.get(name))))


def _number(value: Any) -> float | None:
    if isinstance(value, list):
        return max((number for item in value if (number := _number(item)) is not None), default=None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
