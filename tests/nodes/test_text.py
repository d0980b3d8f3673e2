from __future__ import annotations

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.nodes import text as text_nodes

from ..flow.strategies import examples

SCENES = '{"scenes": [{"title": "Dawn", "length": 3}, {"title": "Dusk", "length": 2.5}], "a.b": true}'

# Joined


def test_texts_are_joined_without_the_empty_ones() -> None:
    assert pf.nodes.join_text(["a cat", " ", "", "blue"]) == "a cat, blue"
    assert pf.nodes.join_text(["a", "", "b"], "|", skip_empty=False) == "a||b"
    assert pf.nodes.join_text(["a", "b"], r"\n-\t\\") == "a\n-\t\\b"
    assert pf.nodes.join_text([]) == ""


# Filled in


def test_placeholders_are_filled_from_values_and_texts() -> None:
    filled = pf.nodes.template("A {colour} { big animal } in {1}", "colour: red: dark\nbig animal: fox", ["Rome"])
    assert filled == "A red: dark fox in Rome"


def test_values_may_be_json_with_paths_into_it() -> None:
    text = "{scenes[0].title}, {scenes[1].length} s, {scenes[0]}"
    assert pf.nodes.template(text, SCENES) == 'Dawn, 2.5 s, {"title": "Dawn", "length": 3}'
    assert pf.nodes.template("{a}", '```json\n{"a": "b"}\n```') == "b"


def test_braces_that_are_no_placeholders_stay() -> None:
    for text in ('{"a": {"b": 1}}', "{a|b}", "{}", "{ }", "{a: b}", "{1x}", "{", "}{", "{a.}"):
        assert pf.nodes.template(text, "a: x") == text
    assert pf.nodes.template("{{a}} {a}", "a: x") == "{a} x"


def test_nothing_in_a_template_is_computed() -> None:
    for text in ("{a.__class__}", "{a.real}", "{a[0]}"):
        with pytest.raises(pf.MediaError, match="Nothing is given"):
            pf.nodes.template(text, "a: x")
    assert pf.nodes.template("{a!r:>9}", "a: x") == "{a!r:>9}"
    assert pf.nodes.template("{a}", "a: {b}\nb: x") == "{b}"


def test_a_placeholder_without_a_value_stops_or_stays_or_goes() -> None:
    with pytest.raises(
        pf.MediaError, match=r"Nothing is given for \{color\}. Did you mean 'colour'\? There is: colour"
    ):
        pf.nodes.template("{color}", "colour: red")
    assert pf.nodes.template("a {no}b{2}", "", ["x"], missing="leave it") == "a {no}b{2}"
    assert pf.nodes.template("a {no}b{2}", "", ["x"], missing="leave it out") == "a b"


def test_values_that_cannot_be_read_are_named() -> None:
    with pytest.raises(pf.MediaError, match="The line 'no value here' gives no value"):
        pf.nodes.template("{a}", "a: b\nno value here")
    with pytest.raises(pf.MediaError, match="The values are a list"):
        pf.nodes.template("{a}", "[1]")


def test_each_row_of_a_table_makes_a_text() -> None:
    frame = pandas.DataFrame(
        {"the animal": ["fox", "owl"], "legs": [4.0, None], "day": pandas.to_datetime(["2026-01-02"] * 2)}
    )
    text = "{the animal} has {legs} on {day}"
    with pytest.raises(pf.MediaError, match="Nothing is given for {legs}"):
        pf.nodes.template_rows(text, frame)  # type: ignore[arg-type]
    made = pf.nodes.template_rows(text, frame, missing="leave it")  # type: ignore[arg-type]
    assert made == ["fox has 4 on 2026-01-02 00:00:00", "owl has {legs} on 2026-01-02 00:00:00"]


def test_a_template_maps_over_lists() -> None:
    with pf.Flow("map") as flow:
        colours = pf.nodes.split_text(text="red\nblue")
        flow.output("texts", pf.nodes.template(text=colours, texts="x"))
    assert flow.run(backend="inline")["texts"] == ["red", "blue"]


@examples(60)
@given(st.text('{}[]. a1\\"', max_size=40), st.text(max_size=40))
def test_any_template_is_filled_or_refused_in_words(text: str, values: str) -> None:
    try:
        pf.nodes.template(text, values, missing="leave it")
    except pf.MediaError as error:
        assert str(error).endswith(".")


# Cut up


def test_a_text_is_cut_where_it_is_asked() -> None:
    text = "One. Two!  \n\nThree? “Four.” Five"
    assert pf.nodes.split_text(text) == ["One. Two!", "Three? “Four.” Five"]
    assert pf.nodes.split_text(text, keep_empty=True) == ["One. Two!", "", "Three? “Four.” Five"]
    assert pf.nodes.split_text(text, "paragraphs") == ["One. Two!", "Three? “Four.” Five"]
    assert pf.nodes.split_text(text, "sentences") == ["One.", "Two!", "Three?", "“Four.", "Five"]
    assert pf.nodes.split_text("a; b;;", "separator", ";") == ["a", "b"]
    assert pf.nodes.split_text("a\tb", "separator", r"\t") == ["a", "b"]
    with pytest.raises(pf.MediaError, match="no separator"):
        pf.nodes.split_text("a", "separator", "")


