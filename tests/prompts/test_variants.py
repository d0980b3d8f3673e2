"""Alternatives and wildcards in prompts: counted, drawn, written out."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.prompts import comments, variants

# A prompt as a tree: a text, or a list of alternatives, each a list of such.
_WORDS = st.sampled_from(["a", "b ", "", "(c)1.2", "ü", "\n", "::", ":"])
_TREES = st.recursive(
    st.lists(_WORDS, max_size=3),
    lambda inner: st.lists(_WORDS | st.lists(inner, min_size=2, max_size=3).map(tuple), max_size=3),
    max_leaves=8,
)
HOSTILE = st.text(alphabet="{}|\\_()[]#:1 a\n", max_size=60)


def written(tree: list) -> str:
    return "".join(
        one if isinstance(one, str) else "{" + "|".join(written(option) for option in one) + "}" for one in tree
    )


def combinations(tree: list) -> list[str]:
    parts = [
        [one] if isinstance(one, str) else [text for option in one for text in combinations(option)] for one in tree
    ]
    return ["".join(each) for each in itertools.product(*parts)]


@given(_TREES)
def test_every_combination_comes_once_and_in_order(tree: list) -> None:
    text, expected = written(tree), combinations(tree)
    assert variants.count(text) == len(expected)
    assert variants.all(text, len(expected)) == expected
    assert variants.all(text, 3) == expected[:3]
    assert variants.draw(text, 5) in expected
    assert variants.draw(text, 5) == variants.draw(text, 5)


@given(HOSTILE)
@settings(max_examples=300)
def test_any_text_is_read_and_what_was_written_out_has_nothing_left_to_choose(text: str) -> None:
    try:
        drawn = variants.draw(text, 1)
        number = variants.count(text)
    except MediaError as error:
        assert "wildcard" in str(error) or "weight" in str(error)
        return
    assert number >= 1
    if "\\" not in text and "::" not in text:
        assert len(drawn) <= len(text)
    if number == 1:
        assert variants.all(text, 5) == [drawn]
    for start, end, options in variants.groups(text):
        assert text[start] == "{"
        assert text[end - 1] == "}"
        assert comments.masked(text)[start:end].count("|") >= options - 1 >= 1


@given(st.text(alphabet="ab {}()[]:#.é", max_size=30).filter(lambda text: not comments.spans(text)))
def test_a_text_without_alternatives_stays_as_it_is(text: str) -> None:
    assert variants.draw(text, 3) == text
    assert variants.count(text) == 1


def test_a_backslash_takes_a_mark_its_meaning() -> None:
    assert variants.draw(r"\{a\|b\} \__colour__", 0) == "{a|b} __colour__"
    assert variants.draw(r"saber \(fate\) \[x\]", 0) == r"saber \(fate\) \[x\]", "these belong to the weights"
    assert variants.count(r"{a\|b|c}") == 2
    assert set(variants.all(r"{a\|b|c\}}", 9)) == {"a|b", "c}"}


def test_what_stands_in_a_comment_is_not_counted() -> None:
    text = "a {red|blue} ball\n# {1|2|3}\n{on|under} a table"
    assert variants.count(text) == 4
    assert [text[start:end] for start, end, _ in variants.groups(text)] == ["{red|blue}", "{on|under}"]
    assert "#" not in variants.draw(text, 1)


def test_placeholders_stay_and_may_stand_within_alternatives() -> None:
    assert variants.all("{a {subject}|{subject} {x|y}}", 9) == ["a {subject}", "{subject} x", "{subject} y"]


def test_weights_say_how_often_an_option_comes() -> None:
    drawn = Counter(variants.draw("{3::red|blue|0::green}", seed) for seed in range(2_000))
    assert set(drawn) == {"red", "blue"}
    assert 2.3 < drawn["red"] / drawn["blue"] < 3.9
    assert variants.count("{3::red|blue|0::green}") == 2
    with pytest.raises(MediaError, match="weight 0"):
        variants.draw("{0::red|0::blue}", 1)


def test_seeds_draw_different_texts_and_every_option_comes() -> None:
    drawn = [variants.draw("{a|b|c|d}", seed) for seed in range(200)]
    assert set(drawn) == set("abcd")
    assert min(Counter(drawn).values()) > 20


def test_ten_thousand_alternatives_are_counted_and_drawn_one_by_one() -> None:
    text = "{a|b}" * 10_000
    assert variants.count(text) == 2**10_000
    assert len(variants.draw(text, 1)) == 10_000
    assert variants.all(text, 2) == ["a" * 10_000, "a" * 9_999 + "b"]
    assert len(set(variants.several(text, 5, seed=3))) == 5
    assert variants.in_words(2**10_000) == "about 10^3010"


@pytest.mark.parametrize("text", ["{" * 50_000, "}" * 50_000, "{|" * 50_000, "|}" * 50_000, "{a" * 50_000 + "|b}"])
def test_braces_without_a_partner_are_text_however_many(text: str) -> None:
    text = text if "a" not in text else text.replace("|b}", "")
    assert variants.draw(text, 1) == text
    assert variants.groups(text) == []


def test_alternatives_nested_too_deeply_are_refused_in_words() -> None:
    deep = "{a|" * 5_000 + "b" + "}" * 5_000
    assert len(variants.groups(deep)) == 5_000
    with pytest.raises(MediaError, match="More than 20 alternatives"):
        variants.draw(deep, 1)
    assert variants.count("{a|" * 20 + "b" + "}" * 20) == 21


def test_some_are_drawn_without_repeats_as_long_as_there_are_others() -> None:
    text = "{1000::a|b|c} {x|y}"
    assert sorted(variants.several(text, 6, seed=1)) == sorted(variants.all(text, 6))
    assert len(variants.several(text, 100, seed=1)) == 6
    assert variants.several("{a|b|c|d}", 2, seed=4) == variants.several("{a|b|c|d}", 2, seed=4)


def test_wildcards_are_counted_by_their_lines_and_by_those_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "hue.txt").write_text("red\n# not this\n2::blue\n{light|dark} green\n")
    (tmp_path / "thing.txt").write_text("a __hue__ ball\na fox\n")
    assert variants.count("__thing__, __hue__", tmp_path) == 5 * 4
    every = variants.all("__thing__", 99, tmp_path)
    assert every == ["a red ball", "a blue ball", "a light green ball", "a dark green ball", "a fox"]
    assert variants.draw("__thing__", 7, tmp_path) in every


def test_a_prompt_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"a{number}.txt").write_text(f"__a{number + 1}__" * 20)
    (tmp_path / "a12.txt").write_text("{x|y}")
    with pytest.raises(MediaError, match="longer than"):
        variants.draw("__a0__", 1, tmp_path)
    with pytest.raises(MediaError, match="more combinations than can be counted"):
        variants.count("__a0__", tmp_path)


def test_the_drawn_combination_is_known_by_its_number() -> None:
    one = variants.Variants("{a|b {x|y}|c} {1|2}", {})
    assert [one.nth(number) for number in range(one.count)] == [
        "a 1",
        "a 2",
        "b x 1",
        "b x 2",
        "b y 1",
        "b y 2",
        "c 1",
        "c 2",
    ]
    assert one.drawn(random.Random(1)) == one.drawn(random.Random(1))


def test_values_fill_placeholders_and_are_taken_as_they_are() -> None:
    one = variants.Variants(r"{a|a} {subject} \{subject\}", {})
    assert one.nth(0, {"subject": "{x|y} __colour__"}) == "a {x|y} __colour__ {subject}"
    with pytest.raises(MediaError, match="Nothing is given for {subject}"):
        one.nth(0, {})
