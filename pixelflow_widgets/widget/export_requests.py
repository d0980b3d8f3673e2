"""What pages ask about a flow as code, notebook or drawing: its text, its file, one node as cells."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import ExportError, PixelFlowError
from ..export.forms import Form, content_before, difference, file_name, text_of, write
from ..flow.document import is_name
from ..flow.file import stem
from ..flow.variables import is_variable, notebook_names
from ..media import blake3_hex
from .bridge import Answer, Buffers, Message


class ExportRequests:
    """Does what pages ask about the text of a flow; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self.slow = {"export_flow": self._export, "write_export": self._write, "node_cells": self._cells}

    def _export(self, _: str, message: Message, __: Buffers) -> Answer:
        flow, form = self._flow(), _form(message)
        return {"text": text_of(flow, form), "file": _default_file(flow, form)}, []

    def _write(self, _: str, message: Message, __: Buffers) -> Answer:
        """Write a text that a page shows; what stands there is written over only if the page has shown that, too."""
        flow, path = self._flow(), message.get("path")
        text = text_of(flow, _form(message))
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise ExportError("A file wants a name.")
        target = Path(path.strip()).expanduser()
        try:
            before = content_before(target)
            if before == text.encode():
                return {"file": str(target), "did": False}, []
            if before is not None and message.get("over") != (found := blake3_hex(before)):
                return {"file": str(target), "difference": difference(target, before, text), "over": found}, []
            write(flow, target, text)
        except OSError as error:
            raise ExportError(f"{target} cannot be written: {error.strerror or error}.") from None
        return {"file": str(target), "did": True}, []

    def _cells(self, _: str, message: Message, __: Buffers) -> Answer:
        flow, node = self._flow(), message.get("node")
        if not isinstance(node, str) or not is_name(node):
            raise PixelFlowError("A node is named by its id.")
        return {"cells": flow.to_cells(node, variable=variable_of(flow))}, []


def variable_of(flow: Any) -> str | None:
    """Return what a flow is called in the notebook: `flow`, where that is it; None where it has no name there."""
    names = notebook_names()
    called = [name for name, value in list(names.items()) if value is flow and is_variable(name) and name[0] != "_"]
    return "flow" if "flow" in called else next(iter(called), None)


def _form(message: Message) -> Form:
    try:
        return Form(message.get("to"))
    except ValueError:
        raise ExportError(f"A flow is exported as {', '.join(Form)}.") from None


def _default_file(flow: Any, form: Form) -> str:
    """Return where the text goes if nobody says otherwise: beside the flow's file, as the notebook would name it."""
    if flow.path is None:
        return file_name(flow.document["name"], form)
    path = flow.path.with_name(file_name(stem(flow.path), form))
    try:
        inside = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if inside.startswith("..") else inside
