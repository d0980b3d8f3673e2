"""A document and its file: the journal, saving, autosave and the versions."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import FlowFileError
from ..schema import Registry
from . import file, opened
from .autosave import saver
from .conflict import Conflict
from .document import Document
from .edited import Change, EditedDocument, listen
from .media_files import MediaFiles
from .opened import OpenFile
from .operations import Operation
from .recovery import Recovered
from .versions import Version, Versions

_log = logging.getLogger(__name__)


class BoundFlow(EditedDocument):
    """Is bound to its file where it was opened: every accepted edit is in the journal before anybody hears of it.

    Args:
        name: What the flow is called.
        registry: Which node types there are.
    """

    path: Path | None
    """The file that it was loaded from, opened from or saved to; None where there is none yet."""
    save_error: str
    """Why the file could not be written, in words; empty where it could."""
    note: str
    """What a user should know of how the flow was opened; mostly empty."""

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self.path, self.save_error, self.note = None, "", ""
        self._held: OpenFile | None = None
        self._lets_go: weakref.finalize[..., Any] | None = None
        self._conflict: Conflict | None = None
        self._saved: int | None = None
        self._autosave = False
        self._edited_at = 0.0
        self._status_listeners: list[Callable[[], None]] = []

    def _attach(self, held: OpenFile, found: Recovered | None = None) -> None:
        """Be bound to a file from now on, of which the document is what was found, or what it holds."""
        self._take(held)
        self._held = held
        self.save_error = held.problem
        self._saved = self.revision if found is None or found.is_saved else None
        if found is not None:
            self.note = found.note
        if not held.problem:
            held.keep_present()

    def _detach(self) -> None:
        """Be bound to no file any more; the file and its journal stay as they are."""
        held, self._held = self._held, None
        if held is not None:
            self._let_go(held)

    def _take(self, held: OpenFile) -> None:
        """Have a file until it is let go, or nobody holds this flow any more."""
        if self._lets_go is not None:
            self._lets_go.detach()
        self._lets_go = weakref.finalize(self, held.release)
        self._lets_go.atexit = False  # at the end `opened` closes every flow
        opened.enter(held.path, self)

    def _let_go(self, held: OpenFile) -> None:
        if self._lets_go is not None:
            self._lets_go.detach()
            self._lets_go = None
        opened.leave(held.path, self)
        held.release()

    def close(self) -> None:
        """Save what is not saved, and let the file go; the flow is then one of memory only.

        Edits that wait for an answer stay in the journal and come back when the file is opened again.

        Raises:
            OSError: The file could not be written; the edits are in the journal.
        """
        with self.lock:
            saver.forget(self)
            try:
                if self._held is not None and not self.is_saved and self._conflict is None:
                    self._write(auto=True)
            finally:
                self._detach()
                self._conflict, self._autosave = None, False
                self._tell_status()

    # Editing

    def _keep(self, operations: list[Operation], source: str, text: str) -> None:
        if self._held is not None:
            self._held.append(operations, text)

    def _tell(self, operations: list[Operation], source: str) -> Change:
        was_saved = self.is_saved
        change = super()._tell(operations, source)
        self._edited_at = time.monotonic()
        if was_saved and not self.is_saved:
            if self._autosave and self._held is not None:
                saver.expect(self)
            self._tell_status()
        return change

    # Saving

    @property
    def is_saved(self) -> bool:
        """Return whether the file holds every edit."""
        return self._saved == self.revision

    @property
    def autosave(self) -> bool:
        """Return whether the file is written when nobody has edited for a second."""
        return self._autosave

    @autosave.setter
    def autosave(self, wanted: bool) -> None:
        with self.lock:
            self._autosave = wanted
            if not wanted:
                saver.forget(self)
            elif self._held is not None and not self.is_saved:
                saver.expect(self)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the flow to its file, atomically: `x.flow.json` with media beside it, or `x.flow.zip`.

        Args:
            path: Where; the file that it was loaded from, opened from or saved to last if not given. A flow that was
                opened stays bound to its file.

        Raises:
            FlowFileError: It has no file yet, or its file was changed by another program.
        """
        with self.lock:
            target = self._target(path)
            self._before_writing()
            if self._held is None or target.resolve() != self._held.path:
                file.save(target, self._document, self.media)
                if self._held is None:
                    self.path, self._saved = target, self.revision
                    self._tell_status()
            elif not self._write():
                assert self._conflict is not None
                raise FlowFileError(f"{self._conflict.message} Write flow.resolve('mine') or flow.resolve('other').")
        return target

    def _content(self) -> bytes:
        return file.to_text(self._document).encode()

    def _target(self, path: str | Path | None) -> Path:
        if path is not None:
            return Path(path)
        if self.path is None:
            raise FlowFileError(f"'{self.name}' has no file yet. Write flow.save('{self.name}.flow.json').")
        return self.path

    def _write(self, *, auto: bool = False) -> bool:
        """Write the file that the flow is bound to; return False where that has to wait for an answer."""
        self._look()
        if self._conflict is not None or self._held is None:
            return False
        self._before_writing()
        self._held.write(self._document, self.media, auto=auto)
        self._saved, self.save_error = self.revision, self._held.problem
        self._tell_status()
        return True

    def _before_writing(self) -> None:
        """Bring the document up to date with what it takes from elsewhere, as an edit that is no step of undo."""

    def _look(self) -> None:
        """Look whether another program has changed the file."""

    def save_when_idle(self, idle: float) -> bool | float:
        """Write the file if nobody has edited for a time.

        Args:
            idle: That time in seconds.

        Returns:
            True where nothing is to be done any more, False where it failed, else how many seconds are left.
        """
        with self.lock:
            if self._held is None or self.is_saved or self._conflict is not None or not self._autosave:
                return True
            if (left := self._edited_at + idle - time.monotonic()) > 0:
                return left
            try:
                self._write(auto=True)
            except OSError as error:
                self._fail(f"{self._held.path.name} cannot be written: {error.strerror or error}.")
                return False
            return True

    def _fail(self, words: str) -> None:
        if self.save_error != words:
            self.save_error = words
            _log.warning("%s", words)
            self._tell_status()

    def on_status(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when `is_saved`, `conflict`, `save_error` or `path` have changed; what is returned ends it."""
        return listen(self._status_listeners, callback)

    def _tell_status(self) -> None:
        for callback in tuple(self._status_listeners):
            self._call(callback)

    # Versions

    @property
    def _versions(self) -> Versions | None:
        if self._held is not None:
            return self._held.versions
        return Versions(self.path) if self.path else None

    @property
    def versions(self) -> list[Version]:
        """Return the kept versions of the flow's file, newest first."""
        kept = self._versions
        return kept.list() if kept else []

    def restore(self, version: Version | str, *, source: str = "restore") -> Change:
        """Become an earlier version, as one edit that can be taken back; the present document is kept as a version.

        Args:
            version: One of `versions`, or its id.
            source: Who does it, as the listeners are told.

        Raises:
            FlowFileError: There is no such version.
        """
        with self.lock:
            kept = self._versions
            if kept is None:
                raise FlowFileError(f"'{self.name}' has no file yet, and so no versions.")
            found = kept.named(version.id if isinstance(version, Version) else version)
            document = file.parse(found.path.read_bytes(), self.name)
            self._admit(source)
            kept.keep(self._content())
            return self._become(document, source)
