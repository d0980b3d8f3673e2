"""Pictures that are training pictures over again are found, and others are not taken for such."""

from __future__ import annotations

import io
import random

import PIL.Image
import pytest
from PIL import ImageEnhance, ImageOps

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.evaluation import likeness, memorised
from pixelflow_widgets.finetuning.evaluation.memorising import NEARLY_ONE, warnings_of
from tests.crescents import EIGHT, captions, picture, pictures
from tests.nodes.pictures import scene


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset(pictures(), captions=captions(), trigger="zorb", name="crescents")


def recompressed(image: PIL.Image.Image) -> PIL.Image.Image:
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=60)
    return PIL.Image.open(kept)


COPIES = {
    "same": lambda image: image,
    "recompressed": recompressed,
    "larger": lambda image: image.resize((200, 200), PIL.Image.Resampling.BICUBIC),
    "mirrored": ImageOps.mirror,
    "a little brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.04),
    "with transparency": lambda image: image.convert("RGBA"),
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_training_picture_is_found_and_named(dataset: Dataset, way: str) -> None:
    made = [COPIES[way](image) for image in pictures()]
    found = memorised(made, dataset)
    assert [each.name for each in found] == [each.name for each in dataset.pictures]
    assert [each.number for each in found] == list(range(8))
    assert all(each.is_nearly_one for each in found)


def test_other_pictures_are_no_copies_whatever_they_share(dataset: Dataset) -> None:
    chance = random.Random(11)
    others = [picture(size, back, colour, chance) for size, colour, back in EIGHT]  # colours changed over
    others += [scene(number, 64, 64) for number in range(6)]
    others += [PIL.Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "black")]
    found = memorised(others, dataset)
    assert not [each for each in found if each.is_nearly_one]


def test_a_warning_names_both_pictures_and_what_to_do(dataset: Dataset) -> None:
    made = [scene(1, 64, 64), recompressed(pictures()[2])]
    (warning,) = warnings_of(memorised(made, dataset))
    assert warning.startswith(f"Picture 2 is nearly the training picture '{dataset.pictures[2].name}' (likeness 0.9")
    assert warning.endswith("Teach fewer steps, at a lower weight, or with more pictures.")


def test_pictures_that_were_left_out_are_not_looked_for() -> None:
    dataset = Dataset(pictures(), captions=captions(), trigger="zorb", name="crescents")
    name = dataset.pictures[0].name
    dataset.leave_out(name)
    (found,) = memorised([pictures()[0]], dataset)
    assert found.name != name
    assert not found.is_nearly_one
    for each in dataset.pictures:
        dataset.leave_out(each.name)
    assert memorised([pictures()[0]], dataset) == []


def test_likeness_does_not_depend_on_the_order_and_is_one_for_equal_pictures() -> None:
    first, second = pictures()[:2]
    assert likeness(first, first) == pytest.approx(1)
    assert likeness(first, second) == pytest.approx(likeness(second, first))
    assert likeness(first, second) < NEARLY_ONE
