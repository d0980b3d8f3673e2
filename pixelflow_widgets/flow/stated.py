"""What code says of a flow that hands have made: where nodes stand, the order of edges, fields that have no verb."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

from ..errors import FlowFileError, OperationRejected
from ..schema import Registry
from . import document as doc
from .amending import amended, reordered
from .document import Document
from .editing import EditableFlow
from .file import check_shape
from .handles import FlowInput, Node, OutputPort
from .media_files import MediaFiles, MediaReference
from .operations import Operation


class StatedFlow(EditableFlow):
    """Can be told exactly; what `to_builder` writes besides the usual verbs is here."""

    @classmethod
    def of(cls, document: Document, files: MediaFiles, registry: Registry) -> Self:
        """Return a flow of memory that goes on from a document.

        Args:
            document: The flow, complete.
            files: Its media.
            registry: Which node types there are.
        """
        flow = cls.__new__(cls)
        flow._begin(document, files, registry)
        return flow

    def medium(self, reference: str) -> MediaReference:
        """Return what stands for a medium that the flow keeps, to be given to an input.

        Args:
            reference: The name of its file in the flow's media folder.

        Raises:
            MediaError: It cannot be such a name.
        """
        return MediaReference(reference)

    def placeholder(
        self,
        type: str,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        id: str | None = None,
        title: str | None = None,
        version: int | None = 1,
        **more: Any,
    ) -> Node:
        """Place a node of a type that need not be known here; it keeps what it holds, and runs where the type is known.

        Args:
            type: Name of the type.
            values: By input name: plain JSON, an output of a node, or an input of the flow.
            id: Its id; made from the type's name if not given.
            title: What it is called on the canvas.
            version: Version of the type; None where none is noted.
            more: As `values`.
        """
        key = id or self._free_id(type)
        entry: dict[str, Any] = {"type": type, "values": {}} | ({"title": title} if title else {})
        if version is not None:
            entry["type_version"] = version
        joins: list[Operation] = []
        for name, value in {**(values or {}), **more}.items():
            items = value if isinstance(value, list) else [value]
            if any(isinstance(item, OutputPort | FlowInput) for item in items):
                joins.extend(self._join(item, f"{key}.{name}") for item in items)
            else:
                entry["values"][name] = value.as_json() if isinstance(value, MediaReference) else value
        sources = [value.node for value in {**(values or {}), **more}.values() if isinstance(value, OutputPort)]
        with self.lock:
            place = self._columns_now().free_position(self._document, sources)
            self._place(key, entry, place, None, [], joins)
        return Node(self, key)

    def arrange(
        self, positions: Mapping[str, tuple[float, float] | None] | None = None, *, edges: Iterable[str] = ()
    ) -> None:
        """Put nodes where they belong, and edges into their order; what is not there any more is passed over.

        Args:
            positions: By node id, in pixels at zoom 1; None is nowhere.
            edges: "draw.image -> save.image", or "prompt -> draw.prompt" for a feed of an input: these exchange their
                places so that they come in this order.

        Raises:
            OperationRejected: A position is no pair of numbers.
        """
        with self.lock:
            document = self._document
            places = dict(document["layout"].get("positions", {}))
            for key, place in (positions or {}).items():
                if key in document["nodes"]:
                    places[key] = place
            places = {key: place for key, place in places.items() if place is not None or key not in (positions or {})}
            document = {**document, "layout": {**document["layout"], "positions": places}}
            self._state(reordered(document, list(edges)))

    def amend(self, changes: Mapping[str, Any] | None = None, *, without: Iterable[str] = ()) -> None:
        """Set fields of the document that no other verb sets, as one undo step.

        Args:
            changes: Place → plain JSON: "nodes/draw/note", "inputs/prompt/affects_cost". In names, "~1" is a slash and
                "~0" a tilde; entries of other lists go by number.
            without: Places that are taken away.

        Raises:
            OperationRejected: There is no such place, or what comes out is no flow.
        """
        with self.lock:
            self._state(amended(self._document, changes or {}, list(without)))

    def _state(self, document: Document) -> None:
        """Be this document from now on, if a file could hold it."""
        try:
            plain = json.loads(json.dumps(document, allow_nan=False))
            is_whole = doc.is_document(plain) and check_shape(plain) == plain
        except (TypeError, ValueError, RecursionError, FlowFileError) as error:
            raise OperationRejected(f"A flow cannot be so: {error}") from None
        if not is_whole:
            raise OperationRejected("A whole flow has values in each node, feeds in each input, and positions.")
        if plain != self._document or json.dumps(plain) != json.dumps(self._document):
            self._become(plain, "python")
