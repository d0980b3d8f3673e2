"""What ran: one row a run, in a small SQLite database beside the disk cache, where every kernel of a user finds it.

A run is noted when it has ended, in the background. The history never breaks a run: a damaged database is put aside and
begun anew; while one cannot be written (a full disk, a folder that is read only), rows wait in memory.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import logging
import sqlite3
import threading
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schema import NodeType
from .disk_cache import cache_folder
from .events import Event
from .executor import Run
from .prompted import prompts_of
from .writer import Writer

if TYPE_CHECKING:
    import pandas

_log = logging.getLogger(__name__)

KEPT_RUNS = 1000
KEPT_NODES = 2000
"""How many nodes of one run are kept that ran."""
KEPT_HITS = 200
"""How many are kept that were found: all are counted."""
MOST_READ = 200_000
"""Of many runs of huge flows, so many nodes are read at once: the newest."""
SECONDS_TO_WAIT = 5.0
"""How long another kernel that is writing is waited for."""
_ABOUT_BYTES = 4096
_KINDS = ("node-started", "node-finished", "node-failed", "node-cancelled", "run-finished")
COLUMNS = ("run", "flow", "started", "took", "status", "nodes", "hits", "ran", "errors", "peak", "seeds", "backend")
NODE_COLUMNS = ("node", "title", "start", "took", "cached", "items", "seed", "peak", "error", "type", "usage")
_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT, flow TEXT, place TEXT, life TEXT, started REAL, took REAL,
    status TEXT, nodes INTEGER, hits INTEGER, ran INTEGER, errors INTEGER, peak INTEGER, seeds BLOB, backend TEXT,
    detail BLOB
);
CREATE INDEX IF NOT EXISTS runs_of_a_flow ON runs (place, number);
"""
_WRITTEN = ("run", "flow", "place", "life", *COLUMNS[2:], "detail")
_PACKED = ("seeds", "detail")
"""What is written as JSON, made small: a thousand runs of large flows take a few MB."""
_INSERT = f"INSERT INTO runs ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))})"

Row = dict[str, Any]
Seed = int | list[int]


