"""Jobs: how they stand, what happens to them, and how to stop one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from ...jobs.job import FINAL, JobStatus
from ..refusals import Refusal
from ..shapes import JobList, JobTold
from .answering import JobId, answers, job_for, key_of, serving_of, told_of

router = APIRouter(tags=["jobs"])
_PING_SECONDS = 15
_STREAM = {
    "description": "Events as they happen; the last one is how the job ended.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}

_PREVIEW = {
    "description": "A small picture or film.",
    "content": {
        kind: {"schema": {"type": "string"}} for kind in ("image/jpeg", "image/png", "image/webp", "video/webm")
    },
}


@router.get("/v1/jobs", responses=answers(ok=JobList), summary="List jobs")
async def list_jobs(
    request: Request,
    flow: Annotated[str | None, Query(max_length=63, description="Of this flow only.")] = None,
    status: Annotated[JobStatus | None, Query(description="In this state only.")] = None,
    before: Annotated[str | None, Query(pattern=r"^job_[0-9a-f]{32}$", description="Older than this job.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many.")] = 20,
) -> JSONResponse:
    """List the jobs of the key, newest first; an admin sees those of all keys."""
    serving, key = serving_of(request), key_of(request)
    mine = None if key.is_admin else key.id
    jobs = serving.jobs.of_key(mine, name=flow, status=status, before=before, most=limit + 1)
    told = [told_of(serving, job) for job in jobs[:limit]]
    return JSONResponse({"jobs": told, "next": told[-1]["id"] if len(jobs) > limit else None})


@router.get("/v1/jobs/{id}", responses=answers(ok=JobTold), summary="Read a job")
async def read_job(request: Request, id: JobId) -> JSONResponse:
    """Say how a job stands: its place in the queue, its progress, its results."""
    return JSONResponse(told_of(serving_of(request), job_for(request, id)))


@router.get(
    "/v1/jobs/{id}/preview",
    responses=answers() | {200: _PREVIEW},
    response_class=Response,
    summary="See an unfinished result",
)
async def read_preview(request: Request, id: JobId) -> Response:
    """Return the newest unfinished result of a job while it runs, small; 404 where there is none."""
    preview = serving_of(request).preview(job_for(request, id).id)
    if preview is None or preview.mime not in _PREVIEW["content"]:
        raise Refusal(404, "not_found", "There is no preview of this job now.")
    return Response(preview.data, media_type=preview.mime)


@router.post("/v1/jobs/{id}/cancel", responses=answers(ok=JobTold), summary="Cancel a job")
async def cancel_job(request: Request, id: JobId) -> JSONResponse:
    """Stop a job: at once while it waits; one that runs ends within seconds; one that has ended stays as it is."""
    serving, job = serving_of(request), job_for(request, id)
    job = await asyncio.to_thread(serving.jobs.cancel, job.id) or job
    return JSONResponse(told_of(serving, job))


@router.get(
    "/v1/jobs/{id}/events",
    responses=answers() | {200: _STREAM},
    response_class=Response,
    summary="Follow a job",
)
async def follow_job(
    request: Request,
    id: JobId,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,18}$", description="What came last: what follows is sent."),
    ] = None,
) -> Response:
    """Send what happens to a job as server-sent events, from the start or from where a client was cut off."""
    job = job_for(request, id)
    events = _events(request, job.id, int(last_event_id or -1))
    return EventSourceResponse(events, ping=_PING_SECONDS, headers={"cache-control": "no-store"})


async def _events(request: Request, id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of a job until it has ended, or the server ends."""
    serving, loop = serving_of(request), asyncio.get_running_loop()
    changed = asyncio.Event()
    stop = serving.jobs.listen(id, lambda: loop.call_soon_threadsafe(changed.set))
    try:
        while True:
            changed.clear()
            for event in serving.jobs.events(id, after):
                after = event.number
                data: dict[str, Any] = {**event.data, "at": event.at}
                yield ServerSentEvent(json.dumps(data), id=str(event.number), event=event.kind)
                if event.kind in FINAL:
                    return
            job = serving.jobs.find(id)
            if job is None or (job.is_final and not serving.jobs.events(id, after)):
                return  # it has ended, and everything was sent, by an earlier stream perhaps
            if request.app.state.is_ending():
                return
            try:
                await asyncio.wait_for(changed.wait(), 1.0)
            except TimeoutError:
                continue
    finally:
        stop()
