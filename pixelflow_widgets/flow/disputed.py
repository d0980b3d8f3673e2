"""A flow whose file another program has changed: noticed, asked about, decided; nothing is written before that."""

from __future__ import annotations

from dataclasses import replace

from ..errors import FlowFileError, OperationRejected
from . import file
from .bound import BoundFlow
from .conflict import Choice, Conflict
from .document import Document, new_document
from .edited import Change
from .opened import OpenFile


class DisputedFlow(BoundFlow):
    """Asks which flow to keep where its file is not what was written here."""

    @property
    def conflict(self) -> Conflict | None:
        """Return what has to be decided before the file is written again, or None."""
        with self.lock:
            if self._conflict is None:
                return None
            here = {"mine" if self._conflict.kind == "file" else "other": self._document}
            return replace(self._conflict, **here)

    def _look(self) -> None:
        if self._held is None:
            return
        before, content = self._conflict, self._held.foreign()
        if content is None:
            self._conflict = None  # it is gone, or what it was
        else:
            other = self._read_other(self._held)
            if other == self._document:
                self._held.begin(content)
                self._conflict, self._saved = None, self.revision
            else:
                self._conflict = _of_file(self._held, self._document, other)
        if (before is None) != (self._conflict is None):
            self.autosave = self.autosave  # what was held back is written now
            self._tell_status()

    def _read_other(self, held: OpenFile) -> Document | None:
        """Return what another program made of the file, or None if that is not a flow."""
        try:
            document, media = file.load(held.path)
        except FlowFileError:
            return None
        self.media.join(media)
        return document

    def resolve(self, choice: Choice) -> Change | None:
        """Decide a conflict; the flow that is not kept stays in the versions.

        Args:
            choice: "mine" keeps the flow with the edits, "other" takes what the code made or the file holds.

        Returns:
            The edit by which the document became the other one, if it did.

        Raises:
            OperationRejected: There is nothing to decide, or no such choice.
            FlowFileError: The file is not a flow and cannot be taken.
        """
        if choice not in ("mine", "other"):
            raise OperationRejected(f"{choice!r} is no choice. Choose 'mine' or 'other'.")
        with self.lock:
            if self._conflict is None:
                raise OperationRejected("There is nothing to decide any more.")
            change = self._decide(self._conflict, choice)
            self._tell_status()
            return change

    def _decide(self, conflict: Conflict, choice: Choice) -> Change | None:
        self._look()  # at what the file holds now
        if self._held is None or self._conflict is None or (content := self._held.foreign()) is None:
            return None
        if choice == "mine":
            self._held.keep(content)
            self._held.write(self._document, self.media)
            self._conflict, self._saved, self.save_error = None, self.revision, self._held.problem
            return None
        if not self._conflict.is_readable:
            raise FlowFileError(f"{self._held.path.name} is not a flow. Mend it, or keep your edits.")
        self._held.versions.keep(self._content())
        other, self._conflict = self._conflict.other, None
        change = self._become(other, "resolve")
        self._held.begin(content)
        self._held.keep(content)
        self._saved = self.revision
        return change


def _of_file(held: OpenFile, mine: Document, other: Document | None) -> Conflict:
    changed = f"{held.path.name} was changed by another program"
    if other is None:
        return Conflict("file", f"{changed}, and is not a flow now.", mine, new_document(""), False)
    return Conflict("file", f"{changed}.", mine, other)
