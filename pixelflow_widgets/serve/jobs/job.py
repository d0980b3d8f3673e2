"""A job: an HTTP request's run, as its row says."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

JobStatus = Literal["queued", "running", "succeeded", "failed", "canceled"]
Priority = Literal["high", "normal", "low"]
FINAL = ("succeeded", "failed", "canceled")
PRIORITIES: dict[str, int] = {"high": -1, "normal": 0, "low": 1}
"""As runs have them: the smaller one goes first."""
_JSON = ("inputs", "error", "outputs", "seeds", "usage")


@dataclass(frozen=True)
class Job:
    """Is one request's run, as it was when it was read.

    Args:
        id: What it is called outside.
        name: Of the endpoint.
        number: Of the endpoint's version.
        key: Whose it is; empty for the owner of the store.
        status: Where it stands; the last three do not change any more.
        priority: -1, 0 or 1; the smaller one goes first.
        inputs: As JSON; media as ids of uploads.
        webhook: Who else is told.
        idempotency_key: What its sender calls the request.
        body_hash: Of the request.
        created_at: When it was accepted.
        started_at: When it was last begun.
        finished_at: When it ended.
        expires_at: When it and its results are removed.
        attempts: How many times it was begun.
        lost: How many times the worker process ended that it ran in.
        owner: Who runs it.
        progress: How much is done, from 0 to 1.
        note: What is being done.
        error: "type", "message" and, where it was one, "node".
        outputs: By name, as JSON; media as artifacts.
        seeds: The seeds that were used, by input or "node.port".
        usage: "seconds", "nodes", "found", tokens, seconds of processors, "money" (None: not known); see `serve.usage`.
        cancel_asked: Whether somebody wants it to stop.
    """

    id: str
    name: str
    number: int
    key: str
    status: JobStatus
    priority: int
    inputs: dict[str, Any]
    webhook: str | None
    idempotency_key: str | None
    body_hash: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    expires_at: float | None
    attempts: int
    lost: int
    owner: str | None
    progress: float | None
    note: str
    error: dict[str, Any] | None
    outputs: dict[str, Any] | None
    seeds: dict[str, Any] | None
    usage: dict[str, Any] | None
    cancel_asked: bool

    @property
    def is_final(self) -> bool:
        """Return whether it has ended."""
        return self.status in FINAL

    def ending(self) -> dict[str, Any]:
        """Return how it ended, as JSON."""
        return {name: getattr(self, name) for name in ("status", "outputs", "error", "seeds", "usage")}


def job_of(row: sqlite3.Row) -> Job:
    """Return the job of a row."""
    fields: dict[str, Any] = dict(row)
    fields |= {name: json.loads(fields[name]) for name in _JSON if fields[name] is not None}
    fields["cancel_asked"] = bool(fields["cancel_asked"])
    return Job(**fields)
