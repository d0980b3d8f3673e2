"""A read-only picture of a flow in a notebook cell, with the results of its last run on the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..errors import PixelFlowError
from ..flow import document as doc
from ..flow.document import Document
from ..media import Preview
from ..run import Run
from ..run.cache import Slot, Value, as_list
from ..schema import Registry

STATIC = Path(__file__).parents[1] / "static"
if not (STATIC / "widget.js").is_file():
    raise PixelFlowError(f"The front end is missing in {STATIC}. In a source checkout, write: make setup")


class FlowView(anywidget.AnyWidget):
    """Shows a flow: nodes at their places, edges, the two docks, and a picture of each result.

    Args:
        document: The flow.
        registry: Which node types there are.
        run: Whose results are shown.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"
    document = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(self, document: Document, registry: Registry, run: Run | None = None) -> None:
        names = {entry["type"] for entry in doc.nodes(document).values()}
        types = {name: found.describe() for name in sorted(names) if (found := registry.find(name)) is not None}
        super().__init__(document={"flow": document, "types": types})
        self._registry = registry
        self._run = run
        # The page asks when it is there; what is sent before would be lost.
        self.on_msg(self._hear)

    def _hear(self, _: Any, message: dict[str, Any], __: list[bytes]) -> None:
        if isinstance(message, dict) and message.get("type") == "ready" and self._run is not None:
            for node, ports in dict(self._run.results).items():
                for port, slot in ports.items():
                    self._send_result(node, port, slot)

    def _send_result(self, node: str, port: str, slot: Slot) -> None:
        values = [value for value in as_list(slot) if value.data is not None]
        if not values:
            return
        preview = self._preview(node, port, values[0])
        message = {"type": "result", "node": node, "port": port, "mime": preview.mime}
        self.send(message, buffers=[preview.data])

    def _preview(self, node: str, port: str, value: Value) -> Preview:
        node_type = self._registry[self.document["flow"]["nodes"][node]["type"]]
        return node_type.output(port).type.medium.preview(value.data)


def mimebundle(document: Document, registry: Registry, run: Run | None) -> Any:
    """Return what a notebook shows of a flow: the widget, and words for whoever has no widgets."""
    return FlowView(document, registry, run)._repr_mimebundle_()
