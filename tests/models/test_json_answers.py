"""Schemas of answers are strangers': nothing is fetched for them, and to check an answer ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.json_answers import Form, bare, read_form


def form(schema: Any) -> Form:
    found = read_form(json.dumps(schema))
    assert found is not None
    return found


def test_an_empty_text_is_no_schema() -> None:
    assert read_form(" \n") is None


@pytest.mark.parametrize(
    ("schema", "fits", "fails", "where"),
    [
        ({"type": "integer"}, "4", '"4"', "the top"),
        ({"properties": {"a": {"items": {"enum": [1, 2]}}}}, '{"a": [1, 2]}', '{"a": [1, 3]}', "/a/1"),
        ({"pattern": "^a+$"}, '"aa"', '"ab"', "the top"),
        ({"patternProperties": {"^n": {"type": "null"}}}, '{"n1": null, "m": 1}', '{"n1": 1}', "/n1"),
        (
            {"properties": {"a": True}, "patternProperties": {"^n": True}, "additionalProperties": False},
            '{"a": 1, "n": 2}',
            '{"b": 1}',
            "the top",
        ),
        ({"additionalProperties": {"type": "string"}}, '{"a": "b"}', '{"a": 1}', "/a"),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, "null", "1", "the top"),
        (True, "[1]", "[1", "no JSON"),
    ],
)
def test_answers_fit_or_are_quoted_with_their_place(schema: Any, fits: str, fails: str, where: str) -> None:
    assert form(schema).checked(f"  {fits}\n") == fits
    with pytest.raises(pf.AnswerBroken, match=where) as caught:
        form(schema).checked(fails)
    assert caught.value.partial == fails


def test_fences_around_json_are_taken_away() -> None:
    assert bare('```json\n{"a": 1}\n```') == '{"a": 1}' == bare('```\n{"a": 1}\n```') == bare(' {"a": 1} ')
    assert bare("```python\n1\n```").startswith("```python")


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"$ref": "#"}, "1", "without end"),
        ({"$ref": "http://127.0.0.1:1/schema.json"}, "1", "names 'http://127.0.0.1:1/schema.json', which is not in it"),
        ({"$ref": "file:///etc/hostname"}, "1", "which is not in it"),
        ({"pattern": "^(a|a)*$"}, json.dumps("a" * 60 + "b"), "does not match|takes too long"),
        ({"pattern": "(x+x+)+y"}, json.dumps("x" * 4000), "does not match|takes too long"),
    ],
)
def test_schemas_of_strangers_do_no_harm(schema: Any, value: str, words: str) -> None:
    with pytest.raises(pf.AnswerBroken, match=words):
        form(schema).checked(value)


def test_rules_that_multiply_are_given_up() -> None:
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": {**levels, "l40": True}, "$ref": "#/$defs/l0"}
    with pytest.raises(pf.AnswerBroken, match="takes too long"):
        form(schema).checked("1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "is an object"),
        ('{"type": 5}', "at /type"),
        ('{"a": NaN}', "NaN is no number"),
        ("[" * 90_000, "nested too deeply"),
        ('{"description": "' + "x" * 100_000 + '"}', "100000 are read"),
    ],
)
def test_what_is_no_schema_is_said(text: str, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        read_form(text)
