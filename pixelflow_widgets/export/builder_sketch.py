"""The flow as it is while its script is written: the same verbs, and what would come of them."""

from __future__ import annotations

from typing import Any

from ..errors import PixelFlowError
from ..flow.handles import FlowInput, OutputPort
from ..flow.media_files import refer, references, to_json
from ..flow.stated import StatedFlow
from ..schema import NodeType, PortType
from .builder_difference import is_equal
from .builder_values import is_plain

REFUSALS = (PixelFlowError, TypeError, ValueError, LookupError, RecursionError)
"""What a verb of a flow raises that cannot be done as it is said."""
Joins = dict[str, list[OutputPort | FlowInput]]
"""By input name, what leads into it."""


class Sketch(StatedFlow):
    """Is a flow in the making."""

    def next_id(self, type_name: str) -> str:
        """Return the id that the next node of a type gets by itself."""
        return self._free_id(type_name)

    def would_keep(self, node_type: NodeType, name: str, value: Any, stored: Any) -> bool:
        """Return whether giving a value to an input leaves in the document what stands in another one."""
        if not is_plain(stored):
            return False
        try:
            plain, _ = self._sort(node_type, "", {name: value})
        except REFUSALS:
            return False
        return name in plain and is_equal(plain[name], stored)

    def would_default(self, port_type: PortType, value: Any, stored: Any) -> bool:
        """Return whether an input of the flow with this default has in the document what stands in another one."""
        try:
            kept = refer(value) if isinstance(stored, dict | list) and references(stored) else None
            made = to_json(port_type, port_type.check(value), self.media) if kept is None else kept
        except REFUSALS:
            return False
        return is_plain(stored) and is_equal(made, stored)

    def accepted(self, key: str, joins: Joins) -> Joins:
        """Return those of the edges into a node that may be there, one after another; the flow stays as it is.

        Args:
            key: The node, which is placed.
            joins: What shall lead into it.
        """
        done, kept = 0, Joins()
        for name, sources in joins.items():
            for source in sources:
                try:
                    self.apply([self._join(source, f"{key}.{name}")])
                except REFUSALS:
                    continue
                done += 1
                kept.setdefault(name, []).append(source)
        for _ in range(done):
            self.undo()
        return kept
