"""An input that is worked out only when its node asks for it: of a switch, only the taken side runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
_UNKNOWN: Any = object()


class Lazy(Generic[T]):
    """Gives the value of an input when `get` is called, and lets nothing run for it before.

    Write `on: Lazy[Image]` among the parameters. A function that has such an input is quick and pure: where a value is
    not there yet, the function is left, and called again from its start when it is.

    Args:
        resolve: Returns the value.
    """

    def __init__(self, resolve: Callable[[], T]) -> None:
        self._resolve = resolve
        self._value: T = _UNKNOWN

    @classmethod
    def of(cls, value: T | Lazy[T]) -> Lazy[T]:
        """Return a lazy input that gives a value which is there; one that is lazy already stays as it is."""
        if isinstance(value, Lazy):
            return cast("Lazy[T]", value)
        return cls(lambda: value)

    def get(self) -> T:
        """Return the value.

        Raises:
            NodeFailed: What was to give it failed.
        """
        if self._value is _UNKNOWN:
            self._value = self._resolve()
        return self._value


class NotYet(BaseException):
    """Tells the executor which lazy input a function asked for; no function catches it by `except Exception`.

    Args:
        port: Name of the input.
    """

    def __init__(self, port: str) -> None:
        super().__init__(port)
        self.port = port
