"""Captions come from files, a template or a list; what cannot be read is told."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelflow_widgets.finetuning.dataset import Dataset

from .made import encoded, folder_of, photo, zip_of

PICTURE = encoded(photo(size=(8, 8)))
# What a file in UTF-8 can hold; zeros are refused, as they are what UTF-16 looks like.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def captions_of(dataset: Dataset) -> dict[str, str]:
    return {picture.name: picture.caption for picture in dataset.pictures}


def codes(dataset: Dataset) -> list[str]:
    return [problem.code for problem in dataset.problems()]


@settings(deadline=None)
@given(text=texts, mark=st.sampled_from([b"", b"\xef\xbb\xbf"]), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_caption_file_in_utf_8_is_read_as_one_line(text: str, mark: bytes, line_end: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        content = mark + text.replace("\n", line_end).encode()
        dataset = Dataset(folder_of(Path(place) / "x", {"1.png": PICTURE, "1.txt": content}))
        expected = text if mark else text.removeprefix("\ufeff")
        assert dataset.pictures[0].caption == " ".join(expected.split())


@settings(deadline=None)
@given(caption=st.text())
def test_any_text_is_a_caption_also_half_characters_of_json(caption: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        row = json.dumps({"file_name": "1.png", "text": caption})
        dataset = Dataset(folder_of(Path(place) / "x", {"1.png": PICTURE, "metadata.jsonl": row}))
        found = dataset.pictures[0].caption
        assert found == " ".join(caption.encode("utf-8", "replace").decode().split())
        assert dataset.digest


@settings(deadline=None)
@given(caption=texts)
def test_a_list_in_csv_gives_any_caption(caption: str) -> None:
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows([("file_name", "text"), ("1.png", caption)])
    with tempfile.TemporaryDirectory() as place:
        dataset = Dataset(folder_of(Path(place) / "x", {"1.png": PICTURE, "metadata.csv": lines.getvalue()}))
        assert dataset.pictures[0].caption == " ".join(caption.split())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1251", "shift-jis"])
@pytest.mark.parametrize("pack", [folder_of, zip_of])
def test_other_encodings_are_refused_in_words(encoding: str, pack, tmp_path: Path) -> None:
    words = {"cp1251": "зорб на столе", "shift-jis": "ゾーブ"}.get(encoding, "ein großes zorb")
    place = pack(tmp_path / "zorbs.zip", {"1.png": PICTURE, "1.txt": words.encode(encoding)})
    dataset = Dataset(place, trigger="zorb")
    problem = next(problem for problem in dataset.problems() if problem.severity == "error")
    assert (problem.code, problem.pictures) == ("caption-unreadable", ("1.png",))
    assert "'1.txt' is no text in UTF-8" in str(problem)
    assert "Save it again in UTF-8." in str(problem)
    dataset.caption("1.png", "a zorb by hand")
    dataset.check(8)


def test_many_captions_that_cannot_be_read_are_one_problem(tmp_path: Path) -> None:
    files = {f"{number}.png": encoded(photo(number)) for number in range(1, 10)}
    dataset = Dataset(folder_of(tmp_path, {**files, **{f"{number}.txt": b"\xff" for number in range(1, 10)}}))
    (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
    assert str(problem).endswith("8 other captions cannot be read, either.")
    for picture in dataset.pictures:
        dataset.leave_out(picture.name)
    dataset.take_in("1.png")
    assert "other" not in str(dataset.problems()[0])


def test_a_text_goes_before_a_caption_and_both_before_a_list(tmp_path: Path) -> None:
    files = {f"{name}.png": PICTURE for name in "abcd"}
    files |= {"a.TXT": b"from txt", "a.caption": b"from caption", "b.caption": b"from caption"}
    rows = [{"file_name": f"{name}.png", "text": "from the list"} for name in "abc"]
    files["metadata.jsonl"] = "\n".join(map(json.dumps, rows)).encode()
    assert captions_of(Dataset(folder_of(tmp_path / "x", files), trigger="zorb")) == {
        "a.png": "from txt",
        "b.png": "from caption",
        "c.png": "from the list",
        "d.png": "a zorb",
    }


def test_lists_count_from_their_own_folder_and_name_what_is_not_there(tmp_path: Path) -> None:
    files = {
        "train/1.png": PICTURE,
        "train/deep/2.png": PICTURE,
        "3.png": PICTURE,
        "train/metadata.csv": '\ufefffile_name,caption,more\r\n1.png,"one,\nand more",x\r\ndeep\\2.png,two,x\r\n',
        "metadata.jsonl": '{"file_name": "3.png", "text": "three"}\n\n{"file_name": "../4.png", "text": "four"}\n',
    }
    dataset = Dataset(folder_of(tmp_path, files))
    assert captions_of(dataset) == {"3.png": "three", "train/1.png": "one, and more", "train/deep/2.png": "two"}
    (problem,) = [problem for problem in dataset.problems() if problem.code == "caption-without-picture"]
    assert "'metadata.jsonl' has captions for '../4.png', but no such picture lies beside it." in str(problem)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("metadata.jsonl", '{"file_name": "1.png", "text": "a"}\n{no', "Line 2 of 'metadata.jsonl' is no JSON"),
        ("metadata.jsonl", "[" * 100_000, "Line 1 of 'metadata.jsonl' is no JSON"),
        ("metadata.jsonl", "[1]", "Line 1 of 'metadata.jsonl' is no object"),
        ("metadata.jsonl", '{"text": "a"}', "wants a file_name and a text"),
        ("metadata.jsonl", '{"file_name": "1.png", "text": 7}', "wants a file_name and a text"),
        ("metadata.jsonl", b"\xff\xfe{\0", "is no text in UTF-8"),
        ("metadata.csv", "name;words\n1.png;a", "'metadata.csv' has no column file_name"),
        ("metadata.csv", "", "has no column file_name"),
        ("metadata.csv", "file_name,label\n1.png,7", "'metadata.csv' has no captions"),
        ("metadata.jsonl", "", "has no captions"),
        ("metadata.csv", "file_name,text\n1.png," + "a" * 200_000, "cannot be read as CSV, after line 1"),
    ],
)
def test_a_broken_list_is_an_error_in_words(name: str, content: str | bytes, words: str, tmp_path: Path) -> None:
    place = folder_of(tmp_path / "x", {"1.png": PICTURE, name: content})
    (problem,) = [problem for problem in Dataset(place).problems() if problem.severity == "error"]
    assert problem.code == "captions-broken"
    assert words in str(problem)
    assert "captions='template'" in str(problem)
    Dataset(place, captions="template", trigger="zorb").check(8)


def test_a_caption_file_of_a_megabyte_is_no_caption(tmp_path: Path) -> None:
    files = {"1.png": PICTURE, "1.txt": b"a" * (1024**2 + 1)}
    for place in (folder_of(tmp_path / "x", files), zip_of(tmp_path / "x.zip", files)):
        (problem,) = [problem for problem in Dataset(place).problems() if problem.severity == "error"]
        assert "'1.txt' has more than 1,048,576 bytes: it is no caption." in str(problem)


def test_captions_beside_paths_are_read_unless_a_table_has_its_own(tmp_path: Path) -> None:
    files = {"1.png": PICTURE, "1.txt": "one", "2.png": PICTURE, "2.caption": "two", "3.png": PICTURE, "4.png": PICTURE}
    place = folder_of(tmp_path, {**files, "4.txt": b"\xff"})
    paths = [place / f"{number}.png" for number in range(1, 5)]
    for source in (paths, [*map(str, paths)], pandas.DataFrame({"path": paths})):
        dataset = Dataset(source, trigger="zorb")
        assert [*captions_of(dataset).values()] == ["one", "two", "a zorb", "a zorb"]
        (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
        assert str(problem) == "'4.txt' is no text in UTF-8. Save it again in UTF-8."
    assert [*captions_of(Dataset(paths[0], trigger="zorb")).values()] == ["one"]
    table = pandas.DataFrame({"path": paths, "caption": ["a", None, float("nan"), "d"]})
    assert [*captions_of(Dataset(table, trigger="zorb")).values()] == ["a", "a zorb", "a zorb", "d"]
    for captions in ("template", [None] * 4):
        assert [*captions_of(Dataset(paths, trigger="zorb", captions=captions)).values()] == ["a zorb"] * 4


def test_templates_are_filled_in(tmp_path: Path) -> None:
    place = folder_of(tmp_path / "x", {"1.png": PICTURE, "1.txt": "a big thing", "2.png": PICTURE})

    def made(**options: str) -> list[str]:
        return [*captions_of(Dataset(place, **options)).values()]

    assert made(trigger="zorb") == ["a big thing", "a zorb"]
    assert made(trigger="zorb", captions="template", template="photo of {trigger}!") == ["photo of zorb!"] * 2
    assert made(trigger="zorb", template="{trigger}, {caption}") == ["zorb, a big thing", "zorb"]
    assert made(template="a thing") == ["a big thing", "a thing"]
    assert made() == ["a big thing", ""]
    assert made(trigger="{caption}", captions="template") == ["a {caption}"] * 2


def test_an_empty_caption_file_is_an_empty_caption(tmp_path: Path) -> None:
    dataset = Dataset(folder_of(tmp_path, {"1.png": PICTURE, "1.txt": " \n"}), trigger="zorb")
    assert dataset.pictures[0].caption == ""
    assert "empty-caption" in codes(dataset)


def test_another_dataset_gives_its_captions_and_takes_another_trigger(tmp_path: Path) -> None:
    first = Dataset(
        folder_of(tmp_path, {"1.png": PICTURE, "1.txt": "one", "2.png": PICTURE, "3.png": PICTURE}), trigger="zorb"
    )
    first.caption("2.png", "by hand")
    first.leave_out("1.png")
    second = Dataset(first, trigger="blick")
    assert captions_of(second) == {"1.png": "one", "2.png": "by hand", "3.png": "a blick"}
    assert (len(second), second.trigger, second.name) == (2, "blick", first.name)
    second.take_in("1.png")
    second.caption("2.png", "by another hand")
    assert (len(first), first.trigger, captions_of(first)["2.png"]) == (2, "zorb", "by hand")
    third = Dataset(second, captions=["x", "y", "z"])
    assert [*captions_of(third).values()] == ["x", "y", "z"]
    assert [*captions_of(Dataset(second, captions="template")).values()] == ["a blick", "by another hand", "a blick"]
