"""Models on a server that is real: `transformers serve` on this machine, with a tiny model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache
from tests.nodes.told import Told
from tests.run.test_executor import run
from tests.zoo import Zoo

_PATIENCE = 180
_SERVE = "from transformers.cli.transformers import main; main()"


@pytest.fixture(scope="module")
def served(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pf.Model]:
    """A handle on the tiny Llama of the zoo, served; the server ends with the tests of this module."""
    home = tmp_path_factory.mktemp("served")
    (home / "hub").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = str(zoo("llama"))
    told = (home / "told").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "serve", folder, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
        stdout=told,
        stderr=told,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", home)
        yield pf.nodes.language_server(folder, base_url=f"http://127.0.0.1:{port}/v1", key="")  # type: ignore[misc]
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        told.close()


def _wait(process: subprocess.Popen[bytes], address: str, home: Any) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, (home / "told").read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("transformers serve does not answer")


SETTINGS: dict[str, Any] = {"max_tokens": 8, "temperature": 0.0}


def test_a_model_says_the_same_served_and_on_this_machine(served: pf.Model, zoo: Zoo) -> None:
    for system in ("", "a poet"):
        said = [
            pf.nodes.chat("a red circle", system=system, model=model, **SETTINGS)
            for model in (served, pf.Model(str(zoo("llama"))))
        ]
        assert said[0] == said[1].rstrip("\ufffd") != ""  # half a letter at the end is not streamed


def test_its_words_come_one_by_one_and_it_counts_them(served: pf.Model, zoo: Zoo) -> None:
    told, here = Told(), Told()
    answer = pf.nodes.chat("a red circle", model=served, progress=told.reporter, **SETTINGS)
    pf.nodes.chat("a red circle", model=str(zoo("llama")), progress=here.reporter, **SETTINGS)
    assert [len(text) for text in told.previews] == sorted(len(text) for text in told.previews)
    assert len(set(told.previews)) > 2 and told.previews[-1].strip() == answer
    assert told.usage.model == served.source and here.usage.model == str(zoo("llama"))
    assert (told.usage.input_tokens, told.usage.output_tokens) == (here.usage.input_tokens, here.usage.output_tokens)
    assert told.usage.output_tokens == 8


def test_an_end_ends_it_as_on_this_machine(served: pf.Model, zoo: Zoo) -> None:
    whole = pf.nodes.chat("a red circle", model=served, **SETTINGS)
    end = whole[4:6]
    assert pf.nodes.chat("a red circle", model=served, stop=end, **SETTINGS) == whole[: whole.index(end)].strip()


def test_stop_ends_it_between_words(served: pf.Model) -> None:
    told = Told(stop_after=3)
    with pytest.raises(pf.Cancelled):
        pf.nodes.chat("a red circle", model=served, max_tokens=400, progress=told.reporter)
    assert len(told.previews) == 3


def test_a_flow_asks_it_from_the_worker_and_keeps_what_it_paid_for(served: pf.Model, worker: object) -> None:
    flow = pf.Flow("talk")
    server = flow.add(
        "language_server", model=served.source.removeprefix("server:"), base_url=served.options["base_url"], key=""
    )
    said = flow.add("chat", id="say", prompt="a red circle", model=server["model"], **SETTINGS)
    flow.output("said", said["text"])
    cache = MemoryCache()
    first = run(flow, cache, backend="worker")
    assert first.result()["said"] == pf.nodes.chat("a red circle", model=served, **SETTINGS)
    (done,) = [event for event in first.events() if event.kind == "node-finished" and event.node == "say"]
    assert done.usage is not None and done.usage.output_tokens == 8 and done.usage.model == served.source
    assert any(event.preview for event in first.events() if event.node == "say")
    again = run(flow, cache, backend="worker")
    assert again.result()["said"] == first.result()["said"]
    assert all(event.cached for event in again.events() if event.kind == "node-finished" and event.node == "say")


def test_other_nodes_of_texts_ask_it(served: pf.Model) -> None:
    assert pf.nodes.summarize("a red circle on white.", model=served, max_tokens=8)
    assert pf.nodes.translate("a circle\na star", target="German", model=served, max_tokens=8)
    assert pf.nodes.expand_prompt("a circle", model=served, max_tokens=8)


def test_a_model_that_it_does_not_serve_is_said_so(served: pf.Model) -> None:
    other = pf.Model("server:another/model", served.options)
    with pytest.raises(pf.AnswerBroken, match=r"refused \(4\d\d\).*another/model"):
        pf.nodes.chat("hello", model=other)
