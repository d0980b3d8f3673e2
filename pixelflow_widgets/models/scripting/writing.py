"""What takes the code of a node: the part of `schema.exporting.Writing` that models need."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NoReturn, Protocol


class Writing(Protocol):
    """Says what the inputs of a node are, and takes code; see `schema.exporting.Writing`."""

    def is_set(self, port: str) -> bool:
        """Return whether an input is not at its default."""
        ...

    def known(self, port: str) -> Any:
        """Return the value of an input, or UNKNOWN."""
        ...

    def is_fixed(self, port: str) -> bool:
        """Return whether the value of an input can be no other when the script runs."""
        ...

    def code(self, port: str) -> str:
        """Return the expression of an input."""
        ...

    def reused(self, wanted: str) -> str:
        """Return a variable that every node may set anew."""
        ...

    def remember(self, key: Hashable, what: Hashable) -> None:
        """Tell other nodes something."""
        ...

    def remembered(self, key: Hashable) -> tuple[Any, ...]:
        """Return what all nodes of the flow tell under a key."""
        ...

    def add_import(self, line: str) -> None:
        """Import something."""
        ...

    def number(self, value: float) -> str:
        """Return the expression of a number in a handle, which may be known only in the script."""
        ...

    def require(self, package: str) -> None:
        """Say that a package is needed, as pip calls it, which the script does not import itself."""
        ...

    def bring(self, function: Callable[..., Any]) -> str:
        """Copy a function, and return its name."""
        ...

    def define(self, key: Hashable, wanted: str, write: Callable[[str], str]) -> str:
        """Put a function or constant at the top of the script, once for each key, and return its name."""
        ...

    def line(self, *lines: str) -> None:
        """Write statements."""
        ...

    def ahead(self, *lines: str) -> None:
        """Write statements that stand before the node's others, once."""
        ...

    def behind(self, *lines: str) -> None:
        """Write statements that stand behind all others of the node, once."""
        ...

    def give(self, **codes: str) -> None:
        """Say which expression each output is."""
        ...

    def refuse(self, why: str) -> NoReturn:
        """Say that the node cannot be written."""
        ...
