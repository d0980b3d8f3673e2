"""Several generations: at once or in turn, cancelled, failing; what pages hear of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pixelflow_widgets as pf

from ..conftest import gate, paints
from ..page import wait_for
from .pages import PlayPage


@pf.node
def breaks_when_played(text: str = "") -> str:
    raise ValueError("this never works")


@pf.node
def takes_a_model(model: pf.Model = "starter", number: int = 0) -> int:  # type: ignore[assignment]
    gate.reached.release()
    while not gate.steps.acquire(timeout=0.01):
        pass
    return number


def painter() -> pf.Flow:
    flow = pf.Flow("painter")
    painted = flow.add(paints, steps=2, colour=flow.input("colour", 0), id="paint")
    flow.output("image", painted["image"])
    return flow


@pytest.fixture
def page(warmed: list[str]) -> Iterator[PlayPage]:
    playground = pf.Playground(painter())
    yield PlayPage(playground)
    playground.close()


def test_several_are_on_at_once_and_one_that_is_cancelled_leaves_the_others(page: PlayPage) -> None:
    (first,) = page.start(colour=1)
    (second,) = page.start(colour=2)
    gate.wait()
    gate.wait()
    assert [page.job(one["id"])["status"] for one in (first, second)] == ["running", "running"]
    assert page.ask("cancel", id=first["id"])["job"]["id"] == first["id"]
    assert page.ended(first["id"])["status"] == "canceled"
    gate.open(2)
    done = page.ended(second["id"])
    assert (done["status"], done["progress"], done["position"]) == ("succeeded", 1.0, None)
    told = done["outputs"]["image"]
    assert (told["type"], told["width"], told["height"]) == ("image/png", 900, 600)
    assert done["usage"]["seconds"] > 0 and done["usage"]["nodes"] == 1
    answer = page.ask("medium", id=told["id"])
    assert answer["medium"] == told and len(answer["buffers"][0]) == told["bytes"]


def test_progress_and_unfinished_pictures_are_told(page: PlayPage) -> None:
    (one,) = page.start(colour=3)
    gate.open()
    job = wait_for(lambda: job if (job := page.job(one["id"])).get("note") == "step 1" else None)
    assert (job["progress"], job["status"], job["inputs"]) == (0.5, "running", {"colour": 3})
    shown = wait_for(lambda: page.of("preview"))[-1]
    assert shown["id"] == one["id"] and shown["mime"].startswith("image/") and len(shown["buffers"]) == 1
    gate.open()
    page.ended(one["id"])


def test_more_than_four_wait_with_their_places_and_move_up(page: PlayPage) -> None:
    begun = page.start(count=6, colour=4)
    for _ in range(4):
        gate.wait()
    assert [page.job(one["id"])["position"] for one in begun] == [None] * 4 + [0, 1]
    page.ask("cancel", id=begun[4]["id"])
    assert page.ended(begun[4]["id"])["started_at"] is None
    assert page.job(begun[5]["id"])["position"] == 0
    gate.open(20)
    assert all(page.ended(one["id"])["status"] == "succeeded" for one in [*begun[:4], begun[5]])


def test_where_a_model_runs_one_is_on_and_the_others_wait(warmed: list[str]) -> None:
    flow = pf.Flow("modelled")
    flow.output("number", flow.add(takes_a_model, number=flow.input("number", 0))["number"])
    page = PlayPage(pf.Playground(flow))
    first, second, third = (page.start(number=number)[0] for number in (1, 2, 3))
    gate.wait()
    assert [page.job(one["id"])["position"] for one in (first, second, third)] == [None, 0, 1]
    gate.open(3)
    assert [page.ended(one["id"])["outputs"]["number"] for one in (first, second, third)] == [1, 2, 3]


def test_a_generation_that_fails_says_which_node_and_why() -> None:
    flow = pf.Flow("broken")
    flow.output("text", flow.add(breaks_when_played, id="broken")["text"])
    playground = pf.Playground(flow)
    page = PlayPage(playground)
    job = page.ended(page.start()[0]["id"])
    assert (job["status"], job["error"]["type"], job["error"]["node"]) == ("failed", "node_failed", "broken")
    assert "this never works" in job["error"]["message"]
    with pytest.raises(pf.NodeFailed, match="never works"):
        playground.generate()
    assert playground.results == []


def test_what_is_found_is_there_again_and_counts_for_no_estimate() -> None:
    flow = pf.Flow("found twice")
    flow.output("text", flow.add("join_text", texts=[flow.input("a", "b")])["text"])
    playground = pf.Playground(flow)
    page = PlayPage(playground)
    first, second = (page.ended(page.start(a="c")[0]["id"]) for _ in range(2))
    assert (first["usage"]["found"], second["usage"]["found"]) == (0, 1)
    assert len(playground._play.estimates._taken) == 1


def test_the_newest_come_first_and_a_page_that_comes_later_hears_of_all(page: PlayPage) -> None:
    gate.open(10)
    ids = [page.ended(page.start(colour=colour)[0]["id"])["id"] for colour in (5, 6)]
    later = PlayPage(page.editor, "later")
    assert [job["id"] for job in later.ask("jobs")["jobs"]] == ids[::-1]


def test_what_nobody_knows_is_refused_in_words(page: PlayPage) -> None:
    assert "not kept any more" in page.ask("cancel", id="nothing")["message"]
    assert "not kept any more" in page.ask("medium", id="art_nothing")["message"]
    assert "does not know the request" in page.ask("dance")["message"]
