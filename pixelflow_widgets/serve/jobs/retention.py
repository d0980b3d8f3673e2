"""What is kept for how long: jobs with their results a week after they ended, uploads a day, if no job needs them."""

from __future__ import annotations

from ..store import Store
from .artifacts import Artifacts

_AT_ONCE = 20
"""Jobs that are removed in one transaction: whoever wants to write waits for it."""
_EXPIRED = "SELECT id FROM jobs WHERE expires_at < ? ORDER BY expires_at LIMIT ?"


def sweep(store: Store, now: float) -> int:
    """Remove what has expired; return how many jobs and uploads.

    Args:
        store: The store.
        now: Seconds since 1970.
    """
    count = 0
    artifacts = Artifacts(store)
    while jobs := [row["id"] for row in store.read(_EXPIRED, (now, _AT_ONCE))]:
        marks = ", ".join("?" * len(jobs))
        with store.writing() as connection:
            gone = connection.execute(f"DELETE FROM artifacts WHERE job IN ({marks}) RETURNING hash", jobs).fetchall()
            connection.execute(f"DELETE FROM jobs WHERE id IN ({marks})", jobs)
        artifacts.drop_files(row["hash"] for row in gone)
        count += len(jobs)
    return count + artifacts.sweep(now)
