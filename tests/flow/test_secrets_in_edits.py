"""An edit that would keep the value of a secret is refused, so it is in no journal, no file and no version."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import secrets
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.flow.problems import find_problems

KEY = "zq7-PLANTED-5w9xTt2"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_kept", secrets._Kept())


def test_a_known_secret_is_kept_nowhere_in_a_flow(tmp_path: Path) -> None:
    pf.secrets["MY_KEY"] = KEY
    flow = pf.edit(tmp_path / "talk.flow.json")
    node = flow.add("chat", id="ask", prompt="hello")
    for edit in (
        lambda: flow.add("chat", prompt=f"my key is {KEY}"),
        lambda: flow.set(node.id, prompt=f"Authorization: Bearer {KEY}"),
        lambda: flow.input("words", KEY),
        lambda: flow.apply([{"op": "set_node", "id": "ask", "fields": {"title": KEY}}]),
    ):
        with pytest.raises(pf.OperationRejected, match="value of the secret 'MY_KEY'"):
            edit()
    flow.save()
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    flow.set(node.id, prompt="hello again")  # other edits go on


@pytest.mark.parametrize("key", ["sk-abcdef", "hf_abcdefgh", "two words"])
def test_what_looks_like_a_key_is_not_taken_for_the_name_of_one(tmp_path: Path, key: str) -> None:
    flow = pf.edit(tmp_path / "talk.flow.json")
    with pytest.raises(pf.OperationRejected, match="looks like a key itself"):
        flow.add("language_server", model="gpt-x", key=key)
    node = flow.add("language_server", model="gpt-x", key="MY_KEY")
    with pytest.raises(pf.OperationRejected, match="looks like a key itself"):
        flow.set(node.id, key=key)
    flow.save()
    assert all(key.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_key_that_comes_over_an_edge_or_an_input_is_in_no_handle() -> None:
    flow = pf.Flow("talk")
    server = flow.add("language_server", model="gpt-x", base_url="http://127.0.0.1:9/v1")
    flow.set(server.id, key=flow.input("key", "MY_KEY"))
    flow.output("said", flow.add("chat", prompt="hello", model=server["model"])["text"])
    with pytest.raises(pf.RunError, match="looks like a key itself") as caught:
        flow.run(key="sk-abcdef", backend="inline")
    assert "sk-abcdef" not in str(caught.value)


def test_a_flow_that_comes_with_a_key_in_it_has_a_problem() -> None:
    flow = pf.Flow("talk")
    flow.add("language_server", id="server", model="gpt-x")
    document = {**flow.document, "nodes": {"server": {**flow.document["nodes"]["server"], "values": {"key": "sk-abc"}}}}
    problems = find_problems(document, flow.registry, MediaFiles())
    assert any("looks like a key itself" in str(problem) and "sk-abc" not in str(problem) for problem in problems)
