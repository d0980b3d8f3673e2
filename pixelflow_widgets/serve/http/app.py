"""The app: routes over the rooms of one store, behind the guard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ...errors import ServeError
from ..serving import Serving
from .guard import Guard
from .refusals import Refusal
from .routes import files, flows, images, jobs, pages, segmind, usage, webhooks

_log = logging.getLogger(__name__)
_ROUTERS = (flows, jobs, files, usage, webhooks, images, segmind, pages)


def make_app(
    serving: Serving,
    *,
    hosts: Iterable[str] = (),
    log: Callable[[dict[str, Any]], None] | None = None,
    per_minute: int = 1200,
) -> Guard:
    """Return the ASGI app of a server, behind its guard.

    Args:
        serving: The rooms that it works with.
        hosts: Names by which it may be called, besides this machine's own.
        log: Takes one dict for each answered request.
        per_minute: Requests a minute of a key that names no number of its own.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for module in _ROUTERS:
        app.include_router(module.router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(ServeError, _not_served)
    app.add_exception_handler(Exception, _fault)
    guard = Guard(app, find_key=serving.keys.check, hosts=hosts, limits=serving.limits, log=log, per_minute=per_minute)
    app.state.serving = serving
    app.state.is_draining = lambda: guard.is_draining
    app.state.is_ending = lambda: guard.is_ending
    return guard


def _answer(request: Request, refusal: Refusal) -> Response:
    content = refusal.body(request.url.path)
    return Response(content, refusal.status, refusal.headers, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _answer(request, error)


async def _not_valid(request: Request, error: Exception) -> Response:
    """Answer for an address, a query or a header that is none of those described."""
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["loc"][0] == "path" for fault in faults):
        return _answer(request, Refusal(404, "not_found", "There is nothing of this name or id."))
    details = [{"at": str(fault["loc"][-1]), "message": str(fault["msg"])} for fault in faults]
    words = f"{details[0]['at']}: {details[0]['message']}"
    return _answer(request, Refusal(422, "values_refused", words, at=details[0]["at"], details=details))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        words = "This address does not take this method."
        return _answer(request, Refusal(405, "method_refused", words, headers=error.headers))
    if error.status_code == 404:
        return _answer(request, Refusal(404, "not_found", "There is nothing at this address. See /docs."))
    return _answer(request, Refusal(400, "bad_request", str(error.detail)[:200]))


async def _not_served(request: Request, error: Exception) -> Response:
    """Answer where something that a version needs is not there any more."""
    return _answer(request, Refusal(409, "conflict", str(error)))


async def _fault(request: Request, error: Exception) -> Response:
    _log.error("a request ended in a fault: %s %s", request.method, request.url.path, exc_info=error)
    words = "This is a fault of the server; its log says more."
    return _answer(request, Refusal(500, "fault", words))
