"""The text that a node puts into the file which it writes: what made it."""

from __future__ import annotations


class Record(str):
    """Is the record of the flow that runs; empty outside of one.

    Is injected by type, and is not a port: write `record: Record = Record()` among the parameters of a node that writes
    a file. It is in no cache key.
    """

    __slots__ = ()
