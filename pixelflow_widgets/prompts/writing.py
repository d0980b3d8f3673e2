"""Prompts written out: comments dropped, alternatives drawn, placeholders filled in."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from .comments import without
from .variants import Variants, first, some


def written(
    text: str,
    seed: int,
    lists: Mapping[str, Sequence[str]],
    values: Mapping[str, Any] | None = None,
    missing: str = "stop",
) -> str:
    """Return a prompt as it is meant: the same for the same seed.

    Args:
        text: The prompt.
        seed: Draws the alternatives.
        lists: The lines of each wildcard that it names, by name.
        values: Fill in its placeholders; None leaves those.
        missing: As for `template.filled`.

    Raises:
        MediaError: Something in it cannot be read, or a placeholder has no value.
    """
    return Variants(without(text), lists).drawn(random.Random(seed), values, missing)


def written_rows(
    text: str,
    seed: int,
    lists: Mapping[str, Sequence[str]],
    rows: Sequence[Mapping[str, Any]],
    missing: str = "stop",
) -> list[str]:
    """Return a prompt for each row of values, the next seed for each; see `written`."""
    variants = Variants(without(text), lists)
    return [variants.drawn(random.Random(seed + number), row, missing) for number, row in enumerate(rows)]


def combinations(text: str, lists: Mapping[str, Sequence[str]], most: int) -> list[str]:
    """Return the first combinations of a prompt, in order."""
    return first(Variants(without(text), lists), most)


def drawn(text: str, lists: Mapping[str, Sequence[str]], number: int, seed: int) -> list[str]:
    """Return some combinations of a prompt, none twice before all were there."""
    return some(Variants(without(text), lists), number, seed)
