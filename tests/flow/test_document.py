"""A document is read tolerantly: what cannot be read is passed over and stays."""

from __future__ import annotations

from typing import Any

import pytest

from pixelflow_widgets.flow import document as doc
from pixelflow_widgets.flow.file import check_shape

ODD: list[Any] = [None, 5, "x", [], {}, {"type": 5}, {"name": 5}, {"from": 1, "to": 2}, {"name": "a", "from": "b"}]


def test_entries_that_cannot_be_read_are_passed_over() -> None:
    whole = {"type": "say", "values": {}}
    document = {
        **doc.new_document("x"),
        "nodes": {"a": whole, "b.c": whole, "1": whole, **{f"odd{n}": entry for n, entry in enumerate(ODD)}},
        "edges": [*ODD, {"from": "a.text", "to": "a.b.c"}, {"from": "a.", "to": ".b"}],
        "inputs": [
            *ODD,
            {"name": "n", "type": "int", "feeds": [5, "a.text", "a"]},
            {"name": "not a name", "type": "int"},
        ],
        "outputs": [*ODD, {"name": "o", "from": "a.text"}],
    }
    assert list(doc.nodes(document)) == ["a"]
    assert list(doc.edges(document)) == [doc.Edge("a", "text", "a", "b.c")]
    assert [entry["name"] for entry in doc.inputs(document)] == ["n"]
    assert list(doc.feeds(next(doc.inputs(document)))) == [("a", "text")]
    assert [entry["name"] for entry in doc.outputs(document)] == ["o"]


@pytest.mark.parametrize("limits", [{"min": "a"}, {"max": [1]}, {"min": True}, {"min": 0}, [], 5])
def test_an_input_whose_limits_make_no_sense_is_passed_over(limits: Any) -> None:
    entry = {"name": "n", "type": "text", "limits": limits, "feeds": []}
    assert list(doc.inputs({**doc.new_document("x"), "inputs": [entry]})) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.b", ("a", "b")),
        ("a.options.x", ("a", "options.x")),
        ("a", None),
        ("a.", None),
        (".b", None),
        ("", None),
        (None, None),
        (["a", "b"], None),
    ],
)
def test_a_port_is_a_node_and_a_name(text: Any, parts: Any) -> None:
    assert doc.split_port(text) == parts


@pytest.mark.parametrize(
    "place", [None, [], [1], [1, 2, 3], ["1", 2], [True, 0], [1e9, 0], {"x": 1}, [float("nan"), 0]]
)
def test_a_position_that_makes_no_sense_is_none(place: Any) -> None:
    document = {**doc.new_document("x"), "layout": {"positions": {"a": place, "b": [1, 2.5]}}}
    assert doc.position(document, "a") is None
    assert doc.position(document, "b") == (1, 2.5)
    assert doc.position({**document, "layout": 5}, "b") is None


def test_a_title_falls_back_to_the_types_and_then_to_the_id() -> None:
    nodes = {"a": {"type": "t", "title": "A"}, "b": {"type": "t", "title": ""}, "c": 5}
    document = {**doc.new_document("x"), "nodes": nodes}
    assert [doc.title_of(document, key, "T") for key in "abcd"] == ["A", "T", "T", "T"]
    assert doc.title_of(document, "b") == "b"


def test_a_document_gets_what_an_edit_takes_for_granted_and_keeps_the_rest() -> None:
    content = {
        "format": "pixelflow",
        "version": 1,
        "nodes": {"a": {"type": "t"}, "b": 5},
        "inputs": [{"name": "n", "type": "x"}, 5],
    }
    document = check_shape({**content, "later": 1}, "given")
    assert document["name"] == "given"
    assert document["nodes"] == {"a": {"type": "t", "values": {}}, "b": 5}
    assert document["inputs"] == [{"name": "n", "type": "x", "feeds": []}, 5]
    assert document["layout"] == {"positions": {}}
    assert document["later"] == 1
    assert content["nodes"] == {"a": {"type": "t"}, "b": 5}, "what was given is not changed"
