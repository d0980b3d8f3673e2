"""Values as Python writes them: exact, 88 columns wide, and as ruff would format them."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.schema.literals import WIDTH, Call, Code, Generic, call, flat, literal, width_of

from ..export.random_flows import TEXTS
from ..flow.strategies import examples

LONG = "a lighthouse on a basalt cliff, flat screen-print colours, thick grain, teal and rust, and more of it"
ODD_TEXTS = st.text(st.sampled_from("ab \"'\\\n\t{}%\0🙂漢\u2028é#"), max_size=300) | st.sampled_from(TEXTS)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ODD_TEXTS
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(ODD_TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


def assigned(value: Any, name: str = "value") -> str:
    return f"{name} = {literal(value, before=f'{name} = ')}\n"


def read(source: str) -> Any:
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Assign)
    return ast.literal_eval(statement.value)


def exactly(value: Any) -> str:
    return repr(value)  # 1, 1.0 and True are three, and so are 0.0 and -0.0


@pytest.mark.soak
@given(VALUES)
@examples(150)
def test_what_is_written_reads_back_exactly(value: Any) -> None:
    assert exactly(read(assigned(value))) == exactly(value)


@pytest.mark.soak
@given(st.lists(VALUES, min_size=5, max_size=20))
@examples(12)
def test_what_is_written_is_as_ruff_would_write_it(values: list[Any]) -> None:
    source = "".join(assigned(value, f"value_{place}") for place, value in enumerate(values))
    assert formatted(source) == source
    assert faults(source) == ""


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_odd_texts_survive_wherever_they_stand(text: str) -> None:
    source = f"def write():\n    given = {call('f', [('text', text), ('more', [text])], indent=4, before='given = ')}\n"
    source += "    return given\n"
    scope: dict[str, Any] = {"f": lambda **given: given}
    exec(source, scope)
    assert scope["write"]() == {"text": text, "more": [text]}
    assert formatted("def f(**given):\n    return given\n\n\n" + source).endswith(source)


@pytest.mark.parametrize("text", ["x" * 10_000, "word " * 2_000, "🙂" * 10_000, "a\n" * 5_000, "\\\"'" * 3_334])
def test_ten_thousand_characters_survive_on_lines_of_88_columns(text: str) -> None:
    source = assigned(text)
    assert read(source) == text
    assert max(map(width_of, source.splitlines())) <= WIDTH
    assert formatted(source) == source


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (False, "False"),
        (None, "None"),
        ("", '""'),
        (2**64 - 1, "18446744073709551615"),
        (-0.0, "-0.0"),
        (1e300, "1e300"),
        (math.inf, 'float("inf")'),
        (-math.inf, 'float("-inf")'),
        (math.nan, 'float("nan")'),
        ((1,), "(1,)"),
        ([], "[]"),
        ({}, "{}"),
        ({"a": (1, "b")}, '{"a": (1, "b")}'),
        ('say "no"', "'say \"no\"'"),
        ("it's", '"it\'s"'),
        ("both ' and \"", '"both \' and \\""'),
        (Code("image"), "image"),
        (Call("pf.Model", (("", "sdxl"),)), 'pf.Model("sdxl")'),
        (Generic("list", (Generic("Literal", ("a", "b")),)), 'list[Literal["a", "b"]]'),
    ],
)
def test_short_values_stand_on_one_line(value: Any, written: str) -> None:
    assert literal(value) == flat(value) == written


def test_a_long_text_is_cut_after_spaces_and_line_ends() -> None:
    assert literal(LONG, before="PROMPT = ") == (
        "(\n"
        '    "a lighthouse on a basalt cliff, flat screen-print colours, thick grain, teal and "\n'
        '    "rust, and more of it"\n'
        ")"
    )
    lines = literal(f"{LONG}\nsecond\n\nthird", indent=4).splitlines()
    assert lines[2:] == ['        "and rust, and more of it\\n"', '        "second\\n\\n"', '        "third"', "    )"]


def test_what_is_too_long_for_its_line_goes_over_several() -> None:
    written = call("draw", [("", Code("prompt")), ("text", LONG), ("sizes", list(range(40)))], before="image = ")
    assert written.splitlines()[:3] == ["draw(", "    prompt,", "    text=("]
    assert written.splitlines()[-3:] == ["        39,", "    ],", ")"]
    assert literal([1, 2], width=5) == "[\n    1,\n    2,\n]"
    assert literal(Generic("list", (Code("x" * 90),))) == f"list[\n    {'x' * 90}\n]"


@pytest.mark.parametrize("value", [{1, 2}, b"x", object(), 1j, [{"a": {3}}]])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="There is no literal of"):
        literal(value)
