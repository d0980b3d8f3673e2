"""A control is told to the page without what is not set, and states limits."""

from __future__ import annotations

import json

import pytest

from pixelflow_widgets import controls
from pixelflow_widgets.controls import Choices, Control, File, Number, Prompt, Seed, Slider, Text


def test_a_control_is_described_without_what_is_not_set() -> None:
    assert Slider(0, 1).describe() == {"kind": "slider", "min": 0, "max": 1}
    assert Slider(0, 1, step=0.1).describe() == {"kind": "slider", "min": 0, "max": 1, "step": 0.1}
    assert Text().describe() == {"kind": "text", "lines": 1}
    assert Prompt(negative=True).describe() == {"kind": "prompt", "lines": 3, "negative": True}
    assert Choices(("a", "b")).describe() == {"kind": "choices", "options": ("a", "b")}


def test_a_limit_of_zero_is_a_limit() -> None:
    assert Number(min=0).describe() == {"kind": "number", "min": 0}
    assert Number(min=0).limits == (0, None)


def test_what_has_no_limits_says_so() -> None:
    assert Text().limits == (None, None)
    assert File(write=True).limits == (None, None)


def test_the_limits_of_a_seed_are_those_of_64_bits() -> None:
    assert Seed().limits == (0, 2**64 - 1)


def test_every_control_has_a_kind_of_its_own_and_is_json() -> None:
    kinds = [kind for kind in vars(controls).values() if isinstance(kind, type) and issubclass(kind, Control)]
    names = [kind.kind for kind in kinds if Control in kind.__bases__]  # one made of another is drawn like it
    assert len(set(names)) == len(names) and all(names)
    assert {kind.kind for kind in kinds if kind is not Control} == set(names)
    for control in controls.DEFAULT_CONTROLS.values():
        json.dumps(control.describe())


def test_a_control_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Slider(0, 1).min = 5  # type: ignore[misc]


def test_limits_that_javascript_would_round_are_text() -> None:
    assert Seed().describe() == {"kind": "seed", "min": 0, "max": str(2**64 - 1)}
