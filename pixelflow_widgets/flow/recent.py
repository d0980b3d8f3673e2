"""Keeps what was made of objects that are never changed in place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

MOST_KEPT = 64


class Recent:
    """Keeps by identity what was made last of some objects, and holds these meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[int, ...], tuple[Any, ...]] = OrderedDict()

    def get(self, key: tuple[int, ...], make: Callable[[], Any], *held: object) -> Any:
        """Return what is kept under a key, or make it.

        Args:
            key: The identities of what it is made of.
            make: Makes it.
            held: The objects of the key: an identity is one as long as its object lives.
        """
        with self._lock:
            if (found := self._made.get(key)) is not None:
                self._made.move_to_end(key)
                return found[0]
        made = make()
        with self._lock:
            made = self._made.setdefault(key, (made, *held))[0]
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return made
