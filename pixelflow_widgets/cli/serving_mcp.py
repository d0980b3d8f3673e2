"""`pixelflow mcp`: published flows as tools of language models."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ExtraMissing, PixelFlowError
from ..serve.extra import needed_by
from .printing import FAILED, STOPPED, WRONG, say


def mcp(
    url: Annotated[
        str | None, typer.Option(help="Of a server that runs; this command serves by itself without.")
    ] = None,
    key: Annotated[str, typer.Option(envvar="PIXELFLOW_KEY", help="For that server.")] = "",
    flow: Annotated[list[str] | None, typer.Option(help="Only this flow is a tool; again for others.")] = None,
    http: Annotated[int | None, typer.Option(help="A port of this machine, instead of standard input.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where endpoints are kept; the user's own if not given.")] = None,
) -> None:
    """Offer published flows to a program that speaks the Model Context Protocol, such as a chat with a model.

    Name this command in the program's settings: it is started by it, and speaks by standard input and output. With
    --http PORT it listens at http://127.0.0.1:PORT/mcp, and each request is done with the key that it carries.
    """
    try:
        with needed_by("pixelflow mcp"):
            from ..serve import mcp as _  # noqa: F401
    except ExtraMissing as error:
        say(str(error))
        raise typer.Exit(WRONG) from None
    try:
        with contextlib.ExitStack() as stack:
            server, text = stack.enter_context(_serving(url, key, flow or [], folder))
            if http is None:
                _by_stdio(server, text, flow or [], stack.close)
            else:
                _by_http(server, http, flow or [])
    except PixelFlowError as error:
        say(str(error))
        raise typer.Exit(FAILED) from None


@contextlib.contextmanager
def _serving(url: str | None, key: str, flows: list[str], folder: Path | None) -> Iterator[tuple[str, str]]:
    """Give the URL of a server and a key for it: the one that was named, or one that lives as long as this command."""
    if url is not None:
        yield url, key
        return
    from ..serve.server import Server
    from ..serve.store import Store

    with Server(Store(folder), port=0) as server:
        rooms = server.serving
        made = rooms.keys.make("pixelflow mcp", flows or ["*"])
        try:
            yield server.url, made.text
        finally:
            rooms.keys.revoke(made.key.id)
            for job in rooms.jobs.of_key(made.key.id, most=1_000):
                rooms.jobs.cancel(job.id)  # nobody waits for them any more


def _by_stdio(url: str, key: str, flows: list[str], close: Callable[[], None]) -> None:
    import asyncio

    from ..serve.client import AsyncClient
    from ..serve.mcp import make_server, serve_stdio

    def leave() -> None:
        close()
        os._exit(STOPPED)  # the thread that waits for standard input would keep the process

    async def serve() -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(each, leave)
        async with AsyncClient(url, key) as client:
            await serve_stdio(make_server(lambda _: client, flows))

    asyncio.run(serve())


def _by_http(url: str, port: int, flows: list[str]) -> None:
    import uvicorn

    from ..serve.mcp import http_app

    say(f"Tools at http://127.0.0.1:{port}/mcp; make a key for each program: pixelflow keys make")
    uvicorn.run(http_app(url, flows), host="127.0.0.1", port=port, log_level="warning")
