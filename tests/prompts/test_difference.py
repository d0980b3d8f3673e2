"""What changed between two prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts.difference import parts

PROMPTS = st.text(alphabet="ab c,(1.2)\n'’_ü", max_size=40)


def test_words_are_removed_and_added_where_they_stand() -> None:
    found = parts("a red fox in snow, at dawn", "a blue fox in deep snow, at dawn")
    assert [(one["kind"], one["text"].strip()) for one in found] == [
        ("same", "a"),
        ("removed", "red"),
        ("added", "blue"),
        ("same", "fox in"),
        ("added", "deep"),
        ("same", "snow, at dawn"),
    ]


def test_the_same_prompt_has_no_difference() -> None:
    assert parts("a fox", "a fox") == [{"kind": "same", "text": "a fox"}]
    assert parts("", "") == []
    assert parts("", "a") == [{"kind": "added", "text": "a"}]


@given(PROMPTS, PROMPTS)
def test_both_prompts_are_in_the_parts(old: str, new: str) -> None:
    found = parts(old, new)
    assert "".join(one["text"] for one in found if one["kind"] != "added") == old
    assert "".join(one["text"] for one in found if one["kind"] != "removed") == new


def test_long_prompts_are_compared_in_a_moment() -> None:
    old, new = "a b " * 50_000, "b a " * 50_000
    found = parts(f"x {old}y", f"x {new}y")
    assert found[0] == {"kind": "same", "text": "x "}
    assert "".join(one["text"] for one in found if one["kind"] != "removed") == f"x {new}y"
    several = parts("a b " * 150 + "q", "b c " * 150 + "z")
    assert {one["kind"] for one in several} == {"same", "added", "removed"}
