"""What a card allows is said of a flow before it runs, as a hint; what a family cannot compute is an error."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.problems import Problem
from pixelflow_widgets.models.limits import beyond_limits


def limits_of(flow: pf.Flow) -> list[Problem]:
    return [problem for problem in flow.problems() if problem.code == "limit"]


@pytest.mark.parametrize(
    ("model", "asked", "words"),
    [
        ("sdxl-turbo", {"guidance": 7.0}, "is made for guidance 0; 7 is asked for."),
        ("sdxl-turbo", {"steps": 30}, "is made for steps 1 to 4; 30 is asked for."),
        ("flux-dev", {"width": 4096}, "is made for width 256 to 2048 pixels; 4096 is asked for."),
        ("ltx-video", {"frames": 1}, "is made for frames 9 to 257; 1 is asked for."),
        ("stable-audio-open", {"seconds": 60.0}, "is made for seconds 0.5 to 47 s; 60 is asked for."),
    ],
)
def test_a_number_beyond_a_card_is_told_with_what_it_allows(model: str, asked: dict[str, Any], words: str) -> None:
    ((name, why, is_hard),) = beyond_limits(pf.Model(model), {**asked, "prompt": "words", "height": None})
    assert name == next(iter(asked)) and words in why and not is_hard


def test_numbers_within_and_models_that_nobody_knows_are_left_alone() -> None:
    assert not [*beyond_limits(pf.Model("sdxl"), {"steps": 30, "width": 1024, "height": 1024, "guidance": 5})]
    assert not [*beyond_limits(pf.Model("some/thing"), {"steps": 3000})]
    assert not [*beyond_limits(pf.Model("nothing-of-that-name"), {"steps": 3000})]


def test_a_flow_hints_at_the_input_and_runs_all_the_same() -> None:
    with pf.Flow() as flow:
        chosen = pf.nodes.load_model("starter")
        pf.nodes.text_to_image("a red circle", model=chosen, width=32, height=64, steps=1)
    (problem,) = limits_of(flow)
    assert (problem.port, problem.severity) == ("width", "hint") and problem.node
    assert "Starter is made for width 64 pixels; 32 is asked for." in problem.sentence
    flow.set(problem.node, width=64)
    assert not limits_of(flow)
