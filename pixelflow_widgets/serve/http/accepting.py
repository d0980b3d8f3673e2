"""From what a request brings to a job: values checked, media kept, work within the caps, one row written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from ...errors import IdempotencyClash, MediaError, NoEndpoint, QueueFull, ValuesRefused, WebhookError
from ...flow.signature import checked_values
from ...media import blake3_hex, canonical_json
from ...usage.work import Size, size_of_value, work_of
from ..jobs.artifacts import Artifact
from ..jobs.job import Job, Priority
from ..keys import Key
from ..publishing.endpoints import Endpoint
from ..publishing.work import check_caps
from ..serving import Serving
from ..uploads.reading import Facts, look_at, read_base64
from .refusals import Refusal

_MODALITIES = {"image": "image/", "mask": "image/", "audio": "audio/", "video": ("video/", "image/gif")}


@dataclass(frozen=True)
class Options:
    """Is what a request says of its job besides the flow's inputs.

    Args:
        priority: Of its key's and everybody's jobs, those of a higher one go first.
        idempotency_key: What the sender calls the request.
        webhook: Who else is told.
    """

    priority: Priority = "normal"
    idempotency_key: str | None = None
    webhook: str | None = None


@dataclass(frozen=True)
class _Held:
    """Is a medium that came within the request; it is stored when everything else is right."""

    content: bytes
    facts: Facts


def endpoint_for(serving: Serving, key: Key, name: str, number: int | None = None) -> Endpoint:
    """Return a version of a published flow that a key may call.

    Raises:
        Refusal: The key does not reach it, or it is not there.
    """
    if not key.may_call(name):
        raise Refusal(403, "not_in_scope", "This key may not call that flow.")
    try:
        return serving.endpoints.find(name, number)
    except NoEndpoint as error:
        if error.is_gone:
            raise Refusal(410, "gone", str(error)) from None
        raise Refusal(404, "not_found", str(error)) from None


@dataclass(frozen=True)
class Asked:
    """Is what a request brings for a flow's inputs.

    Args:
        values: By name, as JSON.
        files: Bytes that came beside it in a form, by the names under which the values speak of them.
    """

    values: dict[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def digest(self, endpoint: Endpoint) -> str:
        """Return what tells whether a request that comes again is the same."""
        files = {name: blake3_hex(content) for name, content in self.files.items()}

        def told(value: Any) -> Any:
            if isinstance(value, list):
                return [told(item) for item in value]
            return files.get(value, value) if isinstance(value, str) else value

        values = {name: told(value) for name, value in self.values.items()}
        return blake3_hex(canonical_json([endpoint.name, values]).encode())


def accept(serving: Serving, key: Key, endpoint: Endpoint, asked: Asked, options: Options) -> Job:
    """Return the job that a request asked for, written down.

    Args:
        serving: The server's rooms.
        key: Who asks.
        endpoint: What runs.
        asked: The flow's inputs.
        options: What was said besides.

    Raises:
        Refusal: It is not to be had like that.
    """
    uploads: list[str] = []
    sizes: dict[str, Size] = {}

    def keep(kind: str, given: str) -> Any:
        if given.startswith("up_") and given not in asked.files:
            found = _upload(serving, key, kind, given)
            uploads.append(found.id)
            sizes[found.id] = _size(found.facts)
            return given
        content = asked.files[given] if given in asked.files else read_base64(given)
        return _Held(content, look_at(kind, content, serving.limits))

    try:
        values = checked_values(endpoint.signature, asked.values, keep)
        _check_work(serving, endpoint, values, sizes)
        webhook = serving.webhooks.chosen(options.webhook, key.id)
    except ValuesRefused as error:
        raise refused_values(error) from None
    except WebhookError as error:
        raise Refusal(422, "values_refused", str(error), at="x-pixelflow-webhook") from None
    stored = {name: _stored(serving, key, value, uploads) for name, value in values.items()}
    return _submit(serving, key, endpoint, stored, options, webhook, uploads, asked)


def refused_values(error: ValuesRefused, type: str = "values_refused") -> Refusal:
    """Return the refusal of values, with every fault."""
    problems = error.problems
    words = problems[0]["message"] if len(problems) == 1 else "Several values do not fit; `details` names each."
    return Refusal(422, type, words, at=problems[0]["at"], details=problems)


def _check_work(serving: Serving, endpoint: Endpoint, values: dict[str, Any], sizes: dict[str, Size]) -> None:
    """Refuse what asks for more work than one request may."""

    def size_of(value: Any) -> Size | None:
        if isinstance(value, _Held):
            return _size(value.facts.as_dict())
        return sizes.get(value) if isinstance(value, str) else size_of_value(value)

    opened = serving.endpoints.opened(endpoint.name, endpoint.number)
    work = work_of(opened.document, opened.registry, values, files=opened.files, size_of=size_of)
    try:
        check_caps(endpoint.caps, endpoint.signature, work)
    except ValuesRefused as error:
        raise refused_values(error, "too_much_work") from None


def _size(facts: Mapping[str, Any]) -> Size:
    return Size((facts.get("width") or 0) * (facts.get("height") or 0), facts.get("frames") or 1)


def _submit(
    serving: Serving,
    key: Key,
    endpoint: Endpoint,
    values: dict[str, Any],
    options: Options,
    webhook: str | None,
    uploads: list[str],
    asked: Asked,
) -> Job:
    try:
        job, _ = serving.jobs.submit(
            endpoint,
            values,
            key=key.id,
            priority=options.priority,
            idempotency_key=options.idempotency_key,
            body_hash=asked.digest(endpoint) if options.idempotency_key else "",
            webhook=webhook,
            uploads=uploads,
        )
    except QueueFull as error:
        headers = {"retry-after": str(int(error.retry_after))}
        raise Refusal(429, "queue_full", str(error), headers=headers) from None
    except IdempotencyClash as error:
        raise Refusal(409, "idempotency_conflict", str(error), at="idempotency-key") from None
    return job


def _upload(serving: Serving, key: Key, kind: str, id: str) -> Artifact:
    artifact = serving.artifacts.find(id)
    if artifact is None or artifact.role != "upload" or artifact.key != key.id:
        raise MediaError("There is no such upload (any more). Upload the file: POST /v1/uploads.")
    if not artifact.type.startswith(_MODALITIES[kind]):
        raise MediaError(f"This upload is {artifact.type}; {kind} is wanted here.")
    return artifact


def _stored(serving: Serving, key: Key, value: Any, uploads: list[str]) -> Any:
    """Return a value with the media in it stored, and named by their ids."""
    if isinstance(value, list):
        return [_stored(serving, key, item, uploads) for item in value]
    if not isinstance(value, _Held):
        return value
    facts = {name: fact for name, fact in value.facts.as_dict().items() if name not in ("type", "bytes")}
    artifact = serving.artifacts.put(value.content, value.facts.type, role="upload", facts=facts, key=key.id)
    uploads.append(artifact.id)
    return artifact.id


async def ended(serving: Serving, job: Job, seconds: float, request: Request) -> Job:
    """Return a job when it has ended, or as it is after some seconds, or when nobody waits any more."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    until = loop.time() + min(seconds, serving.limits.wait)
    stop = serving.jobs.listen(job.id, lambda: loop.call_soon_threadsafe(changed.set))
    try:
        while True:
            changed.clear()
            job = serving.jobs.find(job.id) or job
            left = until - loop.time()
            is_over = job.is_final or left <= 0 or request.app.state.is_ending()
            if is_over or await request.is_disconnected():
                return job
            try:
                await asyncio.wait_for(changed.wait(), min(left, 1.0))
            except TimeoutError:
                continue
    finally:
        stop()
