"""What nodes ask while they run: which of several candidates is taken. Answered by the page or from Python."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import Cancelled, RunError, nearest

_LOOKS_EVERY = 0.1
"""Seconds after which a node that waits for an answer looks whether somebody pressed Stop."""


@dataclass(frozen=True)
class Question:
    """Is what a node asks.

    Args:
        node: Its id.
        title: What it is called.
        values: The candidates.
        note: What is asked, in words.
    """

    node: str
    title: str
    values: list[Any]
    note: str = ""


class Questions:
    """Holds what the nodes of a run ask.

    Args:
        stop: Is set when the run is stopped.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._changed = threading.Condition()
        self._open: dict[str, Question] = {}
        self._answers: dict[str, int] = {}

    @property
    def open(self) -> dict[str, Question]:
        """Return what is asked now, by node; what has its answer is not."""
        with self._changed:
            return {node: question for node, question in self._open.items() if node not in self._answers}

    def ask(self, question: Question, tell: Callable[[], None]) -> int:
        """Ask, and wait for the number of the candidate that is taken.

        Args:
            question: What is asked.
            tell: Says so, once it can be answered.

        Raises:
            Cancelled: The run was stopped.
        """
        node = question.node
        with self._changed:
            self._open[node] = question
        try:
            tell()
            with self._changed:
                while node not in self._answers:
                    if self._stop.is_set():
                        raise Cancelled("The run was stopped.")
                    self._changed.wait(_LOOKS_EVERY)
                return self._answers[node]
        finally:
            with self._changed:
                self._open.pop(node, None)
                self._answers.pop(node, None)

    def answer(self, node: str, pick: int) -> None:
        """Answer a question.

        Raises:
            RunError: Nothing is asked there, or there is no such candidate.
        """
        with self._changed:
            question = self._open.get(node)
            if question is None or node in self._answers:
                asking = ", ".join(self._open) or "none"
                raise RunError(f"'{node}' asks nothing now.{nearest(node, self._open)} What asks: {asking}.")
            if isinstance(pick, bool) or not isinstance(pick, int) or not 0 <= pick < len(question.values):
                last = len(question.values) - 1
                raise RunError(f"'{question.title}' has candidates 0 to {last}; {pick!r} is none of them.")
            self._answers[node] = pick
            self._changed.notify_all()
