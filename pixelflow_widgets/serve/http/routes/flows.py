"""Published flows: what there is, what each takes, and the calls that make jobs of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response

from ....errors import ValuesRefused
from ....flow.signature import checked_values
from ...jobs.job import Job
from ...keys import Key
from ...publishing.endpoints import Endpoint
from ...serving import Serving
from ...snippets import snippets
from ..accepting import Options, accept, ended, endpoint_for, refused_values
from ..asking import JobOptions, PreferHeader, asked_of, seconds_of
from ..bodies import json_of
from ..describing import describe_flow
from ..files_of import outputs_told, the_file
from ..refusals import Refusal
from ..shapes import CodeTold, FlowList, FlowTold, JobTold
from .answering import Name, Number, answers, key_of, serving_of, told_of

router = APIRouter(tags=["flows"])
_CALLS = answers(409, 410)
_JOB = {
    200: {"model": JobTold, "description": "The job has ended."},
    202: {"model": JobTold, "description": "The job was accepted, and is not done yet."},
}
_FILES = {
    kind: {"schema": {"type": "string", "contentMediaType": kind}}
    for kind in ("image/png", "image/jpeg", "image/webp", "audio/wav", "video/mp4")
}


@router.get("/v1/flows", responses=answers(ok=FlowList), summary="List the published flows")
async def list_flows(request: Request) -> JSONResponse:
    """List the current version of every published flow that the key reaches."""
    serving, key = serving_of(request), key_of(request)
    found = [each for each in serving.endpoints.all() if key.may_call(each.name)]
    return JSONResponse({"flows": [flow_told(serving, endpoint) for endpoint in found]})


@router.get("/v1/flows/{name}", responses=answers(410, ok=FlowTold), summary="Read a flow")
async def read_flow(request: Request, name: Name) -> JSONResponse:
    """Say what the current version of a flow takes and gives."""
    serving = serving_of(request)
    return JSONResponse(flow_told(serving, endpoint_for(serving, key_of(request), name)))


@router.get("/v1/flows/{name}/versions/{number}", responses=answers(410, ok=FlowTold), summary="Read a version")
async def read_version(request: Request, name: Name, number: Number) -> JSONResponse:
    """Say what one version of a flow takes and gives."""
    serving = serving_of(request)
    return JSONResponse(flow_told(serving, endpoint_for(serving, key_of(request), name, number)))


@router.get("/v1/flows/{name}/openapi.json", responses=answers(410), summary="Describe a flow")
async def read_description(request: Request, name: Name) -> JSONResponse:
    """Return the OpenAPI document of one flow: its inputs with types, limits and examples, and its outputs."""
    serving = serving_of(request)
    endpoint = endpoint_for(serving, key_of(request), name)
    return JSONResponse(describe_flow(request.app, endpoint))


@router.post("/v1/flows/{name}/code", responses=answers(410, ok=CodeTold), summary="Write calls of a flow")
async def write_code(request: Request, name: Name) -> JSONResponse:
    """Return programs that call a flow with these inputs: for the shell, in Python and in TypeScript."""
    serving = serving_of(request)
    endpoint = endpoint_for(serving, key_of(request), name)
    values = await json_of(request, serving.limits)
    try:
        checked_values(endpoint.signature, values, lambda kind, given: given)
    except ValuesRefused as error:
        raise refused_values(error) from None
    url = request.headers.get("origin") or str(request.base_url)
    schemas = (endpoint.signature.request_schema(), endpoint.signature.result_schema())
    return JSONResponse(snippets(url, endpoint.name, *schemas, values=values))


@router.post("/v1/flows/{name}/jobs", status_code=202, responses=_CALLS | _JOB, summary="Start a job")
async def start_job(request: Request, name: Name, options: JobOptions, prefer: PreferHeader = None) -> Response:
    """Start a job of the current version; `Prefer: wait=60` answers when it has ended."""
    return await _job(request, name, None, prefer, options)


@router.post(
    "/v1/flows/{name}/versions/{number}/jobs",
    status_code=202,
    responses=_CALLS | _JOB,
    summary="Start a job of a version",
)
async def start_job_of_version(
    request: Request, name: Name, number: Number, options: JobOptions, prefer: PreferHeader = None
) -> Response:
    """Start a job of one version, which may be an old one."""
    return await _job(request, name, number, prefer, options)


@router.post(
    "/v1/flows/{name}",
    responses=answers(406, 409, 410) | {**_JOB, 200: {**_JOB[200], "content": _FILES}},
    summary="Call a flow and wait",
)
async def call_flow(
    request: Request,
    name: Name,
    options: JobOptions,
    accept_header: Annotated[str | None, Header(alias="Accept", include_in_schema=False)] = None,
    prefer: PreferHeader = None,
) -> Response:
    """Call a flow and wait for it; with `Accept: image/png` the answer is the first picture that it gives."""
    serving, key = serving_of(request), key_of(request)
    wanted = wanted_file(accept_header)
    endpoint = endpoint_for(serving, key, name)
    if wanted is not None and the_file(endpoint.signature, wanted) is None:
        told = outputs_told(endpoint.signature)
        words = f"{told} None of that is {wanted}: leave out `Accept`, and read the job's outputs."
        raise Refusal(406, "not_acceptable", words)
    job = await started(request, serving, key, endpoint, options)
    job = await ended(serving, job, seconds_of(prefer) or 60.0, request)
    if wanted is None or not job.is_final:
        return answered(serving, job)
    return await _file(serving, endpoint, job, wanted)


async def _job(request: Request, name: str, number: int | None, prefer: str | None, options: Options) -> Response:
    serving, key = serving_of(request), key_of(request)
    job = await started(request, serving, key, endpoint_for(serving, key, name, number), options)
    if seconds := seconds_of(prefer):
        job = await ended(serving, job, seconds, request)
    return answered(serving, job)


async def started(request: Request, serving: Serving, key: Key, endpoint: Endpoint, options: Options) -> Job:
    """Return the job that a request's body asks for."""
    asked = await asked_of(request, endpoint, serving.limits)
    return await asyncio.to_thread(accept, serving, key, endpoint, asked, options)


