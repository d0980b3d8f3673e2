"""What nodes took on this machine, and what runs cost: one small SQLite file beside the history of runs.

It is for estimates and budgets: what cannot be written or read is forgotten, and never in the way of a run.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ..run.disk_cache import cache_folder

_log = logging.getLogger(__name__)

KEPT = 40
"""Measurements of one type and model that are kept."""
KEPT_IN_ALL = 20_000
SECONDS_TO_WAIT = 2.0
"""How long another kernel that is writing is waited for."""
_TABLE = """
CREATE TABLE IF NOT EXISTS paces (
    number INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, model TEXT, amount REAL, seconds REAL, cpu REAL, gpu REAL,
    output INTEGER
);
CREATE INDEX IF NOT EXISTS paces_of_a_kind ON paces (type, model, number);
CREATE TABLE IF NOT EXISTS spent (at REAL, place TEXT, life TEXT, money REAL, seconds REAL, tokens INTEGER);
CREATE INDEX IF NOT EXISTS spent_when ON spent (at);
CREATE INDEX IF NOT EXISTS spent_by_a_flow ON spent (place);
"""


class Sample(NamedTuple):
    """Is what one node took once.

    Args:
        type: Its type.
        model: Source of its model; empty where it has none.
        amount: How much work it was, in units that only nodes of one type and model compare.
        seconds: How long it took.
        cpu: Seconds of processors, of all cores together.
        gpu: Seconds of a GPU.
        output: Tokens that it wrote.
    """

    type: str
    model: str
    amount: float
    seconds: float
    cpu: float = 0.0
    gpu: float = 0.0
    output: int = 0


class Spent(NamedTuple):
    """Is what one run cost.

    Args:
        at: When it began, in seconds since 1970.
        place: What tells its flow from others; empty for a job of a server.
        life: The flow's life in the process.
        money: By the prices of then.
        seconds: Of its nodes, one after another.
        tokens: Read and written.
    """

    at: float
    place: str
    life: str
    money: float
    seconds: float
    tokens: int


class Paces:
    """Keeps what nodes took.

    Args:
        path: The file; None keeps it in memory, as long as the process lives.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def note(self, samples: Iterable[Sample]) -> None:
        """Keep what nodes took."""
        rows = list(samples)

        def insert(database: sqlite3.Connection) -> None:
            columns = "type, model, amount, seconds, cpu, gpu, output"
            database.executemany(f"INSERT INTO paces ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            for kind in {row[:2] for row in rows}:
                database.execute(
                    "DELETE FROM paces WHERE type = ?1 AND model = ?2 AND number <= (SELECT number FROM paces "
                    "WHERE type = ?1 AND model = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
                    [*kind, KEPT],
                )
            database.execute("DELETE FROM paces WHERE number <= (SELECT max(number) FROM paces) - ?", [KEPT_IN_ALL])
            database.commit()

        if rows:
            self._use(insert)

    def of(self, type: str, model: str) -> list[Sample]:
        """Return what nodes of a type and model took, the newest first."""
        found: list[Sample] = []

        def select(database: sqlite3.Connection) -> None:
            cursor = database.execute(
                "SELECT type, model, amount, seconds, cpu, gpu, output FROM paces WHERE type = ? AND model = ? "
                "ORDER BY number DESC LIMIT ?",
                [type, model, KEPT],
            )
            found.extend(Sample(*row) for row in cursor)

        self._use(select)
        return found

    def note_spent(self, spent: Spent) -> None:
        """Keep what a run cost."""

        def insert(database: sqlite3.Connection) -> None:
            database.execute("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?)", spent)
            database.commit()

        self._use(insert)

    def spent(self, *, since: float = 0.0, place: str | None = None, life: str = "") -> Spent:
        """Return the sums of what runs cost.

        Args:
            since: Those that began from then on, in seconds since 1970.
            place: Of this flow only.
            life: Of this life of it, too.
        """
        sums: list[Any] = [0.0, 0.0, 0]

        def select(database: sqlite3.Connection) -> None:
            row = database.execute(
                "SELECT total(money), total(seconds), total(tokens) FROM spent WHERE at >= :since "
                "AND (:place IS NULL OR place = :place OR (life = :life AND life <> ''))",
                {"since": since, "place": place, "life": life},
            ).fetchone()
            sums[:] = row

        self._use(select)
        return Spent(since, place or "", life, sums[0], sums[1], int(sums[2]))

    def _use(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the file; a damaged one is put aside, and while none can be had, memory takes its place."""
        with self._lock:
            try:
                self._open = self._open or self._connect()
                work(self._open)
            except (sqlite3.Error, OSError) as error:
                _log.warning(
                    "What nodes took cannot be kept in %s: %s. It is kept until this process ends.", self._path, error
                )
                self._give_up(error)

    def _connect(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path or ":memory:", timeout=SECONDS_TO_WAIT, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA cache_size = -128")  # KiB
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_TABLE)
        except BaseException:
            database.close()
            raise
        return database

    def _give_up(self, error: Exception) -> None:
        if self._open is not None:
            with contextlib.suppress(sqlite3.Error):
                self._open.close()
            self._open = None
        if self._path is not None and not isinstance(error, sqlite3.OperationalError | OSError):
            with contextlib.suppress(OSError):
                self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
        self._path = None


@functools.cache
def _paces_in(folder: Path | None) -> Paces:
    return Paces(folder / "paces-1.sqlite" if folder is not None else None)


def process_paces() -> Paces:
    """Return what all flows of this process share: beside the history of runs, or in memory."""
    return _paces_in(cache_folder())
