"""Comments in prompts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts import comments

TEXTS = st.text(alphabet="#\\ \t\r\nab{|}", max_size=40)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a fox", "a fox"),
        ("", ""),
        ("# only a remark", ""),
        ("a fox\n# why a fox?\nin snow", "a fox\nin snow"),
        ("a fox\n  \t# at the end", "a fox"),
        ("a fox\r\n# windows\r\nin snow\r\n", "a fox\r\nin snow\r\n"),
        ("a # inside a line", "a # inside a line"),
        ("#one\n#two", ""),
        ("\\# a title", "\\# a title"),
    ],
)
def test_lines_that_begin_with_a_hash_are_dropped(text: str, left: str) -> None:
    assert comments.without(text) == left


def test_comments_are_found_where_they_stand() -> None:
    text = "a\n  # one\nb\n#two"
    assert [text[start:end] for start, end in comments.spans(text)] == ["  # one", "#two"]


@given(TEXTS)
def test_nothing_is_left_to_drop_and_everything_else_keeps_its_place(text: str) -> None:
    assert comments.spans(comments.without(text)) == []
    masked = comments.masked(text)
    hidden = {place for start, end in comments.spans(text) for place in range(start, end)}
    assert len(masked) == len(text)
    assert all(masked[place] == (" " if place in hidden else one) for place, one in enumerate(text))


def test_many_lines_are_read_in_a_moment() -> None:
    assert comments.without(" \t" * 200_000 + "\n" + "# a\n" * 200_000) == " \t" * 200_000 + "\n"
