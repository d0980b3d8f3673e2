"""From a flow to statements: each node in its turn, mapped ones in loops, subflows as functions."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ExportError, PixelFlowError
from ..flow import document as doc
from ..flow.bindings import bound_ports
from ..flow.document import Document, Edge
from ..flow.graph import Graph
from ..flow.media_files import PLAIN, MediaFiles, from_json
from ..flow.muting import is_muted, passed_by
from ..media import Model
from ..schema import NodeType, Port, PortType, Registry
from ..schema.exporting import UNKNOWN
from .arguments import BOUND
from .expressions import Expression, fixed
from .names import Names, identifier
from .node_writing import NodeWriting

if TYPE_CHECKING:
    from .script import Script


class Lowering:
    """Writes one flow, or the flow in a node, as the body of a function.

    Args:
        script: Takes what stands at the top.
        document: The flow.
        types: Which node types there are, those of its subflows among them.
        files: The media that values refer to.
        names: Of the function.
        given: What the flow's inputs are in it.
        seeds: Those that were used last, by "node.port".
    """

    def __init__(
        self,
        script: Script,
        document: Document,
        types: Registry,
        files: MediaFiles,
        names: Names,
        given: Mapping[str, Expression],
        seeds: Mapping[str, Any],
    ) -> None:
        self.script, self.document, self.types, self.files = script, document, types, files
        self.names, self.given, self.seeds = names, given, seeds
        self.lines: list[str] = []
        self.made: dict[str, dict[str, Expression]] = {}
        """What each node that was written gives, by output port."""
        self.settled: set[str] = set()
        """The nodes of which nothing is written, because what they give is known."""
        self._reused: dict[str, str] = {}
        self._graph = Graph.of(document)
        self._entries = doc.nodes(document)
        self._fed: dict[tuple[str, str], list[str]] = {}
        for entry in doc.inputs(document):
            for place in doc.feeds(entry):
                self._fed.setdefault(place, []).append(entry["name"])
        for node, entry in self._entries.items():
            for port, variable in bound_ports(entry).items():
                self._fed.setdefault((node, port), []).append(f"{BOUND}{variable}")
        self._called: dict[tuple[str, str], list[str]] = {}
        for entry in doc.outputs(document):
            if (place := doc.split_port(entry["from"])) is not None:
                self._called.setdefault(place, []).append(entry["name"])

    is_as_it_stands = False
    """Whether models are those that the flow has now, whatever may come into it."""

    # The whole

    def write(self) -> dict[str, Expression]:
        """Write every node that a run without targets needs, and return the outputs of the flow by name."""
        outputs = {entry["name"]: doc.split_port(entry["from"]) for entry in doc.outputs(self.document)}
        wanted = [place[0] for place in outputs.values() if place]
        last = list(self._last(not wanted))
        self._write_all(self._needed([*wanted, *last]))
        if outputs:
            return {name: self.made[place[0]][place[1]] for name, place in outputs.items() if place}
        return {code.text: code for node in last for code in self.made[node].values()}

    def _last(self, without_outputs: bool) -> Iterator[str]:
        """Yield the last nodes that do something by themselves; of a flow without outputs, all that give something."""
        for node in self._graph.nodes:
            node_type = self._type(node)
            if not self._graph.outgoing[node] and (not node_type.pure or (without_outputs and node_type.outputs)):
                yield node

    def _type(self, node: str) -> NodeType:
        name = self._entries[node]["type"]
        found = self.types.find(name)
        if found is None:
            raise ExportError(f"'{self.title(node)}' is of the type '{name}', which is not known here.")
        return found

    def title(self, node: str) -> str:
        """Return what a node is called on the canvas."""
        found = self.types.find(self._entries[node]["type"])
        return doc.title_of(self.document, node, found.title if found else "")

    def _needed(self, wanted: Iterable[str], available: Iterable[str] = ()) -> list[str]:
        """Return nodes and what they need eagerly, each after what feeds it; ties by their place on the canvas."""
        known, found, pending = set(available), set(), list(wanted)
        while pending:
            node = pending.pop()
            if node not in found and node not in known:
                found.add(node)
                pending += [edge.source for edge in self._eager(node)]
        waiting = {node: {edge.source for edge in self._eager(node)} & found for node in found}
        ready = [(self._place(node), node) for node in found if not waiting[node]]
        heapq.heapify(ready)
        ordered = []
        followers: dict[str, list[str]] = {}
        for node, sources in waiting.items():
            for source in sources:
                followers.setdefault(source, []).append(node)
        while ready:
            _, node = heapq.heappop(ready)
            ordered.append(node)
            for follower in followers.get(node, ()):
                waiting[follower].discard(node)
                if not waiting[follower]:
                    heapq.heappush(ready, (self._place(follower), follower))
        return ordered

    def _place(self, node: str) -> tuple[float, float]:
        return doc.position(self.document, node) or (0.0, 0.0)

    def _eager(self, node: str) -> Iterator[Edge]:
        inputs = self._type(node).inputs
        muted = is_muted(self._entries[node])
        for edge in self._graph.incoming[node]:
            if edge.input in inputs and (muted or not inputs[edge.input].lazy):
                yield edge

    def _write_all(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            self.made[node] = self._write(node)

    # One node

    def _write(self, node: str) -> dict[str, Expression]:
        node_type = self._type(node)
        if is_muted(self._entries[node]):
            return self._pass(node, node_type)
        inputs = {name: self._input(node, port) for name, port in node_type.inputs.items() if not port.lazy}
        if node_type.is_static:
            return self._work_out(node, node_type, inputs)
        return NodeWriting(self, node, node_type, inputs).write()

    def _pass(self, node: str, node_type: NodeType) -> dict[str, Expression]:
        """Let what comes in go out again: the node is muted."""
        passes = passed_by(node_type)
        made = {}
        for output, port in node_type.outputs.items():
            if output in passes:
                sources = self._sources(node, passes[output])
                own = node_type.inputs[passes[output]]
                made[output] = sources[0] if sources else self._own(node, own)
            else:
                made[output] = fixed(None, port.type)
        return made

    def _work_out(self, node: str, node_type: NodeType, inputs: Mapping[str, Expression]) -> dict[str, Expression]:
        """Return what a node gives that is worked out before the script is written: a handle of a model."""
        now = self.is_as_it_stands
        other = [name for name, code in inputs.items() if code.known is UNKNOWN or not (now or code.is_fixed)]
        numbers = {name: self.script.number_for(inputs[name].text) for name in other if _may_weigh(inputs[name], now)}
        self._check_known(node, set(other) - set(numbers))
        try:
            known = {name: code.known for name, code in inputs.items()}
            given = node_type.shape.unpack(node_type.function(**(known | numbers)))
        except PixelFlowError as error:
            raise ExportError(f"'{self.title(node)}': {error}") from None
        self._check_known(node, {name for name, number in numbers.items() if not _weighs(given.values(), number)})
        return {name: fixed(value, node_type.outputs[name].type, "None") for name, value in given.items()}

    def _check_known(self, node: str, unknown: Collection[str]) -> None:
        if unknown:
            raise ExportError(
                f"'{self.title(node)}': its input '{min(unknown)}' is known only when the flow runs, and a script "
                "names its models: of them, only the weight of a LoRA or IP-Adapter without a schedule may change. Set "
                "the value on the node."
            )

    # Its inputs

    def _sources(self, node: str, port: str) -> list[Expression]:
        """Return what comes into an input, from edges and from inputs of the flow."""
        edges = [edge for edge in self._graph.incoming[node] if edge.input == port]
        found = [self.made[edge.source][edge.output] for edge in edges]
        return found + [self.given[name] for name in self._fed.get((node, port), ()) if name in self.given]

    def _input(self, node: str, port: Port) -> Expression:
        sources = self._sources(node, port.name)
        if not sources:
            return self._own(node, port)
        if not port.type.many:
            return sources[0].into(port.type if not sources[0].type.many else PortType(port.type.name, many=True))
        codes = [code.into(port.type) if code.type.many else code.into(port.type.one) for code in sources]
        if len(codes) == 1 and codes[0].type.many:
            return codes[0]
        known: Any = UNKNOWN
        if all(code.known is not UNKNOWN for code in codes):
            known = [item for code in codes for item in (code.known if code.type.many else [code.known])]
        fixed_too = all(code.is_fixed for code in codes)
        return Expression(f"[{', '.join(code.listed() for code in codes)}]", port.type, known, fixed_too)

    def _own(self, node: str, port: Port) -> Expression:
        """Return the value that stands on a node, or the default."""
        values = self._entries[node].get("values", {})
        stored = values.get(port.name)
        if port.is_seed and stored == "random":
            return self._drawn(node, port)
        is_default = stored is None
        if is_default and port.required:
            raise ExportError(f"'{self.title(node)}': its input '{port.name}' has no value. Set or connect it.")
        raw = port.default if is_default else stored
        value = None if raw is None else port.check(from_json(port.type, raw, self.files))
        text = self._text(port, raw, value, identifier(port.name))
        return Expression(text, port.type, value, is_fixed=True, is_default=is_default)

    def _text(self, port: Port, raw: Any, value: Any, wanted: str) -> str:
        if value is None or port.type.name == "model":
            return "None"
        if port.type.name not in PLAIN:
            items = raw if port.type.many else [raw]
            codes = [self.script.medium(port.type, item, self.files) for item in items]
            return f"[{', '.join(codes)}]" if port.type.many else codes[0]
        return self.script.constant(wanted, value)

    def _drawn(self, node: str, port: Port) -> Expression:
        """Return a seed that is left to chance: the one that was used last, else another in every run."""
        name = self.names.take(port.name)
        used = self.seeds.get(f"{node}.{port.name}")
        if isinstance(used, int):
            self.lines.append(f"{name} = {used}  # was drawn in the last run")
        else:
            self.script.imports.add("import random")
            self.lines.append(f"{name} = random.getrandbits(32)  # another in every run")
        return Expression(name, port.type)

    # Lazy inputs

    def branch(self, node: str, port: Port, shared: Iterable[str] = ()) -> tuple[list[str], Expression]:
        """Return (the statements that only a lazy input needs, what it is)."""
        self._write_all(self._needed(shared, self.made))
        known, lines = dict(self.made), self.lines
        self.lines = []
        sources = [edge.source for edge in self._graph.incoming[node] if edge.input == port.name]
        try:
            self._write_all(self._needed(sources, self.made))
            code = self._input(node, port)
            return self.lines, code
        finally:
            self.lines, self.made = lines, known

    def shared(self, node: str, ports: Iterable[str]) -> list[str]:
        """Return the nodes that several lazy inputs of a node all need."""
        needed = [
            set(self._needed([edge.source for edge in self._graph.incoming[node] if edge.input == port], self.made))
            for port in ports
        ]
        return sorted(set.intersection(*needed)) if needed else []

    def reused(self, wanted: str) -> str:
        """Return a variable of this function that every node may set anew."""
        if wanted not in self._reused:
            self._reused[wanted] = self.names.take(wanted)
        return self._reused[wanted]

    def is_joined(self, node: str, port: str) -> bool:
        """Return whether something comes into an input, or a value of its own stands there."""
        edges = any(edge.input == port for edge in self._graph.incoming[node])
        return edges or (node, port) in self._fed or self._entries[node].get("values", {}).get(port) is not None

    def is_read(self, node: str, port: str) -> bool:
        """Return whether an edge, an output of the flow or nobody else than the reader of the result wants a port."""
        if (node, port) in self._called or any(edge.output == port for edge in self._graph.outgoing[node]):
            return True
        return not self._called and not self._graph.outgoing[node]

    def variable(self, node: str, port: str) -> str:
        """Return a free name for what a node gives: as the flow's output, its own title or the port is called."""
        called = self._called.get((node, port), [])
        title = self._entries[node].get("title")
        several = len(self._type(node).outputs) > 1
        if len(called) == 1:
            wanted = called[0]
        elif isinstance(title, str) and title and not several:
            wanted = title
        else:
            wanted = port
        return self.names.take(wanted)


def _may_weigh(code: Expression, is_as_it_stands: bool) -> bool:
    return code.type.name == "float" and not code.type.many and not is_as_it_stands


def _weighs(given: Iterable[Any], number: float | None) -> bool:
    """Return whether a number is the weight of an adapter that can be weighed anew before each use."""
    adapters = [adapter for model in given if isinstance(model, Model) for adapter in model.adapters]
    of_number = [adapter for adapter in adapters if adapter.weight == number]
    return bool(of_number) and all(one.kind != "embedding" and not one.schedule for one in of_number)
