"""The axes of a grid are read from text, and written so that they read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media.axes import MAX_CELLS, count_cells, crossed, read_axes, write_axes

NAMES = ["prompt", "negative_prompt", "seed", "weight"]


def test_each_line_is_an_axis_in_its_order() -> None:
    axes = read_axes("\nweight: none | 0.5 | 1\n\n  prompt :a red circle|  a blue star: large \n", NAMES)
    assert list(axes.items()) == [("weight", [None, "0.5", "1"]), ("prompt", ["a red circle", "a blue star: large"])]
    assert count_cells(axes) == 6


def test_the_last_axis_runs_fastest() -> None:
    cells = crossed(read_axes("seed: 1 | 2\nweight: none | 1", NAMES))
    assert cells == [
        {"seed": "1", "weight": None},
        {"seed": "1", "weight": "1"},
        {"seed": "2", "weight": None},
        {"seed": "2", "weight": "1"},
    ]


def test_a_name_may_be_written_as_on_the_card() -> None:
    assert read_axes("Negative prompt: blurry", NAMES) == {"negative_prompt": ["blurry"]}


def test_quotes_make_a_text_of_none_and_of_nothing() -> None:
    text = 'prompt: "none" | "" | NONE | " a " | "said" he'
    assert read_axes(text, NAMES) == {"prompt": ["none", "", None, " a ", '"said" he']}


def test_a_bar_and_a_new_line_are_written_with_a_backslash() -> None:
    assert read_axes(r"prompt: a \| b | c\nd | e\\ | f", NAMES) == {"prompt": ["a | b", "c\nd", "e\\", "f"]}


def test_windows_lines_are_lines() -> None:
    assert read_axes("seed: 1 | 2\r\nweight: 3\r\n", NAMES) == {"seed": ["1", "2"], "weight": ["3"]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least one axis"),
        ("a red circle | a blue star", "Line 1 of the axes, 'a red circle | a blue star', names no input"),
        ("seed: 1\n: 2", "Line 2 of the axes, ': 2', names no input"),
        ("promt: a", "an input 'promt' that is not there. Did you mean 'prompt'? Inputs: prompt, negative_prompt,"),
        ("seed: 1\nSeed: 2", "Line 2 of the axes, 'Seed: 2', is the second for 'seed'"),
        ("seed:  ", "has no values"),
        (
            f"seed: {'|'.join(map(str, range(101)))}\nweight: {'|'.join(map(str, range(100)))}",
            "101 x 100 = 10,100 cells; at most 10,000",
        ),
    ],
)
def test_what_is_no_axis_is_said_in_words(text: str, sentence: str) -> None:
    with pytest.raises(pf.MediaError) as caught:
        read_axes(text, NAMES)
    assert sentence in str(caught.value)


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.none() | st.text(), min_size=1, max_size=5), min_size=1))
def test_axes_that_are_written_read_back(axes: dict[str, list[str | None]]) -> None:
    if count_cells(axes) <= MAX_CELLS:
        assert read_axes(write_axes(axes), NAMES) == axes


def test_numbers_are_written_as_text() -> None:
    assert write_axes({"weight": [None, 0.5], "seed": [1, 2]}) == "weight: none | 0.5\nseed: 1 | 2"


@given(st.text())
def test_any_text_is_axes_or_said_to_be_none(text: str) -> None:
    try:
        assert read_axes(text, NAMES)
    except pf.MediaError as error:
        assert str(error)
