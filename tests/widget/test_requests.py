"""What pages ask of the engine: pins, why a node is stale, what ran."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.widget import editor as editors
from tests.run import sample_nodes as nodes

from .conftest import gate, paints
from .page import Page, wait_for

ids = (f"e{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editors, "IDLE_PROBLEMS", 0.05)


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    with pf.Flow("engine") as flow:
        first = nodes.double(value=3)
        flow.output("number", nodes.double(value=first))
    return flow


def ran(page: Page) -> str:
    page.run(run := next(ids))
    assert page.ended(run)["status"] == "done"
    return run


def set_value(page: Page, value: int) -> None:
    page.edit({"op": "set_values", "id": "double", "values": {"value": value}})


# Pins


def test_a_pin_is_put_on_and_taken_off_as_edits_that_can_be_undone(page: Page, flow: pf.Flow) -> None:
    ran(page)
    answer = page.ask("pin", node="double", on=True)
    assert (answer["type"], answer["source"]) == ("change", "page")
    assert flow.is_pinned("double")
    page.ask("undo")
    assert not flow.is_pinned("double")
    page.ask("redo")
    assert page.ask("pin", node="double", on=False)["type"] == "change"
    assert not flow.is_pinned("double")


def test_a_node_without_a_result_cannot_be_pinned_and_says_so(page: Page, flow: pf.Flow) -> None:
    answer = page.ask("pin", node="double_2", on=True)
    assert answer["type"] == "reject"
    assert answer["message"]
    assert not flow.is_pinned("double_2")


@pytest.mark.parametrize("fields", [{"node": "nobody", "on": True}, {"node": None, "on": True}, {"node": "double"}])
def test_a_pin_that_makes_no_sense_is_rejected(page: Page, fields: dict[str, Any]) -> None:
    assert page.ask("pin", **fields)["type"] == "reject"


# Stale nodes


def test_nodes_that_would_run_again_are_told_after_an_edit_and_after_a_run(page: Page) -> None:
    assert page.editor.stale == []
    ran(page)
    assert page.editor.stale == []
    set_value(page, 4)
    wait_for(lambda: page.editor.stale == ["double", "double_2"])
    set_value(page, 3)
    wait_for(lambda: page.editor.stale == [])
    set_value(page, 5)
    wait_for(lambda: page.editor.stale)
    ran(page)
    wait_for(lambda: page.editor.stale == [])


def test_why_a_node_is_stale_is_told_in_words(page: Page, flow: pf.Flow) -> None:
    ran(page)
    assert page.ask("why", node="double")["text"] == "it is fresh"
    set_value(page, 4)
    told = page.ask("why", node="double_2")["text"]
    assert told == flow.why("double_2")
    assert "3 to 4" in told
    assert "no node 'nobody'" in page.ask("why", node="nobody")["message"]
    assert page.ask("why", node=[])["type"] == "reject"


# What ran


def test_the_last_runs_are_told_with_their_nodes(page: Page) -> None:
    first = ran(page)
    second = ran(page)
    told = page.ask("timeline")["runs"]
    assert [run["run"] for run in told[:2]] == [second, first]
    assert datetime.fromisoformat(told[0]["started"]).tzinfo is not None
    assert told[0]["status"] == "done"
    assert [node["node"] for node in told[1]["nodes"]] == ["double", "double_2"]
    assert set(told[1]["nodes"][0]) == {"node", "title", "start", "took", "cached", "peak", "error"}
    assert [node["cached"] for run in told[:2] for node in run["nodes"]] == [True, True, False, False]


def test_a_run_that_is_on_is_told_as_far_as_it_is(warmed: list[str]) -> None:
    with pf.Flow("painting") as flow:
        flow.output("image", paints(steps=1))
    page = Page(flow)
    page.run(run := next(ids))
    gate.wait()
    told = wait_for(lambda: page.ask("timeline")["runs"])[0]
    assert (told["run"], told["status"], told["took"]) == (run, "running", None)
    assert [(node["node"], node["took"]) for node in told["nodes"]] == [("paints", None)]
    gate.open(1)
    page.ended(run)
    (told,) = page.ask("timeline")["runs"]
    assert (told["status"], told["nodes"][0]["took"] > 0) == ("done", True)


def test_a_flow_that_never_ran_has_an_empty_timeline(warmed: list[str]) -> None:
    assert Page(pf.Flow("never ran at all")).ask("timeline")["runs"] == []


def test_at_most_twenty_runs_are_told(page: Page) -> None:
    for _ in range(22):
        page.flow.run()
    assert len(page.ask("timeline")["runs"]) == 20


# Stop


def test_a_second_stop_ends_what_does_not_leave_by_itself(warmed: list[str]) -> None:
    with pf.Flow("painting") as flow:
        flow.output("image", paints(steps=3))
    page = Page(flow)
    page.run(run := next(ids))
    gate.wait()
    assert page.ask("stop", run=run, now=True)["type"] == "ack"
    assert wait_for(lambda: flow.last_run and flow.last_run.stop.now)
    assert page.ended(run)["status"] == "cancelled"


def test_a_second_stop_is_heard_on_its_way(warmed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelflow_widgets.widget.routing import Stops, honour_the_page

    heard: list[Any] = []
    monkeypatch.setattr(Stops, "stop", lambda _, run, now=False: heard.append((run, now)))

    class Line:
        _reply_subshell_for = None

    line = Line()
    honour_the_page(line, Stops())
    for now in (True, False, "yes"):
        line._reply_subshell_for({"content": {"type": "stop", "run": "r", "now": now}}, None)  # type: ignore[misc]
    assert heard == [("r", True), ("r", False), ("r", False)]


# Types


def test_a_subflow_is_a_node_type_that_the_page_knows(page: Page, flow: pf.Flow) -> None:
    flow.make_subflow(["double_2"], "inside")
    wait_for(lambda: "flow/inside" in page.editor.types)
    flow.undo()
    wait_for(lambda: "flow/inside" not in page.editor.types)
