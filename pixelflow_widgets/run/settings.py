"""What one entry of a document says by itself: its type, its values as digests, and whether they are sound.

The same entry gives the same answer, so the answers are kept by its content: a flow that is loaded again costs one
look-up a node. No medium is decoded here, for its reference is a digest; a step decodes it when it really runs.
"""

from __future__ import annotations

import functools
import marshal
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeGuard
from weakref import WeakKeyDictionary

from ..errors import MediaError
from ..flow import document as doc
from ..flow.bindings import bound_ports
from ..flow.complaints import is_checked
from ..flow.media_files import KEY, MediaFiles, from_json, references
from ..flow.muting import passed_by
from ..media import blake3_hex, canonical_json
from ..schema import NodeType, Port, PortType, Registry
from ..schema.code_digest import code_digest, home, unseen
from ..schema.port_types import may_connect
from .cache import Value

MAX_KEPT = 20_000
"""Answers that are kept; then all are forgotten, and cost one reading each."""
MAX_TEXT = 4096
"""Bytes of an entry above which its answer is not kept: a novel that somebody types would be kept letter by letter."""

EXACT, ONE, LIST, MAPPED = "exact", "one", "list", "mapped"
"""How what an edge carries arrives: as it was checked when it was made, to be checked and perhaps converted, as items
of a list, or so that the node is mapped over it."""


class TypeFacts:
    """Keeps what depends on a node type alone.

    Args:
        node_type: The type.
        registry: What stands for values of a type, and checks them.
    """

    def __init__(self, node_type: NodeType, registry: Registry) -> None:
        self.node_type = node_type
        self.from_notebook = node_type.from_notebook
        self._source = "" if self.from_notebook else _source(node_type)
        self.identity = self._identity()
        self.is_lasting = _is_lasting(node_type)
        """Its results may outlive the kernel: nothing goes into them that no digest sees."""
        self.is_pure = node_type.pure
        self.required = frozenset(name for name, port in node_type.inputs.items() if port.required)
        self.passes: Mapping[str, str] | None = None
        """Of a muted node: which input each output passes on."""
        self.lazy = frozenset(name for name, port in node_type.inputs.items() if port.lazy)
        self.is_open = bool(self.lazy) or node_type.ask is not None
        """Its key is told in the run: by the lazy inputs it asks for; by its candidates, however they were made."""
        self.hands_on = bool(self.lazy) or any(port.type.name == "any" for port in node_type.outputs.values())
        """What comes in may go out as it came, and keeps its digest then."""
        self.seeds = tuple(name for name, port in node_type.inputs.items() if port.is_seed)
        self.fingerprinted = frozenset(
            name for name, port in node_type.inputs.items() if port.told_by in registry.fingerprints
        )
        self.is_checked = is_checked(node_type, registry)
        """It may have something to say of its inputs before it runs."""
        self._arrivals: dict[tuple[int, str, str], tuple[TypeFacts, str | None]] = {}

    def refresh(self) -> bool:
        """Read the code of a notebook function again, of which a helper may have changed; return whether one did.

        Only who asks under the same lock hears of it; others compare with the identity that they know.
        """
        former, self.identity = self.identity, self._identity()
        self.is_lasting = _is_lasting(self.node_type)
        return former != self.identity

    def _identity(self) -> str:
        return f"{self.node_type.digest()}{self._source}->{','.join(self.node_type.outputs)}"

    def arrival(self, source: TypeFacts, output: str, name: str) -> str | None:
        """Return how an edge from a port of another type arrives at an input of this, or None where it may not.

        Args:
            source: The type of the node that gives.
            output: Its output port.
            name: The input port here.
        """
        kept = self._arrivals.get((id(source), output, name))
        if kept is not None and kept[0] is source:
            return kept[1]
        given, taken = source.node_type.outputs.get(output), self.node_type.inputs.get(name)
        how = None if given is None or taken is None else arrival(given.type, taken)
        if how is ONE and given and taken and given.type == taken.type and not given.optional and not taken.is_limited:
            how = EXACT
        self._arrivals[id(source), output, name] = source, how
        return how


def _source(node_type: NodeType) -> str:
    """Return what tells the code of an installed function from that of another version of it.

    A version in `@node` says that the meaning changed; who works on a package changes code many times before, and a
    result on disk would outlive each restart.
    """
    if node_type.body is not None:
        return "".join(sorted({_source(inner) for inner in node_type.body.types if not inner.from_notebook}))
    package = home(node_type.function)
    release = _release() if package == __name__.partition(".")[0] else ""
    return f"#{code_digest(node_type.function, package)}{release}"


