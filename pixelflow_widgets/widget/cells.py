"""Hears when a cell of the notebook has run: variables may be others then, and helpers of node functions too."""

from __future__ import annotations

import logging
import sys
import weakref
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)
_listeners: list[Callable[[], None]] = []
_heard: weakref.WeakSet[Any] = weakref.WeakSet()
"""The shells that tell us."""


def on_cell_end(callback: Callable[[], None]) -> Callable[[], None]:
    """Call back after each cell that has run, in the kernel's own thread; the function that is returned ends it."""
    _hear()
    _listeners.append(callback)

    def end() -> None:
        if callback in _listeners:
            _listeners.remove(callback)

    return end


def _hear() -> None:
    shells = sys.modules.get("IPython.core.interactiveshell")
    shell = shells.InteractiveShell._instance if shells is not None else None
    if shell is not None and shell not in _heard:
        shell.events.register("post_run_cell", cell_ended)
        _heard.add(shell)


def cell_ended(*_: Any) -> None:
    """Tell everybody who listens that a cell has run."""
    for listener in list(_listeners):
        try:
            listener()
        except Exception:  # the cell has run, whatever we make of it
            _log.exception("A listener of cells failed.")
