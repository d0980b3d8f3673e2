"""What a person opens in a browser, and what says that the server is there."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ..describing import describe
from ..refusals import Refusal
from ..shapes import Health
from .answering import Name, answers, key_of, serving_of

router = APIRouter(tags=["server"])
_KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get(
    "/health", responses=answers(ok=Health), summary="Ask whether the server is there", openapi_extra={"security": []}
)
async def health(request: Request) -> JSONResponse:
    """Say that the server answers, and whether it takes jobs."""
    return JSONResponse({"status": "draining" if request.app.state.is_draining() else "ok"})


@router.get("/openapi.json", responses=answers(), summary="Describe the server")
async def read_description(request: Request) -> JSONResponse:
    """Return the OpenAPI document of the server, with the flows that the key reaches."""
    key = key_of(request)
    found = [each for each in serving_of(request).endpoints.all() if key.may_call(each.name)]
    return JSONResponse(describe(request.app, found))


@router.get("/", include_in_schema=False)
async def begin(request: Request) -> Response:
    """Lead who opens the server's address in a browser to the page of its flows."""
    return Response(status_code=307, headers={"location": "/docs"})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Return the page that shows the description; it works without a network, and asks for the key."""
    return _page("docs.html")


@router.get("/docs/{file}", include_in_schema=False)
async def docs_file(request: Request, file: str) -> Response:
    """Return what the page is made of."""
    if file not in ("docs.js", "docs.css"):
        raise Refusal(404, "not_found", "There is no such file.")
    return _page(file)


@router.get("/play/{name}", include_in_schema=False)
async def play(request: Request, name: Name) -> Response:
    """Return the playground of a flow; it asks for the key, and does not say whether there is such a flow."""
    _bundle("playground.js")
    return _page("play.html")


@router.get("/play/-/{file}", include_in_schema=False)
async def play_file(request: Request, file: str) -> Response:
    """Return what the playground is made of."""
    if file in ("play.js", "play.css"):
        return _page(file)
    if file in ("playground.js", "playground.css"):
        return _answer(_bundle(file), file)
    raise Refusal(404, "not_found", "There is no such file.")


def _bundle(file: str) -> bytes:
    """Return a file of the built front end."""
    path = resources.files("pixelflow_widgets").joinpath("static", file)
    if not path.is_file():
        raise Refusal(503, "busy", "The playground is not built here. In a source checkout, write: make setup")
    return path.read_bytes()


def _page(file: str) -> Response:
    return _answer(resources.files("pixelflow_widgets.serve.http").joinpath("pages", file).read_bytes(), file)


def _answer(content: bytes, file: str) -> Response:
    headers = {"content-security-policy": _PAGE_POLICY, "cache-control": "no-cache"}
    return Response(content, media_type=_KINDS[file.rpartition(".")[2]], headers=headers)
