"""Subflows made of nodes and of other flows, taken apart, opened and renewed; the vectors are read by vitest too."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowFileError, OperationRejected
from pixelflow_widgets.flow import document as doc
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.editing import EditableFlow
from pixelflow_widgets.flow.operations import apply_all
from pixelflow_widgets.flow.subflow_gestures import make_subflow
from pixelflow_widgets.flow.subflow_unpacking import unpack_subflow

from .sample_types import REGISTRY, say
from .strategies import examples

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "subflows.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vector_holds(vector: dict[str, Any]) -> None:
    document = copy.deepcopy(vector["document"])

    def gesture() -> list[Any]:
        if "make" in vector:
            return make_subflow(document, REGISTRY, vector["make"], vector["title"]).operations
        return unpack_subflow(document, REGISTRY, vector["unpack"]).operations

    if "rejected" in vector:
        with pytest.raises(OperationRejected) as refused:
            gesture()
        assert str(refused.value) == vector["rejected"]
    else:
        operations = gesture()
        assert operations == vector["operations"]
        after, inverses = apply_all(document, operations)
        assert apply_all(after, inverses)[0] == document
    assert document == vector["document"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if "operations" in v], ids=lambda vector: vector["name"])
def test_the_operations_of_the_vector_break_no_rule_and_are_one_undo_step(vector: dict[str, Any]) -> None:
    flow = EditableFlow("x", registry=REGISTRY)
    flow.apply([{"op": "replace", "document": vector["document"]}])
    flow.apply(vector["operations"])
    flow.undo()
    assert flow.document == vector["document"]


# Random flows of nodes whose edges fit, so that making a subflow can go wrong only by its own fault.
TYPES = ("say", "paint", "soften", "join", "measure")


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=7))
    ids = [f"{name}_{number}" for number, name in enumerate(names)]
    document = new_document("random")
    document["nodes"] = {key: {"type": f"tests.{name}", "values": {}} for key, name in zip(ids, names, strict=True)}
    for number, key in enumerate(ids):
        node_type = REGISTRY[f"tests.{names[number]}"]
        for port in node_type.inputs.values():
            sources = [
                f"{before}.{output}"
                for before in ids[:number]
                for output, carried in REGISTRY[document["nodes"][before]["type"]].outputs.items()
                if carried.type.name == port.type.name
            ]
            most = 3 if port.type.many else 1
            chosen = draw(st.lists(st.sampled_from(sources), max_size=most, unique=True)) if sources else []
            document["edges"] += [{"from": source, "to": f"{key}.{port.name}"} for source in chosen]
            if not chosen and port.type.name in ("text", "float") and draw(st.booleans()):
                described = draw(st.sampled_from(["text", "list[text]"])) if port.type.name == "text" else "float"
                name = f"in_{len(document['inputs'])}"
                document["inputs"].append({"name": name, "type": described, "feeds": [f"{key}.{port.name}"]})
        for output in node_type.outputs if draw(st.booleans()) else ():
            document["outputs"].append({"name": f"out_{len(document['outputs'])}", "from": f"{key}.{output}"})
    document["edges"] = draw(st.permutations(document["edges"]))
    placed = draw(st.lists(st.sampled_from(ids), unique=True))
    document["layout"] = {"positions": {key: [40 * number, -7 * number] for number, key in enumerate(placed)}}
    return document


def means(document: dict[str, Any]) -> Any:
    """What a flow is, whatever the order of its nodes, and of edges that lead to different ports."""
    by_port: dict[str, list[str]] = {}
    for edge in doc.edges(document):
        by_port.setdefault(f"{edge.target}.{edge.input}", []).append(f"{edge.source}.{edge.output}")
    inputs = [{**entry, "feeds": sorted(entry["feeds"])} for entry in document["inputs"]]
    return {**document, "edges": by_port, "inputs": inputs}


@examples(150)
@given(flows(), st.data())
def test_what_was_made_a_subflow_and_taken_apart_is_what_it_was(document: dict[str, Any], data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.sampled_from(list(document["nodes"])), min_size=1, unique=True))
    flow = EditableFlow("x", registry=REGISTRY)
    flow.apply([{"op": "replace", "document": document}])
    wrong = [(problem.code, problem.port) for problem in flow.problems()]
    try:
        node = flow.make_subflow(ids, "Part of it")
    except OperationRejected as error:
        assert "Select" in str(error)
        assert flow.document == document
        return
    assert len(flow.problems()) <= len(wrong), [str(problem) for problem in flow.problems()]
    assert not {problem.code for problem in flow.problems()} - {"missing-input"}
    flow.unpack(node)
    assert means(flow.document) == means(document)


@examples(60)
@given(flows(), st.data())
def test_a_subflow_within_a_subflow_comes_apart_in_turn(document: dict[str, Any], data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.sampled_from(list(document["nodes"])), min_size=1, unique=True))
    flow = EditableFlow("x", registry=REGISTRY)
    flow.apply([{"op": "replace", "document": document}])
    try:
        inner = flow.make_subflow(ids, "Inner").id
        outer = flow.make_subflow(flow.nodes, "Outer")
    except OperationRejected:
        return
    assert flow.subflows == ["outer"]
    flow.unpack(outer)
    assert flow.subflows == ["inner"]
    flow.unpack(inner)
    assert means(flow.document) == means(document)


def painted(name: str = "tiny_poster") -> EditableFlow:
    flow = EditableFlow(name, registry=REGISTRY)
    prompt = flow.input("prompt", type=str)
    picture = flow.add("tests.paint", prompt=prompt)
    flow.output("image", flow.add("tests.soften", image=picture["image"])["image"])
    return flow


def test_a_flow_is_added_to_another_by_value_and_later_edits_of_it_change_nothing() -> None:
    poster, flow = painted(), EditableFlow("outer", registry=REGISTRY)
    node = flow.add(poster, prompt="a cat")
    assert (node.id, node.type, node.values) == ("tiny_poster", "flow/tiny_poster", {"prompt": "a cat"})
    assert not flow.problems()
    before = flow.document
    poster.add("tests.say")
    assert flow.document is before
    assert flow.undo()
    assert (flow.subflows, flow.nodes) == ([], {}), "one undo step"


def test_the_same_flow_is_held_once_and_another_of_its_name_beside_it() -> None:
    poster, flow = painted(), EditableFlow("outer", registry=REGISTRY)
    flow.add(poster, prompt="a")
    flow.add(poster, prompt="b")
    assert flow.subflows == ["tiny_poster"]
    poster.add("tests.say")
    assert flow.add(poster, prompt="c").type == "flow/tiny_poster_2"


def test_a_flow_comes_from_its_file_and_says_when_that_has_changed(tmp_path: Path) -> None:
    source = tmp_path / "poster.flow.json"
    poster = painted()
    poster.save(source)
    flow = EditableFlow("outer", registry=REGISTRY)
    flow.save(tmp_path / "outer.flow.json")
    node = flow.add(str(source), prompt="a cat")
    entry = flow.document["subflows"]["tiny_poster"]
    assert entry["source"] == "poster.flow.json"
    assert flow.subflow_updates() == {}

    poster.move("paint", 500, 500)
    poster.save()
    assert flow.subflow_updates() == {}, "it means what it meant"
    poster.set("paint", steps=9)
    poster.save()
    before = flow.document
    assert "has changed" in flow.subflow_updates()["tiny_poster"]
    assert flow.document is before, "never silently"
    flow.update_subflow("tiny_poster")
    assert flow.subflow_updates() == {}
    assert flow.subflow("tiny_poster").nodes["paint"].values["steps"] == 9
    assert node.values == {"prompt": "a cat"}
    flow.undo()
    assert flow.document == before

    source.unlink()
    assert "cannot be read" in flow.subflow_updates()["tiny_poster"]
    with pytest.raises(FlowFileError):
        flow.update_subflow("tiny_poster")


def test_pictures_in_a_flow_come_along_with_it(tmp_path: Path) -> None:
    import PIL.Image

    poster = EditableFlow("poster", registry=REGISTRY)
    poster.output("image", poster.add("tests.soften", image=PIL.Image.new("RGB", (5, 4), "red"))["image"])
    flow = EditableFlow("outer", registry=REGISTRY)
    flow.save(tmp_path / "outer.flow.json")
    flow.add(poster)
    assert not flow.problems()
    flow.save()
    opened = EditableFlow.load(tmp_path / "outer.flow.json", registry=REGISTRY)
    assert not opened.problems()
    (soften,) = opened.unpack("poster")
    assert soften.values["image"].size == (5, 4)


def test_a_loop_gets_what_the_node_gets_that_runs_its_flow_once() -> None:
    flow = EditableFlow("outer", registry=REGISTRY)
    said = flow.add("tests.say", text="x")
    node = flow.add(painted(), prompt=said["text"])
    loop = flow.loop("repeat", node, times=5)
    assert loop.type == "repeat/tiny_poster"
    assert loop.values["times"] == 5
    assert [(edge.source, edge.target) for edge in flow.edges] == [("say", "tiny_poster"), ("say", loop.id)]
    assert flow.loop("repeat", "tiny_poster", prompt="y").values == {"prompt": "y", "times": 3}
    with pytest.raises(OperationRejected, match="has no output 'go_on'"):
        flow.loop("while_", node)
    with pytest.raises(OperationRejected, match="'Say' runs no subflow"):
        flow.loop("repeat", said)


def test_a_grid_has_its_axes_as_text() -> None:
    flow = EditableFlow("outer", registry=REGISTRY)
    node = flow.add(painted(), prompt="x")
    grid = flow.grid(node, {"prompt": ["a | b", None, "c"]})
    assert grid.values["axes"] == "prompt: a \\| b | none | c"
    assert flow.grid(node, "prompt: a | b").values["axes"] == "prompt: a | b"
    assert not flow.problems()


def test_an_opened_subflow_is_edited_as_part_of_the_flow_that_holds_it() -> None:
    flow = EditableFlow("outer", registry=REGISTRY)
    node = flow.add(painted(), prompt="x")
    part = flow.subflow("tiny_poster")
    assert flow.subflow("tiny_poster") is part
    part.set("paint", steps=9)
    assert flow.document["subflows"]["tiny_poster"]["document"]["nodes"]["paint"]["values"] == {"steps": 9}
    part.input("amount", 0.5)
    assert "amount" in node.inputs
    flow.undo()
    assert part.nodes["paint"].values["steps"] == 20, "what is undone outside is undone inside"
    flow.unpack(node)
    part.set("paint", steps=3)
    assert flow.subflows == [], "a part that was taken out comes back by nobody's edit"


def test_a_subflow_is_written_inline() -> None:
    with pf.Flow("outer", registry=REGISTRY) as flow:
        with flow.subflow("shout") as part:
            part.output("text", say(part.input("text", type=str)))  # type: ignore[arg-type]
        say("beside it")
    node = flow.add("flow/shout", text="hello")
    assert list(node.outputs) == ["text"]
    assert set(part.nodes) == {"say"}
    assert set(flow.nodes) == {"say", "shout"}
    assert not flow.problems()


def test_an_opened_subflow_is_no_draft_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flow = EditableFlow("outer", registry=REGISTRY)
    flow.add(painted(), prompt="x")
    part = flow.subflow("tiny_poster")
    part.keep_draft()
    part.apply([{"op": "set_values", "id": "paint", "values": {"steps": 4}}], source="page")
    assert not part.is_draft
    assert list(tmp_path.iterdir()) == []
    assert flow.subflow("tiny_poster").nodes["paint"].values["steps"] == 4
