"""Nodes that ask which of several candidates is taken."""

from __future__ import annotations

import itertools

import PIL.Image
import pytest

import pixelflow_widgets as pf
from tests.run import sample_nodes as nodes

from .page import Page, wait_for

ids = (f"a{number}" for number in itertools.count())


@pf.node
def picks(values: list[int], ask: pf.Ask = pf.Ask()) -> int:
    """Asks for a number."""
    return values[ask(values, "Which one?")]


@pf.node
def picks_a_picture(steps: int = 3, ask: pf.Ask = pf.Ask()) -> pf.Image:
    pictures = [PIL.Image.new("RGB", (20, 10), (80 * number, 0, 0)) for number in range(steps)]
    return pictures[ask(pictures)]


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    with pf.Flow("asks") as flow:
        flow.output("number", picks(values=nodes.numbers(count=4)))
    return flow


def asking(page: Page, node: str = "picks") -> str:
    """Run, and wait until a node asks."""
    page.run(run := next(ids))
    wait_for(lambda: page.node(node).get("state") == "asking")
    return run


def candidates(page: Page) -> list[dict]:
    return [message for message in page.of("result") if message["port"] == "candidates"]


def test_a_node_that_asks_shows_its_candidates_and_goes_on_with_the_one_that_is_picked(page: Page) -> None:
    run = asking(page)
    assert page.node("picks") == {"state": "asking", "note": "Which one?", "count": 4}
    told = wait_for(lambda: candidates(page))[0]
    assert (told["node"], told["count"], told["buffers"]) == ("picks", 4, [b"0"])
    assert page.ask("want", node="picks", port="candidates", item=3)["buffers"] == [b"3"]
    assert page.ask("answer", run=run, node="picks", pick=2)["type"] == "ack"
    assert page.ended(run)["status"] == "done"
    assert page.node("picks")["state"] == "done"
    assert page.flow.last_run
    assert page.flow.last_run.result()["number"] == 2
    assert page.ask("want", node="picks", port="candidates")["type"] == "reject", "they are dropped"


def test_pictures_are_shown_as_pictures(warmed: list[str]) -> None:
    with pf.Flow("pictures") as flow:
        flow.output("image", picks_a_picture())
    page = Page(flow)
    run = asking(page, "picks_a_picture")
    told = wait_for(lambda: candidates(page))[0]
    assert (told["mime"], told["count"]) == ("image/jpeg", 3)
    assert page.ask("want", node="picks_a_picture", port="candidates", item=1, full=True)["mime"] == "image/png"
    page.ask("answer", run=run, node="picks_a_picture", pick=1)
    assert page.ended(run)["status"] == "done"


@pytest.mark.parametrize("pick", [4, -1, True, "1", None])
def test_an_answer_that_is_no_candidate_is_refused_and_the_question_stays(page: Page, pick: object) -> None:
    run = asking(page)
    assert "candidates" in page.ask("answer", run=run, node="picks", pick=pick)["message"]
    assert page.node("picks")["state"] == "asking"
    page.ask("stop", run=run)
    page.ended(run)


def test_an_answer_to_nothing_is_refused_in_words(page: Page) -> None:
    assert "is over" in page.ask("answer", run="nobody", node="picks", pick=0)["message"]
    run = asking(page)
    assert "asks nothing" in page.ask("answer", run=run, node="numbers", pick=0)["message"]
    assert page.ask("answer", run=run, node=None, pick=0)["type"] == "reject"
    page.ask("answer", run=run, node="picks", pick=0)
    page.ended(run)
    assert page.ask("answer", run=run, node="picks", pick=0)["type"] == "reject"


def test_an_answer_from_python_takes_the_question_away(page: Page, flow: pf.Flow) -> None:
    run = asking(page)
    assert flow.last_run
    flow.last_run.answer("picks", 1)
    assert page.ended(run)["nodes"]["picks"]["state"] == "done"
    assert page.ask("want", node="picks", port="candidates")["type"] == "reject"


def test_stop_ends_a_run_that_asks(page: Page) -> None:
    run = asking(page)
    page.ask("stop", run=run)
    ended = page.ended(run)
    assert (ended["status"], ended["nodes"]["picks"]["state"]) == ("cancelled", "cancelled")
    assert page.ask("want", node="picks", port="candidates")["type"] == "reject"


def test_a_page_that_comes_while_a_node_asks_is_shown_the_question(page: Page, flow: pf.Flow) -> None:
    run = asking(page)
    wait_for(lambda: candidates(page))
    other = Page(flow, "other")
    wait_for(lambda: len(candidates(other)) == 2)
    assert other.node("picks")["state"] == "asking"
    other.ask("answer", run=run, node="picks", pick=3)
    assert page.ended(run)["status"] == "done"


def test_the_runs_of_other_flows_do_not_wait_for_an_answer(page: Page, warmed: list[str]) -> None:
    first = asking(page)
    with pf.Flow("other") as flow:
        flow.output("number", nodes.double(value=3))
    other = Page(flow, "other")
    other.run(second := next(ids))
    assert other.ended(second)["status"] == "done"
    page.run(third := next(ids))
    assert page.shown()["run"] == first, "its own flow's do"
    page.ask("answer", run=first, node="picks", pick=0)
    wait_for(lambda: page.shown()["run"] == third)
    page.ask("stop", run=third)
    page.ended(third)


def test_a_question_inside_a_body_is_shown_on_the_node_that_runs_it_one_after_another(warmed: list[str]) -> None:
    with pf.Flow("outside") as flow:
        some = nodes.numbers(count=3)
        flow.output("sum", nodes.add(first=picks(values=some), second=picks(values=some)))
    node = flow.make_subflow(["picks", "picks_2", "add"], "inside").id
    page = Page(flow)
    run = asking(page, node)
    wait_for(lambda: candidates(page))
    assert candidates(page)[0]["node"] == node
    page.ask("answer", run=run, node=node, pick=1)
    while page.editor.run_state["status"] == "running":
        page.ask("answer", run=run, node=node, pick=1)
    assert page.ended(run)["status"] == "done"
    assert flow.last_run
    assert flow.last_run.result()["sum"] == 2
