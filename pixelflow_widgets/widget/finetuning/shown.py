"""What the widgets of fine-tuning share: lines to their pages, and a still picture for notebooks without a kernel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...errors import PixelFlowError
from ...export.diagram.shapes import CANVAS, FONTS, INK, LINE, MUTED, number, rectangle, text
from ...export.diagram.words import fitted, printable
from ..bridge import Bridge, Buffers, Handlers, Message
from ..errands import Later, beside
from ..picture import MARK
from ..routing import Stops, honour_the_page
from ..still import Still

STATIC = Path(__file__).parents[2] / "static"
if not (STATIC / "finetuning.js").is_file():
    raise PixelFlowError(f"The front end is missing in {STATIC}. In a source checkout, write: make setup")

_BETWEEN_PICTURES = 4.0
"""Seconds: a training changes all the time, and its picture is large."""
_HEAD = 44
_INSET = 16
WIDTH = 800


class Picture(Still):
    """Keeps the still picture of a widget.

    Args:
        draw: Returns (title, words beside it, drawing below it, how high that is).
    """

    def __init__(self, draw: Callable[[], tuple[str, str, str, float]]) -> None:
        super().__init__()
        self._draw = draw

    def bundle(self) -> dict[str, str]:
        """Return what is drawn, with a head, and its words."""
        title, words, body, height = self._draw()
        title, words = printable(title), printable(words)
        name = fitted(title, WIDTH / 2, 15, bold=True)
        parts = [
            rectangle(0.5, 0.5, WIDTH - 1, _HEAD + height - 1, 12, f'fill="{CANVAS}" stroke="{LINE}"'),
            text(_INSET, _HEAD / 2 + 2, name, size=15, weight=600),
            text(WIDTH - _INSET, _HEAD / 2 + 2, fitted(words, WIDTH / 2 - 40, 12.5), fill=MUTED, end=True),
            f'<g transform="translate(0 {_HEAD})">{body}</g>',
        ]
        looks = f'class="{MARK}" style="max-width:100%" role="img" aria-label="{escape(f"{title}: {words}")}"'
        box = f'viewBox="0 0 {WIDTH} {number(_HEAD + height)}" font-family="{FONTS}" fill="{INK}"'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" {looks} {box}>{"".join(parts)}</svg>'
        return {"image/svg+xml": svg, "text/plain": f"{title}: {words}"}


class Shown(anywidget.AnyWidget):
    """Shows something that is neither an editor nor a playground.

    Args:
        kind: What the front end shows: "training", "dataset" or "comparison".
        handlers: Does what pages ask for.
        picture: What a saved notebook keeps.
        words: Is printed where there are no widgets.
    """

    _esm = STATIC / "finetuning.js"
    _css = STATIC / "finetuning.css"
    kind = traitlets.Unicode().tag(sync=True)

    def __init__(self, kind: str, handlers: Handlers, picture: Picture, words: Callable[[], str]) -> None:
        self._sending = threading.RLock()
        self._words = words
        self._bridge = Bridge(self.send, handlers)
        self._picture = picture
        self._picture_later = Later(lambda: beside(self._picture.renew), _BETWEEN_PICTURES)
        super().__init__(kind=kind)
        self.on_msg(lambda _, content, buffers: self._bridge.hear(content, buffers))

    def renew_picture(self) -> None:
        """Renew what a saved notebook keeps, soon."""
        self._picture_later.ask()

    def show(self) -> None:
        """Show it in the running cell, and beneath it the picture that a saved notebook keeps."""
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        self._picture.show()

    def _send(self, msg: Message, buffers: Buffers | None = None) -> None:
        with self._sending:
            super()._send(msg, buffers)

    @traitlets.observe("comm")
    def _line_opened(self, change: Any) -> None:
        honour_the_page(change["new"], Stops())

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if getattr(self.comm, "_closed", False) is True:  # by a notebook that has run the cell again that showed it
            self.comm = None
        self.open()
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": self._words()}, metadata
