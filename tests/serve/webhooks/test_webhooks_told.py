"""Webhooks from end to end: registered by HTTP, told of real jobs, believed by a receiver, replayed; never inside."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import CallFailed
from pixelflow_widgets.serve.client import Client
from tests.serve.calling import Served, serving
from tests.serve.receivers import Came, Receiver, receiving, says
from tests.serve.webhooks.test_addresses import PRIVATE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve")) as made:
        yield made


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    """A client with a key of its own, so that tests do not hear each other."""
    with Client(server.url, server.serving.keys.make("webhooks", ["*"]).text) as made:
        yield made


@pytest.fixture
def http(client: Client) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=client.url, headers={"x-api-key": client._http.headers["x-api-key"]}) as made:
        yield made


def register(http: httpx.Client, receiver: Receiver, *events: str) -> dict[str, Any]:
    answer = http.post("/v1/webhooks", json={"url": receiver.url, "events": [*events] or ["job.finished"]})
    assert answer.status_code == 201
    return answer.json()


def told(came: Came, secret: str) -> dict[str, Any]:
    return pf.verify_webhook(came.body, came.headers, secret)


def test_a_job_tells_how_it_ended(client: Client, http: httpx.Client) -> None:
    with receiving() as receiver:
        secret = register(http, receiver)["secret"]
        job = client.stamp.submit(text="told")
        job.wait()
        event = told(receiver.wait(1)[0], secret)
        assert event["type"] == "job.finished"
        assert (event["data"]["job"], event["data"]["status"]) == (job.id, "succeeded")
        image = event["data"]["outputs"]["image"]
        assert http.get(image["url"]).headers["content-type"] == "image/png"
        with pytest.raises(CallFailed):
            client.breaks()
        failed = told(receiver.wait(2)[1], secret)
        assert failed["data"]["status"] == "failed"
        assert "too late" in failed["data"]["error"]["message"]
        slow = client.slow.submit()
        slow.cancel()
        assert told(receiver.wait(3)[2], secret)["data"]["status"] == "canceled"


def test_nodes_and_starts_are_told_to_those_who_ask(client: Client, http: httpx.Client) -> None:
    with receiving() as receiver:
        secret = register(http, receiver, "job.started", "node.finished", "job.finished", "GRAPH_RUN")["secret"]
        client.counts(count=17)
        events = [told(came, secret) for came in receiver.wait(4)]
        assert sorted(event["type"] for event in events) == [
            "GRAPH_RUN",
            "job.finished",
            "job.started",
            "node.finished",
        ]
        node = next(event for event in events if event["type"] == "node.finished")
        assert node["data"]["title"] == "Counted slowly"
        graph = next(event for event in events if event["type"] == "GRAPH_RUN")
        assert (graph["status"], graph["output"]) == ("COMPLETED", {"given": 17})


def test_a_job_may_name_a_url_of_its_own(client: Client, http: httpx.Client) -> None:
    with receiving() as receiver:
        client.stamp.using(webhook=receiver.url)(text="own")
        secret = http.get("/v1/webhooks/secret").json()["secret"]
        assert told(receiver.wait(1)[0], secret)["data"]["status"] == "succeeded"


def test_what_was_told_is_listed_and_can_be_sent_again(client: Client, http: httpx.Client) -> None:
    with receiving(says(500), says(204)) as receiver:
        secret = register(http, receiver)["secret"]
        job = client.stamp.submit(text="again")
        job.wait()
        receiver.wait(1)
        listed = delivery_of(http, job.id, "waiting")
        assert (listed["attempts"], listed["last_status"]) == (1, 500)
        assert secret not in json.dumps(listed)
        assert http.post(f"/v1/deliveries/{listed['id']}/replay").status_code == 200
        assert told(receiver.wait(2)[1], secret)["data"]["job"] == job.id
        assert delivery_of(http, job.id, "delivered")["last_status"] == 204
        assert http.post("/v1/deliveries/msg_000000000000000000000000/replay").status_code == 404


def delivery_of(http: httpx.Client, job: str, state: str) -> dict[str, Any]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = http.get("/v1/deliveries", params={"job": job}).json()["deliveries"]
        if found and found[0]["state"] == state:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(found)


def test_webhooks_of_another_key_are_not_there(server: Served, http: httpx.Client) -> None:
    with receiving() as receiver:
        made = register(http, receiver)
        other = httpx.Client(base_url=server.url, headers={"x-api-key": server.key})
        assert made["id"] not in [each["id"] for each in other.get("/v1/webhooks").json()["webhooks"]]
        assert other.delete(f"/v1/webhooks/{made['id']}").status_code == 404
        listed = http.get("/v1/webhooks").json()["webhooks"]
        assert [each["id"] for each in listed] == [made["id"]]
        assert made["secret"] not in json.dumps(listed)
        assert http.delete(f"/v1/webhooks/{made['id']}").status_code == 204
        other.close()


@pytest.mark.parametrize("address", [each for each in PRIVATE.values() if each != "127.0.0.1"])
def test_no_private_address_can_be_had_by_http(client: Client, http: httpx.Client, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    answer = http.post("/v1/webhooks", json={"url": f"http://{host}/hook"})
    assert answer.status_code == 422
    assert "not on the public Internet" in answer.json()["error"]["message"]
    with pytest.raises(CallFailed) as raised:
        client.stamp.using(webhook=f"http://{host}/hook").submit(text="x")
    assert raised.value.status == 422
