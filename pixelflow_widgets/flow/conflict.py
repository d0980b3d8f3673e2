"""The question which of two flows to keep, where code or another program disagrees with edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .document import Document

Choice = Literal["mine", "other"]


@dataclass(frozen=True)
class Conflict:
    """Is a disagreement that somebody has to decide; both sides are kept until then.

    Args:
        kind: "code" where the code made a flow anew that hands had edited, "file" where another program changed the
            file.
        message: What happened, in words.
        mine: The flow with the edits by hand, or those made here.
        other: What the code made, or what the file holds now; an empty flow where that cannot be read.
        is_readable: Whether `other` can be taken.
    """

    kind: Literal["code", "file"]
    message: str
    mine: Document
    other: Document
    is_readable: bool = True
