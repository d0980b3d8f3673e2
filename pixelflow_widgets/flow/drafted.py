"""A flow that code made and hands edit: the draft that keeps those edits, and the question when the code runs again."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ..errors import FlowFileError, OperationRejected
from ..schema import Registry
from . import drafts, opened
from .conflict import Choice, Conflict
from .disputed import DisputedFlow
from .document import Document
from .drafts import Draft
from .edited import Change
from .file import media_folder, to_text
from .media_files import MediaFiles, references
from .opened import OpenFile
from .operations import Operation
from .recovery import recover
from .versions import Versions

BY_CODE = frozenset(["python", "undo", "redo", "file", "resolve"])
"""Sources of edits that are not by hand."""


class DraftedFlow(DisputedFlow):
    """Keeps edits by hand of a flow without a file in a draft."""

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._draft: Draft | None = None
        self._is_of_code = False

    @property
    def is_draft(self) -> bool:
        """Return whether edits by hand go into a draft, because code made the flow and it has no file."""
        return self._draft is not None

    def keep_draft(self) -> None:
        """Keep edits by hand from now on in a draft, unless the flow is bound to a file; called when it is shown.

        Nothing is written before the first edit by hand. Where a draft with edits is there that is not what this flow
        is, `conflict` asks which one to keep. Another live flow that had the draft lets it go.
        """
        if self._held is not None or self._draft is not None:
            return
        with self.lock:
            self._before_writing()
        path = drafts.choose(self.name, self._content())
        other = opened.flow_of(path)
        if isinstance(other, DraftedFlow) and other is not self and other.is_draft:
            other._give_up_draft()  # before this flow's lock is taken: never two at once
        with self.lock:
            if self._held is None and self._draft is None:
                self._draft = Draft(path)
                if path.exists():
                    self._ask(self._draft)
                self._tell_status()

    def _ask(self, draft: Draft) -> None:
        """Take a draft that is there: it is what this flow is, or becomes a question."""
        held: OpenFile | None = None
        try:
            if opened.flow_of(draft.path) is not None:
                raise FlowFileError(f"{draft.path} is open.")
            held = OpenFile.take(draft.path)
            found = recover(held)
        except (FlowFileError, OSError) as error:
            self.note = f"An earlier draft is left as it is: {error} Edits by hand go into another one."
            if held is not None:
                held.release()
            return
        if found.other is not None:  # another program has written a draft: the edits count, that is kept
            held.keep_present()
            held.write(found.document, found.media)
        self.media.join(found.media)
        if found.document == self._document:
            self._use(held)
            if not found.is_saved:
                self._saved, self.autosave = None, True
            return
        draft.asked = held
        self._take(held)
        message = f"The code has made '{self.name}' anew, and there are edits by hand of it."
        self._conflict = Conflict("code", message, found.document, self._document)

    def _use(self, held: OpenFile) -> None:
        """Be bound to a draft from now on."""
        self.media.move_to(media_folder(held.path), references(self._document))
        self._attach(held)
        self._is_of_code = True
        self.path = self.path or held.path
        self.autosave = True

    # Editing

    def _admit(self, source: str) -> None:
        super()._admit(source)
        if self._conflict is not None and self._conflict.kind == "code" and source not in BY_CODE:
            raise OperationRejected("First say which flow to keep.")

    def _keep(self, operations: list[Operation], source: str, text: str) -> None:
        if self._draft is not None and self._held is None and source not in BY_CODE:
            self._start(self._draft)
        super()._keep(operations, source, text)

    def _start(self, draft: Draft) -> None:
        """Write the draft as it is before the first edit by hand; what cannot be written stays in memory."""
        try:
            held = drafts.take_free(draft.path)
            try:
                held.make(self._document, self.media)
            except BaseException:
                held.release()
                raise
        except (OSError, FlowFileError) as error:
            self._fail(f"Edits of '{self.name}' are in memory only: {error}")
            return
        self._use(held)

    # Deciding, saving, closing

    def _decide(self, conflict: Conflict, choice: Choice) -> Change | None:
        held = self._draft.asked if self._draft is not None else None
        if conflict.kind == "file" or self._draft is None or held is None:
            return super()._decide(conflict, choice)
        held.keep_present()
        for document in (self._document, conflict.mine):  # both, before anything is replaced
            held.versions.keep(to_text(document).encode())
        self._draft.asked = self._conflict = None
        if choice == "mine":
            self._use(held)
            return self._become(conflict.mine, "resolve")
        held.discard()
        self._let_go(held)
        return None

    def _give_up_draft(self) -> None:
        """Let another flow have the draft; should somebody edit this one by hand again, it gets another one."""
        with self.lock:
            if self._draft is None:
                return
            path = self._draft.path
            try:
                self._leave_draft()
            except OSError as error:  # the journal has the edits
                self._fail(f"{path.name} cannot be written: {error.strerror or error}.")
            self._draft = Draft(path)
            self._tell_status()

    def _leave_draft(self) -> None:
        """Be no draft any more; the draft itself stays, with every edit."""
        draft, self._draft = self._draft, None
        if draft is not None and draft.asked is not None:
            self._let_go(draft.asked)
            self._conflict = None
        elif self._held is not None:
            if self.path == self._held.path:
                self.path = None
            super().close()

    def save(self, path: str | Path | None = None) -> Path:
        """Write the flow to its file, atomically: `x.flow.json` with media beside it, or `x.flow.zip`.

        Args:
            path: Where; the file that it was loaded from, opened from or saved to last if not given. A flow that was
                opened stays bound to its file; a draft is bound to this one from now on.

        Raises:
            FlowFileError: It has no file yet, or its file was changed by another program.
        """
        target = self._target(path)
        other = opened.flow_of(target)
        if isinstance(other, DraftedFlow) and other is not self and other._is_of_code and self.is_draft:
            other.close()  # what an earlier run of the same code has left; before this flow's lock is taken
        with self.lock:
            is_bound_there = self._held is not None and target.resolve() == self._held.path
            if self._draft is None or is_bound_there or opened.flow_of(target) is not None:
                return super().save(path)
            self._settle(self._draft, target)
            return target

    def _settle(self, draft: Draft, target: Path) -> None:
        """Leave the draft for a file of the user's own."""
        held = OpenFile.take(target)
        self._before_writing()
        try:
            held.make(self._document, self.media)
        except BaseException:
            held.release()
            raise
        if draft.asked is not None:
            self._let_go(draft.asked)
        elif self._held is not None:
            with contextlib.suppress(OSError):  # it would be asked about once more, that is all
                self._held.keep_present()
                self._held.discard()
            self._detach()
        self._draft = self._conflict = None
        self._use(held)
        self.path = held.path
        self._tell_status()

    def close(self) -> None:
        """Save what is not saved, and let the file go; the flow is then one of memory only.

        Edits that wait for an answer stay in the journal and come back when the file is opened again.

        Raises:
            OSError: The file could not be written; the edits are in the journal.
        """
        with self.lock:
            if self._draft is None:
                super().close()
            else:
                self._leave_draft()
                self._tell_status()

    @property
    def _versions(self) -> Versions | None:
        if self._held is None and self._draft is not None:
            return Versions(self._draft.path)
        return super()._versions
