"""Everything that is served stands in one SQLite file, so that one transaction can hold all that belongs together.

    serve/store.sqlite    endpoints, jobs and their events, artifacts, keys, webhooks
    serve/files/3f/3f0c…  the bytes of artifacts, by content
    serve/owners/         one locked file for each process that runs jobs

Several threads and processes may use one folder. Readers never wait (write-ahead log); writers wait for each other, in
this process by a lock and between processes by SQLite's own. What was committed survives `kill -9` of every process.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..media.folders import data_folder
from .jobs.changes import Changes
from .migrations import MIGRATIONS

PATIENCE = 5.0
"""Seconds that another process which is writing is waited for."""
_SPARE = 8
"""Connections that are kept for the next readers."""

Parameters = Sequence[Any] | Mapping[str, Any]


class Store:
    """Is the store of one folder; every thread may use it.

    Args:
        folder: Where it lies; `serve` in PIXELFLOW_DATA if not given.

    Raises:
        StoreError: It cannot be made or read, or a newer version of this package wrote it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder or serve_folder()).expanduser()
        self.files = self.folder / "files"
        """Where the bytes of artifacts lie."""
        self.path = self.folder / "store.sqlite"
        self.changes = Changes(self.others_wrote)
        """Who is told what other threads and processes wrote."""
        self._writing = threading.Lock()
        self._spare: list[sqlite3.Connection] = []
        self._is_closed = False
        self._version = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what callers sent and got is nobody else's
            self.files.mkdir(exist_ok=True)
            self._writer = self._connect()
            with self.writing() as connection:
                _migrate(connection, self.path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"The store of endpoints and jobs in {self.folder} cannot be used: {error}. "
                "Name another folder in PIXELFLOW_DATA, or put the file aside to begin anew."
            ) from error

    def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return the rows of a question."""
        connection = self._take()
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            self._put_back(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the only right to write for a few statements, which are done together or not at all."""
        with self._writing:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled it back already
                    connection.execute("ROLLBACK")
                raise

    def others_wrote(self) -> int:
        """Return a number that changes whenever another process, or another store on this folder, has written.

        It never waits: while somebody writes here, it is the number that was known.
        """
        if self._writing.acquire(blocking=False):  # of the connection that writes: its own writing does not count
            try:
                self._version = self._writer.execute("PRAGMA data_version").fetchone()[0]
            finally:
                self._writing.release()
        return self._version

    def close(self) -> None:
        """Let the file go; the store cannot be used any more."""
        with self._writing:
            self._is_closed = True
            while self._spare:
                self._spare.pop().close()
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _take(self) -> sqlite3.Connection:
        with contextlib.suppress(IndexError):
            return self._spare.pop()
        return self._connect()

    def _put_back(self, connection: sqlite3.Connection) -> None:
        if self._is_closed or len(self._spare) >= _SPARE:
            connection.close()
        else:
            self._spare.append(connection)


def shared_store(folder: Path | None = None) -> Store:
    """Return the store of a folder that this process uses, made when it is first asked for.

    Args:
        folder: Where it lies; `serve` in PIXELFLOW_DATA if not given.
    """
    return _shared(Path(folder or serve_folder()).expanduser().resolve())


@functools.cache
def _shared(folder: Path) -> Store:
    return Store(folder)


def serve_folder() -> Path:
    """Return where what is served is kept; a folder that goes with the process where nothing shall be kept on disk."""
    folder = data_folder()
    return folder / "serve" if folder is not None else _passing_folder()


def known_folder() -> Path | None:
    """Return where what is served is kept, or None where there can be nothing yet; makes nothing."""
    is_needed = data_folder() is not None or _passing_folder.cache_info().currsize
    return serve_folder() if is_needed else None


@functools.cache
def _passing_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pixelflow-serve-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest form, step by step; the transaction is open."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer version of pixelflow-widgets (form {version}, this one knows "
            f"{len(MIGRATIONS)}). Update the package, or name another folder in PIXELFLOW_DATA."
        )
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    if version < len(MIGRATIONS):
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
