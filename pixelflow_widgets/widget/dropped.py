"""Files that are dropped on the editor: what flow they carry, and opening that, once somebody has said so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import FlowFileError, PixelFlowError
from ..flow import file
from ..flow.document import Document
from ..flow.document import nodes as nodes_of
from ..flow.media_files import MediaFiles
from ..flow.subflows import with_subflows
from .bridge import Answer, Buffers, Message

_MOST_KEPT = 3
"""Files that wait for an answer; who drops more drops the first again."""
_MOST_UNKNOWN = 5


class Dropped:
    """Reads dropped files, and keeps the flows until somebody opens them: nothing runs, and nothing is changed before.

    Args:
        flow: Returns the flow of the editor.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Document, MediaFiles]] = {}

    def look(self, _: str, message: Message, buffers: Buffers) -> Answer:
        """Say what flow a file carries."""
        name = str(message.get("name") or "")[:200]
        if not buffers:
            raise FlowFileError("A file is dropped with its bytes.")
        content = bytes(buffers[0])
        try:
            document, media = file.read(content, name)
        except FlowFileError as error:
            raise FlowFileError(f"“{name}”: {error}" if name else str(error)) from error
        key = file.file_digest(content)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = document, media
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        types = with_subflows(self._flow().registry, document)
        entries = nodes_of(document)
        unknown = sorted({entry["type"] for entry in entries.values() if types.find(entry["type"]) is None})
        carried = {"key": key, "name": document["name"][:200], "nodes": len(entries)}
        return {"carried": {**carried, "unknown": [name[:80] for name in unknown[:_MOST_UNKNOWN]]}}, []

    def open(self, page: str, message: Message, _: Buffers) -> bool:
        """Let the flow of the editor become the one of a file that was looked at, as one edit that can be undone.

        Automatic runs are switched off: it may be somebody else's, and is looked at before it runs.
        """
        with self._lock:
            found = self._kept.pop(str(message.get("key")), None)
        if found is None:
            raise PixelFlowError("This file is not known any more. Drop it again.")
        flow, (document, media) = self._flow(), found
        if (options := flow.editor.options).get("auto_run"):
            flow.editor.options = {**options, "auto_run": False}
        flow.media.join(media)
        flow.apply([{"op": "replace", "document": document}], source=page)
        return True
