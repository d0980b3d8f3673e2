"""Writes flows to their files when nobody has edited them for a second; one thread does it for all of them."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bound import BoundFlow

IDLE = 1.0
"""Seconds without an edit after which a flow is written."""
AGAIN = 5.0
"""Seconds after which a file that could not be written is tried again."""

_log = logging.getLogger(__name__)


class Autosave:
    """Remembers which flow is to be written when. It holds none of them alive."""

    def __init__(self) -> None:
        self._due: weakref.WeakKeyDictionary[BoundFlow, float] = weakref.WeakKeyDictionary()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes = float("inf")

    def expect(self, flow: BoundFlow, delay: float | None = None) -> None:
        """Write a flow after a delay, a second if none is given; the flow says then whether it was edited meanwhile."""
        due = time.monotonic() + (IDLE if delay is None else delay)
        with self._changed:
            self._due[flow] = due
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="pixelflow autosave", daemon=True)
                self._thread.start()
            elif due < self._wakes:  # to wake the thread for each edit would cost more than the edit
                self._changed.notify()

    def forget(self, flow: BoundFlow) -> None:
        """Do not write a flow any more."""
        with self._changed:
            self._due.pop(flow, None)

    def _run(self) -> None:
        while True:
            flows = self._wait()
            while flows:
                flow = flows.pop()
                try:
                    left = flow.save_when_idle(IDLE)
                    if left is not True:
                        self.expect(flow, left or AGAIN)
                except Exception:
                    _log.exception("The flow '%s' could not be written.", flow.name)
                del flow  # or it would live until the next one is due

    def _wait(self) -> list[BoundFlow]:
        """Wait until flows are due, and return them."""
        with self._changed:
            while True:
                now = time.monotonic()
                due = [flow for flow, at in self._due.items() if at <= now]
                for flow in due:
                    del self._due[flow]
                if due:
                    self._wakes = now
                    return due
                self._wakes = min(self._due.values(), default=float("inf"))
                self._changed.wait(None if self._wakes == float("inf") else self._wakes - now)


saver = Autosave()
"""The one that every flow of this process uses."""
