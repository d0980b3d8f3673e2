"""Pictures come from a folder, a zip, a list, a table or another dataset, and are the same from each."""

from __future__ import annotations

import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset, reading
from pixelflow_widgets.finetuning.dataset import decoding as decoding_module
from pixelflow_widgets.finetuning.dataset import picture as picture_module

from .made import encoded, folder_of, photo, state_of, zip_of

FILES = {f"{number}.png": photo(number) for number in (1, 2, 10)} | {
    f"{number}.txt": f"a zorb, number {number}" for number in (1, 2, 10)
}
CAPTIONS = [f"a zorb, number {number}" for number in (1, 2, 10)]


def pictures() -> list[PIL.Image.Image]:
    return [photo(number) for number in (1, 2, 10)]


def source_of(kind: str, place: Path) -> Dataset:
    paths = [folder_of(place / "zorbs", FILES) / f"{number}.png" for number in (1, 2, 10)]
    match kind:
        case "folder":
            return Dataset(place / "zorbs", trigger="zorb")
        case "text":
            return Dataset(str(place / "zorbs"), trigger="zorb")
        case "zip":
            return Dataset(zip_of(place / "zorbs.zip", FILES), trigger="zorb")
        case "pictures":
            return Dataset(pictures(), captions=CAPTIONS, trigger="zorb")
        case "paths":
            return Dataset(paths, captions=CAPTIONS, trigger="zorb")
        case "mixed":
            return Dataset([paths[0], str(paths[1]), encoded(photo(10))], captions=CAPTIONS, trigger="zorb")
        case "table":
            return Dataset(pandas.DataFrame({"image": pictures(), "caption": CAPTIONS}), trigger="zorb")
        case "table of paths":
            return Dataset(pandas.DataFrame({"text": CAPTIONS, "path": [*map(str, paths)]}), trigger="zorb")
        case "table of Hugging Face":
            cells = [{"bytes": encoded(photo(1)), "path": None}, {"bytes": None, "path": str(paths[1])}]
            cells.append({"bytes": encoded(photo(10)), "path": "10.png"})
            return Dataset(pandas.DataFrame({"image": cells, "text": CAPTIONS}), trigger="zorb")
    return Dataset(Dataset(place / "zorbs"), trigger="zorb")


KINDS = ["folder", "text", "zip", "pictures", "paths", "mixed", "table", "table of paths", "table of Hugging Face"]


@pytest.mark.parametrize("kind", [*KINDS, "dataset"])
def test_every_source_gives_the_same_dataset(kind: str, tmp_path: Path) -> None:
    dataset = source_of(kind, tmp_path)
    assert len(dataset) == 3
    assert [picture.caption for picture in dataset.pictures] == CAPTIONS
    assert [picture.size for picture in dataset.pictures] == [(80, 80)] * 3
    assert [picture.image().tobytes() for picture in dataset.pictures] == [each.tobytes() for each in pictures()]
    assert dataset.digest == Dataset(pictures(), captions=CAPTIONS).digest
    assert [problem.code for problem in dataset.problems(64)] == ["few-pictures"]


def test_a_folder_gives_its_name_and_those_of_its_files_also_in_folders(tmp_path: Path) -> None:
    files = {"zorbs/b/2.jpg": photo(1), "zorbs/b/10.JPG": photo(2), "zorbs/a.webp": photo(3), "zorbs/.hidden.png": b""}
    folder_of(tmp_path, files)
    dataset = Dataset(tmp_path / "zorbs")
    assert dataset.name == "zorbs"
    assert Dataset(tmp_path / "zorbs", name="things").name == "things"
    assert [picture.name for picture in dataset.pictures] == ["a.webp", "b/2.jpg", "b/10.JPG"]
    packed = zip_of(tmp_path / "x.zip", {**files, "__MACOSX/zorbs/._a.webp": b"resource fork"})
    assert [picture.name for picture in Dataset(packed).pictures] == [
        *("zorbs/a.webp", "zorbs/b/2.jpg", "zorbs/b/10.JPG"),
    ]
    assert Dataset(packed).name == "x"


