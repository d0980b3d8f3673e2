"""What was used."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from ...usage import SUMS, currency, used
from ..shapes import UsageTold
from .answering import answers, key_of, serving_of

router = APIRouter(tags=["usage"])


@router.get("/v1/usage", responses=answers(ok=UsageTold), summary="Read what was used")
async def read_usage(
    request: Request,
    flow: Annotated[str | None, Query(max_length=63, description="Of this flow only.")] = None,
    since: Annotated[
        str | None, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="From this day on (UTC): 2026-01-31.")
    ] = None,
) -> JSONResponse:
    """Say what the key used, by day, flow and ending; an admin sees all keys."""
    key = key_of(request)
    rows = used(serving_of(request).store, key=None if key.is_admin else key.id, name=flow, since=since or "")
    sums = {name: sum(row[name] for row in rows) for name in ("jobs", *SUMS)}
    return JSONResponse({"usage": rows, **sums, "currency": currency()})
