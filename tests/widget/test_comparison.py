"""The widget of a comparison, from the kernel's side: cells as they come, stars, order, Stop, what is saved."""

from __future__ import annotations

import io
import itertools
import threading
import xml.etree.ElementTree as ET
from typing import Any

import PIL.Image
import pytest

from pixelflow_widgets.widget.comparison import MOST_THUMBNAILS, ComparisonWidget, show_comparison

from .comparisons import PROMPTS, compared
from .page import Page, wait_for


class ComparisonPage(Page):
    """A page of a comparison."""

    def __init__(self, widget: Any, client: str = "page") -> None:
        self.client, self.editor = client, widget
        self.numbers = itertools.count(1)


@pytest.fixture
def page() -> ComparisonPage:
    return ComparisonPage(ComparisonWidget(compared().wait(60)))


def test_a_page_that_comes_is_told_everything_but_pictures(page: ComparisonPage) -> None:
    answer = page.ask("about")
    about = answer["about"]
    assert (about["name"], about["words"], about["status"]) == (
        "circles",
        "18 runs: 3 prompts × 3 seeds × 2 guidances",
        "finished",
    )
    assert about["axes"][0] == {"name": "prompt", "labels": PROMPTS}
    assert [cell["at"] for cell in about["cells"]][:3] == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert about["cells"][17]["size"] == [64, 64] and about["cells"][17]["stars"] == 0
    assert answer["buffers"] == []


def test_pictures_come_small_for_cells_that_are_named_and_whole_for_one(page: ComparisonPage) -> None:
    given = page.ask("thumbnails", names=["3", "5", "99", "-1", "x", None])
    assert [one["name"] for one in given["thumbnails"]] == ["3", "5"]
    assert PIL.Image.open(io.BytesIO(bytes(given["buffers"][0]))).format == "JPEG"
    whole = page.ask("picture", cell=3)
    assert PIL.Image.open(io.BytesIO(bytes(whole["buffers"][0]))).info.keys() & {"parameters", "pixelflow"}
    assert len(page.ask("thumbnails", names=["1"] * 100)["buffers"]) == MOST_THUMBNAILS


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("picture", {"cell": 99}),
        ("picture", {"cell": True}),
        ("picture", {}),
        ("thumbnails", {"names": 7}),
        ("rate", {"cell": 2, "stars": 6}),
        ("rate", {"cell": 2, "stars": "five"}),
        ("rate", {"cell": -1, "stars": 3}),
        ("sort", {"by": "of tomorrow"}),
    ],
)
def test_what_is_no_request_is_refused_in_words(page: ComparisonPage, kind: str, fields: dict[str, Any]) -> None:
    assert page.ask(kind, **fields)["type"] == "reject"


def test_stars_and_order_reach_python_and_all_pages(page: ComparisonPage) -> None:
    comparison = page.editor._comparison
    page.ask("rate", cell=7, stars=4)
    page.ask("sort", by="rating")
    told = wait_for(lambda: [m for m in page.of("comparison") if m["order"] == "rating"])[-1]
    assert comparison.rating(7) == 4 and comparison.order == "rating"
    stars = {cell["number"]: cell["stars"] for message in page.of("comparison") for cell in message["cells"]}
    assert stars == {7: 4} and told["scores"] == []
    page.ask("rate", cell=7, stars=0)
    page.ask("sort", by="")
    assert comparison.rating(7) is None and comparison.order == ""
    comparison.score(lambda image: float("nan"), name="nothing").score(lambda image: 2.5, name="fit")
    told = wait_for(lambda: [m for m in page.of("comparison") if "fit" in m["scores"] and m["cells"]])[-1]
    assert told["cells"][-1]["scores"] == {"fit": 2.5}, "what is no number is not sent"


def test_it_fills_as_cells_come_and_is_stopped_and_goes_on() -> None:
    gate = threading.Semaphore(0)
    page = ComparisonPage(ComparisonWidget(compared(gate, prompts=PROMPTS)))
    assert page.ask("about")["about"]["status"] == "running"
    gate.release()
    wait_for(lambda: [m for m in page.of("comparison") if any(c["status"] == "done" for c in m["cells"])])
    page.ask("stop")
    gate.release(2)
    wait_for(lambda: [m for m in page.of("comparison") if m["status"] == "stopped"], 30)
    gate.release(9)
    page.ask("resume", failed=False)
    wait_for(lambda: [m for m in page.of("comparison") if m["status"] == "finished"], 30)
    assert {cell["status"] for cell in page.ask("about")["about"]["cells"]} == {"done"}


def test_a_cell_that_failed_says_why_and_is_tried_again() -> None:
    page = ComparisonPage(ComparisonWidget(compared(prompts=["a red circle", "a circle"]).wait(60)))
    failed = page.ask("about")["about"]["cells"][1]
    assert failed["status"] == "failed" and "names no colour" in failed["error"]
    page.ask("resume", failed=True)
    wait_for(lambda: [m for m in page.of("comparison") if any(c["number"] == 1 for c in m["cells"])])


def test_a_saved_notebook_keeps_the_sheet(page: ComparisonPage) -> None:
    drawn = page.editor._picture.drawn()
    assert ET.fromstring(drawn["image/svg+xml"]).get("class") == "pixelflow-picture"
    assert "data:image/jpeg" in drawn["image/svg+xml"] and len(drawn["image/svg+xml"]) < 400_000
    assert drawn["text/plain"] == "circles: 18 runs: 3 prompts × 3 seeds × 2 guidances"


def test_a_terminal_gets_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_comparison(compared(prompts=["a red circle"]).wait(60))
    assert capsys.readouterr().out == "Comparison('circles', 1 run, finished, 1 done)\n"
