"""Writes one flow of a script: its subflows, inputs, nodes and outputs, and what is left to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import FlowFileError, NodeTypeError
from ..flow import document as doc
from ..flow.amending import place_of
from ..flow.document import Document
from ..flow.handles import FlowInput, OutputPort
from ..flow.signed import type_of
from ..flow.subflows import read_subflow
from ..schema import NodeType, Registry, port_type_of
from ..schema.literals import STEP, Code, call
from ..schema.port_types import read_port_type
from .builder_calls import Arguments, Placed, added, called, held
from .builder_dialect import MOST_NESTED, built_in, record, type_words
from .builder_difference import difference, is_equal, moved_edges
from .builder_order import writing_order
from .builder_sketch import REFUSALS, Sketch
from .builder_values import Argument, argument, in_order, is_plain
from .names import Names

Joins = dict[str, list[Argument]]
"""By input name, what leads into it."""


class Script:
    """Is what all flows of a script share.

    Args:
        registry: Which node types there are.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.functions: set[str] = set()
        """The functions of nodes that are called."""
        self.typing: set[str] = set()
        """What is imported from `typing`."""


class FlowWriting:
    """Writes a flow, and does to the sketch of it what is written.

    Args:
        script: What is shared with the other flows.
        wanted: The flow.
        sketch: As far as it is written.
        flow: What it is called in the script.
        names: Which variables there are.
        depth: In how many other flows it is.
    """

    def __init__(
        self, script: Script, wanted: Document, sketch: Sketch, flow: str, names: Names, *, depth: int
    ) -> None:
        self._script, self._wanted, self._sketch, self._flow = script, wanted, sketch, flow
        self._names, self._depth = names, depth
        self._indent = STEP * (depth + 1)
        self._lines: list[str] = []
        self._placed: dict[str, Placed] = {}
        self._inputs: dict[str, str] = {}
        self._used = {edge.source for edge in doc.edges(wanted)}
        self._used |= {port[0] for entry in doc.outputs(wanted) if (port := doc.split_port(entry["from"]))}
        self._joins: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for edge in doc.edges(wanted):
            self._joins[edge.target][edge.input].append((edge.source, edge.output))
        for entry in doc.inputs(wanted):
            for node, port in doc.feeds(entry):
                self._joins[node][port].append((entry["name"], ""))

    def write(self) -> list[str]:
        """Return the lines that build the flow."""
        self._write_subflows()
        for entry in doc.inputs(self._wanted):
            self._write_input(entry)
        nodes = doc.nodes(self._wanted)
        for key in writing_order(self._wanted):
            self._write_node(key, nodes[key])
        for entry in doc.outputs(self._wanted):
            self._write_output(entry)
        self._write_rest()
        return self._lines

    def _say(self, name: str, arguments: Arguments, variable: str = "") -> None:
        before = f"{variable} = " if variable else ""
        given = [(keyword, each.shown) for keyword, each in arguments]
        self._lines.append(" " * self._indent + before + call(name, given, indent=self._indent, before=before))

    def _do(self, verb: str, arguments: Arguments) -> None:
        positional = [each.value for keyword, each in arguments if not keyword]
        keywords = {keyword: each.value for keyword, each in arguments if keyword}
        getattr(self._sketch, verb)(*positional, **keywords)

    def _try(self, verb: str, arguments: Arguments, variable: str = "") -> str | None:
        """Do and say a verb of the flow, if the flow takes it; return the variable, or None if it was refused."""
        try:
            self._do(verb, arguments)
        except REFUSALS:
            return None
        name = self._names.take(variable) if variable else ""
        self._say(f"{self._flow}.{verb}", arguments, name)
        return name

    # Subflows

    def _write_subflows(self) -> None:
        rest: dict[str, Any] = {}
        for name, entry in sorted(doc.subflows(self._wanted).items()):
            if not self._write_subflow(name, entry):
                rest[name] = entry
        if rest and "subflows" in self._sketch.document:
            rest = {place_of("subflows", name): entry for name, entry in rest.items()}
        elif rest:
            rest = {"subflows": rest}
        if rest:
            self._try("amend", [("", held(in_order(rest)))])

    def _write_subflow(self, name: str, entry: Any) -> bool:
        """Write a subflow as a block; return False where it has to be given as it is."""
        try:
            body = read_subflow(entry).document
        except FlowFileError:
            return False
        if self._depth + 1 >= MOST_NESTED or not doc.is_name(name):
            return False
        before = set(self._script.functions), set(self._script.typing)
        sketch = Sketch.of(doc.new_document(name), self._sketch.media, self._script.registry)
        inner = Names(outer=self._names)
        flow = inner.take(name)
        lines = FlowWriting(self._script, body, sketch, flow, inner, depth=self._depth + 1).write()
        try:
            self._sketch.apply([{"op": "set_subflow", "name": name, "subflow": {"document": sketch.document}}])
        except REFUSALS:
            self._script.functions, self._script.typing = before
            return False
        margin, after = " " * self._indent, f" as {flow}:"
        header = call(f"{self._flow}.subflow", [("", name)], indent=self._indent, before="with ", after=after)
        self._lines += [f"{margin}with {header}{after}", *(lines or [f"{margin}{' ' * STEP}pass"])]
        return True

    # Inputs and outputs

    def _write_input(self, entry: Mapping[str, Any]) -> None:
        words, name = type_words(entry["type"]), entry["name"]
        if words is None:
            return
        arguments: Arguments = [("", held(name))]
        given = self._default(entry)
        if given is not None:
            arguments.append(("", given))
        is_told = given is None or not _is_implied(entry["type"], given.value)
        if is_told:
            arguments.append(("type", Argument(words.annotation, words.shown)))
        arguments += [(field, held(entry[field])) for field in ("title", "help") if _is_text(entry.get(field))]
        limits = entry.get("limits", {})
        arguments += [(side, held(limits[side])) for side in ("min", "max") if limits.get(side) is not None]
        variable = self._try("input", arguments, name if any(doc.feeds(entry)) else "")
        if variable is not None and is_told:
            self._script.typing.update(words.imports)
        if variable:
            self._inputs[name] = variable

    def _default(self, entry: Mapping[str, Any]) -> Argument | None:
        stored, port_type = entry.get("default"), read_port_type(entry["type"])
        given = None if stored is None else argument(port_type, stored, self._flow)
        if given is None or not self._sketch.would_default(port_type, given.value, stored):
            return None
        return given

    def _write_output(self, entry: Mapping[str, Any]) -> None:
        source = self._source(*(doc.split_port(entry["from"]) or ("", "")))
        if source is not None:
            title: Arguments = [("title", held(entry["title"]))] if _is_text(entry.get("title")) else []
            self._try("output", [("", held(entry["name"])), ("", source), *title])

    def _source(self, node: str, output: str) -> Argument | None:
        """Return an output of a node, or an input of the flow where no output is named; None if it is not there."""
        if not output:
            name = self._inputs.get(node)
            return None if name is None else Argument(FlowInput(self._sketch, node), Code(name))
        placed = self._placed.get(node)
        said = placed.say(output) if placed is not None else None
        return None if said is None else Argument(OutputPort(self._sketch, node, output), said)

    # Nodes

    def _write_node(self, key: str, entry: Mapping[str, Any]) -> None:
        node_type = self._sketch.types.find(entry["type"])
        joins = self._joins_of(key, node_type)
        values = {name: each for name, each in self._values(node_type, entry).items() if name not in joins}
        for given in self._attempts(key, entry, node_type, values, joins):
            try:
                self._place(key, entry, node_type, given)
            except REFUSALS:
                continue
            self._write_settings(key, entry)
            return

    def _values(self, node_type: NodeType | None, entry: Mapping[str, Any]) -> dict[str, Argument]:
        """Return what is set on a node and can be said as an argument."""
        stored, found = entry.get("values", {}), {}
        if node_type is None:
            plain = {name: in_order(value) for name, value in sorted(stored.items()) if is_plain({name: value})}
            return {name: held(value) for name, value in plain.items()}
        for name, port in node_type.inputs.items():
            given = argument(port.type, stored[name], self._flow) if name in stored else None
            if given is not None and self._sketch.would_keep(node_type, name, given.value, stored[name]):
                found[name] = given
        return found

    def _joins_of(self, key: str, node_type: NodeType | None) -> Joins:
        found: Joins = {}
        names = (
            self._joins[key] if node_type is None else [name for name in node_type.inputs if name in self._joins[key]]
        )
        for name in names:
            sources = [source for join in self._joins[key][name] if (source := self._source(*join)) is not None]
            if sources:
                takes_one = node_type is not None and not node_type.inputs[name].type.many
                found[name] = sources[:1] if takes_one else sources
        return found

    def _attempts(
        self,
        key: str,
        entry: Mapping[str, Any],
        node_type: NodeType | None,
        values: dict[str, Argument],
        joins: Joins,
    ) -> Iterator[dict[str, Argument]]:
        """Yield what a node could be given, each time less: a broken flow may hold what cannot be done by any verb."""
        yield _together(node_type, values, joins)
        if joins:
            try:
                self._place_bare(key, entry["type"], node_type)
                kept = self._sketch.accepted(key, {name: [each.value for each in joins[name]] for name in joins})
                self._sketch.undo()
            except REFUSALS:
                kept = {}
            fitting = {name: [each for each in joins[name] if each.value in kept[name]] for name in kept}
            yield _together(node_type, values, fitting)
        yield dict(values)
        yield {}

    def _place_bare(self, key: str, type_name: str, node_type: NodeType | None) -> None:
        (self._sketch.placeholder if node_type is None else self._sketch.add)(type_name, id=key)

    def _place(
        self, key: str, entry: Mapping[str, Any], node_type: NodeType | None, given: dict[str, Argument]
    ) -> None:
        """Place a node in the sketch, and say so."""
        automatic = self._sketch.next_id(entry["type"])
        is_ours = node_type is not None and built_in(self._script.registry, node_type.name) is not None
        is_plain_call = is_ours and key == automatic and not _is_text(entry.get("title")) and not _has_settings(entry)
        arguments = called(node_type, given) if is_plain_call and node_type is not None else None
        if node_type is not None and arguments is not None:
            positional = [each.value for keyword, each in arguments if not keyword]
            record(self._sketch, node_type, positional, {word: each.value for word, each in arguments if word})
            self._script.functions.add(node_type.name)
            name, form = node_type.name, _form(node_type)
        else:
            more: Arguments = [] if key == automatic else [("id", held(key))]
            more += [("title", held(entry["title"]))] if _is_text(entry.get("title")) else []
            verb, version = ("add", []) if node_type is not None else ("placeholder", _version(entry))
            arguments = added(entry["type"], given, node_type, [*more, *version])
            self._do(verb, arguments)
            name, form = f"{self._flow}.{verb}", "node"
        variable = ""
        if key in self._used or _has_settings(entry):
            variable = self._names.take(_wanted_name(key, entry, node_type if form != "node" else None))
        self._placed[key] = Placed(variable, tuple(node_type.outputs) if node_type is not None else None, form)
        self._say(name, arguments, variable)

    def _write_settings(self, key: str, entry: Mapping[str, Any]) -> None:
        node = Argument(key, Code(self._placed[key].name))
        if entry.get("muted") is True:
            self._try("mute", [("", node)])
        if _is_limit(entry.get("limit")):
            self._try("set_limit", [("", node), ("", held(entry["limit"]))])

    # The rest

    def _write_rest(self) -> None:
        positions, edges = self._positions(), moved_edges(self._sketch.document, self._wanted)
        arguments: Arguments = [("", held(positions))] if positions else []
        arguments += [("edges", held(edges))] if edges else []
        if arguments:
            self._try("arrange", arguments)
        left = difference(self._sketch.document, self._wanted)
        arguments = [("", held(in_order(left.changes)))] if left.changes else []
        arguments += [("without", held(left.without))] if left.without else []
        if arguments:
            self._try("amend", arguments)

    def _positions(self) -> dict[str, Any]:
        """Return where nodes stand, by id, if one of them does not stand where it would by itself."""
        made = self._sketch.document["layout"]["positions"]
        wanted = self._wanted.get("layout", {}).get("positions", {})
        said = {}
        for key in self._placed:
            place = wanted.get(key)
            if key not in wanted:
                said[key] = None
            elif doc.position(self._wanted, key) is not None and isinstance(place, list):
                said[key] = tuple(place)
        is_by_itself = all(key in wanted and is_equal(made.get(key), wanted[key]) for key in said)
        return {} if is_by_itself else said


