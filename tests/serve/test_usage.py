"""What jobs cost: told with the job, summed by day, and stopped by the budget of the day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.serve.jobs.job import Job
from pixelflow_widgets.serve.jobs.runner import Runner
from pixelflow_widgets.serve.migrations import MIGRATIONS
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.usage import SUMS, used

from . import served_nodes as nodes
from .served import publish

RATES = 'currency = "EUR"\n[models."server:priced"]\ninput = 10\ncached = 1\noutput = 100\nimage = 0.5\n'
LONG = 120.0


@pytest.fixture(autouse=True)
def rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "data" / "rates.toml"
    path.parent.mkdir()
    path.write_text(RATES)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "serve")


@pytest.fixture
def runner(store: Store, worker: WorkerBackend) -> Iterator[Runner]:
    runner = Runner(store)
    runner.start()
    yield runner
    runner.stop()


def ended(runner: Runner, store: Store, **inputs: Any) -> Job:
    with pf.Flow("spending") as flow:
        given = nodes.spends(text=flow.input("text", "x"), model=flow.input("model", "server:priced"))
        flow.output("text", given)
    job, _ = runner.jobs.submit(publish(store, flow, "spending"), inputs)
    found = runner.jobs.wait(job.id, LONG)
    assert found is not None
    assert found.is_final
    return found


def test_a_job_tells_its_tokens_and_its_money_and_the_sums_have_them(runner: Runner, store: Store) -> None:
    job = ended(runner, store, text="one")
    assert job.usage is not None
    wanted = {"input_tokens": 1000, "cached_tokens": 200, "output_tokens": 100, "images": 1, "unpriced": 0}
    assert {name: job.usage[name] for name in wanted} == wanted
    assert job.usage["money"] == pytest.approx(0.008 + 0.0002 + 0.01 + 0.5)
    assert job.usage["currency"] == "EUR"
    ended(runner, store, text="two")
    (row,) = used(store)
    assert row["jobs"] == 2
    assert row["input_tokens"] == 2000
    assert row["money"] == pytest.approx(2 * job.usage["money"])


def test_what_was_found_costs_nothing(runner: Runner, store: Store) -> None:
    first, second = ended(runner, store, text="same"), ended(runner, store, text="same")
    assert first.usage is not None
    assert second.usage is not None
    assert first.usage["money"] > 0
    assert (second.usage["money"], second.usage["input_tokens"], second.usage["found"]) == (0, 0, 1)


def test_a_price_that_is_not_known_is_none_and_counted(runner: Runner, store: Store) -> None:
    job = ended(runner, store, text="one", model="server:unheard-of")
    assert job.usage is not None
    assert (job.usage["money"], job.usage["unpriced"]) == (None, 1)
    (row,) = used(store)
    assert (row["money"], row["unpriced"], row["output_tokens"]) == (0, 1, 100)


def test_a_budget_of_zero_for_the_day_refuses_jobs_with_the_reason(runner: Runner, store: Store) -> None:
    pf.Flow("any").budget = pf.Budget(day=0)
    job = ended(runner, store, text="refused")
    assert job.status == "failed"
    assert job.error is not None
    assert job.error["type"] == "over_budget"
    assert "Today's budget is 0 EUR: nothing may run." in job.error["message"]


def test_what_jobs_spend_counts_for_the_day(runner: Runner, store: Store) -> None:
    flow = pf.Flow("any")
    flow.budget = pf.Budget(day_tokens=2000)
    assert ended(runner, store, text="first").status == "succeeded"
    assert ended(runner, store, text="second").status == "succeeded", "1,100 of 2,000 were used up"
    assert ended(runner, store, text="third").status == "failed"


def test_a_store_of_the_form_before_keeps_its_sums(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    connection = sqlite3.connect(folder / "store.sqlite")
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO usage VALUES ('2026-01-01', 'k', 'poster', 'succeeded', 3, 7.5, 6, 1)")
    connection.commit()
    connection.close()
    (row,) = used(Store(folder))
    assert (row["jobs"], row["seconds"], row["nodes"], row["found"]) == (3, 7.5, 6, 1)
    assert [row[name] for name in SUMS[3:]] == [0] * len(SUMS[3:])
