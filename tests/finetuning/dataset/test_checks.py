"""What is wrong with a dataset is told in clear sentences before any step."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset
from tests import crescents

from .made import encoded, folder_of, photo

GOOD = {f"{number}.png": photo(number) for number in range(1, 6)} | {
    f"{number}.txt": f"a zorb, the {number}th" for number in range(1, 6)
}


def without(*names: str) -> dict[str, PIL.Image.Image | str | bytes]:
    return {name: content for name, content in GOOD.items() if name not in names}


def jpeg(image: PIL.Image.Image, quality: int) -> bytes:
    return encoded(image, "JPEG", quality=quality)


# Kind → the files, the problem's code, whether no training begins, all that is said.
BAD: dict[str, tuple[dict[str, PIL.Image.Image | str | bytes], str, bool, str]] = {
    "no picture": (
        {"notes.md": "soon"},
        *("no-pictures", True),
        "There is no picture in it. Put PNG, JPEG or WebP files there, eight or more.",
    ),
    "too few": (
        without("1.png", "1.txt", "2.png", "2.txt"),
        *("few-pictures", False),
        "There are only 3 pictures: the model may learn to copy. "
        "Eight to twenty different ones teach what they have in common.",
    ),
    "too small": (
        {**GOOD, "2.png": photo(2, (40, 30))},
        *("too-small", False),
        "'2.png' has fewer pixels than the training's 64 x 64; the smallest has 40 x 30. Enlarged pictures teach blur. "
        "Take larger ones, or train at a lower resolution.",
    ),
    "duplicates": (
        {**GOOD, "5.bmp": encoded(photo(5), "BMP"), "5.webp": encoded(photo(5), "WEBP", lossless=True)},
        *("duplicate", False),
        "'5.bmp', '5.png' and '5.webp' show the same, pixel by pixel. "
        "Leave all but one out: what is shown twice is learnt twice as hard.",
    ),
    "near duplicates": (
        {**GOOD, "6.jpg": jpeg(photo(5).resize((120, 120)), 60), "6.txt": "a zorb again"},
        *("near-duplicate", False),
        "'5.png' and '6.jpg' show nearly the same. Leave all but the best one out.",
    ),
    "a damaged file": (
        {**GOOD, "3.png": encoded(photo(3))[:300]},
        *("unreadable", True),
        "'3.png': This cannot be read as a picture (PNG, JPEG, WEBP, BMP, TIFF, GIF, AVIF): "
        "image file is truncated. Mend it or leave it out.",
    ),
    "no picture at all": (
        {**GOOD, "3.png": b"<html>404</html>"},
        *("unreadable", True),
        "'3.png': This cannot be read as a picture (PNG, JPEG, WEBP, BMP, TIFF, GIF, AVIF). Mend it or leave it out.",
    ),
    "a format of telephones": (
        {**GOOD, "IMG_1.HEIC": b"....ftypheic"},
        *("unreadable", True),
        "'IMG_1.HEIC': Pictures in the format HEIC are not read here. Save it as PNG or JPEG. Mend it or leave it out.",
    ),
    "captions without the trigger": (
        {**GOOD, "1.txt": "a red thing", "2.txt": "zorbs are not it"},
        *("no-trigger-in-caption", False),
        "'1.png' and '2.png' have captions without the trigger word 'zorb'. "
        "Write it in, or put it before all: template='{trigger}, {caption}'.",
    ),
    "empty captions": (
        {**GOOD, "4.txt": ""},
        *("empty-caption", False),
        "'4.png' has no caption. Write one, or give a trigger word and a template.",
    ),
    "captions that are all equal": (
        {name: content for name, content in GOOD.items() if name.endswith(".png")},
        *("equal-captions", False),
        "All 5 pictures have one caption, 'a zorb': what they have in common besides the thing (its ground, its place) "
        "is learnt with it. Say in each what else it shows, in a file x.txt beside x.png, or take captions='auto'.",
    ),
    "a caption is missing": (
        without("3.txt"),
        *("caption-missing", False),
        "'3.png' has no caption of its own, and gets 'a zorb'. Write one where the picture shows more than that.",
    ),
    "a caption in another encoding": (
        {**GOOD, "3.txt": "größer".encode("latin-1")},
        *("caption-unreadable", True),
        "'3.txt' is no text in UTF-8. Save it again in UTF-8.",
    ),
    "a caption with no picture": (
        without("3.png"),
        *("caption-without-picture", False),
        "'3.txt' has no picture of that name. Name caption and picture alike: x.txt, x.png.",
    ),
    "a strip": (
        {**GOOD, "3.png": photo(3, (400, 90))},
        *("extreme-shape", False),
        "'3.png' is more than 3 times as long as it is wide or high: most of it is cut off. Crop to what matters.",
    ),
    "black pictures": (
        {**GOOD, "2.png": PIL.Image.new("RGB", (80, 80)), "3.png": PIL.Image.new("RGB", (80, 70), "teal")},
        *("one-colour", False),
        "'2.png' and '3.png' are each all of one colour. Look at them: was the export broken?",
    ),
    "other files": (
        {**GOOD, "list.xlsx": b"x", "film.mp4": b"x", "a.py": b"x", "b.py": b"x", "README.txt": "zorbs"},
        *("other-files", False),
        "'a.py', 'b.py', 'film.mp4' and 2 more are no pictures and were passed over.",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_dataset_gets_a_clear_message_before_any_step(kind: str, tmp_path: Path) -> None:
    files, code, is_error, words = BAD[kind]
    dataset = Dataset(folder_of(tmp_path / "zorbs", files), trigger="zorb")
    (problem,) = [problem for problem in dataset.problems(64) if problem.code == code]
    assert str(problem) == words
    assert problem.severity == ("error" if is_error else "warning")
    assert set(problem.pictures) <= {picture.name for picture in dataset.pictures}
    if is_error:
        with pytest.raises(pf.DatasetRefused) as refused:
            dataset.check(64)
        assert words in str(refused.value)
    else:
        dataset.check(64)


def test_a_good_dataset_has_no_problems(tmp_path: Path) -> None:
    assert Dataset(folder_of(tmp_path, GOOD), trigger="zorb").problems(64) == []
    eight = [crescents.caption(*scene) for scene in crescents.EIGHT]
    assert Dataset(crescents.pictures(), trigger=crescents.WORD, captions=eight).problems(crescents.EDGE) == []


def test_all_errors_are_told_at_once_and_first(tmp_path: Path) -> None:
    files = {**GOOD, "1.png": b"?", "2.txt": b"\xff", "x.heic": b"?", "metadata.jsonl": "[]", "other.doc": b"?"}
    dataset = Dataset(folder_of(tmp_path, files), trigger="zorb")
    with pytest.raises(pf.DatasetRefused) as refused:
        dataset.check(64)
    told = str(refused.value)
    assert told.startswith("This dataset cannot be trained on:\n  - ")
    assert all(name in told for name in ("'1.png'", "'2.txt'", "'x.heic'", "'metadata.jsonl'"))
    assert "other.doc" not in told
    assert [problem.severity for problem in refused.value.problems] == ["error"] * 4
    severities = [problem.severity for problem in dataset.problems(64)]
    assert severities == sorted(severities)
    assert severities.count("error") == 4


def test_what_is_left_out_is_no_problem(tmp_path: Path) -> None:
    files = {**GOOD, "6.png": b"?", "7.png": photo(5), "7.txt": "a zorb", "8.png": photo(8, (9, 90)), "8.txt": "a zorb"}
    dataset = Dataset(folder_of(tmp_path, files), trigger="zorb")
    assert {problem.code for problem in dataset.problems(64)} > {"unreadable", "duplicate", "extreme-shape"}
    for name in ("6.png", "7.png", "8.png"):
        dataset.leave_out(name)
    assert dataset.problems(64) == []
    for picture in dataset.pictures:
        dataset.leave_out(picture.name)
    assert [str(problem) for problem in dataset.problems(64)] == ["All pictures are left out. Take some in again."]


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ("", "There is no trigger word"),
        (" ", "There is no trigger word"),
        ("dog", "The trigger word 'dog' is an ordinary word"),
        ("Red Circle", "The trigger word 'Red Circle' is an ordinary word"),
        ("zorb", None),
        ("a zorb", None),
        ("zörb (new)", None),
    ],
)
def test_trigger_words_that_mean_nothing_or_something_already_are_told(trigger: str, words: str | None) -> None:
    dataset = Dataset([photo(number) for number in range(5)], trigger=trigger, captions="template")
    told = [str(problem) for problem in dataset.problems() if "trigger" in problem.code]
    assert [words in each for each in told] == ([True] if words else [])
    assert all(problem.severity == "warning" for problem in dataset.problems())


def test_a_trigger_word_counts_as_a_word_in_any_capitals() -> None:
    captions = ["a ZORB.", "(zorb)", "zorb-like", "a zorbish thing", "azorb"]
    dataset = Dataset([photo(number) for number in range(5)], trigger="zorb", captions=captions)
    (problem,) = [problem for problem in dataset.problems() if problem.code == "no-trigger-in-caption"]
    assert problem.pictures == ("picture 4", "picture 5")


CHANGED: dict[str, Callable[[PIL.Image.Image], PIL.Image.Image]] = {
    "another quality": lambda image: PIL.Image.open(io.BytesIO(jpeg(image, 50))),
    "another size": lambda image: image.resize((image.width * 2 // 3, image.height * 2 // 3)),
    "a little brighter": lambda image: PIL.ImageEnhance.Brightness(image).enhance(1.03),
    "a little cropped": lambda image: image.crop((1, 1, image.width - 1, image.height - 1)),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_picture_saved_otherwise_is_a_near_duplicate(change: str) -> None:
    pictures = [photo(number, (200, 150)) for number in range(20)]
    again = [CHANGED[change](picture) for picture in pictures[:10]]
    groups = [
        problem.pictures for problem in Dataset([*pictures, *again]).problems() if problem.code == "near-duplicate"
    ]
    assert groups == [(f"picture {number}", f"picture {number + 20}") for number in range(1, 11)]


def test_other_pictures_are_no_near_duplicates() -> None:
    turned = [photo(1).transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT), photo(1).rotate(90)]
    drawings = []
    for place in range(4):
        pixels = np.full((64, 64, 3), 240, np.uint8)
        pixels[16 * place : 16 * place + 12, 20:40] = (200, 40, 40)
        drawings.append(PIL.Image.fromarray(pixels))
    dataset = Dataset([photo(number) for number in range(60)] + turned + drawings)
    assert not [problem for problem in dataset.problems() if "duplicate" in problem.code]