def _is_lasting(node_type: NodeType) -> bool:
    """Return whether nothing goes into its results that no digest sees."""
    inner = node_type.body.types if node_type.body is not None else [node_type]
    return not any(one.from_notebook and unseen(one.function) for one in inner)


class MutedFacts(TypeFacts):
    """Keeps what depends on a node type while a node of it is muted: it passes on what comes in, by type.

    Args:
        node_type: The type.
        registry: As for `TypeFacts`.
    """

    def __init__(self, node_type: NodeType, registry: Registry) -> None:
        passes = passed_by(node_type)
        taken = {name: node_type.inputs[name] for name in passes.values()}
        outputs = {name: node_type.outputs[name] for name in passes}
        silent = replace(node_type, inputs=taken, outputs=outputs, pure=True, where="kernel", body=None, check=None)
        super().__init__(replace(silent, is_static=False), registry)
        self.fingerprinted = frozenset()
        self.is_checked = False
        self.passes = passes
        self.identity = "muted:" + ",".join(f"{output}<{name}" for output, name in passes.items())
        self.is_lasting = True

    def refresh(self) -> bool:
        """Do nothing: the code of a muted node does not count."""
        return False

    def arrival(self, source: TypeFacts, output: str, name: str) -> str | None:
        """Return how an edge arrives: a list goes through as it is, and an edge that is not passed on counts not."""
        how = super().arrival(source, output, name)
        return ONE if how is MAPPED else how


@functools.cache
def _release() -> str:
    """Return the version of this package: its node types call what no digest of their own code sees."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pixelflow-widgets")
    except PackageNotFoundError:
        return ""


def arrival(given: PortType, taken: Port) -> str | None:
    """Return how values of a type arrive at an input port, or None where they may not."""
    if may_connect(given, taken.type) is not None:
        return None
    return LIST if taken.type.many else MAPPED if given.many else ONE


class Pin(NamedTuple):
    """Is the result that stands for a node until its settings or the edges into it change.

    Args:
        key: What identifies the result in the cache.
        of: The digest of the settings and edges that it was pinned with; see `pins`.
        chain: What identified it before: what follows it keeps its results. None where that was its content.
    """

    key: str
    of: str
    chain: str | None = None


def pin_of(entry: Mapping[str, Any]) -> Pin | None:
    """Return the pin of an entry of a document, or None where it has none that can be read."""
    pinned = entry.get("pinned")
    if not isinstance(pinned, Mapping):
        return None
    key, of, chain = pinned.get("key"), pinned.get("of"), pinned.get("chain")
    if not _is_key(key) or not isinstance(of, str):
        return None
    return Pin(key, of, chain if _is_key(chain) else None)


def _is_key(text: Any) -> TypeGuard[str]:
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) is not None


@dataclass(slots=True)
class Settings:
    """Says what one entry of a document says by itself.

    Args:
        facts: Its type; None where that is not known.
        values: What is set, as JSON.
        digests: Of each input that has a value or a default, by port, sorted.
        decoded: The values themselves, as far as they are numbers and texts, with their digests.
        unset: Inputs that must be fed.
        random: Seeds that are drawn for each run.
        models: Values that a fingerprint stands for too, by port.
        media: References to media that must be there.
        is_sound: Nothing is wrong with the values; the words are `find_problems`' business.
        is_decoded: Every value is among the decoded.
        pin: The result that stands for it, as the document says.
        bound: The variables of the notebook that its inputs read, by port.
    """

    facts: TypeFacts | None
    values: Mapping[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    decoded: dict[str, Value] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    random: frozenset[str] = frozenset()
    models: dict[str, Any] = field(default_factory=dict)
    media: tuple[str, ...] = ()
    is_sound: bool = True
    is_decoded: bool = False
    pin: Pin | None = None
    bound: Mapping[str, str] = field(default_factory=dict)
    _texts: dict[tuple[str, ...], str] = field(default_factory=dict)

    def text(self, fed: tuple[str, ...]) -> str:
        """Return what stands in the key for the values of all inputs but those that something feeds."""
        text = self._texts.get(fed)
        if text is None:
            text = "\n".join(f"{name}={digest}" for name, digest in self.digests.items() if name not in fed)
            self._texts[fed] = text
        return text


UNREADABLE = Settings(None, is_sound=False)
"""Of an entry that is no node."""
_UNKNOWN = Settings(None, is_sound=False)


class SettingsReader:
    """Reads the entries of documents, each text once.

    Args:
        registry: Which node types there are.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._facts: dict[str, TypeFacts] = {}
        self._muted: dict[str, MutedFacts] = {}
        self._kept: dict[bytes, Settings] = {}

    def renew(self) -> None:
        """Forget what was read of types that were defined again since."""
        stale = [name for name, facts in self._facts.items() if self.registry.find(name) is not facts.node_type]
        for name in stale:
            del self._facts[name]
            self._muted.pop(name, None)
        if stale:
            self._kept.clear()

    def read(self, entry: Any) -> Settings:
        """Return what an entry says, by the types of the last `renew`."""
        try:
            text = marshal.dumps(entry, 2)  # of plain data: the exact types count, and nothing is ever loaded from it
        except ValueError:
            return self._read(entry)
        found = self._kept.get(text)
        if found is None:
            found = self._read(entry)
            if found.facts is not None and len(text) <= MAX_TEXT:  # a type that is not known today may be tomorrow
                if len(self._kept) >= MAX_KEPT:
                    self._kept.clear()
                self._kept[text] = found
        return found

    def _facts_of(self, name: str) -> TypeFacts | None:
        if name not in self._facts and (node_type := self.registry.find(name)) is not None:
            self._facts[name] = TypeFacts(node_type, self.registry)
        return self._facts.get(name)

    def _muted_facts_of(self, name: str) -> MutedFacts | None:
        facts = self._facts_of(name)
        if facts is not None and name not in self._muted:
            self._muted[name] = MutedFacts(facts.node_type, self.registry)
        return self._muted.get(name)

    def is_current(self, facts: TypeFacts) -> bool:
        """Return whether a type is what it was when the facts were read."""
        kept = self._muted if facts.passes is not None else self._facts
        return kept.get(facts.node_type.name) is facts

    def _read(self, entry: Any) -> Settings:
        if not doc.is_node(entry):
            return UNREADABLE
        name = entry["type"]
        facts = self._muted_facts_of(name) if entry.get("muted") is True else self._facts_of(name)
        if facts is None:
            return _UNKNOWN
        values = entry.get("values", {})
        version = entry.get("type_version", 1)
        is_sound = not isinstance(version, int) or version <= facts.node_type.version
        made = Settings(facts, values, unset=facts.required - values.keys(), is_sound=is_sound)
        made.pin = pin_of(entry)
        if "bindings" in entry:
            inputs = facts.node_type.inputs
            made.bound = {port: name for port, name in bound_ports(entry).items() if port in inputs}
            made.unset = made.unset.difference(made.bound)
        for name in sorted(facts.node_type.inputs):
            port = facts.node_type.inputs[name]
            if name in values or not port.required:
                try:
                    _note(made, port, values.get(name, port.default))
                except MediaError:
                    made.is_sound = False
        made.is_decoded = not made.random and made.digests.keys() == made.decoded.keys()
        return made


