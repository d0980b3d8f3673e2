"""How a node says how far it is, and hears that somebody pressed Stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import Cancelled
from .usage import Usage


class Listener(Protocol):
    """Receives what a node reports while it runs."""

    def progress(self, fraction: float | None, note: str) -> None:
        """Take how much is done, from 0 to 1 or unknown, and what is being done."""
        ...

    def preview(self, value: Any) -> None:
        """Take an unfinished result: a PIL image, text, or a function that makes one."""
        ...

    def log(self, line: str) -> None:
        """Take one line of text."""
        ...

    def used(self, usage: Usage) -> None:
        """Take what was used, besides what was told before."""
        ...


class Progress:
    """Reports a fraction, a preview and log lines, and raises `Cancelled` when the run was stopped.

    Is injected by type, and is not a port: write `progress: Progress = Progress()` among the parameters. Outside a flow
    it draws a plain line on a terminal.

    Args:
        listener: Who is told; None is the terminal.
        cancelled: Says whether the run was stopped.
    """

    def __init__(self, listener: Listener | None = None, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._listener = listener or _Terminal()
        self._cancelled = cancelled

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Report.

        Args:
            fraction: How much is done, from 0 to 1; None is unknown.
            preview: An unfinished result: a PIL image or text; or a function that makes one, which is only called if
                the result is shown: a page shows about ten a second.
            note: What is being done: "Loading model code …".

        Raises:
            Cancelled: The run was stopped; let it pass through.
        """
        self.check()
        self._listener.progress(None if fraction is None else min(max(float(fraction), 0.0), 1.0), note)
        if preview is not None:
            self._listener.preview(preview)

    def log(self, line: str) -> None:
        """Write one line to the node's log."""
        self._listener.log(line)

    def used(
        self,
        *,
        model: str = "",
        input_tokens: int = 0,
        cached_tokens: int = 0,
        output_tokens: int = 0,
        images: int = 0,
    ) -> None:
        """Say what was used, besides what was said before; seconds of processors are measured without the node.

        Args:
            model: Source of the model: a card's name, a Hub id.
            input_tokens: That it read.
            cached_tokens: Those among them that a server had in its cache.
            output_tokens: That it wrote.
            images: Pictures that were made.
        """
        self._listener.used(Usage(model, input_tokens, cached_tokens, output_tokens, images))

    def check(self) -> None:
        """Raise `Cancelled` when the run was stopped."""
        if self._cancelled():
            raise Cancelled("The run was stopped.")


class _Terminal:
    """Draws a line on a terminal, and nothing elsewhere."""

    def progress(self, fraction: float | None, note: str) -> None:
        if sys.stderr.isatty():
            share = "" if fraction is None else f"{fraction:4.0%} "
            end = "\n" if fraction == 1 else ""
            print(f"\r{share}{note}", end=end, file=sys.stderr, flush=True)

    def preview(self, value: Any) -> None:
        """Show nothing: a terminal has no pictures."""

    def log(self, line: str) -> None:
        print(line, file=sys.stderr)

    def used(self, usage: Usage) -> None:
        """Count nothing: who calls a function by hand pays for it by hand."""