@examples(60)
@given(st.text("ab \n", max_size=60), st.integers(1, 20))
def test_pieces_are_short_enough_and_hold_every_letter(text: str, length: int) -> None:
    pieces = pf.nodes.split_text(text, "length", length=length)
    assert all(len(piece) <= length for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_words_stay_whole_in_pieces() -> None:
    assert pf.nodes.split_text("alpha beta gamma", "length", length=11) == ["alpha beta", "gamma"]


# Searched


def test_a_pattern_replaces_lists_and_tells() -> None:
    assert pf.nodes.regex("a1 b22", r"\d+", "#") == ("a# b#", ["1", "22"], True)
    assert pf.nodes.regex("a1 b22", r"(?P<letter>\w)(\d+)", r"\2\g<letter>", "letter").text == "1a 22b"
    assert pf.nodes.regex("a1 b22", r"(?P<letter>\w)(\d+)", "", "letter").matches == ["a", "b"]
    assert pf.nodes.regex("x", "y") == ("x", [], False)
    assert pf.nodes.regex("Aa", "a", match_case=False).matches == ["A", "a"]
    assert pf.nodes.regex("a\nb", "^b").found is False
    assert pf.nodes.regex("a\nb", "^b", by_line=True).found is True


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"pattern": "("}, r"The pattern '\(' cannot be read"),
        ({"pattern": "a", "group": "1"}, "has no group '1'.*It has: 0"),
        ({"pattern": "(?P<x>a)", "group": "y"}, "has no group 'y'.*It has: 0, 1, x"),
        ({"pattern": "a", "replacement": r"\5"}, "The replacement '.5' cannot be read"),
    ],
)
def test_a_pattern_that_is_wrong_is_refused_in_words(inputs: dict[str, str], words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        pf.nodes.regex("abc", **inputs)


def test_a_pattern_that_would_never_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_nodes, "SECONDS_TO_SEARCH", 0.05)
    with pytest.raises(pf.MediaError, match="takes longer than 0.05 s"):
        pf.nodes.regex("a" * 60 + "!", r"(a|aa)+$")


# JSON


def test_a_value_is_taken_out_by_its_path() -> None:
    assert pf.nodes.json_extract(SCENES, "scenes[0].title") == ("Dawn", ["Dawn"], "Dawn")
    assert pf.nodes.json_extract(SCENES, "scenes[-1].length").value == 2.5
    assert pf.nodes.json_extract(SCENES, "scenes[*].title") == (["Dawn", "Dusk"], ["Dawn", "Dusk"], '["Dawn", "Dusk"]')
    assert pf.nodes.json_extract(SCENES, '["a.b"]').value is True
    assert pf.nodes.json_extract(SCENES, "$.scenes[0]").value == '{"title": "Dawn", "length": 3}'
    assert pf.nodes.json_extract("[]").items == []


def test_what_a_chat_model_writes_around_json_is_passed_over() -> None:
    said = f"Sure [1]! Here it is:\n```json\n{SCENES}\n```\nEnjoy {{it}}."
    assert pf.nodes.json_extract(said, "scenes[1].title").value == "Dusk"
    assert pf.nodes.json_extract(f"Here: {SCENES} — good?", "scenes[1].title").value == "Dusk"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("no json", "", "This text is no JSON"),
        ("[" * 100_000, "", "This text is no JSON"),
        (SCENES, "scene", r"The JSON has no 'scene'. Did you mean 'scenes'\? It has: scenes, a.b."),
        (SCENES, "scenes[2]", "'scenes' has 2 items, counted from 0; there is no 2"),
        (SCENES, "scenes.title", "'scenes' is a list, which has no 'title'"),
        (SCENES, "scenes[0][1]", r"'scenes\[0\]' is an object and no list"),
        (SCENES, "scenes[*].title.x", r"'scenes\[0\].title' is a text"),
        ('{"a": null}', "a", "At 'a' stands null"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_in_words(text: str, path: str, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        pf.nodes.json_extract(text, path)
    assert pf.nodes.json_extract(text, path, "otherwise").value == "otherwise"


def test_a_path_that_is_none_is_an_error_in_any_case() -> None:
    with pytest.raises(pf.MediaError, match=r"The path 'scenes\[x\]' cannot be read from '\[x\]' on"):
        pf.nodes.json_extract(SCENES, "scenes[x]", "otherwise")


@examples(60)
@given(st.text("ab.[]*0-\"'", max_size=20))
def test_any_path_leads_somewhere_or_is_refused_in_words(path: str) -> None:
    try:
        pf.nodes.json_extract('{"a": [{"b": 1}]}', path)
    except pf.MediaError as error:
        assert str(error).endswith(".")


def test_long_texts_of_brackets_are_read_to_their_end() -> None:
    for text in ("{" * 50_000, "[" * 50_000, "{ " * 30_000, "a " * 30_000 + "{" + "a " * 30_000):
        assert pf.nodes.template(text, "", missing="leave it") == text
        with pytest.raises(pf.MediaError):
            pf.nodes.json_extract(text)
