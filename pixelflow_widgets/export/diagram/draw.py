"""The parts of a flow's picture as SVG: cards, docks and curves; large flows are drawn with fewer strokes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ...media import Preview
from .cards import (
    CARD_WIDTH,
    HEADER_HEIGHT,
    INSET,
    LINE_HEIGHT,
    PADDING,
    ROW_HEIGHT,
    SMALL_SIZE,
    TITLE_SIZE,
    Box,
    Frame,
    Row,
)
from .layout import Curve
from .shapes import (
    ALARM,
    ALARM_WELL,
    CANVAS,
    DOCK,
    FAINT,
    INK,
    LINE,
    MUTED,
    SURFACE,
    WELL,
    colour_of,
    number,
    rectangle,
    shape,
    text,
)
from .tables import draw_table, rows_of
from .thumbnails import Thumbnail, loudness, thumbnail
from .words import fitted

_RADIUS = 10
_LARGE = 22  # letters on boxes that are drawn very small
_FRAME_WIDTH = CARD_WIDTH - 2 * PADDING
_BAR = 4  # of a sound, in pixels with the gap to the next
_SMALLEST_PICTURE = 1_500


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
    """A cubic that leaves and arrives level, and swings out further when it has to turn back."""
    (x1, y1), (x2, y2) = curve.start, curve.end
    forward = x2 - x1
    reach = max(forward / 2, 24) if forward >= 0 else min(60 - forward / 3, 220)
    places = (x1, y1, x1 + reach, y1, x2 - reach, y2, x2, y2)
    words = [number(place) if digits else str(round(place)) for place in places]
    return f"M{words[0]} {words[1]}C{' '.join(words[2:])}"


def draw_card(card: Box, most: int, scope: str) -> str:
    """Return a node with its ports, its values and its result.

    Args:
        card: Of the node.
        most: How many bytes its picture may take.
        scope: Begins the name of everything that has one.
    """
    looks = f'fill="{SURFACE}" stroke="{ALARM if card.error else LINE}" stroke-width="{1.5 if card.error else 1}"'
    if not card.known:
        looks = f'fill="{WELL}" stroke="{FAINT}" stroke-width="1.5" stroke-dasharray="5 4"'
    parts = [
        f'<g class="pixelflow-node" data-node="{escape(card.key)}" transform="{_place(card)}">',
        _shadow(card) if card.known else "",
        rectangle(0, 0, card.width, card.height, _RADIUS, looks),
        _header(card),
        *(_row(row, card.width) for row in card.rows),
        _frame(card.frame, most, scope) if card.frame else "",
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


def draw_simple_card(card: Box, most: int) -> str:
    """Return a node as a box in the colour of what it gives, with its title and its picture."""
    colour = ALARM if card.error else colour_of(card.medium)
    ground = rectangle(0, 0, card.width, round(card.height), _RADIUS, f'fill="{SURFACE}"')
    looks = f'fill="{colour}" fill-opacity=".16" stroke="{colour}" stroke-width="2"'
    box = ground + rectangle(0, 0, card.width, round(card.height), _RADIUS, looks)
    title = text(INSET, 27, fitted(card.title, card.width - 2 * INSET, _LARGE, bold=True), size=_LARGE, weight=600)
    picture = ""
    if card.frame and (small := _thumbnail(card.frame, most)):
        image = _image(small, card.frame.height)
        picture = f'<g transform="translate({PADDING} {number(card.frame.y)})">{image}</g>'
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
        rectangle(inset, drop, card.width - 2 * inset, card.height, _RADIUS + 1, f'fill="#141932" opacity="{depth}"')
        for inset, drop, depth in steps
    )


def _header(card: Box) -> str:
    tile = rectangle(10, 9, 26, 26, 8, f'fill="{colour_of(card.medium)}" opacity=".14"')
    icon = shape(card.medium, 23, 22)
    line = f'<path d="M0 {HEADER_HEIGHT}h{number(card.width)}" stroke="{LINE}"/>'
    if not card.subtitle:
        return tile + icon + line + text(45, 22, card.title, size=TITLE_SIZE, weight=600)
    title = text(45, 16, card.title, size=TITLE_SIZE, weight=600)
    return tile + icon + line + title + text(45, 31.5, card.subtitle, size=SMALL_SIZE, fill=MUTED)


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


# Results


def _frame(frame: Frame, most: int, scope: str) -> str:
    """Where a node shows what it made, or the shape of what it will make."""
    small = _thumbnail(frame, most)
    drawn = _waves(frame) or _table(frame)
    if small is None and not drawn:
        looks = f'fill="{WELL}" stroke="{LINE}" stroke-width="1.5" stroke-dasharray="5 4"'
        well = rectangle(PADDING, frame.y, _FRAME_WIDTH, frame.height, 7, looks)
        icon = shape(frame.medium, PADDING + _FRAME_WIDTH / 2, frame.y + frame.height / 2, scale=26 / 14)
        return f'{well}<g opacity=".32">{icon}</g>'
    well = rectangle(PADDING, frame.y, _FRAME_WIDTH, frame.height, 7, f'fill="{WELL}"')
    if small is None:
        return well + drawn
    clip = f'<g clip-path="url(#{scope}frame)" transform="translate({PADDING} {number(frame.y)})">'
    return f"{well}{clip}{_image(small, frame.height)}</g>{_play_mark(frame) if frame.medium == 'video' else ''}"


def frame_clip(scope: str) -> str:
    """Return the rounded outline to which pictures on cards are cut."""
    return f'<clipPath id="{scope}frame">{rectangle(0, 0, _FRAME_WIDTH, _FRAME_WIDTH, 7, "")}</clipPath>'


def _thumbnail(frame: Frame, most: int) -> Thumbnail | None:
    preview = frame.preview
    if preview is not None and preview.poster:
        preview = Preview("image/jpeg", preview.poster, preview.size)
    is_shown = preview is not None and preview.mime.startswith("image/") and most >= _SMALLEST_PICTURE
    return thumbnail(preview, most) if is_shown and preview else None


def _image(small: Thumbnail, height: float) -> str:
    looks = ' style="image-rendering:pixelated"' if small.hard else ""
    place = f'width="{_FRAME_WIDTH}" height="{number(height)}" preserveAspectRatio="xMidYMid meet"'
    return f'<image {place}{looks} href="{small.uri}"/>'


def _waves(frame: Frame) -> str:
    """A sound as one bar for each moment, as high as it is loud there."""
    if frame.preview is None or not frame.preview.mime.startswith("audio/"):
        return ""
    columns = (_FRAME_WIDTH - 2 * PADDING) // _BAR
    middle = frame.y + frame.height / 2
    bars = [
        f"M{2 * PADDING + place * _BAR + 2} {number(middle - (1 + loud * 18))}v{number(2 + loud * 36)}"
        for place, loud in enumerate(loudness(frame.preview.peaks, columns))
    ]
    looks = f'stroke="{colour_of("audio")}" stroke-width="2.5" stroke-linecap="round"'
    return f'<path d="{"".join(bars)}" {looks}/>' if bars else ""


def _table(frame: Frame) -> str:
    if frame.preview is None or frame.preview.mime != "text/html":
        return ""
    return draw_table(rows_of(frame.preview), PADDING, frame.y, _FRAME_WIDTH)


def _play_mark(frame: Frame) -> str:
    x, y = PADDING + _FRAME_WIDTH - 22, frame.y + frame.height - 22
    disc = f'<circle cx="{number(x)}" cy="{number(y)}" r="12" fill="{INK}" opacity=".55"/>'
    return f'{disc}<path d="M{number(x - 3.5)} {number(y - 5.5)}l9 5.5l-9 5.5z" fill="{SURFACE}"/>'
