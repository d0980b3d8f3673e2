"""How a prompt is read, as a page is told it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts.reading import read_prompt
from tests.zoo import Zoo

from .hostile import hostile_texts


def test_a_prompt_is_told_with_its_marks() -> None:
    text = "# note\na (red)1.2 {circle|star} of {subject}"
    told = read_prompt(text, "starter").as_json()
    assert told["text"] == text and told["heeds_weights"] and told["notes"] == []
    assert [text[one["start"] : one["end"]] for one in told["weights"]] == ["red"]
    assert told["weights"][0]["weight"] == 1.2
    assert [text[one["start"] : one["end"]] for one in told["comments"]] == ["# note"]
    assert [(one["name"], text[one["start"] : one["end"]]) for one in told["variables"]] == [("subject", "{subject}")]
    assert [one["options"] for one in told["alternatives"]] == [2] and told["variants"] == 2
    assert [reader["name"] for reader in told["readers"]] == ["text_encoder", "text_encoder_2"]
    reader = told["readers"][0]
    assert (reader["window"], reader["usable"], reader["parts"], reader["cut"]) == (32, 30, 1, None)
    assert reader["count"] == len(reader["spans"])
    assert [text[start:end] for start, end in reader["spans"][:2]] == ["a", "red"]


def test_offsets_are_counted_as_a_text_area_counts() -> None:
    text = "\U0001f600\U0001f600 (red)1.5"
    told = read_prompt(text, "starter").as_json()
    wide = text.encode("utf-16-le")
    (weight,) = told["weights"]
    assert wide[2 * weight["start"] : 2 * weight["end"]].decode("utf-16-le") == "red"
    start, end = told["readers"][0]["spans"][-1]
    assert wide[2 * start : 2 * end].decode("utf-16-le") == "red"


def test_a_long_prompt_says_in_how_many_parts_it_is_read_or_where_it_is_cut(zoo: Zoo) -> None:
    told = read_prompt("a red circle " * 20, "starter").as_json()
    assert told["notes"] == ["The prompt has 60 tokens; it is read in 2 parts of 30."]
    told = read_prompt("a (red)1.2 circle " * 200, str(zoo("flux"))).as_json()
    assert told["notes"] == [
        "This model does not heed weights of words; they are taken out.",
        "CLIP reads the first 75 of its 600 tokens.",
        "T5 reads the first 511 of its 600 tokens.",
    ]
    assert not told["heeds_weights"]


def test_a_prompt_that_changes_is_counted_as_it_begins() -> None:
    told = read_prompt("a [red:very dark blue:0.5] circle", "starter").as_json()
    assert told["readers"][0]["count"] == 3
    assert told["notes"] == ["It changes over the steps; tokens are counted as it begins."]
    told = read_prompt("a [red:blue:0.5] circle", "starter", negative=True).as_json()
    assert told["notes"] == ["A negative prompt does not change over the steps; it stays as it begins."]


def test_a_language_model_reads_every_letter(zoo: Zoo) -> None:
    text = "# title\n(red)1.2 {a|b}"
    told = read_prompt(text, str(zoo("llama"))).as_json()
    assert told["weights"] == told["alternatives"] == told["comments"] == [] and told["variants"] is None
    assert told["readers"][0]["spans"][-1][1] == len(text)


def test_without_a_model_marks_are_told_and_no_tokens() -> None:
    told = read_prompt("(red)1.2 __nothing_of_that_name__", None).as_json()
    assert told["readers"] == [] and len(told["weights"]) == 1
    assert told["variants"] is None and len(told["notes"]) == 1 and "nothing_of_that_name" in told["notes"][0]
    assert "tokenizer" in read_prompt("red", "not/here").as_json()["notes"][0]


def test_a_text_that_is_too_long_is_not_read() -> None:
    told = read_prompt("a" * 100_001, "starter").as_json()
    assert told["readers"] == [] and told["notes"] == ["Texts of more than 100,000 letters are not read."]
    long = read_prompt("a " * 50_000, "starter").as_json()
    assert len(long["readers"][0]["spans"]) == 2000 and long["readers"][0]["count"] == 50_000


@pytest.mark.parametrize("model", ["starter", None])
def test_hostile_texts_are_told_as_json(model: str | None) -> None:
    for text in [*hostile_texts(), "red \ud83d circle"]:
        json.dumps(read_prompt(text, model).as_json())


@given(st.text(alphabet="ab ()[]{}:.|_\\+-#\n1😀", max_size=80))
def test_any_marks_are_told(text: str) -> None:
    told = read_prompt(text, "starter").as_json()
    units = len(text.encode("utf-16-le")) // 2
    places = [(one["start"], one["end"]) for name in ("weights", "variables", "alternatives") for one in told[name]]
    assert all(0 <= start < end <= units for start, end in places)
    assert all(0 <= start <= end <= units for reader in told["readers"] for start, end in reader["spans"])
