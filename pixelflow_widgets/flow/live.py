"""A document that lives: every change leads through `apply`, so that undo, journal and listeners miss nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..errors import FlowFileError, OperationRejected
from ..schema import Registry
from ..schema import registry as process_registry
from . import document as doc
from . import file
from .document import Document
from .journal import Journal, Version, Versions
from .media_files import MediaFiles
from .operations import Operation, apply, as_json
from .problems import Problem, find_problems
from .rules import Rules

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """Is one accepted edit.

    Args:
        revision: Number of the edit in this process.
        operations: What was done, in order.
        source: Who did it: "python", "undo", or a page's name.
    """

    revision: int
    operations: list[Operation]
    source: str


class LiveFlow:
    """Holds a document and the only way to change it.

    Args:
        name: What the flow is called; becomes the name of its function, endpoint and file.
        registry: Which node types there are.
    """

    def __init__(self, name: str = "flow", *, registry: Registry = process_registry) -> None:
        self._begin(doc.new_document(name), MediaFiles(), registry)

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        self.registry = registry
        self.media = files
        self.path: Path | None = None
        self.revision = 0
        self._document = document
        self._lock = threading.RLock()
        self._rules: Rules | None = None
        self._journal: Journal | None = None
        self._undo: list[tuple[list[Operation], list[Operation]]] = []
        self._redo: list[tuple[list[Operation], list[Operation]]] = []
        self._listeners: list[Callable[[Change], None]] = []

    @property
    def document(self) -> Document:
        """Return the flow as JSON; it is never changed in place."""
        return self._document

    @property
    def name(self) -> str:
        """Return what the flow is called."""
        return self._document["name"]

    def problems(self, targets: Iterable[str] | None = None) -> list[Problem]:
        """Return everything that is wrong, as data.

        Args:
            targets: Node ids; only what they need is looked at.
        """
        return find_problems(self._document, self.registry, self.media, targets)

    def apply(self, operations: list[Operation], *, source: str = "python") -> Change:
        """Apply operations as one undo step, all or none; keep them in the journal; then tell the listeners.

        Raises:
            OperationRejected: One breaks a rule; nothing is changed.
        """
        operations = as_json(operations)
        with self._lock:
            inverses = self._accept(operations)
            self._undo.append((operations, inverses))
            self._redo.clear()
            return self._tell(operations, source)

    def _accept(self, operations: list[Operation], *, again: bool = False) -> list[Operation]:
        """Apply operations and return their inverses; rules are not asked `again` about what once was accepted."""
        document, inverses = self._document, []
        rules = self._rules = self._rules or Rules(document, self.registry)
        try:
            for operation in operations:
                after, inverse = apply(document, operation)
                if not again:
                    rules.check(document, operation)
                rules.note(operation)
                document = after
                inverses.append(inverse)
            if self._journal:
                self._journal.append(operations)
        except BaseException:
            self._rules = None  # it has taken notice of what is not going to happen
            raise
        self._document = document
        return inverses[::-1]

    def _tell(self, operations: list[Operation], source: str) -> Change:
        self.revision += 1
        change = Change(self.revision, operations, source)
        for listener in list(self._listeners):
            try:
                listener(change)
            except Exception:  # the edit stands, and the other listeners hear of it
                _log.exception("A listener of the flow '%s' failed at revision %d.", self.name, self.revision)
        return change

    def undo(self) -> bool:
        """Take the last edit back; return False when there is none.

        An edge, feed or output that only a damaged file can hold, because its node is not there, does not come back.
        """
        return self._travel(self._undo, self._redo)

    def redo(self) -> bool:
        """Do the last edit again that was taken back; return False when there is none."""
        return self._travel(self._redo, self._undo)

    def _travel(self, origin: list[Any], destination: list[Any]) -> bool:
        with self._lock:
            if not origin:
                return False
            steps = self._that_fit(origin[-1][1])
            inverses = self._accept(steps, again=True)
            origin.pop()
            destination.append((steps, inverses))
            self._tell(steps, "undo")
            return True

    def _that_fit(self, operations: list[Operation]) -> list[Operation]:
        """Return the operations that the document takes: what only a damaged file can hold is not put back."""
        document, steps = self._document, []
        for operation in operations:
            try:
                document, _ = apply(document, operation)
            except OperationRejected:
                continue
            steps.append(operation)
        return steps

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back after each accepted edit; the function that is returned ends it."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    def save(self, path: str | Path | None = None) -> Path:
        """Write the flow to its file, atomically: `x.flow.json` with media beside it, or `x.flow.zip`.

        Args:
            path: Where; the file that it was loaded from or saved to last if not given. A flow that was opened stays
                bound to its file.

        Raises:
            FlowFileError: It has no file yet, or its file was changed by another program.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise FlowFileError(f"'{self.name}' has no file yet. Write flow.save('{self.name}.flow.json').")
        with self._lock:
            content = file.to_text(self._document).encode()
            journal = self._journal if self.path and target.resolve() == self.path.resolve() else None
            if journal:
                if target.exists() and not journal.knows(target.read_bytes()):
                    raise FlowFileError(
                        f"{target} was changed by another program. Save under another name, then compare the two."
                    )
                journal.saving(content)
            file.save(target, self._document, self.media)
            if journal:
                journal.start(content)
                Versions(target).keep(content)
            if self._journal is None:
                self.path = target
        return target

    @classmethod
    def load(cls, path: str | Path, *, registry: Registry = process_registry) -> Self:
        """Read a flow from JSON, zip, or a picture that carries one; runs and imports nothing.

        Raises:
            FlowFileError: It is not a flow that can be read; everything less is a problem of the flow.
        """
        flow = cls.__new__(cls)
        flow._begin(*file.load(Path(path)), registry)
        if Path(path).suffix.lower() in (".json", ".zip"):  # a picture is not the flow's own file
            flow.path = Path(path)
        return flow

    @classmethod
    def open(cls, path: str | Path, *, registry: Registry = process_registry) -> Self:
        """Bind a flow to its file, which is made if it is not there; edits that were not saved come back.

        Every accepted edit is in a journal beside the file before anybody hears of it.

        Raises:
            FlowFileError: The file is not a flow, or was changed by somebody else while edits were not saved.
        """
        path = Path(path)
        flow = cls.__new__(cls)
        if path.exists():
            flow._begin(*file.load(path), registry)
        else:
            flow._begin(doc.new_document(file.stem(path)), MediaFiles(file.media_folder(path)), registry)
            file.save(path, flow._document, flow.media)
        content = path.read_bytes()
        journal = Journal(path)
        edits = journal.unsaved(content)
        if edits is None:
            raise FlowFileError(
                f"{path} was changed by another program while edits in {journal.path} were not saved. Move the "
                "journal away to take the file as it is, or put the older file back to keep the edits."
            )
        try:
            for edit in edits:
                flow._accept(edit, again=True)
        except OperationRejected as error:
            raise FlowFileError(f"{journal.path} holds an edit that does not fit {path}: {error}") from error
        journal.start(content, edits)
        if not edits:
            Versions(path).keep(content)
        flow._journal, flow.path = journal, path
        return flow

    @property
    def versions(self) -> list[Version]:
        """Return the kept versions of the flow's file, newest first."""
        return Versions(self.path).list() if self.path else []
