"""Secrets are used and never shown: not where they are held, not in a worker, not in what nodes say."""

from __future__ import annotations

import copy
import getpass
import json
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import secrets
from pixelflow_widgets.run.backends import InlineBackend, WorkerBackend
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run

KEY = "zq7-PLANTED-5w/9+x=Tt2"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test plants is gone after it."""
    monkeypatch.setattr(secrets, "_kept", secrets._Kept())
    yield


@pf.node(pure=False)
def tell_secret(name: str, fails: bool = False, progress: pf.Progress = pf.Progress()) -> str:
    """Says a secret in every way that a node can."""
    value = secrets.reveal(name)
    print(f"printed {value}", end="")
    print(" and done")
    progress.log(f"logged {value}")
    progress(0.5, note=f"noted {value}", preview=f"previewed {value}")
    if fails:
        error = RuntimeError(f"raised {value}")
        error.partial = f"so far {value}"  # type: ignore[attr-defined]
        raise error
    return f"{len(value)} letters"


def flow_of(name: str, **values: Any) -> pf.Flow:
    flow = pf.Flow("telling")
    flow.output("said", flow.add("tell_secret", id="tell", name=name, **values)["text"])
    return flow


@pytest.fixture(params=["inline", "worker"])
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = InlineBackend() if request.param == "inline" else WorkerBackend()
    yield made
    made.close()


def told_by(running: Any) -> str:
    return "\n".join(
        [str(event) + (event.preview.data.decode() if event.preview else "") for event in running.events()]
    )


def test_a_secret_shows_its_name_only() -> None:
    pf.secrets["MY_KEY"] = KEY
    assert "MY_KEY" in pf.secrets and list(pf.secrets) == ["MY_KEY"] and len(pf.secrets) == 1
    assert KEY not in repr(pf.secrets) + str(pf.secrets) + str(vars(secrets))
    with pytest.raises(pf.SecretError, match="not shown"):
        pf.secrets["MY_KEY"]
    for data in (pickle.dumps(pf.secrets), cloudpickle.dumps(lambda: pf.secrets), cloudpickle.dumps(secrets)):
        assert KEY.encode() not in data
    assert copy.deepcopy(pf.secrets) is pf.secrets
    with pytest.raises(TypeError):
        json.dumps(pf.secrets)


def test_a_secret_is_a_text_with_the_name_of_a_variable_and_can_be_forgotten() -> None:
    for name, value in (("sk-1", "x"), ("MY_KEY", " "), ("MY_KEY", 5), ("", "x")):
        with pytest.raises(pf.SecretError):
            pf.secrets[name] = value  # type: ignore[assignment]
    pf.secrets["MY_KEY"] = f" {KEY}\n"
    assert secrets.reveal("MY_KEY") == KEY
    del pf.secrets["MY_KEY"]
    with pytest.raises(pf.SecretError, match=r"no secret 'MY_KEY'. Write pf.secrets.ask\('MY_KEY'\)"):
        secrets.reveal("MY_KEY")


def test_a_secret_is_asked_for_where_no_notebook_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt: KEY if prompt == "MY_KEY: " else "")
    pf.secrets.ask("MY_KEY")
    assert secrets.reveal("MY_KEY") == KEY
    with pytest.raises(pf.SecretError, match="not empty"):
        pf.secrets.ask("OTHER_KEY")


def test_the_environment_is_asked_for_what_was_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    assert secrets.redacted(KEY) == KEY  # nobody used it
    assert secrets.reveal("MY_KEY") == KEY
    assert secrets.redacted(f"<{KEY}>") == "<•••>"
    pf.secrets["MY_KEY"] = "another one"
    assert secrets.reveal("MY_KEY") == "another one"


def test_every_form_of_a_value_is_hidden_also_after_it_was_replaced() -> None:
    pf.secrets["MY_KEY"] = KEY
    pf.secrets["MY_KEY"] = "a longer " + KEY
    text = f"{KEY} {KEY.replace('/', '%2F').replace('+', '%2B').replace('=', '%3D')} a longer {KEY}"
    assert secrets.redacted(text) == "••• ••• •••"
    assert secrets.redacted("nothing to hide") == "nothing to hide"


def test_a_secret_reaches_a_node_and_nothing_that_it_says_shows_it(backend: Any) -> None:
    flow = flow_of("MY_KEY")
    pf.secrets["MY_KEY"] = KEY
    running = run(flow, MemoryCache(), backend=backend)
    assert running.result()["said"] == f"{len(KEY)} letters"
    said = told_by(running)
    assert KEY not in said and "logged •••" in said and "previewed •••" in said and "noted •••" in said


def test_an_error_hides_it_in_words_traceback_and_cause(backend: Any) -> None:
    flow = flow_of("MY_KEY", fails=True)
    pf.secrets["MY_KEY"] = KEY
    running = run(flow, MemoryCache(), backend=backend)
    with pytest.raises(pf.NodeFailed, match="raised •••") as caught:
        running.result()
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.traceback + told_by(running)
    assert KEY not in shown and "RuntimeError: raised •••" in caught.value.traceback
    assert caught.value.partial == "so far •••"
    assert [event.preview.data.decode() for event in running.events() if event.preview][-1] == "so far •••"


def test_a_worker_hears_of_secrets_and_variables_that_are_set_later(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = WorkerBackend()
    try:
        for value in ("the first one", "the second, longer"):
            pf.secrets["MY_KEY"] = value
            assert run(flow_of("MY_KEY"), MemoryCache(), backend=worker).result()["said"] == f"{len(value)} letters"
        monkeypatch.setenv("LATER_API_KEY", "of the environment")
        assert run(flow_of("LATER_API_KEY"), MemoryCache(), backend=worker).result()["said"] == "18 letters"
        del pf.secrets["MY_KEY"]
        with pytest.raises(pf.NodeFailed, match="no secret 'MY_KEY'"):
            run(flow_of("MY_KEY"), MemoryCache(), backend=worker).result()
    finally:
        worker.close()


def test_a_new_worker_hears_of_them_again_after_one_was_killed() -> None:
    worker = WorkerBackend()
    try:
        pf.secrets["MY_KEY"] = KEY
        assert run(flow_of("MY_KEY"), MemoryCache(), backend=worker).result()["said"]
        assert worker._process is not None
        worker._process.kill()
        worker._process.popen.wait()
        assert run(flow_of("MY_KEY"), MemoryCache(), backend=worker).result()["said"] == f"{len(KEY)} letters"
    finally:
        worker.close()


def test_no_process_is_started_with_a_secret_in_its_arguments_or_variables() -> None:
    worker = WorkerBackend()
    try:
        pf.secrets["MY_KEY"] = KEY
        assert run(flow_of("MY_KEY"), MemoryCache(), backend=worker).result()["said"]
        for name in ("cmdline", "environ"):
            assert KEY.encode() not in Path(f"/proc/{worker.pid}/{name}").read_bytes()
    finally:
        worker.close()


@pytest.mark.parametrize(
    "text",
    ["sk-a", "hf_abc", "0123456789abcdef0123456789abcdef", "aB3" * 10, "two words", "Bearer x", "gsk_1", "a.b"],
)
def test_what_looks_like_a_key_is_told_from_a_name(text: str) -> None:
    assert secrets.looks_like_a_key(text)


@pytest.mark.parametrize("text", ["", "OPENAI_API_KEY", "my_key", "KEY_2", "THE_KEY_OF_THE_LARGE_SERVER_12", "token"])
def test_names_are_no_keys(text: str) -> None:
    assert not secrets.looks_like_a_key(text)


def test_a_secret_goes_to_its_own_server_to_this_machine_and_where_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    def goes(name: str, address: str) -> bool:
        return secrets.why_not_to(name, address) is None

    assert goes("OPENAI_API_KEY", "https://API.OpenAI.com:443/v1")
    assert goes("MY_KEY", "http://127.0.0.1:8000/v1") and goes("MY_KEY", "http://[::1]:80/v1")
    assert not goes("OPENAI_API_KEY", "https://api.openai.com.evil.example/v1")
    assert not goes("OPENAI_API_KEY", "http://api.openai.com/v1")
    assert not goes("MY_KEY", "https://127.0.0.1.evil.example") and not goes("MY_KEY", "https://api.openai.com")
    secrets.allow("MY_KEY", "llm.example.com", "http://10.0.0.5:8000/v1")
    assert goes("MY_KEY", "https://llm.example.com/v1") and goes("MY_KEY", "http://10.0.0.5:8000/other")
    assert not goes("MY_KEY", "http://llm.example.com/v1") and not goes("MY_KEY", "http://10.0.0.5:8001")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example.com/v1")
    assert goes("OPENAI_API_KEY", "https://proxy.example.com/v1")
    monkeypatch.setenv("PIXELFLOW_SECRETS_FOR", "OTHER_KEY=https://other.example.com THIRD=x")
    assert goes("OTHER_KEY", "https://other.example.com/v1") and not goes("THIRD", "https://other.example.com")


def test_what_is_no_address_is_said_so() -> None:
    for address in ("ftp://host", "https://", "https://[::1", "https://host:99999"):
        with pytest.raises(pf.SecretError, match="no address"):
            secrets.origin_of(address)
