"""The official client of OpenAI makes and changes pictures with published flows."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import openai
import PIL.Image
import pytest

from pixelflow_widgets.serve.server import Server

from ..flows import served
from ..http_nodes import colour_of
from ..pictures import picture


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("store"), per_minute=100_000) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    key = server.serving.keys.make("tests", ["poster", "turn", "fail", "gradual"]).text
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def shown(text: str | None) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(base64.b64decode(text or "")))


def test_pictures_are_made(client: openai.OpenAI) -> None:
    made = client.images.generate(model="poster", prompt="a whale", size="1024x1024", n=2)  # pyright: ignore[reportArgumentType, reportCallIssue]
    images = [shown(item.b64_json) for item in made.data or []]
    assert [image.size for image in images] == [(1024, 1024)] * 2
    assert images[0].convert("RGB").getpixel((0, 0)) == colour_of("a whale")


def test_formats_and_the_flows_own_inputs(client: openai.OpenAI) -> None:
    made = client.images.generate(
        model="poster", prompt="a whale", output_format="webp", extra_body={"width": 32, "style": "framed"}
    )
    image = shown((made.data or [])[0].b64_json)
    assert (image.format, image.size) == ("WEBP", (32, 48))


def test_pictures_are_streamed(client: openai.OpenAI) -> None:
    events = list(client.images.generate(model="poster", prompt="a crow", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert shown(events[0].b64_json).convert("RGB").getpixel((0, 0)) == colour_of("a crow")


def test_unfinished_pictures_are_streamed_before(client: openai.OpenAI) -> None:
    events = list(client.images.generate(model="gradual", prompt="a hill", stream=True, partial_images=2))
    assert [event.type for event in events] == [
        *("image_generation.partial_image", "image_generation.partial_image", "image_generation.completed")
    ]
    assert [shown(event.b64_json).format for event in events] == ["JPEG", "JPEG", "PNG"]


def test_pictures_are_changed(client: openai.OpenAI) -> None:
    made = client.images.edit(model="turn", prompt="mirror it", image=("x.png", picture(size=(20, 10))))
    assert shown((made.data or [])[0].b64_json).size == (20, 10)


def test_errors_are_those_that_the_client_knows(server: Server, client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.images.generate(model="poster", prompt="x", extra_body={"hidden": 1})
    assert refused.value.code == "values_refused"
    assert refused.value.param == "hidden"
    for fields in ({"n": 9}, {"size": "huge"}, {"quality": "high"}, {"response_format": "url"}):
        with pytest.raises(openai.UnprocessableEntityError):
            client.images.generate(model="poster", prompt="x", **fields)  # pyright: ignore[reportArgumentType, reportCallIssue]
    with pytest.raises(openai.UnprocessableEntityError, match="prompt"):
        client.images.generate(model="fail", prompt="x")
    with pytest.raises(openai.PermissionDeniedError):
        client.images.generate(model="slow", prompt="x")
    with pytest.raises(openai.UnprocessableEntityError):
        client.images.edit(model="poster", prompt="x", image=("x.png", picture()))
    stranger = openai.OpenAI(base_url=f"{server.url}/v1", api_key="pf_none", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError, match="key"):
        stranger.images.generate(model="poster", prompt="x")
