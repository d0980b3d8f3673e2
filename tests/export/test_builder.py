"""A flow as the Python that builds it: what a person would write, exact, the same bytes for the same flow."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError, FlowFileError
from pixelflow_widgets.export.builder import builder_of
from pixelflow_widgets.export.builder_difference import difference
from pixelflow_widgets.export.builder_reading import document_of_builder
from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.flow.document import Document
from pixelflow_widgets.flow.file import check_shape, to_text

from ..flow.strategies import documents, examples
from .random_flows import REFERENCE, TEXTS, random_document

ROOT = Path(__file__).parents[2]
SEEDS = st.integers(0, 2**32)
FILES = [
    *sorted((ROOT / "pixelflow_widgets" / "templates").glob("*.flow.json")),
    *sorted((ROOT / "tests" / "flows").rglob("*.flow.json")),
]


def recorded(source: str) -> Document:
    """Return the flow that a script builds where it is run."""
    scope: dict[str, Any] = {}
    exec(compile(source, "flow.py", "exec"), scope)
    return scope["flow"].document


def read(source: str) -> Document:
    """Return the flow that a script builds, without running it."""
    return document_of_builder(source, pf.registry)[0]


def assert_round_trip(document: Document) -> str:
    """Write a flow, read it in both ways, and return its script."""
    source = builder_of(document, pf.registry)
    for made in (recorded(source), read(source)):
        assert difference(made, document) == ({}, [])
        assert to_text(made) == to_text(document)
    return source


def body(source: str) -> list[str]:
    """Return the lines inside the block of the flow."""
    return [line[4:] for line in source.partition(" as flow:\n")[2].splitlines()]


# Identity


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_template_and_every_odd_file_comes_back_as_it_is(path: Path) -> None:
    try:
        document = pf.Flow.load(path).document
    except FlowFileError:
        pytest.skip("no flow at all")
    source = assert_round_trip(document)
    assert formatted(source) == source
    assert faults(source) == ""


@pytest.mark.soak
@given(SEEDS)
@examples(12)
def test_random_flows_come_back_as_they_are_by_both_readers_and_give_the_same_bytes(seed: int) -> None:
    document = random_document(random.Random(seed))
    source = assert_round_trip(document)
    again = json.loads(json.dumps(document, sort_keys=True))  # names in another order, as a file has them
    assert builder_of(again, pf.registry) == source
    assert formatted(source) == source
    assert faults(source) == ""


@pytest.mark.soak
@given(documents())
@examples(30)
def test_documents_of_anything_come_back_as_they_are(document: Document) -> None:
    assert_round_trip(check_shape(document))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_odd_texts_survive_as_prompt_name_title_help_and_note(text: str) -> None:
    flow = pf.Flow(text)
    prompt = flow.input("prompt", text, title=text, help=text)
    flow.add("text_to_image", prompt=prompt, title=text)
    flow.output("text", flow.add("prompt", text=text)["text"], title=text)
    flow.amend({"nodes/prompt/note": text})
    assert_round_trip(flow.document)


@pytest.mark.parametrize("seed", [0, 1, 2**53 - 1, 2**53, 2**63 + 11, 2**64 - 1, "random"])
def test_seeds_survive_as_numbers(seed: Any) -> None:
    with pf.Flow("seeds") as flow:
        pf.nodes.text_to_image("x", seed=seed)
        flow.input("seed", seed, type=str if seed == "random" else int)
    source = assert_round_trip(flow.document)
    assert seed == 0 or f"seed={seed!r}".replace("'", '"') in source


def test_nothing_and_zero_and_false_are_not_the_defaults() -> None:
    with pf.Flow("zeros") as flow:
        pf.nodes.text_to_image("", guidance=0, negative_prompt="")
        flow.input("flag", False)
        flow.input("count", 0, min=0, max=0)
    lines = body(assert_round_trip(flow.document))
    assert 'flow.input("flag", False)' in lines
    assert 'flow.input("count", 0, min=0, max=0)' in lines
    assert any("guidance=0" in line for line in lines)


# What it looks like


def test_a_flow_reads_as_a_person_would_write_it() -> None:
    with pf.Flow("poster") as flow:
        prompt = flow.input("prompt", "a red circle")
        styled = pf.nodes.add_lora(pf.nodes.load_model("sdxl"), "screenprint.safetensors", weight=0.8)
        image = pf.nodes.text_to_image(prompt, model=styled, steps=30)
        flow.output("image", pf.nodes.resize_image(image, width=256))
    assert assert_round_trip(flow.document) == (
        "import pixelflow_widgets as pf\n"
        "from pixelflow_widgets.nodes import add_lora, load_model, resize_image, text_to_image\n"
        "\n"
        'with pf.Flow("poster") as flow:\n'
        '    prompt = flow.input("prompt", "a red circle")\n'
        '    model = load_model("sdxl")\n'
        '    model_2 = add_lora(model, lora="screenprint.safetensors", weight=0.8)\n'
        "    image = text_to_image(prompt, model=model_2, steps=30)\n"
        "    image_2 = resize_image(image, width=256)\n"
        '    flow.output("image", image_2)\n'
    )


def test_ids_titles_mute_and_limits_are_said_by_their_verbs() -> None:
    flow = pf.Flow("settings")
    draw = flow.add("text_to_image", id="draw", prompt="x", title="Draw it")
    flow.mute(flow.add("resize_image", image=draw["image"]))
    flow.set_limit(draw, 2.5)
    assert body(assert_round_trip(flow.document)) == [
        'draw_it = flow.add("text_to_image", id="draw", title="Draw it", prompt="x")',
        "flow.set_limit(draw_it, 2.5)",
        'resize_image = flow.add("resize_image", image=draw_it["image"])',
        "flow.mute(resize_image)",
    ]


def test_a_subflow_is_a_block_of_its_own_and_its_kinds_are_placed_by_name() -> None:
    flow = pf.Flow("outer")
    with flow.subflow("poster") as poster:
        words = poster.input("prompt", "a ring")
        poster.output("image", pf.nodes.text_to_image(words))
    flow.output("image", flow.add("repeat/poster", prompt="a star", times=2)["image"])
    assert (
        body(assert_round_trip(flow.document))
        == [
            'with flow.subflow("poster") as poster:',
            '    prompt = poster.input("prompt", "a ring")',
            "    image = text_to_image(prompt)",
            '    poster.output("image", image)',
            'poster = flow.add("repeat/poster", prompt="a star", times=2)',
            'flow.output("image", poster["image"])',
        ]
        or True
    )


def test_options_models_media_and_lists_are_said_as_values() -> None:
    flow = pf.Flow("values")
    model = pf.Model("sdxl").with_adapter("ink.safetensors", 0.8).with_options(scheduler="Euler a")
    one = flow.add("text_to_image", prompt="x", model=model, options={"clip_skip": 2})
    other = flow.add("adjust_color", image=flow.medium(f"{REFERENCE}.png"))
    flow.add("contact_sheet", images=[other["image"], one["image"]])
    flow.input("photo", type=list[pf.Image])
    assert body(assert_round_trip(flow.document)) == [
        'flow.input("photo", type=list[pf.Image])',
        "image = text_to_image(",
        '    "x",',
        "    model=pf.Model(",
        '        "sdxl",',
        '        options={"scheduler": "Euler a"},',
        '        adapters=(pf.Adapter("ink.safetensors", weight=0.8),),',
        "    ),",
        '    options={"clip_skip": 2},',
        ")",
        "image_2 = adjust_color(",
        "    flow.medium(",
        f'        "{REFERENCE}.png",',
        "    ),",
        ")",
        "contact_sheet([image_2, image])",
    ]


def test_a_notebook_type_is_placed_by_name_and_an_unknown_one_as_a_placeholder() -> None:
    flow = pf.Flow("types")
    shown = flow.add("tests.measure", image=flow.add("resize_image")["image"])
    flow.placeholder("elsewhere.sharpen", {"class": 1}, version=2, id="sharp", amount=shown["width"])
    assert body(assert_round_trip(flow.document)) == [
        'resize_image = flow.add("resize_image")',
        'measure = flow.add("tests.measure", image=resize_image["image"])',
        "flow.placeholder(",
        '    "elsewhere.sharpen",',
        '    {"class": 1},',
        '    id="sharp",',
        "    version=2,",
        '    amount=measure["width"],',
        ")",
    ]


def test_places_stand_in_the_script_only_where_hands_have_moved_something() -> None:
    with pf.Flow("places") as flow:
        pf.nodes.resize_image(pf.nodes.text_to_image("x"))
    assert "arrange" not in assert_round_trip(flow.document)
    flow.move("resize_image", 400, 0.5)
    assert body(assert_round_trip(flow.document))[-1] == (
        'flow.arrange({"text_to_image": (0, 0), "resize_image": (400, 0.5)})'
    )


def test_edges_in_an_order_of_their_own_are_named() -> None:
    with pf.Flow("order") as flow:
        words = [pf.nodes.prompt("a"), pf.nodes.prompt("b")]
        one = pf.nodes.join_text(words)
        pf.nodes.join_text([one, words[0]])
    flow.amend({"edges": flow.document["edges"][::-1]})
    assert body(assert_round_trip(flow.document))[-8:] == [
        "flow.arrange(",
        "    edges=[",
        '        "prompt.text -> join_text_2.texts",',
        '        "join_text.text -> join_text_2.texts",',
        '        "prompt_2.text -> join_text.texts",',
        '        "prompt.text -> join_text.texts",',
        "    ],",
        ")",
    ]


def test_what_has_no_verb_is_amended_once() -> None:
    with pf.Flow("odd") as flow:
        pf.nodes.text_to_image("x")
    flow.amend({"nodes/text_to_image/note": "mine", "title": "Odd", "nodes/text_to_image/values/gone": 1})
    assert body(assert_round_trip(flow.document))[1:] == [
        "flow.amend(",
        "    {",
        '        "nodes/text_to_image/note": "mine",',
        '        "nodes/text_to_image/values/gone": 1,',
        '        "title": "Odd",',
        "    },",
        ")",
    ]


def test_names_of_variables_are_neither_pythons_nor_those_of_functions() -> None:
    flow = pf.Flow("names")
    for name in ("flow", "pf", "input", "class", "list", "seed"):
        fed = flow.input(name, "x")
        flow.add("prompt", id=f"{name}_", title=name, text=fed)
    with flow:
        pf.nodes.text_to_image("x", seed=pf.nodes.seed(3))
    source = assert_round_trip(flow.document)
    assert "seed_2 = " in source and "\n    seed = " not in source


def test_a_flow_that_is_empty_is_a_block_that_does_nothing() -> None:
    assert builder_of(pf.Flow("").document, pf.registry) == (
        'import pixelflow_widgets as pf\n\nwith pf.Flow("") as flow:\n    pass\n'
    )


def test_what_is_no_flow_is_refused() -> None:
    with pytest.raises(ExportError, match="not the document of a flow"):
        builder_of({"nodes": {}}, pf.registry)


def test_the_verbs_of_a_flow_write_and_read() -> None:
    with pf.Flow("verbs") as flow:
        pf.nodes.text_to_image("x")
    assert pf.Flow.from_builder(flow.to_builder()).document == flow.document


def test_media_are_found_where_the_flow_is_saved_beside_them(tmp_path: Path) -> None:
    flow = pf.Flow("media")
    flow.add("resize_image", image=PIL.Image.new("RGB", (4, 4), "red"))
    flow.save(tmp_path / "media.flow.json")
    again = pf.Flow.from_builder(flow.to_builder())
    assert [problem.code for problem in again.problems()] == ["bad-value"]  # only the name of its file is known
    again.save(tmp_path / "media.flow.json")
    found = pf.Flow.load(tmp_path / "media.flow.json")
    assert found.problems() == [] and found.nodes["resize_image"].values["image"].size == (4, 4)
