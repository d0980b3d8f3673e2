"""Operations: the shared vectors, and what holds for every document and every operation."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.errors import OperationRejected
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.operations import OPERATIONS as HANDLERS
from pixelflow_widgets.flow.operations import apply, apply_all, removal
from pixelflow_widgets.flow.plain import as_json

from .strategies import FIELDS, HOSTILE, OPERATIONS, documents, examples

pytestmark = pytest.mark.soak
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "operations.json").read_text())


def same(one: Any, other: Any) -> bool:
    """Tell True from 1 and 1 from 1.0, which Python takes for equal."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vector_holds(vector: dict[str, Any]) -> None:
    document, operation = copy.deepcopy((vector["document"], vector["operation"]))
    if vector.get("rejected"):
        with pytest.raises(OperationRejected):
            apply(document, operation)
    else:
        after, inverse = apply(document, operation)
        assert same(after, vector["after"])
        assert same(inverse, vector["inverse"])
    assert same((document, operation), (vector["document"], vector["operation"]))


@pytest.mark.parametrize("vector", [v for v in VECTORS if "inverse" in v], ids=lambda vector: vector["name"])
def test_the_inverse_of_the_vector_takes_it_back(vector: dict[str, Any]) -> None:
    if vector.get("inverse_is_rejected"):
        with pytest.raises(OperationRejected):
            apply(vector["after"], vector["inverse"])
    else:
        assert same(apply(vector["after"], vector["inverse"])[0], vector["document"])


def test_every_operation_has_three_vectors_and_one_that_is_rejected() -> None:
    for name in HANDLERS:
        of_this = [vector for vector in VECTORS if vector["operation"].get("op") == name]
        assert len(of_this) >= 3, name
        assert any(vector.get("rejected") for vector in of_this), name
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)


def test_every_operation_is_tried_at_random() -> None:
    assert set(FIELDS) == set(HANDLERS)


@examples(80)
@given(documents(), st.lists(OPERATIONS, max_size=20))
def test_inverses_take_every_sequence_back_to_where_it_began(document: Any, operations: list[Any]) -> None:
    before = copy.deepcopy(document)
    current, inverses = document, []
    for operation in operations:
        try:
            current, inverse = apply(current, operation)
        except OperationRejected:
            continue
        inverses.append(inverse)
    after = copy.deepcopy(current)
    back, again = apply_all(current, inverses[::-1])
    assert same(back, before)
    assert same(document, before), "an operation changed the document that it was given"
    assert same(current, after), "an inverse changed the document that it was given"
    assert same(apply_all(back, again)[0], after), "the inverse of an inverse is the operation's own effect"


@examples(80)
@given(documents(), OPERATIONS)
def test_an_operation_does_not_change_what_it_is_given(document: Any, operation: Any) -> None:
    frozen = json.dumps([document, operation])
    with contextlib.suppress(OperationRejected):
        apply(document, operation)
    assert json.dumps([document, operation]) == frozen


@examples(80)
@given(documents(), st.lists(OPERATIONS, min_size=1, max_size=6))
def test_a_sequence_is_applied_as_a_whole_or_not_at_all(document: Any, operations: list[Any]) -> None:
    frozen = json.dumps(document)
    try:
        after, inverses = apply_all(document, operations)
    except OperationRejected:
        pass
    else:
        assert len(inverses) == len(operations)
        assert same(apply_all(after, inverses)[0], document)
    assert json.dumps(document) == frozen


@examples(80)
@given(documents(), HOSTILE)
def test_whatever_comes_is_applied_or_rejected_and_nothing_else(document: Any, operation: Any) -> None:
    try:
        after, inverse = apply(document, operation)
    except OperationRejected:
        return
    json.dumps(after, allow_nan=False)
    assert same(apply(after, inverse)[0], document)


@examples(80)
@given(documents(), st.sampled_from(["a", "b", "constructor", "__proto__"]))
def test_a_node_can_always_be_removed_with_what_holds_it(document: Any, node: str) -> None:
    if node not in document["nodes"]:
        with pytest.raises(OperationRejected):
            removal(document, node)
        return
    after, inverses = apply_all(document, removal(document, node))
    assert node not in after["nodes"]
    ports = [port for edge in after["edges"] if isinstance(edge, dict) for port in (edge["from"], edge["to"])]
    ports += [port for entry in after["inputs"] for port in entry["feeds"]]
    ports += [entry["from"] for entry in after["outputs"]]
    assert node not in {port.partition(".")[0] for port in ports}
    assert same(apply_all(after, inverses)[0], document)


@pytest.mark.parametrize("thing", [None, 5, "add_node", [], {}, {"op": None}, {"op": ["add_node"]}, {"op": {}}])
def test_what_is_no_operation_is_rejected(thing: Any) -> None:
    with pytest.raises(OperationRejected, match="There is no operation"):
        apply(new_document("x"), thing)


def test_a_rejection_names_the_nearest_operation_and_field() -> None:
    with pytest.raises(OperationRejected, match="Did you mean 'add_node'"):
        apply(new_document("x"), {"op": "addnode"})
    with pytest.raises(OperationRejected, match="Did you mean 'title'"):
        apply(new_document("x"), {"op": "set_flow", "fields": {"titel": "x"}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object()])
def test_what_is_no_json_is_rejected_before_it_is_stored(value: Any) -> None:
    with pytest.raises(OperationRejected, match="plain JSON"):
        as_json([{"op": "set_values", "id": "a", "values": {"x": value}}])


def test_half_a_character_is_rejected_before_it_is_stored_and_a_whole_one_is_not() -> None:
    with pytest.raises(OperationRejected, match="half a character"):
        as_json([{"op": "set_values", "id": "a", "values": {"x": "\ud83d"}}])
    kept, _ = as_json([{"op": "set_values", "id": "a", "values": {"x": "\U0001f600", "\\ud": "\\ud800"}}])
    assert kept[0]["values"] == {"x": "\U0001f600", "\\ud": "\\ud800"}


def test_what_is_nested_too_deep_for_a_file_is_rejected() -> None:
    deep: Any = 0
    for _ in range(60):
        deep = [deep]
    with pytest.raises(OperationRejected, match="at most 48 levels"):
        as_json([{"op": "set_values", "id": "a", "values": {"x": deep}}])
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(OperationRejected, match="plain JSON"):
        as_json([{"op": "set_values", "id": "a", "values": {"x": deep}}])


def test_what_does_not_change_is_shared_between_documents() -> None:
    big = {f"n{number}": {"type": "say", "values": {}} for number in range(10)}
    document = {**new_document("x"), "nodes": big}
    after, _ = apply(document, {"op": "set_values", "id": "n0", "values": {"text": "a"}})
    assert after["nodes"]["n5"] is big["n5"]
    assert after["layout"] is document["layout"]
