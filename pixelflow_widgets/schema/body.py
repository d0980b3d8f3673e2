"""The flow inside a node: a subflow that runs once, again and again, for each row, or for each cell of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .node_type import NodeType

Kind = Literal["flow", "repeat", "while_", "for_each", "grid"]


@dataclass(frozen=True)
class Body:
    """Is the flow that a node runs instead of a function.

    Args:
        kind: How often it runs: once, a number of times, as long as it says so, for each row, for each cell.
        name: What the subflow is called in the flow that holds it.
        document: The flow itself, complete; it brings the subflows that it uses.
        digest: What identifies its meaning: no titles, no positions.
        types: The node types of the nodes in it, at any depth; a node that runs a body counts by what is in there.
        steered_by: The input that says how often: "times", "at_most", "rows" or "axes"; empty where it runs once.
        lists: Output of the flow → output of the node that lists what it gave each time.
        table: The output that is a table of all the times; empty where there is none.
    """

    kind: Kind
    name: str
    document: Mapping[str, Any]
    digest: str
    types: tuple[NodeType, ...] = field(default=(), repr=False)
    steered_by: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
