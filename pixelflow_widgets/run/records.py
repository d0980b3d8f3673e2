"""What the files of a run say of it: made when a file is written, so that nothing of it is in any cache key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import PIL.Image

from ..flow.carrying import FIELD, PREFIX, sources_now
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..flow.provenance import Upstream, parameters_of, record_text, resolved
from ..flow.subflows import with_subflows
from ..schema import NodeType, Record, Registry
from ..secrets import redacted
from .cache import Results, Value


class Records:
    """Writes the records of one run.

    Args:
        document: The flow as it was when the run began.
        inputs: Values of its inputs that were given.
        drawn: The seeds that were drawn, by "node.port"; may grow.
        registry: Which node types there are, and what is known of models and machine.
        files: The media that values refer to.
        began: When the run began.
        results: What each node gave, by id; may grow.
    """

    def __init__(
        self,
        document: Document,
        inputs: Mapping[str, object],
        drawn: Mapping[str, int],
        registry: Registry,
        files: MediaFiles,
        began: datetime,
        results: Mapping[str, Results],
    ) -> None:
        self._document, self._inputs, self._drawn = document, inputs, drawn
        self._registry, self._files, self._results = registry, files, results
        self._began = began
        # As they are now: a cell may be run again before a file is written.
        self._of_cells = {one.name: one for one in registry if one.name.startswith(PREFIX)}

    def document(self) -> Document:
        """Return the flow as it was run: given inputs as defaults, and the seeds that were drawn."""
        return resolved(self._document, self._inputs, dict(self._drawn))

    def upstream(self, document: Document | None = None) -> Upstream:
        """Return what works out what nodes were given.

        Args:
            document: The flow as it was run, if it is there already.
        """
        document = document or self.document()
        given = {node: _single(results) for node, results in dict(self._results).items()}
        return Upstream(document, with_subflows(self._registry, document), self._files, given)

    def text(self, node: str, value: Any = None) -> str:
        """Return the record of a file that holds what a node gave.

        Args:
            node: Id of the node; one that writes the file itself counts as the one before it.
            value: What the file holds.
        """
        document = self.document()
        upstream = self.upstream(document)
        told = self._models(upstream)
        versions = self._registry.machine["versions"]() if "versions" in self._registry.machine else {}
        size = value.size if isinstance(value, PIL.Image.Image) else None
        usual = {source: model.get("usual", {}) for source, model in told.items()}
        target = _before_the_writer(upstream, node)
        parameters = parameters_of(upstream, target, versions.get("pixelflow-widgets", ""), usual, size) if size else ""
        models = {source: {name: model[name] for name in model if name != "usual"} for source, model in told.items()}
        machine: dict[str, Any] = {"versions": versions, "made_at": self._began.isoformat(timespec="seconds")}
        if "threads" in self._registry.machine:
            machine["threads"] = self._registry.machine["threads"]()
        return redacted(record_text(self._carrying(document), parameters, models, machine))

    def _carrying(self, document: Document) -> Document:
        """Return a flow with the source of the notebook's node types that it uses."""
        found = sources_now(document, self._of_cells.get)
        return {**document, FIELD: found} if found else document

    def of_writer(self, node: str, arguments: Mapping[str, Any]) -> Record:
        """Return the record for a node that writes a file itself.

        Args:
            node: Its id; "" for one inside a body, of which the flow itself knows no settings.
            arguments: What it is called with.
        """
        pictures = [value for value in arguments.values() if isinstance(value, PIL.Image.Image)]
        return Record(self.text(node, *pictures[:1]))

    def _models(self, upstream: Upstream) -> dict[str, Mapping[str, Any]]:
        """Return what is known of each model that the flow names, by source."""
        look = self._registry.origins.get("model")
        found: dict[str, Mapping[str, Any]] = {}
        for node in upstream.graph.nodes if look else ():
            node_type = upstream.type_of(node)
            for port in node_type.inputs.values() if node_type else ():
                if port.type.name != "model":
                    continue
                try:
                    models = upstream.value(node, port.name)
                except LookupError:
                    continue
                for model in models if isinstance(models, list) else [models]:
                    if model is not None and model.source not in found:
                        found |= look(model)  # type: ignore[misc]
        return found


def _single(results: Results) -> dict[str, Any]:
    """Return what a node gave that is one value, by output; lists are many."""
    return {
        port: slot.data if isinstance(slot, Value) else [value.data for value in slot] for port, slot in results.items()
    }


def _before_the_writer(upstream: Upstream, node: str) -> str:
    """Return the node that a picture comes from: of one that only writes it into a file, the one before."""
    node_type = upstream.type_of(node)
    if node_type is None or node_type.record is None:
        return node
    pictures = [edge.source for edge in upstream.graph.incoming[node] if _gives_picture(upstream, edge.source)]
    return pictures[0] if len(pictures) == 1 else node


def _gives_picture(upstream: Upstream, node: str) -> bool:
    node_type: NodeType | None = upstream.type_of(node)
    return node_type is None or any(port.type.name == "image" for port in node_type.outputs.values())
