"""What pages ask about costs, and budgets that they set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.history import process_history

from .page import Page, wait_for


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Budgets, rates and a history in a folder of the test's own."""
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("pixelflow_widgets.usage.budgets.config_folder", lambda: tmp_path)
    monkeypatch.setattr("pixelflow_widgets.usage.rates.config_folder", lambda: tmp_path)
    yield tmp_path
    process_history().flush()  # what has run is noted before the next test has other folders


def test_an_estimate_tells_the_tokens_of_the_next_run(page: Page, flow: pf.Flow) -> None:
    flow.add("text_to_image", prompt="a red circle", negative_prompt="", model="starter", steps=2)
    told = page.ask("estimate")["estimate"]
    assert (told["ran"], told["input_tokens"]) == (1, told["nodes"][0]["input_tokens"])
    assert told["input_tokens"] > 0 and told["money"] == 0 and told["words"]


def test_an_estimate_of_a_flow_that_cannot_run_is_none(page: Page, flow: pf.Flow) -> None:
    flow.add("text_to_image", model="starter")
    answer = page.ask("estimate")
    assert answer["type"] == "ack" and "estimate" not in answer


def test_a_run_that_has_ended_tells_what_it_used(page: Page, flow: pf.Flow) -> None:
    flow.add("prompt", text="a")
    page.run("r1")
    page.ended("r1")
    used = wait_for(lambda: page.ask("used", run="r1").get("used"))
    assert used == {"input_tokens": 0, "output_tokens": 0, "images": 0, "money": 0.0, "currency": "USD"}
    assert "used" not in page.ask("used", run="another")


def test_costs_are_told_of_today_of_models_and_of_days(page: Page, flow: pf.Flow) -> None:
    flow.add("prompt", text="a")
    page.run("r1")
    page.ended("r1")
    told = wait_for(lambda: (costs := page.ask("costs")["costs"])["of_flow"]["nodes"] and costs)
    assert told["of_flow"]["nodes"] == 1 and told["by_day"][-1]["nodes"] >= 1 and told["today"]["nodes"] >= 1
    assert [row["model"] for row in told["by_model"]] == ["no model"] and told["currency"] == "USD"


def test_budgets_are_set_by_name_and_the_others_stay(page: Page, flow: pf.Flow) -> None:
    assert page.ask("set_budget", budget={"run": 0.5, "day_tokens": 100})["costs"]["budget"] == {
        "run": 0.5,
        "day_tokens": 100,
    }
    assert page.ask("set_budget", budget={"run": None, "flow": 2})["costs"]["budget"] == {"flow": 2, "day_tokens": 100}
    assert flow.budget == pf.Budget(flow=2, day_tokens=100)
    assert page.ask("costs")["costs"]["left"]["flow"] == {"money": 2}


@pytest.mark.parametrize("budget", [{"run": -1}, {"run": "much"}, {"nobody": 1}, [], None, {"run": True}])
def test_what_is_no_budget_is_refused_and_nothing_is_kept(page: Page, flow: pf.Flow, budget: Any) -> None:
    answer = page.ask("set_budget", budget=budget)
    assert answer["type"] == "reject" and answer["message"]
    assert not flow.budget


def test_a_budget_of_zero_stops_a_run_and_the_page_may_run_it_all_the_same(page: Page, flow: pf.Flow) -> None:
    flow.add("prompt", text="a")
    page.ask("set_budget", budget={"run": 0})
    page.run("r1")
    refused = wait_for(lambda: page.of("refused"))[-1]
    assert refused["over"][0] | {"reason": ""} == {
        "budget": "run",
        "unit": "money",
        "limit": 0,
        "left": 0,
        "needed": 0.0,
        "reason": "",
    }
    assert "nothing may run" in refused["over"][0]["reason"]
    page.run("r2", over_budget=True)
    assert page.ended("r2")["status"] == "done"
