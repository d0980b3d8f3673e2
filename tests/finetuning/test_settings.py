"""What a training is told is checked before anything is loaded, and what is left open becomes what suits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.errors import TrainingError
from pixelflow_widgets.finetuning.settings import FAMILIES, PRESETS, Settings, settled


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"stepps": 5}, "There is no setting 'stepps'. Did you mean 'steps'?"),
        ({"steps": 0}, "steps is a whole number from 1 to 1e+06, not 0."),
        ({"steps": 2.5}, "steps is a whole number"),
        ({"steps": True}, "steps is a whole number"),
        ({"rank": 1000}, "rank is a whole number from 1 to 256, not 1000."),
        ({"learning_rate": "fast"}, "learning_rate is a number from 1e-09 to 1, not 'fast'."),
        ({"learning_rate": float("nan")}, "learning_rate is a number"),
        ({"method": "dreambooth"}, "method is one of 'lora', 'prompt', 'full', not 'dreambooth'."),
        ({"schedule": "step"}, "schedule is one of"),
        ({"preset": "person"}, "preset is one of '', 'character', 'product', 'style', not 'person'."),
        ({"trigger": "two words"}, "The trigger is one word; 'two words' is not."),
        ({"held_out": 0.9}, "held_out is a number from 0 to 0.5, not 0.9."),
        ({"text_encoders": "yes"}, "text_encoders is true or false, not 'yes'."),
        ({"prior": 1.0}, "prior needs class_words"),
        ({"method": "prompt", "continue_from": "x.safetensors"}, "Only a LoRA is taught further"),
        ({"sample_prompts": ["a"] * 10_000}, "sample_prompts holds at most 16, not 10,000."),
        ({"class_words": "a," * 500}, "class_words holds at most 100, not 500."),
        ({"batch": 0, "seed": -1}, "seed is a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(TrainingError) as refused:
        Settings.of(wrong)
    assert told in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(TrainingError) as refused:
        Settings.of({"batch": 0, "steps": -3, "method": "magic"})
    assert all(name in str(refused.value) for name in ("batch", "steps", "method"))


def test_a_base_that_cannot_be_taught_is_refused_with_those_that_can() -> None:
    with pytest.raises(TrainingError, match=r"'flux1-dev' is FLUX\.1, which cannot be taught here\. Choose"):
        settled(Settings(base="flux1-dev"), "FLUX.1", 1024, 8)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["lora", "prompt", "full"])
def test_nothing_is_left_open(family: str, method: Any) -> None:
    found = settled(Settings(method=method), family, 512, 8)
    assert all(value is not None for value in found.as_json().values())
    found.check()
    assert found.resolution == 512 and found.alpha == found.rank and found.prior == 0, "without class words, no prior"


@given(
    st.fixed_dictionaries(
        {}, optional={"steps": st.integers(1, 5000), "rank": st.integers(1, 256), "prior": st.floats(0, 4)}
    )
)
def test_what_was_given_wins(given: dict[str, Any]) -> None:
    found = settled(Settings.of({"class_words": "dog", "preset": "style"} | given), "SDXL", 1024, 20)
    assert {name: getattr(found, name) for name in given} == given


def test_presets_differ_in_what_they_are_for() -> None:
    found = {name: settled(Settings(preset=name, class_words="thing"), "SDXL", 1024, 20) for name in PRESETS}
    assert found["style"].prior == 0 and not found["style"].text_encoders
    assert found["character"].prior == 1 and found["character"].text_encoders
    assert found["product"].rank == 2 * (found["character"].rank or 0)


def test_settings_travel_as_json() -> None:
    made = Settings.of({"sample_prompts": ["a", "b"], "steps": 7})
    assert Settings.of(made.as_json()) == made
