"""Subflows and loops: the flow in a node becomes a function, and the node its call, or a loop of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..flow import document as doc
from ..flow.subflows import with_subflows
from ..media import Model
from ..media import axes as axes_room
from ..media.cells import read_cell, read_rows
from ..media.contact_sheet import contact_sheet
from ..media.turns_table import turns_table
from ..schema import PortType
from ..schema.body import Body
from ..schema.body_ports import GO_ON
from ..schema.exporting import UNKNOWN, indented
from ..schema.literals import flat
from .arguments import Argument, annotation_of, argument_of, signature_of
from .expressions import Expression
from .names import Names

if TYPE_CHECKING:
    from .lowering import Lowering
    from .node_writing import NodeWriting

_TABLE = "from the table or the axes"


class _Function:
    """Is the flow in a node as a function of the script.

    Args:
        at: The node.
        flow: The flow that the node is part of.
        body: What it runs.
        varying: Inputs that are another in each turn.
    """

    def __init__(self, at: NodeWriting, flow: Lowering, body: Body, varying: tuple[str, ...] = ()) -> None:
        self.at, self.flow, self.body = at, flow, body
        self.entries = list(doc.inputs(dict(body.document)))
        self.arguments = [argument_of(entry, flow.script, flow.files) for entry in self.entries]
        self.models = {one.name: self._model(one, varying) for one in self.arguments if one.type.name == "model"}
        self.outputs: dict[str, PortType] = {}
        key = ("body", body.digest, tuple(sorted((name, repr(model)) for name, model in self.models.items())))
        self.name = flow.script.define(key, body.name, self._source)
        self.outputs = flow.script.bodies.setdefault(key, self.outputs) or self.outputs

    def _model(self, one: Argument, varying: tuple[str, ...]) -> Any:
        if one.name in varying:
            self.at.refuse(f"its input '{one.name}' is a model {_TABLE}, and a script names its models.")
        known = self.at.known(one.name) if one.name in self.at.node_type.inputs else None
        if isinstance(known, Model) and any(adapter.weight in self.flow.script.numbers for adapter in known.adapters):
            self.at.refuse(
                f"its input '{one.name}' is a model with an adapter whose weight is known only when the flow runs. Put "
                "the adapter into the subflow, with its weight as an input."
            )
        return known if known not in (None, UNKNOWN) else one.default

    def _source(self, name: str) -> str:
        from .lowering import Lowering

        flow, document = self.flow, dict(self.body.document)
        given = {one.name: self._given(one) for one in self.arguments}
        names = Names([one.code for one in self.arguments], outer=flow.script.names)
        inner = Lowering(flow.script, document, with_subflows(flow.types, document), flow.files, names, given, {})
        made = inner.write()
        self.outputs = {output: code.type for output, code in made.items()}
        taken = [one for one in self.arguments if one.type.name != "model"]
        late = [one.late for one in taken if one.is_late]
        returns = [f"return {', '.join(code.text for code in made.values())}"] if made else []
        kind = annotation_of(next(iter(made.values())).type) if len(made) == 1 else ""
        head = f"def {name}({signature_of(taken)})" + (f" -> {kind}:" if kind and kind != "object" else ":")
        return "\n".join([head, *indented([*late, *inner.lines, *returns] or ["pass"])])

    def _given(self, one: Argument) -> Expression:
        if one.type.name == "model":
            return Expression("None", one.type, self.models[one.name], is_fixed=True)
        # A text of another call may be long, or have marks: what reads it has to look.
        return Expression(one.code, one.type, UNKNOWN if one.type.name == "text" else one.default)

    def call(self, changed: Mapping[str, str], more: str = "") -> str:
        """Return a call of it.

        Args:
            changed: Expressions of inputs that are not those of the node, by name.
            more: Further arguments, as "**given".
        """
        written = []
        for one in self.arguments:
            if one.type.name == "model":
                continue
            if one.name in changed:
                written.append(f"{one.code}={changed[one.name]}")
            elif self.at.is_set(one.name):
                written.append(f"{one.code}={self.at.code(one.name)}")
        return f"{self.name}({', '.join([*written, *([more] if more else [])])})"


def write_body(at: NodeWriting, flow: Lowering) -> None:
    """Write a node that runs a flow: once, again and again, for each row, for each cell of a grid."""
    body = at.node_type.body
    assert body is not None
    match body.kind:
        case "flow":
            _write_once(at, _Function(at, flow, body))
        case "repeat" | "while_":
            _write_loop(at, _Function(at, flow, body), body)
        case "for_each":
            _write_rows(at, _Function(at, flow, body), body)
        case "grid":
            _write_grid(at, flow, body)


def _write_once(at: NodeWriting, function: _Function) -> None:
    outputs = list(function.outputs)
    call = function.call({})
    if len(outputs) == 1:
        at.give(**{outputs[0]: call})
        return
    variables = {output: at.variable(output) for output in outputs}
    at.line(f"{', '.join(variables.values())} = {call}" if outputs else call)
    at.give(**variables)


def _write_loop(at: NodeWriting, function: _Function, body: Body) -> None:
    """Write a body that runs again and again; what goes out under the name of an input goes in there the next time."""
    inputs, outputs = at.node_type.inputs, at.node_type.outputs
    carried = [name for name in function.outputs if name in inputs and inputs[name].type == outputs[name].type]
    variables = {name: at.variable(name) for name in function.outputs}
    every = {name: at.variable(listed) for name, listed in body.lists.items() if at.is_read(listed)}
    texts = {one.name: one.text for one in function.arguments}
    for name in carried:
        begin = at.code(name) if at.is_set(name) else texts.get(name)
        at.line(f"{variables[name]} = {begin or 'None'}")
    for variable in every.values():
        at.line(f"{variable} = []")
    call = function.call({name: variables[name] for name in carried})
    turn = [f"{', '.join(variables.values())} = {call}"]
    turn += [f"{variable}.append({variables[name]})" for name, variable in every.items()]
    if body.kind == "while_":
        turn += [f"if not {variables[GO_ON]}:", "    break"]
    at.line(f"for _ in range({at.code(body.steered_by)}):", *(f"    {line}" for line in turn))
    at.give(**variables, **{body.lists[name]: variable for name, variable in every.items()})


def _write_rows(at: NodeWriting, function: _Function, body: Body) -> None:
    kinds = {one.code: one.type.name for one in function.arguments if one.type.name != "model"}
    reads = at.bring(read_rows)
    given, rows = at.local("given"), at.code(body.steered_by)
    over = f"for {given} in {reads}({rows}, {flat(kinds)}):"
    names = at.local("columns")
    is_tabled = at.is_read(body.table)
    _write_turns(at, function, body, over, f"**{given}", is_tabled)
    if is_tabled:
        at.line(f"{names} = [name for name in {rows}.columns if name in {flat(list(kinds))}]")
        cells = f'{rows}[{names}].to_dict("records")'
        at.give(**{body.table: f"{at.bring(turns_table)}({cells}, {at.made})"})


def _write_turns(
    at: NodeWriting, function: _Function, body: Body, over: str, more: str, is_tabled: bool, changed: Any = None
) -> dict[str, str]:
    """Write a loop of calls that lists what comes out; return the lists by output of the body."""
    lists = {name: at.variable(body.lists[name]) for name in function.outputs if name in body.lists}
    singles = {name: at.local(name) for name in function.outputs}
    call = function.call(changed or {}, more)
    for variable in lists.values():
        at.line(f"{variable} = []")
    turn = [f"{', '.join(singles.values())} = {call}"]
    for name, variable in lists.items():
        turn.append(
            f"{variable} += {singles[name]}" if function.outputs[name].many else f"{variable}.append({singles[name]})"
        )
    if is_tabled:
        at.made = at.local("made")
        at.line(f"{at.made} = []")
        told = ", ".join(f"{flat(name)}: {code}" for name, code in singles.items() if not function.outputs[name].many)
        turn.append(f"{at.made}.append({{{told}}})")
    at.line(over, *(f"    {line}" for line in turn))
    at.give(**{body.lists[name]: variable for name, variable in lists.items()})
    return lists


def _write_grid(at: NodeWriting, flow: Lowering, body: Body) -> None:
    text = at.known(body.steered_by)
    if text is UNKNOWN or not at.is_fixed(body.steered_by):
        at.refuse("its axes are known only when the flow runs. Write them on the node.")
    names = [name for name in at.node_type.inputs if name != body.steered_by]
    axes = axes_room.read_axes(text, names)
    function = _Function(at, flow, body, tuple(axes))
    kinds = {one.name: one.type.name for one in function.arguments}
    values = {
        name: [None if cell is None else read_cell(kinds[name], cell) for cell in axis] for name, axis in axes.items()
    }
    at.add_import("import itertools")
    variables = {name: at.local(name) for name in axes}
    product = f"itertools.product({', '.join(flat(axis) for axis in values.values())})"
    over = f"for {', '.join(variables.values())}{',' if len(variables) == 1 else ''} in {product}:"
    is_tabled = at.is_read(body.table)
    lists = _write_turns(at, function, body, over, "", is_tabled, variables)
    ((shown, _),) = body.lists.items()
    if at.is_read("image"):
        at.give(image=f"{at.bring(contact_sheet)}({lists[shown]}, {flat(axes)})")
    if is_tabled:
        product = f"itertools.product({', '.join(flat(axis) for axis in axes.values())})"
        cells = f"[dict(zip({flat(list(axes))}, cell, strict=True)) for cell in {product}]"
        at.give(**{body.table: f"{at.bring(turns_table)}({cells}, {at.made})"})
