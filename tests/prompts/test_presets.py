"""Negative prompts by what a picture is to be."""

from __future__ import annotations

from typing import get_args

import pytest

from pixelflow_widgets.prompts.presets import Preset, negative


@pytest.mark.parametrize("preset", get_args(Preset))
def test_each_preset_is_a_list_of_words_that_stand_once(preset: str) -> None:
    words = negative(preset).split(", ")
    assert len(words) == len(set(words))
    assert (preset == "none") == (words == [""])


def test_extra_words_come_behind_and_those_that_are_there_do_not_come_twice() -> None:
    assert negative("none", " cats, ,dogs ") == "cats, dogs"
    assert negative("hands", "Extra Fingers, cats") == f"{negative('hands')}, cats"
