"""The widget of a training, from the kernel's side: what pages are told and may ask for, what is saved."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset.problems import DatasetProblem
from pixelflow_widgets.media import Preview
from pixelflow_widgets.media.previews import LIVE_VIEW
from pixelflow_widgets.widget.finetuning import show_training
from pixelflow_widgets.widget.finetuning.training import TrainingWidget, Watched
from pixelflow_widgets.widget.picture.live_view import read_live_view

from ..page import wait_for
from .pages import WidgetPage
from .trainings import PretendedTraining


@pytest.fixture
def training(tmp_path: Path) -> PretendedTraining:
    return PretendedTraining(tmp_path / "crescents-1234", step=120)


@pytest.fixture
def page(training: PretendedTraining) -> WidgetPage:
    return WidgetPage(TrainingWidget(training))


def test_a_page_that_comes_is_told_all_with_the_live_view_as_bytes(
    training: PretendedTraining, page: WidgetPage
) -> None:
    training.problems = [DatasetProblem("few", "There are 3 pictures.", "Add some.", "warning", ("a.png",))]
    answer = page.ask("about")
    about = answer["about"]
    assert (about["name"], about["status"], about["trigger"], about["weights"]) == ("crescents", "running", "zorb", "")
    assert about["problems"][0]["sentence"] == "There are 3 pictures."
    view = read_live_view(Preview(LIVE_VIEW, bytes(answer["buffers"][0])))
    assert view is not None and view.head["step"] == 120


def test_what_changes_is_told_to_pages_and_much_of_it_at_once(training: PretendedTraining, page: WidgetPage) -> None:
    for step in range(121, 200):
        training.go(step=step)
    wait_for(lambda: page.of("training") and read(page)["step"] == 199)
    assert len(page.of("training")) < 20


def read(page: WidgetPage) -> dict[str, int]:
    view = read_live_view(Preview(LIVE_VIEW, bytes(page.of("training")[-1]["buffers"][0])))
    assert view is not None
    return dict(view.head)


def test_stop_and_go_on_are_the_trainings(training: PretendedTraining, page: WidgetPage) -> None:
    assert page.ask("stop")["type"] == page.ask("resume")["type"] == "ack"
    assert training.asked == ["stop", "resume"]


def test_a_sample_is_given_as_it_was_painted_and_no_other_file(training: PretendedTraining, page: WidgetPage) -> None:
    training.paint(0)
    training.paint(40)
    for step in (0, 40):
        given = page.ask("sample", step=step, prompt=1)
        picture = PIL.Image.open(io.BytesIO(bytes(given["buffers"][0])))
        assert picture.size == (128, 128) and picture.getpixel((5, 5)) == (40, step, 90)
    assert "not kept" in page.ask("sample", step=41, prompt=1)["message"]
    assert page.ask("sample", step="../0", prompt="*")["type"] == "reject"


def test_what_fails_is_refused_in_words(
    training: PretendedTraining, page: WidgetPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise pf.TrainingError("The pictures of the training are gone.")

    monkeypatch.setattr(training, "resume", gone)
    assert page.ask("resume")["message"] == "The pictures of the training are gone."


def test_a_saved_notebook_keeps_chart_and_samples(training: PretendedTraining) -> None:
    drawn = TrainingWidget(training)._picture.drawn()
    svg = ET.fromstring(drawn["image/svg+xml"])
    assert svg.get("class") == "pixelflow-picture"
    assert "data:image/jpeg" in drawn["image/svg+xml"]
    assert drawn["text/plain"] == "crescents: step 120 of 200 · 1:06 left · loss 0.081"
    training.error = "The memory is full."
    assert TrainingWidget(training)._picture.drawn()["text/plain"] == "crescents: The memory is full."


def test_in_a_terminal_a_line_is_printed(training: PretendedTraining, capsys: pytest.CaptureFixture[str]) -> None:
    show_training(training)
    assert capsys.readouterr().out == "Training('crescents', running)\n"


def test_a_widget_that_is_closed_listens_no_more(training: PretendedTraining) -> None:
    widget = TrainingWidget(training)
    widget.close()
    assert training.listeners == []


def test_trainings_of_the_package_are_what_the_widget_reads(tmp_path: Path) -> None:
    held: Watched = pf.Training(tmp_path / "one-1234")
    names = ("folder", "name", "status", "note", "weights", "error", "problems")
    assert [getattr(held, name) for name in names][1:2] == ["one"]
    assert read_live_view(held.view() or Preview(LIVE_VIEW, b"")) is not None
