"""Definitions that were cleaned for an earlier script: they stand in the next one as if they were cleaned for it."""

from __future__ import annotations

import re

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export import remembered
from pixelflow_widgets.export.cleaning import Cleaning


def painted(prompt: str = "prompt") -> pf.Flow:
    with pf.Flow("remembered") as flow:
        text = flow.input(prompt, "a red circle on a blue background")
        image = pf.nodes.text_to_image(prompt=text, model="starter", steps=2)
        flow.output("image", pf.nodes.adjust_color(image=image, contrast=1.5))
    return flow


def test_a_script_is_the_same_whatever_was_written_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_kept", {})
    helpers = set(re.findall(r"^def (\w+)", painted().to_script(), re.MULTILINE)) - {"main"}
    # An input that is called like a function that is copied takes the function's name.
    flows = [painted(), *(painted(helper) for helper in sorted(helpers))]
    fresh = []
    for flow in flows:
        remembered._kept.clear()
        fresh.append(flow.to_script())
    assert len(set(fresh)) == len(flows) > 1
    for number in [*range(len(flows)), *reversed(range(len(flows)))]:
        assert flows[number].to_script() == fresh[number]


def test_what_was_cleaned_once_is_not_visited_again(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = painted()
    first = flow.to_script()
    visited: list[str] = []
    monkeypatch.setattr(Cleaning, "clean", lambda self, name: visited.append(name))
    assert flow.to_script() == first
    assert visited == []
