"""The parts of a drawn flow as SVG: cards, docks and curves; large flows are drawn with fewer strokes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from .cards import (
    BADGE_WIDTH,
    FRAME_WIDTH,
    HEADER_HEIGHT,
    INSET,
    LINE_HEIGHT,
    PADDING,
    PIN_WIDTH,
    ROW_HEIGHT,
    SMALL_SIZE,
    TITLE_SIZE,
    Box,
    Frame,
    Row,
)
from .routes import Curve, Point, handles
from .shapes import (
    ALARM,
    ALARM_WELL,
    CANVAS,
    DOCK,
    FAINT,
    INK,
    LINE,
    MUTED,
    SHADE,
    SURFACE,
    WELL,
    colour_of,
    number,
    rectangle,
    shape,
    text,
)
from .words import fitted

_RADIUS = 10
_LARGE = 22  # letters on boxes that are drawn very small

DrawFrame = Callable[[Frame], str]
"""Draws what a node made at its place on the card; "" where it made nothing that is seen."""


def draw_nothing(_: Frame) -> str:
    """Leave the frame of a card empty."""
    return ""


def draw_curve(curve: Curve, key: str) -> str:
    """Return one curve in the colours of its ends, on a halo that keeps it apart from those it crosses."""
    path = _path(curve)
    colour, gradient = colour_of(curve.from_medium), ""
    if curve.from_medium != curve.to_medium:
        (x1, y1), (x2, y2) = curve.start, curve.end
        # In user space: a level curve has a box without height, in which a relative gradient is not drawn.
        ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        stops = f'<stop stop-color="{colour}"/><stop offset="1" stop-color="{colour_of(curve.to_medium)}"/>'
        gradient = f'<linearGradient id="{key}" gradientUnits="userSpaceOnUse" {ends}>{stops}</linearGradient>'
        colour = f"url(#{key})"
    halo = f'<path d="{path}" fill="none" stroke="{CANVAS}" stroke-width="6"/>'
    looks = f'fill="none" stroke="{colour}" stroke-width="2.25" stroke-linecap="round"'
    return f'{gradient}{halo}<path class="pixelflow-edge" d="{path}" {looks}/>'


def draw_simple_curves(curves: Iterable[Curve]) -> str:
    """Return all curves, as one path a colour."""
    paths: dict[str, list[str]] = {}
    for curve in curves:
        paths.setdefault(colour_of(curve.from_medium), []).append(_path(curve, 0))
    looks = 'fill="none" stroke-width="3" stroke-opacity=".7"'
    return "".join(f'<path d="{"".join(each)}" stroke="{colour}" {looks}/>' for colour, each in paths.items())


def _path(curve: Curve, digits: int = 1) -> str:
    if curve.lane is None:
        return _cubic(curve.start, curve.end, digits)
    first, last = curve.lane
    back = _cubic(last, curve.end, digits)
    return _cubic(curve.start, first, digits) + "L" + back[1:]  # along the lane


def _cubic(start: Point, end: Point, digits: int = 1) -> str:
    first, second = handles(start, end)
    places = (*start, *first, *second, *end)
    words = [number(place) if digits else str(round(place)) for place in places]
    return f"M{words[0]} {words[1]}C{' '.join(words[2:])}"


def draw_card(card: Box, draw_frame: DrawFrame = draw_nothing) -> str:
    """Return a node with its ports, its values and its result.

    Args:
        card: Of the node.
        draw_frame: Draws its result.
    """
    looks = f'fill="{DOCK if card.muted else SURFACE}" stroke="{ALARM if card.error else LINE}"'
    looks += f' stroke-width="{1.5 if card.error else 1}"'
    if not card.known:
        looks = f'fill="{WELL}" stroke="{FAINT}" stroke-width="1.5" stroke-dasharray="5 4"'
    rows = "".join(_row(row, card.width) for row in card.rows)
    parts = [
        f'<g class="pixelflow-node" data-node="{escape(card.key)}" transform="{_place(card)}">',
        _shadow(card) if card.known else "",
        _sheets(card) if card.holds_flow else "",
        rectangle(0, 0, card.width, card.height, _RADIUS, looks),
        _header(card),
        _muted(card, rows) if card.muted else rows,
        (draw_frame(card.frame) or _empty_frame(card.frame)) if card.frame else "",
        _error(card) if card.error else "",
        "</g>",
    ]
    return "".join(parts)


def draw_dock(dock: Box) -> str:
    """Return the flow's own inputs or outputs: its signature."""
    name = dock.title.upper()
    x = dock.width - INSET if dock.key == "inputs" else INSET
    title = text(x, 17, name, size=SMALL_SIZE, fill=MUTED, weight=600, end=dock.key == "inputs")
    parts = [
        f'<g class="pixelflow-dock" data-dock="{dock.key}" transform="{_place(dock)}">',
        rectangle(0, 0, dock.width, dock.height, _RADIUS, f'fill="{DOCK}" stroke="{LINE}"'),
        title.replace("<text ", '<text letter-spacing=".7" ', 1),
        *(_row(row, dock.width, strong=True) for row in dock.rows),
        "</g>",
    ]
    return "".join(parts)


