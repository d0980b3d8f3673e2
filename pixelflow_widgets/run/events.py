"""What a run tells while it runs: deltas, numbered, never the whole state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..media import Preview
from ..schema.usage import Usage

Kind = Literal[
    "run-started",
    "node-started",
    "progress",
    "preview",
    "log",
    "question",
    "item-failed",
    "node-finished",
    "node-failed",
    "node-cancelled",
    "run-finished",
]


@dataclass(frozen=True)
class Event:
    """Is one thing that happened in a run.

    Args:
        kind: What happened.
        run: Id of the run.
        sequence: Counts from 0 within the run, without gaps.
        seconds: Since the run started.
        node: Id of the node it happened to, if it did to one; "outer/inner" for one in the body of another.
        fraction: How much of the node is done, from 0 to 1; None is unknown.
        item: Which item of a mapped node, as (number from 0, of how many).
        note: What is being done; a log line; the error in words.
        preview: An unfinished result.
        cached: The node's result was there already.
        took: Seconds that the node or run took.
        status: How the run ended: "done", "failed" or "cancelled".
        traceback: Of the error, as text.
        count: How many candidates a question has.
        peak: Bytes that the node took at most, where that is known.
        usage: What the node used, when it ends.
    """

    kind: Kind
    run: str
    sequence: int
    seconds: float
    node: str | None = None
    fraction: float | None = None
    item: tuple[int, int] | None = None
    note: str = ""
    preview: Preview | None = None
    cached: bool = False
    took: float | None = None
    status: str = ""
    traceback: str = ""
    count: int | None = None
    peak: int | None = None
    usage: Usage | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the event as JSON, without what is not set and without the bytes of a preview."""
        unset = (None, "", False)  # by identity: a fraction of 0 is said
        fields = {name: value for name, value in vars(self).items() if not any(value is none for none in unset)}
        if self.preview is not None:
            fields["preview"] = {"mime": self.preview.mime, "bytes": len(self.preview.data), "size": self.preview.size}
        if self.usage is not None:
            fields["usage"] = self.usage.as_json()
        return fields | {"sequence": self.sequence, "seconds": round(self.seconds, 3)}
