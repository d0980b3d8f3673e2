"""Colours and small shapes of a drawn flow: those of the page (js/src/theme, js/src/nodes).

Everything is drawn in the colours of the light theme; `DARK` says what stands for each of them on dark pages.
"""

from __future__ import annotations

from html import escape
from typing import Literal

FONTS = "Helvetica Neue,Segoe UI,Roboto,Arial,Liberation Sans,sans-serif"
INK = "#16181d"
MUTED = "#65666a"
FAINT = "#949598"
LINE = "#dfe0e4"
SURFACE = "#ffffff"
CANVAS = "#f7f8fb"
WELL = "#f4f5f9"
DOCK = "#fcfcfe"
DOT = "#dddfe5"
ALARM = "#b3261e"
ALARM_WELL = "#fdeeec"

COLOURS = {
    "text": "#a86a00",
    "image": "#6a45e8",
    "mask": "#7a5c8e",
    "audio": "#0b8661",
    "video": "#cf2f6b",
    "latents": "#c2500c",
    "model": "#1668c7",
    "table": "#566579",
    "number": "#0b7a93",
    "flag": "#9a5b13",
    "any": "#6b7280",
}
SHADE = "#141932"
DARK = {
    INK: "#f4f5f7",
    MUTED: "#acadae",
    FAINT: "#828283",
    LINE: "#3c3d3d",
    SURFACE: "#212121",
    CANVAS: "#151619",
    WELL: "#181818",
    DOCK: "#1e1e1f",
    DOT: "#37383a",
    ALARM: "#ff9a8f",
    ALARM_WELL: "#3c2b29",
    SHADE: "#000000",
    COLOURS["text"]: "#f2b84b",
    COLOURS["image"]: "#a78bfa",
    COLOURS["mask"]: "#c9a7de",
    COLOURS["audio"]: "#45d19f",
    COLOURS["video"]: "#f783ac",
    COLOURS["latents"]: "#ff9a57",
    COLOURS["model"]: "#6db3f8",
    COLOURS["table"]: "#9fb0c5",
    COLOURS["number"]: "#4cc9e0",
    COLOURS["flag"]: "#e0a458",
    COLOURS["any"]: "#a3a9b5",
}
# A port's shape tells its medium as its colour does: circle text, square image, triangle audio, wide rectangle video.
_SHAPES = {
    "text": '<circle cx="7" cy="7" r="4.5"/>',
    "image": '<rect x="2.75" y="2.75" width="8.5" height="8.5" rx="1.5"/>',
    "mask": '<path d="M2.75 2.75h8.5v8.5z"/>',
    "audio": '<path d="M3.5 2.25 11.5 7l-8 4.75z"/>',
    "video": '<rect x="1.75" y="3.75" width="10.5" height="6.5" rx="3"/>',
    "latents": '<path d="M7 1.75 11.6 4.4v5.2L7 12.25 2.4 9.6V4.4z"/>',
    "model": '<path d="M7 1.5 12.5 7 7 12.5 1.5 7z"/>',
    "table": '<path d="M2.5 2.5h9v3.5h-9zM2.5 8h9v3.5h-9z"/>',
    "number": '<circle cx="7" cy="7" r="3.5"/>',
    "flag": '<path d="M3.5 2h7v10L7 9.25 3.5 12z"/>',
    "any": '<circle cx="7" cy="7" r="3.5"/>',
}


def colour_of(medium: str) -> str:
    """Return the colour of a medium."""
    return COLOURS.get(medium, COLOURS["any"])


def number(value: float) -> str:
    """Return a coordinate as text, no longer than is seen."""
    return f"{value:.1f}".removesuffix(".0")


def shape(
    medium: str,
    x: float,
    y: float,
    *,
    many: bool = False,
    looks: Literal["plain", "full", "hollow"] = "plain",
    scale: float = 1,
) -> str:
    """Return the shape of a medium.

    Args:
        medium: Decides shape and colour.
        x: Of its middle.
        y: Of its middle.
        many: It is drawn twice, one behind the other.
        looks: On the edge of a card, that of a port with a curve ("full") or without one ("hollow").
        scale: 1 is 14 pixels.
    """
    drawn = _SHAPES.get(medium, _SHAPES["any"])
    if many:
        drawn = f'<g transform="translate(3 -3)" opacity=".55">{drawn}</g>{drawn}'
    fill, edge = colour_of(medium), ""
    if looks == "full":
        edge = f' stroke="{SURFACE}" stroke-width="1.75" paint-order="stroke"'
    elif looks == "hollow":
        fill, edge = SURFACE, f' stroke="{fill}" stroke-width="1.75"'
    place = f"translate({number(x - 7 * scale)} {number(y - 7 * scale)})" + (
        f" scale({scale:.2f})" if scale != 1 else ""
    )
    return f'<g fill="{fill}"{edge} transform="{place}">{drawn}</g>'


def text(
    x: float, y: float, words: str, *, size: float = 12.5, fill: str = INK, weight: int = 400, end: bool = False
) -> str:
    """Return a line of text; y is the middle of its small letters, `end` lets x be its right end."""
    looks = (f' font-weight="{weight}"' if weight != 400 else "") + (' text-anchor="end"' if end else "")
    baseline = number(y + size * 0.355)
    return f'<text x="{number(x)}" y="{baseline}" font-size="{size:g}" fill="{fill}"{looks}>{escape(words)}</text>'


def rectangle(x: float, y: float, width: float, height: float, radius: float, looks: str) -> str:
    """Return a rectangle with rounded corners."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {place} rx="{number(radius)}" {looks}/>'
