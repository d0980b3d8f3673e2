"""Placeholders in prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.prompts import template


def test_placeholders_are_found_where_they_stand() -> None:
    text = "a {subject} in { main colour }, {{not this}} \\{nor this\\} {a|b}\n# {comment}\n{scene.title}"
    found = template.variables(text)
    assert [name for name, _, _ in found] == ["subject", "main colour", "scene.title"]
    assert [text[start:end] for _, start, end in found] == ["{subject}", "{ main colour }", "{scene.title}"]


@given(st.text(alphabet="{} .[]a1|\\#\n", max_size=60))
def test_every_placeholder_is_filled_by_its_name(text: str) -> None:
    for name, start, end in template.variables(text):
        assert template.filled(text[start:end], {name: "x"}) == "x"


def test_long_texts_of_braces_are_read_in_a_moment() -> None:
    for text in ("{a" * 50_000, "{a." * 30_000, "{ " * 50_000, "{a" + " " * 100_000, "{a[1]" * 20_000):
        assert template.variables(text) == []
