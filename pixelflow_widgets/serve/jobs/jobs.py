"""The queue of jobs: what was accepted reaches exactly one end, whoever is killed on the way.

A job is a row, and every step of it is one transaction that asks for the state it starts from: two runners cannot claim
one job, and who lost a job cannot end it. What belongs to a step (its event, its webhooks, its usage) is in the same
transaction.
"""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import IdempotencyClash, QueueFull
from ..store import Store
from ..usage import note_usage
from ..webhooks.outbox import put
from .changes import QUEUE
from .events import JobEvent, Told, add_events, events_of
from .job import PRIORITIES, Job, Priority, job_of

if TYPE_CHECKING:
    from ..publishing.endpoints import Endpoint

MAX_QUEUED = 200
KEPT_SECONDS = 7 * 24 * 3600.0
"""How long a job and its results stay after it has ended."""
MAX_LOST = 4
"""How many workers a job may lose: it may be what ends them."""
MAX_ATTEMPTS = 25
"""How many times a job is begun: it may be what ends the runner itself, of whose death others are mostly the reason."""
_LOOKED_AT = 20
"""Earlier jobs from which the time of the next is estimated."""
_UNKNOWN_SECONDS, _MOST_SECONDS = 5, 60
_COLUMNS = "id, name, number, key, status, priority, inputs, webhook, idempotency_key, body_hash, created_at"
_CLAIM = """
UPDATE jobs SET status = 'running', owner = :owner, started_at = :now, attempts = attempts + 1
WHERE id = (SELECT id FROM jobs WHERE status = 'queued' ORDER BY priority, rowid LIMIT 1) RETURNING *
"""
_REQUEUE = (
    "UPDATE jobs SET status = 'queued', owner = NULL, progress = NULL, note = '', attempts = ?, lost = ? WHERE id = ?"
)
_POSITION = """
SELECT count(*) FROM jobs AS other, jobs AS mine WHERE mine.id = ? AND other.status = 'queued'
    AND (other.priority, other.rowid) < (mine.priority, mine.rowid)
"""
_OF_KEY = """
SELECT * FROM jobs WHERE (:key IS NULL OR key = :key) AND (:name IS NULL OR name = :name)
    AND (:status IS NULL OR status = :status)
    AND (:before IS NULL OR rowid < (SELECT rowid FROM jobs WHERE id = :before)) ORDER BY rowid DESC LIMIT :most
"""
_TOOK = """
SELECT finished_at - started_at FROM jobs WHERE name = ? AND number = ? AND status = 'succeeded'
    AND finished_at IS NOT NULL AND coalesce(json_extract(usage, '$.nodes'), 1) > 0 ORDER BY finished_at DESC LIMIT ?
"""
"""How long the last jobs took; those for which everything was found in the cache say nothing of the next."""
_END = """
UPDATE jobs SET status = :status, finished_at = :now, expires_at = :expires, owner = NULL, note = '',
    progress = CASE WHEN :status = 'succeeded' THEN 1.0 ELSE progress END,
    error = :error, outputs = :outputs, seeds = :seeds, usage = :usage
WHERE id = :id AND (status = 'queued' AND :owner IS NULL OR status = 'running' AND owner = :owner) RETURNING *
"""

Outbox = Callable[[sqlite3.Connection, Mapping[str, Any], str, dict[str, Any]], object]
"""Notes for whom a webhook is, in the same transaction: of which job, "job.started" …, and what it says."""


