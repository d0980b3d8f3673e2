"""Runs as pages see them."""

from __future__ import annotations

import io
import itertools
import threading
import time
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.executor import Run
from tests.run import sample_nodes as nodes

from .conftest import gate, paints
from .page import Line, Page, wait_for

ids = (f"r{number}" for number in itertools.count())


def painting(steps: int = 3, colour: int = 0) -> pf.Flow:
    with pf.Flow("painting") as flow:
        flow.output("image", paints(steps=steps, colour=colour))
    return flow


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    return painting()


def test_a_run_is_acknowledged_at_once_and_followed_to_its_result(page: Page) -> None:
    run = next(ids)
    assert page.run(run)["type"] == "ack"
    gate.wait()
    wait_for(lambda: page.node("paints") == {"state": "running"})
    gate.open(3)
    state = page.ended(run)
    assert state["status"] == "done"
    assert state["nodes"]["paints"]["state"] == "done"
    assert state["nodes"]["paints"]["took"] >= 0
    result = wait_for(lambda: page.of("result"))[0]
    assert (result["run"], result["node"], result["port"]) == (run, "paints", "image")
    assert (result["mime"], result["size"], result["count"]) == ("image/jpeg", [900, 600], 1)
    assert max(PIL.Image.open(io.BytesIO(result["buffers"][0])).size) == 512


def test_progress_is_told_with_its_words(page: Page) -> None:
    page.run(run := next(ids))
    gate.wait()
    gate.open()
    gate.wait()
    told = wait_for(lambda: page.of("progress"))[-1]
    assert told["run"] == run
    assert told["nodes"] == {"paints": {"fraction": pytest.approx(1 / 3), "note": "step 1"}}
    gate.open(2)
    page.ended(run)


def test_a_thousand_reports_are_few_messages(warmed: list[str]) -> None:
    with pf.Flow("reports") as flow:
        flow.output("number", nodes.steps(count=1000))
    page = Page(flow)
    page.run(run := next(ids))
    page.ended(run)
    assert len(page.of("progress")) + len(page.of("preview")) < 40


def test_run_to_here_runs_what_the_node_needs(warmed: list[str]) -> None:
    with pf.Flow("chain") as flow:
        doubled = nodes.double(value=4)
        nodes.double(value=doubled)
        nodes.double(value=7)
    page = Page(flow)
    page.run(run := next(ids), ["double_2"])
    assert set(page.ended(run)["nodes"]) == {"double", "double_2"}
    assert wait_for(lambda: len(page.of("result")) == 2)
    assert page.of("result")[1]["buffers"] == [b"16"]


def test_cached_nodes_are_reported_too(warmed: list[str]) -> None:
    with pf.Flow("cached") as flow:
        flow.output("number", nodes.double(value=21))
    page = Page(flow)
    for count in (1, 2):
        page.run(run := next(ids))
        state = page.ended(run)
        # One that waits to be sent gives way to the next.
        results = wait_for(lambda count=count: page.of("result") if len(page.of("result")) == count else None)
    assert state["nodes"]["double"]["cached"] is True
    assert [result.get("cached", False) for result in results] == [False, True]


def test_inputs_are_given_as_json(warmed: list[str]) -> None:
    flow = pf.Flow("inputs")
    size = flow.input("size", 8)
    picture = flow.input("picture", type=pf.Image)
    flow.output("double", flow.add(nodes.double, value=size)["number"])
    flow.output("small", flow.add("resize_image", image=picture, width=2, height=2)["image"])
    page = Page(flow)
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8), "blue").save(buffer, "PNG")
    kept = page.ask("media", [buffer.getvalue()], name="blue.png", medium="image")["value"]
    page.run(run := next(ids), inputs={"size": 5, "picture": kept})
    assert page.ended(run)["status"] == "done"
    assert flow.last_run and flow.last_run.result()["double"] == 10
    assert flow.last_run.result()["small"].getpixel((0, 0)) == (0, 0, 255)


