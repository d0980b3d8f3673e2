"""Earlier prompts of a flow with what came of them, out of the history of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

COLUMNS = ("run", "when", "node", "title", "port", "text", "status", "thumbnail")


def prompts(
    rows: Iterable[Mapping[str, Any]], node: str | None = None, port: str | None = None, most: int | None = None
) -> list[dict[str, Any]]:
    """Return the prompts of runs, newest first; one that stands unchanged over several runs comes once, the newest.

    Args:
        rows: The runs as the history keeps them, newest first.
        node: Only those of this node.
        port: Only those of this input.
        most: How many at most.

    Returns:
        For each: `run` and `when` (seconds since 1970) it ran last, `node`, `title`, `port`, `text` (of a list, its
        texts in lines), `status` of the run, and `thumbnail`, a `data:` address, where a picture came of it.
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        for entry in row.get("detail", ()):
            if node is not None and entry["node"] != node:
                continue
            for name, value in (entry.get("prompts") or {}).items():
                if port is not None and name != port:
                    continue
                text = value if isinstance(value, str) else "\n".join(value)
                _enter(found, row, entry, name, text)
        if most is not None and len(found) >= most:
            break
    return list(found.values())[:most]


def _enter(
    found: dict[tuple[str, str, str], dict[str, Any]],
    row: Mapping[str, Any],
    entry: Mapping[str, Any],
    port: str,
    text: str,
) -> None:
    kept = found.setdefault(
        (entry["node"], port, text),
        {
            "run": row["run"],
            "when": row["started"],
            "node": entry["node"],
            "title": entry.get("title") or entry["node"],
            "port": port,
            "text": text,
            "status": row["status"],
        },
    )
    if entry.get("picture"):
        kept.setdefault("thumbnail", entry["picture"])


def table(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return the prompts of runs as a table, a row each, newest first; see `prompts`. `when` is in UTC."""
    import pandas

    found = [[entry.get(name) for name in COLUMNS] for entry in prompts(rows)]
    made = pandas.DataFrame(found, columns=list(COLUMNS))
    made["when"] = pandas.to_datetime(made["when"], unit="s", utc=True)
    return made
