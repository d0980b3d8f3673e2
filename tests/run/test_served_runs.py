"""A run whose server dies: the node keeps the text so far, says what happened, and a retry works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.backends import InlineBackend, WorkerBackend
from pixelflow_widgets.run.cache import MemoryCache
from tests.zoo import scripted_server as acts
from tests.zoo.scripted_server import ScriptedServer

from .test_executor import run


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer(acts.says("hello"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def own_worker() -> Iterator[WorkerBackend]:
    backend = WorkerBackend()
    yield backend
    backend.close()


@pytest.fixture(params=["inline", "worker"])
def backend(request: pytest.FixtureRequest, own_worker: WorkerBackend) -> Any:
    return InlineBackend() if request.param == "inline" else own_worker


def talk(server: ScriptedServer, **values: Any) -> pf.Flow:
    flow = pf.Flow("talk")
    named = flow.add("language_server", model="tiny", base_url=server.address, key="")
    said = flow.add("chat", id="say", prompt="hello", model=named["model"], **values)
    flow.output("said", said["text"])
    return flow


def shown(running: Any) -> list[str]:
    return [event.preview.data.decode() for event in running.events() if event.preview]


def test_a_killed_stream_leaves_its_text_on_the_node_and_in_the_error(scripted: ScriptedServer, backend: Any) -> None:
    words = [f"word{number} " for number in range(40)]  # more than are shown one by one
    scripted.plays(acts.dies(*words), acts.says("all ", "of it"))
    flow, cache = talk(scripted), MemoryCache()
    running = run(flow, cache, backend=backend)
    with pytest.raises(pf.NodeFailed, match="broke the connection off. Run again") as caught:
        running.result()
    assert caught.value.partial == "".join(words) and caught.value.node == "say"
    assert shown(running)[-1] == "".join(words)
    (failed,) = [event for event in running.events() if event.kind == "node-failed"]
    assert failed.usage is not None and failed.usage.output_tokens == 40
    again = run(flow, cache, backend=backend)  # nothing half was kept
    assert again.result()["said"] == "all of it"


def test_items_of_a_list_that_break_off_leave_the_others(scripted: ScriptedServer, backend: Any) -> None:
    scripted.plays(acts.says("one"), acts.dies("tw"), acts.says("two"))
    flow = talk(scripted)
    flow.set("say", prompt=flow.input("prompts", ["a", "b"]))
    cache = MemoryCache()
    with pytest.raises(pf.NodeFailed, match="1 of 2 items failed") as caught:
        run(flow, cache, backend=backend).result()
    assert caught.value.partial == "tw"
    assert run(flow, cache, backend=backend).result()["said"] == ["one", "two"]
    assert len(scripted.requests) == 3  # the item that was there is not paid for twice


def test_stop_ends_the_request_and_spares_the_worker(scripted: ScriptedServer, own_worker: WorkerBackend) -> None:
    scripted.plays(acts.falls_silent("half "))
    before = own_worker.pid
    running = run(talk(scripted), MemoryCache(), backend=own_worker)
    until = time.monotonic() + 60
    while not scripted.requests and time.monotonic() < until:
        time.sleep(0.01)
    running.cancel()
    assert running.wait(30)
    assert scripted.hung_up.wait(10)
    assert before is None or own_worker.pid == before


def test_several_chats_with_a_server_go_on_at_once(scripted: ScriptedServer, own_worker: WorkerBackend) -> None:
    both = threading.Barrier(2, timeout=60)

    def meets(handler: Any) -> None:
        both.wait()
        acts.says("met")(handler)

    scripted.plays(meets)
    flow = talk(scripted)
    other = flow.add("chat", prompt="hello, too", model=flow.nodes["language_server"]["model"])
    flow.output("other", other["text"])
    made = run(flow, MemoryCache(), backend=own_worker).result()
    assert made["said"] == made["other"] == "met"
