"""Weights of words: what is one, what is text, and in which time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts.weighting import has_weights, plain_text, read_weights


def read(text: str) -> list[tuple[str, float]]:
    return [(part.text, part.weight) for part in read_weights(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a red hat", [("a red hat", 1)]),
        ("a (red hat)1.3, old", [("a ", 1), ("red hat", 1.3), (", old", 1)]),
        ("a (red hat:1.3), old", [("a ", 1), ("red hat", 1.3), (", old", 1)]),
        ("(a)0 (b:0)", [("a", 0), (" ", 1), ("b", 0)]),
        ("hat++, hat-- x", [("hat", 1.21), (", ", 1), ("hat", 0.81), (" x", 1)]),
        ("(a hat)+ (b)-", [("a hat", 1.1), (" ", 1), ("b", 0.9)]),
        ("((red)1.2 hat:1.5)", [("red", 1.8), (" hat", 1.5)]),
        ("((red)1.2 hat)", [("(", 1), ("red", 1.2), (" hat)", 1)]),
        ("C++ code", [("C", 1.21), (" code", 1)]),
        ("blue-green++", [("blue-green", 1.21)]),
        ("красный++ 红色++", [("красный", 1.21), (" ", 1), ("红色", 1.21)]),
        ("(a)1.0 b", [("a b", 1)]),
        ("(((((a)4)4)4)4)4", [("a", 10)]),
    ],
)
def test_weights_are_read(text: str, parts: list[tuple[str, float]]) -> None:
    assert read(text) == parts
    assert plain_text(text) == "".join(words for words, _ in parts)
    assert has_weights(text) == any(weight != 1 for _, weight in parts)


@pytest.mark.parametrize(
    "text",
    [
        "(orange)",
        "((a))",
        "(16:9)",
        "(4:3)",
        "(at 9:3)",
        "(a:5)",
        "(a:-1)",
        "(a:1e9)",
        "(a:nan)",
        "(:1.2)",
        "(a:)",
        "(a)5",
        "(a)12",
        "(c)2024",
        "(a)1.2.3",
        "(a)2D",
        "f(x)",
        "18+",
        "pre-war",
        "a -- b",
        "a++b",
        "a+-+-",
        "(a",
        "a)1.2",
        "a:1.2)",
        "---",
        "+++",
        "(a) 1.2",
        "(c)-like",
        "word" + "+" * 15,
    ],
)
def test_what_is_not_clearly_a_weight_stays_text(text: str) -> None:
    assert read(text) == [(text, 1)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\(red:1.2\)", "(red:1.2)"),
        (r"C\+\+", "C++"),
        (r"\(a\)1.2", "(a)1.2"),
        (r"(a\):1.2)", "a)"),
        (r"\[a:b:0.5\] \{x\} \#", "[a:b:0.5] {x} #"),
        (r"C:\path\to", r"C:\path\to"),
    ],
)
def test_a_backslash_takes_the_meaning_of_a_mark(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@given(st.text(alphabet="ab (){}[]:.,+-0123\\\n#_|é😀", max_size=200))
def test_any_text_is_read_and_each_letter_knows_its_place(text: str) -> None:
    parts = read_weights(text)
    behind = 0
    for part in parts:
        assert part.text and behind <= part.start < part.end <= len(text)
        assert 0 <= part.weight <= 10
        assert [text[place] for place in part.letters.places] == list(part.text)
        assert part.letters.places[0] == part.start and part.letters.places[-1] == part.end - 1
        behind = part.end
    assert all(one.weight != other.weight for one, other in itertools.pairwise(parts))


@given(st.text(alphabet="ab ,.", min_size=1, max_size=30), st.floats(0, 4).map(lambda weight: round(weight, 2)))
def test_a_weight_that_is_written_is_read(text: str, weight: float) -> None:
    for written in (f"({text}){weight}", f"({text}:{weight})"):
        assert read(written) == [(text, weight)]


@pytest.mark.parametrize("piece", ["(", ")", "(a:1.2)", "a++ ", "+", "-", "(:", "\\(", "((a)1.1", "a:", "é+"])
def test_long_texts_are_read_to_their_end(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert len(plain_text(text)) <= len(text)
