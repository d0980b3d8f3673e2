"""The outbox: what webhooks are to be told, written in the transaction of what they are told of."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from .webhooks import OTHER_NAMES

MOST_BYTES = 1_000_000
"""Of a body; outputs that are larger are left out, and are at the job."""
_OTHER_STATUS = {"queued": "QUEUED", "running": "PROCESSING", "succeeded": "COMPLETED"}


def put(connection: sqlite3.Connection, job: Mapping[str, Any], kind: str, data: Mapping[str, Any]) -> int:
    """Add a delivery for each webhook that wants an event, and return how many.

    Args:
        connection: With an open transaction, so that nothing is told of what did not happen, nor the reverse.
        job: Its columns id, key, name, number and webhook.
        kind: "job.started", "node.finished" or "job.finished".
        data: What is told, as JSON.
    """
    now = time.time()
    rows = [
        (f"msg_{secrets.token_hex(12)}", job["key"], webhook, url, secret, job["id"], event, body, now, now)
        for webhook, url, secret, event in _listeners(connection, job, kind)
        for body in [_body(job, event, data, now)]
    ]
    connection.executemany(
        "INSERT INTO deliveries (id, key, webhook, url, secret, job, kind, body, state, next_at, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)",
        rows,
    )
    return len(rows)


def _listeners(
    connection: sqlite3.Connection, job: Mapping[str, Any], kind: str
) -> Iterator[tuple[str | None, str, str, str]]:
    """Yield (id of a webhook, URL, secret, the event as it calls it) of those that want an event."""
    names = [kind, *(other for other, same in OTHER_NAMES.items() if same == kind)]
    sql = "SELECT id, url, secret, events FROM webhooks WHERE key = ? AND removed_at IS NULL"
    told = [(row["id"], row) for row in connection.execute(sql, (job["key"],))]
    own = json.loads(job["webhook"]) if job["webhook"] else None
    if own:
        told.append((None, {**own, "events": json.dumps(own["events"])}))
    for id, webhook in told:
        for event in json.loads(webhook["events"]):
            if event in names:
                yield id, webhook["url"], webhook["secret"], event


def _body(job: Mapping[str, Any], event: str, data: Mapping[str, Any], at: float) -> str:
    """Return the body of a delivery, in the shape that goes with the event's name."""
    made = json.dumps(_told(job, event, data, at))
    if len(made) <= MOST_BYTES:
        return made
    return json.dumps(_told(job, event, {**data, "outputs": None, "outputs_left_out": True}, at))


def _told(job: Mapping[str, Any], event: str, data: Mapping[str, Any], at: float) -> dict[str, Any]:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"type": event, "timestamp": when}
    if event not in OTHER_NAMES:
        return {**head, "data": {"job": job["id"], "flow": job["name"], "version": job["number"], **data}}
    told = {"event_type": event, "request_id": job["id"], "workflow_id": f"{job['name']}-v{job['number']}"}
    if event == "NODE_RUN":
        return {**head, **told, "node": data}
    status = _OTHER_STATUS.get(str(data.get("status")), "FAILED")
    return {**head, **told, "status": status, "output": data.get("outputs"), "error": data.get("error")}
