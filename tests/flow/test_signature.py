"""The one signature: its schema and its reader say the same of every value there is."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Number, Seed, Slider
from pixelflow_widgets.errors import ValuesRefused
from pixelflow_widgets.flow.signature import (
    MISSING,
    Entry,
    Given,
    Signature,
    checked_values,
    read_values,
    signature_of,
)
from pixelflow_widgets.flow.signature.json_schema import digits_up_to
from pixelflow_widgets.schema import PortType, Registry

from .strategies import examples

VALIDATOR = jsonschema.Draft202012Validator
PNG = "data:image/png;base64,iVBORw0KGgo="


@pf.node
def signed_paint(
    prompt: str,
    width: Annotated[int, Number(min=8, max=512, step=8)] = 64,
    strength: Annotated[float, Slider(0, 1)] = 0.5,
    seed: Annotated[int, Seed()] = 0,
    blend: Literal["screen", "multiply"] = "screen",
    images: list[pf.Image] | None = None,
    model: pf.Model = "starter",  # type: ignore[assignment]
) -> pf.Image:
    """Paints something.

    Args:
        prompt: What it shows.
    """
    return PIL.Image.new("RGB", (width, width))


@pf.node
def signed_frame(image: pf.Image, width: Annotated[int, Number(min=16, max=256)] = 32) -> pf.Image:
    """Puts a frame around an image."""
    return image


REGISTRY = Registry()
for _function in (signed_paint, signed_frame):
    REGISTRY.add(_function.node_type)  # type: ignore[attr-defined]


@pytest.fixture
def flow() -> pf.Flow:
    return pf.Flow("poster", registry=REGISTRY)


def refused(signature: Signature, values: Any) -> list[dict[str, str]]:
    with pytest.raises(ValuesRefused) as caught:
        read_values(signature, values, lambda _, text: text)
    return caught.value.problems


# What the ports of a flow say


def test_an_input_has_what_the_ports_say_that_it_feeds(flow: pf.Flow) -> None:
    prompt = flow.input("prompt", "a red circle", max_length=40)
    width = flow.input("width", 64, title="Edge")
    paint = flow.add("tests.signed_paint", prompt=prompt, width=width)
    flow.add("tests.signed_frame", image=paint["image"], width=width)
    flow.output("image", paint["image"], title="The picture", help="As it was painted.")
    signature = flow.signature
    assert signature.inputs[0] == Entry(
        *("prompt", PortType("text"), "Prompt", "What it shows.", "a red circle", False, {"max_length": 40}),
        control={"kind": "text", "lines": 1},
    )
    edge = signature.inputs[1]
    assert edge.title == "Edge" and edge.affects_cost, "width decides how long a run takes"
    assert edge.limits == {"min": 16, "max": 256, "step": 8}, "what suits every port that it feeds"
    assert signature.outputs == (Given("image", PortType("image"), "The picture", "As it was painted."),)
    assert str(signature) == "poster(prompt: text = …, width: a whole number = …) -> image: image"
    assert signature._repr_markdown_().splitlines()[4:] == [
        "| `prompt` (optional) | text, max length 40 | What it shows. |",
        "| `width` (optional) | a whole number, min 16, max 256, step 8, affects the cost |  |",
    ]


def test_a_text_that_feeds_a_choice_has_the_choices_of_the_port(flow: pf.Flow) -> None:
    blend = flow.input("blend", "screen", choices=["multiply", "screen", "other"])
    flow.add("tests.signed_paint", prompt="x", blend=blend)
    (entry,) = flow.signature.inputs
    assert entry.choices == ("multiply", "screen")
    assert flow.signature.request_schema()["properties"]["blend"]["enum"] == ["multiply", "screen"]


def test_choices_of_a_subflow_hold_outside_too(flow: pf.Flow) -> None:
    paint = flow.add("tests.signed_paint", id="paint", prompt="x")
    flow.output("image", paint["image"])
    flow.make_subflow(["paint"], "inner")
    with flow.subflow("inner") as inner:
        words = inner.input("words", "a", choices=["a", "b"])
        inner.set("paint", prompt=words)
    (node,) = flow.nodes.values()
    flow.set(node, words=flow.input("words", "a"))
    (entry,) = flow.signature.inputs
    assert entry.choices == ("a", "b")


def test_a_list_into_a_port_of_one_value_makes_a_list_of_results(flow: pf.Flow) -> None:
    prompts = flow.input("prompts", ["a", "b"])
    paint = flow.add("tests.signed_paint", prompt=prompts)
    flow.output("images", paint["image"])
    signature = flow.signature
    assert signature.outputs[0].type == PortType("image", many=True)
    assert signature.inputs[0].affects_cost
    assert signature.result_schema()["properties"]["images"]["type"] == "array"
    assert len(refused(signature, {"prompts": ["a"] * 101})) == 1


def test_an_input_whose_type_nobody_knows_is_passed_over(flow: pf.Flow) -> None:
    document = {**flow.document, "inputs": [{"name": "x", "type": "hologram", "feeds": []}]}
    assert signature_of(document, REGISTRY).inputs == ()


def test_a_signature_comes_back_from_its_json(flow: pf.Flow) -> None:
    seed, images = flow.input("seed", 2**60), flow.input("images", type=list[pf.Image])
    model = flow.input("model", "starter", type=pf.Model, choices=["starter", "sdxl"])
    paint = flow.add("tests.signed_paint", prompt="x", seed=seed, images=images, model=model)
    flow.output("image", paint["image"])
    signature = signature_of(flow.document, REGISTRY, "given")
    assert Signature.from_json(json.loads(json.dumps(signature.as_json()))) == signature
    assert signature.input("seed").default == 2**60  # type: ignore[union-attr]
    assert signature.input("images").default is MISSING  # type: ignore[union-attr]


def test_the_shipped_template_has_a_schema_that_is_one_and_takes_its_own_example() -> None:
    for path in sorted((Path(pf.__file__).parent / "templates").glob("*.flow.json")):
        flow = pf.Flow.load(path)
        schema = flow.signature.request_schema()
        VALIDATOR.check_schema(schema)
        VALIDATOR.check_schema(flow.signature.result_schema())
        for example in schema["examples"]:
            VALIDATOR(schema).validate(example)
            read_values(flow.signature, example, lambda _, text: text)
        assert schema["properties"]["prompt"]["default"] == schema["examples"][0]["prompt"]
        assert schema["required"] == [] and schema["additionalProperties"] is False


# Seeds


def seeded(flow: pf.Flow, policy: Any, **limits: int) -> Signature:
    seed = flow.input("seed", 7, **limits)
    flow.add("tests.signed_paint", prompt="x", seed=seed)
    return signature_of(flow.document, REGISTRY, policy)


def test_a_seed_is_drawn_when_nobody_gives_one_or_somebody_gives_minus_one(flow: pf.Flow) -> None:
    signature = seeded(flow, "drawn")
    drawn = [read_values(signature, said, lambda _, text: text)["seed"] for said in ({}, {}, {"seed": -1})]
    assert len(set(drawn)) == 3 and all(0 <= seed < 2**32 for seed in drawn)
    assert signature.request_schema()["properties"]["seed"]["default"] == -1


def test_a_seed_that_is_given_by_the_flow_is_left_to_it(flow: pf.Flow) -> None:
    signature = seeded(flow, "given")
    assert read_values(signature, {}, lambda _, text: text) == {}
    assert read_values(signature, {"seed": -1}, lambda _, text: text)["seed"] >= 0
    assert signature.request_schema()["properties"]["seed"]["default"] == 7


def test_what_was_checked_once_reads_the_same_again(flow: pf.Flow) -> None:
    """A job that is done again after a crash has the seed of the first time."""
    signature = seeded(flow, "drawn")
    kept = json.loads(json.dumps(checked_values(signature, {}, lambda _, text: text)))
    assert read_values(signature, kept, lambda _, text: text) == kept
    assert checked_values(signature, kept, lambda _, text: text) == kept


def test_a_drawn_seed_stays_within_the_limits_of_its_input(flow: pf.Flow) -> None:
    signature = seeded(flow, "drawn", min=5, max=6)
    assert {read_values(signature, {}, lambda _, text: text)["seed"] for _ in range(60)} == {5, 6}


def test_seeds_of_64_bits_come_as_numbers_and_as_digits(flow: pf.Flow) -> None:
    signature = seeded(flow, "drawn")
    for seed in (2**64 - 1, str(2**64 - 1)):
        assert read_values(signature, {"seed": seed}, lambda _, text: text) == {"seed": 2**64 - 1}
    for seed in (2**64, str(2**64), "-1", "", "0x10", -2):
        refused(signature, {"seed": seed})


@given(st.integers(0, 10**22), st.integers(0, 10**22))
@examples(300)
def test_digits_up_to_a_number_match_just_those_up_to_it(most: int, other: int) -> None:
    import re

    assert bool(re.fullmatch(digits_up_to(most), str(other))) == (other <= most)


# Media


def test_media_go_to_whoever_keeps_or_decodes_them(flow: pf.Flow) -> None:
    image = flow.input("image", type=pf.Image)
    flow.add("tests.signed_frame", image=image)
    asked: list[tuple[str, str]] = []

    def keep(kind: str, text: str) -> str:
        asked.append((kind, text))
        return "up_12345678"

    assert checked_values(flow.signature, {"image": PNG}, keep) == {"image": "up_12345678"}
    assert asked == [("image", PNG)]
    assert read_values(flow.signature, {"image": "up_12345678"}, lambda kind, text: (kind, text)) == {
        "image": ("image", "up_12345678")
    }


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a.png",
        "file:///etc/passwd",
        "/etc/host.conf",
        "../secret.png",
        "data:image/svg+xml,<svg/>",
        "data:image/png,%89PNG",
        "data:image/png;base64,https://example.org",
        "up_../../x",
        "up_short",
        "",
        "abc",
        f"{PNG}\n",
    ],
)
def test_no_address_and_no_path_comes_as_a_medium(flow: pf.Flow, text: str) -> None:
    image = flow.input("image", type=pf.Image)
    flow.add("tests.signed_frame", image=image)
    (problem,) = refused(flow.signature, {"image": text})
    assert problem["at"] == "/image" and "Addresses are not fetched" in problem["message"]


def test_what_a_decoder_refuses_stands_where_it_came(flow: pf.Flow) -> None:
    images = flow.input("images", type=list[pf.Image])
    flow.add("tests.signed_paint", prompt="x", images=images)

    def decode(kind: str, text: str) -> str:
        if text == "BAAD":
            raise pf.MediaError("This cannot be read as a picture.")
        return text

    with pytest.raises(ValuesRefused) as caught:
        read_values(flow.signature, {"images": ["aaaa", "BAAD"]}, decode)
    assert caught.value.problems == [{"at": "/images/1", "message": "This cannot be read as a picture."}]


def test_a_table_comes_as_columns_and_rows() -> None:
    signature = Signature("t", "T", "", (Entry("rows", PortType("table"), "Rows"),), ())
    table = {"columns": ["a", "b"], "rows": [[1, "x"], [None, True]]}
    frame = read_values(signature, {"rows": table}, lambda _, text: text)["rows"]
    assert list(frame.columns) == ["a", "b"] and frame["b"].tolist() == ["x", True]
    assert checked_values(signature, {"rows": table}, lambda _, text: text) == {"rows": table}
    for rows, at in (([[1]], "/rows/rows/0"), ([[1, [2]]], "/rows/rows/0/1"), ({}, "/rows/rows")):
        assert refused(signature, {"rows": {**table, "rows": rows}})[0]["at"] == at


# Refusals


def test_all_that_is_wrong_is_said_at_once_and_where(flow: pf.Flow) -> None:
    prompt, width = flow.input("prompt", type=str), flow.input("width", 64)
    strength = flow.input("strength", 0.5)
    flow.add("tests.signed_paint", prompt=prompt, width=width, strength=strength)
    told = refused(flow.signature, {"width": 12, "strength": "much", "promt": "x", "a/b~c": 1})
    assert {each["at"] for each in told} == {"/prompt", "/width", "/strength", "/promt", "/a~1b~0c"}
    said = {each["at"]: each["message"] for each in told}
    assert said["/promt"].startswith("There is no input 'promt'. Did you mean 'prompt'?")
    assert said["/prompt"] == "The input 'prompt' is missing."
    assert said["/width"] == "12 is not a multiple of 8."
    assert said["/strength"] == "A number is wanted here, not a text."


@pytest.mark.parametrize("values", [None, [], "x", 5, True])
def test_what_is_no_object_is_refused(flow: pf.Flow, values: Any) -> None:
    assert refused(flow.signature, values)[0]["at"] == ""


def test_a_flood_of_unknown_names_is_told_in_part(flow: pf.Flow) -> None:
    assert len(refused(flow.signature, {f"x{number}": 1 for number in range(5000)})) == 100


def test_half_a_character_is_refused(flow: pf.Flow) -> None:
    prompt = flow.input("prompt", type=str)
    flow.add("tests.signed_paint", prompt=prompt)
    assert "half a character" in refused(flow.signature, {"prompt": "\ud800"})[0]["message"]


# The schema and the reader

NAMES = st.sampled_from(["prompt", "width", "seed", "image"])
WORDS = st.sampled_from(["screen", "multiply", "x"])


@st.composite
def entries(draw: st.DrawFn, name: str) -> Entry:
    kind = draw(st.sampled_from(["text", "int", "float", "flag", "choice", "image", "audio", "model", "seed"]))
    many = kind != "seed" and draw(st.booleans())
    limits: dict[str, float] = {"max_items": draw(st.integers(1, 3))} if many else {}
    choices = None
    if kind == "text":
        limits["max_length"] = draw(st.integers(1, 6))
    if kind in ("choice", "model") or (kind == "text" and draw(st.booleans())):
        choices = tuple(draw(st.lists(WORDS, min_size=1, max_size=3, unique=True)))
    if kind in ("int", "float", "seed"):
        low, high = sorted(draw(st.tuples(BOUNDS, BOUNDS)))
        limits |= draw(st.sampled_from([{}, {"min": low}, {"max": high}, {"min": low, "max": high}]))
    if kind == "seed":
        limits = {"min": max(0, limits.get("min", 0)), "max": max(0, limits.get("max", 2**64 - 1))}
        limits["max"] = max(limits["max"], limits["min"])
    if kind == "int" and draw(st.booleans()):
        limits["step"] = draw(st.integers(2, 9))
    type_name = "int" if kind == "seed" else kind
    port_type = PortType(type_name, many, choices if kind == "choice" and choices else ())
    is_required = draw(st.booleans())
    return Entry(name, port_type, name, "", MISSING, is_required, limits, choices, False, kind == "seed")


BOUNDS = st.sampled_from([-(2**63), -5, 0, 1, 3, 16, 100, 2**53, 2**60, 2**64 - 1])
NUMBERS = st.one_of(
    st.integers(-20, 120),
    st.sampled_from([-1, 2**53, 2**60, 2**64 - 1, 2**64, -(2**63) - 1, 10**400, 5.0, -1.0, 16.0, 1.5, -0.0, 1e300]),
    st.sampled_from([1e301, -1e308, 1.8446744073709552e19]),
    st.floats(allow_nan=False, allow_infinity=False),
)
TEXTS = st.one_of(
    WORDS,
    st.text(max_size=8),
    st.sampled_from(["up_12345678", PNG, "aaaa", "aaa", "http://x", "-1", "5", str(2**64 - 1), str(2**64), "0" * 25]),
)
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.one_of(PLAIN, st.lists(PLAIN, max_size=4), st.dictionaries(WORDS, PLAIN, max_size=2))


@st.composite
def asked(draw: st.DrawFn) -> tuple[Signature, Any]:
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    signature = Signature("random", "Random", "", tuple(draw(entries(name)) for name in names), ())
    given_names = draw(st.lists(NAMES, max_size=4, unique=True))
    values = {name: draw(likely(signature.input(name))) for name in given_names}
    return signature, draw(st.one_of(st.just(values), st.just(values), st.just(values), PLAIN))


def likely(entry: Entry | None) -> st.SearchStrategy[Any]:
    """Return values of which many fit an input."""
    if entry is None:
        return VALUES
    ones = {"text": TEXTS, "choice": WORDS, "model": WORDS, "image": TEXTS, "audio": TEXTS, "flag": st.booleans()}
    one = ones.get(entry.type.name, NUMBERS)
    return st.one_of(st.lists(one, max_size=4) if entry.type.many else one, VALUES)


@given(asked())
@examples(300)
def test_the_schema_allows_just_what_the_reader_takes(case: tuple[Signature, Any]) -> None:
    signature, values = case
    schema = signature.request_schema()
    VALIDATOR.check_schema(schema)
    try:
        read_values(signature, values, lambda _, text: text)
        is_taken = True
    except ValuesRefused:
        is_taken = False
    assert VALIDATOR(schema).is_valid(values) == is_taken


@given(asked())
@examples(300)
def test_what_is_taken_once_is_taken_again_as_json(case: tuple[Signature, Any]) -> None:
    signature, values = case
    try:
        kept = checked_values(signature, values, lambda _, text: text)
    except ValuesRefused:
        return
    again = checked_values(signature, json.loads(json.dumps(kept)), lambda _, text: text)
    assert again == kept


@given(asked())
@examples(300)
def test_the_example_of_a_schema_fits_it(case: tuple[Signature, Any]) -> None:
    schema = case[0].request_schema()
    for example in schema.get("examples", []):
        VALIDATOR(schema).validate(example)


def test_examples_of_media_are_pictures_and_sounds_that_can_be_opened() -> None:
    from pixelflow_widgets.media import open_picture
    from pixelflow_widgets.media.recordings import open_sound

    inputs = (Entry("photo", PortType("image"), "Photo"), Entry("voice", PortType("audio"), "Voice"))
    (example,) = Signature("m", "M", "", inputs, ()).request_schema()["examples"]
    assert open_picture(base64.b64decode(example["photo"].partition(",")[2])).size == (8, 8)
    assert open_sound(base64.b64decode(example["voice"].partition(",")[2])).samples.dtype == np.float32
