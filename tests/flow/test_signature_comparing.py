"""What another version of a flow takes and gives otherwise, and which of it breaks whoever calls as before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pixelflow_widgets.errors import ValuesRefused
from pixelflow_widgets.flow.signature import Entry, Given, Signature, read_values
from pixelflow_widgets.flow.signature.comparing import differences
from pixelflow_widgets.schema.port_types import read_port_type

TEXT, WHOLE, NUMBER = map(read_port_type, ("text", "int", "float"))
PROMPT = Entry("prompt", TEXT, "Prompt", limits={"max_length": 100})
STEPS = Entry("steps", WHOLE, "Steps", default=4, is_required=False, limits={"min": 1, "max": 50})
STYLE = Entry(
    "style", TEXT, "Style", default="ink", is_required=False, choices=("ink", "oil"), limits={"max_length": 9}
)
IMAGE = Given("image", TEXT, "Image")


def signature(*inputs: Entry, outputs: tuple[Given, ...] = (IMAGE,)) -> Signature:
    return Signature("poster", "Poster", "", inputs, outputs)


BEFORE = signature(PROMPT, STEPS, STYLE)


def told(after: Signature) -> dict[str, bool]:
    return {difference.words: difference.breaks for difference in differences(BEFORE, after)}


def with_input(name: str, **fields: Any) -> Signature:
    entries = [replace(each, **fields) if each.name == name else each for each in BEFORE.inputs]
    return signature(*entries)


def test_the_same_signature_has_no_difference() -> None:
    assert told(signature(PROMPT, STEPS, STYLE)) == {}


def test_a_rename_is_one_that_is_gone_and_one_that_is_new() -> None:
    assert told(signature(replace(PROMPT, name="words"), STEPS, STYLE)) == {
        "The input prompt is gone": True,
        "words is a new input, and required": True,
    }


def test_an_input_that_need_not_be_given_breaks_nobody() -> None:
    seed = Entry("seed", WHOLE, "Seed", default=-1, is_required=False)
    assert told(signature(PROMPT, STEPS, STYLE, seed)) == {"seed is a new input": False}


def test_another_default_breaks_nobody_and_becoming_required_does() -> None:
    assert told(with_input("steps", default=8)) == {"steps is 8 by default, was 4": False}
    assert told(with_input("style", default="oil")) == {"style is “oil” by default, was “ink”": False}
    assert told(with_input("steps", is_required=True)) == {"steps is required now": True}
    assert told(with_input("prompt", is_required=False, default="a mill")) == {
        "prompt is optional now, “a mill” if not given": False
    }


@pytest.mark.parametrize(
    ("limits", "breaks"),
    [
        ({"min": 2, "max": 50}, True),
        ({"min": 0, "max": 50}, False),
        ({"min": 1, "max": 49}, True),
        ({"min": 1, "max": 51}, False),
        ({"max": 50}, False),
        ({"min": 1, "max": 50, "step": 4}, True),
    ],
)
def test_closer_limits_break_and_wider_ones_do_not(limits: Mapping[str, float], breaks: bool) -> None:
    assert list(told(with_input("steps", limits=limits)).values()) == [breaks]


def test_a_step_that_divides_the_one_before_lets_in_more() -> None:
    sized = replace(STEPS, limits={"step": 64})
    (finer,) = differences(signature(sized), signature(replace(sized, limits={"step": 32})))
    (coarser,) = differences(signature(sized), signature(replace(sized, limits={"step": 96})))
    assert (finer.breaks, coarser.breaks) == (False, True)
    assert finer.words == "steps has a step of 32, was 64"


def test_a_choice_that_is_taken_away_breaks_and_one_more_does_not() -> None:
    assert told(with_input("style", choices=("ink",))) == {"style takes one of ink": True}
    assert told(with_input("style", choices=("ink", "oil", "wash"))) == {"style takes one of ink, oil, wash": False}
    assert told(with_input("style", choices=None)) == {"style takes anything": False}
    assert told(with_input("prompt", choices=("a", "b"))) == {"prompt takes one of a, b": True}


def test_another_type_breaks_but_for_whole_numbers_that_may_be_fractions() -> None:
    assert told(with_input("steps", type=TEXT)) == {"steps is text, was a whole number": True}
    assert told(with_input("steps", type=NUMBER)) == {"steps is a number, was a whole number": False}


def test_words_for_people_and_the_order_break_nobody() -> None:
    assert told(with_input("prompt", title="Words", help="What it shows.")) == {
        "prompt has another title and help": False
    }
    assert told(with_input("steps", affects_cost=True)) == {"steps affects the cost": False}
    assert told(signature(STEPS, PROMPT, STYLE)) == {"The inputs come in another order": False}


def test_callers_miss_an_output_that_is_gone_or_may_be_none() -> None:
    gone = signature(*BEFORE.inputs, outputs=(replace(IMAGE, name="poster"),))
    assert told(gone) == {"The output image is gone": True, "poster is a new output": False}
    assert told(signature(*BEFORE.inputs, outputs=(replace(IMAGE, is_optional=True),))) == {"image may be none": True}


@pytest.mark.parametrize("body", [{"prompt": "x"}, {"prompt": "x", "steps": 50, "style": "oil"}, {"prompt": "y" * 100}])
@pytest.mark.parametrize(
    "after",
    [
        with_input("steps", limits={"min": 1, "max": 20}),
        with_input("style", choices=("ink",)),
        with_input("prompt", limits={"max_length": 50}),
        with_input("steps", type=NUMBER),
        with_input("steps", limits={}),
        with_input("style", choices=None),
        with_input("prompt", is_required=False, default=""),
        signature(STEPS, PROMPT, STYLE),
        signature(PROMPT, STEPS),
    ],
    ids=str,
)
def test_a_request_that_is_refused_only_now_is_always_said_to_break(after: Signature, body: dict[str, Any]) -> None:
    read_values(BEFORE, body, lambda _, text: text)
    try:
        read_values(after, body, lambda _, text: text)
    except ValuesRefused:
        assert any(difference.breaks for difference in differences(BEFORE, after))
