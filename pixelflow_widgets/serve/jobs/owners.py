"""Who runs jobs: each runner holds a lock on a file of its own, which the system opens when its process dies."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ..store import Store
from .jobs import Jobs

_OLD_SECONDS = 3600.0
"""A lock file without a row that is younger may belong to a runner that is just starting."""


class Owner:
    """Is one runner, as long as it lives.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self.id = f"own_{secrets.token_hex(8)}"
        self._store = store
        self._lock = _lock_of(store, self.id)
        self._lock.acquire(timeout=0)  # nobody else knows its name
        with store.writing() as connection:  # only now: a row whose lock is free is that of a dead one
            connection.execute("INSERT INTO owners VALUES (?, ?, ?)", (self.id, os.getpid(), time.time()))

    def leave(self, jobs: Jobs) -> None:
        """End: what it still has goes back into the queue, and nobody is to blame."""
        for row in self._store.read("SELECT id FROM jobs WHERE owner = ? AND status = 'running'", (self.id,)):
            jobs.hand_back(row["id"], self.id, counts=False)
        with self._store.writing() as connection:
            connection.execute("DELETE FROM owners WHERE id = ?", (self.id,))
        _let_go(self._lock)


def bury_dead(store: Store, jobs: Jobs) -> list[str]:
    """Give the jobs of runners whose processes are gone back to the queue; return their ids."""
    given: list[str] = []
    for row in store.read("SELECT id FROM owners"):
        with contextlib.suppress(_Alive), _held(_lock_of(store, row["id"])):
            given += jobs.give_back([row["id"]])
    for path in _folder(store).glob("*.lock"):  # of those that were killed before they had a row
        with contextlib.suppress(FileNotFoundError):
            is_old = time.time() - path.stat().st_mtime > _OLD_SECONDS
            if is_old and not store.read("SELECT 1 FROM owners WHERE id = ?", (path.stem,)):
                path.unlink()
    return given


class _Alive(Exception):
    """Says that a lock is held."""


@contextlib.contextmanager
def _held(lock: FileLock) -> Iterator[None]:
    """Hold the lock of somebody who is dead, and remove its file."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise _Alive from None
    try:
        yield
    finally:
        _let_go(lock)


def _let_go(lock: FileLock) -> None:
    with contextlib.suppress(OSError):  # Windows removes no file that is open
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _folder(store: Store) -> Path:
    return store.folder / "owners"


def _lock_of(store: Store, id: str) -> FileLock:
    _folder(store).mkdir(exist_ok=True)
    return FileLock(_folder(store) / f"{id}.lock", thread_local=False)
