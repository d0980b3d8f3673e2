"""The document in memory: the order in which edits are heard, undo steps that merge, and catching up."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.flow import edited as room
from pixelflow_widgets.flow.operations import apply_all
from pixelflow_widgets.schema import Registry

from .living import coded, say, texts
from .strategies import OPERATIONS, WHOLE, documents, examples


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def typed(flow: pf.Flow, text: str, merge: str | None = "say.text") -> None:
    flow.apply([{"op": "set_values", "id": "say", "values": {"text": text}}], source="page1", merge=merge)


@pytest.fixture
def flow() -> pf.Flow:
    return coded("edited", "say")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    return now


def test_typing_is_one_undo_step_and_one_redo_step(flow: pf.Flow) -> None:
    for text in ("h", "he", "hey"):
        typed(flow, text)
    assert flow.revision == 4, "everybody hears of each letter"
    flow.undo()
    assert texts(flow) == ["say"]
    flow.redo()
    assert texts(flow) == ["hey"]
    flow.undo()
    flow.undo()
    assert not flow.can_undo and flow.can_redo and texts(flow) == []


def test_typing_that_pauses_for_a_second_is_another_step(flow: pf.Flow, clock: list[float]) -> None:
    typed(flow, "a")
    clock[0] += 0.9
    typed(flow, "ab")
    clock[0] += 0.9  # counted from the last letter
    typed(flow, "abc")
    clock[0] += 1.0
    typed(flow, "abcd")
    flow.undo()
    assert texts(flow) == ["abc"]
    flow.undo()
    assert texts(flow) == ["say"]


@pytest.mark.parametrize("between", ["another key", "no key", "an undo", "another edit"])
def test_only_what_follows_at_once_with_the_same_key_merges(flow: pf.Flow, between: str) -> None:
    typed(flow, "a")
    if between == "another key":
        typed(flow, "b", "other")
    elif between == "no key":
        typed(flow, "b", None)
    elif between == "an undo":
        typed(flow, "b", "other")
        flow.undo()
    else:
        flow.apply([{"op": "set_flow", "fields": {"title": "x"}}])
    before = copy.deepcopy(flow.document)
    typed(flow, "c")
    flow.undo()
    assert flow.document == before


def test_a_long_drag_does_not_grow_the_undo_step(flow: pf.Flow) -> None:
    for x in range(500):
        flow.apply([{"op": "move_nodes", "positions": {"say": [x, 0]}}], merge="drag")
    undone: list[Any] = []
    flow.on_change(undone.append)
    flow.undo()
    assert len(undone[0].operations) == 1
    assert flow.document["layout"]["positions"]["say"] == [0, 0]


def test_a_merge_of_unlike_edits_takes_all_of_them_back(flow: pf.Flow) -> None:
    before = copy.deepcopy(flow.document)
    flow.apply([{"op": "set_node", "id": "say", "fields": {"title": "a"}}], merge="m")
    flow.apply([{"op": "set_node", "id": "say", "fields": {"note": "b"}}], merge="m")
    flow.apply([{"op": "add_node", "id": "new", "node": {"type": "say"}}], merge="m")
    after = copy.deepcopy(flow.document)
    flow.undo()
    assert flow.document == before
    flow.redo()
    assert same(flow.document, after)


@pytest.mark.soak
@examples(60)
@given(documents(), st.lists(st.tuples(st.sampled_from(["undo", "redo", "a", "b", None]), OPERATIONS), max_size=30))
def test_undo_goes_back_to_the_beginning_and_redo_to_the_end_whatever_merges(document: Any, steps: list[Any]) -> None:
    flow = pf.Flow("random", registry=Registry())
    flow._document = document
    before, told, confirmed = copy.deepcopy(document), [], document
    flow.on_change(told.append)
    for what, operation in steps:
        if what in ("undo", "redo"):
            getattr(flow, what)()
        else:
            with contextlib.suppress(pf.OperationRejected):
                flow.apply([operation], merge=what)
    while flow.redo():
        pass
    end = copy.deepcopy(flow.document)
    while flow.undo():
        pass
    assert same(flow.document, before)
    while flow.redo():
        pass
    assert same(flow.document, end)
    for change in told:  # what a page does
        confirmed, _ = apply_all(confirmed, change.operations)
    assert same(confirmed, end)
    assert [change.revision for change in told] == list(range(1, len(told) + 1))


def test_the_last_500_steps_can_be_taken_back(flow: pf.Flow) -> None:
    for number in range(600):
        flow.apply([{"op": "set_flow", "fields": {"title": str(number)}}])
    steps = 0
    while flow.undo():
        steps += 1
    assert steps == 500 and flow.document["title"] == "99"


def test_who_undoes_is_told(flow: pf.Flow) -> None:
    heard: list[str] = []
    flow.on_change(lambda change: heard.append(change.source))
    flow.undo(source="page1")
    flow.redo(source="page2")
    flow.undo()
    flow.redo()
    assert heard == ["page1", "page2", "undo", "redo"]


def test_listeners_hear_in_order_also_when_one_of_them_edits(flow: pf.Flow) -> None:
    first: list[int] = []
    second: list[int] = []

    def edits(change: Any) -> None:
        first.append(change.revision)
        if change.revision < 5:
            nested = flow.apply([{"op": "set_flow", "fields": {"title": str(change.revision)}}])
            assert nested.revision == change.revision + 1

    flow.on_change(edits)
    flow.on_change(lambda change: second.append(change.revision))
    say(flow, "go")
    assert first == second == [2, 3, 4, 5]


def test_listeners_hear_in_order_from_many_threads(flow: pf.Flow) -> None:
    heard: list[int] = []
    flow.on_change(lambda change: heard.append(change.revision))

    def edit() -> None:
        for number in range(100):
            flow.apply([{"op": "set_flow", "fields": {"title": str(number)}}])
            flow.undo()

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert heard == sorted(heard) and heard[-1] == flow.revision


def test_when_an_edit_returns_everybody_has_heard(flow: pf.Flow) -> None:
    heard: list[Any] = []
    flow.on_change(heard.append)
    assert flow.apply([{"op": "set_flow", "fields": {"title": "x"}}]) is heard[-1]


def test_what_is_missed_can_be_asked_for(flow: pf.Flow) -> None:
    told: list[Any] = []
    flow.on_change(told.append)
    for number in range(3):
        flow.apply([{"op": "set_flow", "fields": {"title": str(number)}}])
    assert flow.changes_since(4) == []
    assert flow.changes_since(1) == told
    assert flow.changes_since(3) == told[2:]
    assert len(flow.changes_since(0) or []) == 4
    assert flow.changes_since(5) is None and flow.changes_since(-1) is None
    for number in range(1100):
        flow.apply([{"op": "set_flow", "fields": {"title": str(number)}}])
    assert flow.changes_since(flow.revision - 1001) is None
    assert len(flow.changes_since(flow.revision - 1000) or []) == 1000


def test_each_live_document_has_an_epoch_of_its_own() -> None:
    assert coded().epoch != coded().epoch


def test_a_whole_flow_takes_the_place_of_another_and_the_rules_know(flow: pf.Flow) -> None:
    painted = coded("painted")
    words = painted.add("tests.say", id="words", text="x")
    painted.add("tests.paint", id="draw", prompt=words["text"])
    flow.apply([{"op": "replace", "document": painted.document}])
    with pytest.raises(pf.OperationRejected, match="takes one value and is connected"):
        say(flow, "more")
        flow.apply([{"op": "connect", "from": "more.text", "to": "draw.prompt"}])
    while flow.undo():
        pass
    assert texts(flow) == []


@pytest.mark.parametrize(
    "broken",
    [
        {**WHOLE, "nodes": {"a": {"type": "draw"}}},
        {**WHOLE, "inputs": [{"name": "a", "type": "text"}]},
        {**WHOLE, "version": "new"},
        {key: value for key, value in WHOLE.items() if key != "layout"},
    ],
)
def test_a_whole_flow_that_a_file_would_not_give_back_is_rejected(flow: pf.Flow, broken: Any) -> None:
    before = flow.document
    with pytest.raises(pf.OperationRejected):
        flow.apply([{"op": "replace", "document": broken}], source="page1")
    assert flow.document is before
