"""Which flow files this process has open: one live flow a file, and one process a file.

`guard` is the innermost lock: under it no other flow's lock is taken, unless nobody else has seen that flow.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FlowFileError
from . import file
from .document import Document
from .journal import Journal
from .media_files import MediaFiles
from .operations import Operation
from .versions import Versions

if TYPE_CHECKING:
    from .bound import BoundFlow

PATIENCE = 2.0
"""Seconds to wait for a kernel that is just ending to let its file go."""

guard = threading.RLock()
_flows: weakref.WeakValueDictionary[Path, BoundFlow] = weakref.WeakValueDictionary()


def flow_of(path: Path) -> BoundFlow | None:
    """Return the live flow that this process has for a file, or None."""
    with guard:
        return _flows.get(path.resolve())


def enter(path: Path, flow: BoundFlow) -> None:
    """Note that a live flow has a file from now on."""
    with guard:
        _flows[path] = flow


def leave(path: Path, flow: BoundFlow) -> None:
    """Note that a live flow has a file no longer."""
    with guard:
        if _flows.get(path) is flow:
            del _flows[path]


@atexit.register
def close_all() -> None:
    """Close every live flow: what is not saved is written to its file."""
    with guard:
        flows = list(_flows.values())
    for flow in flows:
        with contextlib.suppress(Exception):  # the edits are in the journal
            flow.close()


class OpenFile:
    """Is a flow file that this process holds: its lock, its journal and its versions.

    Args:
        path: The file, resolved.
        lock: What keeps other processes out; None where the folder takes none.
    """

    problem = ""
    """Why edits are kept in memory only; empty where they are in the journal."""

    def __init__(self, path: Path, lock: Any = None) -> None:
        self.path = path
        self.journal = Journal(path)
        self.versions = Versions(path)
        self._lock = lock

    @classmethod
    def take(cls, path: Path, patience: float = PATIENCE) -> OpenFile:
        """Take a file for this process.

        Raises:
            FlowFileError: Another process has it.
        """
        from filelock import FileLock, Timeout  # costs more than the rest of this room

        path = path.resolve()
        lock = FileLock(path.with_name(f".{file.stem(path)}.lock"), thread_local=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=patience, poll_interval=0.02)
        except Timeout:
            raise FlowFileError(
                f"{path} is open in another kernel. Shut that kernel down, or open a copy of the file."
            ) from None
        except OSError:  # a folder that takes no lock; whether it takes a journal is seen when that begins
            return cls(path)
        return cls(path, lock)

    def begin(self, content: bytes, edits: Iterable[list[Operation]] = ()) -> None:
        """Begin the journal anew; where the folder takes none, edits are kept in memory and `problem` says so."""
        try:
            self.journal.start(content, edits)
            self.problem = ""
        except OSError as error:
            self.problem = _in_memory(self.path, error)

    def append(self, operations: list[Operation], text: str = "") -> None:
        """Keep one accepted edit, whose operations may be given as JSON too."""
        if not self.problem:
            self.journal.append(operations, text)

    def foreign(self) -> bytes | None:
        """Return the content of the file if another program wrote it; None if it is ours, or gone."""
        with contextlib.suppress(FileNotFoundError):
            content = self.path.read_bytes()
            return None if self.journal.knows(content) else content
        return None

    def write(self, document: Document, media: MediaFiles, *, auto: bool = False) -> None:
        """Replace the file by a document, whatever happens meanwhile; what it held before is in the versions."""
        content = file.to_bytes(self.path, document, media)
        if not self.problem:
            self.journal.saving(content)
        file.save(self.path, document, media, content)
        self.begin(content)
        is_zip = self.path.name.lower().endswith(".zip")
        self.versions.keep(file.to_text(document).encode() if is_zip else content, auto=auto)

    def make(self, document: Document, media: MediaFiles) -> None:
        """Write a file that was not open; what lies there already is kept."""
        self.keep_present()
        content = self.path.read_bytes() if self.path.exists() else b""
        if self.journal.unsaved(content) != []:
            self.journal.set_aside()
        self.begin(content)
        self.write(document, media)

    def keep_present(self) -> None:
        """Keep what the file holds as a version."""
        with contextlib.suppress(FileNotFoundError):
            self.keep(self.path.read_bytes())

    def keep(self, content: bytes) -> None:
        """Keep a content of the file as a version; of a zip, its flow."""
        if self.path.name.lower().endswith(".zip"):
            with contextlib.suppress(FlowFileError):
                self.versions.keep(file.to_text(file.load(self.path)[0]).encode())
        else:
            self.versions.keep(content)

    def discard(self) -> None:
        """Remove the file and its journal, whose contents the caller has kept."""
        self.path.unlink(missing_ok=True)
        self.journal.discard()

    def release(self) -> None:
        """Let the file go: another process may take it."""
        self.journal.close()
        if self._lock is not None:
            self._lock.release(force=True)
            self._lock = None


def _in_memory(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"Edits of {path.name} are in memory only, because nothing can be written into {path.parent}: {reason}."
