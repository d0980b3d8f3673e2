"""What a run has to do: which nodes, in which order, with which inputs, under which keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import FlowProblems, MediaError, nearest
from ..flow import document as doc
from ..flow.bindings import variable_of
from ..flow.complaints import find_complaints
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.limits import check_items, check_limits
from ..flow.media_files import MediaFiles, from_json
from ..flow.problems import Problem, find_problems
from ..flow.subflow_problems import is_sound
from ..flow.subflows import with_subflows
from ..media import blake3_hex
from ..schema import Port, PortType, Registry
from ..schema.port_types import read_port_type
from .bound import BoundValues
from .cache import Slot, Value, as_list
from .keys import Fed, FlowKeys, Keyed, keys_of
from .settings import MAPPED, arrival, value_digest
from .steps import Step, slot_of
from .structure import Structure

OfVariable = Callable[[Mapping[str, Any], PortType], Slot | Problem]
"""Reads the variable that an input of the flow is bound to."""


@dataclass
class Plan:
    """Is what a run has to do.

    Args:
        order: Ids of the nodes that are needed, each after those that feed it.
        keyed: Their keys, with what went into these.
        wanted: Ids of the nodes whose results are asked for.
        outputs: Name of each asked-for output of the flow → (node, port).
        drawn: Seeds that were drawn for this run, by (node, port).
        inputs: Values of the flow's inputs that were given.
        keys: What is kept of the flow between runs.
        before: What each node's result was made from, when the run was planned.
    """

    document: Document
    files: MediaFiles
    order: list[str]
    keyed: dict[str, Keyed]
    wanted: list[str]
    outputs: Mapping[str, tuple[str, str]]
    drawn: dict[tuple[str, str], int]
    inputs: Mapping[str, Any]
    keys: FlowKeys
    before: dict[str, Keyed]
    fed: dict[str, list[Fed]] = field(default_factory=dict)

    def title(self, node: str) -> str:
        """Return what a node is called."""
        facts = self.keyed[node].settings.facts
        return doc.title_of(self.document, node, facts.node_type.title if facts else "")

    def step(self, node: str) -> Step:
        """Return a node with its values decoded, ready to run.

        Raises:
            MediaError: A medium was there when the run was planned, and is not any more, or is damaged.
        """
        keyed = self.keyed[node]
        assert keyed.settings.facts is not None
        node_type = keyed.settings.facts.node_type
        step = Step(node, self.title, node_type, keyed.identity, {})
        for link in keyed.links:
            if link.input in step.links:
                step.links[link.input].append(link)
            else:
                step.links[link.input] = [link]
        if self.fed:
            for one in self.fed.get(node, ()):
                step.feeds.setdefault(one.port, []).append(one.slot)
        if keyed.settings.is_decoded:
            step.values = keyed.settings.decoded  # what comes over edges takes the place of what stands there
            return step
        for name, port in node_type.inputs.items():
            if name in step.links or name in step.feeds:
                continue
            if name in keyed.settings.decoded:
                step.values[name] = keyed.settings.decoded[name]
            elif (node, name) in self.drawn:
                step.drawn.append(name)
                step.values[name] = Value(self.drawn[node, name], value_digest(port.type, self.drawn[node, name]))
            elif name in keyed.settings.digests:
                step.values[name] = Value(self._value(keyed, port), keyed.settings.digests[name])
        return step

    def _value(self, keyed: Keyed, port: Port) -> Any:
        stored = keyed.settings.values.get(port.name, port.default)
        return None if stored is None else port.check(from_json(port.type, stored, self.files))


def make_plan(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    inputs: Mapping[str, Any],
    targets: Iterable[str] | None,
    *,
    slots: Mapping[str, Slot] | None = None,
    part: str = "",
    is_kept: Callable[[str], bool] = lambda _: False,
) -> Plan:
    """Return what has to be done for the targets.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        inputs: Values of the flow's inputs by name; the others take their defaults.
        targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.
        slots: Values of the flow's inputs that are known with their digests.
        part: Which body within a flow the document is.
        is_kept: Says whether the cache has the result of a key: that of a pin stands only then.

    Raises:
        FlowProblems: Something that the targets need is wrong; carries every problem.
    """
    keys = keys_of(registry, files, part)
    with keys.lock:
        structure = keys.read(document, files)
        wanted, outputs = _asked(structure, targets)
        pins = {node: pin for node, pin in structure.pins.items() if is_kept(pin.key)}
        needed = structure.needed(wanted, pins)
        problems = _problems(structure, registry, files, needed, None if targets is None else wanted)
        looked_at = [node for node in needed if node not in pins] if pins else needed
        bound = BoundValues(files)
        of_input = None if part else bound.of_input  # a body is given all it works with
        fed, missing = _flow_inputs(structure, files, inputs, set(looked_at), slots or {}, of_input)
        if not part:
            missing += _bind(bound, structure, looked_at, fed)
        if problems or missing:
            raise FlowProblems(dict.fromkeys([*problems, *missing]))
        keyed = keys.key(needed, fed, pins)
        before = dict(keys.done)
    return Plan(document, files, needed, keyed, wanted, outputs, _drawn(keyed), dict(inputs), keys, before, fed)


def _bind(bound: BoundValues, structure: Structure, nodes: Iterable[str], fed: dict[str, list[Fed]]) -> list[Problem]:
    """Add to what feeds each node what variables give to it; return what is wrong with them."""
    read, problems = bound.of_ports(structure, nodes)
    for node, given in read.items():
        fed.setdefault(node, []).extend(given)
    return problems


def _asked(structure: Structure, targets: Iterable[str] | None) -> tuple[list[str], Mapping[str, tuple[str, str]]]:
    """Return (the nodes whose results are asked for, the outputs of the flow that these give)."""
    outputs = structure.outputs
    if targets is None:
        return structure.everything, outputs
    targets = list(targets)
    wanted = [_target(structure, outputs, target) for target in targets]
    return wanted, {name: port for name, port in outputs.items() if name in targets or port[0] in wanted}


def _problems(
    structure: Structure, registry: Registry, files: MediaFiles, needed: list[str], wanted: list[str] | None
) -> list[Problem]:
    """Return the errors of what is needed; a flow in which nothing looks wrong is not asked for their words."""
    settings = structure.settings
    looked_at = settings.keys() if wanted is None else needed
    if structure.is_sound(looked_at) and all(
        files.has(reference) for node in looked_at if settings[node].media for reference in settings[node].media
    ):
        bodies = [one.node_type.body for one in structure.facts]
        if all(is_sound(body, registry, files) for body in bodies if body is not None):
            if not any(one.is_checked for one in structure.facts):
                return []
            checked = [node for node in looked_at if (facts := settings[node].facts) is not None and facts.is_checked]
            types, graph = with_subflows(registry, structure.document), Graph.of(structure.document)
            found = find_complaints(structure.document, types, files, graph, checked)
            return [problem for problem in found if problem.severity == "error"]
    found = find_problems(structure.document, registry, files, wanted)
    return [problem for problem in found if problem.severity == "error"]


def _drawn(keyed: Mapping[str, Keyed]) -> dict[tuple[str, str], int]:
    """Draw the seeds that are left to chance: as many bits as torch's generator reads."""
    drawn = {}
    for node, one in keyed.items():
        if one.key is None and one.settings.random:
            joined = {link.input for link in one.links} | {port for port, _, _ in one.fed}
            for port in sorted(one.settings.random - joined):
                drawn[node, port] = secrets.randbits(32)
    return drawn


