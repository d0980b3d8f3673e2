"""How far the nodes of a run are, told by what changed."""

from __future__ import annotations

import itertools
import time

import pytest

import pixelflow_widgets as pf
from tests.run import sample_nodes as nodes

from .conftest import gate, paints
from .page import Page, wait_for

ids = (f"s{number}" for number in itertools.count())


@pf.node
def refuses_odd(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


def chain(length: int = 30) -> pf.Flow:
    with pf.Flow("chain") as flow:
        value = nodes.double(value=1)
        for _ in range(length - 1):
            value = nodes.double(value=value)
        flow.output("number", value)
    return flow


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    with pf.Flow("painting") as flow:
        flow.output("image", paints(steps=2))
    return flow


def test_the_whole_state_is_told_at_the_start_and_at_the_end_only(page: Page) -> None:
    before = len(page.line.states("run_state"))
    page.run(run := next(ids))
    gate.wait()
    wait_for(lambda: page.node("paints") == {"state": "running"})
    assert page.editor.run_state["nodes"].get("paints") != {"state": "done"}
    gate.open(2)
    page.ended(run)
    whole = [state for state in page.line.states("run_state")[before:] if state["run"] == run]
    assert 2 <= len(whole) <= 3, "begun, planned, ended"
    assert whole[0]["seq"] == 0
    assert page.shown()["nodes"]["paints"]["state"] == "done"


def test_changes_are_numbered_without_gaps_and_put_together_as_the_trait_says(warmed: list[str]) -> None:
    page = Page(chain())
    for _ in range(3):
        page.run(run := next(ids))
        ended = page.ended(run)
        assert page.shown() == ended  # which checks the numbers
        assert {node["state"] for node in ended["nodes"].values()} == {"done"}


def test_a_thousand_changes_are_few_messages(warmed: list[str]) -> None:
    page = Page(chain(400))
    page.run(run := next(ids))
    page.ended(run)
    assert len(page.of("states")) < 40
    assert all(len(message["nodes"]) <= 400 for message in page.of("states"))


def test_a_page_that_missed_something_gets_the_whole_state(page: Page) -> None:
    page.run(run := next(ids))
    gate.wait()
    wait_for(lambda: page.node("paints") == {"state": "running"})
    before = len(page.line.states("run_state"))
    assert page.ask("run_state")["type"] == "ack"
    told = wait_for(lambda: page.line.states("run_state")[before:])[0]
    assert told["nodes"] == {"paints": {"state": "running"}}
    gate.open(2)
    page.ended(run)
    assert page.shown()["status"] == "done", "the numbers go on"


def test_the_whole_state_is_sent_again_where_nothing_changed(page: Page) -> None:
    gate.open(2)
    page.run(run := next(ids))
    page.ended(run)
    for asked in ("run_state", "hello"):
        before = len(page.line.states("run_state"))
        page.ask(asked)
        assert wait_for(lambda n=before: page.line.states("run_state")[n:])[0] == page.editor.run_state


def test_a_mapped_node_tells_its_items_and_which_of_them_failed(warmed: list[str]) -> None:
    with pf.Flow("mapped") as flow:
        flow.output("numbers", nodes.double(value=nodes.numbers(count=3)))
        flow.output("some", refuses_odd(value=flow.nodes["numbers"]["numbers"]))
    page = Page(flow)
    page.run(run := next(ids))
    told = page.ended(run)["nodes"]
    assert told["double"]["items"] == 3
    assert told["refuses_odd"]["state"] == "failed"
    assert [error["item"] for error in told["refuses_odd"]["item_errors"]] == [1]
    assert "1 is odd" in told["refuses_odd"]["item_errors"][0]["error"]
    assert "items" not in told["numbers"]


def test_muted_and_pinned_nodes_say_so(warmed: list[str]) -> None:
    with pf.Flow("marks") as flow:
        first = nodes.double(value=3)
        flow.output("number", nodes.double(value=first))
    page = Page(flow)
    page.run(run := next(ids))
    assert "pinned" not in page.ended(run)["nodes"]["double"]
    page.ask("pin", node="double", on=True)
    flow.apply([{"op": "set_node", "id": "double_2", "fields": {"muted": True}}])
    page.run(run := next(ids))
    told = page.ended(run)["nodes"]
    assert told["double"].get("pinned") is True
    assert told.get("double_2", {"muted": True})["muted"] is True


def test_what_happens_inside_a_body_is_not_told_of_nodes_that_the_page_does_not_know(warmed: list[str]) -> None:
    flow = chain(3)
    flow.make_subflow(["double_2", "double_3"], "inside")
    page = Page(flow)
    page.run(run := next(ids))
    ended = page.ended(run)
    assert ended["status"] == "done"
    assert set(ended["nodes"]) == set(flow.document["nodes"])
    assert page.shown() == ended


def test_at_most_ten_messages_a_second_tell_of_states(page: Page) -> None:
    page.run(run := next(ids))
    gate.wait()
    sent, since = len(page.of("states")) + len(page.of("progress")), time.monotonic()
    for _ in range(20):
        page.editor._runs._tell_later.ask()
    gate.open(2)
    page.ended(run)
    passed = time.monotonic() - since
    assert len(page.of("states")) + len(page.of("progress")) - sent <= 2 * (passed * 10 + 2)
