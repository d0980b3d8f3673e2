"""What is wrong with a dataset, as data: which pictures, a sentence, a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import DatasetRefused

_NAMED = 3
"""How many names a sentence holds; of more it tells how many."""


@dataclass(frozen=True)
class DatasetProblem:
    """Is something wrong in a dataset.

    Args:
        code: One word for programs: "duplicate".
        sentence: What is wrong, with which pictures, in words.
        remedy: What to do.
        severity: With an "error" no training begins.
        pictures: The names of those that it is about; empty is the whole dataset.
    """

    code: str
    sentence: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "warning"
    pictures: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


def refusal(sentence: str, remedy: str = "") -> DatasetRefused:
    """Return the error of a source that is not read at all."""
    return DatasetRefused([DatasetProblem("refused", sentence, remedy, "error")])


def closed(text: str) -> str:
    """Return what a library said as a sentence."""
    return f"{text.rstrip('.')}."


def listed(names: Sequence[str]) -> str:
    """Return names in words, the first ones of many."""
    first = [f"'{name[:80]}'" for name in names[:_NAMED]]
    if len(names) > _NAMED:
        return f"{', '.join(first)} and {len(names) - _NAMED} more"
    return " and ".join([", ".join(first[:-1]), first[-1]] if len(first) > 1 else first)


def counted(count: int, one: str = "picture", many: str = "") -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
