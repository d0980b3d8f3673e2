"""What a run has to do: which nodes, in which order, with which inputs, under which keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import FlowProblems, MediaError, nearest
from ..flow import document as doc
from ..flow.document import Document, Edge
from ..flow.graph import Graph
from ..flow.media_files import MediaFiles, from_json
from ..flow.problems import Problem, find_problems
from ..flow.provenance import resolved
from ..media import blake3_hex
from ..schema import NodeType, PortType, Registry
from ..schema.port_types import read_port_type
from .cache import Results, Slot, Value, as_list


@dataclass
class Step:
    """Is one node that a run has to have the result of.

    Args:
        node: Its id.
        title: What it is called.
        node_type: Its type.
        values: Inputs that stand in the document, by port, with seeds resolved.
        edges: Edges into each port, in order.
        feeds: Values of the flow's inputs that feed each port.
        drawn: Inputs whose seed was drawn for this run.
    """

    node: str
    title: str
    node_type: NodeType
    values: dict[str, Value]
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    feeds: dict[str, list[Slot]] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """Is what a run has to do.

    Args:
        steps: In an order in which every source comes before its targets.
        outputs: Name of each asked-for output of the flow → (node, port).
        resolved: Makes the flow as it is run: given inputs as defaults, and the seeds that were drawn.
    """

    steps: list[Step]
    outputs: dict[str, tuple[str, str]]
    resolved: Callable[[], Document]


def make_plan(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    inputs: Mapping[str, Any],
    targets: Iterable[str] | None,
) -> Plan:
    """Return what has to be done for the targets.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        inputs: Values of the flow's inputs by name; the others take their defaults.
        targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.

    Raises:
        FlowProblems: Something that the targets need is wrong; carries every problem.
    """
    outputs = {entry["name"]: doc.split_port(entry["from"]) or ("", "") for entry in doc.outputs(document)}
    graph = Graph.of(document)
    if targets is None:
        wanted_nodes = _everything(document, registry, graph, outputs)
    else:
        targets = list(targets)
        wanted_nodes = [_target(document, outputs, target) for target in targets]
        outputs = {name: port for name, port in outputs.items() if name in targets or port[0] in wanted_nodes}
    problems = [
        problem
        for problem in find_problems(document, registry, files, wanted_nodes if targets is not None else None)
        if problem.severity == "error"
    ]
    needed = graph.upstream(wanted_nodes)
    fed, missing = _flow_inputs(document, files, inputs, needed)
    if problems or missing:
        raise FlowProblems([*problems, *missing])
    order, _ = graph.order(needed)
    steps: list[Step] = []
    drawn: dict[str, int] = {}
    for node in order:
        step = _step(document, registry, files, node)
        for edge in graph.incoming[node]:
            step.edges.setdefault(edge.input, []).append(edge)
        step.feeds = {port: values for (key, port), values in fed.items() if key == node}
        steps.append(step)
        drawn |= {f"{node}.{port}": step.values[port].data for port in step.drawn}
    return Plan(steps, outputs, lambda: resolved(document, inputs, drawn))


def _everything(
    document: Document, registry: Registry, graph: Graph, outputs: Mapping[str, tuple[str, str]]
) -> list[str]:
    """Return the nodes behind the flow's outputs and the last nodes that do something by themselves."""
    wanted = [node for node, _ in outputs.values()]
    for key, entry in doc.nodes(document).items():
        node_type = registry.find(entry["type"])
        is_last = not graph.outgoing[key]
        # A flow without outputs gives what its last nodes give.
        if node_type and is_last and (not node_type.pure or (not outputs and node_type.outputs)):
            wanted.append(key)
    return wanted


def _target(document: Document, outputs: Mapping[str, tuple[str, str]], target: str) -> str:
    if target in outputs:
        return outputs[target][0]
    node = target.partition(".")[0]
    if node in doc.nodes(document):
        return node
    known = [*outputs, *document["nodes"]]
    sentence = f"There is no output or node '{target}' to run.{nearest(target, known)}"
    raise FlowProblems([Problem("unknown-target", sentence, f"There is: {', '.join(known) or 'nothing'}.")])


