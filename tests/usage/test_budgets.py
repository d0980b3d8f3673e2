from __future__ import annotations

import json
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import BudgetExceeded, RatesError
from pixelflow_widgets.schema import Progress
from pixelflow_widgets.usage.budgets import check_run, left_of

RATES = '[models."server:priced"]\noutput = 1000.0\n'


@pf.node
def writes_at_a_price(
    prompt: str,
    model: pf.Model = "starter",  # type: ignore[assignment]
    max_tokens: int = 100,
    number: int = 0,
    progress: Progress = Progress(),
) -> str:
    """Writes as much as it may."""
    progress.used(model=model.source, input_tokens=10, output_tokens=max_tokens)
    return f"{prompt} {number}"


def writing(name: str, model: str = "server:priced", number: int = 0, **more: int) -> pf.Flow:
    with pf.Flow(name) as flow:
        flow.output("text", writes_at_a_price("once", model=model, number=number, **more))
    return flow


def run(flow: pf.Flow, **more: object) -> str:
    return flow.run(backend="inline", **more)["text"]  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def rates(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLOW_CACHE", str(settings / "cache"))  # nothing was spent yet
    path = settings / "rates.toml"
    path.write_text(RATES)
    return path


def test_a_budget_of_zero_blocks_with_the_reason() -> None:
    flow = writing("zero", model="starter", number=1)
    flow.budget = pf.Budget(run=0)
    with pytest.raises(BudgetExceeded) as caught:
        run(flow)
    assert "'zero' was not started. The budget of a run is 0 USD: nothing may run." in str(caught.value)
    assert "over_budget=True" in str(caught.value)
    assert caught.value.over[0]["budget"] == "run"
    assert flow.last_run is None
    assert run(flow, over_budget=True) == "once 1"
    run(flow)  # nothing has to run any more: that costs nothing


def test_a_run_above_its_budget_is_told_what_it_costs() -> None:
    flow = writing("dear", number=2)
    flow.budget = 0.05
    with pytest.raises(BudgetExceeded, match=r"It would cost at least 0\.10 USD; the budget of a run is 0\.05 USD"):
        run(flow)
    flow.budget = 0.2
    assert run(flow) == "once 2"


def test_what_was_spent_today_counts_whichever_flow_spent_it() -> None:
    first, second = writing("first", number=3), writing("second", number=4)
    first.budget = pf.Budget(day=0.15)
    run(first)
    assert left_of(second)["day"]["money"] == pytest.approx(0.05)
    with pytest.raises(BudgetExceeded, match=r"of today's budget of 0\.15 USD there are 0\.05 USD left"):
        run(second)


def test_the_budget_of_a_flow_is_of_all_its_runs_and_of_no_other_flow() -> None:
    flow, other = writing("mine", number=5), writing("other", number=6)
    flow.budget = pf.Budget(flow=0.15)
    run(flow)
    run(other)
    flow.set("writes_at_a_price", number=7)
    with pytest.raises(BudgetExceeded, match="this flow's budget"):
        run(flow)


def test_a_price_that_nobody_knows_is_asked_about_and_is_not_nothing() -> None:
    flow = writing("unknown", model="server:unheard-of", number=8)
    flow.budget = pf.Budget(run=100)
    with pytest.raises(BudgetExceeded) as caught:
        run(flow)
    assert "there is no price of 'server:unheard-of'" in str(caught.value)
    assert caught.value.as_json()["over"][0]["needed"] is None


def test_tokens_and_seconds_have_budgets_too() -> None:
    flow = writing("tokens", model="starter", number=9)
    flow.budget = pf.Budget(run_tokens=50)
    with pytest.raises(BudgetExceeded, match="about 1[0-9][0-9] tokens; the budget of a run is 50 tokens"):
        run(flow)
    flow.budget = pf.Budget(day_seconds=0)
    with pytest.raises(BudgetExceeded, match="is 0 seconds: nothing may run"):
        run(flow)


def test_a_flow_without_a_budget_is_not_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelflow_widgets.usage.budgets.estimate", lambda *_, **__: pytest.fail("reckoned"))
    check_run(writing("free"))


def test_a_budget_stays_when_the_kernel_goes_and_when_the_flow_is_saved(settings: Path) -> None:
    flow = writing("stays")
    flow.budget = pf.Budget(run=0.5, day=2.0, run_tokens=1000)
    flow.save(settings / "stays.flow.json")
    assert flow.budget == pf.Budget(run=0.5, day=2.0, run_tokens=1000)
    assert "budget" not in (settings / "stays.flow.json").read_text()
    again = pf.Flow.open(settings / "stays.flow.json")
    assert again.budget == flow.budget
    again.budget = None
    assert flow.budget == pf.Budget(day=2.0), "that of a day is of all flows"


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf"), True, "1"])
def test_a_limit_that_is_none_is_refused(limit: object) -> None:
    with pytest.raises(ValueError, match="is no budget"):
        pf.Budget(run=limit)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        writing("wrong").budget = limit  # type: ignore[assignment]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"flows": 3, "day": {}}', '{"flows": {}, "day": {"day": -5}}', "[" * 100_000]
)
def test_a_damaged_file_of_budgets_stops_runs_with_its_name(settings: Path, text: str) -> None:
    (settings / "budgets.json").write_text(text)
    with pytest.raises(RatesError, match="budgets.json"):
        run(writing("damaged"))


def test_wrong_rates_are_said_where_money_is_limited_and_nowhere_else(rates: Path) -> None:
    rates.write_text("models = 3")
    flow = writing("mistaken", model="starter", number=10)
    run(flow)
    flow.set("writes_at_a_price", number=11)
    flow.budget = pf.Budget(run=1)
    with pytest.raises(BudgetExceeded, match="models is 3"):
        run(flow)


def test_the_refusal_is_told_as_json() -> None:
    flow = writing("told", number=12)
    flow.budget = pf.Budget(run=0.01)
    with pytest.raises(BudgetExceeded) as caught:
        check_run(flow)
    told = json.loads(json.dumps(caught.value.as_json()))
    assert told["over"][0] | {"reason": ""} == {
        "budget": "run",
        "unit": "money",
        "limit": 0.01,
        "left": 0.01,
        "needed": pytest.approx(0.1),
        "reason": "",
    }