def test_a_list_is_counted_and_each_item_can_be_fetched(warmed: list[str]) -> None:
    with pf.Flow("list") as flow:
        flow.output("numbers", nodes.double(value=nodes.numbers(count=3)))
    page = Page(flow)
    page.run(run := next(ids))
    page.ended(run)
    results = wait_for(lambda: {m["node"]: m for m in page.of("result")} if len(page.of("result")) == 2 else None)
    assert (results["double"]["count"], results["double"]["buffers"]) == (3, [b"0"])
    fetched = page.ask("want", node="double", port="number", item=2)
    assert (fetched["mime"], fetched["buffers"]) == ("text/plain", [b"4"])
    assert "there is no item 3" in page.ask("want", node="double", port="number", item=3)["message"]
    assert page.ask("want", node="double", port="number", item=-1)["type"] == "reject"
    assert "Run it" in page.ask("want", node="nobody", port="number")["message"]


def test_a_picture_comes_in_full_and_without_loss_when_it_is_wanted(page: Page) -> None:
    gate.open(3)
    page.run(run := next(ids))
    page.ended(run)
    fetched = page.ask("want", node="paints", port="image", full=True)
    assert (fetched["mime"], fetched["size"]) == ("image/png", [900, 600])
    picture = PIL.Image.open(io.BytesIO(fetched["buffers"][0]))
    assert (picture.size, picture.getpixel((5, 5))) == ((900, 600), (255, 0, 0))
    assert page.ask("want", node="paints", port="image")["mime"] == "image/jpeg"


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F", "HSV", "LAB", "La", "RGBa", "PA"]
)
def test_pictures_of_every_mode_come_in_full(mode: str) -> None:
    from pixelflow_widgets.widget.results import png_of

    assert PIL.Image.open(io.BytesIO(png_of(PIL.Image.new(mode, (3, 2))))).size == (3, 2)


# What goes wrong


def test_a_node_that_fails_says_why_on_the_node(warmed: list[str]) -> None:
    with pf.Flow("fails") as flow:
        flow.output("number", nodes.total(values=nodes.numbers(count=2)))
        nodes.fails(text="the reason")
    flow.output("text", flow.nodes["fails"]["text"])
    page = Page(flow)
    page.run(run := next(ids))
    state = page.ended(run)
    assert state["status"] == "failed"
    assert state["nodes"]["fails"]["error"].endswith("ValueError: the reason")
    assert "sample_nodes.py" in state["nodes"]["fails"]["traceback"]
    assert state["nodes"]["total"]["state"] == "done"


def test_nodes_behind_one_that_failed_wait_no_more(warmed: list[str]) -> None:
    with pf.Flow("behind") as flow:
        flow.output("number", nodes.double(value=nodes.lies(text="x")))
    page = Page(flow)
    page.run(run := next(ids))
    assert set(page.ended(run)["nodes"]) == {"lies"}


def test_a_flow_with_problems_is_refused_in_words(warmed: list[str]) -> None:
    flow = pf.Flow("broken")
    flow.add("resize_image", id="resize")
    page = Page(flow)
    run = next(ids)
    assert page.run(run)["type"] == "ack"
    ended = page.ended(run)
    assert (ended["run"], ended["status"], ended["nodes"]) == (run, "failed", {})
    refused = wait_for(lambda: page.of("refused"))[0]
    assert refused["run"] == run
    assert refused["message"].startswith("This flow cannot run. 'Resize image'")
    assert [(p["node"], p["port"]) for p in refused["problems"]] == [("resize", "image")]
    assert refused["problems"][0]["remedy"]


def test_targets_that_are_not_there_are_refused_in_words(page: Page) -> None:
    page.run(next(ids), ["nobody"])
    assert "'nobody'" in wait_for(lambda: page.of("refused"))[0]["message"]


