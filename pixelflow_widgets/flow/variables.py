"""The variables of the notebook that a flow may read and write: those whose names were confirmed, and no others."""

from __future__ import annotations

import builtins
import keyword
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Literal, TypeGuard

Use = Literal["read", "write"]
Names = MutableMapping[str, Any]

_MAX_LENGTH = 200


class NotDefined(LookupError):
    """Says that the notebook has no variable of a name."""


class Variables:
    """Gives a flow the variables that it may use.

    Args:
        names: Returns what the notebook has defined, by name.
    """

    def __init__(self, names: Callable[[], Names] | None = None) -> None:
        self._names = names or notebook_names
        self.allowed: set[tuple[Use, str]] = set()
        """What was confirmed."""

    def may(self, use: Use, name: str) -> bool:
        """Return whether the flow may read or write a variable."""
        return (use, name) in self.allowed

    def read(self, name: str) -> Any:
        """Return the object behind a name.

        Raises:
            PermissionError: The name was not confirmed.
            NotDefined: There is no such variable.
        """
        if not self.may("read", name):
            raise PermissionError(f"The flow may not read '{name}'.")
        names = self._names()
        if name not in names:
            raise NotDefined(name)
        return names[name]

    def write(self, name: str, value: Any) -> None:
        """Let a name stand for a value in the notebook.

        Raises:
            PermissionError: The name was not confirmed, or none that may be written.
        """
        if not self.may("write", name) or not may_be_written(name):
            raise PermissionError(f"The flow may not write '{name}'.")
        self._names()[name] = value


def notebook_names() -> Names:
    """Return what the user has defined: the notebook's names, else those of the script that runs."""
    shells = sys.modules.get("IPython.core.interactiveshell")
    shell = shells.InteractiveShell._instance if shells is not None else None
    if shell is not None:
        return shell.user_ns
    return sys.modules["__main__"].__dict__


def is_variable(name: Any) -> TypeGuard[str]:
    """Return whether a variable may be called so; what Python keeps for itself (`__name__`) may not be used."""
    return (
        isinstance(name, str)
        and len(name) <= _MAX_LENGTH
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
    )


def may_be_written(name: Any) -> TypeGuard[str]:
    """Return whether a flow may make a variable of that name: none that would take the place of `print` or `_`."""
    return is_variable(name) and not name.startswith("_") and not hasattr(builtins, name)
