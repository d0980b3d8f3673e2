"""The shape of OpenAI's images: `model` is a published flow that takes a prompt and gives a picture."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.datastructures import UploadFile

from ....flow.signature import Entry, Signature
from ...jobs.job import Job
from ...keys import Key
from ...publishing.endpoints import Endpoint
from ...serving import Serving
from ..accepting import Asked, Options, accept, ended, endpoint_for
from ..asking import JobOptions
from ..bodies import form_of, is_form, json_of
from ..files_of import file_as, outputs_told, the_file
from ..images_schema import EDITS, GENERATIONS
from ..refusals import OPENAI_ROOT, Refusal
from ..shapes import ImagesError, ImagesTold
from .answering import answers, key_of, serving_of

router = APIRouter(tags=["images"])
MOST_PICTURES = 4
_LOOK_SECONDS = 0.1
_SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})\Z")
_WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "quality": ("auto", "standard"),
    "background": ("auto", "opaque"),
    "moderation": ("auto", "low"),
    "response_format": ("b64_json",),
    "input_fidelity": ("low",),
}
"""Fields of OpenAI's that mean nothing here, and the values with which that is no lie."""
_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_ANSWERS = answers(409, 410, shape=ImagesError, ok=ImagesTold)
_ANSWERS[200] = {
    "model": ImagesTold,
    "description": "Pictures; with `stream`, events of which the last ones carry them.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@router.post("/v1/images/generations", responses=_ANSWERS, openapi_extra=GENERATIONS, summary="Make pictures")
async def make_images(request: Request, options: JobOptions) -> Response:
    """Make pictures of a prompt, as OpenAI's clients ask for it; a flow's other inputs may stand beside."""
    fields = await json_of(request, serving_of(request).limits)
    return await _answer(request, fields, {}, options, "image_generation")


@router.post("/v1/images/edits", responses=_ANSWERS, openapi_extra=EDITS, summary="Change a picture")
async def edit_image(request: Request, options: JobOptions) -> Response:
    """Change a picture as a prompt says, as OpenAI's clients ask for it."""
    if not is_form(request):
        raise Refusal(415, "media_type_refused", "An edit comes as multipart/form-data.", at="content-type")
    fields: dict[str, Any] = {}
    files: dict[str, list[bytes]] = {}
    async with form_of(request, files=8) as form:
        for name, part in form.multi_items():
            name = name.removesuffix("[]")
            if isinstance(part, UploadFile):
                files.setdefault(name, []).append(await part.read())
            elif name in fields:
                raise _wrong(name, "This field stands twice.")
            else:
                fields[name] = _read(name, part)
    if "image" not in files:
        raise _wrong("image", "The picture to change is missing.")
    return await _answer(request, fields, files, options, "image_edit")


async def _answer(
    request: Request, fields: dict[str, Any], files: dict[str, list[bytes]], options: Options, event: str
) -> Response:
    serving, key = serving_of(request), key_of(request)
    endpoint = _endpoint(serving, key, fields.pop("model", None))
    wish = _Wish(fields)
    asked = _asked(endpoint.signature, wish, files)
    jobs = await asyncio.to_thread(_start, serving, key, endpoint, asked, options, wish.count)
    if wish.streams:
        return EventSourceResponse(_events(request, serving, endpoint, jobs, wish, event))
    pictures = await _pictures(request, serving, endpoint, jobs, wish)
    return JSONResponse({"created": int(time.time()), "data": [{"b64_json": picture} for picture in pictures]})


class _Wish:
    """Is what a request says beside the flow's inputs, taken out of its fields."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.count = fields.pop("n", None) or 1
        if not isinstance(self.count, int) or isinstance(self.count, bool) or not 1 <= self.count <= MOST_PICTURES:
            raise _wrong("n", f"n is a whole number from 1 to {MOST_PICTURES}.")
        self.type = _TYPES.get(str(fields.pop("output_format", None) or "png"), "")
        if not self.type:
            raise _wrong("output_format", "Pictures come as png, jpeg or webp.")
        self.streams = fields.pop("stream", None) or False
        if not isinstance(self.streams, bool):
            raise _wrong("stream", "stream is true or false.")
        partial = fields.pop("partial_images", None) or 0
        if not isinstance(partial, int) or isinstance(partial, bool) or not 0 <= partial <= 3:
            raise _wrong("partial_images", "partial_images is a whole number from 0 to 3.")
        self.partial = partial
        if not isinstance(fields.pop("user", None) or "", str):
            raise _wrong("user", "user is a text.")
        for name, values in _WITHOUT_EFFECT.items():
            given = fields.pop(name, None)
            if given is not None and given not in values:
                raise _wrong(name, f"{name} is {' or '.join(values)} here.")
        self.size = self._read_size(fields.pop("size", None) or "auto")
        self.inputs = fields

    @staticmethod
    def _read_size(size: Any) -> tuple[int, int] | None:
        if size == "auto":
            return None
        found = _SIZE.match(size) if isinstance(size, str) else None
        if found is None:
            raise _wrong("size", "A size is written 1024x1024, or auto.")
        return int(found[1]), int(found[2])


def _endpoint(serving: Serving, key: Key, model: Any) -> Endpoint:
    """Return the flow that `model` names, if it fits."""
    if not isinstance(model, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", model):
        raise _wrong("model", "model is the name of a published flow: GET /v1/flows.")
    endpoint = endpoint_for(serving, key, model)
    prompt = endpoint.signature.input("prompt")
    if prompt is None or prompt.type.name != "text":
        raise _wrong("model", f"'{model}' has no text input 'prompt': call it by POST /v1/flows/{model}.")
    if the_file(endpoint.signature, "image/png") is None:
        words = f"{outputs_told(endpoint.signature)} Here a picture is wanted: call it by POST /v1/flows/{model}."
        raise _wrong("model", words)
    return endpoint


def _asked(signature: Signature, wish: _Wish, files: dict[str, list[bytes]]) -> Asked:
    """Return a flow's inputs for what was asked in OpenAI's words."""
    values, kept = dict(wish.inputs), {}
    if wish.size is not None:
        if signature.input("width") is None or signature.input("height") is None:
            raise _wrong("size", "This flow decides on its size itself. Leave size out, or write auto.")
        values["width"], values["height"] = wish.size
    for name, contents in files.items():
        entry = _entry_for(signature, name)
        if len(contents) > 1 and not entry.type.many:
            raise _wrong(name, "This flow takes one picture.")
        ids = [f"up_{number:032x}" for number in range(len(kept), len(kept) + len(contents))]
        kept |= dict(zip(ids, contents, strict=True))
        values[entry.name] = ids if entry.type.many else ids[0]
    return Asked(values, kept)


def _entry_for(signature: Signature, name: str) -> Entry:
    """Return the input that takes a picture or mask of OpenAI's: the one of that name, or the only one of its type."""
    kind = "mask" if name == "mask" else "image"
    found = [entry for entry in signature.inputs if entry.type.name == kind]
    named = [entry for entry in found if entry.name == name]
    if name not in ("image", "mask") or not (named or len(found) == 1):
        raise _wrong(name, "This flow has no input for this file.")
    return (named or found)[0]


def _start(serving: Serving, key: Key, endpoint: Endpoint, asked: Asked, options: Options, count: int) -> list[Job]:
    """Start a job for each picture; one seed that was given counts up."""
    seed = next((entry for entry in endpoint.signature.inputs if entry.is_seed and entry.name in asked.values), None)
    jobs: list[Job] = []
    for number in range(count):
        values = dict(asked.values)
        if seed is not None and isinstance(values[seed.name], int) and values[seed.name] >= 0:
            values[seed.name] += number
        named = options.idempotency_key and f"{options.idempotency_key}#{number}"
        try:
            jobs.append(
                accept(
                    serving,
                    key,
                    endpoint,
                    Asked(values, asked.files),
                    Options(options.priority, named, options.webhook),
                )
            )
        except Refusal:
            for job in jobs:
                serving.jobs.cancel(job.id)
            raise
    return jobs


async def _pictures(request: Request, serving: Serving, endpoint: Endpoint, jobs: list[Job], wish: _Wish) -> list[str]:
    """Return the pictures of some jobs in base64; nobody could fetch them later, so what takes too long is stopped."""
    done = await asyncio.gather(*(ended(serving, job, serving.limits.wait, request) for job in jobs))
    if not all(job.is_final for job in done):
        for job in done:
            await asyncio.to_thread(serving.jobs.cancel, job.id)
        words = f"The pictures took longer than {serving.limits.wait:g} s, and were stopped. Use /v1/flows/NAME/jobs."
        raise Refusal(503, "busy", words)
    return [await asyncio.to_thread(_picture, serving, endpoint, job, wish.type) for job in done]


def _picture(serving: Serving, endpoint: Endpoint, job: Job, kind: str) -> str:
    if job.status != "succeeded":
        raise Refusal(422, "job_failed", (job.error or {}).get("message") or f"The job was {job.status}.")
    given = the_file(endpoint.signature, kind)
    told = (job.outputs or {}).get(given.name) if given else None
    if not isinstance(told, dict):
        raise Refusal(422, "job_failed", "The job gave no picture.")
    content, _ = file_as(serving.artifacts.read(told["id"]), told["type"], kind)
    return base64.b64encode(content).decode()


async def _events(
    request: Request, serving: Serving, endpoint: Endpoint, jobs: list[Job], wish: _Wish, event: str
) -> AsyncIterator[ServerSentEvent]:
    """Yield unfinished pictures and then each picture, as OpenAI's clients read them."""
    made = asyncio.ensure_future(_pictures(request, serving, endpoint, jobs, wish))
    try:
        async for number, preview in _previews(serving, jobs, wish.partial, made):
            told = {"partial_image_index": number, "b64_json": base64.b64encode(preview).decode()}
            yield _event(f"{event}.partial_image", wish, told | {"output_format": "jpeg"})
        for picture in await made:
            yield _event(f"{event}.completed", wish, {"b64_json": picture})
    except Refusal as refusal:
        yield ServerSentEvent(json.dumps(refusal.told(OPENAI_ROOT)), event="error")
    finally:
        made.cancel()


async def _previews(
    serving: Serving, jobs: list[Job], most: int, made: asyncio.Future[list[str]]
) -> AsyncIterator[tuple[int, bytes]]:
    """Yield what a job has so far, a few times at most, until everything is made."""
    sent: list[bytes] = []
    while not made.done() and len(sent) < most:
        for job in jobs:
            preview = serving.preview(job.id)
            if preview is not None and preview.mime == "image/jpeg" and preview.data not in sent and len(sent) < most:
                sent.append(preview.data)
                yield len(sent) - 1, preview.data
        await asyncio.wait([made], timeout=_LOOK_SECONDS)


def _event(kind: str, wish: _Wish, told: dict[str, Any]) -> ServerSentEvent:
    fields = {
        "type": kind,
        "created_at": int(time.time()),
        "size": "x".join(map(str, wish.size)) if wish.size else "auto",
        "output_format": wish.type.removeprefix("image/"),
        "quality": "auto",
        "background": "opaque",
    }
    return ServerSentEvent(json.dumps(fields | told), event=kind)


def _read(name: str, text: str) -> Any:
    """Return what a field of the form says; numbers and flags are written as JSON there."""
    if name in ("prompt", "model", "size", "user") or not re.fullmatch(
        r"-?[0-9]{1,20}(\.[0-9]{1,20})?|true|false", text
    ):
        return text
    return json.loads(text) if not re.match(r"-?0[0-9]", text) else text


def _wrong(name: str, words: str) -> Refusal:
    return Refusal(422, "values_refused", words, at=f"/{name[:80]}")
