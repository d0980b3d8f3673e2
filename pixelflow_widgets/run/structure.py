"""How the nodes of a document hang together, read once: what an edit did not touch is taken from the one before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from blake3 import blake3

from ..flow import document as doc
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..flow.problems import flow_input_problems
from ..schema import Registry
from .settings import UNREADABLE, Pin, Settings, SettingsReader, TypeFacts

_MOST_TARGETS = 32
"""For how many choices of targets it is remembered what they need."""


class Link(NamedTuple):
    """Is an edge, seen from the node that it leads into.

    Args:
        input: The input port.
        source: Id of the node that gives.
        output: Its output port.
        how: How what it carries arrives; None where it may not.
    """

    input: str
    source: str
    output: str
    how: str | None


@dataclass
class Structure:
    """Holds what a plan asks of a document.

    Args:
        document: The document that it was read from.
        settings: What each node's entry says, by node.
        links: Edges into each node that has some, sorted by input port, those of one port in the document's order.
        targets: Nodes that each node feeds, if it does.
        outputs: Name of each output of the flow → (node, port).
        order: Every node, each after those that feed it.
        suspects: Nodes with which something is wrong.
        mislinked: Nodes into which an edge leads that may not.
        is_suspect: Something is wrong that belongs to no node, or to too many.
        facts: The types in use.
        has_unknown: Some nodes are of a type that was not known; it may be now.
        everything: The nodes that a run without targets wants.
        pins: The results that stand for nodes, as long as the cache has them.
    """

    document: Document
    settings: dict[str, Settings] = field(default_factory=dict)
    links: dict[str, list[Link]] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    suspects: set[str] = field(default_factory=set)
    mislinked: set[str] = field(default_factory=set)
    is_suspect: bool = False
    facts: set[TypeFacts] = field(default_factory=set)
    has_unknown: bool = False
    everything: list[str] = field(default_factory=list)
    pins: dict[str, Pin] = field(default_factory=dict)
    _needed: dict[tuple[tuple[str, ...], frozenset[str]], list[str]] = field(default_factory=dict)

    def needed(self, wanted: Iterable[str], pinned: Iterable[str] = ()) -> list[str]:
        """Return the wanted nodes and all that they depend on, each after those that feed it.

        Args:
            wanted: The nodes.
            pinned: Nodes for which a result stands, so that what feeds them is not needed for them.
        """
        stopped = frozenset(pinned)
        key = tuple(wanted), stopped
        if key not in self._needed:
            if len(self._needed) >= _MOST_TARGETS:
                self._needed.clear()
            found: set[str] = set()
            pending = list(key[0])
            while pending:
                node = pending.pop()
                if node not in found:
                    found.add(node)
                    if node not in stopped:
                        pending.extend(link.source for link in self.links.get(node, ()))
            is_all = len(found) == len(self.order)
            self._needed[key] = self.order if is_all else [node for node in self.order if node in found]
        return self._needed[key]

    def is_sound(self, needed: Iterable[str]) -> bool:
        """Return whether nothing is wrong with the flow, as far as these nodes go."""
        wrong = self.suspects | self.mislinked
        return not self.is_suspect and (not wrong or wrong.isdisjoint(needed))


def read_structure(
    document: Document, reader: SettingsReader, files: MediaFiles, before: Structure | None
) -> tuple[Structure, Iterable[str] | None]:
    """Return the structure of a document, and the nodes that differ from the structure before; None is all.

    Args:
        document: The flow.
        reader: Reads its entries.
        files: The media that the defaults of its inputs refer to.
        before: What was read of the same flow before its last edits.
    """
    reader.renew()
    if before is None or before.has_unknown or not all(map(reader.is_current, before.facts)):
        return _read(document, reader, files), None
    if before.document is document:
        return before, ()
    parts = ("edges", "inputs", "outputs", "version")
    entries, former = document["nodes"], before.document["nodes"]
    if len(entries) == len(former) and all(document[part] is before.document[part] for part in parts):
        changed = [node for node, entry in entries.items() if former.get(node) is not entry]
        if (made := _with_entries(document, reader, before, changed)) is not None:
            return made, changed
    made = _read(document, reader, files)
    return made, [
        node
        for node, settings in made.settings.items()
        if before.settings.get(node) is not settings or before.links.get(node) != made.links.get(node)
    ]


def _with_entries(
    document: Document, reader: SettingsReader, before: Structure, changed: list[str]
) -> Structure | None:
    """Return the structure with other values in some nodes, or None if more than values changed."""
    settings, suspects, pins = dict(before.settings), set(before.suspects), dict(before.pins)
    for node in changed:
        former = before.settings.get(node)
        entry = document["nodes"][node]
        if former is None or not doc.is_node(entry) or former.facts is None:
            return None
        read = settings[node] = reader.read(entry)
        if read.facts is not former.facts:
            return None
        suspects.discard(node)
        fed = _fed(document, node)
        if _is_wrong(read, before.links.get(node, ()), [port for _, port in fed]):
            suspects.add(node)
        if former.pin or read.pin:
            pins.pop(node, None)
            _note_pin(pins, node, read, before.links.get(node, ()), fed)
    made = replace(before, document=document, settings=settings, suspects=suspects, pins=pins)
    if pins != before.pins:
        made._needed = {}
    return made


def _fed(document: Document, node: str) -> list[tuple[str, str]]:
    """Return (input of the flow, port) for each port of a node that is fed, once for each time."""
    return [(entry["name"], port) for entry in doc.inputs(document) for key, port in doc.feeds(entry) if key == node]


def structure_of_node(made: Structure, node: str) -> tuple[Settings, Sequence[Link], list[tuple[str, str]]]:
    """Return (what a node's entry says, edges into it, (input of the flow, port) for each port that is fed)."""
    return made.settings.get(node, UNREADABLE), made.links.get(node, ()), _fed(made.document, node)


def _note_pin(
    pins: dict[str, Pin], node: str, settings: Settings, links: Iterable[Link], fed: Iterable[tuple[str, str]]
) -> None:
    if settings.pin is not None and settings.pin.of == pin_digest(settings, links, fed):
        pins[node] = settings.pin


def pin_digest(settings: Settings, links: Iterable[Link], fed: Iterable[tuple[str, str]]) -> str:
    """Return what takes a pin off a node when it changes: type, values, and what leads into it.

    Args:
        settings: What its entry says.
        links: Edges into it.
        fed: (input of the flow, port) for each port that is fed.
    """
    assert settings.facts is not None
    parts = [settings.facts.node_type.name, settings.text(()), *sorted(settings.random)]
    parts += [f"{link.input}<{link.source}.{link.output}" for link in links]
    parts += [f"{port}<<{name}" for name, port in fed]
    parts += [f"{port}={name}" for port, name in settings.bound.items()]
    return blake3("\n".join(parts).encode()).hexdigest()


def _read(document: Document, reader: SettingsReader, files: MediaFiles) -> Structure:
    made = Structure(document)
    _read_nodes(made, reader)
    _read_edges(made)
    fed = _read_signature(made, reader.registry, files)
    for links in made.links.values():
        if len(links) > 1:
            links.sort(key=_input_of)
    for node, settings in made.settings.items():
        if _is_wrong(settings, made.links.get(node, ()), fed.get(node, ())):
            made.suspects.add(node)
        if settings.pin is not None and settings.facts is not None:
            _note_pin(made.pins, node, settings, made.links.get(node, ()), _fed(made.document, node))
    made.order = _order(made)
    made.is_suspect |= len(made.order) < len(made.settings) or document["version"] > doc.VERSION
    outputs = [node for node, _ in made.outputs.values()]
    made.everything = list(dict.fromkeys([*outputs, *_last_nodes(made, not outputs)]))
    return made


def _input_of(link: Link) -> str:
    return link.input


def _read_nodes(made: Structure, reader: SettingsReader) -> None:
    entries: Mapping[str, Any] = made.document["nodes"]
    read = reader.read
    for node, entry in entries.items():
        settings = read(entry)
        if _is_name(node) and settings is not UNREADABLE:
            made.settings[node] = settings
        else:
            made.is_suspect = True
    facts = {settings.facts for settings in made.settings.values()}
    made.has_unknown = None in facts
    made.is_suspect |= made.has_unknown
    made.facts = {one for one in facts if one is not None}


def _is_name(text: str) -> bool:
    """Return `doc.is_name` of a text, at a third of its price."""
    return text.isascii() and text.isidentifier() and len(text) <= 64


def _read_edges(made: Structure) -> None:
    settings, links, targets = made.settings, made.links, made.targets
    for entry in made.document["edges"]:
        try:
            source, _, output = entry["from"].partition(".")
            target, _, name = entry["to"].partition(".")
            given, taken = settings[source].facts, settings[target].facts
        except (KeyError, TypeError, AttributeError):
            made.is_suspect = True  # no edge, or one that leads to a node that is not there
            continue
        if taken is not None and taken.passes is not None and name not in taken.node_type.inputs:
            made.mislinked.add(target)  # it counts for nothing, unless something is wrong with it: that is asked
            continue
        how = taken.arrival(given, output, name) if given is not None and taken is not None else None
        if how is None:
            made.mislinked.add(target)
        link = Link(name, source, output, how)
        if target in links:
            links[target].append(link)
        else:
            links[target] = [link]
        if source in targets:
            targets[source].append(target)
        else:
            targets[source] = [target]


def _read_signature(made: Structure, registry: Registry, files: MediaFiles) -> dict[str, list[str]]:
    """Look at the flow's inputs and outputs; return the ports of each node that inputs feed."""
    document = made.document
    inputs = list(doc.inputs(document))
    made.is_suspect |= len({entry["name"] for entry in inputs}) < len(document["inputs"])
    fed: dict[str, list[str]] = {}
    for entry in inputs:
        for node, port in doc.feeds(entry):
            fed.setdefault(node, []).append(port)
        made.is_suspect |= any(flow_input_problems(document, registry, files, entry, made.settings))
    for entry in document["outputs"]:
        try:
            node, _, port = entry["from"].partition(".")
            facts = made.settings[node].facts
            if _is_name(entry["name"]) and node and port:
                made.outputs[entry["name"]] = node, port
        except (KeyError, TypeError, AttributeError):
            made.is_suspect = True
        else:
            made.is_suspect |= facts is None or port not in facts.node_type.outputs
    made.is_suspect |= len(made.outputs) < len(document["outputs"])
    return fed


def _is_wrong(settings: Settings, links: Sequence[Link], fed: Iterable[str]) -> bool:
    """Return whether a node misses an input, or has more edges into a port than that takes."""
    if not settings.is_sound or settings.facts is None:
        return True
    if not links and not fed:
        return bool(settings.unset)
    if len(links) == 1 and not fed and not settings.bound:
        return bool(settings.unset) and settings.unset != {links[0].input}
    joined = [*(link.input for link in links), *fed, *settings.bound]
    if settings.unset and not settings.unset.issubset(joined):
        return True
    inputs = settings.facts.node_type.inputs
    once = [name for name in joined if name not in inputs or not inputs[name].type.many]
    return len(once) > 1 and len(set(once)) < len(once)


def _order(made: Structure) -> list[str]:
    waiting = {node: len(links) for node, links in made.links.items()}
    ready = deque(node for node in made.settings if node not in waiting)
    ordered, targets = [], made.targets
    while ready:
        node = ready.popleft()
        ordered.append(node)
        for target in targets.get(node, ()):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ordered


def _last_nodes(made: Structure, without_outputs: bool) -> list[str]:
    """Return the last nodes that do something by themselves; of a flow without outputs, all that give something."""
    return [
        node
        for node, settings in made.settings.items()
        if node not in made.targets
        and (facts := settings.facts) is not None
        and (not facts.is_pure or (without_outputs and facts.node_type.outputs))
    ]
