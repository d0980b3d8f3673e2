"""The editor's traits, and its life."""

from __future__ import annotations

import gc
import itertools
import json
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
import traitlets

import pixelflow_widgets as pf
from pixelflow_widgets.models.cards import cards
from pixelflow_widgets.schema import Registry
from pixelflow_widgets.schema.signature import read_node_type
from pixelflow_widgets.widget import editor as editors
from pixelflow_widgets.widget.editor import Editor
from pixelflow_widgets.widget.errands import Later, beside

from .page import Page, add, wait_for


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr(editors, "IDLE_DOCUMENT", 0.1)
    monkeypatch.setattr(editors, "IDLE_PROBLEMS", 0.05)
    monkeypatch.setattr(editors, "IDLE_PICTURE", 0.1)


def test_a_flow_has_one_editor_that_knows_everything_a_page_needs(warmed: list[str]) -> None:
    flow = pf.Flow("one")
    flow.add("number", id="n")
    editor = flow.editor
    assert isinstance(editor, Editor)
    assert flow.editor is editor
    assert editor.document == {"epoch": flow.epoch, "rev": 1, "flow": flow.document}
    assert list(editor.types) == [node_type.name for node_type in flow.registry]
    assert editor.types["number"] == pf.registry["number"].describe()
    assert [model["name"] for model in editor.models] == [card.name for card in cards()]
    assert editor.models[0]["installed"] is True and "text_to_image" in editor.models[0]["tasks"]
    assert editor.run_state == {"run": None, "status": "idle", "nodes": {}, "seq": 0, "queued": 0, "queue": []}
    assert (editor.selection, editor.viewport, editor.options) == ([], {}, {"height": 520})
    assert editor.status == {"file": "", "saved": False, "draft": False, "note": ""}
    json.dumps(editor.get_state(["document", "types", "models", "status", "run_state", "conflict"]), allow_nan=False)


def test_the_document_trait_is_renewed_after_a_pause_and_not_at_each_edit(
    impatient: None, flow: pf.Flow, page: Page
) -> None:
    for number in range(20):
        page.edit(add(f"n{number}"))
    wait_for(lambda: page.editor.document["rev"] == 20)
    assert page.editor.document["flow"] == flow.document
    assert len(page.line.states("document")) <= 3


def test_problems_are_told_after_a_pause(impatient: None, page: Page) -> None:
    page.edit(add("resize", "resize_image"))
    problems = wait_for(lambda: page.editor.problems)
    assert [(problem["node"], problem["port"]) for problem in problems] == [("resize", "image")]
    assert problems[0]["message"] and problems[0]["remedy"]
    page.ask("undo")
    wait_for(lambda: not page.editor.problems)


def test_a_node_type_that_a_cell_defines_is_in_the_palette_at_once(impatient: None, page: Page) -> None:
    assert "tests.defined_late" not in page.editor.types

    def defined_late(value: int = 1) -> int:
        return value

    page.edit(add("late", "tests.defined_late"))
    wait_for(lambda: page.editor.problems)
    try:
        pf.node(defined_late)
        wait_for(lambda: "tests.defined_late" in page.editor.types)
        wait_for(lambda: not page.editor.problems)
        pf.node(title="Other words")(defined_late)
        wait_for(lambda: page.editor.types["tests.defined_late"]["title"] == "Other words")
    finally:
        pf.registry._types.pop("tests.defined_late", None)


def test_a_listener_of_the_registry_that_fails_keeps_nobody_from_hearing(capsys: pytest.CaptureFixture[str]) -> None:
    registry, heard = Registry(), []

    def doubled(value: int = 1) -> int:
        return value

    def fails() -> None:
        raise ValueError("no")

    registry.on_change(fails)
    end = registry.on_change(lambda: heard.append(1))
    registry.add(read_node_type(doubled))
    end()
    end()
    registry.add(read_node_type(doubled))
    assert (len(heard), len(registry)) == (1, 1)
    assert "ValueError: no" in capsys.readouterr().err


# What Python and pages may set


