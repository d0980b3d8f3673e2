"""What a node reports while it runs, kept for a test."""

from __future__ import annotations

from typing import Any

from pixelflow_widgets.schema import Progress
from pixelflow_widgets.schema.usage import Usage


class Told:
    """Keeps fractions, notes, previews and lines.

    Args:
        stop_after: Previews after which the node is stopped; None is never.
    """

    def __init__(self, stop_after: int | None = None) -> None:
        self.fractions: list[float] = []
        self.notes: list[str] = []
        self.previews: list[Any] = []
        self.lines: list[str] = []
        self.usage = Usage()
        self._stop_after = stop_after

    @property
    def reporter(self) -> Progress:
        """What the node takes."""
        return Progress(self, lambda: self._stop_after is not None and len(self.previews) >= self._stop_after)

    def progress(self, fraction: float | None, note: str) -> None:
        if fraction is not None:
            self.fractions.append(fraction)
        if note:
            self.notes.append(note)

    def preview(self, value: Any) -> None:
        self.previews.append(value() if callable(value) else value)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def used(self, usage: Usage) -> None:
        self.usage += usage
