"""Pages that people open: they say nothing of flows by themselves; and what the playground asks besides."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import httpx
import pytest

from pixelflow_widgets.serve.http.routes import pages
from pixelflow_widgets.serve.server import Server

from ..flows import served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    key = server.serving.keys.make("tests").text
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}) as client:
        yield client


def test_a_playground_says_nothing_of_the_flow_without_a_key(server: Server) -> None:
    answers = [httpx.get(f"{server.url}/play/{name}") for name in ("poster", "nothing-like-it")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert b"poster" not in answers[0].content
    policy = answers[0].headers["content-security-policy"]
    assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "sandbox" not in policy, "the page saves files"


@pytest.mark.parametrize("file", ["playground.js", "playground.css", "play.js", "play.css"])
def test_what_a_playground_is_made_of_needs_no_key(server: Server, file: str) -> None:
    answer = httpx.get(f"{server.url}/play/-/{file}")
    assert answer.status_code == 200 and answer.content
    assert answer.headers["content-type"].startswith("text/css" if file.endswith("css") else "text/javascript")


@pytest.mark.parametrize(
    "path", ["/play/-/widget.js", "/play/-/play.html", "/play/Poster", "/play/%2e%2e", "/play/a/b"]
)
def test_there_is_nothing_else_below_the_playground(server: Server, path: str) -> None:
    answer = httpx.get(f"{server.url}{path}")
    assert answer.status_code in (400, 404, 422), answer.text


def test_a_playground_that_was_not_built_says_how_to_build_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    real = resources.files
    monkeypatch.setattr(
        pages.resources, "files", lambda package: tmp_path if package == "pixelflow_widgets" else real(package)
    )
    answer = httpx.get(f"{server.url}/play/poster")
    assert answer.status_code == 503
    assert "make setup" in answer.json()["error"]["message"]


def test_a_job_tells_its_inputs_as_they_can_be_sent_again(client: httpx.Client) -> None:
    sent = {"prompt": "a hill", "seed": str(2**60 + 1), "width": 32}
    told = client.post("/v1/flows/poster/jobs", json=sent, headers={"prefer": "wait=30"}).json()
    assert told["inputs"]["prompt"] == "a hill"
    assert told["inputs"]["seed"] == str(2**60 + 1), "JavaScript would round the number"
    again = client.post("/v1/flows/poster/jobs", json=told["inputs"], headers={"prefer": "wait=30"}).json()
    assert again["inputs"] == told["inputs"]


def test_a_seed_that_was_drawn_is_among_the_inputs(client: httpx.Client) -> None:
    told = client.post("/v1/flows/poster/jobs", json={"seed": -1}, headers={"prefer": "wait=30"}).json()
    assert told["inputs"]["seed"] == told["seeds"]["seed"] != -1


def test_a_flow_tells_how_long_a_job_of_it_takes(client: httpx.Client) -> None:
    assert client.get("/v1/flows/turn").json()["estimate"] is None
    client.post("/v1/flows/gradual/jobs", json={}, headers={"prefer": "wait=30"})
    assert client.get("/v1/flows/gradual").json()["estimate"] > 0


def test_a_flow_writes_its_calls_with_the_values_that_it_is_given(client: httpx.Client) -> None:
    values = {"prompt": 'it\'s a "hill"', "width": 32}
    told = client.post(
        "/v1/flows/poster/code", json=values, headers={"origin": str(client.base_url).rstrip("/")}
    ).json()
    assert set(told) == {"curl", "python", "typescript"}
    for code in told.values():
        assert str(client.base_url).rstrip("/") in code and "hill" in code
        assert "height" not in code.partition("callPoster({")[2], "what is not given is not written"


def test_a_call_is_not_written_for_what_would_be_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/flows/poster/code", json={"width": 50, "nothing": 1})
    assert answer.status_code == 422
    assert {fault["at"] for fault in answer.json()["error"]["details"]} == {"/width", "/nothing"}
    assert client.post("/v1/flows/nothing-like-it/code", json={}).status_code == 404


def test_who_opens_the_address_of_the_server_is_led_to_its_flows(server: Server) -> None:
    answer = httpx.get(f"{server.url}/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert b"PixelFlow" in httpx.get(f"{server.url}/", follow_redirects=True).content
