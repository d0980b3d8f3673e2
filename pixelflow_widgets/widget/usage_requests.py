"""What pages ask about costs: of the next run, of the last one, of all so far; and budgets, which they may set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ..errors import FlowProblems, PixelFlowError
from .bridge import Answer, Buffers, Message

DAYS = 30
"""So many days back the panel looks."""
MOST_TOLD = 12
"""So many models, the dearest first, and so many nodes of an estimate."""
_SUMS = ("nodes", "found", "input_tokens", "cached_tokens", "output_tokens", "images", "seconds", "money", "unpriced")


class UsageRequests:
    """Does what pages ask about costs; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self._estimating = threading.Lock()
        self.slow = {"estimate": self._estimate, "used": self._used, "costs": self._costs, "set_budget": self._set}

    def _estimate(self, _: str, __: Message, ___: Buffers) -> Answer:
        """Tell what a run would cost; nothing where the flow could not run, or where an estimate is under way."""
        from ..usage.estimates import estimate

        if not self._estimating.acquire(timeout=5):
            return {}, []
        try:
            told = estimate(self._flow()).as_json()
        except FlowProblems:  # the flow says so itself
            return {}, []
        finally:
            self._estimating.release()
        dearest = sorted(told["nodes"], key=lambda node: -(node["seconds"] or 0.0))
        return {"estimate": told | {"nodes": dearest[:MOST_TOLD]}}, []

    def _used(self, _: str, message: Message, __: Buffers) -> Answer:
        """Tell what a run has used; nothing where no such run is kept."""
        from ..run.history import place_of, process_history

        flow, run = self._flow(), message.get("run")
        rows = process_history().runs(place_of(flow), flow.epoch, MOST_TOLD)
        row = next((row for row in rows if row["run"] == run), None)
        return ({} if row is None else {"used": used_in(row)}), []

    def _costs(self, _: str, __: Message, ___: Buffers) -> Answer:
        return {"costs": costs(self._flow())}, []

    def _set(self, _: str, message: Message, __: Buffers) -> Answer:
        """Keep budgets: those that are named, null is without end; the others stay as they are."""
        from ..usage.budgets import Budget, budget_of, set_budget

        flow, wanted = self._flow(), message.get("budget")
        if not isinstance(wanted, Mapping):
            raise PixelFlowError("A budget is an object of names and numbers.")
        try:
            budget = Budget(**{**budget_of(flow).as_json(), **wanted})
        except (TypeError, ValueError) as error:
            raise PixelFlowError(str(error)) from None
        set_budget(flow, budget)
        return {"costs": costs(flow)}, []


def used_in(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run used, as pages read it; "money" is None where a price is not known."""
    from ..schema.usage import Usage
    from ..usage.cost import money
    from ..usage.rates import rate_card

    card, total, price = rate_card(), Usage(), 0.0
    is_known = True
    for node in row["detail"]:
        if node.get("cached"):
            continue
        took = node.get("usage")
        used = Usage.of(took if isinstance(took, Mapping) else {})
        cost = money(used, float(node.get("took") or 0.0), card)
        total, price, is_known = total + used, price + (cost or 0.0), is_known and cost is not None
    told = {"input_tokens": total.input_tokens, "output_tokens": total.output_tokens, "images": total.images}
    return told | {"money": price if is_known else None, "currency": card.currency}


def costs(flow: Any) -> dict[str, Any]:
    """Return what a flow, and all flows, used lately, and what runs may cost, as pages read it.

    Raises:
        RatesError: The user's file of rates, or of budgets, is wrong.
    """
    from ..usage.budgets import budget_of, left_of
    from ..usage.rates import rate_card, rates_file
    from ..usage.table import usage_of_flow, used

    first = date.today() - timedelta(days=DAYS - 1)
    table = used(since=first)
    card = rate_card()
    by_model = table.by_model if len(table) else None
    models = [] if by_model is None else [str(name) for name in by_model.index]
    return {
        "currency": card.currency,
        "days": DAYS,
        "today": _sums(_since(table, date.today()).totals),
        "total": _sums(table.totals),
        "of_flow": _sums(_since(usage_of_flow(flow), first).totals),
        "by_model": [] if by_model is None else [_row("model", name, row) for name, row in _rows(by_model)[:MOST_TOLD]],
        "by_day": [_row("day", name, row) for name, row in _rows(table.by_day)] if len(table) else [],
        "rates": [rate for model in models[:MOST_TOLD] if (rate := _rate(card, model))],
        "rates_file": str(rates_file() or ""),
        "budget": budget_of(flow).as_json(),
        "left": left_of(flow),
    }


def _since(table: Any, day: date) -> Any:
    """Return what of a table began on a day or later, by this computer's clock."""
    if not len(table):
        return table
    return table[table["started"].dt.tz_convert(datetime.now().astimezone().tzinfo).dt.date >= day]


def _rows(table: Any) -> list[tuple[Any, Any]]:
    return [(name, row) for name, row in table.iterrows()]


def _row(key: str, name: Any, row: Any) -> dict[str, Any]:
    return {key: str(name), **_sums(row)}


def _sums(row: Any) -> dict[str, float]:
    """Return sums as plain numbers."""
    return {name: round(float(row[name]), 6) for name in _SUMS}


def _rate(card: Any, model: str) -> dict[str, Any] | None:
    """Return when the price of a model was read, and where it stands."""
    entry = card.entry(model)
    if entry is None:
        return None
    name, rate = entry
    return {"model": model, "name": name, "date": rate.date.isoformat() if rate.date else "", "is_free": rate.is_free}
