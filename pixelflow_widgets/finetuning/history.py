"""What happened in a training, step by step: on disk as it happens, as a table afterwards."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SHARE = 0.9
"""Of the smoothed loss that each step keeps."""


class History:
    """Keeps rows of JSON in a file: {"step", "loss", "rate", "seconds"} of steps, {"step", "steady"} of looks.

    Args:
        path: The file; what a training that went further than its last checkpoint wrote is taken back by `forget`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = read_rows(path)

    def forget(self, step: int) -> None:
        """Take back what came after a step: the training goes on from there."""
        self.rows = [row for row in self.rows if row["step"] <= step]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text("".join(f"{json.dumps(row)}\n" for row in self.rows), encoding="utf-8")
        unfinished.replace(self.path)

    def add(self, **row: Any) -> None:
        """Add a row."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")

    @property
    def losses(self) -> list[tuple[int, float]]:
        """Return (step, loss) of each step."""
        return [(row["step"], row["loss"]) for row in self.rows if "loss" in row]

    @property
    def steady(self) -> list[tuple[int, float]]:
        """Return (step, loss on fixed noise) of each look."""
        return [(row["step"], row["steady"]) for row in self.rows if "steady" in row]

    def table(self) -> Any:
        """Return a table: step, loss, smoothed, learning_rate, seconds, steady (empty where nobody looked)."""
        import pandas as pd

        looks = dict(self.steady)
        steps = [row for row in self.rows if "loss" in row]
        smooth = smoothed([row["loss"] for row in steps])
        return pd.DataFrame(
            {
                "step": [row["step"] for row in steps],
                "loss": [row["loss"] for row in steps],
                "smoothed": smooth,
                "learning_rate": [row["rate"] for row in steps],
                "seconds": [row["seconds"] for row in steps],
                "steady": [looks.get(row["step"], math.nan) for row in steps],
            }
        )


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file; a last one that was cut off is passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows


def smoothed(values: Sequence[float], share: float = _SHARE) -> list[float]:
    """Return the exponential moving average of values, without the pull to zero at its beginning (as Adam has it)."""
    found, mean, weight = [], 0.0, 0.0
    for value in values:
        mean, weight = share * mean + (1 - share) * value, share * weight + (1 - share)
        found.append(mean / weight)
    return found