def _flow_inputs(
    document: Document, files: MediaFiles, given: Mapping[str, Any], needed: set[str]
) -> tuple[dict[tuple[str, str], list[Slot]], list[Problem]]:
    """Return (values that feed each port, problems of values that are missing or do not fit)."""
    entries = {entry["name"]: entry for entry in doc.inputs(document)}
    problems = [
        Problem("unknown-input", f"The flow has no input '{name}'.{nearest(name, entries)}", _has(entries), port=name)
        for name in given
        if name not in entries
    ]
    fed: dict[tuple[str, str], list[Slot]] = {}
    for name, entry in entries.items():
        ports = [port for port in doc.feeds(entry) if port[0] in needed]
        if not ports and name not in given:
            continue
        try:
            slot = _input_slot(entry, files, given)
        except MediaError as error:
            problems.append(Problem("bad-input", f"Input '{name}': {error}", "Give another value.", port=name))
            continue
        if slot is None:
            sentence = f"The flow's input '{name}' has no value."
            problems.append(Problem("missing-input", sentence, f"Write flow.run({name}=…).", port=name))
            continue
        for port in ports:
            fed.setdefault(port, []).append(slot)
    return fed, problems


def _has(entries: Mapping[str, Any]) -> str:
    return f"Its inputs: {', '.join(entries) or 'none'}."


def _input_slot(entry: Mapping[str, Any], files: MediaFiles, given: Mapping[str, Any]) -> Slot | None:
    port_type = read_port_type(entry["type"])
    value = given.get(entry["name"])
    if value is None and entry.get("default") is not None:
        value = from_json(port_type, entry["default"], files)
    if value is None:
        return None
    value = port_type.check(value)
    limits = entry.get("limits", {})
    for item in value if port_type.many else [value]:
        _check_limits(item, limits.get("min"), limits.get("max"))
    return slot_of(port_type, value)


def _check_limits(value: Any, low: Any, high: Any) -> None:
    for limit, word, outside in ((low, "least", value < low if low is not None else False), (high, "most", False)):
        if word == "most" and limit is not None:
            outside = value > limit
        if outside:
            raise MediaError(f"{value} is not allowed; it is at {word} {limit}.")


def slot_of(port_type: PortType, value: Any) -> Slot:
    """Return a checked value with the digest of its content."""
    if port_type.many:
        return [Value(item, port_type.medium.digest(item)) for item in value]
    return Value(value, port_type.medium.digest(value))


def _step(document: Document, registry: Registry, files: MediaFiles, node: str) -> Step:
    entry = document["nodes"][node]
    node_type = registry[entry["type"]]
    values: dict[str, Value] = {}
    drawn = []
    for name, port in node_type.inputs.items():
        stored = entry.get("values", {}).get(name, port.default)
        if name not in entry.get("values", {}) and port.required:
            continue
        value = port.check(from_json(port.type, stored, files)) if stored is not None else None
        if value == "random" and port.is_seed:
            value = secrets.randbits(32)  # as many bits as torch's generator reads
            drawn.append(name)
        values[name] = Value(None, "none") if value is None else _joined(port.type, value)
    return Step(node, doc.title_of(document, node, node_type.title), node_type, values, drawn=drawn)


def _joined(port_type: PortType, value: Any) -> Value:
    slot = slot_of(port_type, value)
    if isinstance(slot, Value):
        return slot
    return Value([item.data for item in slot], blake3_hex(*(item.digest.encode() for item in slot)))


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
    for name, port in step.node_type.inputs.items():
        slots = [results[edge.source][edge.output] for edge in step.edges.get(name, ())] + step.feeds.get(name, [])
        if not slots:
            continue
        if port.type.many:
            items = [item for slot in slots for item in as_list(slot)]
            data = port.check([item.data for item in items])
            inputs[name] = Value(data, blake3_hex(*(item.digest.encode() for item in items)))
        else:
            checked = [Value(port.check(item.data), item.digest) for item in as_list(slots[0])]
            inputs[name] = checked if isinstance(slots[0], list) else checked[0]
    return _zip(step, inputs)


def _zip(step: Step, inputs: Mapping[str, Slot]) -> list[dict[str, Value]]:
    slots = {name: inputs[name] for name in step.node_type.inputs if name in inputs}
    lengths = {name: len(slot) for name, slot in slots.items() if isinstance(slot, list)}
    if not lengths:
        return [{name: slot for name, slot in inputs.items() if isinstance(slot, Value)}]
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
    """Return what identifies the results of a node for these inputs."""
    parts = [step.node_type.digest()]
    for name in sorted(inputs):
        parts.append(f"{name}={inputs[name].digest}")
        fingerprint = registry.fingerprints.get(step.node_type.inputs[name].type.name)
        if fingerprint is not None and inputs[name].data is not None:
            parts.append(fingerprint(inputs[name].data))
    return blake3_hex("\n".join(parts).encode())