def answered(serving: Serving, job: Job) -> JSONResponse:
    """Return the answer that is a job: 200 when it has ended, 202 until then."""
    told = told_of(serving, job)
    return JSONResponse(told, 200 if job.is_final else 202, {"location": told["urls"]["self"]})


async def _file(serving: Serving, endpoint: Endpoint, job: Job, wanted: str) -> Response:
    """Return the one file that a job gave."""
    where = {"location": f"/v1/jobs/{job.id}"}
    if job.status != "succeeded":
        words = (job.error or {}).get("message") or f"The job was {job.status}."
        raise Refusal(422, "job_failed", words, at=f"/v1/jobs/{job.id}", headers=where)
    given = the_file(endpoint.signature, wanted)
    told = (job.outputs or {}).get(given.name) if given else None
    if not isinstance(told, dict):
        raise Refusal(422, "job_failed", "The job gave no file.", at=f"/v1/jobs/{job.id}", headers=where)
    from ..files_of import file_as

    content, kind = await asyncio.to_thread(file_as, serving.artifacts.read(told["id"]), told["type"], wanted)
    return Response(content, media_type=kind, headers=where)


def wanted_file(header: str | None) -> str | None:
    """Return the media type of a file that `Accept` asks for, None where JSON will do."""
    for part in (header or "").split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in ("application/json", "*/*", "application/*", ""):
            return None
        if kind.startswith(("image/", "audio/", "video/")):
            return kind[:60]
    if header:
        raise Refusal(406, "not_acceptable", "Answers are JSON, or the first picture, sound or film that a flow gives.")
    return None


def flow_told(serving: Serving, endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint as `FlowTold` says it."""
    base = f"/v1/flows/{endpoint.name}"
    versions = [each.number for each in serving.endpoints.versions(endpoint.name) if each.is_published]
    return {
        "name": endpoint.name,
        "version": endpoint.number,
        "title": endpoint.signature.title,
        "help": endpoint.signature.help,
        "note": endpoint.note,
        "published_at": endpoint.published_at,
        "is_current": endpoint.is_current,
        "versions": sorted(versions),
        "request": endpoint.signature.request_schema(),
        "result": endpoint.signature.result_schema(),
        "caps": dict(endpoint.caps),
        "estimate": serving.jobs.estimate(endpoint.name, endpoint.number),
        "url": f"{base}/jobs" if endpoint.is_current else f"{base}/versions/{endpoint.number}/jobs",
        "description": f"{base}/openapi.json",
    }
