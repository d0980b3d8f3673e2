"""What a user has confirmed: which variables a flow may read or write, and which code that a flow carries may run.

As Jupyter does with notebooks, only hashes are kept, in a small database of the user: of a whole flow with the name of
a variable, and of a text of code. What was changed since has another hash, and is asked about again. Where the database
cannot be written, an answer lasts as long as the kernel.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from ..media import blake3_hex, canonical_json
from ..media.folders import data_folder
from .document import Document

_log = logging.getLogger(__name__)
_TABLE = "CREATE TABLE IF NOT EXISTS confirmed (mark TEXT PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)"
_FIND = "SELECT mark FROM confirmed WHERE mark = ?"
_ADD = "INSERT OR IGNORE INTO confirmed (mark) VALUES (?)"
_PATIENCE = 5.0
"""Seconds to wait for another kernel that is writing."""
_NO_MEANING = ("layout", "sources")
"""Parts of a document that change nothing of what is read and written: code has marks of its own."""


class Trust:
    """Keeps what was confirmed, as marks that tell nothing of it.

    Args:
        path: The database; None keeps it in memory, as long as the process lives.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._marks: set[str] = set()

    def knows(self, marks: Iterable[str]) -> set[str]:
        """Return those of some marks that were confirmed."""
        wanted = set(marks)
        with self._lock:
            found = wanted & self._marks
            if missing := sorted(wanted - found):
                self._ask(lambda database: found.update(_confirmed(database, missing)))
        return found

    def remember(self, marks: Iterable[str]) -> None:
        """Note that something was confirmed."""
        with self._lock:
            new = sorted(set(marks) - self._marks)
            self._marks.update(new)
            if new:
                self._ask(lambda database: database.executemany(_ADD, [(mark,) for mark in new]), make=True)

    def _ask(self, do: Callable[[sqlite3.Connection], object], *, make: bool = False) -> None:
        """Do something with the database, if there is one that can be read or written."""
        if self._path is None or not (make or self._path.exists()):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database, database:
                database.execute(_TABLE)
                do(database)
        except (OSError, sqlite3.Error) as error:
            _log.warning("What was confirmed is remembered in this kernel only: %s: %s", self._path, error)


def _confirmed(database: sqlite3.Connection, marks: Iterable[str]) -> list[str]:
    return [mark for mark in marks if database.execute(_FIND, (mark,)).fetchone()]


@functools.cache
def process_trust() -> Trust:
    """Return what the user of this process has confirmed."""
    folder = data_folder()
    return Trust(None if folder is None else folder / "confirmed.sqlite")


def meaning(document: Document) -> str:
    """Return the digest of a flow without the places of its nodes."""
    kept = {name: part for name, part in document.items() if name not in _NO_MEANING}
    return blake3_hex(canonical_json(kept).encode("utf-8", "surrogatepass"))


def mark_of(*words: str) -> str:
    """Return the mark of what is confirmed."""
    return blake3_hex("\0".join(words).encode("utf-8", "surrogatepass"))
