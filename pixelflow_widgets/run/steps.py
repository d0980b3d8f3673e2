"""A node that really runs: its values decoded, its inputs gathered, once for each item that it is mapped over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import MediaError
from ..media import blake3_hex
from ..schema import NodeType, PortType, Registry
from .cache import Results, Slot, Value, as_list
from .settings import EXACT, value_digest
from .structure import Link


@dataclass(slots=True)
class Step:
    """Is one node that a run has to have the result of.

    Args:
        node: Its id.
        titles: Says what a node is called.
        node_type: Its type.
        identity: The digest of the type.
        values: Inputs that stand in the document, by port, with seeds resolved; nobody changes it.
        links: Edges into each port, in order.
        feeds: Values of the flow's inputs that feed each port.
        drawn: Inputs whose seed was drawn for this run.
    """

    node: str
    titles: Callable[[str], str]
    node_type: NodeType
    identity: str
    values: dict[str, Value]
    links: dict[str, list[Link]] = field(default_factory=dict)
    feeds: dict[str, list[Slot]] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Return what it is called."""
        return self.titles(self.node)


def slot_of(port_type: PortType, value: object) -> Slot:
    """Return a checked value with the digest of its content."""
    if port_type.many:
        return [Value(item, port_type.medium.digest(item)) for item in value]  # type: ignore[attr-defined]
    return Value(value, value_digest(port_type, value))


def gather(step: Step, results: Mapping[str, Results]) -> tuple[list[dict[str, Value]], bool]:
    """Return the inputs of a node but the lazy ones, once for each item that it is mapped over, and whether it is.

    Args:
        step: The node.
        results: What the nodes before it gave.

    Returns:
        One entry where it is not mapped.

    Raises:
        MediaError: Lists of unequal length come in, or a value does not fit.
    """
    inputs: dict[str, Slot] = dict(step.values)
    is_mapped = False
    for name in step.links.keys() | step.feeds.keys() if step.feeds else step.links:
        if step.node_type.inputs[name].lazy:
            continue
        slots = [results[link.source][link.output] for link in step.links.get(name, ())]
        if slots and step.links[name][0].how is EXACT and isinstance(slots[0], Value):
            inputs[name] = slots[0]
            continue
        slots += step.feeds.get(name, ())
        port = step.node_type.inputs[name]
        if port.type.many:
            items = [item for slot in slots for item in as_list(slot)]
            data = port.check([item.data for item in items])
            inputs[name] = Value(data, blake3_hex(*(item.digest.encode() for item in items)))
        elif isinstance(slots[0], list):
            inputs[name] = [Value(port.check(item.data), item.digest) for item in slots[0]]
            is_mapped = True
        else:
            inputs[name] = Value(port.check(slots[0].data), slots[0].digest)
    return (_zip(step, inputs), True) if is_mapped else ([inputs], False)  # type: ignore[list-item]


def arrived(step: Step, results: Mapping[str, Results], name: str) -> list[Slot]:
    """Return what has come into an input, from edges and from inputs of the flow."""
    links = [link for link in step.links.get(name, ()) if link.source in results]
    return [results[link.source][link.output] for link in links] + step.feeds.get(name, [])


def _zip(step: Step, inputs: Mapping[str, Slot]) -> list[dict[str, Value]]:
    slots = {name: inputs[name] for name in step.node_type.inputs if name in inputs}
    lengths = {name: len(slot) for name, slot in slots.items() if isinstance(slot, list)}
    counts = {length for length in lengths.values() if length != 1} or {1}
    if len(counts) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise MediaError(
            f"Lists of unequal length come into '{step.title}': {told}. Make them equal, or of length one."
        )
    (count,) = counts
    return [
        {
            name: (slot[0] if len(slot) == 1 else slot[number]) if isinstance(slot, list) else slot
            for name, slot in inputs.items()
        }
        for number in range(count)
    ]


def each(value: Any) -> list[Any]:
    """Return the items of a list, or the one value that is none."""
    return value if isinstance(value, list) else [value]


def by_content(step: Step, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Return inputs with the digests of their content in place of those that say how they were made."""
    ports = step.node_type.inputs
    return {
        name: value if value.data is None else Value(value.data, value_digest(ports[name].type, value.data))
        for name, value in inputs.items()
    }


def key_of(step: Step, inputs: Mapping[str, Value], registry: Registry) -> str:
    """Return what identifies the results of a node for inputs whose digests are known only now."""
    parts = [step.identity]
    for name in sorted(inputs):
        parts.append(f"{name}={inputs[name].digest}")
        fingerprint = registry.fingerprints.get(step.node_type.inputs[name].told_by)
        if fingerprint is not None and inputs[name].data is not None:
            parts += map(fingerprint, each(inputs[name].data))
    return blake3_hex("\n".join(parts).encode())


def identified(
    step: Step, key: str | None, outputs: Mapping[str, object], passed: Mapping[int, Slot] | None = None
) -> Results:
    """Return outputs with digests: chained from the key, or of the content where the result is not repeatable.

    Args:
        step: The node.
        key: What identifies its results; None where what goes into them is not known by digests.
        outputs: What it gave, by port.
        passed: What came in, by the identity of the object: what goes out again as it came keeps its digest.
    """
    results: Results = {}
    is_repeatable = step.node_type.pure and not step.drawn and key is not None
    for name, port in step.node_type.outputs.items():
        data = outputs[name]
        if data is None:
            results[name] = Value(None, "none")
        elif passed and id(data) in passed:
            results[name] = passed[id(data)]
        elif not is_repeatable:
            results[name] = slot_of(port.type, data)
        elif port.type.many:
            results[name] = [Value(item, f"{key}.{name}.{number}") for number, item in enumerate(data)]  # type: ignore[arg-type]
        else:
            results[name] = Value(data, f"{key}.{name}")
    return results
