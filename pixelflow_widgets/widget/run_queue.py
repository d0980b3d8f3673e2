"""Which runs wait for their turn: one queue a process, as there is one worker, those of users before automatic ones."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import RunError
from ..run import Run

MOST_WAITING = 100


@dataclass(eq=False)
class Entry:
    """Is a run that somebody asked for.

    Args:
        id: Of the run.
        owner: Whose: the runs of one flow.
        start: Starts it, and returns at once.
        is_auto: Nobody pressed Run: it gives way to those of users.
        run: The run, once it is planned.
    """

    id: str
    owner: Any
    start: Callable[[], None]
    is_auto: bool = False
    run: Run | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether runs of other flows need not wait for it: it waits for an answer, or was told to stop."""
        return self.run is not None and (self.run.is_stopping or bool(self.run.questions))


class RunQueue:
    """Starts one run after another.

    A run that Python started begins at once and is waited for like the others, if a page shows its flow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._going: dict[str, Entry] = {}

    def add(self, entry: Entry) -> int:
        """Start a run as soon as it may; return how many wait before it, itself counted: 0 is at once.

        An automatic run takes the place of the one of its flow that waits.

        Raises:
            RunError: It was asked for before, or too many wait.
        """
        with self._lock:
            if entry.id in self._going or any(other.id == entry.id for other in self._waiting):
                raise RunError("This run was asked for already.")
            if entry.is_auto:
                self._waiting = [one for one in self._waiting if not (one.is_auto and one.owner is entry.owner)]
            if len(self._waiting) >= MOST_WAITING:
                raise RunError(f"{MOST_WAITING} runs wait already. Stop some of them first.")
            self._waiting.append(entry)
            self._waiting.sort(key=lambda one: one.is_auto)  # stable: of one kind, first come first served
        self.go_on()
        with self._lock:
            return self._waiting.index(entry) + 1 if entry in self._waiting else 0

    def take_out(self, run: Any) -> bool:
        """Take a run out that waits; return whether it did."""
        with self._lock:
            left = [entry for entry in self._waiting if entry.id != run]
            was_waiting = len(left) < len(self._waiting)
            self._waiting = left
        return was_waiting

    def began(self, owner: Any, run: Run) -> None:
        """Take notice of a run that was started, by whomever."""
        with self._lock:
            entry = self._going.get(run.id)
            if entry is None:
                entry = self._going[run.id] = Entry(run.id, owner, lambda: None)
            entry.run = run

    def ended(self, run: str) -> None:
        """Take notice that a run has ended, or was refused."""
        with self._lock:
            self._going.pop(run, None)
        self.go_on()

    def waiting(self, owner: Any) -> list[Entry]:
        """Return the runs of a flow that wait, in their order."""
        with self._lock:
            return [entry for entry in self._waiting if entry.owner is owner]

    def going(self, owner: Any) -> list[Entry]:
        """Return the runs of a flow that have begun."""
        with self._lock:
            return [entry for entry in self._going.values() if entry.owner is owner]

    def go_on(self) -> None:
        """Start what may start now."""
        while (entry := self._next()) is not None:
            entry.start()

    def _next(self) -> Entry | None:
        with self._lock:
            for entry in self._waiting:
                if not any(other.owner is entry.owner or not other.is_idle for other in self._going.values()):
                    self._waiting.remove(entry)
                    self._going[entry.id] = entry
                    return entry
        return None


@functools.cache
def shared_queue() -> RunQueue:
    """Return the queue of this process."""
    return RunQueue()