class History:
    """Keeps what ran.

    Args:
        path: The database; None keeps it in memory, as long as the process lives.
        writer: Writes in the background; one of its own if not given.
    """

    def __init__(self, path: Path | None, writer: Writer | None = None) -> None:
        self._path = path
        self._writer = writer or Writer()
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._waiting: deque[Row] = deque(maxlen=KEPT_RUNS)
        self._is_warned = False
        self._noted = threading.Condition()
        self._going: set[Run] = set()
        self._is_registered = False

    # Writing

    def follow(
        self, run: Run, place: str, life: str, backend: str, models_of: Callable[[Run], Mapping[str, str]] | None = None
    ) -> None:
        """Note a run when it has ended, in the background.

        Args:
            run: The run.
            place: What tells flows of one name apart: the file, or where a flow without one was made.
            life: The flow's life in this process; holds also before and after it gets a file.
            backend: Where it ran.
            models_of: Says which models the nodes used that did not say it themselves; may note more of the run.
        """

        def write(ended: Run) -> None:
            row = row_of(ended, place, life, backend)
            models = _tried(models_of, ended) if models_of else {}
            for entry in row["detail"] if models else ():
                if not entry["cached"] and (model := models.get(entry["node"])):
                    entry["usage"] = {"model": model, **entry["usage"]}
            prompts = prompts_of(ended)
            for entry in row["detail"]:
                entry |= prompts.get(entry["node"], {})
            self._add(row)

        def note(ended: Run) -> None:
            self._writer.add(lambda: write(ended), _ABOUT_BYTES)
            with self._noted:
                self._going.discard(ended)
                self._noted.notify_all()

        with self._noted:
            if not self._is_registered:
                self._is_registered = True
                atexit.register(self.flush)  # a script may end as soon as its run has
            self._going.add(run)
        run.when_ended(note)

    def _add(self, row: Row) -> None:
        with self._lock:
            self._waiting.append(row)
            self._write()
            self._write()  # once more: a damaged database has been put aside by now

    def _write(self) -> None:
        """Write the rows that wait; where that is not possible they wait on. The lock is held."""

        def insert(database: sqlite3.Connection) -> None:
            written = [row | {name: _packed(row[name]) for name in _PACKED} for row in self._waiting]
            rows = [[row[name] for name in _WRITTEN] for row in written]
            database.executemany(_INSERT, rows)
            database.execute("DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?", [KEPT_RUNS])
            database.commit()
            self._waiting.clear()
            self._is_warned = False

        if self._waiting:
            self._use(insert)

    # Reading

    def runs(self, place: str, life: str, most: int = KEPT_RUNS) -> list[Row]:
        """Return the runs of a flow, newest first, each with its nodes under "detail".

        Args:
            place: As for `follow`.
            life: As for `follow`.
            most: How many.
        """

        def is_meant(row: Row) -> bool:
            return place == row["place"] or life == row["life"]

        return self._read("place = ? OR life = ?", [place, life], most, is_meant)

    def all_runs(self, since: float = 0.0, most: int = KEPT_RUNS) -> list[Row]:
        """Return the runs of all flows, newest first, each with its nodes under "detail".

        Args:
            since: Those that began from then on, in seconds since 1970.
            most: How many; fewer where they have more nodes together than `MOST_READ`.
        """
        return self._read("started >= ?", [since], most, lambda row: row["started"] >= since)

    def _read(self, which: str, values: list[Any], most: int, is_meant: Callable[[Row], bool]) -> list[Row]:
        self.flush(SECONDS_TO_WAIT)
        found: list[Row] = []

        def select(database: sqlite3.Connection) -> None:
            columns, order, read = ", ".join(_WRITTEN), "started DESC, number DESC LIMIT ?", 0
            for row in database.execute(f"SELECT {columns} FROM runs WHERE {which} ORDER BY {order}", [*values, most]):
                told = dict(zip(_WRITTEN, row, strict=True))
                found.append(told | {name: json.loads(zlib.decompress(told[name])) for name in _PACKED})
                if (read := read + len(found[-1]["detail"])) >= MOST_READ:
                    return

        with self._lock:
            self._write()
            self._use(select)
            found += [dict(row) for row in self._waiting if is_meant(row)]
        return sorted(found, key=lambda row: -row["started"])[:most]

    def find(self, place: str, life: str, run: str | None = None) -> Row:
        """Return one run of a flow.

        Args:
            place: As for `follow`.
            life: As for `follow`.
            run: Its id; None is the newest.

        Raises:
            KeyError: There is none.
        """
        for row in self.runs(place, life):
            if run is None or row["run"] == run:
                return row
        which = "no run of this flow yet" if run is None else f"no run '{run}' of this flow"
        raise KeyError(f"The history has {which}. What it has is in flow.runs; a run is noted when it has ended.")

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until every run that has ended is written; return whether it is."""
        with self._noted:  # a run says that it has ended before it calls those who want to hear of it
            is_noted = self._noted.wait_for(lambda: not any(run.wait(0) for run in self._going), timeout)
        return self._writer.flush(timeout) and is_noted

    # The database

    def _use(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the database; what is wrong with it is told once, and passes. The lock is held."""
        try:
            self._open = self._open or self._connect()
            work(self._open)
        except (sqlite3.Error, OSError, zlib.error, ValueError) as error:
            self._close()
            if not isinstance(error, sqlite3.OperationalError | OSError):
                self._put_aside()
            if not self._is_warned:
                self._is_warned = True
                _log.warning("The history of runs in %s cannot be used now: %s. Runs go on.", self._path, error)

    def _connect(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path or ":memory:", timeout=SECONDS_TO_WAIT, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")  # where it is not possible, it stays as it is
            database.execute("PRAGMA cache_size = -256")  # KiB; 2,000 would fill in the kernel for a list that few read
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_TABLE)
        except BaseException:
            database.close()
            raise
        return database

    def _close(self) -> None:
        database, self._open = self._open, None
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                database.rollback()
            with contextlib.suppress(sqlite3.Error):
                database.close()

    def _put_aside(self) -> None:
        """Rename a damaged database, so that the next run begins a new one."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                self._path.with_name(f"{self._path.name}{ending}").unlink()


def _tried(models_of: Callable[[Run], Mapping[str, str]], run: Run) -> Mapping[str, str]:
    try:
        return models_of(run)
    except Exception:  # the history has the run all the same
        _log.exception("Which models the run %s used could not be noted.", run.id)
        return {}


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value).encode(), 1)


@functools.cache
def _history_in(folder: Path | None) -> History:
    return History(folder / "runs-1.sqlite" if folder is not None else None)


def process_history() -> History:
    """Return the history that all flows of this process share: in the cache's folder, or in memory if it has none."""
    return _history_in(cache_folder())


