"""Node functions for flows that are written as scripts; they stand for those of a notebook."""

from __future__ import annotations

from typing import NamedTuple

import PIL.Image

import pixelflow_widgets as pf

STEP = 3


def _raised(value: int) -> int:
    return value + STEP


@pf.node
def raised(value: int) -> int:
    """Raises a number."""
    return _raised(value)


@pf.node
def counted_up(count: int = 3) -> list[int]:
    """Counts."""
    return list(range(count))


@pf.node
def in_units(value: int, unit: str = "px") -> str:
    """Says a number."""
    return f"{value} {unit}"


@pf.node
def half(value: float) -> float:
    """Halves a number."""
    return value / 2


@pf.node
def added_up(values: list[int]) -> int:
    """Adds numbers up."""
    return sum(values)


@pf.node
def broken(value: int = 0) -> int:
    """Fails."""
    raise ValueError("this one is broken")


class Grown(NamedTuple):
    """Is a larger number, and whether it may grow on."""

    value: int
    go_on: bool


@pf.node
def grown(value: int, most: int = 40) -> Grown:
    """Doubles a number."""
    return Grown(value * 2, value * 2 < most)


def given(value: int) -> int:
    """Raises a number."""
    return value + 1


out = item = 1


def result(value: int) -> int:
    """Raises a number."""
    return value + out


def number(value: int) -> int:
    """Raises a number."""
    return result(value) + item


@pf.node
def raised_by_helpers(value: int) -> int:
    """Raises a number by helpers that are called like the variables of a script's command line."""
    return given(value) + number(value)


@pf.node
def grey_square(level: int, size: int = 8) -> pf.Image:
    """Paints a grey square."""
    return PIL.Image.new("RGB", (size, size), (level, level, level))


@pf.node
def table_of(values: list[int]) -> pf.Table:
    """Makes a table of numbers."""
    import pandas

    return pandas.DataFrame({"value": values, "note": [f"row {value}" for value in values]})
