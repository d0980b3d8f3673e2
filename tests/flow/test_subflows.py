"""Subflows: which node types a flow's own subflows are, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Number, Seed
from pixelflow_widgets.errors import FlowFileError, OperationRejected
from pixelflow_widgets.flow import file
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.editing import EditableFlow
from pixelflow_widgets.flow.subflows import digest_of, read_subflow, with_subflows
from pixelflow_widgets.schema import PortType, Registry

from .sample_types import REGISTRY, sample_registry


def body(name: str = "tiny_poster", **changes: Any) -> dict[str, Any]:
    """A flow that paints a prompt and softens the picture."""
    return {
        **new_document(name),
        "nodes": {
            "paint": {"type": "tests.paint", "type_version": 1, "values": {"steps": 7}},
            "soften": {"type": "tests.soften", "type_version": 1, "values": {}},
        },
        "edges": [{"from": "paint.image", "to": "soften.image"}],
        "inputs": [
            {"name": "prompt", "type": "text", "feeds": ["paint.prompt"]},
            {"name": "seed", "type": "int", "default": 3, "feeds": ["paint.seed"]},
            {
                "name": "amount",
                "type": "float",
                "default": 0.5,
                "title": "How much",
                "help": "Of it.",
                "limits": {"min": 0, "max": 2},
                "feeds": ["soften.amount"],
            },
        ],
        "outputs": [{"name": "image", "from": "soften.image"}],
        **changes,
    }


def holding(**bodies: dict[str, Any]) -> dict[str, Any]:
    """A flow that holds subflows."""
    return {**new_document("outer"), "subflows": {name: {"document": inner} for name, inner in bodies.items()}}


def types(**bodies: dict[str, Any]) -> Registry:
    return with_subflows(REGISTRY, holding(**bodies))


def nested(depth: int) -> dict[str, Any]:
    inner = body()
    for _ in range(depth):
        nodes = {"run": {"type": "flow/inner", "type_version": 1, "values": {"prompt": "x"}}}
        outputs = [{"name": "image", "from": "run.image"}]
        held = {"inner": {"document": inner}}
        inner = {**new_document("layer"), "nodes": nodes, "outputs": outputs, "subflows": held}
    return inner


def test_a_flow_without_subflows_has_the_types_of_its_registry_and_no_others() -> None:
    assert with_subflows(REGISTRY, new_document("x")) is REGISTRY
    assert EditableFlow("x", registry=REGISTRY).types is REGISTRY


def test_the_same_subflows_are_the_same_types() -> None:
    document = holding(poster=body())
    known = with_subflows(REGISTRY, document)
    assert with_subflows(REGISTRY, {**document, "nodes": {}}) is known
    assert with_subflows(known, document) is known
    assert known["flow/poster"] is known["flow/poster"]
    other = {**document, "subflows": {**document["subflows"], "more": {"document": body()}}}
    assert with_subflows(REGISTRY, other) is not known


def test_the_inputs_and_outputs_of_a_flow_are_the_ports_of_its_node() -> None:
    node_type = types(poster=body())["flow/poster"]
    assert list(node_type.inputs) == ["prompt", "seed", "amount"]
    assert node_type.inputs["prompt"].required
    assert node_type.inputs["prompt"].type == PortType("text")
    assert (node_type.inputs["seed"].default, type(node_type.inputs["seed"].control)) == (3, Seed)
    amount = node_type.inputs["amount"]
    assert (amount.default, amount.title, amount.help) == (0.5, "How much", "Of it.")
    assert amount.control == Number(min=0, max=2)
    assert {name: str(port.type) for name, port in node_type.outputs.items()} == {"image": "image"}
    assert (node_type.title, node_type.family, node_type.where) == ("Tiny poster", "Subflows", "kernel")
    assert node_type.body is not None
    assert node_type.describe()["body"] == {"kind": "flow", "name": "poster"}


def test_a_flow_that_repeats_gives_the_last_and_every_one() -> None:
    node_type = types(poster=body())["repeat/poster"]
    assert list(node_type.inputs) == ["prompt", "seed", "amount", "times"]
    assert node_type.inputs["times"].default == 3
    assert {name: port.type for name, port in node_type.outputs.items()} == {
        "image": PortType("image"),
        "every_image": PortType("image", many=True),
    }
    assert node_type.body is not None
    assert (node_type.body.steered_by, node_type.body.lists) == ("times", {"image": "every_image"})


def test_only_a_flow_that_says_whether_to_go_on_can_go_on_while_it_does() -> None:
    deciding = body(outputs=[{"name": "go_on", "from": "paint.image"}])
    known = types(poster=body(), wrong=deciding)
    assert known.find("while_/poster") is None
    assert known.find("while_/wrong") is None, "an image says nothing about going on"


def test_a_flow_for_each_row_gives_lists_and_a_table() -> None:
    doubled = body(outputs=[{"name": name, "from": "soften.image"} for name in ("image", "images", "glass")])
    known = types(poster=body(), doubled=doubled)
    node_type = known["for_each/poster"]
    assert node_type.inputs["rows"].type == PortType("table")
    assert not node_type.inputs["prompt"].required, "a column may give it"
    assert node_type.inputs["amount"].default == 0.5
    assert list(node_type.outputs) == ["images", "table"]
    assert list(known["for_each/doubled"].outputs) == ["image_list", "images_list", "glass_list", "table"]


def test_a_grid_shows_the_first_picture_of_each_cell() -> None:
    sizes = body(
        nodes={**body()["nodes"], "measure": {"type": "tests.measure", "values": {}}},
        outputs=[{"name": "width", "from": "measure.width"}, {"name": "poster", "from": "soften.image"}],
    )
    known = types(poster=sizes, blind=body(outputs=[{"name": "width", "from": "measure.width"}]))
    node_type = known["grid/poster"]
    assert list(node_type.outputs) == ["image", "images", "table"]
    assert node_type.body is not None
    assert (node_type.body.steered_by, node_type.body.lists) == ("axes", {"poster": "images"})
    assert known.find("grid/blind") is None


def test_an_input_that_is_called_as_what_steers_keeps_its_name() -> None:
    times = [{"name": "times", "type": "int", "default": 1, "feeds": ["paint.steps"]}]
    node_type = types(poster=body(inputs=times))["repeat/poster"]
    assert list(node_type.inputs) == ["times", "times_2"]
    assert node_type.body is not None
    assert node_type.body.steered_by == "times_2"


def test_what_is_made_for_each_item_of_a_list_comes_out_as_a_list() -> None:
    prompts = [{"name": "prompts", "type": "list[text]", "feeds": ["paint.prompt"]}]
    assert types(poster=body(inputs=prompts))["flow/poster"].outputs["image"].type == PortType("image", many=True)


def test_an_impure_node_or_a_drawn_seed_inside_makes_a_flow_impure() -> None:
    drawn, fed = body(inputs=[]), body()
    for inner in (drawn, fed):
        inner["nodes"]["paint"] = {"type": "tests.paint", "values": {"seed": "random"}}
    writing = body(nodes={"show": {"type": "tests.show", "values": {"text": "x"}}}, edges=[], outputs=[])
    known = types(poster=body(), drawn=drawn, fed=fed, writing=writing)
    pure = {name: known[f"flow/{name}"].pure for name in ("poster", "drawn", "fed", "writing")}
    assert pure == {"poster": True, "drawn": False, "fed": True, "writing": False}


def test_titles_and_positions_are_not_what_a_flow_means_and_values_are() -> None:
    moved = body(title="Poster", layout={"positions": {"paint": [1, 2]}})
    other = body(nodes={**body()["nodes"], "paint": {"type": "tests.paint", "type_version": 1, "values": {"steps": 8}}})
    assert digest_of(body()) == digest_of(moved)
    assert digest_of(body()) != digest_of(other)
    assert digest_of(nested(2)) != digest_of({**nested(2), "subflows": {"inner": {"document": other}}})


def test_a_flow_in_a_flow_counts_by_the_node_types_at_the_bottom() -> None:
    node_type = types(deep=nested(3))["flow/deep"]
    assert node_type.body is not None
    assert {inner.name for inner in node_type.body.types} == {"tests.paint", "tests.soften"}
    assert [str(port.type) for port in node_type.outputs.values()] == ["image"]


def test_a_type_that_is_defined_again_changes_what_is_made_of_it_and_nothing_else() -> None:
    registry = sample_registry()
    talking = body(nodes={"say": {"type": "tests.say", "values": {}}}, edges=[], inputs=[], outputs=[])
    known = with_subflows(registry, holding(poster=body(), talking=talking))
    before, other = known["flow/poster"], known["flow/talking"]

    class Softened(NamedTuple):
        image: pf.Mask

    @pf.node
    def soften(image: pf.Mask, amount: float = 1.0) -> Softened:
        return Softened(image)

    registry.add(soften.node_type)  # type: ignore[attr-defined]
    assert known["flow/poster"] is not before
    assert known["flow/poster"].outputs["image"].type == PortType("mask")
    assert known["flow/talking"] is other


def test_code_in_a_notebook_is_part_of_what_a_flow_of_it_is() -> None:
    registry = Registry()

    def define(text: str) -> None:
        space: dict[str, Any] = {"__name__": "__main__", "pf": pf}
        exec(f"@pf.node\ndef shout(text: str) -> str:\n    return {text}\n", space)
        registry.add(space["shout"].node_type)

    define("text.upper()")
    shouting = body(
        nodes={"shout": {"type": "notebook.shout", "values": {"text": "a"}}},
        edges=[],
        inputs=[],
        outputs=[{"name": "text", "from": "shout.text"}],
    )
    known = with_subflows(registry, holding(poster=shouting))
    assert known["flow/poster"].from_notebook
    before = known["flow/poster"].digest()
    define("text.lower()")
    assert known["flow/poster"].digest() != before


def flow_of(document: dict[str, Any]) -> EditableFlow:
    flow = EditableFlow("outer", registry=REGISTRY)
    flow.apply([{"op": "replace", "document": document}])
    return flow


def test_what_is_wrong_inside_is_told_of_the_node_that_runs_it() -> None:
    broken = body(inputs=[])
    document = {**holding(poster=broken), "nodes": {"run": {"type": "flow/poster", "values": {}}}}
    (problem,) = flow_of(document).problems()
    assert (problem.node, problem.code) == ("run", "missing-input")
    assert "In 'Tiny poster': 'paint' needs text" in problem.sentence.replace("Paint", "paint")


def test_a_node_needs_what_its_flow_has_no_value_for() -> None:
    document = {**holding(poster=body()), "nodes": {"run": {"type": "flow/poster", "values": {}}}}
    (problem,) = flow_of(document).problems()
    assert (problem.node, problem.port, problem.code) == ("run", "prompt", "missing-input")


@pytest.mark.parametrize(
    ("name", "words", "remedy"),
    [
        ("flow/postre", "which this flow does not hold. Did you mean 'poster'", "Bring the subflow back"),
        ("while_/poster", "has no output 'go_on'", "Give it an output 'go_on'"),
        ("grid/blind", "has no output that is an image", "Give it one"),
        ("flow/broken", "cannot be read", "Mend it in the file"),
    ],
)
def test_a_node_that_runs_what_cannot_be_says_why(name: str, words: str, remedy: str) -> None:
    document = holding(poster=body(), blind=body(outputs=[]))
    document["subflows"]["broken"] = {"document": 5}
    document["nodes"] = {"run": {"type": name, "values": {}}}
    found = [problem for problem in flow_of(document).problems() if problem.node == "run"]
    assert [problem.code for problem in found] == ["unknown-type"]
    assert words in found[0].sentence
    assert remedy in found[0].remedy


def test_a_subflow_may_not_contain_itself() -> None:
    flow = EditableFlow("outer", registry=REGISTRY)
    selfish = body(nodes={"run": {"type": "repeat/poster", "values": {}}}, edges=[], inputs=[], outputs=[])
    with pytest.raises(OperationRejected, match="'poster' cannot contain itself"):
        flow.apply([{"op": "set_subflow", "name": "poster", "subflow": {"document": selfish}}])
    hidden = {**new_document("x"), "subflows": {"inner": {"document": selfish}}}
    with pytest.raises(OperationRejected, match="'poster' cannot contain itself"):
        flow.apply([{"op": "set_subflow", "name": "poster", "subflow": {"document": hidden}}])
    own = {**selfish, "subflows": {"poster": {"document": body()}}}
    flow.apply([{"op": "set_subflow", "name": "poster", "subflow": {"document": own}}])
    assert not flow.problems()
    flow = flow_of(holding(poster=selfish))
    assert [problem.code for problem in flow.problems()] == ["contains-itself"]


def test_a_subflow_that_a_node_runs_stays_and_undo_is_not_asked() -> None:
    flow = EditableFlow("outer", registry=REGISTRY)
    flow.apply([{"op": "set_subflow", "name": "poster", "subflow": {"document": body()}}])
    flow.add("flow/poster", prompt="x")
    with pytest.raises(OperationRejected, match="'poster' runs the subflow 'poster'"):
        flow.apply([{"op": "set_subflow", "name": "poster", "subflow": None}])
    flow.undo()
    flow.undo()
    assert "subflows" not in flow.document


def test_edges_to_a_subflow_are_held_to_its_types() -> None:
    flow = flow_of(holding(poster=body()))
    poster, say = flow.add("flow/poster"), flow.add("tests.say")
    flow.connect(say["text"], poster.inputs["prompt"])
    with pytest.raises(OperationRejected, match="Text cannot connect to a number"):
        flow.connect(say["text"], poster.inputs["amount"])
    with pytest.raises(KeyError, match="Did you mean 'prompt'"):
        flow.set(poster, promt="x")


GARBAGE: list[Any] = [
    None,
    5,
    "x",
    [],
    {},
    {"document": None},
    {"document": 5},
    {"document": {"nodes": 3}},
    {"document": {}},
]


@pytest.mark.parametrize("entry", GARBAGE, ids=str)
def test_a_file_with_a_subflow_that_cannot_be_read_opens_says_so_and_is_kept(entry: Any, tmp_path: Path) -> None:
    document = holding(poster=body())
    document["subflows"]["broken"] = entry
    path = tmp_path / "x.flow.json"
    path.write_text(file.to_text(document))
    flow = EditableFlow.load(path, registry=REGISTRY)
    assert [problem.code for problem in flow.problems()] == ["unreadable"]
    assert "'broken' cannot be read" in flow.problems()[0].sentence
    flow.save()
    assert path.read_text() == file.to_text(document)


def test_a_body_with_entries_that_nobody_can_read_is_still_a_body() -> None:
    odd = body(
        edges=[5, {"from": 3}, *body()["edges"]],
        inputs=[None, {"name": "x", "type": "nothing"}, {"name": "y", "type": {"choices": []}}, *body()["inputs"]],
        outputs=[{"name": 3}, {"name": "gone", "from": "nobody.image"}, *body()["outputs"]],
    )
    node_type = types(poster=odd)["flow/poster"]
    assert list(node_type.inputs) == ["prompt", "seed", "amount"]
    document = {**holding(poster=odd), "nodes": {"run": {"type": "flow/poster", "values": {"prompt": "x"}}}}
    assert {problem.node for problem in flow_of(document).problems()} == {"run"}


def test_subflows_that_are_no_object_make_no_flow_file() -> None:
    with pytest.raises(FlowFileError, match="'subflows' of this flow file is list, not dict"):
        file.parse(json.dumps({**new_document("x"), "subflows": []}))


def test_a_thousand_flows_within_each_other_are_refused_in_words() -> None:
    layer = json.dumps({**new_document("x"), "subflows": {"inner": {"document": None}}})
    opening, closing = layer.split("null")
    text = opening * 1000 + json.dumps(new_document("x")) + closing * 1000
    with pytest.raises(FlowFileError, match="nested too deep"):
        file.parse(text)
    with pytest.raises(FlowFileError, match="nested too deep"):
        read_subflow({"document": nested(1000)})
    deep = {**holding(deep=nested(1000)), "nodes": {"run": {"type": "flow/deep", "values": {}}}}
    assert with_subflows(REGISTRY, deep).find("flow/deep") is None


def test_what_steers_how_often_is_named_in_words_where_it_is_unknown() -> None:
    flow = flow_of(holding(poster=body()))
    with pytest.raises(KeyError, match="There is no node type 'while_/poster'"):
        flow.add("while_/poster")


def test_a_file_with_subflows_comes_back_to_the_byte(tmp_path: Path) -> None:
    document = holding(poster=body(title="Ein Plakat"), deep=nested(2))
    document["subflows"]["poster"] |= {"source": "poster.flow.json", "digest": "00", "later": [1]}
    path = tmp_path / "x.flow.json"
    path.write_text(file.to_text(document))
    EditableFlow.load(path, registry=REGISTRY).save()
    assert path.read_text() == file.to_text(document)
