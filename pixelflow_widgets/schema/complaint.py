"""What a node type says of its inputs before it runs."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Complaint(NamedTuple):
    """Is something wrong with the value of an input, or with several that do not go together.

    Args:
        code: One word for programs: "adapter".
        sentence: What is wrong, in words.
        remedy: What to do.
        port: The input; empty where the check is of one input anyway.
        severity: A "hint" does not keep the flow from running.
    """

    code: str
    sentence: str
    remedy: str = ""
    port: str = ""
    severity: Literal["error", "hint"] = "error"

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()