def test_python_sets_the_selection_by_ids_or_nodes_and_observes_it(flow: pf.Flow, page: Page) -> None:
    node = flow.add("number", id="n")
    flow.editor.selection = [node, "other"]
    assert page.line.states("selection")[-1] == ["n", "other"]
    seen: list[Any] = []
    flow.editor.observe(lambda change: seen.append(change["new"]), "selection")
    flow.editor.set_state({"selection": ["n"]})
    assert seen == [["n"]]
    for wrong in ([3], None):
        with pytest.raises(traitlets.TraitError):
            flow.editor.selection = wrong


def test_python_sets_the_viewport_and_the_height(flow: pf.Flow, page: Page) -> None:
    flow.editor.viewport = {"x": 10, "y": -5.5, "zoom": 0.5}
    flow.editor.options = {"height": 700}
    assert page.line.states("viewport")[-1]["zoom"] == 0.5
    assert page.line.states("options")[-1] == {"height": 700}
    for wrong in ({"x": 1}, {"x": 1, "y": 1, "zoom": 0}, {"x": 1, "y": float("nan"), "zoom": 1}):
        with pytest.raises(traitlets.TraitError):
            flow.editor.viewport = wrong
    with pytest.raises(traitlets.TraitError):
        flow.editor.options = {"height": 3}


def test_a_page_sets_what_is_its_own_and_nothing_else(flow: pf.Flow, page: Page) -> None:
    before, code = page.editor.document, page.editor._esm
    nonsense = {"document": {}, "types": {}, "run_state": {}, "_esm": "alert(1)", "nonsense": 1}
    own = {"selection": ["a"], "viewport": {"x": 1, "y": 2, "zoom": 3, "by": "view"}, "options": {"height": "tall"}}
    page.editor.set_state(nonsense | own)
    assert (page.editor.document, page.editor._esm) == (before, code)
    assert page.editor.selection == ["a"]
    assert page.editor.viewport["by"] == "view"
    assert page.editor.options == {"height": 520}


def test_traits_are_not_echoed(page: Page) -> None:
    sent = len(page.line.sent)
    page.editor.set_state({"selection": ["a"], "viewport": {"x": 1, "y": 2, "zoom": 3}})
    assert len(page.line.sent) == sent


def test_the_status_says_what_is_saved(impatient: None, tmp_path: Path, warmed: list[str]) -> None:
    flow = pf.edit(tmp_path / "poster.flow.json")
    page = Page(flow)
    assert page.editor.status == {"file": "poster.flow.json", "saved": True, "draft": False, "note": ""}
    page.edit(add("n"))
    wait_for(lambda: page.editor.status["saved"] is False)
    wait_for(lambda: page.editor.status["saved"] is True)
    assert page.line.states("document")[-1]["rev"] == 1
    flow.close()


def test_text_that_cannot_be_sent_does_not_keep_a_flow_from_being_shown(tmp_path: Path, warmed: list[str]) -> None:
    content = {"format": "pixelflow", "version": 1, "name": "half \ud83d", "nodes": {}, "edges": [], "inputs": []}
    path = tmp_path / "half.flow.json"
    path.write_text(json.dumps({**content, "outputs": []}))
    editor = pf.Flow.load(path).editor
    assert editor.document["flow"]["name"] == "half ?"


# Warming


def test_the_worker_is_warmed_when_a_page_shows_a_node_that_loads_a_model(warmed: list[str]) -> None:
    flow = pf.Flow("warm")
    flow.add("text_to_image")
    assert flow.editor
    time.sleep(0.05)
    assert warmed == [], "nobody looks"
    page = Page(flow)
    wait_for(lambda: warmed)
    page.edit(add("another", "text_to_image"))
    page.ask("hello", have=None)
    assert warmed == ["warm"]


def test_the_worker_is_warmed_when_such_a_node_is_placed_and_not_before(page: Page, warmed: list[str]) -> None:
    page.edit(add("n"), add("resize", "resize_image"), add("nobody", "unknown"))
    time.sleep(0.05)
    assert warmed == []
    page.edit(add("paint", "text_to_image"))
    wait_for(lambda: warmed == ["warm"])


# Lives


