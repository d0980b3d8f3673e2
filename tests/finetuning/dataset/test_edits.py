"""Edits stay in the object; a digest says what is trained on; a frozen dataset is the same one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset, freezing

from .made import encoded, folder_of, photo, quarters, state_of


def dataset(**options: Any) -> Dataset:
    return Dataset([photo(number) for number in range(1, 5)], trigger="zorb", captions="template", **options)


def test_captions_can_be_edited_and_pictures_left_out_and_taken_in() -> None:
    zorbs = dataset()
    zorbs.caption("picture 2", "  a zorb \n by hand ")
    zorbs.leave_out("picture 1")
    assert [picture.caption for picture in zorbs.pictures][:2] == ["a zorb", "a zorb by hand"]
    assert [picture.is_used for picture in zorbs.pictures] == [False, True, True, True]
    assert (len(zorbs), len(zorbs.used), len(zorbs.pictures)) == (3, 3, 4)
    zorbs.take_in("picture 1")
    assert len(zorbs) == 4
    assert repr(zorbs) == "Dataset('pictures': 4 pictures, trigger 'zorb')"
    zorbs.leave_out("picture 1")
    assert repr(zorbs) == "Dataset('pictures': 3 pictures, 1 left out, trigger 'zorb')"
    assert repr(zorbs.pictures[0]) == "Picture('picture 1', 'a zorb', left out)"


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    for edit in (lambda zorbs: zorbs.caption("picture2", "x"), lambda zorbs: zorbs.leave_out("picture2")):
        with pytest.raises(
            pf.MediaError, match=r"no picture 'picture2' in the dataset 'pictures'. Did you mean 'picture 2'\?"
        ):
            edit(dataset())


def test_listeners_hear_each_edit_until_they_end() -> None:
    zorbs, heard = dataset(), []
    end = zorbs.on_change(lambda: heard.append(len(zorbs)))
    zorbs.leave_out("picture 1")
    zorbs.caption("picture 2", "x")
    zorbs.take_in("picture 1")
    end()
    end()
    zorbs.leave_out("picture 1")
    assert heard == [3, 3, 4]


def test_the_digest_says_what_is_trained_on() -> None:
    first = dataset().digest
    assert first == dataset(name="other").digest
    assert len(first) == 64

    def changed(edit: Any) -> str:
        zorbs = dataset()
        edit(zorbs)
        return zorbs.digest

    others = [
        changed(lambda zorbs: zorbs.caption("picture 1", "x")),
        changed(lambda zorbs: zorbs.leave_out("picture 1")),
        changed(lambda zorbs: zorbs.leave_out("picture 2")),
        Dataset([photo(number) for number in (2, 1, 3, 4)], trigger="zorb", captions="template").digest,
        Dataset([photo(number) for number in (1, 2, 3, 5)], trigger="zorb", captions="template").digest,
        Dataset(dataset(), trigger="blick").digest,
    ]
    assert len({first, *others}) == 7
    assert changed(lambda zorbs: (zorbs.leave_out("picture 1"), zorbs.take_in("picture 1"))) == first


def odd(place: Path) -> Dataset:
    """Pictures and captions of every kind."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    files = {
        "b/IMG 1.jpg": encoded(quarters((64, 32)), "JPEG", exif=exif),
        "b/IMG 1.txt": "a \"zörb\", 100 % — 'new'\nand more \U0001f300",
        "ünïcode ../x.gif": encoded(photo(2), "GIF"),
        "cmyk.tif": encoded(photo(3).convert("CMYK"), "TIFF"),
        "alpha.png": photo(4).convert("RGBA"),
        "alpha.caption": "",
        "10.webp": encoded(photo(5), "WEBP", quality=40),
    }
    return Dataset(folder_of(place, files), trigger="zorb")


def test_a_frozen_dataset_is_read_back_as_the_same_one(tmp_path: Path) -> None:
    first = odd(tmp_path / "given")
    first.caption("cmyk.tif", "a zorb by hand")
    first.leave_out("10.webp")
    folder = first.freeze(tmp_path / "ours" / "frozen")
    again = Dataset(folder)
    assert again.digest == first.digest
    assert Dataset(folder, trigger="other").digest == first.digest
    assert [picture.caption for picture in again.pictures] == [picture.caption for picture in first.used]
    assert [picture.image().tobytes() for picture in again.pictures] == [each.image().tobytes() for each in first.used]
    assert again.freeze(tmp_path / "twice") and Dataset(tmp_path / "twice").digest == first.digest
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["00001-alpha.png", "00002-IMG-1.png", "00003-cmyk.png", "00004-x.png", "metadata.jsonl"]
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[1]["text"] == "a \"zörb\", 100 % — 'new' and more \U0001f300"


def test_freezing_writes_over_nothing_and_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zorbs = dataset()
    mine = folder_of(tmp_path / "mine", {"diary.txt": "dear"})
    before = state_of(mine)
    for place in (mine, mine / "diary.txt"):
        with pytest.raises(pf.MediaError, match="is not empty. Freeze into a new folder."):
            zorbs.freeze(place)
    assert state_of(mine) == before
    (tmp_path / "empty").mkdir()
    assert Dataset(zorbs.freeze(tmp_path / "empty")).digest == zorbs.digest

    def full(_: PIL.Image.Image) -> bytes:
        raise OSError("No space left on device")

    monkeypatch.setattr(freezing, "quick_png", full)
    with pytest.raises(OSError, match="No space"):
        zorbs.freeze(tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine"]


def test_the_table_has_a_row_for_each_picture(tmp_path: Path) -> None:
    files = {"1.png": photo(1, (90, 80)), "2.png": photo(1, (90, 80)), "3.png": b"?", "1.txt": "a zorb"}
    zorbs = Dataset(folder_of(tmp_path, files), trigger="zorb")
    zorbs.leave_out("3.png")
    table = zorbs.table()
    assert table.columns.tolist() == ["name", "caption", "width", "height", "is_used", "problems"]
    assert table.values.tolist() == [
        ["1.png", "a zorb", 90, 80, True, "duplicate"],
        ["2.png", "a zorb", 90, 80, True, "duplicate, caption-missing"],
        ["3.png", "a zorb", 0, 0, False, ""],
    ]
