"""Prompts that change over the steps, as they are written."""

from __future__ import annotations

import pytest

from pixelflow_widgets.errors import MediaError
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
        ("a\n2: b", "grow"),
        ("a\n0.5: b\nc", "does not say when"),
        ("0.3: a\n0.5: b", "holds from the beginning"),
        ("a\n" * 17, "16 prompts"),
    ],
)
def test_stages_that_cannot_be_are_told(text: str, why: str) -> None:
    with pytest.raises(MediaError, match=why):
        scheduled(text)
