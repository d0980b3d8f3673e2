"""JSON of anybody: nothing of it is lost, and none of it takes longer than its length."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.flow.strict_json import NotStrict, read_strictly

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_json_has_is_read_as_it_was_written(value: object) -> None:
    assert read_strictly(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", "1e999", '{"a": 1, "a": 1}', '[{"b": {"c": 1, "c": 2}}]'])
def test_what_python_would_let_pass_is_refused(text: str) -> None:
    with pytest.raises(NotStrict):
        read_strictly(text)


def test_the_one_name_of_half_a_million_that_stands_twice_is_found() -> None:
    names = ",".join(f'"{number}":0' for number in range(500_000))
    with pytest.raises(NotStrict, match="'499999' stands twice"):  # counting each name would take hours
        read_strictly(f'{{{names},"499999":0}}')
