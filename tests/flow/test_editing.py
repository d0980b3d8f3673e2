"""The flow as a Python user edits it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.document import Edge
from pixelflow_widgets.schema import Registry

from .sample_types import REGISTRY


@pytest.fixture
def flow() -> pf.Flow:
    return pf.Flow("edited", registry=REGISTRY)


def test_the_published_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pf.Flow("first") as flow:
        prompt = flow.input("prompt", "a red circle on a blue background")
        image = pf.nodes.text_to_image(prompt=prompt, model="starter", steps=20, seed=7)
        flow.output("image", image)  # type: ignore[arg-type]
    assert flow.problems() == []
    assert list(flow.nodes) == ["text_to_image"]
    assert flow.nodes["text_to_image"].entry["values"] == {"steps": 20, "seed": 7}, (
        "what equals the default is not stored"
    )

    told: list[Any] = []
    flow.on_change(told.append)
    a = flow.add("prompt", text="…")
    b = flow.add("text_to_image")
    flow.connect(a["text"], b.inputs["prompt"])
    flow.set(b, steps=10)
    assert flow.edges == [Edge("prompt", "text", "text_to_image_2", "prompt")]
    assert b.values["steps"] == 10
    flow.remove(a)
    assert flow.edges == []
    assert [problem.code for problem in flow.problems()] == ["missing-input"]
    assert flow.undo()
    assert flow.edges == [Edge("prompt", "text", "text_to_image_2", "prompt")]
    assert [change.revision for change in told] == list(range(told[0].revision, told[0].revision + 6))
    assert [change.source for change in told] == ["python"] * 5 + ["undo"]
    flow.save("first.flow.json")
    assert pf.Flow.load("first.flow.json").document == flow.document


def test_an_input_without_a_default_needs_a_type(flow: pf.Flow) -> None:
    photo = flow.input("photo", type=pf.Image)
    flow.add("tests.soften", image=photo)
    assert flow.document["inputs"] == [{"name": "photo", "type": "image", "feeds": ["soften.image"]}]
    with pytest.raises(TypeError, match=r"Write flow.input\('other', type=pf.Image\)"):
        flow.input("other")


@pytest.mark.parametrize(
    ("default", "described", "stored"),
    [
        ("a", "text", "a"),
        (True, "flag", True),
        (3, "int", 3),
        (2**60, "int", str(2**60)),
        (0.5, "float", 0.5),
        ([1, 2], "list[int]", [1, 2]),
        (pf.Model("starter"), "model", "starter"),
    ],
)
def test_the_type_of_an_input_is_read_from_its_default(
    flow: pf.Flow, default: Any, described: str, stored: Any
) -> None:
    flow.input("x", default)
    assert flow.document["inputs"][0] == {"name": "x", "type": described, "default": stored, "feeds": []}


def test_an_input_may_have_limits_and_words(flow: pf.Flow) -> None:
    flow.input("x", 3, type=float, title="X", help="How much.", min=0, max=5)
    assert flow.document["inputs"][0] == {
        "name": "x",
        "type": "float",
        "default": 3.0,
        "feeds": [],
        "limits": {"min": 0, "max": 5},
        "title": "X",
        "help": "How much.",
    }


def test_a_picture_as_a_default_is_kept_beside_the_flow(flow: pf.Flow) -> None:
    flow.input("x", PIL.Image.new("RGB", (2, 2), "red"))
    assert flow.document["inputs"][0]["default"]["$media"].endswith(".png")
    assert flow.problems() == []


def test_ids_are_made_from_the_type_and_are_names(flow: pf.Flow) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("def größe_der_Dinge(text: str = '') -> str:\n    return text", space)
    from pixelflow_widgets.schema.signature import read_node_type

    flow.registry = Registry()
    flow.registry.add(read_node_type(space["größe_der_Dinge"]))
    ids = [flow.add("notebook.größe_der_Dinge").id for _ in range(3)]
    assert ids == ["gr__e_der_Dinge", "gr__e_der_Dinge_2", "gr__e_der_Dinge_3"]


def test_a_node_may_be_placed_by_its_function_or_type(flow: pf.Flow) -> None:
    from .sample_types import say

    assert flow.add(say).id == "say"
    assert flow.add(say.node_type).id == "say_2"  # type: ignore[attr-defined]
    with pytest.raises(KeyError, match="Write @pf.node above the function"):
        flow.add(len)
    with pytest.raises(KeyError, match="Did you mean 'tests.paint'"):
        flow.add("tests.pain")


def test_a_wrong_value_is_refused_and_nothing_is_placed(flow: pf.Flow) -> None:
    with pytest.raises(pf.MediaError, match="'Paint', input 'steps': 99 is more than the largest value allowed, 50"):
        flow.add("tests.paint", steps=99)
    with pytest.raises(KeyError, match="Did you mean 'steps'"):
        flow.add("tests.paint", step=9)
    assert flow.document["nodes"] == {} and not flow.undo()


def test_placing_a_node_with_its_edges_is_one_undo_step(flow: pf.Flow) -> None:
    words = flow.add("tests.say", text="a")
    before = flow.document
    flow.add("tests.paint", prompt=words["text"])
    after = flow.document
    assert flow.undo()
    assert flow.document == before
    assert flow.redo()
    assert flow.document == after
    assert not flow.redo()


def test_an_edit_after_undo_ends_redo(flow: pf.Flow) -> None:
    flow.add("tests.say")
    flow.undo()
    flow.add("tests.paint")
    assert not flow.redo()


def test_removing_a_node_takes_everything_with_it_and_undo_brings_it_back(flow: pf.Flow) -> None:
    words = flow.input("words", "a")
    say = flow.add("tests.say", text=words)
    paint = flow.add("tests.paint", prompt=say["text"])
    flow.output("image", paint["image"])
    flow.output("said", say["text"])
    before = flow.document
    flow.remove(say)
    assert flow.edges == [] and flow.outputs == {"image": "paint.image"}
    assert flow.document["inputs"][0]["feeds"] == []
    flow.undo()
    assert flow.document == before
    flow.remove(flow.inputs["words"])
    assert flow.inputs == {}
    flow.undo()
    assert flow.document == before


def test_connecting_replaces_what_was_there(flow: pf.Flow) -> None:
    words = flow.input("words", "a")
    one, two = flow.add("tests.say"), flow.add("tests.say")
    paint = flow.add("tests.paint", prompt=one["text"])
    for source in (two["text"], words, one["text"], one["text"]):
        flow.connect(source, paint.inputs["prompt"])
        assert flow.problems() == []
    assert flow.edges == [Edge("say", "text", "paint", "prompt")]
    flow.disconnect(one["text"], paint.inputs["prompt"])
    flow.connect(words, paint.inputs["prompt"])
    flow.disconnect(words, paint.inputs["prompt"])
    assert flow.edges == [] and flow.document["inputs"][0]["feeds"] == []


def test_a_list_port_takes_several_edges_in_their_order(flow: pf.Flow) -> None:
    says = [flow.add("tests.say") for _ in range(3)]
    join = flow.add("tests.join", texts=[says[2]["text"], says[0]["text"]])
    flow.connect(says[1]["text"], join.inputs["texts"])
    assert [edge.source for edge in flow.edges] == ["say_3", "say", "say_2"]
    with pytest.raises(pf.OperationRejected, match="values and edges at once"):
        flow.add("tests.join", texts=[says[0]["text"], "a"])


def test_setting_a_value_takes_the_edge_away_and_a_default_is_not_stored(flow: pf.Flow) -> None:
    say = flow.add("tests.say")
    paint = flow.add("tests.paint", prompt=say["text"], steps=10)
    flow.set(paint, prompt="b", steps=20, guidance=3)
    assert flow.edges == []
    assert paint.entry["values"] == {"prompt": "b", "guidance": 3.0}
    flow.set("paint", guidance=None, prompt=say["text"])
    assert paint.entry["values"] == {"prompt": "b"}
    assert flow.edges == [Edge("say", "text", "paint", "prompt")]
    assert paint.inputs["steps"].value == 20


def test_none_is_stored_where_it_is_not_the_default() -> None:
    registry = Registry()
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(x: int | None = 5) -> str:\n    return ''", space)
    from pixelflow_widgets.schema.signature import read_node_type

    registry.add(read_node_type(space["f"]))
    flow = pf.Flow("none", registry=registry)
    node = flow.add("notebook.f", x=None)
    assert node.entry["values"] == {"x": None}
    flow.set(node, x=5)
    assert node.entry["values"] == {}
    flow.set(node, x=None)
    assert node.values == {"x": None} and flow.problems() == []
    flow.undo()
    assert node.values == {"x": 5}


def test_values_are_stored_so_that_every_language_reads_them(flow: pf.Flow) -> None:
    model = pf.Model("x", {"dtype": "f"}, (pf.Adapter("y", 0.5),))
    paint = flow.add("tests.paint", prompt="a", seed=2**64 - 1, model=model)
    assert paint.entry["values"]["seed"] == str(2**64 - 1)
    assert (
        paint.values["seed"] == str(2**64 - 1)
        and paint.node_type.input("seed").check(paint.values["seed"]) == 2**64 - 1
    )
    assert paint.values["model"] == model
    flow.set(paint, seed="random")
    assert paint.entry["values"]["seed"] == "random"


def test_a_port_of_another_flow_is_refused(flow: pf.Flow) -> None:
    other = pf.Flow("other", registry=REGISTRY)
    say = other.add("tests.say")
    with pytest.raises(pf.OperationRejected, match=r"<output say.text> belongs to another flow, 'other'"):
        flow.add("tests.paint", prompt=say["text"])
    with pytest.raises(TypeError, match="reads a port of a node of this flow"):
        flow.output("x", say["text"])


def test_a_removed_node_says_so(flow: pf.Flow) -> None:
    say = flow.add("tests.say")
    flow.remove(say)
    with pytest.raises(KeyError, match="The node 'say' was removed from 'edited'"):
        _ = say.values
    with pytest.raises(KeyError, match="There is no node 'say' in 'edited'"):
        flow.set(say, text="x")


def test_nodes_stand_beside_each_other_and_move(flow: pf.Flow) -> None:
    from pixelflow_widgets.flow.document import position

    say = flow.add("tests.say")
    paint = flow.add("tests.paint", prompt=say["text"])
    other = flow.add("tests.paint", prompt=say["text"])
    places = [position(flow.document, node.id) for node in (say, paint, other)]
    assert len(set(places)) == 3
    assert places[1][0] == places[2][0] > places[0][0]  # type: ignore[index]
    flow.move(say, 5, -5.5)
    assert position(flow.document, "say") == (5, -5.5)
    flow.rename(say, "Question")
    assert say.title == "Question"
    flow.rename(say, "")
    assert say.title == "Say" and "title" not in say.entry


def test_what_is_no_json_never_gets_into_the_document(flow: pf.Flow) -> None:
    flow.add("tests.say")
    for value in (float("nan"), {1}, object()):
        with pytest.raises(pf.OperationRejected, match="plain JSON"):
            flow.apply([{"op": "set_values", "id": "say", "values": {"text": value}}])


def test_changing_an_operation_afterwards_does_not_change_the_document(flow: pf.Flow) -> None:
    values = {"text": "a"}
    operation = {"op": "add_node", "id": "x", "node": {"type": "tests.say", "values": values}}
    flow.apply([operation])
    values["text"] = "b"
    assert flow.nodes["x"].values == {"text": "a"}


def test_a_listener_that_fails_keeps_nobody_else_from_hearing(flow: pf.Flow, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Any] = []
    flow.on_change(lambda change: 1 / 0)  # type: ignore[arg-type,return-value]
    end = flow.on_change(heard.append)
    with caplog.at_level(logging.ERROR):
        flow.add("tests.say")
    assert len(heard) == 1
    assert "A listener of the flow 'edited' failed" in caplog.text
    end()
    end()
    flow.add("tests.say")
    assert len(heard) == 1


def test_a_refused_edit_is_not_told(flow: pf.Flow) -> None:
    heard: list[Any] = []
    flow.on_change(heard.append)
    with pytest.raises(pf.OperationRejected):
        flow.apply([{"op": "remove_node", "id": "nowhere"}])
    assert heard == [] and flow.revision == 0 and not flow.undo()


def test_edits_of_many_threads_are_all_kept_in_one_order(flow: pf.Flow) -> None:
    revisions: list[int] = []
    flow.on_change(lambda change: revisions.append(change.revision))

    def edit(name: str) -> None:
        for number in range(20):
            flow.add("tests.say", id=f"{name}{number}")

    threads = [threading.Thread(target=edit, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(flow.nodes) == 80
    assert revisions == list(range(1, 81))


def test_running_a_cell_again_updates_placed_nodes_and_keeps_their_values() -> None:
    registry_name = "notebook.tint_of_the_test"
    space: dict[str, Any] = {"__name__": "__main__"}
    cell = """
