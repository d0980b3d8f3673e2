"""What a node used: it adds up, travels as JSON, and nothing that a damaged file says breaks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.schema.usage import COUNTS, Usage

COUNT = st.integers(0, 10**9)
SOME = st.builds(Usage, st.sampled_from(["", "starter"]), COUNT, COUNT, COUNT, COUNT)


@given(SOME, SOME)
def test_two_add_up_and_the_first_model_stands(one: Usage, other: Usage) -> None:
    both = one + other
    assert all(getattr(both, name) == getattr(one, name) + getattr(other, name) for name in COUNTS)
    assert both.model == (one.model or other.model)


@given(SOME)
def test_it_comes_back_from_json(usage: Usage) -> None:
    assert Usage.of(json.loads(json.dumps(usage.as_json()))) == usage


def test_what_is_nothing_is_not_told() -> None:
    assert Usage().as_json() == {}
    assert not Usage() and Usage(images=1) and Usage(model="starter")


@pytest.mark.parametrize("wrong", [-1, "5", None, True, float("nan"), float("inf"), [1]])
def test_what_is_no_count_is_nothing(wrong: Any) -> None:
    assert Usage.of({"input_tokens": wrong, "model": wrong}) == Usage(model="5" if wrong == "5" else "")
