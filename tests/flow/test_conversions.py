"""Objects of a notebook as ports take them: what becomes what, bit for bit, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Slider
from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.flow.conversions import converted, described, may_fit
from pixelflow_widgets.schema import Port, PortType

from .strategies import examples


def port(name: str, *, many: bool = False, **more: Any) -> Port:
    return Port("taken", PortType(name, many), **more)


PICTURES = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda size: arrays.arrays(np.uint8, st.sampled_from([size, (*size, 3), (*size, 4)]))
)


@given(PICTURES)
@examples(60)
def test_a_uint8_array_becomes_the_very_picture(array: np.ndarray) -> None:
    picture = converted(array, port("image"))
    assert np.array_equal(np.asarray(picture), array)


@given(PICTURES)
@examples(60)
def test_a_float_array_and_a_tensor_give_the_picture_that_uint8_gives(array: np.ndarray) -> None:
    wanted = np.asarray(converted(array, port("image")))
    floats = array.astype(np.float64) / 255
    assert np.array_equal(np.asarray(converted(floats, port("image"))), wanted)
    planes = torch.from_numpy(floats.astype(np.float32))
    tensor = planes if planes.ndim == 2 else planes.permute(2, 0, 1)
    assert np.array_equal(np.asarray(converted(tensor, port("image"))), wanted)
    if tensor.ndim == 3:
        assert np.array_equal(np.asarray(converted(tensor[None], port("image"))), wanted)


def test_an_array_of_true_and_false_becomes_a_mask() -> None:
    mask = converted(np.array([[True, False]]), port("mask"))
    assert mask.mode == "L" and list(mask.getdata()) == [255, 0]


def test_what_comes_out_is_a_copy_that_later_changes_do_not_reach() -> None:
    array = np.zeros((2, 2, 3), np.uint8)
    picture = PIL.Image.new("RGB", (2, 2))
    frame = pandas.DataFrame({"n": [1]})
    latents = torch.zeros(1, 4, 2, 2)
    sound = pf.Audio(np.zeros((1, 4), np.float32), 8000)
    film = pf.Video(np.zeros((1, 2, 2, 3), np.uint8), 8, sound)
    kept = [
        converted(array, port("image")),
        converted(picture, port("image")),
        converted(frame, port("table")),
        converted(latents, port("latents")),
        converted(sound, port("audio")),
        converted(film, port("video")),
    ]
    array[:] = 9
    picture.putpixel((0, 0), (9, 9, 9))
    frame.loc[0, "n"] = 9
    latents[:] = 9
    sound.samples[:] = 9
    film.frames[:] = 9
    assert kept[0].getpixel((0, 0)) == kept[1].getpixel((0, 0)) == (0, 0, 0)
    assert kept[2]["n"].tolist() == [1] and not kept[3].any()
    assert not kept[4].samples.any() and not kept[5].frames.any() and not kept[5].audio.samples.any()


@pytest.mark.parametrize(
    ("value", "taken", "wanted"),
    [
        ("words", port("text"), "words"),
        (np.str_("words"), port("text"), "words"),
        (3, port("int"), 3),
        (np.int64(3), port("int"), 3),
        (np.array(3), port("int"), 3),
        (torch.tensor(3), port("int"), 3),
        (3, port("float"), 3.0),
        (np.float32(0.5), port("float"), 0.5),
        (np.bool_(True), port("flag"), True),
        ([1, 2], port("int", many=True), [1, 2]),
        ((1, 2), port("int"), [1, 2]),
        (7, port("int", many=True), [7]),
    ],
)
def test_plain_values_stay_what_they_are(value: Any, taken: Port, wanted: Any) -> None:
    found = converted(value, taken)
    assert found == wanted and type(found) is type(wanted)


def test_a_list_of_pictures_is_one_run_for_each() -> None:
    found = converted([np.zeros((2, 2), np.uint8), PIL.Image.new("L", (3, 3))], port("mask"))
    assert [picture.size for picture in found] == [(2, 2), (3, 3)]


REFUSED = [
    ({"a": 1}, port("image"), "of type dict, which no port takes.*make one of them in a cell"),
    (None, port("image"), "It is None.*unbind"),
    (3, port("text"), r"of type int, and the port takes text.*str\("),
    (0.5, port("int"), r"a whole number.*int\("),
    (True, port("int"), "of type bool"),
    ("words", port("image"), "of type str, and the port takes image"),
    ([], port("int", many=True), "empty list"),
    ([[1]], port("int", many=True), "lists do not nest"),
    (np.zeros((2, 2), np.int64), port("image"), r"int64 of shape 2 × 2.*astype\('uint8'\)"),
    (np.zeros((5, 2, 2, 3), np.uint8), port("image"), r"Of several pictures make a list: list\(array\)"),
    (np.zeros((0, 2, 3), np.uint8), port("image"), "at least one pixel"),
    (np.full((2, 2), 255.0), port("image"), "Floats are from 0 to 1, and they go from 255 to 255"),
    (np.full((2, 2), np.nan), port("image"), "some are no numbers"),
    (torch.zeros(7, 2, 2), port("image"), "tensor of shape 7 × 2 × 2"),
    (5, port("int", control=Slider(0, 3)), "5 is more than the largest"),
    (pandas.Series([1]), port("table"), "of type Series, which no port takes"),
]


@pytest.mark.parametrize(("value", "taken", "words"), REFUSED, ids=[type(one[0]).__name__ for one in REFUSED])
def test_what_cannot_be_converted_is_refused_in_words(value: Any, taken: Port, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        converted(value, taken)


@pytest.mark.parametrize(("value", "taken", "_"), REFUSED[:9], ids=[str(n) for n in range(9)])
def test_what_is_of_another_kind_is_not_offered_for_a_port(value: Any, taken: Port, _: str) -> None:
    if isinstance(value, np.ndarray):
        return  # an array may be a picture until it is looked at
    assert not may_fit(value, taken.type)


def test_a_description_tells_kind_and_size_and_nothing_of_the_content() -> None:
    assert described("my secret") == ("text", "9 characters")
    assert described(np.zeros((2, 3, 3))) == ("array", "2 × 3 × 3")
    assert described(torch.zeros(3, 4)) == ("tensor", "3 × 4")
    assert described(PIL.Image.new("RGB", (5, 4))) == ("picture", "5 × 4")
    assert described(pandas.DataFrame({"a": [1, 2]})) == ("table", "2 × 1")
    assert described([1]) == ("list", "1 item")
    assert described(12345) == ("number", "")
