"""What identifies the result of each node: one digest, chained from those of its inputs, kept until an edit reaches it.

A key is None where it cannot be told before the run: for a node that is not pure or draws a seed, one that is mapped
over a list, and whatever follows them. There the content of what came out takes the chained digest's place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from blake3 import blake3

from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..flow.subflows import with_subflows
from ..schema import Registry
from .cache import Slot, Value
from .settings import MAPPED, Pin, Settings, reader_of
from .steps import each
from .structure import Link, Structure, read_structure

VARIABLE = "variable "
"""How the name begins of what a variable of the notebook gives; no input of a flow has a space in its name."""


class Fed(NamedTuple):
    """Is what an input of the flow, or a variable of the notebook, gives to a port.

    Args:
        port: The port.
        name: The flow's input, or the variable.
        slot: The value.
        digest: Of the value; a list has one.
        is_mapped: The node is mapped over the list that comes.
    """

    port: str
    name: str
    slot: Slot
    digest: str
    is_mapped: bool


class Keyed(NamedTuple):
    """Is a node's key with all that went into it.

    Args:
        key: What identifies its result; None if that cannot be told yet.
        settings: What its entry says.
        identity: The digest of its type.
        links: Edges into it.
        fed: (port, input of the flow, digest) for each port that an input of the flow feeds.
        prints: (port, fingerprint) for each value that a fingerprint stands for, too.
    """

    key: str | None
    settings: Settings
    identity: str
    links: Sequence[Link]
    fed: tuple[tuple[str, str, str], ...] = ()
    prints: tuple[tuple[str, str], ...] = ()


class FlowKeys:
    """Keeps the keys of one flow between its runs.

    Args:
        registry: Which node types there are.
        part: Which body within the flow they are of; empty for the flow itself.
    """

    def __init__(self, registry: Registry, part: str = "") -> None:
        self.registry, self.part = registry, part
        self.lock = threading.RLock()
        self.done: dict[str, Keyed] = {}
        """What each node's last result was made from."""
        self.computed = 0
        """How many keys were ever computed: an edit computes those of what follows it, and no others."""
        self._reader = reader_of(registry)
        self._pins: Mapping[str, Pin] = {}
        self._structure: Structure | None = None
        self._keyed: dict[str, Keyed] = {}
        self._sensitive: set[str] = set()

    def read(self, document: Document, files: MediaFiles) -> Structure:
        """Return the structure of a document of this flow, and forget the keys that its last edits reach."""
        reader = reader_of(with_subflows(self.registry, document))
        if reader is not self._reader:  # what a subflow holds was edited
            self._reader, self._structure = reader, None
        structure, changed = read_structure(document, reader, files, self._structure)
        self._structure = structure
        self._forget(self._keyed.keys() if changed is None else changed)
        for kept in (self._keyed, self.done):
            if len(kept) > 2 * len(structure.settings) + 100:  # of nodes that were removed, and perhaps come back
                for node in kept.keys() - structure.settings.keys():
                    del kept[node]
        return structure

    def key(
        self, needed: list[str], fed: Mapping[str, list[Fed]], pins: Mapping[str, Pin] | None = None
    ) -> dict[str, Keyed]:
        """Return the keys of nodes of the structure that was read last.

        Args:
            needed: The nodes, each after those that feed it; what feeds them is among them.
            fed: What inputs of the flow give to them.
            pins: The results that stand for some of them.
        """
        assert self._structure is not None
        pins = pins or {}
        if pins != self._pins:
            self._forget([node for node in {**pins, **self._pins} if pins.get(node) != self._pins.get(node)])
            self._pins = dict(pins)
        prints: dict[Any, str] = {}
        self._forget(self._differing(fed, prints))
        for node in needed:
            if node not in self._keyed:
                self._keyed[node] = keyed = self._compute(node, self._structure, fed.get(node, ()), prints)
                if keyed.fed or keyed.prints:
                    self._sensitive.add(node)
        return {node: self._keyed[node] for node in needed}

    def _differing(self, fed: Mapping[str, list[Fed]], prints: dict[Any, str]) -> list[str]:
        """Return the nodes into whose key something goes that is not what it was, besides edits."""
        assert self._structure is not None
        changed = [facts for facts in self._structure.facts if facts.from_notebook and facts.refresh()]
        found = []
        for node in self._keyed if changed else self._sensitive | fed.keys():
            keyed = self._keyed.get(node)
            if keyed is None or keyed.settings.facts is None:
                continue
            given = fed.get(node, ())
            if (
                keyed.identity != keyed.settings.facts.identity
                or keyed.fed != _digests(given)
                or (keyed.prints and keyed.prints != self._prints(keyed.settings, keyed.links, given, prints))
            ):
                found.append(node)
        return found

    def _forget(self, nodes: Iterable[str]) -> None:
        pending = list(nodes)
        for node in pending:
            self._keyed.pop(node, None)
        targets = self._structure.targets if self._structure else {}
        while pending:
            for target in targets.get(pending.pop(), ()):
                if self._keyed.pop(target, None) is not None:
                    pending.append(target)

    def _compute(self, node: str, structure: Structure, fed: Iterable[Fed], kept: dict[Any, str]) -> Keyed:
        self.computed += 1
        settings, links = structure.settings[node], structure.links.get(node, ())
        facts = settings.facts
        assert facts is not None
        identity = facts.identity
        if node in self._pins:
            return Keyed(self._pins[node].key, settings, identity, ())
        if not (fed or settings.models or settings.random or facts.fingerprinted or facts.is_open):
            return Keyed(self._chained(settings, identity, links, ()), settings, identity, links)
        prints = self._prints(settings, links, fed, kept)
        ports = {link.input for link in links}
        is_open = (
            facts.is_open
            or any(name in facts.fingerprinted for name in ports)  # what comes is told by its content, too
            or any(name not in ports and all(one.port != name for one in fed) for name in settings.random)
            or any(one.is_mapped for one in fed)
        )
        more = [f"{one.port}<{one.digest}" for one in fed] + [f"{port}~{text}" for port, text in prints]
        key = None if is_open else self._chained(settings, identity, links, more, tuple(one.port for one in fed))
        return Keyed(key, settings, identity, links, _digests(fed), prints)

    def _chained(
        self, settings: Settings, identity: str, links: Sequence[Link], more: Iterable[str], fed: tuple[str, ...] = ()
    ) -> str | None:
        assert settings.facts is not None
        if not settings.facts.is_pure:
            return None
        keyed = self._keyed
        parts = [identity, settings.text((*[link.input for link in links], *fed) if links or fed else ())]
        for name, source, output, how in links:
            key = self._pins[source].chain if source in self._pins else keyed[source].key
            if key is None or how is MAPPED:
                return None
            parts.append(f"{name}<{key}.{output}")
        parts.extend(more)
        return blake3("\n".join(parts).encode()).hexdigest()

    def _prints(
        self, settings: Settings, links: Sequence[Link], fed: Iterable[Fed], kept: dict[Any, str]
    ) -> tuple[tuple[str, str], ...]:
        """Return what stands for the files behind models, wildcards and styles, each asked for once in a plan."""
        assert settings.facts is not None
        joined = {link.input for link in links} | {one.port for one in fed}
        values = [(port, one) for port, value in settings.models.items() if port not in joined for one in each(value)]
        for one in fed:
            if one.port in settings.facts.fingerprinted:
                values += [(one.port, item.data) for item in _items(one.slot)]
        found = []
        for port, value in values:
            kind = settings.facts.node_type.inputs[port].told_by
            if (kind, value) not in kept:
                kept[kind, value] = self.registry.fingerprints[kind](value)
            found.append((port, kept[kind, value]))
        return tuple(found)


def _items(slot: Slot) -> list[Value]:
    return slot if isinstance(slot, list) else [slot]


def _digests(fed: Iterable[Fed]) -> tuple[tuple[str, str, str], ...]:
    return tuple((one.port, one.name, one.digest) for one in fed)


_flows: WeakKeyDictionary[MediaFiles, dict[str, FlowKeys]] = WeakKeyDictionary()
_lock = threading.Lock()
_MOST_PARTS = 64


def keys_of(registry: Registry, files: MediaFiles, part: str = "") -> FlowKeys:
    """Return what is kept of a flow, which its media stand for: they live as long as the flow does.

    Args:
        registry: Which node types there are.
        files: The media of the flow.
        part: Which body within the flow is meant; empty for the flow itself.
    """
    with _lock:
        parts = _flows.setdefault(files, {})
        kept = parts.get(part)
        if kept is None or kept.registry is not registry:
            if len(parts) > _MOST_PARTS:
                del parts[next(name for name in parts if name)]
            kept = parts[part] = FlowKeys(registry, part)
        return kept
