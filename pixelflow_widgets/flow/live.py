"""A flow that lives: edited by code and by hands, bound to its file or to a draft, one object a file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Self

from ..errors import FlowFileError
from ..schema import Registry
from ..schema import registry as process_registry
from . import document as doc
from . import file, opened
from .drafted import DraftedFlow
from .media_files import MediaFiles
from .opened import OpenFile
from .recovery import recover


class LiveFlow(DraftedFlow):
    """Is loaded from a file, or opened with it.

    Args:
        name: What the flow is called; becomes the name of its function, endpoint and file.
        registry: Which node types there are.
    """

    @classmethod
    def load(cls, path: str | Path, *, registry: Registry = process_registry) -> Self:
        """Read a flow from JSON, zip, or a picture that carries one; runs and imports nothing.

        Raises:
            FlowFileError: It is not a flow that can be read; everything less is a problem of the flow.
        """
        flow = cls.__new__(cls)
        flow._begin(*file.load(Path(path)), registry)
        if _is_flow_file(Path(path)):  # a picture is not the flow's own file
            flow.path, flow._saved = Path(path), 0
        return flow

    @classmethod
    def open(cls, path: str | Path, *, registry: Registry = process_registry, autosave: bool = False) -> Self:
        """Bind a flow to its file, which is made if it is not there; edits that were not saved come back.

        There is one live flow of a file: opening it again gives the same object, as long as somebody holds that.

        Args:
            path: The file.
            registry: Which node types there are.
            autosave: Whether to write the file when nobody has edited for a second.

        Raises:
            FlowFileError: The file is not a flow, or is open in another process.
        """
        path = Path(path).resolve()
        if not _is_flow_file(path):
            raise FlowFileError(f"{path.name} is not the name of a flow file. Write '{file.stem(path)}.flow.json'.")
        while True:
            with opened.guard:
                flow = opened.flow_of(path) or cls._open(path, registry)
            if not isinstance(flow, cls) or flow.registry is not registry:
                raise FlowFileError(f"{path} is open as another {type(flow).__name__}. Use that one, or close it.")
            with flow.lock:
                if opened.flow_of(path) is not flow:
                    continue  # somebody has just closed it
                if flow._held is None:
                    raise FlowFileError(f"{path} is the draft of a flow that waits for an answer: which one is kept?")
                flow._look()
                if autosave:
                    flow.autosave = True
                return flow

    @classmethod
    def _open(cls, path: Path, registry: Registry) -> Self:
        held = OpenFile.take(path)
        try:
            if not path.exists():
                _make(path)
            found = recover(held)
        except BaseException:
            held.release()
            raise
        flow = cls.__new__(cls)
        flow._begin(found.document, found.media, registry)
        flow.path = path
        flow._attach(held, found)
        if found.note:
            warnings.warn(found.note, stacklevel=3)
        return flow


def _is_flow_file(path: Path) -> bool:
    return path.suffix.lower() in (".json", ".zip")


def _make(path: Path) -> None:
    try:
        file.save(path, doc.new_document(file.stem(path)), MediaFiles())
    except OSError as error:
        raise FlowFileError(f"{path} cannot be made: {error.strerror or error}.") from error
