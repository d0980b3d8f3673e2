"""Lists from folders and tables, and what is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media.encoders import film_file
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import MemoryCache

from .media_samples import film


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (10, 2, 1):
        PIL.Image.new("RGB", (number, 3)).save(tmp_path / f"Image {number}.png")
    PIL.Image.new("RGB", (20, 3)).save(tmp_path / "image 3.JPG")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("\ufeffHello", encoding="utf-8")
    inner = tmp_path / "more"
    inner.mkdir()
    PIL.Image.new("RGB", (4, 4)).save(inner / "a.png")
    return tmp_path


def test_files_are_listed_in_the_order_in_which_people_count(folder: Path) -> None:
    listed = pf.nodes.list_folder(str(folder))
    assert listed.names == ["Image 1", "Image 2", "image 3", "Image 10", "notes"]
    assert [Path(path).name for path in listed.paths][2] == "image 3.JPG"


def test_a_list_is_narrowed_by_endings_and_number(folder: Path) -> None:
    assert pf.nodes.list_folder(str(folder), endings="txt, .MD").names == ["notes"]
    assert pf.nodes.list_folder(str(folder), endings=".png", most=2).names == ["Image 1", "Image 2"]
    assert pf.nodes.list_folder(str(folder), endings=".png", subfolders=True).names[-1] == "a"
    assert pf.nodes.list_folder(str(folder), endings=".wav").paths == []


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(pf.MediaError, match=r"There is no folder 'none' \(in "):
        pf.nodes.list_folder("none")
    with pytest.raises(pf.MediaError, match="There is no folder"):
        pf.nodes.list_folder(str(folder / "notes.txt"))


def test_a_link_to_the_folder_itself_ends(folder: Path) -> None:
    (folder / "more" / "again").symlink_to(folder)
    assert len(pf.nodes.list_folder(str(folder), subfolders=True).paths) == 6


def test_pictures_are_read_with_their_names(folder: Path) -> None:
    read = pf.nodes.load_folder(str(folder))
    assert [image.width for image in read.items] == [1, 2, 20, 10]
    assert read.names == ["Image 1", "Image 2", "image 3", "Image 10"]


def test_a_damaged_file_stops_or_is_skipped(folder: Path) -> None:
    (folder / "image 0.png").write_bytes(b"\x89PNG not really")
    with pytest.raises(pf.MediaError, match=r"image 0\.png' cannot be read\. This cannot be read as a picture"):
        pf.nodes.load_folder(str(folder))
    logged: list[str] = []

    class Listener:
        def progress(self, fraction: float | None, note: str) -> None: ...
        def preview(self, value: Any) -> None: ...
        def used(self, usage: object) -> None: ...
        def log(self, line: str) -> None:
            logged.append(line)

    read = pf.nodes.load_folder(str(folder), damaged="skip", progress=pf.Progress(Listener()))
    assert read.names[0] == "Image 1"
    assert "image 0.png' is skipped" in logged[0]


def test_sounds_films_texts_and_tables_are_read(folder: Path) -> None:
    import soundfile

    soundfile.write(folder / "take 1.wav", np.zeros((50, 2), np.float32), 8000)
    (folder / "take 2.mp4").write_bytes(film_file(film(), ".mp4"))
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    (folder / "latin.txt").write_bytes("é".encode("latin-1"))
    sounds = pf.nodes.load_folder(str(folder), "audio")
    assert (sounds.names, sounds.items[0].samples.shape, sounds.items[0].sample_rate) == (["take 1"], (2, 50), 8000)
    films = pf.nodes.load_folder(str(folder), "videos")
    assert (films.names, films.items[0].frames.shape) == (["take 2"], (8, 32, 48, 3))
    tables = pf.nodes.load_folder(str(folder), "tables")
    assert (tables.names, tables.items[0].to_dict("list")) == (["rows"], {"a": [1], "b": [2]})
    assert pf.nodes.load_folder(str(folder), "texts", damaged="skip") == (["Hello"], ["notes"])
    with pytest.raises(pf.MediaError, match="no text in UTF-8"):
        pf.nodes.load_folder(str(folder), "texts")


def test_a_new_file_is_seen_by_the_next_run_and_what_follows_runs_only_then(folder: Path) -> None:
    with pf.Flow("folder") as flow:
        read = pf.nodes.load_folder(folder=str(folder))
        flow.output("sheet", pf.nodes.contact_sheet(images=read.items, labels=read.names))
    cache = MemoryCache()

    def run() -> tuple[bool, bytes]:
        done = start(flow.document, flow.registry, flow.media, backend="inline", cache=cache)
        sheet = done.result()["sheet"].tobytes()
        found = {event.node: event.cached for event in done.events() if event.kind == "node-finished"}
        return bool(found["contact_sheet"]), sheet

    first, again = run(), run()
    assert (first[0], again[0]) == (False, True)
    PIL.Image.new("RGB", (9, 9)).save(folder / "image 4.png")
    assert run()[1] != first[1]


@pytest.mark.parametrize(
    ("content", "separator"),
    [("a,b\n1,x\n2,y\n", "automatic"), ("a;b\n1;x\n2;y\n", "automatic"), ("a\tb\n1\tx\n2\ty\n", "tab")],
)
def test_a_table_is_read_whatever_separates_its_columns(tmp_path: Path, content: str, separator: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"\ufeff{content}", encoding="utf-8")
    table: Any = pf.nodes.load_table(str(path), separator)
    assert table.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "cannot be read as a table"), (b"a,b\n1,2,3,4\n1\n1,2,3,4,5\n", "as a table"), (b"\xff\xfe", "in UTF-8")],
)
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(pf.MediaError, match=words):
        pf.nodes.load_table(str(path))
    with pytest.raises(pf.MediaError, match="There is no file"):
        pf.nodes.load_table(str(tmp_path / "none.csv"))


def table(**columns: list[Any]) -> Any:
    import pandas

    return pandas.DataFrame(columns)


def test_a_column_becomes_a_list() -> None:
    import pandas

    given = table(text=["a", None], number=[1, 2], share=[0.5, 1.0], flag=[True, False], mixed=["a", 1])
    given["when"] = pandas.to_datetime(["2024-01-02", "2024-01-03"])
    columns = {name: pf.nodes.column(given, name) for name in given.columns}
    assert columns["text"] == ["a", ""]
    assert columns["number"] == [1, 2]
    assert columns["share"] == [0.5, 1.0]
    assert columns["flag"] == [True, False]
    assert columns["mixed"] == ["a", 1]
    assert columns["when"] == ["2024-01-02 00:00:00", "2024-01-03 00:00:00"]
    assert pf.nodes.column(table(a=[]), "a") == []


def test_a_column_that_is_not_there_or_has_gaps_is_named() -> None:
    with pytest.raises(pf.MediaError, match="no column 'c'. Its columns: a, b"):
        pf.nodes.column(table(a=[1], b=[2]), "c")
    with pytest.raises(pf.MediaError, match="'a' has no number in row 2"):
        pf.nodes.column(table(a=[1.0, None]), "a")


def test_numbers_and_lists_are_made_joined_and_counted() -> None:
    assert pf.nodes.count_up(start=5, count=3, step=-2) == [5, 3, 1]
    assert pf.nodes.count_up(count=0) == []
    assert pf.nodes.join_lists([1, "a"]) == [1, "a"]
    assert pf.nodes.count_items([1, "a"]) == 2


def test_one_thing_is_taken_out_of_a_list() -> None:
    assert [pf.nodes.pick_item(["a", "b", "c"], number) for number in (0, 2, -1)] == ["a", "c", "c"]
    for number in (3, -4):
        with pytest.raises(pf.MediaError, match=f"The list has 3 items, counted from 0; there is no {number}"):
            pf.nodes.pick_item(["a", "b", "c"], number)
    with pytest.raises(pf.MediaError, match="The list has 0 items"):
        pf.nodes.pick_item([])


def test_lists_and_single_things_are_joined_in_a_flow() -> None:
    with pf.Flow("join") as flow:
        lines = pf.nodes.split_text(text="a\nb")
        numbers = pf.nodes.count_up(count=2)
        flow.output("all", pf.nodes.join_lists(items=[lines, numbers, pf.nodes.prompt(text="c")]))
    done = start(flow.document, flow.registry, flow.media, backend="inline", cache=MemoryCache())
    assert done.result()["all"] == ["a", "b", 0, 1, "c"]


def test_every_input_of_a_contact_sheet_has_an_influence() -> None:
    images = [PIL.Image.new("RGB", (300, 200), shade) for shade in ("red", "green", "blue")]
    base: dict[str, Any] = {"images": images, "labels": ["a", "b", "c"]}
    changes: list[dict[str, Any]] = [
        {},
        {"images": images[::-1]},
        {"labels": ["a", "b", "d"]},
        {"labels": None},
        {"columns": 1},
        {"size": 100},
        {"heading": "Three"},
    ]
    sheets = [pf.nodes.contact_sheet(**base | change) for change in changes]
    assert len({(sheet.size, sheet.tobytes()) for sheet in sheets}) == len(changes)


def test_a_contact_sheet_wants_pictures_and_a_label_for_each() -> None:
    with pytest.raises(pf.MediaError, match="There are no pictures"):
        pf.nodes.contact_sheet([])
    with pytest.raises(pf.MediaError, match="There are 1 pictures and 2 labels"):
        pf.nodes.contact_sheet([PIL.Image.new("RGB", (4, 4))], labels=["a", "b"])
