"""Webhooks of a key, and what they were told."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from ....errors import WebhookError
from ...keys import Key
from ...webhooks.webhooks import EVENTS, OTHER_NAMES
from ..bodies import json_of
from ..refusals import Refusal
from ..shapes import DeliveryList, DeliveryTold, SecretTold, WebhookList, WebhookTold
from .answering import answers, key_of, serving_of

router = APIRouter(tags=["webhooks"])
WebhookId = Annotated[str, Path(pattern=r"^wh_[0-9a-f]{16}$")]
DeliveryId = Annotated[str, Path(pattern=r"^msg_[0-9A-Za-z]{8,64}$")]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "url": {"type": "string", "maxLength": 2000},
                        "events": {
                            "type": "array",
                            "items": {"type": "string", "enum": [*EVENTS, *OTHER_NAMES]},
                            "minItems": 1,
                        },
                        "secret": {"type": "string", "description": "whsec_…; made if not given."},
                    },
                    "required": ["url"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


def _whose(key: Key) -> str | None:
    return None if key.is_admin else key.id


@router.post(
    "/v1/webhooks",
    status_code=201,
    responses={**answers(), 201: {"model": WebhookTold, "description": "With its secret."}},
    openapi_extra=_BODY,
    summary="Register a webhook",
)
async def add_webhook(request: Request) -> JSONResponse:
    """Register a URL that is told of the jobs of the key: public, or of a host that the server allows by name."""
    serving, key = serving_of(request), key_of(request)
    fields = await json_of(request, serving.limits)
    unknown = sorted(set(fields) - {"url", "events", "secret"})
    if unknown or "url" not in fields:
        at = unknown[0][:80] if unknown else "url"
        raise Refusal(422, "values_refused", "A webhook has a url, and may have events and a secret.", at=f"/{at}")
    if not isinstance(fields["url"], str) or len(fields["url"]) > 2000:
        raise Refusal(422, "values_refused", "A URL is a text of at most 2000 characters.", at="/url")
    given: dict[str, Any] = {name: fields[name] for name in ("events", "secret") if name in fields}
    try:
        made = await asyncio.to_thread(serving.webhooks.add, key.id, fields["url"], **given)
    except WebhookError as error:
        raise Refusal(422, "values_refused", str(error)) from None
    return JSONResponse({**made.as_json(), "secret": made.secret}, 201)


@router.get("/v1/webhooks", responses=answers(ok=WebhookList), summary="List webhooks")
async def list_webhooks(request: Request) -> JSONResponse:
    """List the webhooks of the key, without their secrets."""
    found = serving_of(request).webhooks.of_key(_whose(key_of(request)))
    return JSONResponse({"webhooks": [{**webhook.as_json(), "secret": None} for webhook in found]})


@router.get("/v1/webhooks/secret", responses=answers(ok=SecretTold), summary="Read the secret of named URLs")
async def read_secret(request: Request) -> JSONResponse:
    """Say what signs deliveries to URLs that requests name in `X-PixelFlow-Webhook`."""
    secret = await asyncio.to_thread(serving_of(request).webhooks.secret_of, key_of(request).id)
    return JSONResponse({"secret": secret})


@router.delete(
    "/v1/webhooks/{id}",
    status_code=204,
    responses={**answers(), 204: {"description": "It is told no more."}},
    summary="Remove a webhook",
)
async def remove_webhook(request: Request, id: WebhookId) -> Response:
    """Remove a webhook; what still waits for it is not sent."""
    serving = serving_of(request)
    if not await asyncio.to_thread(serving.webhooks.remove, id, _whose(key_of(request))):
        raise Refusal(404, "not_found", "There is no such webhook.")
    return Response(status_code=204)


@router.get("/v1/deliveries", responses=answers(ok=DeliveryList), summary="List deliveries")
async def list_deliveries(
    request: Request,
    job: Annotated[str | None, Query(pattern=r"^job_[0-9a-f]{32}$", description="Of this job only.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many.")] = 50,
) -> JSONResponse:
    """List what webhooks of the key were told, newest first."""
    found = serving_of(request).deliveries.of_key(_whose(key_of(request)), job=job, limit=limit)
    return JSONResponse({"deliveries": [delivery.as_json() for delivery in found]})


@router.post("/v1/deliveries/{id}/replay", responses=answers(ok=DeliveryTold), summary="Send a delivery again")
async def replay_delivery(request: Request, id: DeliveryId) -> JSONResponse:
    """Send a delivery once more, with the same id."""
    serving = serving_of(request)
    found = await asyncio.to_thread(serving.deliveries.replay, id, _whose(key_of(request)))
    if found is None:
        raise Refusal(404, "not_found", "There is no such delivery (any more).")
    return JSONResponse(found.as_json())
