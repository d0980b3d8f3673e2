"""What a request for a job says: the flow's inputs from JSON or a form, and its options from headers."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from starlette.datastructures import FormData, UploadFile

from ...flow.signature import Entry
from ..jobs.job import Priority
from ..publishing.endpoints import Endpoint
from ..uploads.limits import Limits
from .accepting import Asked, Options
from .bodies import form_of, is_form, json_of, read_json
from .refusals import Refusal

_WAIT = re.compile(r"(?:^|,)\s*wait\s*(?:=\s*\"?([0-9]{1,6})\"?)?\s*(?:,|;|$)", re.IGNORECASE)
_USUAL_WAIT = 60.0
_MOST_FILES = 16

IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="What you call this request: sent again, it is the same job and not another one.",
    ),
]
PriorityHeader = Annotated[Priority, Header(alias="X-PixelFlow-Priority", description="Jobs of a higher one go first.")]
WebhookHeader = Annotated[
    str | None,
    Header(
        alias="X-PixelFlow-Webhook",
        min_length=1,
        max_length=2000,
        pattern=r"^[!-~]+$",
        description="A URL that is told when the job has ended, or the id of a registered webhook.",
    ),
]
PreferHeader = Annotated[
    str | None,
    Header(alias="Prefer", max_length=200, description="`wait=60` holds the answer until the job has ended, or 60 s."),
]


async def options_of(
    idempotency_key: IdempotencyHeader = None,
    priority: PriorityHeader = "normal",
    webhook: WebhookHeader = None,
) -> Options:
    """Return what the headers of a request say of its job."""
    return Options(priority, idempotency_key, webhook)


JobOptions = Annotated[Options, Depends(options_of)]


def seconds_of(prefer: str | None) -> float:
    """Return how long `Prefer: wait` asks to hold a request; 0 where it does not."""
    found = _WAIT.search(prefer or "")
    if found is None:
        return 0.0
    return float(found[1]) if found[1] is not None else _USUAL_WAIT


async def asked_of(request: Request, endpoint: Endpoint, limits: Limits) -> Asked:
    """Return what a request brings for the inputs of a flow, as JSON or as a form.

    Raises:
        Refusal: It cannot be read.
    """
    if not is_form(request):
        return Asked(await json_of(request, limits))
    async with form_of(request, _MOST_FILES) as form:
        return await _of_form(form, endpoint, limits)


async def _of_form(form: FormData, endpoint: Endpoint, limits: Limits) -> Asked:
    values: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name, part in form.multi_items():
        entry = endpoint.signature.input(name)
        if isinstance(part, UploadFile):
            value: Any = f"up_{secrets.token_hex(16)}"  # nobody else can say it: it stands for these bytes
            files[value] = await part.read()
        else:
            value = _value_of(entry, part, limits)
        if entry is not None and entry.type.many and not isinstance(value, list):
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Refusal(400, "bad_request", "This field stands twice.", at=f"/{name[:80]}")
        else:
            values[name] = value
    return Asked(values, files)


def _value_of(entry: Entry | None, text: str, limits: Limits) -> Any:
    """Return what a field of a form says: text as it is, everything else as JSON."""
    is_json = entry is not None and entry.type.name in ("int", "float", "flag", "table")
    if not is_json and not (entry is not None and entry.type.many and text.startswith("[")):
        return text
    try:
        return read_json(text.encode("utf-8", "replace"), limits)
    except Refusal:
        return text  # the reader of values says what is wanted
