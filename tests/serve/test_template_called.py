"""A template, published and called by everybody who may: each gets the picture of its prompt, as the judge sees it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import openai
import PIL.Image
import pytest
from mcp.client.client import Client as McpClient

import pixelflow_widgets as pf
from pixelflow_widgets.serve.client import AsyncClient, Client
from pixelflow_widgets.serve.mcp import make_server
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.snippets import snippets
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.starter.scenes import Object, Scene
from pixelflow_widgets.starter.scoring import judge
from tests.serve.calling import Served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    template = Path(str(resources.files("pixelflow_widgets").joinpath("templates", "first.flow.json")))
    store = Store(tmp_path_factory.mktemp("serve"))
    with Server(store, port=0) as running:
        made = Served(running.url, running.serving.keys.make("tests", ["*"]).text, running.serving)
        made.publish(pf.Flow.load(template), "first", seeds="given")
        yield made
    store.close()


def scene(background: str, colour: str, shape: str) -> Scene:
    return Scene(background, (Object("big", colour, shape),))


def shows(picture: PIL.Image.Image, wanted: Scene) -> bool:
    """Return whether a picture shows a scene: its background, and a thing of its colour and shape."""
    verdict = judge(picture, wanted)
    return verdict.background and verdict.colour and verdict.shape


def test_the_typed_client_gets_its_picture(server: Served) -> None:
    wanted = scene("white", "green", "square")
    with Client(server.url, server.key) as client:
        given = client.first(prompt=wanted.caption)
    assert shows(given.image, wanted)
    assert given.large.width > given.image.width


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_gets_its_picture(server: Served, tmp_path: Path) -> None:
    wanted = scene("blue", "red", "circle")
    signature = server.serving.endpoints.find("first").signature
    request = signature.request_schema()
    request["properties"]["prompt"]["examples"] = [wanted.caption]
    call = snippets(server.url, "first", request, signature.result_schema())["curl"].partition("\n")[2]
    environment = {**os.environ, "PIXELFLOW_KEY": server.key}
    done = subprocess.run(["bash", "-c", call], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    url = json.loads(done.stdout)["outputs"]["image"]["url"]
    fetch = f'curl -sS -H "x-api-key: $PIXELFLOW_KEY" {server.url}{url} --output image.png'
    subprocess.run(["bash", "-c", fetch], cwd=tmp_path, env=environment, check=True)
    assert shows(PIL.Image.open(tmp_path / "image.png"), wanted)


def test_the_official_openai_client_gets_its_picture(server: Served) -> None:
    wanted = scene("yellow", "black", "ring")
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key) as client:
        answer = client.images.generate(model="first", prompt=wanted.caption, response_format="b64_json")
    assert answer.data
    content = base64.b64decode(answer.data[0].b64_json or "")
    assert shows(PIL.Image.open(io.BytesIO(content)), wanted)


def test_a_model_with_tools_gets_its_picture(server: Served) -> None:
    wanted = scene("black", "cyan", "circle")

    async def call() -> PIL.Image.Image:
        async with AsyncClient(server.url, server.key) as client, McpClient(make_server(lambda _: client)) as tools:
            result = await tools.call_tool("first", {"prompt": wanted.caption})
            pictures = [each for each in result.content if each.type == "image"]
            return PIL.Image.open(io.BytesIO(base64.b64decode(pictures[0].data)))

    assert shows(asyncio.run(call()), wanted)
