"""A value on a port that takes anything keeps its form, is stored as what it is, and is shown as what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media import MEDIA, medium_name_of

ANY = MEDIA["any"]
SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.integers(-(2**63), 2**64),
    st.floats(-1e300, 1e300, allow_nan=False),
)


def values() -> dict[str, Any]:
    import pandas
    import torch

    return {
        "text": "5",
        "flag": True,
        "int": 5,
        "float": 5.0,
        "image": PIL.Image.new("LA", (3, 2), (9, 8)),
        "audio": pf.Audio(np.ones((2, 5), np.float32), 44100),
        "video": pf.Video(np.zeros((2, 3, 4, 3), np.uint8), 12.5),
        "model": pf.Model("starter", {"dtype": "float32"}, (pf.Adapter("a", 0.5),)),
        "latents": torch.ones(1, 4, 2, 2),
        "table": pandas.DataFrame({"a": [1, 2], "b": ["x", None]}),
    }


def same(one: Any, other: Any) -> bool:
    name = medium_name_of(one)
    return name == medium_name_of(other) and MEDIA[str(name)].encode(one) == MEDIA[str(name)].encode(other)


@pytest.mark.parametrize("name", values())
def test_a_value_is_known_by_its_medium_and_comes_back_as_it_was(name: str) -> None:
    value = values()[name]
    assert medium_name_of(value) == name
    assert ANY.check(value) is value
    back = ANY.decode(ANY.encode(value))
    assert same(back, value)
    assert ANY.digest(back) == ANY.digest(value)
    assert ANY.preview(value) == MEDIA[name].preview(value)


@given(st.lists(SCALARS, max_size=5) | SCALARS)
def test_what_is_stored_comes_back_with_its_types(value: Any) -> None:
    back = ANY.decode(ANY.encode(ANY.check(value)))
    assert repr(back) == repr(value)


def test_a_list_may_hold_different_things_and_shows_its_first() -> None:
    listed = list(values().values())
    assert ANY.check(listed) is listed
    assert all(map(same, ANY.decode(ANY.encode(listed)), listed))
    assert ANY.preview([PIL.Image.new("RGB", (5, 4)), "x"]).size == (5, 4)
    assert ANY.preview([]).data == b"An empty list"
    assert ANY.decode(ANY.encode([])) == []


def test_values_that_only_look_alike_have_different_digests() -> None:
    assert len({ANY.digest(value) for value in (5, 5.0, "5", "5.0", True, "True", 1, [5], ["5"], [])}) == 10


def test_numbers_of_numpy_become_plain_ones() -> None:
    checked = [ANY.check(value) for value in (np.int64(3), np.float32(0.5), np.bool_(True))]
    assert [(type(value), value) for value in checked] == [(int, 3), (float, 0.5), (bool, True)]
    assert ANY.check((np.int64(1), "a")) == [1, "a"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing does not travel on edges"),
        ({"a": 1}, "dict does not travel on edges; these do: text, numbers"),
        (object(), "object does not travel"),
        (["a", None], "nothing does not travel"),
        ([["a"]], "a list inside a list does not travel"),
        (np.ones(3), "ndarray does not travel"),
        (float("nan"), "A finite number is wanted"),
    ],
)
def test_what_is_of_no_medium_is_refused(value: Any, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        ANY.check(value)


def test_what_another_version_wrote_is_refused_in_words() -> None:
    from pixelflow_widgets.media.framing import framed

    for data in (framed({"kind": "hologram"}, b""), framed({"kind": "any"}, b""), framed({"kind": "text"})):
        with pytest.raises(pf.MediaError, match="does not know"):
            ANY.decode(data)
