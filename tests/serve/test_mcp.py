"""Flows as tools of models: real sessions of the official client, in this process, by pipe and by HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import numpy as np
import PIL.Image
import pytest
import uvicorn
from mcp import MCPError
from mcp.client.client import Client as McpClient
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

import pixelflow_widgets as pf
from pixelflow_widgets.media.encoders import picture_file
from pixelflow_widgets.serve.client import AsyncClient
from pixelflow_widgets.serve.keys import Keys
from pixelflow_widgets.serve.mcp import MOST_INLINE, http_app, make_server
from pixelflow_widgets.serve.store import Store
from tests.serve import served
from tests.serve.calling import Served, serving
from tests.serve.served_nodes import echoed, stamp
from tests.serve.test_client import NOISE_SIZE, ended, newest, noise, same


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve")) as made:
        with pf.Flow("turn") as flow:
            flow.output("image", echoed(image=flow.input("image", type=pf.Image)))
        made.publish(flow, "turn")
        yield made


Session = Callable[[McpClient], Awaitable[None]]


def talk(server: Served, session: Session, mode: str = "auto", only: tuple[str, ...] = (), key: str = "") -> None:
    """Let a client of a model's program talk to the tools, in this process."""

    async def run() -> None:
        async with AsyncClient(server.url, key or server.key, patience=5.0) as client:
            tools = make_server(lambda _: client, only)
            async with McpClient(tools, mode=mode) as connected:
                await session(connected)

    asyncio.run(run())


def picture_of(result: Any, place: int = 0) -> PIL.Image.Image:
    pictures = [each for each in result.content if each.type == "image"]
    return PIL.Image.open(io.BytesIO(base64.b64decode(pictures[place].data)))


def link_of(result: Any) -> Any:
    return next(each for each in result.content if each.type == "resource_link")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_each_flow_is_a_tool_with_its_schema(server: Served, mode: str) -> None:
    async def session(client: McpClient) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"stamp", "say-it", "turn", "slow"} <= set(tools)
        signature = server.serving.endpoints.find("stamp").signature
        assert tools["stamp"].input_schema == signature.request_schema()
        assert tools["stamp"].output_schema == signature.result_schema()
        assert tools["say-it"].title == "Say it"
        assert "Gives: Said." in (tools["say-it"].description or "")

    talk(server, session, mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_tool_gives_the_picture_of_its_prompt(server: Served, mode: str) -> None:
    async def session(client: McpClient) -> None:
        for text in ("a red circle", "ß 🎈"):
            result = await client.call_tool("stamp", {"text": text})
            assert not result.is_error
            assert same(picture_of(result), stamp(text))
            assert result.structured_content["image"]["width"] == 16
            assert link_of(result).size == result.structured_content["image"]["bytes"]

    talk(server, session, mode)


def test_plain_values_come_as_text(server: Served) -> None:
    async def session(client: McpClient) -> None:
        result = await client.call_tool("say-it", {"text": "x", "count": 5})
        told = json.loads(result.content[0].text)
        assert json.loads(told["said"]) == ["x", 5, 0.5, False, "soft"]
        assert result.structured_content == told

    talk(server, session)


def test_what_one_tool_gave_another_one_takes(server: Served) -> None:
    async def session(client: McpClient) -> None:
        result = await client.call_tool("stamp", {"text": "chain"})
        turned = await client.call_tool("turn", {"image": result.structured_content["image"]["id"]})
        assert same(picture_of(turned), stamp("chain").transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT))
        missing = await client.call_tool("turn", {"image": "art_" + "0" * 32})
        assert missing.is_error

    talk(server, session)


