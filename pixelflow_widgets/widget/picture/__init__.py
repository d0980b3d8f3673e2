"""A flow and its results as a still picture: what a saved notebook shows where no kernel and no page is.

The flow is drawn by export/diagram; what is added here are the results on its cards, within a limit of bytes.
The picture is one SVG that needs nothing from elsewhere. It stands on a ground of its own, so that it can be read on
white and on dark pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...export.diagram.draw import draw_bare_cards, draw_simple_curves
from ...export.diagram.layout import Scene, lay_out
from ...export.diagram.shapes import MUTED, text
from ...export.diagram.sheet import Sheet, count_of, in_detail, in_short, name_of
from ...export.diagram.words import printable
from ...flow import document as doc
from ...flow.document import Document
from ...media import Preview
from ...schema import Registry
from .live_view import read_live_view
from .results import Results

MARK = "pixelflow-picture"
"""Stands in every picture: the page hides the picture beside a live editor by it."""
LARGEST = 1_500_000
_DETAILED = 150
_SIMPLE = 2_500
_MOST_LINES = 40
_KINDS = {"image": "a picture", "audio": "a sound", "video": "a film", "text": "a table"}
"""What results are called that are no plain text; tables come as HTML."""
_MOST_BARE = 15_000
_NARROWEST = 1000
_TALLEST = 1.1
_LOOKS = f'class="{MARK}" style="max-width:100%"'  # in a cell it takes the width that there is, as the editor does


def draw(
    document: Document,
    registry: Registry,
    results: Mapping[str, Mapping[str, Preview]],
    *,
    errors: Mapping[str, str] | None = None,
    title: str | None = None,
) -> str:
    """Return a flow with its results as SVG; whatever is wrong with the flow, there is a picture.

    Args:
        document: The flow.
        registry: Which node types there are.
        results: What each node gave last, by output port.
        errors: What went wrong, by node; "" is the run itself.
        title: What stands above; the flow's name if None.
    """
    name = title if title is not None else name_of(document)
    try:
        return _draw(document, registry, results, errors or {}, name)
    except Exception as error:  # a damaged flow must not break the cell that shows it
        words = text(28, 34, printable(f"This flow cannot be drawn: {error}")[:120], fill=MUTED)
        return Sheet(name, Scene(), narrowest=_NARROWEST, summary="").svg(words, _LOOKS)


def _draw(
    document: Document,
    registry: Registry,
    results: Mapping[str, Mapping[str, Preview]],
    errors: Mapping[str, str],
    name: str,
) -> str:
    scene = lay_out(document, registry, results, errors)
    sheet = Sheet(name, scene, narrowest=_NARROWEST, tallest=_TALLEST)
    count, body = len(scene.cards), ""
    for parts in (_detailed, _simple, _bare)[(count > _DETAILED) + (count > _SIMPLE) :]:
        body = sheet.hold(parts(scene))
        if len(body) < LARGEST - 4000:
            break
    return sheet.svg(body, _LOOKS, trouble=errors.get("", ""))


def _detailed(scene: Scene) -> Iterator[str]:
    results = Results(scene.cards)
    yield results.outline
    yield from in_detail(scene, results.draw)


def _simple(scene: Scene) -> Iterator[str]:
    yield from in_short(scene, Results(scene.cards).draw_bare)


def _bare(scene: Scene) -> Iterator[str]:
    yield draw_simple_curves(scene.curves[:_MOST_BARE])
    yield draw_bare_cards(scene.cards[:_MOST_BARE])


# In words


def in_words(
    document: Document,
    registry: Registry,
    results: Mapping[str, Mapping[str, Preview]],
    errors: Mapping[str, str],
) -> str:
    """Return what the picture shows in words, for whoever shows no pictures: each node with its result.

    Args:
        document: The flow.
        registry: Which node types there are.
        results: What each node gave last, by output port.
        errors: What went wrong, by node; "" is the run itself.
    """
    try:
        nodes = doc.nodes(document)
        found = {key: registry.find(entry["type"]) for key, entry in nodes.items()}
        titles = {key: doc.title_of(document, key, known.title if known else key) for key, known in found.items()}
        lines = [f"{name_of(document)}: {count_of(len(nodes))}"]
        lines += [f"  {titles[key]}{_told(results.get(key, {}), errors.get(key, ''))}" for key in titles]
    except Exception:  # as for the picture: a damaged flow must not break the cell
        return f"{name_of(document)}: this flow cannot be drawn."
    lines = [printable(line) if number == 0 else f"  {printable(line)[:160]}" for number, line in enumerate(lines)]
    rest = len(lines) - _MOST_LINES
    return "\n".join([*lines[:_MOST_LINES], *([f"  … and {rest} more"] if rest > 0 else [])])


def _told(results: Mapping[str, Preview], error: str) -> str:
    if error:
        return f" - {error}"
    for preview in results.values():
        if (view := read_live_view(preview)) is not None:
            return f": {view.words()}"
        if preview.mime == "text/plain":
            return f": {preview.data[:200].decode(errors='replace')}"
        size = f" of {preview.size[0]} × {preview.size[1]} pixels" if preview.size else ""
        return f": {_KINDS.get(preview.mime.partition('/')[0], 'a result')}{size}"
    return ""
