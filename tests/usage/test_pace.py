from __future__ import annotations

import random
import statistics
from pathlib import Path

import pytest

from pixelflow_widgets.usage.pace import Point, expected
from pixelflow_widgets.usage.paces import KEPT, Paces, Sample, Spent

# (steps, edge, seconds of processors) of the starter on a machine of two cores, in the order in which they ran; the
# first one loaded the model.
RECORDED = [
    *((8, 192, 8.991), (30, 96, 1.511), (12, 192, 2.984), (20, 256, 7.637), (30, 64, 0.963), (30, 64, 0.921)),
    *((20, 128, 1.857), (30, 96, 1.767), (8, 256, 3.824), (20, 192, 4.332), (30, 160, 4.617), (20, 256, 7.635)),
    *((8, 96, 0.55), (8, 192, 1.984), (20, 256, 8.137), (4, 256, 1.558), (4, 96, 0.221), (30, 64, 0.839)),
    *((12, 64, 0.371), (12, 160, 1.744), (30, 256, 12.406), (20, 256, 8.026), (20, 160, 2.652), (30, 160, 4.279)),
]


def points(count: int) -> list[Point]:
    """Return the first so many measurements, newest first."""
    return [Point(steps * edge * edge, cost) for steps, edge, cost in reversed(RECORDED[:count])]


def test_recorded_runs_are_foreseen_within_a_quarter_once_five_are_known() -> None:
    errors = []
    for count in range(5, len(RECORDED)):
        steps, edge, cost = RECORDED[count]
        guess = expected(points(count), steps * edge * edge)
        assert guess is not None
        errors.append(abs(guess - cost) / cost)
    assert statistics.median(errors) < 0.25


def test_nothing_is_foreseen_of_nothing_and_one_run_is_scaled() -> None:
    assert expected([], 5) is None
    assert expected([Point(10, 2.0)], 40) == pytest.approx(8.0)


def test_a_part_that_is_always_there_is_found() -> None:
    line = [Point(amount, 3 + 0.5 * amount) for amount in (10, 40, 20, 80)]
    assert expected(line, 100) == pytest.approx(53)


def test_one_run_that_loaded_the_model_does_not_bend_the_line() -> None:
    assert expected(
        [Point(40, 4.0), Point(20, 2.0), Point(10, 1.0), Point(30, 3.0), Point(15, 30.0)], 100
    ) == pytest.approx(10)


def test_work_that_is_always_the_same_takes_what_it_mostly_takes() -> None:
    assert expected([Point(0, 2.0), Point(0, 2.2), Point(0, 9.0)], 0) == pytest.approx(2.2)


def test_what_comes_out_is_never_below_nothing_nor_wild() -> None:
    chance = random.Random(5)
    for _ in range(300):
        made = [
            Point(chance.choice([0, 1e-9, 1, 1e12, chance.random()]), chance.choice([0, 1e-6, 5, 1e7]))
            for _ in range(8)
        ]
        guess = expected(made, chance.random() * 100)
        assert guess is not None
        assert guess >= 0


def test_only_the_newest_measurements_are_kept(tmp_path: Path) -> None:
    paces = Paces(tmp_path / "paces.sqlite")
    for number in range(KEPT + 15):
        paces.note([Sample("chat", "a", number, 1.0), Sample("chat", "b", number, 1.0)])
    assert [one.amount for one in paces.of("chat", "a")] == list(range(KEPT + 14, 14, -1))
    assert Paces(tmp_path / "paces.sqlite").of("chat", "b")[0].amount == KEPT + 14
    assert paces.of("chat", "c") == []


def test_a_damaged_file_is_put_aside_and_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "paces.sqlite"
    path.write_bytes(b"no database, but long enough to be looked at" * 100)
    paces = Paces(path)
    paces.note([Sample("chat", "a", 1, 1.0)])
    paces.note([Sample("chat", "a", 2, 1.0)])
    assert [one.amount for one in paces.of("chat", "a")] == [2]
    assert path.with_name("paces.sqlite.damaged").exists()


def test_what_was_spent_is_summed_by_day_and_by_flow(tmp_path: Path) -> None:
    paces = Paces(None)
    paces.note_spent(Spent(100.0, "/a", "1", 0.5, 2.0, 10))
    paces.note_spent(Spent(200.0, "/b", "2", 0.25, 1.0, 5))
    paces.note_spent(Spent(300.0, "/a-renamed", "1", 0.125, 1.0, 5))
    assert paces.spent().money == 0.875
    assert paces.spent(since=150).tokens == 10
    assert paces.spent(place="/a").money == 0.5
    assert paces.spent(place="/a-renamed", life="1").money == 0.625
    assert paces.spent(place="/nowhere").seconds == 0
