"""A node that really runs: its values decoded, its inputs gathered, once for each item that it is mapped over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import MediaError
from ..media import blake3_hex
from ..schema import NodeType, PortType, Registry
from .cache import Results, Slot, Value, as_list
from .settings import EXACT, value_digest
from .structure import Link


@dataclass
class Step:
    """Is one node that a run has to have the result of.

    Args:
        node: Its id.
        title: What it is called.
        node_type: Its type.
        identity: The digest of the type.
        values: Inputs that stand in the document, by port, with seeds resolved; nobody changes it.
        links: Edges into each port, in order.
        feeds: Values of the flow's inputs that feed each port.
        drawn: Inputs whose seed was drawn for this run.
    """

    node: str
    title: str
    node_type: NodeType
    identity: str
    values: dict[str, Value]
    links: dict[str, list[Link]] = field(default_factory=dict)
    feeds: dict[str, list[Slot]] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)


def slot_of(port_type: PortType, value: object) -> Slot:
    """Return a checked value with the digest of its content."""
    if port_type.many:
        return [Value(item, port_type.medium.digest(item)) for item in value]  # type: ignore[attr-defined]
    return Value(value, value_digest(port_type, value))


def gather(step: Step, results: Mapping[str, Results]) -> list[dict[str, Value]]:
    """Return the inputs of a node, once for each item that it is mapped over.

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
    return _zip(step, inputs) if is_mapped else [inputs]  # type: ignore[list-item]


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


def key_of(step: Step, inputs: Mapping[str, Value], registry: Registry) -> str:
    """Return what identifies the results of a node for inputs whose digests are known only now."""
    parts = [step.identity]
    for name in sorted(inputs):
        parts.append(f"{name}={inputs[name].digest}")
        fingerprint = registry.fingerprints.get(step.node_type.inputs[name].type.name)
        if fingerprint is not None and inputs[name].data is not None:
            parts.append(fingerprint(inputs[name].data))
    return blake3_hex("\n".join(parts).encode())


def identified(step: Step, key: str, outputs: Mapping[str, object]) -> Results:
    """Return outputs with digests: chained from the key, or of the content where the result is not repeatable."""
    results: Results = {}
    is_repeatable = step.node_type.pure and not step.drawn
    for name, port in step.node_type.outputs.items():
        data = outputs[name]
        if data is None:
            results[name] = Value(None, "none")
        elif not is_repeatable:
            results[name] = slot_of(port.type, data)
        elif port.type.many:
            results[name] = [Value(item, f"{key}.{name}.{number}") for number, item in enumerate(data)]  # type: ignore[arg-type]
        else:
            results[name] = Value(data, f"{key}.{name}")
    return results