def draw_simple_card(card: Box, draw_frame: DrawFrame = draw_nothing) -> str:
    """Return a node as a box in the colour of what it gives, with its title and its picture."""
    colour = ALARM if card.error else colour_of(card.medium)
    ground = rectangle(0, 0, card.width, round(card.height), _RADIUS, f'fill="{SURFACE}"')
    looks = f'fill="{colour}" fill-opacity=".16" stroke="{colour}" stroke-width="2"'
    box = ground + rectangle(0, 0, card.width, round(card.height), _RADIUS, looks)
    title = text(INSET, 27, fitted(card.title, card.width - 2 * INSET, _LARGE, bold=True), size=_LARGE, weight=600)
    picture = draw_frame(card.frame) if card.frame else ""
    key = escape(card.key)
    return f'<g class="pixelflow-node" data-node="{key}" transform="{_place(card)}">{box}{title}{picture}</g>'


def draw_bare_cards(cards: Iterable[Box]) -> str:
    """Return many nodes as bare boxes, in one path a colour."""
    paths: dict[str, list[str]] = {}
    for card in cards:
        box = f"M{round(card.x)} {round(card.y)}h{round(card.width)}v{round(card.height)}h{-round(card.width)}z"
        paths.setdefault(ALARM if card.error else colour_of(card.medium), []).append(box)
    return "".join(f'<path d="{"".join(each)}" fill="{colour}"/>' for colour, each in paths.items())


def _place(box: Box) -> str:
    return f"translate({number(box.x)} {number(box.y)})"


def _shadow(card: Box) -> str:
    """Three pale boxes under the card: a filter would be slow where many cards are shown."""
    steps = ((0, 1.5, 0.05), (1, 4, 0.035), (3, 8, 0.03))
    return "".join(
        rectangle(inset, drop, card.width - 2 * inset, card.height, _RADIUS + 1, f'fill="{SHADE}" opacity="{depth}"')
        for inset, drop, depth in steps
    )


def _sheets(card: Box) -> str:
    """Two more cards that look out below: there is a flow inside."""
    looks = f'fill="{SURFACE}" stroke="{LINE}"'
    steps = ((12, 11), (6, 5.5))
    return "".join(
        rectangle(inset, 20, card.width - 2 * inset, card.height - 20 + drop, _RADIUS, looks) for inset, drop in steps
    )


def _header(card: Box) -> str:
    tile = rectangle(10, 9, 26, 26, 8, f'fill="{colour_of(card.medium)}" opacity=".14"')
    icon = shape(card.medium, 23, 22)
    line = f'<path d="M0 {HEADER_HEIGHT}h{number(card.width)}" stroke="{LINE}"/>'
    marks = _marks(card) if card.muted or card.pinned else ""
    fill = MUTED if card.muted else INK
    if not card.subtitle:
        return tile + icon + line + text(45, 22, card.title, size=TITLE_SIZE, weight=600, fill=fill) + marks
    title = text(45, 16, card.title, size=TITLE_SIZE, weight=600, fill=fill)
    return tile + icon + line + title + text(45, 31.5, card.subtitle, size=SMALL_SIZE, fill=MUTED) + marks