import pixelflow_widgets as pf
@pf.node
def tint_of_the_test(text: str, strength: float = 0.5{more}) -> str:
    return {body}
"""
    exec(cell.format(more="", body="text"), space)
    flow = pf.Flow("cells")
    node = flow.add(registry_name, text="a", strength=0.9)
    first = node.node_type.digest()
    exec(cell.format(more=", times: int = 2", body="text * times"), space)
    assert node.values == {"text": "a", "strength": 0.9, "times": 2}
    assert node.node_type.digest() != first
    assert flow.problems() == []
    exec(cell.format(more="", body="text").replace("strength", "power"), space)
    assert [problem.code for problem in flow.problems()] == ["unknown-value"]
    assert node.entry["values"] == {"text": "a", "strength": 0.9}, "the value waits for its port to come back"
    flow.set(node, text="b")
    exec(cell.format(more="", body="text"), space)
    assert node.values == {"text": "b", "strength": 0.9}


def test_a_loaded_flow_is_saved_where_it_came_from_and_a_picture_is_not_its_file(tmp_path: Path) -> None:
    path = pf.Flow("kept").save(tmp_path / "kept.flow.json")
    flow = pf.Flow.load(path)
    flow.add("note", text="hello")
    assert flow.save() == path
    assert pf.Flow.load(path).document == flow.document
    assert flow.save(tmp_path / "other.flow.zip") == tmp_path / "other.flow.zip"
    assert flow.save() == tmp_path / "other.flow.zip"
    with pytest.raises(pf.FlowFileError, match="has no file yet"):
        pf.Flow("new").save()


def test_a_table_may_be_given_as_a_value() -> None:
    import pandas

    flow = pf.Flow("table")
    column = flow.add("column", table=pandas.DataFrame({"name": ["a", "b"]}), name="name")
    assert flow.run(backend="inline", targets=[column])["column.values"] == ["a", "b"]


def test_a_model_is_the_default_only_if_nothing_was_added_to_it() -> None:
    flow = pf.Flow("models")
    plain = flow.add("text_to_image", prompt="a", model=pf.Model("starter"))
    dressed = flow.add("text_to_image", prompt="a", model=pf.Model("starter").with_adapter("ink.safetensors"))
    nodes = flow.document["nodes"]
    assert "model" not in nodes[plain.id]["values"]
    assert "ink.safetensors" in str(nodes[dressed.id]["values"]["model"])
