"""A flow and its results as a still picture: what a saved notebook shows where no kernel and no page is.

The picture is one SVG that needs nothing from elsewhere. It stands on a ground of its own, so that it can be read on
white and on dark pages. It may stand several times on one page: what has an id is named after the picture's content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from ...flow import document as doc
from ...flow.document import Document
from ...media import Preview, blake3_hex
from ...schema import Registry
from .cards import FONT_SIZE, Box
from .draw import (
    draw_bare_cards,
    draw_card,
    draw_curve,
    draw_dock,
    draw_simple_card,
    draw_simple_curves,
    frame_clip,
)
from .layout import Scene, lay_out
from .shapes import ALARM, CANVAS, DOT, FONTS, LINE, MUTED, number, rectangle, text
from .thumbnails import LARGEST as LARGEST_THUMBNAIL
from .words import fitted, printable, width_of

MARK = "pixelflow-picture"
"""Stands in every picture: the page hides the picture beside a live editor by it."""
LARGEST = 1_500_000
_DETAILED = 150
_SIMPLE = 2_500
_MOST_LINES = 40
_KINDS = {"image": "a picture", "audio": "a sound", "video": "a film", "text": "a table"}
"""What results are called that are no plain text; tables come as HTML."""
_MOST_BARE = 15_000
_BYTES_FOR_PICTURES = 600_000  # in base64 they are a third more
_WIDEST_DOTTED = 4_000
_NAME_SIZE = 13
_WIDEST_CAPTION = 1_400
_CAPTION = 40
_MARGIN = 28
_NARROWEST = 1000
_TALLEST = 1.1
_SCOPE = "\x00"  # no text that is drawn holds it


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
    name = title if title is not None else _name(document)
    try:
        return _draw(document, registry, results, errors or {}, name)
    except Exception as error:  # a damaged flow must not break the cell that shows it
        words = text(_MARGIN, 34, printable(f"This flow cannot be drawn: {error}")[:120], fill=MUTED)
        return _sheet(name, "", words, _NARROWEST, 68)


def _name(document: Any) -> str:
    name = document.get("name") if isinstance(document, Mapping) else None
    return name if isinstance(name, str) and name else "Flow"


def _draw(
    document: Document,
    registry: Registry,
    results: Mapping[str, Mapping[str, Preview]],
    errors: Mapping[str, str],
    name: str,
) -> str:
    scene = lay_out(document, registry, results, errors)
    count = len(scene.cards)
    summary = f"{count} node{'' if count == 1 else 's'}"
    margin = _MARGIN * _scale(max(scene.width, scene.height))
    height = scene.height + 2 * margin
    width = max(scene.width + 2 * margin, _NARROWEST, height / _TALLEST)
    if not scene.cards and not scene.docks:
        empty = f'<g text-anchor="middle">{text(width / 2, 44, "This flow has no nodes yet.", fill=MUTED)}</g>'
        return _sheet(name, summary, empty, width, 88)
    trouble = errors.get("", "")
    place = f"translate({number((width - scene.width) / 2)} {number(margin)})"
    for parts in (_detailed, _simple, _bare)[(count > _DETAILED) + (count > _SIMPLE) :]:
        body = f'<g transform="{place}">{"".join(parts(scene))}</g>'
        if len(body) < LARGEST - 4000:
            break
    return _sheet(name, summary, body, width, height, trouble)


def _detailed(scene: Scene) -> Iterator[str]:
    for place, curve in enumerate(scene.curves):
        yield draw_curve(curve, f"{_SCOPE}{place}")
    yield from map(draw_dock, scene.docks)
    most = _bytes_for_each(scene.cards)
    yield frame_clip(_SCOPE)
    yield from (draw_card(card, most, _SCOPE) for card in scene.cards)


def _simple(scene: Scene) -> Iterator[str]:
    yield draw_simple_curves(scene.curves)
    yield from map(draw_dock, scene.docks)
    most = _bytes_for_each(scene.cards)
    yield from (draw_simple_card(card, most) for card in scene.cards)


def _bare(scene: Scene) -> Iterator[str]:
    yield draw_simple_curves(scene.curves[:_MOST_BARE])
    yield draw_bare_cards(scene.cards[:_MOST_BARE])


def _bytes_for_each(cards: list[Box]) -> int:
    """Return how many bytes the picture of each result may take."""
    count = sum(card.frame is not None and card.frame.preview is not None for card in cards)
    return min(LARGEST_THUMBNAIL, _BYTES_FOR_PICTURES // max(count, 1))


def _sheet(name: str, summary: str, body: str, width: float, height: float, trouble: str = "") -> str:
    """Return the whole SVG: ground, caption, and the body below it.

    It has no width of its own: in a cell it takes the width that there is, as the editor does.
    """
    scale = _scale(width)
    words = printable(f"Flow {name}, {summary}" if summary else f"Flow {name}")
    full = height + _CAPTION * scale
    ground = [
        f"<title>{escape(words)}</title>",
        f'<pattern id="{_SCOPE}dots" width="20" height="20" patternUnits="userSpaceOnUse">',
        f'<circle cx="1" cy="1" r="1" fill="{DOT}"/></pattern>',
        f'<g transform="scale({scale:.3f})">',
        rectangle(0.5, 0.5, width / scale - 1, full / scale - 1, 12, f'fill="{CANVAS}" stroke="{LINE}"'),
        "</g>",
        # Where many of them fall on one pixel, dots are only grey and slow.
        rectangle(0.5, 0.5, width - 1, full - 1, 12, f'fill="url(#{_SCOPE}dots)"') if width < _WIDEST_DOTTED else "",
        f'<g transform="scale({scale:.3f})">{_caption(name, summary, trouble, width / scale)}</g>',
        f'<g transform="translate(0 {number(_CAPTION * scale)})">{body}</g>',
    ]
    drawn = "".join(ground)
    looks = f'class="{MARK}" role="img" aria-label="{escape(words)}" style="max-width:100%" font-family="{FONTS}"'
    box = f'viewBox="0 0 {number(width)} {number(full)}"'
    scope = "pf" + blake3_hex(drawn.encode())[:10]
    return f'<svg xmlns="http://www.w3.org/2000/svg" {looks} {box}>{drawn.replace(_SCOPE, scope + "-")}</svg>'


def _scale(width: float) -> float:
    """Return how much larger the caption is drawn, so that it can be read where a wide flow is drawn small."""
    return max(1, width / _WIDEST_CAPTION)


def _caption(name: str, summary: str, trouble: str, width: float) -> str:
    name = fitted(printable(name), width / 2, _NAME_SIZE, bold=True)
    after = 14 + width_of(name, _NAME_SIZE, bold=True) + 9
    trouble = fitted(printable(trouble), width - after - 130, FONT_SIZE)
    middle = _CAPTION / 2
    parts = [
        f'<path d="M1 13a12 12 0 0 1 12-12h{number(width - 26)}a12 12 0 0 1 12 12v27H1z" fill="{CANVAS}"/>',
        f'<path d="M1 {_CAPTION}h{number(width - 2)}" stroke="{LINE}"/>',
        text(14, middle, name, size=_NAME_SIZE, weight=600),
        text(after, middle, summary, fill=MUTED),
        text(width - 14, middle, trouble, fill=ALARM, end=True) if trouble else "",
    ]
    return "".join(parts)


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
        lines = [f"{_name(document)}: {len(nodes)} node{'' if len(nodes) == 1 else 's'}"]
        lines += [f"  {titles[key]}{_told(results.get(key, {}), errors.get(key, ''))}" for key in titles]
    except Exception:  # as for the picture: a damaged flow must not break the cell
        return f"{_name(document)}: this flow cannot be drawn."
    lines = [printable(line) if number == 0 else f"  {printable(line)[:160]}" for number, line in enumerate(lines)]
    rest = len(lines) - _MOST_LINES
    return "\n".join([*lines[:_MOST_LINES], *([f"  … and {rest} more"] if rest > 0 else [])])


def _told(results: Mapping[str, Preview], error: str) -> str:
    if error:
        return f" - {error}"
    for preview in results.values():
        if preview.mime == "text/plain":
            return f": {preview.data[:200].decode(errors='replace')}"
        size = f" of {preview.size[0]} × {preview.size[1]} pixels" if preview.size else ""
        return f": {_KINDS.get(preview.mime.partition('/')[0], 'a result')}{size}"
    return ""
