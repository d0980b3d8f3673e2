"""Flows as tools of language models (Model Context Protocol): one tool a flow, pictures as pictures.

What is here is a client of the HTTP API and has no rights of its own: a tool call is a request with somebody's key,
within every limit that the server has.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import anyio
import mcp_types as types
import PIL.Image
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from starlette.requests import Request
from starlette.responses import JSONResponse

from ..errors import CallFailed, PixelFlowError, nearest
from ..media.pictures import open_picture
from .client import AsyncClient, JobState
from .client.steps import Ask, Steps, answer, asked, cancelled, ended, posted, succeeded, uploaded
from .client.values import MEDIA, kind_of

MOST_INLINE = 750_000
"""Bytes of a file up to which it stands in the answer; models and their programs choke on more."""
_EDGE = 1024
"""Longest side of the small picture that stands for a larger one, in pixels."""
_ARTIFACT = re.compile(r"art_[0-9a-f]{32}\Z")
_SCHEME = "pixelflow://artifacts/"
_INSTRUCTIONS = (
    "Each tool runs a published flow of models on its owner's machine and may take minutes. Pictures and sounds come "
    "as content, and with the id of the whole file: an input that takes such a file also takes this id."
)

Clients = Callable[[ServerRequestContext[Any]], AsyncClient]


def make_server(clients: Clients, only: Iterable[str] = ()) -> Server[Any]:
    """Return an MCP server of the flows that a client reaches.

    Args:
        clients: Returns the client with whose key a request is done.
        only: Names of the flows that are tools; all if there is none.
    """
    tools = _Tools(clients, frozenset(only))
    return Server(
        "pixelflow",
        title="PixelFlow",
        instructions=_INSTRUCTIONS,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        on_list_resources=tools.resources,
        on_list_resource_templates=tools.templates,
        on_read_resource=tools.read,
    )


class _Tools:
    """Answers the requests of models' programs."""

    def __init__(self, clients: Clients, only: frozenset[str]) -> None:
        self._clients, self._only = clients, only

    async def list(self, context: ServerRequestContext[Any], _: Any) -> types.ListToolsResult:
        """Return a tool for each flow."""
        try:
            flows = await self._flows(self._clients(context))
        except CallFailed as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None
        return types.ListToolsResult(tools=[_tool(flow) for flow in flows.values()], cache_scope="private")

    async def call(
        self, context: ServerRequestContext[Any], asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Run a flow, telling how far it is, and return what it gives; what goes wrong is told to the model."""
        client = self._clients(context)
        try:
            flows = await self._flows(client)
            if asked.name not in flows:
                raise CallFailed(f"There is no tool '{asked.name}'.{nearest(asked.name, flows)}")
            async with _progress(context) as tell:
                called = _called(flows[asked.name], asked.arguments or {}, tell, client.patience)
                state = await client._do(called)
            content = await client._do(_content(state, flows[asked.name]["result"], client.patience))
        except PixelFlowError as error:
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        return types.CallToolResult(content=content, structured_content=dict(state.outputs or {}))

    async def resources(self, _: ServerRequestContext[Any], __: Any) -> types.ListResourcesResult:
        """Return none: files are known by the links of those results that they belong to."""
        return types.ListResourcesResult(resources=[])

    async def templates(self, _: ServerRequestContext[Any], __: Any) -> types.ListResourceTemplatesResult:
        """Say how files are named."""
        told = types.ResourceTemplate(
            name="artifact", uri_template=f"{_SCHEME}{{id}}", description="A file that a tool gave."
        )
        return types.ListResourceTemplatesResult(resource_templates=[told])

    async def read(
        self, context: ServerRequestContext[Any], asked: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Return a file that a tool gave."""
        client, id = self._clients(context), asked.uri.removeprefix(_SCHEME)
        try:
            if not _ARTIFACT.match(id):
                raise CallFailed("There is no such file.")
            content, kind = await client._do(_file(id, client.patience))
        except CallFailed as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        blob = base64.b64encode(content).decode()
        told = types.BlobResourceContents(uri=asked.uri, mime_type=kind, blob=blob)
        return types.ReadResourceResult(contents=[told], cache_scope="private")

    async def _flows(self, client: AsyncClient) -> dict[str, dict[str, Any]]:
        flows = {flow["name"]: flow for flow in await client.flows()}
        return {name: flow for name, flow in flows.items() if not self._only or name in self._only}


def _tool(flow: Mapping[str, Any]) -> types.Tool:
    outputs = [f"{schema.get('title', name)}" for name, schema in flow["result"]["properties"].items()]
    words = [flow.get("help") or "", f"Gives: {', '.join(outputs)}."]
    return types.Tool(
        name=flow["name"],
        title=flow["title"],
        description=" ".join(word for word in words if word),
        input_schema=_taking_artifacts(flow["request"]),
        output_schema=flow["result"],
        annotations=types.ToolAnnotations(
            title=flow["title"], read_only_hint=False, destructive_hint=False, open_world_hint=False
        ),
    )


def _taking_artifacts(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a request in which media may also be files that tools gave."""
    properties = {}
    for name, told in schema.get("properties", {}).items():
        if kind_of(told) in MEDIA:
            one = told["items"] if told.get("type") == "array" else told
            wider = {**one, "pattern": f"^art_[0-9a-f]{{32}}$|{one['pattern']}"}
            told = {**told, "items": wider} if told.get("type") == "array" else wider
            words = "The id of a file that a tool gave (art_…), or the file in base64."
            told = {**told, "description": f"{told.get('description', '')} {words}".strip()}
        properties[name] = told
    return {**schema, "properties": properties}


def _called(
    flow: Mapping[str, Any], arguments: Mapping[str, Any], tell: Callable[[JobState], None], patience: float
) -> Steps[JobState]:
    """Run a flow; the arguments are a request's JSON, and a text among them is never the path of a file here."""
    values: dict[str, Any] = {}
    for name, value in arguments.items():
        is_medium = kind_of(flow["request"]["properties"].get(name, {})) in MEDIA
        values[name] = (yield from _given(value, patience)) if is_medium else value
    headers = {"idempotency-key": secrets.token_urlsafe(18)}
    told = yield from posted(f"/v1/flows/{quote(flow['name'], safe='')}/jobs", values, headers, patience)
    id = told["id"]
    try:
        return succeeded((yield from ended(id, tell, None, patience)))
    except (GeneratorExit, PixelFlowError):
        raise
    except BaseException:  # the model's program does not want it any more
        yield from cancelled(id, seconds=2.0)
        raise


def _given(value: Any, patience: float) -> Steps[Any]:
    """Return a medium as a request takes it: files that tools gave are sent again."""
    if isinstance(value, list):
        items = []
        for item in value:
            items.append((yield from _given(item, patience)))
        return items
    if isinstance(value, str) and _ARTIFACT.match(value):
        content, _ = yield from _file(value, patience)
        return (yield from uploaded(content, patience))
    return value


def _file(id: str, patience: float) -> Steps[tuple[bytes, str]]:
    response = yield from asked(Ask("GET", f"/v1/artifacts/{id}"), patience)
    if not response.is_success:
        answer(response)
    return response.content, response.headers.get("content-type", "application/octet-stream")


def _content(state: JobState, schema: Mapping[str, Any], patience: float) -> Steps[list[Any]]:
    """Return outputs as a model takes them in: pictures and sounds as such, everything else as text."""
    content: list[Any] = []
    plain = {}
    for name, value in (state.outputs or {}).items():
        files = [each for each in (value if isinstance(value, list) else [value]) if _is_file(each)]
        if not files:
            plain[name] = value
        for told in files:
            content += yield from _medium(name, told, patience)
    if plain or not content:
        content.insert(0, types.TextContent(text=json.dumps(plain, ensure_ascii=False)))
    return content


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and bool(_ARTIFACT.match(str(value.get("id", ""))))


def _medium(name: str, told: Mapping[str, Any], patience: float) -> Steps[list[Any]]:
    """Return a file: itself where it is small, a small picture of a large one, and always a link to it."""
    id, kind, size = told["id"], str(told["type"]), int(told["bytes"])
    facts = ", ".join(f"{fact} {told[fact]}" for fact in ("width", "height", "seconds", "frames") if fact in told)
    link = types.ResourceLink(
        name=name, uri=f"{_SCHEME}{id}", mime_type=kind, size=size, description=f"{name}: {id} ({facts})"
    )
    if kind.startswith("image/"):
        content, _ = yield from _file(id, patience)
        if size > MOST_INLINE:
            content, kind = _smaller(content), "image/jpeg"
        return [types.ImageContent(data=base64.b64encode(content).decode(), mime_type=kind), link]
    if kind.startswith("audio/") and size <= MOST_INLINE:
        content, _ = yield from _file(id, patience)
        return [types.AudioContent(data=base64.b64encode(content).decode(), mime_type=kind), link]
    return [link]


def _smaller(content: bytes) -> bytes:
    """Return a picture as a small JPEG."""
    picture = open_picture(content).convert("RGB")
    picture.thumbnail((_EDGE, _EDGE), PIL.Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


@asynccontextmanager
async def _progress(context: ServerRequestContext[Any]) -> AsyncIterator[Callable[[JobState], None]]:
    """Give a function that tells the caller how far a job is, if he wants to know."""
    send, receive = anyio.create_memory_object_stream[JobState](1_000)

    async def report() -> None:
        last = -1.0
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):  # the caller is gone
            async for state in receive:
                if (fraction := state.progress or 0.0) > last:  # the protocol wants it to grow
                    last = fraction
                    await context.session.report_progress(fraction, 1.0, state.note or state.status)

    def tell(state: JobState) -> None:
        if not state.is_final and send.statistics().current_buffer_used < 1_000:
            send.send_nowait(state)

    failed: PixelFlowError | None = None
    async with receive, anyio.create_task_group() as group:
        group.start_soon(report)
        with send:
            try:
                yield tell
            except PixelFlowError as error:  # out of the group, which would wrap it
                failed = error
    if failed is not None:
        raise failed


# Transports


async def serve_stdio(server: Server[Any]) -> None:
    """Serve the program that started this process, by standard input and output, until it closes them."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def http_app(url: str, only: Iterable[str] = (), host: str = "127.0.0.1") -> Any:
    """Return an ASGI app that speaks MCP at /mcp; each request is done with the key that it carries.

    Args:
        url: Of the server of flows.
        only: Names of the flows that are tools; all if there is none.
        host: Where it will listen; at this machine's own address no web page can reach it.
    """

    @functools.lru_cache(maxsize=64)
    def client_of(key: str) -> AsyncClient:
        return AsyncClient(url, key)

    app = make_server(lambda context: client_of(_key(context.request)), only).streamable_http_app(host=host)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not _key(Request(scope)):
            words = "A key is needed: 'Authorization: Bearer pf_…'. Make one: pixelflow keys make."
            refused = JSONResponse({"error": {"type": "no_key", "message": words}}, 401, {"www-authenticate": "Bearer"})
            await refused(scope, receive, send)
            return
        await app(scope, receive, send)

    return guarded


def _key(request: Any) -> str:
    """Return the key that a request carries, by either header; an empty text if none."""
    if request is None:
        return ""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return request.headers.get("x-api-key", "") or (text.strip() if scheme.lower() == "bearer" else "")
