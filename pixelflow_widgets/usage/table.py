"""What runs used, as a table: a row a node that ran or was found, by run; sums by model and by day; a plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import pandas

from ..run.history import KEPT_RUNS, place_of, process_history
from ..schema.usage import Usage
from .cost import in_words, money
from .plot import Plot, plot_of
from .rates import RateCard, rate_card

COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "images")
TIMES = ("seconds", "cpu_seconds", "gpu_seconds")
_FACTS = ("run", "flow", "started", "node", "title", "type", "model", "cached")
COLUMNS = (*_FACTS, *COUNTS, *TIMES, "peak", "money", "saved_seconds", "saved_money", "error")
SUMMED = ("nodes", "found", *COUNTS, *TIMES, "peak", "money", "unpriced", "saved_seconds", "saved_money")
MOST_ROWS = 200_000
"""Of all runs together: the newest ones are told."""
NO_MODEL = "no model"


class UsageTable(pandas.DataFrame):
    """Is what runs used, a row a node; `money` is NaN where a price is not known, `started` in UTC, `peak` in bytes.

    Nodes whose results were there cost nothing; they have `cached` set, and count as "found" in the sums. What was
    saved is what they took when they last ran.
    """

    _metadata = ["currency"]  # noqa: RUF012 – as pandas declares it
    currency: str = "USD"

    @property
    def _constructor(self) -> type[UsageTable]:
        return UsageTable

    @property
    def by_model(self) -> pandas.DataFrame:
        """Return the sums of each model, the dearest first."""
        return _dearest_first(_summed(self, _models(self)))

    @property
    def by_day(self) -> pandas.DataFrame:
        """Return the sums of each day (of this computer's clock), the oldest first."""
        return _summed(self, _days(self))

    @property
    def by_flow(self) -> pandas.DataFrame:
        """Return the sums of each flow, the dearest first."""
        return _dearest_first(_summed(self, self["flow"]))

    @property
    def totals(self) -> pandas.Series:
        """Return the sums of everything: "money" is of what has a price, "unpriced" counts the nodes that have none."""
        sums: Any = _summed(self, pandas.Series("all", index=self.index, name="all", dtype=object))
        return sums.iloc[0].rename(None) if len(sums) else pandas.Series(dict.fromkeys(SUMMED, 0.0))

    def plot(self, of: str = "money") -> Plot:  # type: ignore[override]
        """Return a drawing of each day's sum, a colour a model; a notebook shows it, light or dark.

        Args:
            of: A column with numbers: "money", "seconds", "cpu_seconds", "input_tokens", "output_tokens", "images" …

        Raises:
            ValueError: There is no such column.
        """
        wanted = (*COUNTS, *TIMES, "money")
        if of not in wanted:
            raise ValueError(f"'{of}' cannot be drawn. Choose one of {', '.join(wanted)}.")
        column: Any = self[of]
        sums = column.fillna(0).groupby([_days(self), _models(self)]).sum()
        unit = self.currency if of == "money" else "s" if of in TIMES else of.replace("_", " ")
        return plot_of({key: float(value) for key, value in sums.items()}, of.replace("_", " "), unit)

    @property
    def in_words(self) -> str:
        """Return the sums in words."""
        totals: Any = self.totals
        unpriced = int(totals["unpriced"])
        more = f", and {unpriced} node{'s' if unpriced > 1 else ''} without a price" if unpriced else ""
        tokens = f"{int(totals['input_tokens']):,} tokens in, {int(totals['output_tokens']):,} out"
        price = in_words(float(totals["money"]), self.currency)
        saved = f"; {totals['saved_seconds']:.1f} s saved by results that were there" if totals["saved_seconds"] else ""
        return f"{int(totals['nodes'])} nodes, {totals['seconds']:.1f} s, {tokens}, {price}{more}{saved}"


def usage_of_flow(flow: Any) -> UsageTable:
    """Return what the runs of a flow used, the newest first.

    Raises:
        RatesError: The user's file of rates is wrong.
    """
    return usage_table(process_history().runs(place_of(flow), flow.epoch))


def used(*, since: str | date | None = None) -> UsageTable:
    """Return what all runs of all flows on this computer used, the newest first; the history keeps the last thousand.

    Args:
        since: From this day on: "2026-01-31".

    Raises:
        RatesError: The user's file of rates is wrong.
        ValueError: That is no day.
    """
    day = date.fromisoformat(since) if isinstance(since, str) else since
    start = datetime(day.year, day.month, day.day).astimezone().timestamp() if day else 0.0
    return usage_table(process_history().all_runs(start, KEPT_RUNS))


def usage_table(rows: Iterable[Mapping[str, Any]], card: RateCard | None = None) -> UsageTable:
    """Return rows of the history as a table.

    Args:
        rows: The runs, newest first, each with its nodes.
        card: The prices; those of now if None.
    """
    card = card or rate_card()
    kept, count = [], 0
    for row in rows:
        kept.append(row)
        if (count := count + len(row["detail"])) >= MOST_ROWS:
            break
    ran: dict[tuple[Any, Any], _Ran] = {}
    by_run = [
        [_row(row, node, card, ran) for node in row["detail"]] for row in reversed(kept)
    ]  # who is found ran before
    told = [each for rows in reversed(by_run) for each in rows][:MOST_ROWS]
    table = UsageTable(told, columns=list(COLUMNS))
    table["started"] = pandas.to_datetime(table["started"], unit="s", utc=True)
    for name in ("money", "peak", "saved_seconds", "saved_money", *TIMES):
        table[name] = table[name].astype("float64")
    for name in COUNTS:
        table[name] = table[name].astype("int64")
    table.currency = card.currency
    return table


class _Ran(NamedTuple):
    """Is what a node used when it last ran."""

    model: str
    seconds: float
    money: float | None


def _row(
    run: Mapping[str, Any], node: Mapping[str, Any], card: RateCard, ran: dict[tuple[Any, Any], _Ran]
) -> tuple[Any, ...]:
    told = node.get("usage")
    used = Usage.of(told if isinstance(told, Mapping) else {})
    took = float(node.get("took") or 0.0)
    price: float | None = 0.0
    saved, key = _Ran(used.model, 0.0, 0.0), (run["flow"], node.get("node"))
    if node.get("cached"):
        saved = ran.get(key, saved)
    else:
        price = money(used, took, card)
        ran[key] = _Ran(used.model, took, price)
    counts = [getattr(used, name) for name in COUNTS]
    return (
        *(run["run"], run["flow"], run["started"], node.get("node"), node.get("title"), node.get("type") or ""),
        *(saved.model, bool(node.get("cached")), *counts, took, used.cpu_seconds, used.gpu_seconds),
        *(node.get("peak"), price, saved.seconds, saved.money, node.get("error") or ""),
    )


def _summed(table: Any, by: Any) -> Any:
    plain: Any = pandas.DataFrame(table)
    plain = plain.assign(nodes=~plain["cached"], found=plain["cached"], unpriced=plain["money"].isna())
    how = {name: "max" if name == "peak" else "sum" for name in SUMMED}
    return plain.groupby(by.to_numpy(), sort=True).agg(how).rename_axis(by.name)


def _dearest_first(sums: Any) -> Any:
    return sums.sort_values(["money", "seconds"], ascending=False, kind="stable")


def _models(table: Any) -> Any:
    return table["model"].where(table["model"] != "", NO_MODEL).rename("model")


def _days(table: Any) -> Any:
    return table["started"].dt.tz_convert(datetime.now().astimezone().tzinfo).dt.date.rename("day")
