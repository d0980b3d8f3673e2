"""A document in memory: every change leads through `apply`, so that undo, journal and listeners miss nothing.

The flow's `lock` is the outermost of all locks: listeners are called with it held, so whoever needs it and a lock of
their own takes it first.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from ..errors import OperationRejected
from ..schema import Registry
from ..schema import registry as process_registry
from . import document as doc
from .document import Document
from .media_files import MediaFiles
from .operations import Operation, apply
from .plain import as_json
from .problems import Problem, find_problems
from .rules import Rules
from .subflows import with_subflows

UNDO_STEPS = 500
KEPT_CHANGES = 1000
MERGES_WITHIN = 1.0
"""Seconds between two edits with one merge key that are still one undo step."""
MERGED_OPERATIONS = 200
# Of these the later one takes the place of the earlier one, if both change the same fields of the same thing.
_REPLACED_BY_THE_NEXT = {
    "set_values": "values",
    "set_node": "fields",
    "set_flow": "fields",
    "set_input": "fields",
    "set_output": "fields",
    "move_nodes": "positions",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """Is one accepted edit.

    Args:
        revision: Number of the edit in this process.
        operations: What was done, in order.
        source: Who did it: "python", "undo", "redo", "resolve", "restore", or a page's name.
    """

    revision: int
    operations: list[Operation]
    source: str


@dataclass
class _Step:
    """Is what one undo takes back."""

    operations: list[Operation]
    inverses: list[Operation]
    merge: str | None = None
    revision: int = 0
    at: float = 0.0


class EditedDocument:
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
        self.revision = 0
        self.epoch = os.urandom(8).hex()
        self.lock = threading.RLock()
        self._document = document
        self._rules: Rules | None = None
        self._undo: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self._redo: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self._changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self._listeners: list[Callable[[Change], None]] = []
        self._untold: deque[Change] = deque()
        self._telling = False

    @property
    def document(self) -> Document:
        """Return the flow as JSON; it is never changed in place."""
        return self._document

    @property
    def types(self) -> Registry:
        """Return the node types that can be placed: those of the registry, and the subflows of this flow."""
        return with_subflows(self.registry, self._document)

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

    def apply(self, operations: list[Operation], *, source: str = "python", merge: str | None = None) -> Change:
        """Apply operations as one undo step, all or none; keep them in the journal; then tell the listeners.

        Args:
            operations: What to do, in order.
            source: Who does it.
            merge: If the edit before had the same key and is less than a second old, both are one undo step.

        Raises:
            OperationRejected: One breaks a rule; nothing is changed.
            OSError: The journal cannot be written; nothing is changed.
        """
        operations, text = as_json(operations)
        with self.lock:
            return self._edit(operations, source, merge, text)

    def _edit(self, operations: list[Operation], source: str, merge: str | None = None, text: str = "") -> Change:
        """Do an edit whose operations are JSON, which is `text`; without that the rules are not asked."""
        inverses = self._accept(operations, source, text)
        self._remember(_Step(operations, inverses, merge, self.revision + 1, time.monotonic()))
        self._redo.clear()
        return self._tell(operations, source)

    def _become(self, document: Document, source: str) -> Change:
        """Replace the whole document by one that was read from a file, as one edit."""
        return self._edit([{"op": "replace", "document": document}], source)

    def _accept(self, operations: list[Operation], source: str, text: str = "") -> list[Operation]:
        """Apply operations and return their inverses.

        Args:
            operations: What to do, in order.
            source: Who does it.
            text: The operations as JSON; empty for what once was accepted, about which the rules are not asked again.
        """
        self._admit(source)
        document, inverses = self._document, []
        rules = self._rules = self._rules or Rules(document, self.registry)
        try:
            for operation in operations:
                after, inverse = apply(document, operation)
                if text:
                    rules.check(document, operation)
                inverses.append(inverse)
                rules.note(operation)
                document = after
            self._keep(operations, source, text)
        except BaseException:
            if inverses:
                self._rules = None  # it has taken notice of what is not going to happen
            raise
        self._document = document
        return inverses[::-1]

    def _admit(self, source: str) -> None:
        """Refuse an edit because of who does it."""

    def _keep(self, operations: list[Operation], source: str, text: str) -> None:
        """Keep an edit that fits, before it is done and anybody hears of it."""

    def _remember(self, step: _Step) -> None:
        last = self._undo[-1] if self._undo else None
        if (
            last is None
            or step.merge is None
            or (last.merge, last.revision) != (step.merge, self.revision)
            or step.at - last.at >= MERGES_WITHIN
            or len(last.inverses) >= MERGED_OPERATIONS
        ):
            self._undo.append(step)
            return
        if not _replaces(step.operations, last.operations):
            last.inverses = step.inverses + last.inverses
            last.operations = last.operations + step.operations
        else:
            last.operations = step.operations
        last.revision, last.at = step.revision, step.at

    def _tell(self, operations: list[Operation], source: str) -> Change:
        """Number an edit and tell the listeners, after those before it where a listener is editing."""
        self.revision += 1
        change = Change(self.revision, operations, source)
        self._changes.append(change)
        self._untold.append(change)
        if self._telling:
            return change
        self._telling = True
        try:
            while self._untold:
                current = self._untold.popleft()
                for listener in tuple(self._listeners):
                    self._call(listener, current)
        finally:
            self._telling = False
        return change

    def _call(self, listener: Callable[..., None], *given: object) -> None:
        try:
            listener(*given)
        except Exception:  # the edit stands, and the other listeners hear of it
            _log.exception("A listener of the flow '%s' failed at revision %d.", self.name, self.revision)

    @property
    def can_undo(self) -> bool:
        """Return whether there is an edit to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Return whether there is an edit to do again."""
        return bool(self._redo)

    def undo(self, source: str = "undo") -> bool:
        """Take the last edit back; return False when there is none.

        An edge, feed or output that only a damaged file can hold, because its node is not there, does not come back.

        Args:
            source: Who does it, as the listeners are told.
        """
        return self._travel(self._undo, self._redo, source)

    def redo(self, source: str = "redo") -> bool:
        """Do the last edit again that was taken back; return False when there is none.

        Args:
            source: Who does it, as the listeners are told.
        """
        return self._travel(self._redo, self._undo, source)

    def _travel(self, origin: deque[_Step], destination: deque[_Step], source: str) -> bool:
        with self.lock:
            if not origin:
                return False
            steps = self._that_fit(origin[-1].inverses)
            inverses = self._accept(steps, source)
            origin.pop()
            destination.append(_Step(steps, inverses))
            self._tell(steps, source)
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

    def changes_since(self, revision: int) -> list[Change] | None:
        """Return the accepted edits after a revision, or None if they are not known any more.

        Args:
            revision: The last one that is known; one that this flow has not reached gives None too.
        """
        with self.lock:
            missing = self.revision - revision
            if not 0 <= missing <= len(self._changes):
                return None
            return list(islice(self._changes, len(self._changes) - missing, None))

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back after each accepted edit, in their order; the function that is returned ends it."""
        return listen(self._listeners, callback)


def listen(listeners: list[Callable[..., None]], callback: Callable[..., None]) -> Callable[[], None]:
    """Add a listener, and return the function that takes it away."""
    listeners.append(callback)

    def end() -> None:
        if callback in listeners:
            listeners.remove(callback)

    return end


def _replaces(later: list[Operation], earlier: list[Operation]) -> bool:
    """Return whether an edit changes just the fields that the one before changed."""
    if len(later) != 1 or len(earlier) != 1 or later[0]["op"] != earlier[0]["op"]:
        return False
    one, other = later[0], earlier[0]
    changes = _REPLACED_BY_THE_NEXT.get(one["op"])
    if changes is None or one.keys() != other.keys() or one[changes].keys() != other[changes].keys():
        return False
    return all(one[name] == other[name] for name in one if name != changes)
