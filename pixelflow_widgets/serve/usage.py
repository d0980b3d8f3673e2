"""What was used: sums by day, key, endpoint and ending, which outlive the jobs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from .store import Store

_ADD = """
INSERT INTO usage VALUES (:day, :key, :name, :status, 1, :seconds, :nodes, :found)
ON CONFLICT DO UPDATE SET jobs = jobs + 1, seconds = seconds + excluded.seconds, nodes = nodes + excluded.nodes,
    found = found + excluded.found
"""
_READ = """
SELECT * FROM usage WHERE (:key IS NULL OR key = :key) AND (:name IS NULL OR name = :name) AND day >= :since
ORDER BY day, key, name, status
"""


def note_usage(connection: sqlite3.Connection, job: Mapping[str, Any], status: str, usage: Mapping[str, Any]) -> None:
    """Add what a job used, in the transaction that ends it.

    Args:
        connection: Of the transaction.
        job: The job's key and name.
        status: How it ended.
        usage: Its "seconds", "nodes" and "found".
    """
    sums = {name: usage.get(name) or 0 for name in ("seconds", "nodes", "found")}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    connection.execute(_ADD, {"day": day, "key": job["key"], "name": job["name"], "status": status, **sums})


def used(store: Store, *, key: str | None = None, name: str | None = None, since: str = "") -> list[dict[str, Any]]:
    """Return what was used, a row a day (UTC), key, endpoint and ending.

    Args:
        store: The store.
        key: Of this key only.
        name: Of this endpoint only.
        since: From this day on: "2026-01-31".
    """
    return [dict(row) for row in store.read(_READ, {"key": key, "name": name, "since": since})]
