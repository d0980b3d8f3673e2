"""The widget of a dataset, from the kernel's side: edits of pages, what they are told, what a saved notebook keeps."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.widget.finetuning import show_dataset
from pixelflow_widgets.widget.finetuning.dataset import MOST_THUMBNAILS, DatasetWidget

from ..page import wait_for
from .pages import WidgetPage


def made(count: int = 6) -> pf.Dataset:
    pictures = [PIL.Image.new("RGB", (40, 24), (n % 256, n // 256, 200)) for n in range(count)]
    for picture in pictures:
        picture.paste((250, 250, 250), (4, 4, 20, 14))
    return pf.Dataset(pictures, trigger="zorb", captions="template", name="crescents")


@pytest.fixture
def dataset() -> pf.Dataset:
    return made()


@pytest.fixture
def page(dataset: pf.Dataset) -> WidgetPage:
    return WidgetPage(DatasetWidget(dataset))


def test_a_page_that_comes_is_told_names_and_captions_and_what_is_wrong(dataset: pf.Dataset, page: WidgetPage) -> None:
    about = page.ask("about")
    assert (about["name"], about["trigger"]) == ("crescents", "zorb")
    assert about["pictures"][5] == {"name": "picture 6", "caption": "a zorb", "used": True}
    told = wait_for(lambda: page.of("problems"))[-1]["problems"]
    assert [problem["sentence"] for problem in told] == [problem.sentence for problem in dataset.problems()]


def test_no_picture_is_decoded_before_it_is_asked_for(dataset: pf.Dataset, page: WidgetPage) -> None:
    DatasetWidget(dataset)
    assert all(picture.seen is None for picture in dataset.pictures)


def test_thumbnails_come_for_those_that_are_named_and_not_for_all_at_once(page: WidgetPage) -> None:
    given = page.ask("thumbnails", names=["picture 2", "picture 4", "none"])
    assert given["thumbnails"] == [{"name": "picture 2", "size": [40, 24]}, {"name": "picture 4", "size": [40, 24]}]
    assert PIL.Image.open(io.BytesIO(bytes(given["buffers"][0]))).size == (40, 24)
    many = WidgetPage(DatasetWidget(made(100)))
    given = many.ask("thumbnails", names=[f"picture {number}" for number in range(1, 101)])
    assert len(given["buffers"]) == MOST_THUMBNAILS
    assert page.ask("thumbnails", names=7)["type"] == "reject"


def test_edits_of_a_page_are_the_datasets_and_every_page_hears_of_them(dataset: pf.Dataset, page: WidgetPage) -> None:
    other = WidgetPage(page.editor, "other")
    page.ask("edit", captions={"picture 1": "a big zorb"}, used={"picture 2": False})
    assert (dataset.pictures[0].caption, len(dataset)) == ("a big zorb", 5)
    told = wait_for(lambda: other.of("pictures"))[-1]["pictures"]
    assert told == [
        {"name": "picture 1", "caption": "a big zorb", "used": True},
        {"name": "picture 2", "caption": "a zorb", "used": False},
    ]
    page.ask("edit", used={"picture 2": True})
    assert len(dataset) == 6


def test_what_is_no_edit_is_refused_in_words(dataset: pf.Dataset, page: WidgetPage) -> None:
    assert "There is no picture 'none'" in page.ask("edit", captions={"none": "a zorb"})["message"]
    assert page.ask("edit", captions=["a zorb"])["type"] == "reject"


def test_only_what_differs_is_told(dataset: pf.Dataset, page: WidgetPage) -> None:
    dataset.caption("picture 3", "a small zorb")
    (message,) = wait_for(lambda: page.of("pictures"))
    assert [picture["name"] for picture in message["pictures"]] == ["picture 3"]


def test_a_saved_notebook_keeps_the_contact_sheet(dataset: pf.Dataset) -> None:
    dataset.leave_out("picture 1")
    drawn = DatasetWidget(dataset)._picture.drawn()
    assert ET.fromstring(drawn["image/svg+xml"]).get("class") == "pixelflow-picture"
    assert "data:image/jpeg" in drawn["image/svg+xml"]
    assert drawn["text/plain"] == "crescents: 5 of 6 pictures, trigger 'zorb'"


def test_a_large_dataset_is_kept_small_in_a_saved_notebook() -> None:
    drawn = DatasetWidget(made(400))._picture.drawn()
    assert len(drawn["image/svg+xml"]) < 1_500_000


def test_a_terminal_gets_a_line(dataset: pf.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    show_dataset(dataset)
    assert capsys.readouterr().out == "Dataset('crescents': 6 pictures, trigger 'zorb')\n"
