"""Which edits a flow refuses, in words."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf

from .sample_types import REGISTRY


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("rules", registry=REGISTRY)
    for name in ("say", "paint", "soften", "join", "measure"):
        flow.add(f"tests.{name}", id=name)
    flow.input("words", "hello")
    flow.input("photo", type=pf.Image)
    return flow


def connect(source: str, target: str) -> dict[str, Any]:
    return {"op": "connect", "from": source, "to": target}


def refused(flow: pf.Flow, *operations: dict[str, Any]) -> str:
    before, revision = flow.document, flow.revision
    with pytest.raises(pf.OperationRejected) as caught:
        flow.apply(list(operations))
    assert flow.document is before
    assert flow.revision == revision
    return str(caught.value)


def test_an_edge_between_different_modalities_is_refused(flow: pf.Flow) -> None:
    sentence = refused(flow, connect("say.text", "soften.image"))
    assert sentence == "Text cannot connect to image. say.text gives text; soften.image takes image."


def test_an_edge_that_closes_a_circle_is_refused(flow: pf.Flow) -> None:
    flow.rename("paint", "The painter")
    flow.apply([connect("say.text", "paint.prompt"), connect("paint.image", "join.images")])
    sentence = refused(flow, connect("join.text", "say.text"))
    assert sentence == "join.text → say.text would close a circle: 'join' already depends on 'say'."
    assert "'join' already depends on 'The painter'" in refused(flow, connect("join.text", "paint.prompt"))
    refused(flow, connect("say.text", "say.text"))


def test_a_circle_that_was_opened_may_be_closed_the_other_way(flow: pf.Flow) -> None:
    flow.apply([connect("say.text", "join.texts")])
    refused(flow, connect("join.text", "say.text"))
    flow.apply([{**connect("say.text", "join.texts"), "op": "disconnect"}])
    flow.apply([connect("join.text", "say.text")])


def test_a_port_that_takes_one_value_takes_one(flow: pf.Flow) -> None:
    flow.apply([connect("say.text", "paint.prompt")])
    assert "takes one value and is connected to say.text" in refused(flow, connect("join.text", "paint.prompt"))
    assert "takes one value" in refused(flow, {"op": "feed", "name": "words", "to": "paint.prompt"})
    entry = {"name": "more", "type": "text", "feeds": ["paint.prompt"]}
    assert "takes one value" in refused(flow, {"op": "add_input", "input": entry})


def test_a_port_that_takes_several_takes_several(flow: pf.Flow) -> None:
    flow.apply([connect("say.text", "join.texts"), {"op": "feed", "name": "words", "to": "join.texts"}])
    flow.apply([connect("paint.image", "join.images"), connect("soften.image", "join.images")])
    assert not [problem for problem in flow.problems() if problem.code == "several-edges"]


def test_a_freed_port_can_be_connected_again(flow: pf.Flow) -> None:
    flow.apply([{"op": "feed", "name": "words", "to": "paint.prompt"}])
    refused(flow, connect("say.text", "paint.prompt"))
    flow.apply([{"op": "remove_input", "name": "words"}])
    flow.apply([connect("say.text", "paint.prompt")])
    flow.apply([{**connect("say.text", "paint.prompt"), "op": "disconnect"}, connect("join.text", "paint.prompt")])


def test_an_input_of_another_type_does_not_feed(flow: pf.Flow) -> None:
    assert "Input 'photo' gives image; paint.prompt takes text" in refused(
        flow, {"op": "feed", "name": "photo", "to": "paint.prompt"}
    )
    flow.apply([{"op": "feed", "name": "words", "to": "paint.prompt"}])
    assert "cannot connect" in refused(flow, {"op": "set_input", "name": "words", "fields": {"type": "image"}})


def test_an_input_of_an_unknown_type_is_refused(flow: pf.Flow) -> None:
    for operation in (
        {"op": "add_input", "input": {"name": "x", "type": "picture", "feeds": []}},
        {"op": "set_input", "name": "words", "fields": {"type": {"choices": []}}},
    ):
        assert "is not a type" in refused(flow, operation)


def test_a_port_that_the_type_does_not_have_is_refused_with_the_nearest(flow: pf.Flow) -> None:
    assert "Did you mean 'prompt'?" in refused(flow, connect("say.text", "paint.promt"))
    assert "has no output 'texts'" in refused(flow, connect("say.texts", "paint.prompt"))


def test_one_refused_operation_refuses_them_all(flow: pf.Flow) -> None:
    refused(flow, connect("say.text", "paint.prompt"), connect("say.text", "soften.image"))
    flow.apply([connect("join.text", "paint.prompt")])  # the first one of the refused pair left no trace


def test_nodes_of_unknown_type_may_be_connected_in_any_way(flow: pf.Flow) -> None:
    flow.apply([{"op": "add_node", "id": "lost", "node": {"type": "nowhere", "values": {}}}])
    flow.apply([connect("lost.anything", "paint.prompt"), connect("say.text", "lost.image")])
    assert "circle" in refused(flow, connect("paint.image", "lost.whatever"))
    assert "circle" in refused(flow, connect("lost.x", "lost.y"))


@pytest.mark.parametrize(
    ("source", "target"),
    [("measure.width", "soften.amount"), ("paint.image", "join.images"), ("say.text", "paint.blend")],
)
def test_what_is_converted_without_asking_connects(flow: pf.Flow, source: str, target: str) -> None:
    flow.apply([connect(source, target)])
    assert (source, target) == (
        f"{flow.edges[0].source}.{flow.edges[0].output}",
        f"{flow.edges[0].target}.{flow.edges[0].input}",
    )


def test_a_damaged_flow_is_edited_like_any_other() -> None:
    flow = pf.Flow("damaged", registry=REGISTRY)
    for name in ("say", "paint"):
        flow.add(f"tests.{name}", id=name)
    edge = {"from": "say.text", "to": "paint.prompt"}
    entry = {"name": "n", "feeds": ["paint.prompt"]}  # without a type
    flow._begin(
        {**flow.document, "edges": [edge, dict(edge), {"from": "x.y", "to": "z.a"}], "inputs": [entry, 5]},
        flow.media,
        REGISTRY,
    )
    flow.apply([{"op": "unfeed", "name": "n", "to": "paint.prompt"}])
    flow.apply([{"op": "disconnect", **edge}])
    flow.apply([{"op": "disconnect", **edge}])
    flow.apply([{"op": "disconnect", "from": "x.y", "to": "z.a"}])
    flow.apply([{"op": "connect", **edge}])
    while flow.undo():
        pass
    # The edge whose nodes are not there does not come back, nor the same edge twice; everything else does.
    assert flow.document["edges"] == [edge]
    assert flow.document["inputs"] == [entry, 5]


def test_removing_a_node_with_a_broken_edge_can_be_undone() -> None:
    flow = pf.Flow("damaged", registry=REGISTRY)
    node = flow.add("tests.say", id="say", text="a")
    edges = [{"from": "say.text", "to": "gone.prompt"}]
    flow._begin({**flow.document, "edges": edges, "outputs": [{"name": "o", "from": "say.text"}]}, flow.media, REGISTRY)
    flow.remove(node)
    assert flow.document["nodes"] == {} and flow.document["outputs"] == []
    flow.undo()
    assert flow.nodes["say"].values == {"text": "a"}
    assert flow.outputs == {"o": "say.text"}
    flow.redo()
    assert flow.document["nodes"] == {} and flow.document["outputs"] == []
