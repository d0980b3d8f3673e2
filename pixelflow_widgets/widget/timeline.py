"""The last runs of a flow, as a page draws them over time."""

from __future__ import annotations

from typing import Any

from ..run.history import place_of, process_history, row_of, started

MOST_RUNS = 20
MOST_NODES = 300
_SHOWN = ("node", "title", "start", "took", "cached", "peak", "error")


def timeline(flow: Any) -> list[dict[str, Any]]:
    """Return the last runs of a flow, newest first, each with the nodes that it came to; the first may still be on."""
    last = flow.last_run
    rows = process_history().runs(place_of(flow), flow.epoch, MOST_RUNS)
    if last is not None and last.status == "running":
        rows.insert(0, row_of(last))
    return [
        {
            "run": row["run"],
            "started": started(row),
            "took": row["took"],
            "status": row["status"],
            "nodes": [{name: node[name] for name in _SHOWN} for node in row["detail"][:MOST_NODES]],
        }
        for row in rows[:MOST_RUNS]
    ]