def _note(settings: Settings, port: Port, stored: Any) -> None:
    """Enter the value of an input.

    Raises:
        MediaError: It does not fit its port.
    """
    assert settings.facts is not None
    if stored is None:
        port.check(None)
        settings.digests[port.name] = "none"
        settings.decoded[port.name] = Value(None, "none")
        return
    if (found := references(stored)) and _is_medium(port.type, stored):
        settings.media += tuple(sorted(found))
        settings.digests[port.name] = blake3_hex(canonical_json(stored).encode())  # the references are digests
        return
    value = port.check(from_json(port.type, stored, MediaFiles()))
    if port.is_seed and value == "random":
        settings.random |= {port.name}
        return
    if port.name in settings.facts.fingerprinted:
        settings.models[port.name] = value
    digest = settings.digests[port.name] = value_digest(port.type, value)
    if isinstance(value, int | float | str):  # what nobody can change
        settings.decoded[port.name] = Value(value, digest)


def _is_medium(port_type: PortType, stored: Any) -> bool:
    """Return whether a value is a reference to a medium of the port's kind, or a list of them."""
    if port_type.name == "any":
        return True
    items = stored if port_type.many and isinstance(stored, list) else [stored]
    ending = ".png" if port_type.name in ("image", "mask") else f".{port_type.name}"
    return all(isinstance(item, Mapping) and str(item.get(KEY)).endswith(ending) for item in items)


def value_digest(port_type: PortType, value: Any) -> str:
    """Return the digest of the content of a checked value; a list has one digest."""
    medium = port_type.medium
    if port_type.many:
        return blake3_hex(*(medium.digest(item).encode() for item in value))
    return medium.digest(value)


_readers: WeakKeyDictionary[Registry, SettingsReader] = WeakKeyDictionary()


def reader_of(registry: Registry) -> SettingsReader:
    """Return the one reader of a registry."""
    reader = _readers.get(registry)
    if reader is None:
        reader = _readers[registry] = SettingsReader(registry)
    return reader
