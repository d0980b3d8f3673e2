"""What happened to a job, as rows: numbered within the job, so that a client which was cut off asks for the rest."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..store import Store

_ADD = """
INSERT INTO events SELECT :job, coalesce(max(number), -1) + 1, :at, :kind, :data FROM events WHERE job = :job
"""
_PASSED = """
DELETE FROM events WHERE job = :job AND kind = 'progress'
    AND number < (SELECT max(number) FROM events WHERE job = :job)
"""
_READ = "SELECT number, at, kind, data FROM events WHERE job = ? AND number > ? ORDER BY number"

Told = tuple[str, Mapping[str, Any]]
"""The kind of an event and what it says."""


@dataclass(frozen=True)
class JobEvent:
    """Is one thing that happened to a job.

    Args:
        number: Counts up within the job; numbers of progress that has passed are missing.
        at: When, in seconds since 1970.
        kind: "queued", "started", "node-started", "node-finished", "progress", "requeued", or how the job ended.
        data: What is said of it.
    """

    number: int
    at: float
    kind: str
    data: dict[str, Any]


def add_events(connection: sqlite3.Connection, job: str, told: Iterable[Told]) -> None:
    """Note what happened to a job, in the transaction that changes it.

    Of progress the last is kept: an hour of it would be rows that nobody asks for any more.
    """
    for kind, data in told:
        connection.execute(_ADD, {"job": job, "at": time.time(), "kind": kind, "data": json.dumps(data)})
        if kind == "progress":
            connection.execute(_PASSED, {"job": job})


def events_of(store: Store, job: str, after: int = -1) -> list[JobEvent]:
    """Return what happened to a job after an event, in order."""
    rows = store.read(_READ, (job, after))
    return [JobEvent(row["number"], row["at"], row["kind"], json.loads(row["data"])) for row in rows]