def _marks(card: Box) -> str:
    """What stands at the end of a title: a pin, and the word "muted"."""
    right = card.width - PADDING
    badge = ""
    if card.muted:
        left = right - BADGE_WIDTH + 6
        badge = rectangle(left, 13, BADGE_WIDTH - 6, 17, 8, f'fill="{WELL}"')
        badge += text(right - 6, 21.5, "muted", size=SMALL_SIZE, fill=MUTED, end=True)
        right = left - 4
    if not card.pinned:
        return badge
    looks = f'fill="none" stroke="{MUTED}" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"'
    pin = "M6 2.2h4M6.7 2.2v4L4.5 8.9h7L9.3 6.2v-4M8 8.9v4.9"
    return f'{badge}<path transform="translate({number(right - PIN_WIDTH + 2)} 14)" d="{pin}" {looks}/>'


def _muted(card: Box, rows: str) -> str:
    """Quiet rows, with the way that things take through the card beneath them."""
    passes = "".join(
        f'<path d="{_cubic((0, one.start), (card.width, one.end))}" stroke="{colour_of(one.medium)}"/>'
        for one in card.passes
    )
    looks = 'fill="none" stroke-width="2.25" stroke-dasharray="3 6" stroke-linecap="round"'
    halo = f'stroke="{DOCK}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'
    return f"<g {looks}>{passes}</g><g {halo}>{rows}</g>"


def _row(row: Row, width: float, *, strong: bool = False) -> str:
    """One port: its shape on the border, its name, its value beside or below."""
    is_output = row.side == "output"
    port = shape(
        row.medium, width if is_output else 0, row.y, many=row.many, looks="full" if row.connected else "hollow"
    )
    fill, weight = (INK, 500) if strong else (INK if is_output else MUTED, 400)
    title = text(width - INSET if is_output else INSET, row.y, row.title, fill=fill, weight=weight, end=is_output)
    looks = {"fill": MUTED if row.preset else INK, "weight": 400 if row.preset else 500}
    value = ""
    if row.value:
        value = text(INSET if is_output else width - INSET, row.y, row.value, end=not is_output, **looks)
    if row.lines:
        top = row.y + ROW_HEIGHT / 2
        value = rectangle(INSET, top, width - 2 * INSET, row.below - 4, 6, f'fill="{WELL}"') + "".join(
            text(INSET + 8, top + 4 + (place + 0.5) * LINE_HEIGHT, line, fill=MUTED if row.preset else INK)
            for place, line in enumerate(row.lines)
        )
    return port + title + value


def _error(card: Box) -> str:
    width = card.width - 2 * PADDING
    top = card.height - PADDING - card.error_height
    well = rectangle(PADDING, top, width, card.error_height, 7, f'fill="{ALARM_WELL}"')
    middle = top + 7 + LINE_HEIGHT / 2
    mark = f'<circle cx="{PADDING + 12}" cy="{number(middle)}" r="6.5" fill="{ALARM}"/>'
    mark += f'<path d="M{PADDING + 12} {number(middle - 3.5)}v4m0 2.2v1" stroke="{SURFACE}" stroke-width="1.6"/>'
    lines = [
        text(PADDING + 25, middle + place * LINE_HEIGHT, line, fill=ALARM) for place, line in enumerate(card.error)
    ]
    return well + mark + "".join(lines)


def _empty_frame(frame: Frame) -> str:
    """The shape of what a node will make."""
    looks = f'fill="{WELL}" stroke="{LINE}" stroke-width="1.5" stroke-dasharray="5 4"'
    well = rectangle(PADDING, frame.y, FRAME_WIDTH, frame.height, 7, looks)
    icon = shape(frame.medium, PADDING + FRAME_WIDTH / 2, frame.y + frame.height / 2, scale=26 / 14)
    return f'{well}<g opacity=".32">{icon}</g>'
