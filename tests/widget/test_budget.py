"""A run that a budget refuses: the page hears why as data, and may run it all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from tests.run import sample_nodes as nodes

from .page import Page, wait_for


def test_the_page_is_told_which_budget_is_in_the_way_and_may_run_it_yet(
    warmed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    with pf.Flow("refused") as flow:
        flow.output("number", nodes.double(value=91))
    flow.budget = pf.Budget(run=0)
    page = Page(flow)
    page.run("budget1")
    refused = wait_for(lambda: page.of("refused"))[0]
    assert refused["run"] == "budget1"
    assert "nothing may run" in refused["message"]
    assert [(each["budget"], each["unit"], each["limit"]) for each in refused["over"]] == [("run", "money", 0)]
    assert page.ended("budget1")["status"] == "failed"
    page.ask("run", run="budget2", targets=None, inputs={}, over_budget=True)
    assert page.ended("budget2")["status"] == "done"
