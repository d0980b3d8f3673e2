"""What was used: sums by day, key, endpoint and ending, which outlive the jobs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from ..errors import RatesError
from ..run.events import Event
from ..schema.usage import COUNTS, Usage
from ..usage.cost import money
from ..usage.rates import rate_card
from .store import Store

SUMS = (
    *("seconds", "nodes", "found", "input_tokens", "cached_tokens", "output_tokens", "images"),
    *("cpu_seconds", "gpu_seconds", "money", "unpriced"),
)
"""What is added up, besides the jobs."""
_ADD = f"""
INSERT INTO usage (day, key, name, status, jobs, {", ".join(SUMS)})
VALUES (:day, :key, :name, :status, 1, {", ".join(f":{name}" for name in SUMS)})
ON CONFLICT DO UPDATE SET jobs = jobs + 1, {", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)}
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
        usage: What it used; see `Spending`. Money that is not known counts as nothing, and the job as unpriced.
    """
    sums = {name: usage.get(name) or 0 for name in SUMS} | {"unpriced": int(bool(usage.get("unpriced")))}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    connection.execute(_ADD, {"day": day, "key": job["key"], "name": job["name"], "status": status, **sums})


class Spending:
    """Adds up what the nodes of one job use."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._money = 0.0
        self._unpriced = 0

    def hear(self, event: Event) -> None:
        """Take notice of a node that has ended; what was found costs nothing."""
        if event.cached or event.usage is None:
            return
        self._usage += event.usage
        try:
            price = money(event.usage, event.took or 0.0)
        except RatesError:
            price = None
        self._money += price or 0.0
        self._unpriced += price is None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: "money" is None where a price is not known; "unpriced" counts the nodes that have none."""
        told = {name: value for name, value in self._usage.as_json().items() if name != "model"}
        counts = {name: told.get(name, 0) for name in COUNTS}
        price = None if self._unpriced else round(self._money, 9)
        return {**counts, "money": price, "currency": currency(), "unpriced": self._unpriced}


def currency() -> str:
    """Return in which money is told."""
    try:
        return rate_card().currency
    except RatesError:
        return "USD"


def used(store: Store, *, key: str | None = None, name: str | None = None, since: str = "") -> list[dict[str, Any]]:
    """Return what was used, a row a day (UTC), key, endpoint and ending.

    Args:
        store: The store.
        key: Of this key only.
        name: Of this endpoint only.
        since: From this day on: "2026-01-31".
    """
    return [dict(row) for row in store.read(_READ, {"key": key, "name": name, "since": since})]
