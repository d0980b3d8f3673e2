"""Single values that several nodes share, and notes to the reader."""

from __future__ import annotations

from typing import Annotated

from ..controls import Seed, Text
from ..schema import node
from ..schema.exporting import Writing


def _write_value(at: Writing) -> None:
    at.give(number=at.code("value"))


@node(export=_write_value)
def number(value: float = 0.0) -> float:
    """Holds a number that several nodes may share.

    Args:
        value: The number.
    """
    return value


@node(export=_write_value)
def seed(value: Annotated[int, Seed()] = 0) -> int:
    """Holds a seed, so that several nodes draw the same noise.

    Args:
        value: 0 to 2^64 - 1 (the lowest 32 bits make the noise), or "random": another in every run, recorded with it.
    """
    return value


@node
def note(text: Annotated[str, Text(lines=5)] = "") -> None:
    """Holds a remark for whoever reads the flow; does nothing.

    Args:
        text: The remark.
    """
