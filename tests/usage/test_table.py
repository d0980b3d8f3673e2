from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.schema import Progress
from pixelflow_widgets.usage.plot import plot_of
from pixelflow_widgets.usage.table import COLUMNS, NO_MODEL, usage_table

RATES = '[models."server:a"]\ninput = 1.0\noutput = 2.0\n[machine]\ncpu_second = 0.5\n'


@pf.node
def says_usage(words: str, model: pf.Model = "starter", progress: Progress = Progress()) -> str:  # type: ignore[assignment]
    """Says that it used something."""
    progress.used(model=model.source, input_tokens=2_000_000, cached_tokens=5, output_tokens=3, images=1)
    return words


def row(run: str, started: float, *nodes: dict[str, Any], flow: str = "poster") -> dict[str, Any]:
    return {"run": run, "flow": flow, "started": started, "detail": list(nodes)}


def node(name: str, usage: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"node": name, "title": name, "type": "chat", "took": 2.0, "cached": False, "usage": usage, **more}


DAY = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
ROWS = [
    row("r3", DAY + 86400, node("c", {"model": "server:b", "input_tokens": 7}, error="refused"), flow="other"),
    row("r2", DAY + 60, node("a", {}, cached=True, took=0.0), node("d", {}, took=0.5, peak=100)),
    row(
        "r1",
        DAY,
        node("a", {"model": "server:a", "input_tokens": 1_000_000, "output_tokens": 500_000, "cpu_seconds": 1.0}),
    ),
]


def test_money_is_by_the_rate_card_and_missing_where_there_is_no_price(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    table = usage_table(ROWS)
    assert list(table.columns) == list(COLUMNS)
    assert table["money"].tolist()[1:] == [0.0, 0.0, 2.5]
    assert table["money"].isna().tolist() == [True, False, False, False]
    assert str(table["started"].dt.tz) == "UTC"


def test_sums_by_model_by_day_by_flow_and_of_all(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    table = usage_table(ROWS)
    models = table.by_model
    assert list(models.index) == ["server:a", "server:b", NO_MODEL]
    assert models.loc["server:b", "unpriced"] == 1
    assert models.loc[NO_MODEL, ["nodes", "found", "peak"]].tolist() == [1, 0, 100]
    assert table.by_day["input_tokens"].tolist() == [1_000_000, 7]
    assert table.by_flow.loc["poster", "money"] == 2.5
    assert table.totals["nodes"] == 3
    assert table.totals["money"] == 2.5
    assert "1,000,007 tokens in, 500,000 out, 2.50 USD, and 1 node without a price" in table.in_words


def test_what_was_found_saved_what_it_took_when_it_ran(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    table = usage_table(ROWS)
    found = table[table["cached"]].iloc[0]
    assert (found["model"], found["money"], found["saved_seconds"], found["saved_money"]) == ("server:a", 0.0, 2.0, 2.5)
    assert table.totals["saved_money"] == 2.5
    assert "2.0 s saved" in table.in_words


def test_an_empty_table_has_sums_and_a_plot(settings: Path) -> None:
    table = usage_table([])
    assert table.totals["money"] == 0
    assert table.by_model.empty
    assert "Nothing was used." in table.plot().svg


def test_a_part_of_a_table_has_sums_too(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    table = usage_table(ROWS)
    assert table[table["model"] == "server:a"].totals["money"] == 2.5


def test_a_damaged_row_of_the_history_counts_as_nothing(settings: Path) -> None:
    table = usage_table([row("r", DAY, node("a", {"input_tokens": "many", "model": 3}), {"took": None, "usage": None})])
    assert table["input_tokens"].tolist() == [0, 0]


def test_the_plot_is_sound_svg_with_both_themes_and_its_words_escaped(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    table = usage_table([*ROWS, row("r0", DAY, node("x", {"model": "<b>&'\"", "output_tokens": 4}))])
    plot = table.plot("output_tokens")
    assert ET.fromstring(plot._repr_svg_()).tag.endswith("svg")
    assert "prefers-color-scheme:dark" in plot.svg
    assert "<b>" not in plot.svg
    assert "svg" in plot._repr_html_()
    with pytest.raises(ValueError, match="cannot be drawn"):
        table.plot("happiness")


def test_many_days_and_models_make_a_drawing_of_the_same_size() -> None:
    begin = datetime(2020, 1, 1).date()
    sums = {(begin + timedelta(days=day), f"model {day % 40}"): float(day) for day in range(2000)}
    drawing = plot_of(sums, "money", "USD").svg
    assert drawing.count("<rect") < 200
    assert "others" in drawing
    ET.fromstring(drawing)


def test_what_a_run_used_stands_in_flow_usage(settings: Path) -> None:
    (settings / "rates.toml").write_text(RATES)
    with pf.Flow("used") as flow:
        flow.output("text", says_usage("what is said", model="server:a"))
    flow.run(backend="inline")
    flow.run(backend="inline")
    table = flow.usage
    assert table["cached"].tolist() == [True, False]
    newest = table.iloc[1]
    assert (newest["model"], newest["input_tokens"], newest["output_tokens"]) == ("server:a", 2_000_000, 3)
    assert newest["money"] >= 2.0
    assert table.totals["found"] == 1
    everything = pf.used(since=datetime.now().date())
    assert set(table["run"]) <= set(everything["run"])
    assert pf.used(since="2999-01-01").empty
