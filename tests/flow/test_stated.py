"""Code says of a flow exactly what hands have made."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import MediaError, OperationRejected
from pixelflow_widgets.flow.amending import place_of
from pixelflow_widgets.flow.document import Edge

from .sample_types import REGISTRY, say

PICTURE = "0123456789abcdef" * 4 + ".png"


@pf.node
def titled(title: str, id: str = "", node: str = "") -> str:
    return title + id + node


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("stated", registry=REGISTRY)
    text = flow.input("text", "a", title="Text")
    one, two = flow.add("tests.say", text=text), flow.add("tests.say", text=text)
    flow.add("tests.join", texts=[one["text"], two["text"]])
    return flow


def test_fields_without_a_verb_are_set_and_taken_away_at_once(flow: pf.Flow) -> None:
    before = flow.document
    flow.amend({"nodes/say/note": {"text": "mine"}, "inputs/text/affects_cost": True, "later": [1, None]})
    assert flow.document["nodes"]["say"]["note"] == {"text": "mine"}
    assert flow.document["inputs"][0]["affects_cost"] is True and flow.document["later"] == [1, None]
    flow.amend({"later/1": 2}, without=["inputs/text/title"])
    assert flow.document["later"] == [1, 2] and "title" not in flow.document["inputs"][0]
    flow.undo(), flow.undo()
    assert flow.document == before


def test_names_with_slashes_and_tildes_are_places_too(flow: pf.Flow) -> None:
    flow.amend({place_of("nodes", "say", "a/b~c"): 1})
    assert flow.document["nodes"]["say"]["a/b~c"] == 1


@pytest.mark.parametrize(
    ("changes", "without"),
    [
        ({"nodes/gone/note": 1}, []),
        ({"edges/7/note": 1}, []),
        ({"edges/x": 1}, []),
        ({"": 1}, []),
        ({"name/letter": 1}, []),
        ({"inputs/gone/title": "x"}, []),
        ({}, ["nodes/gone"]),
        ({}, ["edges/0"]),
        ({"nodes": []}, []),
        ({"name": 5}, []),
        ({}, ["layout"]),
        ({"later": float("nan")}, []),
        ({"later": object()}, []),
        ({"inputs/text": {"name": "text", "type": "text"}}, []),
    ],
)
def test_what_makes_no_flow_is_refused_and_changes_nothing(flow: pf.Flow, changes: Any, without: list[str]) -> None:
    before = flow.document
    with pytest.raises(OperationRejected):
        flow.amend(changes, without=without)
    assert flow.document is before


def test_nodes_are_put_where_they_belong_and_those_that_are_gone_are_passed_over(flow: pf.Flow) -> None:
    flow.arrange({"say": (5, 0.5), "gone": (1, 1), "join": None})
    places = flow.document["layout"]["positions"]
    assert places["say"] == [5, 0.5] and "join" not in places and "gone" not in places
    assert "say_2" in places


def test_edges_and_feeds_exchange_their_places(flow: pf.Flow) -> None:
    order = ["text -> say_2.text", "gone -> say.text", "text -> say.text", "say_2.text -> join.texts"]
    flow.arrange(edges=[*order, "say.text -> join.texts"])
    assert flow.edges == [Edge("say_2", "text", "join", "texts"), Edge("say", "text", "join", "texts")]
    assert flow.document["inputs"][0]["feeds"] == ["say_2.text", "say.text"]


def test_what_is_arranged_already_is_no_edit(flow: pf.Flow) -> None:
    revision = flow.revision
    flow.arrange({key: tuple(place) for key, place in flow.document["layout"]["positions"].items()})
    flow.amend({"name": "stated"})
    assert flow.revision == revision


def test_a_placeholder_keeps_what_it_holds_and_is_connected_by_any_name(flow: pf.Flow) -> None:
    node = flow.placeholder(
        "elsewhere.sharpen", {"a b": [1]}, title="Sharp", version=3, text=flow.nodes["say"]["text"], amount=0.5
    )
    assert node.id == "sharpen" and node.title == "Sharp"
    entry = {"type": "elsewhere.sharpen", "type_version": 3, "title": "Sharp", "values": {"a b": [1], "amount": 0.5}}
    assert flow.document["nodes"]["sharpen"] == entry
    flow.add("tests.soften", image=node["whatever"])
    assert flow.edges[-2:] == [
        Edge("say", "text", "sharpen", "text"),
        Edge("sharpen", "whatever", "soften", "image"),
    ]
    assert [problem.code for problem in flow.problems(["sharpen"])] == ["unknown-type"]


def test_a_medium_is_given_by_the_name_of_its_file(flow: pf.Flow) -> None:
    node = flow.add("tests.soften", image=flow.medium(PICTURE))
    flow.input("photo", flow.medium(PICTURE), type=pf.Image)
    joined = flow.add("tests.join", texts=["x"], images=[flow.medium(PICTURE), flow.medium(PICTURE)])
    assert node.entry["values"] == {"image": {"$media": PICTURE}}
    assert joined.entry["values"]["images"] == [{"$media": PICTURE}] * 2
    assert flow.document["inputs"][-1]["default"] == {"$media": PICTURE}
    with pytest.raises(MediaError, match="not the name of a medium"):
        flow.medium("../secret.png")
    with pytest.raises(MediaError, match="not both"):
        flow.add("tests.join", texts=["x"], images=[flow.medium(PICTURE), "x"])


def test_inputs_that_are_called_like_our_own_keywords_are_given_in_braces() -> None:
    flow = pf.Flow("named")
    node = flow.add(titled, {"title": "a", "id": "b"}, id="mine", title="Mine")
    assert (node.id, node.title, node.entry["values"]) == ("mine", "Mine", {"title": "a", "id": "b"})
    flow.set(node, {"title": "c"}, node="d")
    assert node.entry["values"] == {"title": "c", "id": "b", "node": "d"}
    with flow:
        titled("e", id="f")
    assert flow.nodes["titled"].entry["values"] == {"title": "e", "id": "f"}
    assert say is not None
