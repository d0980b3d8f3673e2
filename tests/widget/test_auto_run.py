"""Running by itself after edits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.widget import auto_run
from pixelflow_widgets.widget.auto_run import can_change_a_result, safe_targets
from tests.run import sample_nodes as nodes

from .conftest import gate
from .page import Page, add, wait_for


@pf.node
def paints_purely(steps: int = 1, colour: int = 0, after: int = 0, progress: pf.Progress = pf.Progress()) -> int:
    """Waits at a gate."""
    for _ in range(steps):
        gate.reached.release()
        while not gate.steps.acquire(timeout=0.01):
            progress.check()
    return colour


@pf.node
def asks_somebody(values: list[int], ask: pf.Ask = pf.Ask()) -> int:
    return values[ask(values)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_run, "IDLE", 0.05)


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    with pf.Flow("auto") as flow:
        flow.output("number", nodes.double(value=1))
    return flow


@pytest.fixture
def page(flow: pf.Flow) -> Iterator[Page]:
    """A page that leaves nothing behind that would run later, and open the gates of another test."""
    page = Page(flow)
    yield page
    page.editor.options = {"height": 520}
    time.sleep(0.1)
    if flow.last_run is not None:
        flow.last_run.cancel()
        flow.last_run.wait(5)


def switch_on(page: Page) -> None:
    page.editor.set_state({"options": {"height": 520, "auto_run": True}})


def values(node: str, **given: Any) -> dict[str, Any]:
    return {"op": "set_values", "id": node, "values": given}


def results(page: Page) -> list[bytes]:
    return [message["buffers"][0] for message in page.of("result")]


def settled(page: Page) -> None:
    """Wait until no automatic run is on or coming."""
    time.sleep(0.3)
    wait_for(lambda: page.editor.run_state["status"] != "running")


def test_switching_it_on_runs_and_each_edit_runs_again(page: Page) -> None:
    switch_on(page)
    wait_for(lambda: results(page) == [b"2"])
    page.edit(values("double", value=5))
    wait_for(lambda: b"10" in results(page))
    state = page.editor.run_state
    assert (state["status"], state["auto"]) == ("done", True)


def test_python_may_switch_it_on_and_off(page: Page, flow: pf.Flow) -> None:
    flow.editor.options = {"height": 520, "auto_run": True}
    wait_for(lambda: results(page) == [b"2"])
    flow.editor.options = {"height": 520, "auto_run": False}
    page.edit(values("double", value=5))
    settled(page)
    assert results(page) == [b"2"]


def test_without_it_no_edit_runs_anything(page: Page, flow: pf.Flow) -> None:
    page.edit(values("double", value=5))
    settled(page)
    assert flow.last_run is None


@pytest.mark.parametrize("nonsense", ["yes", 1, None])
def test_it_is_on_or_off(page: Page, nonsense: Any) -> None:
    page.editor.set_state({"options": {"height": 520, "auto_run": nonsense}})
    assert page.editor.options == {"height": 520}


def test_a_drag_of_many_edits_is_one_run(page: Page, flow: pf.Flow) -> None:
    heard: list[str] = []
    flow.on_run(lambda run: heard.append(run.id))
    switch_on(page)
    for number in range(40):
        page.edit(values("double", value=number))
    wait_for(lambda: b"78" in results(page))
    assert len(heard) < 10


@pytest.mark.parametrize(
    ("operation", "can"),
    [
        ({"op": "set_values", "id": "n", "values": {"steps": 3}}, True),
        ({"op": "connect", "from": "a.x", "to": "b.y"}, True),
        ({"op": "disconnect", "from": "a.x", "to": "b.y"}, True),
        ({"op": "add_node", "id": "n", "node": {"type": "number"}}, True),
        ({"op": "remove_node", "id": "n"}, True),
        ({"op": "replace", "document": {}}, True),
        ({"op": "set_subflow", "name": "n", "subflow": None}, True),
        ({"op": "set_node", "id": "n", "fields": {"muted": True}}, True),
        ({"op": "set_node", "id": "n", "fields": {"pinned": None, "title": "x"}}, True),
        ({"op": "set_input", "name": "n", "fields": {"default": 3}}, True),
        ({"op": "move_nodes", "positions": {"n": [0, 0]}}, False),
        ({"op": "set_flow", "fields": {"name": "x"}}, False),
        ({"op": "set_node", "id": "n", "fields": {"title": "x", "note": "y"}}, False),
        ({"op": "set_node", "id": "n", "fields": {"collapsed": True, "size": [1, 1]}}, False),
        ({"op": "set_input", "name": "n", "fields": {"title": "x", "help": "y"}}, False),
    ],
)
def test_edits_that_only_move_or_name_do_not_run(operation: dict[str, Any], can: bool) -> None:
    assert can_change_a_result(operation) is can


def test_the_newest_run_takes_the_place_of_the_one_that_is_on(page: Page, flow: pf.Flow) -> None:
    flow.add(paints_purely, id="paints", colour=1)
    runs: list[Any] = []
    flow.on_run(runs.append)
    switch_on(page)
    gate.wait()
    page.edit(values("paints", colour=2))
    gate.wait()
    wait_for(lambda: len(runs) == 2)
    assert [run.status for run in runs] == ["cancelled", "running"], "never two at once"
    gate.open(1)
    wait_for(lambda: b"2" in [m["buffers"][0] for m in page.of("result") if m["node"] == "paints"])
    assert page.of("refused") == []


def test_a_run_of_the_user_is_never_cancelled_and_goes_first(page: Page, flow: pf.Flow) -> None:
    flow.add(paints_purely, id="paints", colour=1)
    page.run("mine", ["paints"])
    gate.wait()
    switch_on(page)
    page.edit(values("paints", colour=2))
    (waiting,) = wait_for(lambda: page.shown().get("queue"))
    page.edit(values("paints", colour=3))
    wait_for(lambda: page.shown()["queue"] not in ([], [waiting]))
    assert page.shown()["queued"] == 1
    assert page.shown()["run"] == "mine"
    gate.open(1)
    gate.wait()
    ended = [state for state in page.line.states("run_state") if state["run"] == "mine"][-1]
    assert ended["status"] == "done"
    gate.open(1)
    wait_for(lambda: b"3" in results(page))
    assert b"2" not in [m["buffers"][0] for m in page.of("result") if m["node"] == "paints"], "only the newest"


def test_a_flow_with_problems_does_not_run_and_nothing_is_said(page: Page, flow: pf.Flow) -> None:
    switch_on(page)
    wait_for(lambda: results(page) == [b"2"])
    settled(page)
    before = page.editor.run_state
    page.edit(add("resize", "resize_image"), values("double", value=9))
    settled(page)
    assert page.editor.run_state == before
    assert page.of("refused") == []
    page.edit({"op": "remove_node", "id": "resize"})
    wait_for(lambda: b"18" in results(page))


def test_what_is_not_pure_never_runs_by_itself(page: Page, flow: pf.Flow, tmp_path: Path) -> None:
    kept = tmp_path / "count"
    flow.add(nodes.counts, id="writes", path=str(kept))
    flow.add(nodes.double, id="after", value=flow.nodes["writes"]["number"])
    flow.add(nodes.double, id="beside", value=4)
    switch_on(page)
    wait_for(lambda: b"8" in results(page))
    settled(page)
    assert not kept.exists()
    assert safe_targets(flow) == ["double", "beside"]


def test_a_node_that_asks_does_not_ask_by_itself(page: Page, flow: pf.Flow) -> None:
    flow.add(asks_somebody, id="asks", values=flow.add(nodes.numbers, id="some")["numbers"])
    flow.add(nodes.double, id="after", value=flow.nodes["asks"]["number"])
    assert safe_targets(flow) == ["double", "some"]


def test_a_pinned_node_gives_its_result_without_running(page: Page, flow: pf.Flow, tmp_path: Path) -> None:
    flow.add(nodes.counts, id="writes", path=str(tmp_path / "count"))
    flow.add(nodes.double, id="after", value=flow.nodes["writes"]["number"])
    flow.run(targets=["after"])
    flow.pin("writes")
    assert safe_targets(flow) == ["double", "after"]
    count = (tmp_path / "count").read_text()
    switch_on(page)
    settled(page)
    assert (tmp_path / "count").read_text() == count


def test_when_nothing_is_left_to_run_what_is_on_is_stopped(page: Page, flow: pf.Flow) -> None:
    flow.add(paints_purely, id="paints", colour=1)
    switch_on(page)
    gate.wait()
    page.edit(
        {"op": "remove_node", "id": "paints"},
        {"op": "remove_output", "name": "number"},
        {"op": "remove_node", "id": "double"},
    )
    wait_for(lambda: flow.last_run and flow.last_run.status == "cancelled")


def test_an_empty_flow_runs_nothing(warmed: list[str]) -> None:
    flow = pf.Flow("empty")
    page = Page(flow)
    switch_on(page)
    settled(page)
    assert flow.last_run is None
