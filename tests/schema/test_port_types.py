"""What a port carries, and which ports may connect."""

from __future__ import annotations

import enum
import json
from typing import Annotated, Any, Literal

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Slider
from pixelflow_widgets.media import MEDIA
from pixelflow_widgets.schema import PortType, may_connect, port_type_of
from pixelflow_widgets.schema.port_types import read_port_type


class Blend(enum.Enum):
    SCREEN = "screen"
    MULTIPLY = "multiply"


class Empty(enum.Enum):
    pass


BLENDS = PortType("choice", choices=("screen", "multiply"))

ANNOTATIONS: list[tuple[Any, PortType]] = [
    (str, PortType("text")),
    (int, PortType("int")),
    (float, PortType("float")),
    (bool, PortType("flag")),
    (pf.Image, PortType("image")),
    (pf.Mask, PortType("mask")),
    (pf.Audio, PortType("audio")),
    (pf.Video, PortType("video")),
    (pf.Latents, PortType("latents")),
    (pf.Table, PortType("table")),
    (pf.Model, PortType("model")),
    (pf.Image | None, PortType("image")),
    (list[pf.Image], PortType("image", many=True)),
    (list[pf.Image] | None, PortType("image", many=True)),
    (Annotated[float, Slider(0, 1)], PortType("float")),
    (Annotated[float | None, Slider(0, 1)], PortType("float")),
    (Annotated[float, Slider(0, 1)] | None, PortType("float")),
    (list[Annotated[float, Slider(0, 1)]], PortType("float", many=True)),
    (Literal["screen", "multiply"], BLENDS),
    (Blend, BLENDS),
    (list[Blend], BLENDS.listed),
    (Literal[1, 2], PortType("choice", choices=("1", "2"))),
    (Any, PortType("any")),
    (Any | None, PortType("any")),
    (list[Any], PortType("any", many=True)),
    (pf.Lazy[pf.Image], PortType("image")),
    (pf.Lazy[list[pf.Image]] | None, PortType("image", many=True)),
    (pf.Lazy[Annotated[float, Slider(0, 1)]], PortType("float")),
]


@pytest.mark.parametrize(("annotation", "wanted"), ANNOTATIONS)
def test_an_annotation_names_what_travels(annotation: Any, wanted: PortType) -> None:
    assert port_type_of(annotation) == wanted


def test_heavy_libraries_are_known_by_name() -> None:
    import pandas
    import torch

    assert port_type_of(pandas.DataFrame) == PortType("table")
    assert port_type_of(torch.Tensor) == PortType("latents")


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        (bytes, "bytes does not travel on edges"),
        (dict[str, int], "does not travel on edges"),
        (int | str, "does not travel on edges"),
        (object, "object does not travel on edges"),
        (list, "list does not travel on edges"),
        (list[list[str]], "lists do not nest"),
        (Empty, "at least one option"),
        (Literal["1", 1], "each written differently"),
    ],
)
def test_what_does_not_travel_is_said_in_words(annotation: Any, sentence: str) -> None:
    with pytest.raises(pf.NodeTypeError, match=sentence):
        port_type_of(annotation)


# source, target: whether they may connect
CONNECTIONS = [
    ("int", "float", True),
    ("float", "int", False),
    ("mask", "image", True),
    ("image", "mask", False),
    ("image", "text", False),
    ("text", "image", False),
    ("audio", "video", False),
    ("flag", "int", False),
    ("int", "text", False),
    ("text", "model", False),
    ("image", "list[image]", True),
    ("list[image]", "image", True),
    ("list[image]", "list[image]", True),
    ("list[int]", "float", True),
    ("mask", "list[image]", True),
    ("list[text]", "list[image]", False),
    ({"choices": ["a"]}, {"choices": ["a", "b"]}, True),
    ({"choices": ["a", "b"]}, {"choices": ["a"]}, False),
    ({"choices": ["a"]}, "text", True),
    ("text", {"choices": ["a"]}, True),
    ({"choices": ["a"]}, "int", False),
]


@pytest.mark.parametrize(("source", "target", "fits"), CONNECTIONS)
def test_the_table_of_what_may_connect(source: Any, target: Any, fits: bool) -> None:
    reason = may_connect(read_port_type(source), read_port_type(target))
    assert (reason is None) == fits
    assert fits or reason.endswith(".")  # type: ignore[union-attr]


@pytest.mark.parametrize("name", MEDIA)
def test_every_type_connects_to_itself_and_is_described_so_that_it_reads_back(name: str) -> None:
    for port_type in (PortType(name), PortType(name, many=True), PortType("choice", True, ("a", "b"))):
        assert may_connect(port_type, port_type) is None
        assert read_port_type(json.loads(json.dumps(port_type.describe()))) == port_type


@pytest.mark.parametrize(
    "described", ["picture", "list[picture]", "list[list[image]]", "", None, 5, [], {}, {"choices": []}]
)
def test_what_describes_no_type_is_refused(described: Any) -> None:
    with pytest.raises(pf.MediaError, match="is not a type"):
        read_port_type(described)


def test_a_value_is_checked_by_the_type_of_its_port() -> None:
    assert PortType("float", many=True).check(3) == [3.0]
    assert PortType("int", many=True).check((1, "2")) == [1, 2]
    assert BLENDS.check(Blend.SCREEN) == "screen"
    assert BLENDS.check("multiply") == "multiply"
    assert PortType("choice", choices=("1", "2")).check(2) == "2"
    with pytest.raises(pf.MediaError, match="'add' is not one of screen, multiply"):
        BLENDS.check("add")
    with pytest.raises(pf.MediaError, match="A PIL image is wanted"):
        PortType("image").check({"$media": "x"})


def test_an_output_is_named_after_its_value() -> None:
    names = {"image": "image", "int": "number", "float": "number", "flag": "flag", "choice": "text", "text": "text"}
    assert {name: PortType(name).value_name for name in names} == names
    assert PortType("image", many=True).value_name == "images"
    assert PortType("int", many=True).value_name == "numbers"
    assert PortType("latents", many=True).value_name == "latents"
    assert [PortType("any").value_name, PortType("any", many=True).value_name] == ["value", "values"]


def test_a_type_is_spelled_in_words() -> None:
    assert str(PortType("int", many=True)) == "a list of a whole number"
    assert str(BLENDS) == "one of screen, multiply"


def test_anything_takes_a_value_of_any_medium_and_gives_its_own_form_back() -> None:
    image = PIL.Image.new("RGB", (2, 2))
    anything = port_type_of(Any)
    for value in ("a", 1, 2.5, True, image, pf.Model("starter")):
        assert anything.check(value) is value
    listed = [1, "a", image]
    assert anything.check(listed) is listed
    assert anything.listed.check(listed) == listed
    assert anything.listed.check("a") == ["a"]
    with pytest.raises(pf.MediaError, match="Lists do not nest"):
        anything.listed.check([["a"], "b"])
    with pytest.raises(pf.MediaError, match="dict does not travel"):
        anything.check({"a": 1})


def test_what_comes_from_anything_is_checked_where_it_goes_in() -> None:
    assert may_connect(PortType("any"), PortType("image", many=True)) is None
    with pytest.raises(pf.MediaError, match="A PIL image is wanted here; this is int"):
        PortType("image").check(PortType("any").check(3))
