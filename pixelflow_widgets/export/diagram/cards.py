"""What stands on the cards of a drawn flow; sizes are those of the editor's cards (js/src/nodes/card.ts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol

from ...flow import document as doc
from ...flow.document import Document
from ...flow.muting import is_muted, passed_by
from ...schema import NodeType, Registry
from ...schema.node_type import Port
from ...schema.port_types import PortType
from .words import fitted, printable, value_words, width_of, wrapped

CARD_WIDTH = 252
HEADER_HEIGHT = 44
ROW_HEIGHT = 26
LINE_HEIGHT = 17
PADDING = 10
INSET = 14
FONT_SIZE = 12.5
TITLE_SIZE = 13.5
SMALL_SIZE = 10.5
FRAME_WIDTH = CARD_WIDTH - 2 * PADDING
TABLE_HEIGHT = 132
BADGE_WIDTH = 50
PIN_WIDTH = 18
_BESIDE_TITLE = 45 + INSET
_HEIGHTS = {"audio": 56, "table": TABLE_HEIGHT}
_FRAMED = ("image", "mask", "video", "audio", "table")
_MEDIUM_OF_TYPE = {"int": "number", "float": "number", "choice": "text"}
_VALUE_LINES = 2
MOST_LINES = 5
_ERROR_LINES = 5
_NARROWEST_VALUE = 40

Side = Literal["input", "output"]


class Made(Protocol):
    """Is what a port gave, as far as cards tell of it: a preview."""

    @property
    def mime(self) -> str:
        """Return the media type of the data."""
        ...

    @property
    def data(self) -> bytes:
        """Return it encoded."""
        ...


class Row(NamedTuple):
    """Is one port of a card or one entry of a dock.

    Args:
        name: Of the port or entry.
        title: What stands beside its shape.
        side: Inputs of a node stand left, outputs right.
        medium: Decides colour and shape.
        many: It carries a list.
        connected: Something comes from there or goes there; other ports are drawn hollow.
        value: What stands beside the title.
        preset: The value is the type's own, nobody set it.
        lines: What stands below the title.
        y: The middle of the title's line, from the top of the box.
        most_lines: How many lines a long value may take below the title.
    """

    name: str
    title: str
    side: Side
    medium: str
    many: bool = False
    connected: bool = False
    value: str = ""
    preset: bool = False
    lines: tuple[str, ...] = ()
    y: float = 0
    most_lines: int = _VALUE_LINES

    @property
    def below(self) -> float:
        """Return the height of what stands below the title, with the room around it."""
        return len(self.lines) * LINE_HEIGHT + 12 if self.lines else 0


@dataclass(frozen=True)
class Frame:
    """Is where a card shows a picture or a sound."""

    medium: str
    y: float
    height: float
    made: Made | None


class Pass(NamedTuple):
    """Is what a muted node passes on as it comes; the heights of two ports, from the top of the card."""

    start: float
    end: float
    medium: str


@dataclass(frozen=True)
class Box:
    """Is the card of a node, or a dock of the flow's inputs or outputs.

    Args:
        key: Id of the node; "inputs" or "outputs".
        title: As it is drawn.
        rows: Its ports or entries.
        height: Of all of it.
        width: Of all of it.
        medium: Of the first output.
        subtitle: The type's title, where the node has one of its own.
        known: False for a node type that is not installed here.
        frame: Where its result is shown.
        error: What went wrong, in lines.
        muted: It does nothing.
        pinned: Its last result stands.
        holds_flow: It runs a flow of its own.
        passes: What it passes on while it is muted.
        x: Of its left edge.
        y: Of its upper edge.
    """

    key: str
    title: str
    rows: tuple[Row, ...]
    height: float
    width: float = CARD_WIDTH
    medium: str = "any"
    subtitle: str = ""
    known: bool = True
    frame: Frame | None = None
    error: tuple[str, ...] = ()
    muted: bool = False
    pinned: bool = False
    holds_flow: bool = False
    passes: tuple[Pass, ...] = ()
    x: float = 0
    y: float = 0

    @property
    def error_height(self) -> float:
        """Return the height of the sentence about what went wrong, with the room around it."""
        return len(self.error) * LINE_HEIGHT + 14 if self.error else 0


def words_of(name: str) -> str:
    """Return a name in words: "text_to_image" → "Text to image"."""
    words = printable(name.replace("_", " ").replace(".", " "))
    return words[:1].upper() + words[1:]


def medium_of(port_type: PortType) -> str:
    """Return what one value of a type is, as far as colours and shapes tell."""
    return _MEDIUM_OF_TYPE.get(port_type.name, port_type.name)


class Cards:
    """Makes the cards of a flow, not yet placed.

    Args:
        document: The flow.
        registry: Which node types there are.
        results: What each node gave last, by output port.
        errors: What went wrong, by node.
    """

    def __init__(
        self,
        document: Document,
        registry: Registry,
        results: Mapping[str, Mapping[str, Made]],
        errors: Mapping[str, str],
    ) -> None:
        self.nodes = doc.nodes(document)
        self.types = {key: registry.find(entry["type"]) for key, entry in self.nodes.items()}
        self._results, self._errors = results, errors
        self._into: dict[str, dict[str, None]] = {key: {} for key in self.nodes}
        self._out_of: dict[str, dict[str, None]] = {key: {} for key in self.nodes}
        for edge in doc.edges(document):
            self._into.get(edge.target, {})[edge.input] = None
            self._out_of.get(edge.source, {})[edge.output] = None
        for node, port in (port for entry in doc.inputs(document) for port in doc.feeds(entry)):
            self._into.get(node, {})[port] = None
        for entry in doc.outputs(document):
            if port := doc.split_port(entry["from"]):
                self._out_of.get(port[0], {})[port[1]] = None

    def card(self, key: str) -> Box:
        """Return the card of a node."""
        found, entry = self.types[key], self.nodes[key]
        rows, bottom = stacked(self.rows(key), HEADER_HEIGHT + 6, CARD_WIDTH)
        frame = self._frame(key, rows, bottom + 4)
        if frame:
            bottom = frame.y + frame.height + PADDING - 6
        error = printable(self._errors.get(key, ""))
        muted, pinned = is_muted(entry), isinstance(entry.get("pinned"), Mapping)
        title, subtitle = self.names(key)
        room = CARD_WIDTH - _BESIDE_TITLE - (BADGE_WIDTH if muted else 0) - (PIN_WIDTH if pinned else 0)
        box = Box(
            key,
            fitted(title, room, TITLE_SIZE, bold=True),
            tuple(rows),
            bottom + 6,
            medium=next((row.medium for row in (*_outputs(rows), *rows)), "any"),
            subtitle=fitted(subtitle, room, SMALL_SIZE),
            known=found is not None,
            frame=frame,
            error=tuple(wrapped(error, CARD_WIDTH - 2 * PADDING - 20, FONT_SIZE, _ERROR_LINES)) if error else (),
            muted=muted,
            pinned=pinned,
            holds_flow=doc.split_type(entry["type"]) is not None,
            passes=tuple(_passes(found, rows)) if muted and found else (),
        )
        return replace(box, height=box.height + (box.error_height + PADDING - 6 if error else 0))

    def names(self, key: str) -> tuple[str, str]:
        """Return the title of a node, and what stands below it: its type where the title is its own."""
        entry, found = self.nodes[key], self.types[key]
        of_type = printable(found.title) if found else words_of(entry["type"])
        title = printable(entry.get("title") or "") or of_type or key
        if found is None:
            return title, "not installed here"
        if title == of_type and found.body is not None:
            count = len(doc.nodes(dict(found.body.document)))
            return title, f"Subflow of {count} node{'' if count == 1 else 's'}"
        return title, "" if title == of_type else of_type

    def rows(self, key: str) -> list[Row]:
        """Return the ports of a node that are shown, not yet placed."""
        found = self.types[key]
        return self._rows_of(key, found) if found else self._guessed_rows(key)

    def _rows_of(self, key: str, found: NodeType) -> list[Row]:
        values = self.nodes[key].get("values", {})
        # As in the editor, what is under *Advanced* does not show before somebody uses it.
        shown = [
            port
            for port in found.inputs.values()
            if not port.advanced or port.name in values or port.name in self._into[key]
        ]
        inputs = [self._input_row(port, values, port.name in self._into[key]) for port in shown]
        return inputs + [self._output_row(key, port) for port in found.outputs.values()]

    def _input_row(self, port: Port, values: Mapping[str, Any], fed: bool) -> Row:
        lines = max(getattr(port.control, "lines", 1), _VALUE_LINES)  # as many as its field in the editor
        row = Row(port.name, port.title, "input", medium_of(port.type), port.type.many, fed, preset=True)
        row = row._replace(most_lines=lines)
        if fed:
            return row
        if port.name in values:
            return row._replace(value=value_words(values[port.name]), preset=False)
        if port.default is None and port.type.name in ("int", "float"):
            return row._replace(value="auto")  # left to the node: the guidance and size that suit the model
        is_plain = isinstance(port.default, str | int | float)
        return row._replace(value=value_words(port.default)) if is_plain else row

    def _output_row(self, key: str, port: Port) -> Row:
        is_read = port.name in self._out_of[key]
        row = Row(port.name, port.title, "output", medium_of(port.type), port.type.many, is_read)
        row = row._replace(most_lines=MOST_LINES)
        preview = self._results.get(key, {}).get(port.name)
        if preview is None or preview.mime != "text/plain" or row.medium in ("model", "latents"):
            return row
        return row._replace(value=printable(preview.data.decode(errors="replace")))

    def _guessed_rows(self, key: str) -> list[Row]:
        """Return the ports of an unknown type that edges, values and the flow's signature tell of."""
        values = self.nodes[key].get("values", {})
        rows = []
        for name in dict.fromkeys([*self._into[key], *values]):
            fed = name in self._into[key]
            value = "" if fed else value_words(values.get(name))
            rows.append(Row(name, words_of(name), "input", "any", connected=fed, value=value))
        return rows + [Row(name, words_of(name), "output", "any", connected=True) for name in self._out_of[key]]

    def _frame(self, key: str, rows: Iterable[Row], top: float) -> Frame | None:
        made = self._results.get(key, {})
        framed = (
            (row.medium if row.medium != "any" else _medium_made(made.get(row.name)), row) for row in _outputs(rows)
        )
        medium, shown = next(((medium, row) for medium, row in framed if medium in _FRAMED), ("", None))
        if shown is None:
            return None
        height = _HEIGHTS.get(medium, FRAME_WIDTH)
        return Frame(medium, top, height, made.get(shown.name))


