"""Prompts that change over the steps, as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.prompts.schedule import readings
from pixelflow_widgets.prompts.schedule_writing import scheduled


@pytest.mark.parametrize(
    ("text", "then", "at", "written"),
    [
        ("a red circle", "a blue star", 0.5, "[a red circle:a blue star:0.5]"),
        ("a red circle\n0.3: a blue star", None, 0.5, "[a red circle:a blue star:0.3]"),
        ("a\n25%: b\n.5 : c", "d", 0.75, "[a:[b:[c:d:0.75]:0.5]:0.25]"),
        ("a\nb\nc\nd", None, 0.5, "[a:[b:[c:d:0.75]:0.5]:0.25]"),
        ("a\nb", "c", 0.8, "[a:[b:c:0.8]:0.4]"),
        ("# first\na\n\n# then\n0.5: b", None, 0.5, "[a:b:0.5]"),
        ("only this", None, 0.5, "only this"),
        ("", None, 0.5, ""),
        ("", "a", 0.25, "[:a:0.25]"),
        ("a", "", 0.25, "[a::0.25]"),
    ],
)
def test_lines_become_stages(text: str, then: str | None, at: float, written: str) -> None:
    assert scheduled(text, then, at) == written


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\n0.5: b\n0.4: c", "grow"),
        ("a\n1.5: b", "grow"),
        ("a\n150%: b", "grow"),
        ("a\n0.5: b\nc", "does not say when"),
        ("30%: a\n0.5: b", "holds from the beginning"),
        ("a\n" * 17, "16 prompts"),
    ],
)
def test_stages_that_cannot_be_are_told(text: str, why: str) -> None:
    with pytest.raises(MediaError, match=why):
        scheduled(text)


@pytest.mark.parametrize(
    "words", ["a: b", "(a:1.2) b", "a (b", "a] b", "[c:d:0.5", "a \\[ b", "back\\", "[x] (y)1.3", "]([:", "16:9"]
)
def test_whatever_stands_in_a_stage_is_read_as_it_would_be_alone(words: str) -> None:
    read = readings(scheduled(f"{words}\n0.5: {words} too"), 20)
    assert [when for when, _ in read] == [0.0, 0.5]
    alone, too = (readings(one, 20)[0][1] for one in (words, f"{words} too"))
    assert [plain(text) for _, text in read] == [plain(alone), plain(too)]


def plain(text: str) -> str:
    return text.replace("\\", "")


@given(st.lists(st.text(alphabet="ab:()[]1.", min_size=1, max_size=8), min_size=2, max_size=4, unique=True))
def test_any_words_come_in_their_turn(words: list[str]) -> None:
    lines = [f"x{word}" for word in words]  # "1:" at the beginning would be a time
    changes = [len(readings(line, 20)) > 1 for line in lines]
    if any(changes):
        return
    read = readings(scheduled("\n".join(lines)), 20)
    assert [plain(text) for _, text in read] == [plain(readings(line, 20)[0][1]) for line in lines]
