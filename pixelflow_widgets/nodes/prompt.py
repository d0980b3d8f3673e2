"""Words for models."""

from __future__ import annotations

from typing import Annotated

from ..controls import Prompt
from ..schema import node

SHELF = "text"


@node
def prompt(text: Annotated[str, Prompt()] = "") -> str:
    """Holds a prompt that several nodes may share.

    Args:
        text: What the picture, sound or film should show.
    """
    return text
