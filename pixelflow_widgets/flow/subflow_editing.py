"""What a Python user calls to put flows into a flow; each call is one undo step."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from ..errors import FlowFileError, OperationRejected, nearest
from ..media.axes import write_axes
from ..schema.body import Kind
from . import document as doc
from . import file
from .bindings import FIELD, bound_ports
from .document import Document
from .edited import Change
from .handles import FlowInput, Node, OutputPort
from .live import LiveFlow
from .media_files import MediaFiles, references
from .operations import Operation
from .subflow_gestures import Steps, adopt, make_subflow, name_from_words
from .subflow_problems import why_unknown
from .subflow_unpacking import unpack_subflow
from .subflows import digest_of, is_same, read_subflow, with_subflows

if TYPE_CHECKING:
    from ..schema import NodeType, Registry
    from .editing import EditableFlow


_CHANGES = ("set_subflow", "replace")
"""The operations that may change what a subflow is."""


class FlowOfFlows(LiveFlow):
    """Makes subflows of nodes and of other flows, takes them apart, and opens them."""

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._is_part = False
        self._opened: weakref.WeakValueDictionary[str, Self] = weakref.WeakValueDictionary()

    def keep_draft(self) -> None:
        """Keep edits by hand in a draft, unless the flow is part of another, which keeps them."""
        if not self._is_part:
            super().keep_draft()

    @property
    def subflows(self) -> list[str]:
        """Return the names of the subflows that the flow holds."""
        return list(doc.subflows(self._document))

    def _handle(self, node: str) -> Node:
        return Node(cast("EditableFlow", self), node)

    def make_subflow(self, nodes: Iterable[Node | str], name: str = "subflow") -> Node:
        """Put one node in the place of some nodes, which it runs; what they are connected to stays connected.

        Args:
            nodes: The nodes, or their ids.
            name: What the subflow is called, in words.

        Raises:
            OperationRejected: They cannot be one node, because one between them was left out; names it.
        """
        with self.lock:
            made = make_subflow(self._document, self.registry, map(_id, nodes), name)
            self.apply(made.operations)
        return self._handle(made.node)

    def unpack(self, node: Node | str) -> list[Node]:
        """Put the nodes of a subflow in the place of the node that runs it, and return them.

        Raises:
            OperationRejected: The node runs no subflow, or its nodes would not do the same outside; says why.
        """
        with self.lock:
            unpacked = unpack_subflow(self._document, self.registry, _id(node))
            self.apply(unpacked.operations)
        return [self._handle(key) for key in unpacked.nodes.values()]

    def _bring(self, flow: LiveFlow | Path) -> tuple[NodeType, list[Operation]]:
        """Return (what another flow is here as a node, operations that bring it)."""
        source = flow if isinstance(flow, Path) else flow.path
        document, media = file.load(flow) if isinstance(flow, Path) else (flow.document, flow.media)
        self._take_media(document, media)
        entry: dict[str, Any] = {"document": document, "digest": digest_of(document)}
        if source is not None:
            entry["source"] = self._relative(source)
        steps = Steps(self._document)
        names = adopt(steps, {name_from_words(document["name"], "subflow"): entry}, is_same)
        return with_subflows(self.registry, steps.document)[f"flow/{next(iter(names.values()))}"], steps.operations

    def _take_media(self, document: Document, media: MediaFiles) -> None:
        if media is not self.media:
            self.media.join(media)
            if self.media.folder is not None:
                self.media.write_to(self.media.folder, references(document))

    def _relative(self, source: Path) -> str:
        return Path(os.path.relpath(source.resolve(), self._folder())).as_posix()

    def _folder(self) -> Path:
        return self.path.resolve().parent if self.path is not None else Path.cwd()

    def loop(self, kind: Kind, node: Node | str, **values: Any) -> Node:
        """Place a node that runs a subflow several times; it gets what the node gets that runs it once.

        Args:
            kind: "repeat", "while_", "for_each" or "grid".
            node: A node that runs the subflow, or the name of the subflow.
            values: By input name, for what is to be different: `times=5`.

        Raises:
            OperationRejected: The subflow cannot be run so; says what it lacks.
        """
        flow = cast("EditableFlow", self)
        is_name = isinstance(node, str) and node not in self._document["nodes"]
        parts = ("flow", cast("str", node)) if is_name else doc.split_type(self._handle(_id(node)).type)
        if parts is None:
            raise OperationRejected(f"'{self._handle(_id(node)).title}' runs no subflow. Make one of it: make_subflow.")
        name = f"{kind}/{parts[1]}"
        if self.types.find(name) is None:
            words, remedy = why_unknown(name, self._document) or (f"is of no kind '{kind}'.", f"Use {doc.KINDS[1:]}.")
            raise OperationRejected(f"A node '{name}' {words} {remedy}")
        given = {} if is_name else self._given(_id(node))
        ports = self.types[name].inputs
        bound = {} if is_name else bound_ports(self._document["nodes"][_id(node)])
        bound = {port: variable for port, variable in bound.items() if port in ports and port not in values}
        given = {port: value for port, value in {**given, **values}.items() if port in {*ports, *values}}
        return flow._add(name, given, {FIELD: bound} if bound else {})

    def _given(self, node: str) -> dict[str, Any]:
        """Return what goes into a node by input name: what is set, and the ports and inputs that lead there."""
        flow = cast("EditableFlow", self)
        stored = self._document["nodes"][node].get("values", {})
        given = {name: value for name, value in self._handle(node).values.items() if name in stored}
        ports = self._handle(node).node_type.inputs
        joined: dict[str, list[Any]] = {}
        for edge in doc.edges(self._document):
            if edge.target == node:
                joined.setdefault(edge.input, []).append(OutputPort(flow, edge.source, edge.output))
        for entry in doc.inputs(self._document):
            for _, name in filter(lambda place: place[0] == node, doc.feeds(entry)):
                joined.setdefault(name, []).append(FlowInput(flow, entry["name"]))
        return {**given, **{name: found if ports[name].type.many else found[0] for name, found in joined.items()}}

    def grid(self, node: Node | str, axes: Mapping[str, Iterable[Any]] | str, **values: Any) -> Node:
        """Place a node that runs a subflow once for each combination of values.

        Args:
            node: A node that runs the subflow, or the name of the subflow.
            axes: By input name the values that it takes in turn, where None is none; or the text that says so:
                one line an axis, "prompt: a red circle | a blue star".
            values: By input name, what is the same each time.
        """
        text = axes if isinstance(axes, str) else write_axes({name: list(each) for name, each in axes.items()})
        return self.loop("grid", node, axes=text, **values)

    def subflow_updates(self) -> dict[str, str]:
        """Return by name, in words, which subflows come from a file that has changed since; nothing is changed."""
        found: dict[str, str] = {}
        for name, entry in doc.subflows(self._document).items():
            source, digest = (entry.get("source"), entry.get("digest")) if isinstance(entry, Mapping) else (None, None)
            if not isinstance(source, str) or not isinstance(digest, str):
                continue
            try:
                now = digest_of(file.load(self._folder() / source)[0])
            except FlowFileError as error:
                found[name] = f"{source} cannot be read: {error}"
                continue
            if now != digest:
                found[name] = f"{source} has changed. Take it over by flow.update_subflow('{name}')."
        return found

    def update_subflow(self, name: str) -> None:
        """Take a subflow over from its file again; edits that were made of it here are lost, and undo brings them back.

        Raises:
            FlowFileError: It came from no file, or that cannot be read.
        """
        entry = self._entry(name)
        if not isinstance(entry.get("source"), str):
            raise FlowFileError(f"The subflow '{name}' comes from no file.")
        document, media = file.load(self._folder() / entry["source"])
        self._take_media(document, media)
        fresh = {**entry, "document": document, "digest": digest_of(document)}
        self.apply([{"op": "set_subflow", "name": name, "subflow": fresh}])

    def _entry(self, name: str) -> Mapping[str, Any]:
        held = doc.subflows(self._document)
        if name not in held:
            raise KeyError(f"'{self.name}' holds no subflow '{name}'.{nearest(name, held)}")
        return held[name]

    def subflow(self, name: str) -> Self:
        """Open a subflow, which is made if it is not there: a flow whose edits are edits of this one.

        `with flow.subflow("poster") as body:` records what goes into it; as the last line of a cell it shows it.

        Args:
            name: Its name; places as `flow.add("flow/poster")`.
        """
        with self.lock:
            if name not in doc.subflows(self._document):
                document = doc.new_document(name)
                self.apply([{"op": "set_subflow", "name": name, "subflow": {"document": document}}])
            opened = self._opened.get(name)
            if opened is None:
                opened = self._opened[name] = type(self).__new__(type(self))
                opened._begin(read_subflow(self._entry(name)).document, self.media, self.registry)
                _bind(self, opened, name)
            return opened


def _bind(outer: FlowOfFlows, inner: FlowOfFlows, name: str) -> None:
    """Let the edits of an opened subflow be edits of the flow that holds it, and the other way round."""
    inner.lock = outer.lock  # listeners are called with it held, on either way
    inner._is_part = True

    def entry() -> Any:
        return doc.subflows(outer._document).get(name)

    def differs(held: Any, document: Document) -> bool:
        return held is not None and read_subflow(held).document != document

    def edited(change: Change) -> None:
        held = entry()
        if differs(held, inner._document):
            fresh = {**held, "document": inner._document}
            operation = {"op": "set_subflow", "name": name, "subflow": fresh}
            outer.apply([operation], source=change.source, merge=f"subflow/{name}/{change.source}")

    inner.on_change(edited)
    part = weakref.ref(inner)

    def renewed(change: Change) -> None:
        opened, held = part(), entry()
        if opened is None:
            end()
        elif any(step["op"] in _CHANGES for step in change.operations) and differs(held, opened._document):
            opened._become(read_subflow(held).document, change.source)

    end = outer.on_change(renewed)


def _id(node: Node | str) -> str:
    return node if isinstance(node, str) else node.id