def _target(structure: Structure, outputs: Mapping[str, tuple[str, str]], target: str) -> str:
    if target in outputs:
        return outputs[target][0]
    node = target.partition(".")[0]
    if node in structure.settings:
        return node
    known = [*outputs, *structure.document["nodes"]]
    sentence = f"There is no output or node '{target}' to run.{nearest(target, known)}"
    raise FlowProblems([Problem("unknown-target", sentence, f"There is: {', '.join(known) or 'nothing'}.")])


def _flow_inputs(
    structure: Structure,
    files: MediaFiles,
    given: Mapping[str, Any],
    needed: set[str],
    slots: Mapping[str, Slot],
    of_variable: OfVariable | None,
) -> tuple[dict[str, list[Fed]], list[Problem]]:
    """Return (what feeds each node, problems of values that are missing or do not fit)."""
    entries = {entry["name"]: entry for entry in doc.inputs(structure.document)}
    problems = [
        Problem("unknown-input", f"The flow has no input '{name}'.{nearest(name, entries)}", _has(entries), port=name)
        for name in given
        if name not in entries
    ]
    fed: dict[str, list[Fed]] = {}
    for name, entry in entries.items():
        ports = [port for port in doc.feeds(entry) if port[0] in needed]
        if not ports and name not in given:
            continue
        try:
            slot = slots[name] if name in slots else _input_slot(entry, files, given, of_variable)
        except MediaError as error:
            problems.append(Problem("bad-input", f"Input '{name}': {error}", "Give another value.", port=name))
            continue
        if isinstance(slot, Problem):
            problems.append(slot)
            continue
        if slot is None:
            sentence = f"The flow's input '{name}' has no value."
            problems.append(Problem("missing-input", sentence, f"Write flow.run({name}=…).", port=name))
            continue
        for node, port in ports:
            if (one := _fed(structure, entry, node, port, slot)) is not None:
                fed.setdefault(node, []).append(one)
    return fed, problems


def _fed(structure: Structure, entry: Mapping[str, Any], node: str, port: str, slot: Slot) -> Fed | None:
    facts = structure.settings[node].facts
    if facts is None or port not in facts.node_type.inputs:
        return None  # `find_problems` says so
    is_mapped = arrival(read_port_type(entry["type"]), facts.node_type.inputs[port]) is MAPPED
    digest = slot.digest if isinstance(slot, Value) else blake3_hex(*(item.digest.encode() for item in slot))
    return Fed(port, entry["name"], slot, digest, is_mapped)


def _has(entries: Mapping[str, Any]) -> str:
    return f"Its inputs: {', '.join(entries) or 'none'}."


def _input_slot(
    entry: Mapping[str, Any], files: MediaFiles, given: Mapping[str, Any], of_variable: OfVariable | None
) -> Slot | Problem | None:
    port_type = read_port_type(entry["type"])
    value = given.get(entry["name"])
    if value is None and of_variable is not None and variable_of(entry):
        slot = of_variable(entry, port_type)
        for item in () if isinstance(slot, Problem) else as_list(slot):
            check_items(entry, [item.data])
        return slot
    if value is None and entry.get("default") is not None:
        value = from_json(port_type, entry["default"], files)
    if value is None:
        return None
    value = port_type.check(value)
    check_limits(entry, port_type, value)
    return slot_of(port_type, value)
