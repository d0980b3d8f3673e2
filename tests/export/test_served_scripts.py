"""Scripts of chats with models on servers: the client of the server, the key from the environment, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import secrets
from tests.export.scripts import run_script
from tests.nodes.pictures import scene
from tests.zoo import scripted_server as acts
from tests.zoo.scripted_server import ScriptedServer

from .test_script import main_of

KEY = "zq7-PLANTED-5w9xTt2"
SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer"}}}'


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    monkeypatch.setattr(secrets, "_kept", secrets._Kept())
    pf.secrets["MY_KEY"] = KEY
    server = ScriptedServer(acts.answers("four"))
    yield server
    server.close()


def talk(server: ScriptedServer, **values: object) -> pf.Flow:
    flow = pf.Flow("talk")
    named = flow.add("language_server", model="tiny", base_url=server.address, key="MY_KEY")
    said = flow.add("chat", id="say", prompt=flow.input("words", "two and two"), model=named["model"], **values)
    flow.output("said", said["text"])
    return flow


def test_a_script_asks_as_the_node_asks(scripted: ScriptedServer, tmp_path: Path) -> None:
    flow = talk(scripted, system="a clerk", max_tokens=9, seed=3, stop="##", images=[scene()])
    scripted.plays(acts.says("four"), acts.answers("four"))
    assert flow.run(backend="inline")["said"] == "four"
    script = flow.to_script()
    flow.save(tmp_path / "talk.flow.json")
    assert run_script(script, tmp_path, {"MY_KEY": KEY}) == "four"
    by_node, by_script = scripted.requests
    assert by_script == {name: by_node[name] for name in by_node if name not in ("stream", "stream_options")}
    assert scripted.headers[0]["authorization"] == scripted.headers[1]["authorization"] == f"Bearer {KEY}"


def test_a_script_holds_a_client_and_no_key(scripted: ScriptedServer) -> None:
    script = talk(scripted, temperature=0.0).to_script()
    assert f'OpenAI(base_url="{scripted.address}", api_key=os.environ["MY_KEY"])' in script.replace("\n        ", "")
    assert KEY not in script and "transformers" not in script and "base64" not in script
    assert "pixelflow" not in main_of(script) and "top_p" not in script


def test_an_answer_of_a_form_is_checked_in_the_script_too(scripted: ScriptedServer, tmp_path: Path) -> None:
    flow = talk(scripted, json_schema=SCHEMA, system="a clerk")
    scripted.plays(acts.says('{"n": 4}'), acts.answers('{"n": 4}'))
    assert flow.run(backend="inline")["said"] == run_script(flow.to_script(), tmp_path, {"MY_KEY": KEY}) == '{"n": 4}'
    assert scripted.requests[0]["messages"] == scripted.requests[1]["messages"]
    scripted.plays(acts.answers('{"n": "four"}'))
    with pytest.raises(AssertionError, match="is not of type 'integer'"):
        run_script(flow.to_script(), tmp_path, {"MY_KEY": KEY})


def test_the_usual_server_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    flow = pf.Flow("talk")
    flow.output("said", flow.add("chat", prompt="hello", model=pf.Model("server:gpt-x"))["text"])
    assert 'OpenAI(api_key=os.environ["OPENAI_API_KEY"])' in flow.to_script()


def test_other_nodes_say_that_they_are_not_written(scripted: ScriptedServer) -> None:
    flow = pf.Flow("talk")
    flow.output("said", flow.add("summarize", text="hello", model=pf.Model("server:gpt-x"))["text"])
    with pytest.raises(pf.ExportError, match="only 'chat' is written"):
        flow.to_script()


def test_a_form_of_a_model_on_this_machine_is_told_and_checked(zoo: object, tmp_path: Path) -> None:
    flow = pf.Flow("talk")
    model = str(zoo("llama"))  # type: ignore[operator]
    flow.output("said", flow.add("chat", prompt="hello", model=model, max_tokens=8, json_schema=SCHEMA)["text"])
    with pytest.raises(AssertionError, match="JSONDecodeError"):
        run_script(flow.to_script(), tmp_path)
