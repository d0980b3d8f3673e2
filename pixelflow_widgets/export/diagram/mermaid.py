"""A flow as a Mermaid flowchart, which GitHub, GitLab and JupyterLab draw where Markdown holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...flow import document as doc
from ...flow.document import Document
from ...flow.graph import Graph
from ...flow.muting import is_muted
from ...flow.subflows import with_subflows
from ...schema import NodeType, Registry
from .cards import Cards, Row, Side, words_of
from .layout import by_id, depths_of, entry_title, input_rows
from .shapes import colour_of
from .sheet import name_of
from .words import ELLIPSIS, printable

_LONGEST = 80
# A quote would end a label. The others would be read as HTML, Markdown, a formula, a line break, a directive or the
# name of an icon; a colon after the word "style", with an entity behind it, as a style.
_MEANINGFUL = re.compile(r"""["#&<>`\\]|:(?! )|%(?=[%{])|\$(?=\$)""")
_NAMED = {'"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;"}
# By what a node is; the ids of nodes never meet the words of the language, because each begins with one of ours.
_SHAPES = {
    "plain": '["{}"]',
    "model": '[("{}")]',
    "choice": '{{"{}"}}',
    "subflow": '[["{}"]]',
    "note": '>"{}"]',
    "unknown": '{{{{"{}"}}}}',
    "entry": '(["{}"])',
}
_QUIET = "stroke-dasharray:5 4"
_SIDES: tuple[Side, ...] = ("input", "output")
_INPUT, _NODE, _OUTPUT = "input", "node", "output"


class _Drawn(NamedTuple):
    """Is a node of the chart, or an entry of the flow's signature."""

    id: str
    shape: str
    words: str
    look: str


def mermaid_of(document: Document, registry: Registry) -> str:
    """Return a flow as a Mermaid flowchart.

    A node's shape tells what it is: a model is a cylinder, a choice a rhombus, a subflow has double walls, a type that
    is not installed is a hexagon; inputs and outputs of the flow are round. Its border has the colour of what it gives.

    Args:
        document: The flow.
        registry: Which node types there are.
    """
    document = by_id(document)
    types = with_subflows(registry, document)
    cards = Cards(document, types, {}, {})
    rows = {key: {(row.side, row.name): row for row in cards.rows(key)} for key in cards.nodes}
    drawn = list(_drawn(document, cards, rows))
    lines = [f"  {one.id}{_SHAPES[one.shape].format(_escaped(one.words))}:::{one.look}" for one in drawn]
    if not drawn:
        lines = [f"  empty{_SHAPES['entry'].format('This flow has no nodes yet.')}"]
    lines += _Edges(document, rows, types).lines()
    looks = sorted({one.look for one in drawn})
    lines += [f"  classDef {look} {_style(look)}" for look in looks]
    return "\n".join([f"%% {_remark(name_of(document))}", "flowchart LR", *lines]) + "\n"


def _drawn(document: Document, cards: Cards, rows: Mapping[str, Mapping[Any, Row]]) -> Iterator[_Drawn]:
    """Yield inputs, then nodes from the start of the flow to its end, then outputs."""
    for row in input_rows(document):
        yield _Drawn(f"{_INPUT}_{row.name}", "entry", row.title, row.medium)
    depths = depths_of(Graph.of(document))
    for key in sorted(cards.nodes, key=lambda key: (depths.get(key, 0), key)):
        title, subtitle = cards.names(key)
        entry, found = cards.nodes[key], cards.types[key]
        if entry["type"] == "note":
            title = printable(entry.get("values", {}).get("text") or title)
        gives = [row.medium for (side, _), row in rows[key].items() if side == "output"]
        look = "quiet" if found is None or is_muted(entry) else (gives or ["any"])[0]
        about = ", ".join(word for word in (subtitle, "muted" if is_muted(entry) else "") if word)
        words = f"{_cut(title)} ({about})" if about else _cut(title)
        yield _Drawn(f"{_NODE}_{key}", _shape_of(entry["type"], found, gives), words, look)
    for entry in doc.outputs(document):
        node, port = doc.split_port(entry["from"]) or ("", "")
        row = rows.get(node, {}).get(("output", port))
        yield _Drawn(f"{_OUTPUT}_{entry['name']}", "entry", entry_title(entry), row.medium if row else "any")


def _shape_of(name: str, found: NodeType | None, gives: list[str]) -> str:
    if found is None:
        return "unknown"
    if found.body is not None:
        return "subflow"
    if found.ask or any(port.lazy for port in found.inputs.values()):
        return "choice"
    if name == "note":
        return "note"
    return "model" if gives[:1] == ["model"] else "plain"


class _Edges:
    """Writes the edges of a flow; a label stands where a port's name tells what the media at its ends do not.

    Args:
        document: The flow.
        rows: The ports of each node.
        types: Which node types there are.
    """

    def __init__(self, document: Document, rows: Mapping[str, Mapping[Any, Row]], types: Registry) -> None:
        self._document, self._rows = document, rows
        found = {key: types.find(entry["type"]) for key, entry in doc.nodes(document).items()}
        self._several = {(key, side): _count(found[key], rows[key], side) > 1 for key in found for side in _SIDES}

    def lines(self) -> Iterator[str]:
        """Yield an edge a line: between nodes, from inputs, to outputs."""
        for edge in doc.edges(self._document):
            if edge.source in self._rows and edge.target in self._rows:
                words = self._label(edge.source, edge.output, edge.target, edge.input)
                yield _edge(f"{_NODE}_{edge.source}", f"{_NODE}_{edge.target}", words)
        for entry in doc.inputs(self._document):
            for node, port in doc.feeds(entry):
                if node in self._rows:
                    words = self._taken(node, port, entry["name"], entry_title(entry))
                    yield _edge(f"{_INPUT}_{entry['name']}", f"{_NODE}_{node}", words)
        for entry in doc.outputs(self._document):
            node, port = doc.split_port(entry["from"]) or ("", "")
            if node in self._rows:
                words = self._given(node, port, entry["name"], entry_title(entry))
                yield _edge(f"{_NODE}_{node}", f"{_OUTPUT}_{entry['name']}", words)

    def _label(self, source: str, output: str, target: str, taken: str) -> str:
        given = self._given(source, output, taken, "")
        row = self._rows[source].get(("output", output))
        medium = row.medium if row else ""
        wanted = "" if taken in (medium, f"{medium}s") else self._taken(target, taken, output, "")
        return f"{given} → {wanted}" if given and wanted and given != wanted else given or wanted

    def _given(self, node: str, port: str, *said: str) -> str:
        """Return the title of an output; "" where there is no other one, or the other end says the same."""
        return self._title(node, "output", port, said) if self._several[node, "output"] else ""

    def _taken(self, node: str, port: str, *said: str) -> str:
        return self._title(node, "input", port, said) if self._several[node, "input"] else ""

    def _title(self, node: str, side: str, port: str, said: tuple[str, ...]) -> str:
        row = self._rows[node].get((side, port))
        title = printable(row.title) if row else words_of(port)
        return "" if port in said or title in said else title


def _count(found: NodeType | None, rows: Mapping[Any, Row], side: Side) -> int:
    """Return how many ports a node has on a side; of a type that is not installed, those that edges tell of."""
    if found is None:
        return sum(row.side == side for row in rows.values())
    return len(found.inputs if side == "input" else found.outputs)


def _edge(source: str, target: str, words: str) -> str:
    return f'  {source} -->|"{_escaped(words)}"| {target}' if words else f"  {source} --> {target}"


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + ELLIPSIS


def _escaped(words: str) -> str:
    """Return words as they stand in a quoted label, where nothing in them means anything."""
    return _MEANINGFUL.sub(lambda found: _NAMED.get(found[0], f"#{ord(found[0])};"), printable(words))


def _remark(words: str) -> str:
    """Return words as they stand in a remark: braces there could begin a directive."""
    return re.sub(r"[%{}]", " ", _cut(printable(words)))


def _style(look: str) -> str:
    """Return how a class looks; only borders, so that the words have the colour of the page's theme."""
    return _QUIET if look == "quiet" else f"stroke:{colour_of(look)},stroke-width:2px"