def test_an_unforeseen_error_in_planning_is_refused_in_words(
    page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(flow, "start", broken)
    page.run(run := next(ids))
    assert page.ended(run)["status"] == "failed"
    assert "ZeroDivisionError" in page.of("refused")[0]["message"]


@pytest.mark.parametrize(
    "fields",
    [{"run": ""}, {"run": None}, {"run": "r-1"}, {"run": "rx", "targets": "all"}, {"run": "rx", "inputs": [1]}],
)
def test_a_run_that_makes_no_sense_is_rejected(page: Page, fields: dict[str, Any]) -> None:
    assert page.ask("run", **fields)["type"] == "reject"
    assert page.editor.run_state["status"] == "idle"


# Stop


def test_stop_ends_the_run(page: Page) -> None:
    page.run(run := next(ids))
    gate.wait()
    assert page.ask("stop", run=run)["type"] == "ack"
    state = page.ended(run)
    assert (state["status"], state["nodes"]) == ("cancelled", {"paints": {"state": "cancelled"}})


def test_a_stop_that_overtakes_its_run_stops_it(page: Page) -> None:
    run = next(ids)
    page.editor._runs.stop(run)  # as the route hook does
    assert page.run(run)["type"] == "ack"
    assert page.ended(run)["status"] == "cancelled"
    assert page.of("result") == []


def test_a_stop_while_the_run_is_planned_stops_it(page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    start, planned, go = flow.start, threading.Event(), threading.Event()

    def slowly(*given: Any, **options: Any) -> Run:
        planned.set()
        go.wait(10)
        return start(*given, **options)

    monkeypatch.setattr(flow, "start", slowly)
    page.run(run := next(ids))
    planned.wait(10)
    page.ask("stop", run=run)
    go.set()
    assert page.ended(run)["status"] == "cancelled"


def test_a_stop_handled_late_or_twice_never_stops_the_next_run(page: Page) -> None:
    page.run(first := next(ids))
    gate.wait()
    page.ask("stop", run=first)
    page.ended(first)
    gate.open(3)
    page.run(second := next(ids))
    page.ask("stop", run=first)
    page.ask("stop", run=first)
    assert page.ended(second)["status"] == "done"


@pytest.mark.parametrize("run", [None, 3, ["r1"], {}, "x" * 1000])
def test_a_stop_of_nothing_is_answered(page: Page, run: Any) -> None:
    assert page.ask("stop", run=run)["type"] == "ack"


def test_the_kernel_is_told_the_way_of_messages_and_hears_stop_on_it(
    flow: pf.Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # ipykernel 7.4 asks the line; others have no such attribute.
    monkeypatch.setattr(Line, "_reply_subshell_for", lambda *_: "where it published last", raising=False)
    page = Page(flow)
    page.run(run := next(ids))
    gate.wait()
    route = page.line._reply_subshell_for  # type: ignore[attr-defined]
    before = len(page.line.messages)
    assert route({"method": "custom", "content": {"type": "stop", "run": run}}, "subshell") == "subshell"
    assert route({"method": "custom", "content": {"type": "ops"}}, None) is None
    for hostile in (
        None,
        3,
        {},
        {"content": 3},
        {"content": {"type": "stop"}},
        {"content": {"type": "stop", "run": {}}},
    ):
        assert route(hostile, "subshell") == "subshell"
    assert page.ended(run)["status"] == "cancelled"
    assert not [m for m in page.line.messages[before:] if m["type"] == "ack"]


def test_a_line_that_is_not_asked_for_the_way_is_left_alone(page: Page) -> None:
    assert not hasattr(page.line, "_reply_subshell_for")


# Runs that Python started


def test_a_run_from_python_is_shown_and_can_be_stopped_by_the_page(page: Page, flow: pf.Flow) -> None:
    run = flow.start()
    gate.wait()
    wait_for(lambda: page.editor.run_state["run"] == run.id)
    page.ask("stop", run=run.id)
    assert page.ended(run.id)["status"] == "cancelled"
    assert flow.last_run is run


def test_a_run_before_anybody_looked_is_there_for_the_first_page(warmed: list[str]) -> None:
    flow = painting()
    assert flow.editor.run_state["status"] == "idle"
    gate.open(3)
    run = flow.start()
    run.wait(10)
    wait_for(lambda: flow.editor.run_state["status"] == "done")
    assert flow.editor._runs.results.find("paints", "image").encoded is None, "nobody looks: nothing is encoded"
    page = Page(flow)
    assert wait_for(lambda: page.of("result"))[0]["run"] == run.id


def test_listeners_hear_of_every_run_until_they_end_it(flow: pf.Flow) -> None:
    heard: list[str] = []
    end = flow.on_run(lambda run: heard.append(run.id))
    gate.open(3)
    assert flow.start(id="mine").id == "mine"
    assert heard == ["mine"]
    assert flow.last_run
    flow.last_run.wait(10)
    end()
    gate.open(3)
    flow.start().wait(10)
    assert heard == ["mine"]


# Live frames


def step(page: Page, count: int = 1) -> None:
    """Let the node go on, and wait until it has."""
    for _ in range(count):
        gate.open()
        gate.wait()


def frames(page: Page) -> list[int]:
    """The red of each frame that was sent: the step that it shows."""
    pictures = [PIL.Image.open(io.BytesIO(m["buffers"][0])).convert("RGB") for m in page.of("preview")]
    return [picture.getpixel((1, 1))[0] for picture in pictures]  # type: ignore[index]


@pytest.fixture
def long(warmed: list[str]) -> Page:
    page = Page(painting(steps=200))
    page.run(next(ids))
    gate.wait()
    return page


def finish(page: Page) -> None:
    page.ask("stop", run=page.editor.run_state["run"])
    page.ended(page.editor.run_state["run"])


def test_a_frame_waits_for_the_credit_of_the_one_before_and_the_latest_wins(long: Page) -> None:
    step(long, 30)
    first = wait_for(lambda: long.of("preview"))[0]
    assert (first["node"], first["port"], first["mime"]) == ("paints", "image", "image/jpeg")
    time.sleep(0.3)
    assert len(frames(long)) == 1
    step(long, 20)
    long.tell("credit", node="paints", frame=first["frame"])
    wait_for(lambda: len(frames(long)) == 2)
    assert frames(long)[-1] == pytest.approx(49, abs=6), "the latest, as JPEG sees it"
    long.tell("credit", node="paints", frame=first["frame"])
    step(long, 5)
    time.sleep(0.3)
    assert len(frames(long)) == 2, "the credit of an old frame counts once"
    finish(long)


def test_a_credit_that_was_lost_does_not_stop_the_frames(long: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelflow_widgets.widget import sight

    monkeypatch.setattr(sight, "_LOST_AFTER", 0.2)
    step(long)
    wait_for(lambda: long.of("preview"))
    time.sleep(0.3)
    step(long)
    wait_for(lambda: len(long.of("preview")) == 2)
    finish(long)


def test_nothing_is_sent_for_a_node_that_no_page_shows_until_one_does(long: Page) -> None:
    long.tell("visible", nodes=["another"])
    step(long, 3)
    time.sleep(0.3)
    assert long.of("preview") == []
    long.tell("visible", nodes=["paints"])
    assert wait_for(lambda: long.of("preview"))
    finish(long)


def test_a_result_that_no_page_shows_is_encoded_when_one_does(page: Page, flow: pf.Flow) -> None:
    page.tell("visible", nodes=[])
    gate.open(3)
    page.run(run := next(ids))
    page.ended(run)
    time.sleep(0.2)
    assert page.of("result") == []
    assert page.editor._runs.results.find("paints", "image").encoded is None
    other = Page(flow, "other")
    assert wait_for(lambda: other.of("result"))


def test_a_page_that_comes_while_a_node_runs_is_told_how_far_it_is(long: Page) -> None:
    step(long, 2)
    wait_for(lambda: long.of("preview") and long.of("progress"))
    time.sleep(0.3)
    before = len(long.of("preview")), len(long.of("progress"))
    Page(long.flow, "reloaded")
    wait_for(lambda: len(long.of("preview")) > before[0] and len(long.of("progress")) > before[1])
    finish(long)


def test_a_page_that_comes_back_gets_every_result_again_without_another_run(page: Page, flow: pf.Flow) -> None:
    gate.open(3)
    page.run(run := next(ids))
    page.ended(run)
    first = wait_for(lambda: page.of("result"))[0]
    encoded = page.editor._runs.results.find("paints", "image").encoded
    Page(flow, "reloaded")
    again = wait_for(lambda: page.of("result")[1:])[0]
    assert again == first
    assert page.editor._runs.results.find("paints", "image").encoded is encoded


def test_previews_are_given_to_who_draws_a_still_picture(page: Page) -> None:
    gate.open(3)
    page.run(run := next(ids))
    page.ended(run)
    assert page.editor.previews()["paints"]["image"].size == (900, 600)
