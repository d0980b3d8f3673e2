"""Runs that wait for their turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import RunError
from pixelflow_widgets.widget import run_queue, runs
from pixelflow_widgets.widget.run_queue import MOST_WAITING, Entry, RunQueue

from .conftest import gate, paints
from .page import Page, wait_for

ids = (f"q{number}" for number in itertools.count())


def painting(name: str = "painting", steps: int = 1) -> pf.Flow:
    with pf.Flow(name) as flow:
        flow.output("image", paints(steps=steps))
    return flow


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    return painting()


def test_run_while_one_is_on_waits_and_is_started_when_that_has_ended(page: Page) -> None:
    first, second, third = itertools.islice(ids, 3)
    assert page.run(first)["queued"] == 0
    gate.wait()
    assert page.run(second)["queued"] == 1
    assert page.run(third)["queued"] == 2
    wait_for(lambda: page.shown().get("queue") == [second, third])
    assert (page.shown()["run"], page.shown()["queued"]) == (first, 2)
    gate.open(3)
    assert page.ended(third)["queue"] == []
    ended = [state["run"] for state in page.line.states("run_state") if state["status"] == "done"]
    assert ended == [first, second, third], "no end is passed over"


def test_stop_takes_a_waiting_run_out_and_leaves_the_others(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    page.run(second := next(ids))
    page.run(third := next(ids))
    page.ask("stop", run=second)
    wait_for(lambda: page.shown().get("queue") == [third])
    gate.open(2)
    assert page.ended(third)["status"] == "done"
    assert {state["run"] for state in page.line.states("run_state")} >= {first, third}
    assert second not in {state["run"] for state in page.line.states("run_state")}


def test_a_run_cannot_be_asked_for_twice(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    page.run(second := next(ids))
    assert "asked for already" in page.run(first)["message"]
    assert "asked for already" in page.run(second)["message"]
    gate.open(2)
    page.ended(second)


def test_a_run_of_another_flow_waits_too_and_is_shown_as_queued(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    other = Page(painting("other"), "other")
    second = next(ids)
    assert other.run(second)["queued"] == 1
    wait_for(lambda: other.shown().get("status") == "queued")
    assert (other.shown()["run"], other.shown()["queue"]) == (second, [second])
    gate.open()
    page.ended(first)
    gate.open()
    assert other.ended(second)["status"] == "done"


def test_a_waiting_run_of_another_flow_can_be_taken_out(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    other = Page(painting("other"), "other")
    other.run(second := next(ids))
    other.ask("stop", run=second)
    assert other.ended(second)["status"] == "cancelled"
    gate.open()
    assert page.ended(first)["status"] == "done"
    assert other.editor.run_state["status"] == "cancelled"


def test_a_run_that_cannot_be_started_makes_room_for_the_next(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    page.run(next(ids), ["nobody"])
    page.run(third := next(ids))
    gate.open(2)
    assert page.ended(third)["status"] == "done"
    assert len(page.of("refused")) == 1
    assert page.of("refused")[0]["run"] != first


def test_a_run_from_python_is_waited_for(page: Page, flow: pf.Flow) -> None:
    mine = flow.start()
    gate.wait()
    run = next(ids)
    assert page.run(run)["queued"] == 1
    gate.open(2)
    assert page.ended(run)["status"] == "done"
    assert mine.status == "done"


def test_a_run_while_one_is_stopping_begins_when_that_has_left(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    page.ask("stop", run=first)
    page.run(second := next(ids))
    wait_for(lambda: page.editor.run_state["run"] == second)
    assert [state["status"] for state in page.line.states("run_state") if state["run"] == first][-1] == "cancelled"
    gate.open(1)
    assert page.ended(second)["status"] == "done"


# The queue alone


class Started:
    """Keeps in which order runs were started, of which flow."""

    def __init__(self) -> None:
        self.queue = RunQueue()
        self.order: list[str] = []

    def add(self, id: str, owner: str = "flow", *, is_auto: bool = False) -> int:
        return self.queue.add(Entry(id, owner, lambda: self.order.append(id), is_auto))

    def waiting(self, owner: str) -> list[str]:
        return [entry.id for entry in self.queue.waiting(owner)]


class Going:
    """Stands for a run."""

    def __init__(self, id: str, *, asks: bool = False, is_stopping: bool = False) -> None:
        self.id, self.is_stopping = id, is_stopping
        self.questions = {"node": object()} if asks else {}


def test_runs_of_users_come_before_automatic_ones() -> None:
    started = Started()
    started.add("first")
    started.add("auto", is_auto=True)
    started.add("mine")
    for run in ("first", "mine", "auto"):
        started.queue.ended(run)
    assert started.order == ["first", "mine", "auto"]


def test_of_automatic_runs_of_one_flow_the_newest_waits() -> None:
    started = Started()
    started.add("first")
    for run in ("auto1", "auto2", "auto3"):
        started.add(run, is_auto=True)
    started.add("other", "another flow", is_auto=True)
    assert started.waiting("flow") == ["auto3"]
    assert started.waiting("another flow") == ["other"]


@pytest.mark.parametrize("state", [{"asks": True}, {"is_stopping": True}])
def test_a_run_that_waits_for_a_person_or_leaves_holds_up_its_own_flow_only(state: Any) -> None:
    started = Started()
    started.add("asking")
    started.queue.began("flow", Going("asking", **state))  # type: ignore[arg-type]
    assert started.add("again") == 1
    assert started.add("other", "another flow") == 0
    assert started.order == ["asking", "other"]


def test_a_queue_has_an_end() -> None:
    started = Started()
    started.add("first")
    for number in range(MOST_WAITING):
        started.add(f"r{number}")
    with pytest.raises(RunError, match="Stop some of them first"):
        started.add("one more")
    assert "one more" not in started.waiting("flow")


def test_what_is_not_there_is_not_taken_out() -> None:
    started = Started()
    assert not started.queue.take_out("nobody")
    assert not started.queue.take_out(None)
    started.queue.ended("nobody")


def test_one_queue_serves_the_process() -> Iterator[None]:
    assert run_queue.shared_queue() is runs.shared_queue()
