"""The editor says when callers of an endpoint would miss what the flow has no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.serve import store
from pixelflow_widgets.serve.publishing import notices
from pixelflow_widgets.serve.publishing.endpoints import Endpoints


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    yield tmp_path
    store.shared_store().close()
    store._shared.cache_clear()
    notices._known.clear()


def noticed_flow() -> pf.Flow:
    flow = pf.Flow("noticed")
    node = flow.add("join_text", id="join", texts=[flow.input("first", "a"), flow.input("second", "b")])
    flow.output("text", node["text"])
    return flow


def hints(flow: pf.Flow) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.port) for problem in flow.problems() if problem.severity == "hint"]


def test_a_renamed_input_of_a_published_flow_is_a_hint_that_names_the_version(data: Path) -> None:
    flow = noticed_flow()
    assert hints(flow) == []
    flow.publish("poster")
    assert hints(flow) == []
    flow.rename_input("first", "begin")
    flow.rename_output("text", "words")
    assert hints(flow) == [("published-input", "first"), ("published-output", "text")]
    told = str(flow.problems()[0])
    assert told.startswith("Version 1 of the endpoint 'poster' takes 'first', an input that the flow has no longer.")
    assert flow.run(backend="inline")["words"], "a hint keeps nothing from running"
    flow.publish("poster")
    assert hints(flow) == [], "version 2 is the current one"
    Endpoints(store.shared_store()).roll_back("poster", 1)
    assert hints(flow) == [("published-input", "first"), ("published-output", "text")]
    Endpoints(store.shared_store()).unpublish("poster")
    assert hints(flow) == []


def test_other_flows_hear_nothing(data: Path) -> None:
    noticed_flow().publish("poster")
    assert hints(pf.Flow("another")) == []


def test_looking_at_a_flow_makes_no_store(data: Path) -> None:
    assert noticed_flow().problems() == []
    assert list(data.iterdir()) == []
