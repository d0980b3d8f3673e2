"""The shape of the PixelFlow API as Segmind has it: a call answers an id, polls say how it stands.

Media come in base64 or as uploads: an address is never fetched.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from ...jobs.job import Job
from ..accepting import endpoint_for
from ..asking import JobOptions
from ..shapes import Polled, Queued
from .answering import JobId, answers, job_for, key_of, serving_of
from .flows import started

router = APIRouter(tags=["workflows"])
_STATES = {
    "queued": "QUEUED",
    "running": "PROCESSING",
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "canceled": "FAILED",
}
_MARK = "-v"
WorkflowId = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}-v[1-9][0-9]{0,5}$", description="A flow and its version: poster-v1.")
]


@router.post("/workflows/{id}", responses=answers(409, 410, ok=Queued), summary="Call a flow, in the other shape")
async def call_workflow(request: Request, id: WorkflowId, options: JobOptions) -> JSONResponse:
    """Start a job of a version; the body is the flow's inputs."""
    serving, key = serving_of(request), key_of(request)
    name, _, number = id.rpartition(_MARK)
    job = await started(request, serving, key, endpoint_for(serving, key, name, int(number)), options)
    poll = f"{_root(request)}/workflows/request/{job.id}"
    return JSONResponse({"request_id": job.id, "poll_url": poll, "status": _STATES[job.status]})


@router.get("/workflows/request/{id}", responses=answers(ok=Polled), summary="Poll a job, in the other shape")
async def poll_workflow(request: Request, id: JobId) -> JSONResponse:
    """Say how a job stands; `output` is JSON as text, with files as addresses."""
    return JSONResponse(_polled(job_for(request, id), _root(request)))


def _polled(job: Job, root: str) -> dict[str, Any]:
    told: dict[str, Any] = {"request_id": job.id, "status": _STATES[job.status]}
    if job.status == "succeeded":
        told["output"] = json.dumps({name: _plain(value, root) for name, value in (job.outputs or {}).items()})
    elif job.is_final:
        words = (job.error or {}).get("message") or f"The job was {job.status}."
        told |= {"error": words, "error_message": words}
    return told


def _plain(value: Any, root: str) -> Any:
    """Return an output with its files as addresses."""
    if isinstance(value, list):
        return [_plain(item, root) for item in value]
    is_file = isinstance(value, dict) and str(value.get("url", "")).startswith("/v1/artifacts/")
    return f"{root}{value['url']}" if is_file else value


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"
