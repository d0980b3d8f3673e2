"""Problems of a dataset, as pages are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Wrong(Protocol):
    """Is something wrong in a dataset; see `finetuning.dataset.problems.DatasetProblem`."""

    @property
    def code(self) -> str:
        """Return what kind of problem it is."""
        ...

    @property
    def sentence(self) -> str:
        """Return what is wrong."""
        ...

    @property
    def remedy(self) -> str:
        """Return what to do."""
        ...

    @property
    def severity(self) -> str:
        """Return "error" or "warning"."""
        ...

    @property
    def pictures(self) -> Sequence[str]:
        """Return the names of the pictures that it is about; empty is the whole dataset."""
        ...


def told_problems(problems: Iterable[Wrong], *, with_names: bool = True) -> list[dict[str, Any]]:
    """Return problems as JSON.

    Args:
        problems: The problems.
        with_names: False leaves out which pictures they are about: there may be thousands.
    """
    fields = ("code", "sentence", "remedy", "severity")
    return [
        {**{name: getattr(one, name) for name in fields}, "pictures": list(one.pictures) if with_names else []}
        for one in problems
    ]
