"""`pixelflow usage`: what runs cost, and where prices are kept."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from ..errors import PixelFlowError
from .printing import WRONG, say

usage_app = typer.Typer(help="What runs used and cost: tokens, seconds, money; and where prices are kept.")
BY = ("model", "day", "flow")
_MOST_LINES = 200


@usage_app.callback(invoke_without_command=True)
def show_usage(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="A line a model, day or flow.")] = "model",
    since: Annotated[str | None, typer.Option("--since", help="From this day on: 2026-01-31.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what the runs of this computer used, as far back as the history goes: a thousand runs."""
    if context.invoked_subcommand is not None:
        return
    from ..usage.table import used

    if by not in BY:
        say(f"'{by}' is none of {', '.join(BY)}.")
        raise typer.Exit(WRONG)
    try:
        table = used(since=since)
    except (PixelFlowError, ValueError) as error:
        say(
            str(error)
            if isinstance(error, PixelFlowError)
            else f"'{since}' is no day. Write the year first: 2026-01-31."
        )
        raise typer.Exit(WRONG) from None
    sums = getattr(table, f"by_{by}")
    if as_json:
        rows = [{by: str(name), **_plain(row)} for name, row in zip(sums.index, sums.to_dict("records"), strict=True)]
        print(json.dumps({"currency": table.currency, "usage": rows, "totals": _plain(table.totals.to_dict())}))
        return
    if not len(table):
        say("Nothing has run yet, or nothing of it is kept.")
        return
    _print(
        by, [(str(name), row) for name, row in zip(sums.index, sums.to_dict("records"), strict=True)], table.currency
    )
    print(f"\n{table.in_words}")


@usage_app.command("rates")
def show_rates() -> None:
    """Show where prices are kept; begin the file where there is none."""
    from ..usage.rates import rate_card, rates_file, start_file

    try:
        known = rates_file()
        was_there = known is not None and known.exists()
        path = start_file()
        print(path)
        card = rate_card()
    except PixelFlowError as error:
        say(str(error))
        raise typer.Exit(WRONG) from None
    own = len(card.models[0])
    told = f"{own} entries, in {card.currency}." if was_there else "It was begun now; write your prices there."
    say(f"{told} Models on servers without an entry have no price that is known.")
    for note in card.old(list(card.models[0])):
        say(note)


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): None if value != value else round(float(value), 6) for name, value in row.items()}


def _print(by: str, rows: list[tuple[str, dict[Any, Any]]], currency: str) -> None:
    from ..usage.cost import in_words

    heads = (by, "nodes", "found", "seconds", "cpu s", "tokens in", "out", currency)
    lines: list[tuple[str, ...]] = [heads]
    for name, row in rows[:_MOST_LINES]:
        price = in_words(float(row["money"]), "").strip() + (" +?" if row["unpriced"] else "")
        counts = (f"{row['nodes']:.0f}", f"{row['found']:.0f}", f"{row['seconds']:.1f}", f"{row['cpu_seconds']:.1f}")
        lines.append((name[-40:], *counts, f"{row['input_tokens']:,.0f}", f"{row['output_tokens']:,.0f}", price))
    wide = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = [line[0].ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(line[1:], wide[1:], strict=True))]
        print("  ".join(cells))
    if len(rows) > _MOST_LINES:
        print(f"… and {len(rows) - _MOST_LINES} more")
