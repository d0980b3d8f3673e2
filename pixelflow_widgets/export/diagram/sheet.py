"""The sheet on which a flow is drawn: ground, caption, and one SVG that needs nothing from elsewhere."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from .cards import FONT_SIZE
from .draw import DrawFrame, draw_card, draw_curve, draw_dock, draw_nothing, draw_simple_card, draw_simple_curves
from .layout import Scene
from .shapes import ALARM, CANVAS, DARK, DOT, FONTS, LINE, MUTED, number, rectangle, text
from .words import fitted, printable, width_of

SCOPE = "\x00"  # no text that is drawn holds it
"""Begins the name of everything that has one; on the sheet it is named after the content, so that drawings stand on one
page without knowing of each other."""
_WIDEST_DOTTED = 4_000
_NAME_SIZE = 13
_WIDEST_CAPTION = 1_400
_CAPTION = 40
_MARGIN = 28
_EMPTY = "This flow has no nodes yet."


def name_of(document: Any) -> str:
    """Return what a flow is called, whatever is wrong with it."""
    name = document.get("name") if isinstance(document, dict) else None
    return name if isinstance(name, str) and name else "Flow"


def count_of(nodes: int) -> str:
    """Return how many nodes there are, in words."""
    return f"{nodes} node{'' if nodes == 1 else 's'}"


def in_detail(scene: Scene, draw_frame: DrawFrame = draw_nothing) -> Iterator[str]:
    """Yield everything that the editor draws of a flow."""
    for place, curve in enumerate(scene.curves):
        yield draw_curve(curve, f"{SCOPE}{place}")
    yield from map(draw_dock, scene.docks)
    yield from (draw_card(card, draw_frame) for card in scene.cards)


def in_short(scene: Scene, draw_frame: DrawFrame = draw_nothing) -> Iterator[str]:
    """Yield a flow of many nodes: boxes with titles, and all curves of a colour in one stroke."""
    yield draw_simple_curves(scene.curves)
    yield from map(draw_dock, scene.docks)
    yield from (draw_simple_card(card, draw_frame) for card in scene.cards)


class Sheet:
    """Is as large as a scene wants it, with room around.

    Args:
        name: Of the flow.
        scene: What is drawn.
        narrowest: How wide it is at least, in pixels.
        tallest: How high it is at most, as a part of its width.
        summary: What stands beside the name; how many nodes there are if None.
    """

    def __init__(
        self, name: str, scene: Scene, *, narrowest: float = 0, tallest: float = math.inf, summary: str | None = None
    ) -> None:
        self.name = name
        self.summary = count_of(len(scene.cards)) if summary is None else summary
        self._is_empty = not scene.cards and not scene.docks
        margin = _MARGIN * _scale(max(scene.width, scene.height))
        self.height = 88 if self._is_empty else scene.height + 2 * margin
        self.width = max(scene.width + 2 * margin, narrowest, self.height / tallest)
        self._place = f"translate({number((self.width - scene.width) / 2)} {number(margin)})"

    def hold(self, parts: Iterable[str]) -> str:
        """Return the parts of the scene at their place."""
        if self._is_empty:
            return f'<g text-anchor="middle">{text(self.width / 2, 44, _EMPTY, fill=MUTED)}</g>'
        return f'<g transform="{self._place}">{"".join(parts)}</g>'

    def svg(self, body: str, looks: str, *, trouble: str = "", sized: bool = False, themed: bool = False) -> str:
        """Return the whole SVG: ground, caption, and the body below it.

        Args:
            body: What `hold` gave.
            looks: Attributes of the whole.
            trouble: What stands in red in the caption.
            sized: It has a width of its own; otherwise it takes the one that there is.
            themed: It is dark where the reader likes dark pages.
        """
        width, scale = self.width, _scale(self.width)
        words = printable(f"Flow {self.name}, {self.summary}" if self.summary else f"Flow {self.name}")
        full = self.height + _CAPTION * scale
        drawn = "".join(
            [
                f"<title>{escape(words)}</title>",
                *_ground(width, full, scale),
                f'<g transform="scale({scale:.3f})">{_caption(self.name, self.summary, trouble, width / scale)}</g>',
                f'<g transform="translate(0 {number(_CAPTION * scale)})">{body}</g>',
            ]
        )
        scope = "pf" + hashlib.sha256(drawn.encode()).hexdigest()[:10]
        if themed:
            looks, drawn = f'id="{scope}" {looks}', f"<style>{_dark(scope)}</style>{drawn}"
        looks += f' role="img" aria-label="{escape(words)}" font-family="{FONTS}"'
        box = f'viewBox="0 0 {number(width)} {number(full)}"'
        if sized:
            box = f'width="{number(width)}" height="{number(full)}" {box}'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {looks} {box}>{drawn.replace(SCOPE, scope + "-")}</svg>'


def _scale(width: float) -> float:
    """Return how much larger the caption is drawn, so that it can be read where a wide flow is drawn small."""
    return max(1, width / _WIDEST_CAPTION)


def _dark(scope: str) -> str:
    """Return the rules that put the dark colours into the place of the light ones, which stand in the attributes.

    So a program that reads no rules draws the light theme.
    """
    rules = "".join(
        f'#{scope} [{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke", "stop-color")
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _ground(width: float, height: float, scale: float) -> Iterator[str]:
    yield f'<pattern id="{SCOPE}dots" width="20" height="20" patternUnits="userSpaceOnUse">'
    yield f'<circle cx="1" cy="1" r="1" fill="{DOT}"/></pattern><g transform="scale({scale:.3f})">'
    looks = f'fill="{CANVAS}" stroke="{LINE}"'
    yield rectangle(0.5, 0.5, width / scale - 1, height / scale - 1, 12, looks) + "</g>"
    if width < _WIDEST_DOTTED:  # where many of them fall on one pixel, dots are only grey and slow
        yield rectangle(0.5, 0.5, width - 1, height - 1, 12, f'fill="url(#{SCOPE}dots)"')


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
