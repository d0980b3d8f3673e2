"""The still picture that a cell keeps beneath the live editor, so that a saved notebook shows the flow's last state."""

from __future__ import annotations

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import PIL.Image

from ..flow import document as doc
from ..flow.document import Document
from ..flow.subflows import with_subflows
from ..media import Preview, medium_name_of
from ..media.previews import PEAKS, preview_image
from ..media.sounds import length_of, peaks_of
from ..run import Run
from ..run.cache import Slot, as_list
from ..schema import Registry
from ..schema.port_types import PortType
from .picture import draw, in_words
from .still import Still

_SHOWN = frozenset({"image", "mask", "video", "audio", "table", "text", "choice", "int", "float", "flag", "any"})
_MOST_PREVIEWS = 256
_log = logging.getLogger(__name__)


Results = Mapping[str, Mapping[str, Preview]]


class _Drawn(Protocol):
    @property
    def document(self) -> Document: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def last_run(self) -> Run | None: ...


class SavedPicture(Still):
    """Keeps the still picture of a flow.

    Args:
        flow: Whose document and last run are drawn.
        previews: Returns what pages show of each result, by node and port; if None, the results of the last run are
            drawn.
    """

    def __init__(self, flow: _Drawn, previews: Callable[[], Results] | None = None) -> None:
        super().__init__()
        self._flow_now = weakref.ref(flow)  # an editor holds this, and must not keep its flow alive by it
        self._pages_show = previews
        self._made: OrderedDict[tuple[str, str], Preview] = OrderedDict()

    def bundle(self) -> dict[str, str] | None:
        """Return flow and results, drawn and in words; None where the flow is gone."""
        flow = self._flow_now()
        if flow is None:
            return None
        document, run = flow.document, flow.last_run
        types = with_subflows(flow.registry, document)
        errors = {node: str(error) for node, error in dict(run.errors).items()} if run else {}
        if self._pages_show is not None:
            results = self._pages_show()
        else:
            results = self._results(document, types, run) if run else {}
        svg = draw(document, types, results, errors=errors)
        return {"image/svg+xml": svg, "text/plain": in_words(document, types, results, errors)}

    # Results

    def _results(self, document: Document, registry: Registry, run: Run) -> Results:
        """Return a preview of everything that the nodes which are still there gave."""
        found: dict[str, dict[str, Preview]] = {}
        nodes = doc.nodes(document)
        for node, slots in dict(run.results).items():
            node_type = registry.find(nodes[node]["type"]) if node in nodes else None
            for name, slot in slots.items() if node_type else ():
                port = node_type.outputs.get(name) if node_type else None
                if port and port.type.name in _SHOWN and (preview := self._preview(port.type, slot)):
                    found.setdefault(node, {})[name] = preview
        return found

    def _preview(self, port_type: PortType, slot: Slot) -> Preview | None:
        value = next((value for value in as_list(slot) if value.data is not None), None)
        if value is None:
            return None
        key = (port_type.name, value.digest)
        if key not in self._made:
            try:
                self._made[key] = _still(port_type, value.data)
            except Exception as error:  # a node of a notebook that was run again may give something else by now
                _log.debug("No preview of a result: %s", error)
                return None
            if len(self._made) > _MOST_PREVIEWS:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]


def _still(port_type: PortType, value: Any) -> Preview:
    """Return the preview of a value as far as a still picture needs it: the first frame, the course of the loudness."""
    if port_type.name == "any" and (name := medium_name_of(value)) is not None:
        port_type = PortType(name)
    if port_type.name == "video":
        return preview_image(PIL.Image.fromarray(value.frames[0]))
    if port_type.name == "audio":
        return Preview("audio/wav", b"", None, length_of(value), peaks_of(value, PEAKS))
    return port_type.medium.preview(value)
