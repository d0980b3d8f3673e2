"""Prompts that change over the steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts.schedule import MOST_CHANGES, changes_over_steps, placed_readings, readings


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a circle", [(0, "a circle")]),
        ("a [circle:square:0.5] there", [(0, "a circle there"), (0.5, "a square there")]),
        ("[a:[b:c:0.8]:0.4]", [(0, "a"), (0.4, "b"), (0.8, "c")]),
        ("[a:b:10]", [(0, "a"), (0.5, "b")]),
        ("[a:b:1.5]", [(0, "a"), (0.075, "b")]),
        ("[:b:0.5]", [(0, ""), (0.5, "b")]),
        ("[a::.5]", [(0, "a"), (0.5, "")]),
        ("[a:b:0]", [(0, "b")]),
        ("[a:b:1]", [(0, "a")]),
        ("[a:b:20]", [(0, "a")]),
        ("[(a:1.2):(b)1.3:0.5]", [(0, "(a:1.2)"), (0.5, "(b)1.3")]),
        ("[a:b:0.5] [c:d:0.5]", [(0, "a c"), (0.5, "b d")]),
        ("[a:a:0.5]", [(0, "a")]),
    ],
)
def test_changes_are_read(text: str, read: list[tuple[float, str]]) -> None:
    assert readings(text, 20) == read
    assert changes_over_steps(text) == (len(read) > 1 or text in ("[a:b:20]",))


@pytest.mark.parametrize(
    "text", ["[a]", "[a:b]", "[a:0.5]", "[a:b:c]", "[a:b:c:0.5]", "[a:b:-1]", "[a:b:", r"\[a:b:0.5]"]
)
def test_what_is_not_clearly_a_change_stays_text(text: str) -> None:
    assert readings(text, 20) == [(0, text)]


@given(st.text(alphabet="ab [](){}:.05\\", max_size=150), st.integers(1, 50))
def test_any_text_is_read_and_each_letter_knows_its_place(text: str, steps: int) -> None:
    found = placed_readings(text, steps)
    assert found[0][0] == 0 and all(0 <= moment < 1 for moment, _ in found)
    assert [moment for moment, _ in found] == sorted({moment for moment, _ in found})
    for _, letters in found:
        assert [text[place] for place in letters.places] == list(letters.text)


def test_only_so_many_changes_are_read() -> None:
    text = "".join(f"[a:b:0.{number:03}]" for number in range(1, 200))
    assert len(readings(text, 20)) == MOST_CHANGES + 1
    for piece in ("[", "[a:b:0.5]", "([", "[:", "]"):
        readings(piece * (100_000 // len(piece)), 20)
