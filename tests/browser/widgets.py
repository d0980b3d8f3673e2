"""A widget in a page without Jupyter: the real front end in a real browser, joined to the real widget by a line."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.widget.page import Line

from .browser import WAIT

_LOOKS = """
<style>
body { margin: 0; padding: 16px; background: var(--jp-layout-color0); }
body[data-jp-theme-light="true"] { --jp-layout-color0: white; --jp-layout-color1: white;
    --jp-ui-font-color0: rgba(0, 0, 0, 1); --jp-brand-color1: #1976d2; }
body[data-jp-theme-light="false"] { --jp-layout-color0: #111111; --jp-layout-color1: #212121;
    --jp-ui-font-color0: rgba(255, 255, 255, 1); --jp-brand-color1: #64b5f6; }
</style><div id="cell"></div>
"""
# A page asks every 30 ms for what it has not heard: a message of another thread may not call into Playwright.
_OPEN = """async ([source, traits]) => {
    const handlers = new Map();
    const encoded = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
    const decoded = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
    const model = {
        get: (name) => traits[name],
        on: (name, handler) => handlers.set(name, (handlers.get(name) ?? new Set()).add(handler)),
        off: (name, handler) => handlers.get(name)?.delete(handler),
        send: (content, _, buffers) => void window.toKernel(content, (buffers ?? []).map(encoded)),
    };
    const hear = async () => {
        for (const [content, buffers] of await window.fromKernel())
            for (const handler of handlers.get('msg:custom') ?? []) handler(content, buffers.map(decoded));
        setTimeout(hear, 30);
    };
    const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
    const shown = typeof widget === 'function' ? widget() : widget;
    shown.render({ model, el: document.querySelector('#cell') });
    void hear();
}"""


class Cell:
    """Shows a widget in a page.

    Args:
        page: A browser page.
        widget: The widget; its line must be a `Line`.
        traits: What the page reads of it.
        theme: "light" or "dark".
    """

    def __init__(self, page: Page, widget: Any, *traits: str, theme: str = "light") -> None:
        self.page, self.widget = page, widget
        self._heard = 0
        page.goto("about:blank")
        page.set_content(_LOOKS)
        page.evaluate("(light) => { document.body.dataset.jpThemeLight = light; }", str(theme == "light").lower())
        page.add_style_tag(
            content=Path(widget._css).read_text(encoding="utf-8") if isinstance(widget._css, Path) else widget._css
        )
        self._join(page)
        source = widget._esm.read_text(encoding="utf-8") if isinstance(widget._esm, Path) else widget._esm
        page.evaluate(_OPEN, [source, {name: getattr(widget, name) for name in traits}])

    def _join(self, page: Page) -> None:
        # Names that are exposed stay as long as the page does: they lead to the cell that is there now.
        is_joined = hasattr(page, "shown_cell")
        page.shown_cell = self  # type: ignore[attr-defined]
        if is_joined:
            return

        def to_kernel(content: Any, buffers: list[str]) -> None:
            page.shown_cell.to_kernel(content, buffers)  # type: ignore[attr-defined]

        def from_kernel() -> list[Any]:
            return page.shown_cell.from_kernel()  # type: ignore[attr-defined]

        page.expose_function("toKernel", to_kernel)
        page.expose_function("fromKernel", from_kernel)

    def to_kernel(self, content: Any, buffers: list[str]) -> None:
        """Hand a message of the page to the widget."""
        message = {"content": {"data": {"method": "custom", "content": content}}}
        self.widget._handle_msg({**message, "buffers": [base64.b64decode(text) for text in buffers]})

    def from_kernel(self) -> list[Any]:
        """Return what the widget has sent since."""
        line: Line = self.widget.comm
        messages = line.messages[self._heard :]
        self._heard += len(messages)
        return [
            [
                {name: value for name, value in message.items() if name != "buffers"},
                [base64.b64encode(bytes(buffer)).decode() for buffer in message["buffers"]],
            ]
            for message in messages
        ]

    @property
    def root(self) -> Locator:
        """What the widget shows."""
        return self.page.locator(".pf-root")


def soon(page: Page, asked: Callable[[], bool]) -> None:
    """Wait until something is so in the kernel; the page goes on meanwhile."""
    deadline = time.monotonic() + WAIT / 1000
    while not asked():
        assert time.monotonic() < deadline, "it did not happen"
        page.wait_for_timeout(30)