def test_a_large_picture_is_small_in_the_answer_and_whole_behind_its_link(server: Served) -> None:
    image = noise((1200, 900))

    async def session(client: McpClient) -> None:
        content = picture_file(image, ".png")
        assert len(content) > MOST_INLINE
        result = await client.call_tool("turn", {"image": base64.b64encode(content).decode()})
        shown = picture_of(result)
        assert (shown.format, shown.size) == ("JPEG", (1024, 768))
        whole = await client.read_resource(link_of(result).uri)
        turned = PIL.Image.open(io.BytesIO(base64.b64decode(whole.contents[0].blob)))
        assert same(turned, image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT))
        assert whole.contents[0].mime_type == "image/png"

    talk(server, session)


def test_sounds_come_as_sounds_and_films_as_links(server: Served) -> None:
    from pixelflow_widgets.media.encoders import film_file, sound_file

    def text(content: bytes) -> str:
        return base64.b64encode(content).decode()

    picture = text(picture_file(noise(), ".png"))
    sound = text(sound_file(pf.Audio(np.zeros((1, 800), np.float32), 8000), ".wav"))
    film = text(film_file(pf.Video(np.zeros((4, 16, 16, 3), np.uint8), 8), ".mp4"))
    table = {"columns": ["a"], "rows": [[1]]}

    async def session(client: McpClient) -> None:
        given = {"image": picture, "mask": picture, "audio": sound, "video": film, "table": table, "images": [picture]}
        result = await client.call_tool("media", given)
        kinds = [each.type for each in result.content]
        assert kinds.count("image") == 3
        assert kinds.count("audio") == 1
        assert kinds.count("resource_link") == 5
        assert json.loads(result.content[0].text) == {"table": table}
        assert picture_of(result, 2).size == NOISE_SIZE

    talk(server, session)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_progress_is_told_and_grows(server: Served, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def session(client: McpClient) -> None:
        count = 14 if mode == "auto" else 15
        assert (await client.call_tool("counts", {"count": count}, progress_callback=hear)).structured_content == {
            "given": count
        }

    talk(server, session, mode)
    fractions = [progress for progress, _, _ in told]
    assert fractions == sorted(set(fractions))
    assert any(0 < fraction < 1 for fraction in fractions)
    assert any((message or "").startswith("step") for _, _, message in told)


def test_what_goes_wrong_is_told_to_the_model(server: Served) -> None:
    async def session(client: McpClient) -> None:
        wrong = [
            ("breaks", {}, "It is too late"),
            ("stamp", {}, "text"),
            ("stamp", {"text": "x", "path": "/etc/passwd"}, "path"),
            ("stmp", {}, "Did you mean 'stamp'"),
            ("turn", {"image": "/etc/passwd"}, "/image"),
            ("turn", {"image": "https://elsewhere.example/a.png"}, "/image"),
            ("turn", {"image": "up_00000000000000000000000000000000"}, "upload"),
        ]
        for name, arguments, words in wrong:
            result = await client.session.call_tool(name, arguments)
            assert result.is_error, name
            assert words in result.content[0].text, result.content

    talk(server, session)


def test_resources_are_results_and_nothing_else(server: Served) -> None:
    async def session(client: McpClient) -> None:
        templates = (await client.list_resource_templates()).resource_templates
        assert templates[0].uri_template == "pixelflow://artifacts/{id}"
        assert (await client.list_resources()).resources == []
        for uri in ("file:///etc/passwd", "pixelflow://artifacts/../../keys", "pixelflow://artifacts/art_" + "0" * 32):
            with pytest.raises(MCPError):
                await client.read_resource(uri)

    talk(server, session)


def test_only_named_flows_are_tools(server: Served) -> None:
    async def session(client: McpClient) -> None:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["stamp"]
        assert (await client.call_tool("turn", {})).is_error

    talk(server, session, only=("stamp",))


def test_a_key_reaches_its_flows_only(server: Served) -> None:
    key = server.serving.keys.make("one", ["say-it"]).text

    async def session(client: McpClient) -> None:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["say-it"]
        assert (await client.call_tool("stamp", {"text": "x"})).is_error

    talk(server, session, key=key)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_call_that_is_not_wanted_any_more_is_cancelled(server: Served, mode: str) -> None:
    async def session(client: McpClient) -> None:
        begun = anyio.Event()

        async def hear(*_: Any) -> None:
            begun.set()

        async with anyio.create_task_group() as group:

            async def call() -> None:
                await client.call_tool("slow", {}, progress_callback=hear)

            group.start_soon(call)
            await begun.wait()
            group.cancel_scope.cancel()

        until = time.monotonic() + 10
        while time.monotonic() < until:
            job = server.serving.jobs.find(newest(server, "slow"))
            if job is not None and job.is_final:
                break
            await asyncio.sleep(0.05)

    talk(server, session, mode)
    assert ended(server, newest(server, "slow")) == "canceled"


# By HTTP


@pytest.fixture(scope="module")
def http(server: Served) -> Iterator[str]:
    """Where the tools are, by HTTP."""
    config = uvicorn.Config(http_app(server.url), host="127.0.0.1", port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}/mcp"
    running.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_by_http_each_caller_has_the_rights_of_its_key(server: Served, http: str, mode: str, header: str) -> None:
    one = server.serving.keys.make("one", ["stamp"]).text

    async def names(key: str) -> set[str]:
        import httpx2

        text = f"Bearer {key}" if header == "authorization" else key
        async with (
            httpx2.AsyncClient(headers={header: text}, timeout=30) as line,
            McpClient(streamable_http_client(http, http_client=line), mode=mode) as client,
        ):
            result = await client.call_tool("stamp", {"text": key[:6]})
            assert same(picture_of(result), stamp(key[:6]))
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(names(one)) == {"stamp"}
    assert {"stamp", "slow"} <= asyncio.run(names(server.key))


def test_by_http_nobody_enters_without_a_key_or_from_a_page(server: Served, http: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(http, json=message, headers=accept).status_code == 401
    known = {**accept, "x-api-key": server.key}
    assert httpx.post(http, json=message, headers={**known, "origin": "https://evil.example"}).status_code == 403
    assert httpx.post(http, json=message, headers={**known, "host": "evil.example"}).status_code in (403, 421)


# The command


@pytest.mark.slow
def test_the_command_serves_by_itself_through_a_pipe(tmp_path: Path) -> None:
    store = Store(tmp_path)
    served.publish(store, served.stamp_flow())
    code = "import tests.serve.served_nodes\nfrom pixelflow_widgets.cli import main\nmain()"
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    started = StdioServerParameters(
        command=sys.executable,
        args=["-c", code, "mcp", "--folder", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
    )

    async def session() -> None:
        async with McpClient(started) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["stamp"]
            result = await client.call_tool("stamp", {"text": "by pipe"})
            assert same(picture_of(result), stamp("by pipe"))

    asyncio.run(session())
    assert [key.title for key in Keys(store).all() if key.revoked_at is None] == []
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_ended_leaves_no_key_behind(tmp_path: Path, sign: signal.Signals) -> None:
    command = [sys.executable, "-m", "pixelflow_widgets.cli", "mcp", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "pixelflow"
        process.send_signal(sign)
        assert process.wait(30) == 130
    store = Store(tmp_path)
    assert [key.revoked_at is None for key in Keys(store).all()] == [False]
    store.close()


@pytest.mark.slow
def test_the_command_speaks_for_a_server_that_runs(server: Served) -> None:
    arguments = ["-m", "pixelflow_widgets.cli", "mcp", "--url", server.url, "--flow", "stamp"]
    started = StdioServerParameters(
        command=sys.executable, args=arguments, env={**os.environ, "PIXELFLOW_KEY": server.key}
    )

    async def session() -> None:
        async with McpClient(started) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["stamp"]
            assert same(picture_of(await client.call_tool("stamp", {"text": "there"})), stamp("there"))

    asyncio.run(session())


@pytest.mark.slow
def test_the_command_listens_at_a_port(server: Served) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pixelflow_widgets.cli", "mcp", "--url", server.url, "--http", str(port)]
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                assert httpx.post(f"http://127.0.0.1:{port}/mcp", json={}).status_code == 401
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(20)