def test_pictures_of_one_name_have_names_of_their_own(tmp_path: Path) -> None:
    paths = [folder_of(tmp_path / part, {"1.png": photo(number)}) / "1.png" for number, part in enumerate("abc")]
    dataset = Dataset(paths)
    assert [picture.name for picture in dataset.pictures] == ["1.png", "1.png (2)", "1.png (3)"]
    assert [picture.name for picture in Dataset([photo(1), photo(2)]).pictures] == ["picture 1", "picture 2"]


def test_one_picture_is_a_dataset_with_a_warning(tmp_path: Path) -> None:
    path = folder_of(tmp_path, {"me.png": photo()}) / "me.png"
    for source in (photo(), path, str(path), [photo()]):
        dataset = Dataset(source, trigger="zorb", captions="template")
        assert len(dataset) == 1
        assert [(problem.code, problem.severity) for problem in dataset.problems(64)] == [("few-pictures", "warning")]
        dataset.check(64)
        assert [example.caption for example in dataset.examples(64, 8)] == ["a zorb"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere", "There is no folder and no file 'nowhere'"),
        (3, "A dataset is not made of int"),
        (None, "A dataset is not made of NoneType"),
        (iter([photo()]), "Give a folder, a .zip, a list"),
        ([np.zeros((8, 8, 3), np.uint8)], "PIL.Image.fromarray"),
        ([photo(), 3], "Number 2 is no picture but int"),
        (pandas.DataFrame({"photo": [1], "words": ["x"]}), "its columns are 'photo' and 'words'"),
        ([photo()] * 10_001, "There are 10,001 pictures; at most 10,000 are taken"),
    ],
)
def test_what_is_no_dataset_is_refused_in_words(source: Any, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        Dataset(source)


def test_a_file_that_is_neither_folder_nor_zip_nor_picture_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(pf.MediaError, match="'a.tar' is neither a folder nor a .zip nor a picture"):
        Dataset(folder_of(tmp_path, {"a.tar": b"x"}) / "a.tar")


def test_ways_and_numbers_of_captions_are_checked_at_once() -> None:
    with pytest.raises(pf.MediaError, match=r"not 'filse'. Did you mean 'files'\?"):
        Dataset([photo()], captions="filse")
    with pytest.raises(pf.MediaError, match="Captions are files, template, auto or a list, not a dictionary."):
        Dataset([photo()], captions={"picture 1": "a zorb"})  # type: ignore[arg-type]
    with pytest.raises(pf.MediaError, match=r"holds {triger}, which nothing fills in. Did you mean 'trigger'\?"):
        Dataset([photo()], template="a {triger}")
    with pytest.raises(pf.MediaError, match="There are 2 pictures and 1 caption. Give one caption a picture"):
        Dataset([photo(1), photo(2)], captions=["one"])


def test_a_picture_for_which_a_list_has_nothing_gets_the_template() -> None:
    dataset = Dataset([photo(1), photo(2)], trigger="zorb", captions=[None, " a big\nzorb "])
    assert [picture.caption for picture in dataset.pictures] == ["a zorb", "a big zorb"]


def test_a_dataset_is_made_and_checked_without_torch_or_pandas(tmp_path: Path) -> None:
    place = folder_of(tmp_path / "zorbs", FILES)
    program = (
        "import sys; from pixelflow_widgets.finetuning.dataset import Dataset\n"
        f"dataset = Dataset({str(place)!r}, trigger='zorb'); dataset.check(64); dataset.sheet()\n"
        "print(len([*dataset.examples(64, 8)]), *sorted({'torch', 'pandas', 'transformers'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["3"]


def test_more_files_than_are_taken_are_refused_before_any_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}.png": b"" for number in range(21)}
    monkeypatch.setattr(reading, "MOST_PICTURES", 20)
    for source in (folder_of(tmp_path / "many", files), zip_of(tmp_path / "many.zip", files)):
        with pytest.raises(pf.MediaError, match="There are 21 pictures; at most 20 are taken. Train on a part of them"):
            Dataset(source)


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was decoded."""
    done: list[Any] = []

    def counted(source: Any) -> tuple[PIL.Image.Image, str]:
        done.append(source)
        return decoding_module.decoded(source)

    monkeypatch.setattr(picture_module, "decoded", counted)
    return done


def test_a_picture_is_decoded_once_to_be_looked_at_and_once_to_be_trained_on(
    tmp_path: Path, decodings: list[Any]
) -> None:
    dataset = Dataset(folder_of(tmp_path / "zorbs", FILES), trigger="zorb")
    assert (len(dataset), len(dataset.pictures), dataset.pictures[0].caption) == (3, 3, CAPTIONS[0])
    assert decodings == []
    for _ in range(2):
        dataset.check(64)
        dataset.problems()
        dataset.table()
        dataset.sheet()
        assert dataset.digest
    assert len(decodings) == 3
    assert len([*dataset.examples(64, 8)]) == 3
    assert len(decodings) == 6


def test_decoded_pictures_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[PIL.Image.Image]] = []
    most = 0

    def watched(source: Any) -> tuple[PIL.Image.Image, str]:
        nonlocal most
        image, more = decoding_module.decoded(source)
        alive.append(weakref.ref(image))
        most = max(most, sum(one() is not None for one in alive))
        return image, more

    monkeypatch.setattr(picture_module, "decoded", watched)
    dataset = Dataset(zip_of(tmp_path / "x.zip", {f"{number}.png": photo(number) for number in range(30)}))
    dataset.check(64)
    dataset.sheet()
    for _ in dataset.examples(64, 8):
        pass
    dataset.freeze(tmp_path / "frozen")
    assert len(alive) == 90
    assert most <= 2


def test_four_thousand_tiny_pictures_are_a_dataset(tmp_path: Path, decodings: list[Any]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4000, 8, 8, 3), dtype=np.uint8)
    tmp_path.joinpath("many").mkdir()
    for number, picture in enumerate(pixels):
        PIL.Image.fromarray(picture).save(tmp_path / "many" / f"{number}.bmp")
    dataset = Dataset(tmp_path / "many", trigger="zorb", captions="template")
    assert len(dataset) == 4000
    assert {problem.code for problem in dataset.problems(8)} == set()
    assert [problem.code for problem in dataset.problems(64)] == ["too-small"]
    made = [(example.name, example.image.tobytes()) for example in dataset.examples(8, 8)]
    assert made == [(f"{number}.bmp", picture.tobytes()) for number, picture in enumerate(pixels)]
    assert len(decodings) == 8000
    assert max(dataset.sheet().size) <= 4096


def test_pictures_that_were_opened_and_not_decoded_stay_so(tmp_path: Path) -> None:
    folder_of(tmp_path, FILES)
    opened = [PIL.Image.open(tmp_path / f"{number}.png") for number in (1, 2, 10)]
    dataset = Dataset(opened, captions=CAPTIONS)
    assert dataset.digest == Dataset(pictures(), captions=CAPTIONS).digest
    assert all(image.tile for image in opened)
    for image in opened:
        image.close()


def test_a_file_that_changed_after_it_was_looked_at_is_noticed(tmp_path: Path) -> None:
    dataset = Dataset(folder_of(tmp_path, FILES))
    dataset.check(64)
    folder_of(tmp_path, {"2.png": photo(99)})
    with pytest.raises(pf.MediaError, match="'2.png' has changed since it was looked at. Make the dataset again"):
        list(dataset.examples(64, 8))


def test_nothing_is_ever_written_into_the_folder_of_the_user(tmp_path: Path) -> None:
    place = folder_of(
        tmp_path / "zorbs",
        {**FILES, "sub/3.jpg": photo(3), "bad.png": b"?", "sub/metadata.csv": "file_name,text\n3.jpg,three"},
    )
    before = state_of(place)
    dataset = Dataset(place, trigger="zorb")
    dataset.problems(512)
    dataset.caption("1.png", "a zorb by hand")
    dataset.leave_out("bad.png")
    dataset.leave_out("2.png")
    dataset.take_in("2.png")
    dataset.sheet()
    dataset.table()
    list(dataset.examples(64, 8))
    dataset.freeze(tmp_path / "frozen")
    for inside in (place, place / "frozen", place / "sub" / "deeper"):
        with pytest.raises(pf.MediaError, match="lies in the folder that the pictures come from"):
            dataset.freeze(inside)
    assert state_of(place) == before
