"""Texts with placeholders as f-strings: the same text as the executor's, whatever stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.export.script import code_of
from tests.flow.strategies import examples

from .test_script import holds, main_of

_WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
_PIECES = st.one_of(
    _WORDS,
    st.sampled_from(["{1}", "{2}", "{ 3 }", "{colour}", "{{colour}}", "{{1}}", "{1.title}", "{none}", "{", "}", "{}"]),
    st.sampled_from(['"', "'", '"""', "\\", "\\N{DASH}", "\n", "\x00", "\x010\x01", "{0}", "{01}", "%s", "{colour!r}"]),
)


def filled(text: str, values: str = "", texts: list[Any] | None = None, **more: Any) -> pf.Flow:
    """Returns a flow of a template whose texts are inputs, or stand in the flow where they come as (text,)."""
    flow = pf.Flow("filled")
    given = [
        flow.add("prompt", text=one[0])["text"] if isinstance(one, tuple) else flow.input(f"text_{number}", one)
        for number, one in enumerate(texts or [])
    ]
    node = flow.add("template", text=text, values=values, **({"texts": given} if given else {}), **more)
    flow.output("text", node["text"])
    return flow


def test_a_template_with_simple_placeholders_is_an_f_string(tmp_path: Path) -> None:
    script = holds(filled("A {colour} {{x}} in {1}, {1}", "colour: red", ["winter"]), tmp_path, text_0="{spring}")
    assert 'f"A red {{x}} in {text_0}, {text_0}"' in main_of(script)
    assert script.count("def ") == 1


def test_a_long_one_is_written_on_several_lines(tmp_path: Path) -> None:
    script = holds(filled("A {1} and words, many words. " * 12, "", ["star"]), tmp_path)
    assert max(map(len, main_of(script).splitlines())) <= 88


@pytest.mark.parametrize("missing", ["leave it", "leave it out"])
def test_placeholders_without_a_value_are_left_as_the_node_says(tmp_path: Path, missing: str) -> None:
    assert "def template" not in holds(filled("{1} {2} {none}", "", ["a"], missing=missing), tmp_path)


def test_what_only_the_run_knows_is_filled_in_by_a_copied_function(tmp_path: Path) -> None:
    flow = pf.Flow("filled")
    node = flow.add("template", text=flow.input("text", "A {colour}"), values="colour: red")
    flow.output("made", node["text"])
    assert "def template" in holds(flow, tmp_path, text="{colour} {colour}")
    assert "def template" in holds(filled("A {1} " * 2_000, "", ["star"]), tmp_path)


@examples(40)
@given(
    pieces=st.lists(_PIECES, max_size=6),
    colour=_WORDS,
    texts=st.lists(st.one_of(_WORDS, st.tuples(_WORDS)), max_size=3),
    missing=st.sampled_from(["leave it", "leave it out"]),
)
def test_any_template_gives_the_executors_text(pieces: list[str], colour: str, texts: list[Any], missing: str) -> None:
    colour = " ".join(colour.split())
    flow = filled("".join(pieces), f"colour: {colour}", texts, missing=missing)
    assume(not any(one.severity == "error" for one in flow.problems()))  # "__0__" in a prompt asks for a wildcard
    names: dict[str, Any] = {"__name__": "filled"}
    exec(code_of(flow), names)
    assert names["main"]() == flow.run(backend="inline")["text"]