def _passes(found: NodeType, rows: Iterable[Row]) -> Iterable[Pass]:
    """Yield what a muted node passes on, from those of its ports that are shown."""
    places = {(row.side, row.name): row for row in rows}
    for output, taken in passed_by(found).items():
        start, end = places.get(("input", taken)), places.get(("output", output))
        if start and end:
            yield Pass(start.y, end.y, end.medium)


def _medium_made(preview: Made | None) -> str:
    """Return what came out of a port that may give anything, as far as its frame tells."""
    if preview is None:
        return ""
    return "table" if preview.mime == "text/html" else preview.mime.partition("/")[0]


def _outputs(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.side == "output"]


def stacked(loose: Iterable[Row], top: float, width: float) -> tuple[list[Row], float]:
    """Place rows one under the other, cut or wrap their words, and return them with where the last one ends."""
    rows, y = [], top
    for row in loose:
        title = fitted(printable(row.title), width - 2 * INSET, FONT_SIZE)
        room = width - 2 * INSET - 10 - width_of(title, FONT_SIZE)
        value, lines = row.value, ()
        if value and (room < _NARROWEST_VALUE or width_of(value, FONT_SIZE, bold=True) > room):
            value, lines = "", tuple(wrapped(value, width - 44, FONT_SIZE, row.most_lines))
        placed = row._replace(title=title, value=value, lines=lines, y=y + ROW_HEIGHT / 2)
        rows.append(placed)
        y += ROW_HEIGHT + placed.below
    return rows, y
