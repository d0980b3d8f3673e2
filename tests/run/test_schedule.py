"""Nodes run as soon as they may, several at once; a lazy input lets nothing run before it is asked for."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import MemoryCache

from . import logic_nodes as logic
from . import sample_nodes as nodes

_meeting = threading.Barrier(2)


@pf.node(where="kernel")
def meets_another(name: str) -> str:
    """Ends only if two of it run at the same time."""
    _meeting.wait(20)
    return name


@pf.node(where="kernel", pure=False)
def sleeps_for_ever(value: int = 0) -> int:
    while True:
        time.sleep(0.05)


@pf.node(pure=False)
def thread_name(value: int = 0) -> str:
    return threading.current_thread().name


def run(flow: pf.Flow, cache: MemoryCache | None = None, **options: Any) -> Any:
    options.setdefault("backend", "inline")
    return start(
        flow.document, flow.registry, flow.media, cache=cache if cache is not None else MemoryCache(), **options
    )


def times(path: Path) -> int:
    return len(path.read_text()) if path.exists() else 0


def test_independent_nodes_run_at_the_same_time() -> None:
    with pf.Flow("two") as flow:
        flow.output("one", meets_another(name="one"))
        flow.output("two", meets_another(name="two"))
    assert dict(run(flow, backend="auto").result()) == {"one": "one", "two": "two"}


def test_inline_nodes_run_one_after_another_in_the_thread_of_the_run() -> None:
    with pf.Flow("threads") as flow:
        for number in range(3):
            flow.output(f"name_{number}", thread_name(value=number))
    (name,) = set(run(flow).result().values())
    assert name.startswith("pixelflow-run-")


def test_two_nodes_that_are_the_same_run_once_also_at_the_same_time(tmp_path: Path) -> None:
    with pf.Flow("twins") as flow:
        for number in range(4):
            flow.output(f"out_{number}", nodes.counts_purely(path=str(tmp_path / "runs"), value=3))
    assert set(run(flow, backend="auto").result().values()) == {3}
    assert times(tmp_path / "runs") == 1


def test_a_failure_stops_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    with pf.Flow("half") as flow:
        broken = nodes.fails(text="no")
        flow.output("never", nodes.talks(text=broken))
        flow.output("kept", nodes.counts_purely(path=str(tmp_path / "runs"), value=1))
    for backend in ("inline", "auto"):
        started = run(flow, backend=backend)
        started.wait()
        assert started.status == "failed" and list(started.errors) == ["fails"]
        assert started.partial_result()["kept"] == 1


def test_stop_leaves_a_kernel_node_behind_that_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelflow_widgets.run.scope.LEAVE_SECONDS", 0.3)
    with pf.Flow("stuck") as flow:
        flow.output("never", sleeps_for_ever())
    started = run(flow, backend="auto")
    for event in started.events():
        if event.kind == "node-started":
            started.cancel()
    assert started.status == "cancelled"
    assert started.wait(5)


# Lazy inputs


@pytest.mark.parametrize("backend", ["inline", "auto"])
@pytest.mark.parametrize("condition", [True, False])
def test_only_the_side_that_is_taken_runs(condition: bool, backend: str, tmp_path: Path) -> None:
    with pf.Flow("switched") as flow:
        on = nodes.counts_purely(path=str(tmp_path / "on"), value=1)
        off = nodes.counts_purely(path=str(tmp_path / "off"), value=2)
        flow.output(
            "taken", logic.either_side(condition=condition, on=nodes.double(value=on), off=nodes.double(value=off))
        )
    assert run(flow, backend=backend).result()["taken"] == (2 if condition else 4)
    assert (times(tmp_path / "on"), times(tmp_path / "off")) == ((1, 0) if condition else (0, 1))


def test_a_change_on_the_side_that_is_not_taken_makes_nothing_stale(tmp_path: Path) -> None:
    cache = MemoryCache()
    with pf.Flow("switched") as flow:
        off = nodes.double(value=5)
        taken = logic.either_side(condition=True, on=nodes.double(value=3), off=off)
        flow.output("end", nodes.counts_purely(path=str(tmp_path / "end"), value=taken))
    assert run(flow, cache).result()["end"] == 6
    flow.set("double", value=50)
    assert run(flow, cache).result()["end"] == 6
    assert times(tmp_path / "end") == 1


def test_a_value_that_stands_on_the_node_is_taken_as_it_is() -> None:
    with pf.Flow("switched") as flow:
        flow.output("taken", logic.either_number(condition=False, on=nodes.double(value=3)))
    assert run(flow).result()["taken"] == 7


def test_a_list_of_conditions_takes_a_side_for_each() -> None:
    with pf.Flow("switched") as flow:
        sides = logic.either_side(condition=_flags(count=3), on=nodes.double(value=3), off=nodes.double(value=4))
        flow.output("taken", sides)
    assert run(flow).result()["taken"] == [6, 8, 6]


@pf.node
def _flags(count: int) -> list[bool]:
    return [number % 2 == 0 for number in range(count)]


@pytest.mark.parametrize("backend", ["inline", "auto"])
def test_what_fails_lazily_can_be_replaced_and_the_other_side_runs_only_then(backend: str, tmp_path: Path) -> None:
    with pf.Flow("rescued") as flow:
        second = nodes.counts_purely(path=str(tmp_path / "second"), value=2)
        flow.output("failed", logic.rescue(first=nodes.fails(text="no"), second=second))
    started = run(flow, backend=backend)
    started.wait()
    assert started.partial_result()["failed"] == 2
    with pf.Flow("fine") as flow:
        flow.output("fine", logic.rescue(first=nodes.double(value=1), second=second_of(tmp_path)))
    assert run(flow, backend=backend).result()["fine"] == 2
    assert times(tmp_path / "other") == 0


def second_of(folder: Path) -> Any:
    return nodes.counts_purely(path=str(folder / "other"), value=2)


# Mapped items


@pf.node
def fails_on_odd(value: int, path: str) -> int:
    with Path(path).open("a") as file:
        file.write("x")
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


def test_items_that_fail_are_named_and_the_others_are_kept(tmp_path: Path) -> None:
    cache = MemoryCache()
    with pf.Flow("mapped") as flow:
        flow.output("even", fails_on_odd(value=nodes.numbers(count=4), path=str(tmp_path / "runs")))
    for runs in (4, 6):  # the second time only those that failed
        started = run(flow, cache)
        started.wait()
        error = str(started.errors["fails_on_odd"])
        assert "2 of 4 items failed" in error and "item 2: ValueError: 1 is odd" in error and "item 4" in error
        assert times(tmp_path / "runs") == runs


# Questions


@pytest.mark.parametrize("backend", ["inline", "auto"])
def test_a_node_asks_and_goes_on_with_the_answer(backend: str) -> None:
    cache = MemoryCache()
    with pf.Flow("asking") as flow:
        flow.output("taken", nodes.double(value=logic.picked(candidates=nodes.numbers(count=5))))
    started = run(flow, cache, backend=backend)
    for event in started.events():
        if event.kind == "question":
            assert event.count == 5 and event.note == "Which one?"
            with pytest.raises(pf.RunError, match="candidates 0 to 4"):
                started.answer("picked", 5)
            with pytest.raises(pf.RunError, match="asks nothing now"):
                started.answer("double", 1)
            started.answer("picked", 3)
    assert started.result()["taken"] == 6
    again = run(flow, cache, backend=backend)  # the same candidates: the answer stands
    assert again.result()["taken"] == 6 and not any(event.kind == "question" for event in again.events())


def test_an_answer_stands_for_the_same_candidates_however_they_were_made() -> None:
    cache = MemoryCache()
    with pf.Flow("asking") as flow:
        flow.output("taken", logic.picked(candidates=nodes.numbers(count=3)))
    first = run(flow, cache)
    while not first.questions and not first.wait(0.01):
        pass
    first.answer("picked", 2)
    assert first.result()["taken"] == 2
    with pf.Flow("asking differently") as other:
        other.output("taken", logic.picked(candidates=listed(values=nodes.numbers(count=3))))
    again = run(other, cache)
    assert again.wait(20) and again.result()["taken"] == 2


@pf.node
def listed(values: list[int]) -> list[int]:
    return list(values)


def test_stop_ends_a_question() -> None:
    with pf.Flow("asking") as flow:
        flow.output("taken", logic.picked(candidates=nodes.numbers(count=5)))
    started = run(flow, backend="auto")
    for event in started.events():
        if event.kind == "question":
            started.cancel()
    assert started.status == "cancelled" and not started.questions


def test_answers_may_be_given_with_the_run_and_without_them_nobody_waits_for_ever() -> None:
    with pf.Flow("asking") as flow:
        flow.output("taken", logic.picked(candidates=nodes.numbers(count=5)))
    with pytest.raises(pf.RunError, match=r"answers=\{'picked': 0\}"):
        flow.run(backend="inline")
    assert flow.run(backend="inline", answers={"picked": 2})["taken"] == 2
    flow.set("numbers", count=4)
    assert flow.run(backend="inline", answers=lambda question: len(question.values) - 1)["taken"] == 3


# Time limits


@pytest.mark.parametrize("backend", ["inline", "auto"])
def test_a_node_that_takes_longer_than_its_limit_fails_and_says_so(backend: str) -> None:
    with pf.Flow("slow") as flow:
        flow.output("steps", nodes.steps(count=400, seconds=0.01))
    flow.set_limit("steps", 0.2)
    with pytest.raises(pf.NodeFailed, match=r"did not finish within its time limit of 0\.2 s"):
        run(flow, backend=backend).result()
    flow.undo()
    assert flow.document["nodes"]["steps"].get("limit") is None
    with pytest.raises(ValueError, match="above 0"):
        flow.set_limit("steps", 0)
