"""Work that no message handler waits for: done a little later, or beside."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
_HANDS = 2


class Later:
    """Calls a function some time after it was asked for, once for all that asked meanwhile.

    Asking costs next to nothing: one thread of the process keeps the time for all.

    Args:
        function: What is called, in another thread.
        seconds: How long.
        after_pause: True waits until nobody has asked for that long; False calls at once, and then at most once in
            that time.
    """

    def __init__(self, function: Callable[[], None], seconds: float, *, after_pause: bool = False) -> None:
        self._function = function
        self._seconds = seconds
        self._after_pause = after_pause
        self._lock = threading.Lock()
        self._is_set = False
        self._due = 0.0

    def ask(self) -> None:
        """Ask for a call."""
        now = time.monotonic()
        with self._lock:
            if self._after_pause:
                self._due = now + self._seconds
            elif not self._is_set:
                self._due = max(now, self._due + self._seconds)
            if self._is_set:
                return  # the clock looks at the moment again before it calls
            self._is_set = True
            due = self._due
        _clock.wake(due, self)

    def ring(self) -> None:
        """Call the function, or wait on if somebody has asked since; is called by the clock."""
        with self._lock:
            due = self._due
            if (early := time.monotonic() < due) is False:
                self._is_set = False
                if not self._after_pause:
                    self._due = time.monotonic()
        if early:
            _clock.wake(due, self)
        else:
            _do(self._function)


class _Clock:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[tuple[float, int, Later]] = []
        self._numbers = itertools.count()
        self._is_running = False

    def wake(self, moment: float, later: Later) -> None:
        with self._changed:
            heapq.heappush(self._entries, (moment, next(self._numbers), later))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="pixelflow-clock", daemon=True).start()
            elif self._entries[0][2] is later:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries:
                    self._changed.wait()
                wait = self._entries[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                later = heapq.heappop(self._entries)[2]
            later.ring()
            del later  # nobody is kept alive by a clock that waits


class _Pool:
    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0

    def do(self, function: Callable[[], None]) -> None:
        self._jobs.put(function)
        with self._lock:
            if self._started < _HANDS:
                self._started += 1
                threading.Thread(target=self._run, name="pixelflow-errand", daemon=True).start()

    def _run(self) -> None:
        while True:
            function = self._jobs.get()
            _do(function)
            del function


def _do(function: Callable[[], None]) -> None:
    try:
        function()
    except Exception:  # the clock and the hands serve all editors
        _log.exception("Something that the editor does in the background failed.")


_clock = _Clock()
_pool = _Pool()


def beside(function: Callable[[], None]) -> None:
    """Call a function soon, in one of two threads that live as long as the process."""
    _pool.do(function)