def place_of(flow: Any) -> str:
    """Return what tells a flow apart from others of its name: its file, or the folder that it was made in."""
    path: Path | None = None if flow.is_draft else flow.path
    return str((path or Path.cwd() / flow.name).resolve())


def row_of(run: Run, place: str = "", life: str = "", backend: str = "") -> Row:
    """Return a run as a row, as far as it is: `took` is None for itself and its nodes while they are on."""
    events, found = run.happened(_KINDS)
    seeds = _seeds(run)
    nodes = _nodes(run, events, seeds)
    there = [node for node in found if "/" not in node]
    hits = [node for node in nodes if node["cached"]]
    ran = [node for node in nodes if not node["cached"]]
    for node in there[: max(0, KEPT_HITS - len(hits))]:
        hits.append(_entry(run, node, seeds) | {"start": 0.0, "took": 0.0, "cached": True})
    took = events[-1].took if events and events[-1].kind == "run-finished" else None
    return {
        "run": run.id,
        "flow": run.document["name"],
        "place": place,
        "life": life,
        "started": run.started_at.timestamp(),
        "took": took,
        "status": run.status,
        "nodes": len(nodes) + len(there),
        "hits": len(nodes) - len(ran) + len(there),
        "ran": len(ran),
        "errors": len(run.errors),
        "peak": max((node["peak"] for node in ran if node["peak"]), default=None),
        "seeds": dict(run.seeds),
        "backend": backend,
        "detail": [*ran[:KEPT_NODES], *hits],
    }


def _nodes(run: Run, events: list[Event], seeds: Mapping[str, Seed]) -> list[Row]:
    """Return the nodes that the run came to and did not find, in its order."""
    nodes: dict[str, Row] = {}
    types = run.node_types
    for event in events:
        node = event.node
        if node is None or node not in types:  # what happens inside a body is told of the node that runs it
            continue
        if event.kind == "node-started":
            nodes.setdefault(node, _entry(run, node, seeds) | {"start": round(event.seconds, 4)})
        elif node in nodes:
            took = event.took if event.took is not None else event.seconds - nodes[node]["start"]
            nodes[node] |= {"took": round(took, 4), "cached": event.cached, "error": event.note, "peak": event.peak}
            nodes[node]["usage"] = event.usage.as_json() if event.usage else {}
            nodes[node]["items"] = items_of(run, types[node], node)
    return list(nodes.values())


def _entry(run: Run, node: str, seeds: Mapping[str, Seed]) -> Row:
    entry: Row = dict.fromkeys(NODE_COLUMNS)
    entry |= {"node": node, "title": run.title(node), "seed": seeds.get(node), "type": run.node_types[node].name}
    entry["usage"] = {}
    return entry | {"cached": False, "error": ""}


def _seeds(run: Run) -> dict[str, Seed]:
    """Return the seed of each node that used one; the first, if it has several."""
    found: dict[str, Seed] = {}
    for port, seed in dict(run.seeds).items():
        found.setdefault(port.partition(".")[0], seed)
    return found


def items_of(run: Run, node_type: NodeType, node: str) -> int | None:
    """Return how many times a mapped node ran; None for the others."""
    for port, slot in run.results.get(node, {}).items():
        if isinstance(slot, list) and port in node_type.outputs and not node_type.outputs[port].type.many:
            return len(slot)
    return None


# As tables


def runs_table(rows: list[Row]) -> pandas.DataFrame:
    """Return runs as a table, a row a run; `started` is in UTC, `took` in seconds, `peak` in bytes."""
    import pandas

    table = pandas.DataFrame([[row[name] for name in COLUMNS] for row in rows], columns=list(COLUMNS))
    table["started"] = pandas.to_datetime(table["started"], unit="s", utc=True)
    return table


def nodes_table(row: Row) -> pandas.DataFrame:
    """Return the nodes of a run as a table, a row a node; `start` and `took` are in seconds, `peak` in bytes."""
    import pandas

    return pandas.DataFrame(
        [[node.get(name) for name in NODE_COLUMNS] for node in row["detail"]], columns=list(NODE_COLUMNS)
    )


def started(row: Row) -> str:
    """Return when a run began, as ISO 8601 writes it."""
    return datetime.fromtimestamp(row["started"], UTC).isoformat(timespec="milliseconds")
