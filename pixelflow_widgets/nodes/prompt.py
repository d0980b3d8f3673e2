"""Words for models."""

from __future__ import annotations

from typing import Annotated

from ..controls import Prompt
from ..schema import node
from ..schema.exporting import Writing

SHELF = "text"


def _write_prompt(at: Writing) -> None:
    at.give(text=at.code("text"))


@node(export=_write_prompt)
def prompt(text: Annotated[str, Prompt()] = "") -> str:
    """Holds a prompt that several nodes may share.

    Args:
        text: What the picture, sound or film should show.
    """
    return text
