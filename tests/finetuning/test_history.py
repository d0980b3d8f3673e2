"""The history of a training is on disk as it happens, and a table afterwards."""

from __future__ import annotations

import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.finetuning.history import History, smoothed


def test_a_table_has_a_row_for_each_step_and_the_looks_beside_them(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.add(step=0, steady=0.9, is_held_out=False)
    for step in (1, 2):
        history.add(step=step, loss=1.0 / step, rate=1e-3, seconds=float(step))
    history.add(step=2, steady=0.4, is_held_out=False)
    table = History(tmp_path / "history.jsonl").table()
    assert list(table.columns) == ["step", "loss", "smoothed", "learning_rate", "seconds", "steady"]
    assert list(table["step"]) == [1, 2] and list(table["loss"]) == [1.0, 0.5]
    assert math.isnan(table["steady"][0]) and table["steady"][1] == 0.4


def test_what_came_after_a_checkpoint_is_taken_back(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    for step in range(1, 6):
        history.add(step=step, loss=1.0, rate=0.1, seconds=0.0)
    history.forget(3)
    history.add(step=4, loss=2.0, rate=0.1, seconds=0.0)
    assert [row["step"] for row in History(tmp_path / "history.jsonl").rows] == [1, 2, 3, 4]


def test_a_line_that_was_cut_off_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"step": 1, "loss": 0.5, "rate": 1, "seconds": 0}\n{"step": 2, "lo', encoding="utf-8")
    assert History(path).losses == [(1, 0.5)]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_smoothing_stays_between_the_smallest_and_the_largest(values: list[float]) -> None:
    found = smoothed(values)
    assert len(found) == len(values) and math.isclose(found[0], values[0], abs_tol=1e-9)
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in found)
