"""What a run gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import PIL.Image

from ..errors import nearest
from .cache import Results, Slot, as_list


class Result(Mapping[str, Any]):
    """Gives the outputs of the flow by name, and the results of every node.

    Args:
        outputs: Name of each output → (node, port).
        results: What each node gave, by id.
        seeds: The seed that each node used, by "node.port".
    """

    def __init__(
        self, outputs: Mapping[str, tuple[str, str]], results: Mapping[str, Results], seeds: Mapping[str, int]
    ) -> None:
        self._outputs = {name: port for name, port in outputs.items() if port[0] in results}
        self._results = results
        self.seeds = dict(seeds)

    def __getitem__(self, name: str) -> Any:
        """Return an output of the flow, or a port by "node.port"; lists come as lists."""
        if name in self._outputs:
            node, port = self._outputs[name]
        else:
            node, _, port = name.partition(".")
        slot = self._results.get(node, {}).get(port)
        if slot is None:
            known = [*self._outputs, *(f"{node}.{port}" for node, ports in self._results.items() for port in ports)]
            raise KeyError(f"There is no result '{name}'.{nearest(name, known)} There is: {', '.join(known)}.")
        return _handed_out(slot)

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def node(self, node: str) -> dict[str, Any]:
        """Return what a node gave, by output port."""
        return {port: _handed_out(slot) for port, slot in self._results[node].items()}

    def __repr__(self) -> str:
        told = ", ".join(f"{name}: {type(self[name]).__name__}" for name in self)
        return f"<result {told}>"


def _handed_out(slot: Slot) -> Any:
    """Return the value, or a copy of what its owner could change under the cache."""
    values = [value.data.copy() if isinstance(value.data, PIL.Image.Image) else value.data for value in as_list(slot)]
    return values if isinstance(slot, list) else values[0]
