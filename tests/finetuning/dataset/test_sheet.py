"""The sheet shows every picture with its caption, and marks what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.dataset import sheet as sheet_module

from .made import folder_of, photo

ERROR, WARNING = (sheet_module._MARKS[severity] for severity in ("error", "warning"))


def share_of(sheet: PIL.Image.Image, colour: tuple[int, int, int]) -> int:
    """How many pixels have a colour."""
    return int((np.asarray(sheet.convert("RGB")) == colour).all(-1).sum())


def tiles(count: int) -> list[PIL.Image.Image]:
    """Pictures with two flat halves, so that their colours are found again."""
    made = []
    for number in range(count):
        image = PIL.Image.new("RGB", (100, 100), (10 + 30 * number, 200, 90))
        image.paste((250, 10 + 30 * number, 60), (0, 0, 100, 50 + number))
        made.append(image)
    return made


def test_every_picture_stands_on_the_sheet_and_a_good_one_has_no_mark() -> None:
    dataset = Dataset(tiles(5), trigger="zorb", captions=[f"a zorb {number}" for number in range(5)])
    sheet = dataset.sheet()
    assert sheet.mode == "RGB"
    for number in range(5):
        lower = np.abs(np.asarray(sheet, int) - (10 + 30 * number, 200, 90)).max(-1) <= 6
        assert lower.sum() > 4000
    assert share_of(sheet, WARNING) == share_of(sheet, ERROR) == 0


def test_pictures_with_problems_are_marked_and_those_left_out_are_pale() -> None:
    dataset = Dataset([*tiles(5), tiles(1)[0]], trigger="zorb", captions=[f"a zorb {number}" for number in range(6)])
    one_mark = share_of(dataset.sheet(), WARNING) // 2
    assert one_mark > 100, "the two that are equal"
    dataset.leave_out("picture 6")
    sheet = dataset.sheet()
    assert share_of(sheet, WARNING) == 0
    pale = np.abs(np.asarray(sheet, int) - (224, 224, 224)).max(-1) <= 6
    assert pale.sum() > 4000


def test_a_picture_that_cannot_be_read_leaves_its_place_with_the_reason(tmp_path: Path) -> None:
    sheet = Dataset(folder_of(tmp_path, {"1.png": b"?", "2.png": photo(2)}), trigger="zorb").sheet()
    assert share_of(sheet, (252, 235, 232)) > 4000
    assert share_of(sheet, (158, 42, 30)) > 20


def test_the_sheet_changes_with_captions_and_edges_and_nothing_is_a_sheet_too() -> None:
    dataset = Dataset(tiles(4), trigger="zorb", captions="template")
    first = dataset.sheet()
    dataset.caption("picture 1", "a zorb with a hat")
    assert dataset.sheet().tobytes() != first.tobytes()
    assert dataset.sheet(edge=64).width < first.width
    assert Dataset([]).sheet().size
