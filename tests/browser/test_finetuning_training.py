"""The widget of a training in a real browser: how far it is, Stop and Go on, samples, what came out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import comm
import pytest
from playwright.sync_api import Browser, Page, expect

from pixelflow_widgets.finetuning.dataset.problems import DatasetProblem
from pixelflow_widgets.widget.finetuning.training import TrainingWidget
from tests.widget.finetuning.trainings import PretendedTraining
from tests.widget.page import Line

from .browser import complaints, page_of
from .widgets import Cell

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def quiet(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Jupyter: lines to the page of the test. A page that complains fails the test."""
    monkeypatch.setattr(comm, "create_comm", Line)
    yield
    assert complaints(page) == []


@pytest.fixture
def training(tmp_path: Path) -> PretendedTraining:
    return PretendedTraining(tmp_path / "crescents-1234")


def shown(page: Page, training: PretendedTraining, theme: str = "light") -> Cell:
    return Cell(page, TrainingWidget(training), "kind", theme=theme)


def test_it_is_followed_from_its_first_step_to_its_end(page: Page, training: PretendedTraining) -> None:
    training.note = "painting what it shall not forget"
    cell = shown(page, training)
    root, status = cell.root, cell.root.get_by_role("status")
    expect(status).to_have_text("painting what it shall not forget · step 0 of 200")
    training.go(step=34, note="")
    expect(status).to_contain_text("step 34 of 200 · 2:16 left")
    expect(root.get_by_role("progressbar")).to_have_attribute("value", "34")
    before = root.locator(".pf-chart").bounding_box()
    training.go(step=120)
    expect(status).to_contain_text("step 120 of 200")
    assert root.locator(".pf-chart").bounding_box() == before
    expect(root.get_by_role("button", name="Enlarge the sample")).to_have_count(12)
    training.finish()
    expect(status).to_contain_text("200 steps in 2:44")
    expect(root.get_by_role("region", name="What came out")).to_contain_text("crescents.safetensors")
    expect(root.get_by_role("button", name="Stop")).to_have_count(0)


def test_stop_and_go_on_reach_the_kernel(page: Page, training: PretendedTraining) -> None:
    training.step = 60
    cell = shown(page, training)
    cell.root.get_by_role("button", name="Stop").click()
    expect(cell.root.get_by_role("button", name="Stopping …")).to_be_disabled()
    training.go(status="stopped")
    cell.root.get_by_role("button", name="Go on").click()
    training.go(status="running")
    expect(cell.root.get_by_role("button", name="Stop")).to_be_enabled()
    assert training.asked == ["stop", "resume"]


def test_what_came_out_can_be_copied(page: Page, training: PretendedTraining) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    training.finish()
    cell = shown(page, training)
    cell.root.get_by_role("button", name="Copy the Python").click()
    expect(cell.root.get_by_role("button", name="Copied the Python")).to_be_visible()


def test_a_sample_is_seen_as_it_was_painted_and_arrows_go_to_the_next(page: Page, training: PretendedTraining) -> None:
    training.step = 120
    training.paint(0)
    cell = shown(page, training)
    cell.root.get_by_role("button", name="Enlarge the sample of step 0: a big red zorb").click()
    dialog = cell.root.get_by_role("dialog")
    expect(dialog.locator("img")).to_be_visible()
    assert dialog.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("step 33: a big red zorb")  # nothing is kept of it but its tile
    expect(dialog.get_by_role("img", name="a big red zorb")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(dialog).to_contain_text("step 33: a small green zorb")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_errors_and_problems_are_said_in_words(page: Page, training: PretendedTraining) -> None:
    training.problems = [
        DatasetProblem("few", "There are 3 pictures.", "Add some more; eight are enough for a thing.", "warning", ()),
    ]
    training.step, training.status = 33, "failed"
    training.error = "The memory of the GPU is full. Choose a smaller batch, or gradient_checkpointing=True."
    cell = shown(page, training)
    expect(cell.root.get_by_role("alert")).to_contain_text("gradient_checkpointing=True")
    expect(cell.root.locator(".pt-problems")).to_contain_text("There are 3 pictures. Add some more")
    expect(cell.root.get_by_role("button", name="Go on")).to_be_visible()


def test_a_page_that_comes_later_is_shown_the_present_state(page: Page, training: PretendedTraining) -> None:
    training.go(step=99)
    widget = TrainingWidget(training)
    for _ in range(2):
        cell = Cell(page, widget, "kind")
        expect(cell.root.get_by_role("status")).to_contain_text("step 99 of 200")


@pytest.mark.parametrize("width", [360, 1100])
def test_it_is_looked_at(browser: Browser, training: PretendedTraining, artifacts: Path, width: int) -> None:
    training.problems = [DatasetProblem("few", "There are 3 pictures.", "Eight are enough for a thing.", "warning", ())]
    with page_of(browser, width, 900) as page:
        for theme in ("light", "dark"):
            training.go(step=120, status="running", weights=None, code="")
            cell = shown(page, training, theme)
            expect(cell.root.locator(".pt-samples")).to_be_visible()
            page.screenshot(path=artifacts / f"training-running-{width}-{theme}.png", full_page=True)
            training.finish()
            expect(cell.root.get_by_role("region", name="What came out")).to_be_visible()
            page.screenshot(path=artifacts / f"training-finished-{width}-{theme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints(page) == []
