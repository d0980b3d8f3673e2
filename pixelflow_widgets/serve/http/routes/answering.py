"""What routes share: who asks, of which server, and which refusals an address has."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request

from ...jobs.job import Job
from ...keys import Key
from ...serving import Serving
from ..refusals import WORDS, Refusal
from ..shapes import Error, ImagesError, job_told

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Of a published flow.")]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="Of a version of it.")]
JobId = Annotated[str, Path(pattern=r"^job_[0-9a-f]{32}$")]
_ALWAYS = (400, 401, 403, 404, 408, 413, 414, 415, 422, 429, 503)
"""What the guard answers, and values of the address and of headers that cannot be."""


def answers(*statuses: int, shape: Any = Error, **more: Any) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of an address, for its description.

    Args:
        statuses: Besides those that every address has.
        shape: Of their bodies.
        more: "ok", the shape of what is answered when all is well, under 200.
    """
    told: dict[int | str, dict[str, Any]] = {}
    if "ok" in more:
        told[200] = {"model": more["ok"]}
    for status in sorted({*_ALWAYS, *statuses}):
        model = shape if status not in (400, 401, 403, 408, 413, 414, 503) or shape is Error else ImagesError
        told[status] = {"model": model, "description": WORDS[status]}
    return told


def serving_of(request: Request) -> Serving:
    """Return the rooms of the server."""
    return request.app.state.serving


def key_of(request: Request) -> Key:
    """Return who asks."""
    return request.state.key


def job_for(request: Request, id: str) -> Job:
    """Return a job that a key may see: its own, or any for an admin.

    Raises:
        Refusal: There is none.
    """
    key, job = key_of(request), serving_of(request).jobs.find(id)
    if job is None or (job.key != key.id and not key.is_admin):
        raise Refusal(404, "not_found", "There is no such job (any more).")
    return job


def told_of(serving: Serving, job: Job) -> dict[str, Any]:
    """Return a job as it is answered, with its place in the queue."""
    position = serving.jobs.position(job.id) if job.status == "queued" else None
    estimate = None if job.is_final else serving.jobs.estimate(job.name, job.number)
    return job_told(job, position=position, estimate=estimate)