def _together(node_type: NodeType | None, values: Mapping[str, Argument], joins: Joins) -> dict[str, Argument]:
    """Return what a node is given by input name, in the order of its inputs."""
    given = dict(values)
    for name, sources in joins.items():
        if len(sources) == 1:
            given[name] = sources[0]
        elif sources:
            given[name] = Argument([each.value for each in sources], [each.shown for each in sources])
    if node_type is None:
        return given
    return {name: given[name] for name in node_type.inputs if name in given}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != "" and is_plain(value)


def _is_limit(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _has_settings(entry: Mapping[str, Any]) -> bool:
    return entry.get("muted") is True or _is_limit(entry.get("limit"))


def _is_implied(described: Any, default: Any) -> bool:
    """Return whether the type of an input is what is read from its default."""
    try:
        return is_equal(port_type_of(type_of(default)).describe(), described)
    except NodeTypeError:
        return False


def _version(entry: Mapping[str, Any]) -> Arguments:
    if "type_version" not in entry:
        return [("version", held(None))]
    version = entry["type_version"]
    return [("version", held(version))] if type(version) is int and version != 1 else []


def _form(node_type: NodeType) -> str:
    if node_type.many_outputs is not None:
        return "ports"
    return "port" if node_type.outputs else "node"


def _wanted_name(key: str, entry: Mapping[str, Any], called: NodeType | None) -> str:
    """Return what a person would call a node: by its title, by what a call gives, or by its id."""
    if _is_text(entry.get("title")):
        return entry["title"]
    if called is not None and len(called.outputs) == 1:
        return next(iter(called.outputs))
    return key
