"""The panels of the editor: a module that a page asks for when it opens the first of them."""

from __future__ import annotations

from pathlib import Path

from ..errors import PixelFlowError
from .bridge import Answer, Buffers, Message

STATIC = Path(__file__).parents[1] / "static"


def panels(_: str, __: Message, ___: Buffers) -> Answer:
    """Return the module of the panels and its style sheet; it says itself for which page it is.

    Raises:
        PixelFlowError: The front end was never built.
    """
    try:
        return {}, [(STATIC / name).read_bytes() for name in ("panels.js", "panels.css")]
    except OSError:
        raise PixelFlowError(f"The panels are missing in {STATIC}. In a source checkout, write: make setup") from None