class Jobs:
    """Keeps jobs in a store.

    Args:
        store: The store.
        limit: How many may wait.
        kept: Seconds that a job and its results stay after it has ended.
        outbox: Notes what webhooks are to be told.
    """

    def __init__(
        self, store: Store, *, limit: int = MAX_QUEUED, kept: float = KEPT_SECONDS, outbox: Outbox = put
    ) -> None:
        self._store, self._limit, self._kept, self._outbox = store, limit, kept, outbox

    # Sending

    def submit(
        self,
        endpoint: Endpoint,
        inputs: Mapping[str, Any],
        *,
        key: str = "",
        priority: Priority = "normal",
        idempotency_key: str | None = None,
        body_hash: str = "",
        webhook: str | None = None,
        uploads: Iterable[str] = (),
    ) -> tuple[Job, bool]:
        """Accept a job; return (the job, whether it is new).

        Args:
            endpoint: The version that runs.
            inputs: As JSON that was checked; media as ids of uploads.
            key: Whose it is; empty for the owner of the store.
            priority: Those of a higher one go first.
            idempotency_key: What its sender calls the request: sent again, it is the same job.
            body_hash: Of the request, to tell whether it is the same.
            webhook: Who else is told.
            uploads: The ids of uploads among the inputs, which stay until the job has ended.

        Raises:
            QueueFull: As many jobs wait as may.
            IdempotencyClash: The same Idempotency-Key came with another request.
        """
        row = {
            "id": f"job_{secrets.token_hex(16)}",
            "name": endpoint.name,
            "number": endpoint.number,
            "key": key,
            "status": "queued",
            "priority": PRIORITIES[priority],
            "inputs": json.dumps(inputs),
            "webhook": webhook,
            "idempotency_key": idempotency_key,
            "body_hash": body_hash,
            "created_at": time.time(),
        }
        with self._store.writing() as connection:
            if idempotency_key is not None and (earlier := _earlier(connection, row)):
                return earlier, False
            self._check_room(connection, endpoint)
            values = ", ".join(f":{name}" for name in row)
            added = connection.execute(f"INSERT INTO jobs ({_COLUMNS}) VALUES ({values}) RETURNING *", row).fetchone()
            kept = [(row["id"], upload) for upload in dict.fromkeys(uploads)]
            connection.executemany("INSERT INTO job_uploads VALUES (?, ?)", kept)
            add_events(connection, row["id"], [("queued", {})])
        self._store.changes.tell([QUEUE])
        return job_of(added), True

    def _check_room(self, connection: sqlite3.Connection, endpoint: Endpoint) -> None:
        waiting = connection.execute("SELECT count(*) FROM jobs WHERE status = 'queued'").fetchone()[0]
        if waiting >= self._limit:
            seconds = _UNKNOWN_SECONDS
            if took := self.estimate(endpoint.name, endpoint.number):
                seconds = min(max(1, math.ceil(took)), _MOST_SECONDS)
            raise QueueFull(f"{waiting} jobs wait already, and no more may. Try again in {seconds} s.", seconds)

    # Reading

    def find(self, id: str) -> Job | None:
        """Return the job of an id, or None."""
        rows = self._store.read("SELECT * FROM jobs WHERE id = ?", (id,))
        return job_of(rows[0]) if rows else None

    def of_key(
        self,
        key: str | None = None,
        *,
        name: str | None = None,
        status: str | None = None,
        before: str | None = None,
        most: int = 50,
    ) -> list[Job]:
        """Return jobs, newest first.

        Args:
            key: Of this key only.
            name: Of this endpoint only.
            status: In this state only.
            before: Those that were accepted before this one.
            most: How many.
        """
        asked = {"key": key, "name": name, "status": status, "before": before, "most": most}
        return [job_of(row) for row in self._store.read(_OF_KEY, asked)]

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return self._store.read("SELECT count(*) FROM jobs WHERE status = 'queued'")[0][0]

    def position(self, id: str) -> int:
        """Return how many jobs go before one that waits."""
        return self._store.read(_POSITION, (id,))[0][0]

    def estimate(self, name: str, number: int) -> float | None:
        """Return how many seconds a job of a version takes: the median of the last ones; None before the first."""
        took = [row[0] for row in self._store.read(_TOOK, (name, number, _LOOKED_AT))]
        return statistics.median(took) if took else None

    def events(self, id: str, after: int = -1) -> list[JobEvent]:
        """Return what happened to a job after an event, in order."""
        return events_of(self._store, id, after)

    def listen(self, id: str, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back, in any thread, whenever a job may have changed; return what ends that."""
        return self._store.changes.listen(id, callback)

    def wait(self, id: str, seconds: float) -> Job | None:
        """Wait until a job has ended, or some seconds; return it as it is then."""
        changed, until = threading.Event(), time.monotonic() + seconds
        stop = self.listen(id, changed.set)
        try:
            while True:
                changed.clear()
                job = self.find(id)
                left = until - time.monotonic()
                if job is None or job.is_final or left <= 0:
                    return job
                changed.wait(min(left, 1.0))
        finally:
            stop()

    # Running

    def claim(self, owner: str) -> Job | None:
        """Give the next job to a runner, or None if none waits."""
        if not self._store.read(
            "SELECT 1 FROM jobs WHERE status = 'queued' LIMIT 1"
        ):  # looks without holding others up
            return None
        with self._store.writing() as connection:
            row = connection.execute(_CLAIM, {"owner": owner, "now": time.time()}).fetchone()
            if row is None:
                return None
            add_events(connection, row["id"], [("started", {"attempt": row["attempts"]})])
            self._outbox(connection, dict(row), "job.started", {"status": "running", "attempt": row["attempts"]})
        self._store.changes.tell([row["id"]])
        return job_of(row)

    def tell(self, id: str, owner: str, told: Iterable[Told], progress: float | None = None, note: str = "") -> bool:
        """Note how far a job is; return whether the runner still has it.

        Args:
            id: The job.
            owner: The runner.
            told: What happened.
            progress: How much is done, from 0 to 1.
            note: What is being done.
        """
        with self._store.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET progress = ?, note = ? WHERE id = ? AND owner = ? AND status = 'running' RETURNING *",
                (progress, note, id, owner),
            ).fetchone()
            if row is not None:
                self._note(connection, row, told)
        self._store.changes.tell([id])
        return row is not None

    def _note(self, connection: sqlite3.Connection, row: sqlite3.Row, told: Iterable[Told]) -> None:
        told = list(told)
        add_events(connection, row["id"], told)
        for kind, data in told:
            if kind == "node-finished" and not data.get("found"):
                self._outbox(connection, dict(row), "node.finished", dict(data))

    def finish(
        self,
        id: str,
        owner: str | None,
        status: str,
        *,
        told: Iterable[Told] = (),
        outputs: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
        seeds: Mapping[str, Any] | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> bool:
        """End a job, once; return whether it was this call that ended it.

        Args:
            id: The job.
            owner: The runner that has it; None ends one that waits.
            status: "succeeded", "failed" or "canceled".
            told: What happened last.
            outputs: By name, as JSON.
            error: "type", "message", and "node" where it was one.
            seeds: Those that were used.
            usage: What it used: "seconds", "nodes", "found" and what `serve.usage.Spending` tells.
        """
        with self._store.writing() as connection:
            found = {"outputs": outputs, "error": error, "seeds": seeds, "usage": usage}
            is_ended = self._end(connection, id, owner, status, told, found)
        self._store.changes.tell([id])
        return is_ended

    def _end(
        self,
        connection: sqlite3.Connection,
        id: str,
        owner: str | None,
        status: str,
        told: Iterable[Told],
        found: Mapping[str, Any],
    ) -> bool:
        now = time.time()
        asked = {"id": id, "owner": owner, "status": status, "now": now, "expires": now + self._kept}
        for name in ("outputs", "error", "seeds", "usage"):
            asked[name] = None if found.get(name) is None else json.dumps(found[name])
        row = connection.execute(_END, asked).fetchone()
        if row is None:
            return False
        self._note(connection, row, [*told, (status, {"status": status, "error": found.get("error")})])
        connection.execute("UPDATE artifacts SET expires_at = ? WHERE job = ?", (asked["expires"], id))
        note_usage(connection, row, status, found.get("usage") or {})
        self._outbox(connection, dict(row), "job.finished", job_of(row).ending())
        return True

    # Stopping, and what is left of runners that are gone

    def cancel(self, id: str) -> Job | None:
        """Stop a job: at once while it waits; one that runs is asked to, and one that has ended stays as it is."""
        with self._store.writing() as connection:
            if not self._end(connection, id, None, "canceled", (), {}):
                asked = "UPDATE jobs SET cancel_asked = 1 WHERE id = ? AND status = 'running'"
                connection.execute(asked, (id,))
        self._store.changes.tell([id])
        return self.find(id)

    def hand_back(self, id: str, owner: str, *, words: str = "", counts: bool = True) -> bool:
        """Put a job that a runner has back into the queue, before those that came after it; return whether it had it.

        Args:
            id: The job.
            owner: The runner.
            words: How its worker ended, where that is why.
            counts: The job may be to blame: too many of these and it has failed.
        """
        asked = "SELECT * FROM jobs WHERE id = ? AND owner = ? AND status = 'running'"
        with self._store.writing() as connection:
            row = connection.execute(asked, (id, owner)).fetchone()
            if row is not None:
                self._put_back(connection, row, words, row["attempts"] - (not counts), row["lost"] + counts)
        self._store.changes.tell([id, QUEUE])
        return row is not None

    def give_back(self, owners: Iterable[str]) -> list[str]:
        """Put the jobs of runners that are dead back into the queue; return their ids."""
        ids: list[str] = []
        with self._store.writing() as connection:
            for owner in owners:
                had = connection.execute("SELECT * FROM jobs WHERE owner = ? AND status = 'running'", (owner,))
                for row in had.fetchall():
                    self._put_back(connection, row, "The process that ran it is gone.", row["attempts"], row["lost"])
                    ids.append(row["id"])
                connection.execute("DELETE FROM owners WHERE id = ?", (owner,))
        self._store.changes.tell([*ids, QUEUE])
        return ids

    def _put_back(self, connection: sqlite3.Connection, row: sqlite3.Row, words: str, attempts: int, lost: int) -> None:
        id, owner = row["id"], row["owner"]
        if row["cancel_asked"]:
            self._end(connection, id, owner, "canceled", (), {})
        elif lost >= MAX_LOST or attempts >= MAX_ATTEMPTS:
            message = f"The job was begun {attempts} times, and what ran it ended each time. {words}".strip()
            self._end(connection, id, owner, "failed", (), {"error": {"type": "worker_lost", "message": message}})
        else:
            connection.execute(_REQUEUE, (attempts, lost, id))
            add_events(connection, id, [("requeued", {"reason": words} if words else {})])


def _earlier(connection: sqlite3.Connection, row: Mapping[str, Any]) -> Job | None:
    """Return the job that came with the same Idempotency-Key, if one did."""
    asked = "SELECT * FROM jobs WHERE key = :key AND idempotency_key = :idempotency_key"
    found = connection.execute(asked, row).fetchone()
    if found is None:
        return None
    if (found["name"], found["body_hash"]) != (row["name"], row["body_hash"]):
        raise IdempotencyClash(
            f"The Idempotency-Key '{str(row['idempotency_key'])[:60]}' stands for another request already. "
            "Send a new one with each new request."
        )
    return job_of(found)