def test_a_flow_that_nobody_saw_is_not_kept_by_its_editor(warmed: list[str]) -> None:
    flow = pf.Flow("forgotten")
    flow.add("number")
    editor, gone = flow.editor, weakref.ref(flow)
    editor._flow_now()
    del flow
    wait_for(lambda: (gc.collect(), gone() is None)[1])
    assert editor.is_closed
    assert "is gone" in repr(editor)


def test_a_flow_that_is_shown_lives_as_long_as_its_editor(warmed: list[str]) -> None:
    flow = pf.Flow("shown")
    editor, gone = flow.editor, weakref.ref(flow)
    flow._repr_mimebundle_()
    del flow
    gc.collect()
    is_alive = gone() is not None  # an assert would keep it
    assert is_alive
    editor.close()
    wait_for(lambda: (gc.collect(), gone() is None)[1])


def test_an_editor_whose_line_was_closed_is_replaced_and_nothing_is_forgotten(flow: pf.Flow, page: Page) -> None:
    flow.add("number", id="n", value=4.0)
    page.run("r1")
    page.ended("r1")
    first = flow.editor
    first.selection, first.options = ["n"], {"height": 300}
    first.comm._closed = True  # as marimo does when the cell that showed it runs again
    again = Page(flow, "again")
    assert flow.editor is not first
    assert (flow.editor.selection, flow.editor.options["height"]) == (["n"], 300)
    assert flow.editor.run_state["run"] == "r1"
    wait_for(lambda: again.of("result"))
    assert first.comm is None
    assert again.edit(add("m"))["type"] == "change"
    assert len(again.of("change")) == 1
    first.close()
    assert not flow.editor.is_closed


def test_two_threads_that_ask_for_the_editor_get_the_same(warmed: list[str]) -> None:
    flow, found = pf.Flow("threads"), []
    threads = [threading.Thread(target=lambda: found.append(flow.editor)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


# Work beside


def test_later_waits_for_a_pause_and_is_done_once() -> None:
    calls: list[float] = []
    later = Later(lambda: calls.append(time.monotonic()), 0.1, after_pause=True)
    for _ in range(10):
        last = time.monotonic()
        later.ask()
        time.sleep(0.02)
    wait_for(lambda: calls)
    time.sleep(0.2)
    assert len(calls) == 1
    assert calls[0] - last >= 0.1


def test_later_without_a_pause_comes_at_once_and_then_so_often_as_allowed() -> None:
    calls: list[float] = []
    later = Later(lambda: calls.append(time.monotonic()), 0.1)
    began = time.monotonic()
    while time.monotonic() < began + 0.35:
        later.ask()
        time.sleep(0.001)
    time.sleep(0.2)
    assert calls[0] - began < 0.05
    assert 3 <= len(calls) <= 5, "the last ask is not lost"
    assert all(later - earlier >= 0.095 for earlier, later in itertools.pairwise(calls))


def test_an_error_beside_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def fails() -> None:
        raise ValueError("no")

    for _ in range(5):
        beside(fails)
    Later(fails, 0.01).ask()
    later = Later(done.set, 0.01)
    time.sleep(0.05)
    later.ask()
    assert done.wait(5)
    done.clear()
    beside(done.set)
    assert done.wait(5)


# Speed


def test_an_edit_of_a_flow_of_a_thousand_nodes_is_cheap(tmp_path: Path, warmed: list[str]) -> None:
    flow = pf.edit(tmp_path / "large.flow.json")
    flow.apply([add(f"n{number}", value=1.0) for number in range(1000)])
    page = Page(flow)

    def edit(number: int) -> Any:
        operation = {"op": "set_values", "id": f"n{number}", "values": {"value": number}}
        return {"type": "ops", "client": "page", "epoch": flow.epoch, "base_rev": number, "ops": [operation]}

    best = 1.0
    for _ in range(5):
        edits = [edit(number) for number in range(200)]
        began = time.thread_time()
        for message in edits:
            page.send({**message, "seq": next(page.numbers)})
        best = min(best, (time.thread_time() - began) / len(edits))
    change = page.of("change")[-1]
    change.pop("buffers")
    assert len(json.dumps(change)) <= 300
    assert best < 0.4e-3, f"{best * 1000:.3f} ms"  # 0.2 on a machine that does nothing else
    flow.close()
