"""How long a generation will take: by those before it of the same subject, scaled by the work that is asked for."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from ...flow.document import Document
from ...run.history import process_history
from ...usage.work import work_of
from .subject import Subject

_LAST = 5
"""As many generations are asked: a machine that has become busy is heard of soon."""
_LASTING = ("seconds", "steps")
"""Inputs that tell how much there is to do where nothing is painted."""


class Estimates:
    """Knows how long the last generations of a subject took.

    Args:
        subject: What is played.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._lock = threading.Lock()
        self._taken: deque[tuple[float, float]] = deque(maxlen=_LAST)
        self._before: float | None = None
        self._is_read = False

    def note(self, work: float, seconds: float) -> None:
        """Take notice of how long a generation took that had so much work."""
        with self._lock:
            self._taken.append((max(work, 1.0), seconds))

    def seconds(self, work: float | None) -> float | None:
        """Return how long so much work, or as much as usual, will take; None where nothing like it was done yet."""
        with self._lock:
            taken = list(self._taken)
        if taken:
            # The first one has loaded the model, too: it counts as long as it is the only one.
            last = taken[1:] or taken
            if work is None:
                return round(statistics.median(seconds for _, seconds in last), 3)
            speeds = [seconds / done for done, seconds in last]
            return round(max(work, 1.0) * statistics.median(speeds), 3)
        return self._of_history()

    def _of_history(self) -> float | None:
        """Return how long runs took that other kernels noted; of their work nothing is known."""
        if not self._is_read:
            place = self._subject.place
            rows = process_history().runs(place, place, 50)
            whole = [row["took"] for row in rows if row["status"] == "done" and row["took"] and not row["hits"]]
            self._before = round(statistics.median(whole[:_LAST]), 3) if whole else None
            self._is_read = True
        return self._before


def work_in(document: Document, subject: Subject, values: Mapping[str, Any]) -> float:
    """Return how much work values ask for, in units that only one subject compares.

    Args:
        document: The flow, as it is run with them.
        subject: What is played.
        values: Of its inputs, for a run.
    """
    painted = work_of(document, subject.flow.registry, values, files=subject.flow.media).steps
    if painted:
        return painted
    work = 1.0
    for entry in document["inputs"]:
        number = values.get(entry["name"], entry.get("default")) if entry.get("name") in _LASTING else None
        if isinstance(number, int | float) and number > 0:
            work *= number
    return work
