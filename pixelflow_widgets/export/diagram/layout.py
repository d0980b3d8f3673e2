"""Where everything stands in the drawing of a flow: cards at their places, the docks beside them, curves between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...errors import MediaError
from ...flow import document as doc
from ...flow.document import Document
from ...flow.graph import Graph
from ...schema import Registry
from ...schema.port_types import read_port_type
from .cards import CARD_WIDTH, HEADER_HEIGHT, MOST_LINES, Box, Cards, Made, Row, Side, medium_of, stacked, words_of
from .routes import Curve, Point, round_cards
from .words import printable, value_words

_DOCK_WIDTH = 196
_DOCK_HEADER = HEADER_HEIGHT - 10
_GAP = 84


@dataclass(frozen=True)
class Scene:
    """Is everything that is drawn, with its place; the upper left corner is (0, 0)."""

    cards: list[Box] = field(default_factory=list)
    docks: list[Box] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    width: float = 0
    height: float = 0


def by_id(document: Document) -> Document:
    """Return a document with its nodes in the order of their ids, in which a saved flow has them too."""
    return {**document, "nodes": dict(sorted(doc.nodes(document).items()))}


def lay_out(
    document: Document,
    registry: Registry,
    results: Mapping[str, Mapping[str, Made]] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Scene:
    """Return the places of all cards, docks and curves of a flow.

    Args:
        document: The flow.
        registry: Which node types there are.
        results: What each node gave last, by output port.
        errors: What went wrong, by node.
    """
    made = Cards(document, registry, results or {}, errors or {})
    cards = _placed([made.card(key) for key in made.nodes], document)
    docks = _docks(cards, document)
    boxes = [*cards, *docks]
    if not boxes:
        return Scene()
    curves = list(_curves(cards, docks, document))
    lanes = [curve.lane[0][1] for curve in curves if curve.lane]
    left, top = min(box.x for box in boxes), min([*(box.y for box in boxes), *lanes])
    cards = [replace(box, x=box.x - left, y=box.y - top) for box in cards]
    docks = [replace(box, x=box.x - left, y=box.y - top) for box in docks]
    width = max(box.x + box.width for box in (*cards, *docks))
    curves = [curve.moved(-left, -top) for curve in curves]
    height = max([*(box.y + box.height for box in (*cards, *docks)), *(lane - top for lane in lanes)])
    return Scene(cards, docks, curves, width, height)


def _placed(cards: list[Box], document: Document) -> list[Box]:
    """Nodes stand where the document says; if it does not, in columns by their distance from the start."""
    places = {card.key: doc.position(document, card.key) for card in cards}
    if all(places.values()):
        return [replace(card, x=place[0], y=place[1]) for card in cards if (place := places[card.key])]
    depths = depths_of(Graph.of(document))
    filled: dict[int, float] = {}
    placed = []
    for card in cards:
        column = depths.get(card.key, 0)
        placed.append(replace(card, x=column * (CARD_WIDTH + _GAP), y=filled.get(column, 0)))
        filled[column] = placed[-1].y + card.height + _GAP / 2
    return placed


def depths_of(graph: Graph) -> dict[str, int]:
    """Return how many edges lie at most between each node and the start; nodes of a circle stand at the start."""
    depths: dict[str, int] = {}
    for node in graph.order()[0]:
        depths[node] = max((depths[edge.source] + 1 for edge in graph.incoming[node]), default=0)
    return depths


# Docks


def _docks(cards: list[Box], document: Document) -> list[Box]:
    """The docks stand left and right of all cards."""
    left = min((card.x for card in cards), default=0)
    right = max((card.x + card.width for card in cards), default=0)
    feeds = {entry["name"]: [f"{node}.{port}" for node, port in doc.feeds(entry)] for entry in doc.inputs(document)}
    sources = {entry["name"]: [entry["from"]] for entry in doc.outputs(document)}
    inputs = _dock("inputs", input_rows(document), left - _GAP - _DOCK_WIDTH)
    outputs = _dock("outputs", _output_rows(document, cards), right + _GAP)
    docks = [(inputs, feeds, "input"), (outputs, sources, "output")]
    return [replace(dock, y=_level(dock, cards, others, side)) for dock, others, side in docks if dock.rows]


def _dock(key: str, loose: Iterable[Row], x: float) -> Box:
    rows, bottom = stacked(loose, _DOCK_HEADER, _DOCK_WIDTH)
    return Box(key, words_of(key), tuple(rows), bottom + 10, _DOCK_WIDTH, x=x)


def entry_title(entry: Mapping[str, object]) -> str:
    """Return what an input or output of the flow is called."""
    title = entry.get("title")
    return printable(title) if isinstance(title, str) and title else words_of(str(entry["name"]))


def input_rows(document: Document) -> Iterator[Row]:
    """Yield the entries of the inputs' dock, not yet placed."""
    for entry in doc.inputs(document):
        try:
            port_type = read_port_type(entry["type"])
            medium, many = medium_of(port_type), port_type.many
        except MediaError:  # a type of a later version
            medium, many = "any", False
        default = entry.get("default")
        value = "" if default is None else value_words(default)
        is_read = any(doc.feeds(entry))
        yield Row(entry["name"], entry_title(entry), "output", medium, many, is_read, value, most_lines=MOST_LINES)


def _output_rows(document: Document, cards: list[Box]) -> Iterator[Row]:
    ports = {f"{card.key}.{row.name}": row for card in cards for row in card.rows if row.side == "output"}
    for entry in doc.outputs(document):
        port = ports.get(entry["from"])
        medium, many = (port.medium, port.many) if port else ("any", False)
        yield Row(entry["name"], entry_title(entry), "input", medium, many, connected=True)


def _level(dock: Box, cards: list[Box], others: Mapping[str, list[str]], side: Side) -> float:
    """As level as can be with the ports at the other end of a dock's curves, and never above or below all cards."""
    if not cards:
        return 0
    ends = {f"{card.key}.{row.name}": card.y + row.y for card in cards for row in card.rows if row.side == side}
    offsets = [ends[port] - row.y for row in dock.rows for port in others.get(row.name, ()) if port in ends]
    level = sum(offsets) / max(len(offsets), 1)
    top, bottom = min(card.y for card in cards), max(card.y + card.height for card in cards)
    return max(top, min(level, bottom - dock.height))


# Curves


def _curves(cards: list[Box], docks: list[Box], document: Document) -> Iterator[Curve]:
    """Yield a curve for each edge, feed and output whose two ends are drawn."""
    anchors: dict[tuple[str, Side, str], tuple[Point, str]] = {}
    for box, scope in [*((card, card.key) for card in cards), *((dock, "") for dock in docks)]:
        for row in box.rows:
            x = box.x + (box.width if row.side == "output" else 0)
            anchors[scope, row.side, row.name] = (x, box.y + row.y), row.medium
    pairs = [((edge.source, edge.output), (edge.target, edge.input)) for edge in doc.edges(document)]
    docked = [(("", entry["name"]), port) for entry in doc.inputs(document) for port in doc.feeds(entry)]
    outputs = doc.outputs(document)
    docked += [(port, ("", entry["name"])) for entry in outputs if (port := doc.split_port(entry["from"]))]

    def drawn(pairs: Iterable[tuple[tuple[str, str], tuple[str, str]]]) -> Iterator[Curve]:
        for (source, output), (target, taken) in pairs:
            start, end = anchors.get((source, "output", output)), anchors.get((target, "input", taken))
            if start and end:
                yield Curve(start[0], end[0], start[1], end[1])

    yield from drawn(pairs)
    yield from round_cards(drawn(docked), cards)
