"""Binding ports to variables: in the document, by operations; and what an opened flow may not do before it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import OperationRejected
from pixelflow_widgets.flow.binding import BindableFlow
from pixelflow_widgets.flow.bindings import Wish
from pixelflow_widgets.flow.variables import Variables, is_variable, may_be_written

from .notebook import notebook
from .strategies import examples

__all__ = ["notebook"]
Names = dict[str, Any]


@pf.node(where="kernel")
def blur(image: pf.Image, radius: int = 2) -> pf.Image:
    return image


@pf.node(where="kernel")
def invert(image: pf.Image) -> pf.Image:
    return image


def poster() -> pf.Flow:
    """Returns blur → invert → image, with an input `words` that feeds nothing yet."""
    flow = pf.Flow("poster")
    first = flow.add(blur, id="blur")
    last = flow.add(invert, id="invert", image=first["image"])
    flow.input("words", type=str)
    flow.output("image", last["image"])
    return flow


def nothing_bound() -> pf.Flow:
    """Returns a flow with an input for the picture, and one for words."""
    flow = poster()
    flow.input("image", type=pf.Image)
    flow.connect(flow.inputs["image"], flow.nodes["blur"].inputs["image"])
    return flow


def codes(flow: pf.Flow) -> list[str]:
    return [problem.code for problem in flow.problems()]


def test_a_binding_stands_in_the_document_as_a_name_and_can_be_undone(notebook: Names) -> None:
    notebook["photo"] = PIL.Image.new("RGB", (4, 4))
    flow = poster()
    flow.bind(flow.nodes["blur"].inputs["image"], "photo")
    assert flow.document["nodes"]["blur"]["bindings"] == {"image": "photo"}
    assert flow.bindings == {"blur.image": "photo"} and codes(flow) == []
    flow.undo()
    assert "bindings" not in flow.document["nodes"]["blur"] and codes(flow) == ["missing-input"]
    flow.redo()
    flow.unbind("blur.image")
    assert "bindings" not in flow.document["nodes"]["blur"]


def test_an_input_of_the_flow_and_an_output_are_bound_by_their_names(notebook: Names) -> None:
    flow = poster()
    flow.bind("words", "caption")
    flow.bind_output("image", "result")
    assert flow.document["inputs"][0]["variable"] == "caption"
    assert flow.document["outputs"][0]["variable"] == "result"
    flow.unbind(flow.inputs["words"])
    flow.unbind_output("image")
    assert flow.bindings == {} and "variable" not in flow.document["outputs"][0]


def test_binding_takes_the_place_of_an_edge_in_one_step(notebook: Names) -> None:
    flow = poster()
    flow.bind("invert.image", "photo")
    assert flow.edges == []
    flow.undo()
    assert len(flow.edges) == 1 and flow.bindings == {}


def test_an_edge_into_a_bound_port_is_refused_and_says_what_to_do(notebook: Names) -> None:
    flow = poster()
    flow.bind("invert.image", "photo")
    with pytest.raises(OperationRejected, match="bound to the variable 'photo'. Unbind it first"):
        flow.connect(flow.nodes["blur"]["image"], flow.nodes["invert"].inputs["image"])


@pytest.mark.parametrize("name", ["", "2x", "a b", "class", "__builtins__", "a.b", "x" * 300, 3, None])
def test_what_cannot_name_a_variable_is_refused(notebook: Names, name: Any) -> None:
    with pytest.raises(OperationRejected, match="cannot name a variable"):
        poster().bind("blur.image", name)


@pytest.mark.parametrize("name", ["print", "__name__", "_", "_i1", "lambda", "open"])
def test_no_output_takes_the_place_of_what_python_or_the_notebook_uses(notebook: Names, name: str) -> None:
    with pytest.raises(OperationRejected, match="A flow makes no variable called"):
        poster().bind_output("image", name)


def test_an_unknown_port_output_or_variable_is_named(notebook: Names) -> None:
    flow = poster()
    with pytest.raises(KeyError, match="no input 'imag'"):
        flow.bind("blur.imag", "photo")
    with pytest.raises(KeyError, match="node.port"):
        flow.bind("nothing", "photo")
    with pytest.raises(KeyError, match="No variable is bound"):
        flow.unbind("blur.image")
    with pytest.raises(KeyError, match="no output 'picture'"):
        flow.bind_output("picture", "photo")
    with pytest.raises(KeyError, match="wants nothing of a variable 'photo'"):
        flow.allow("photo")


def test_a_name_that_is_not_there_is_a_problem_that_says_what_to_do(notebook: Names) -> None:
    flow = poster()
    flow.bind("blur.image", "photo")
    (problem,) = flow.problems()
    assert problem.node == "blur" and problem.port == "image"
    assert "'photo' is not defined in this notebook. Run the cell that makes it, or unbind." in str(problem)
    notebook["photo"] = 3
    (problem,) = flow.problems()
    assert "'photo' is of type int, and the port takes image" in problem.sentence
    notebook["photo"] = PIL.Image.new("RGB", (4, 4))
    assert flow.problems() == []


def test_a_node_that_lost_its_port_keeps_the_binding_as_a_hint(notebook: Names) -> None:
    flow = poster()
    flow.apply([{"op": "set_node", "id": "blur", "fields": {"bindings": {"gone": "photo"}}}])
    found = {problem.code: problem.severity for problem in flow.problems()}
    assert found == {"missing-input": "error", "unknown-binding": "hint"}


def test_a_subflow_reads_no_variable(notebook: Names) -> None:
    notebook["photo"] = PIL.Image.new("RGB", (4, 4))
    inner = poster()
    inner.bind("blur.image", "photo")
    outer = pf.Flow("outer")
    outer.add(inner, id="inner", words="x")
    (problem,) = [one for one in outer.problems() if one.severity == "error"]
    assert problem.code == "bound-in-subflow" and "give it an input" in problem.remedy


def test_a_loop_reads_what_the_node_reads_that_it_is_made_from_unless_it_is_given_something(notebook: Names) -> None:
    flow = pf.Flow("outer")
    once = flow.add(nothing_bound(), id="once", words="x")
    flow.bind("once.image", "photo")
    again = flow.loop("repeat", once, times=2)
    assert flow.bindings == {"once.image": "photo", f"{again.id}.image": "photo"}
    flow.undo()
    assert list(flow.nodes) == ["once"]
    flow.bind("once.words", "caption")
    other = flow.loop("repeat", once, words="y")
    assert flow.bindings[f"{other.id}.image"] == "photo" and f"{other.id}.words" not in flow.bindings
    assert other.values["words"] == "y"


# What came from elsewhere


def saved(tmp_path: Path, notebook: Names) -> Path:
    flow = poster()
    flow.bind("blur.image", "photo")
    flow.bind_output("image", "result")
    path = tmp_path / "poster.flow.json"
    # Written by somebody else: nothing is remembered of it here.
    path.write_text(json.dumps({**flow.document, "name": "hostile"}))
    return path


class _Watched(dict[str, Any]):
    """Holds names, and notes which were looked at."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self.asked: list[str] = []

    def __contains__(self, name: object) -> bool:
        self.asked.append(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        self.asked.append(name)
        return super().__getitem__(name)


def test_nothing_of_the_notebook_is_looked_at_before_a_name_is_confirmed(
    tmp_path: Path, notebook: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, notebook)
    names = _Watched(photo=PIL.Image.new("RGB", (4, 4)), result="mine")
    monkeypatch.setattr("pixelflow_widgets.flow.variables.notebook_names", lambda: names)
    flow = pf.Flow.load(path)
    assert flow.unconfirmed == [Wish("read", "photo"), Wish("write", "result")]
    assert codes(flow) == ["unconfirmed", "unconfirmed"]
    with pytest.raises(pf.FlowProblems, match="wants to read the variable 'photo'"):
        flow.run(backend="inline")
    assert "wants to read" in flow.why("invert")
    flow.save(tmp_path / "copy.flow.json")
    assert names.asked == []
    flow.allow("photo")
    assert flow.unconfirmed == [Wish("write", "result")]
    assert flow.run(backend="inline")["image"].size == (4, 4)
    assert dict.get(names, "result") == "mine", "an output was written that nobody had confirmed"
    flow.allow()
    flow.run(backend="inline")
    assert dict.__getitem__(names, "result").size == (4, 4)


def test_a_flow_that_was_saved_here_is_not_asked_about_and_changed_by_another_it_is(
    tmp_path: Path, notebook: Names
) -> None:
    flow = poster()
    flow.bind("blur.image", "photo")
    path = flow.save(tmp_path / "poster.flow.json")
    assert pf.Flow.load(path).unconfirmed == []
    document = json.loads(path.read_text())
    document["layout"]["positions"]["blur"] = [5, 5]
    path.write_text(json.dumps(document))
    assert pf.Flow.load(path).unconfirmed == [], "moving a node changes nothing of what is read"
    document["nodes"]["blur"]["values"]["radius"] = 3
    path.write_text(json.dumps(document))
    assert pf.Flow.load(path).unconfirmed == [Wish("read", "photo")]


def test_edits_by_hand_of_a_confirmed_flow_stay_confirmed(tmp_path: Path, notebook: Names) -> None:
    flow = pf.Flow.load(saved(tmp_path, notebook))
    flow.allow()
    flow.set("blur", radius=3)
    assert flow.unconfirmed == []
    assert pf.Flow.load(flow.save(tmp_path / "mine.flow.json")).unconfirmed == []


def test_a_document_that_takes_the_place_of_another_is_asked_about_anew(tmp_path: Path, notebook: Names) -> None:
    flow = poster()
    flow.bind("blur.image", "photo")
    hostile = json.loads(saved(tmp_path, notebook).read_text())
    flow.apply([{"op": "replace", "document": hostile}])
    assert set(flow.unconfirmed) == {("read", "photo"), ("write", "result")}
    flow.undo()
    assert flow.unconfirmed == []


def test_pasted_nodes_read_nothing_unasked(notebook: Names) -> None:
    flow = poster()
    node = {"type": flow.nodes["blur"].type, "values": {}, "bindings": {"image": "secret"}}
    flow.apply([{"op": "add_node", "id": "pasted", "node": node}], source="page")
    assert flow.unconfirmed == [Wish("read", "secret")]
    assert "unconfirmed" in codes(flow)


def test_only_reading_can_be_confirmed_where_a_name_is_written_too(notebook: Names) -> None:
    flow = poster()
    operations = [
        {"op": "set_node", "id": "blur", "fields": {"bindings": {"image": "photo"}}},
        {"op": "set_output", "name": "image", "fields": {"variable": "photo"}},
    ]
    flow.apply(operations)
    flow.allow("photo", use="read")
    assert flow.unconfirmed == [Wish("write", "photo")]


def test_a_file_that_names_builtins_as_its_output_overwrites_nothing(notebook: Names) -> None:
    flow = poster()
    notebook["photo"] = PIL.Image.new("RGB", (4, 4))
    flow.bind("blur.image", "photo")
    flow.apply([{"op": "set_output", "name": "image", "fields": {"variable": "print"}}])
    flow.allow()
    assert [problem.code for problem in flow.problems()] == ["bad-variable"]
    flow.run(backend="inline")
    assert "print" not in notebook


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON, JSON, JSON)
@examples(80)
def test_whatever_stands_in_the_place_of_bindings_breaks_nothing(bindings: Any, read: Any, written: Any) -> None:
    flow = poster()
    document = json.loads(json.dumps(flow.document))
    document["nodes"]["blur"]["bindings"] = bindings
    document["inputs"][0]["variable"] = read
    document["outputs"][0]["variable"] = written
    flow.apply([{"op": "replace", "document": document}])
    flow.problems()
    assert isinstance(flow, BindableFlow) and all(isinstance(wish.name, str) for wish in flow.unconfirmed)
    with pytest.raises(pf.FlowProblems):
        flow.start()


def test_names_of_variables_are_those_that_python_takes() -> None:
    assert is_variable("größe") and not may_be_written("_private") and may_be_written("poster")
    assert not is_variable("__file__") and not may_be_written("list")
    with pytest.raises(PermissionError):
        Variables(dict).write("poster", 1)
