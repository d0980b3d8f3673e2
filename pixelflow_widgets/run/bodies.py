"""Does a node that runs a flow: once, again and again with carried values, for each row of a table, for a grid.

Every turn is planned by itself, and finds what earlier turns, runs and kernels left: its inputs come with digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..errors import FlowProblems, MediaError, NodeFailed, PixelFlowError
from ..media.axes import crossed, read_axes
from ..media.cells import is_empty, read_cell
from ..media.contact_sheet import contact_sheet
from ..media.turns_table import turns_table
from ..schema import Port, PortType
from ..schema.body import Body
from ..schema.body_ports import GO_ON
from .cache import Results, Slot, Value, as_list
from .plan import make_plan
from .settings import value_digest
from .steps import Step

if TYPE_CHECKING:
    from ..flow.document import Document
    from .call import Reporter
    from .scope import Scope

_MOST_TOLD = 5


def do_body(scope: Scope, step: Step, inputs: Mapping[str, Value], body: Body, reporter: Reporter) -> Results:
    """Run the body of a node and return what the node gives.

    Args:
        scope: The plan that the node is part of.
        step: The node.
        inputs: What goes into it, for this item.
        body: The flow in it, and how often it runs.
        reporter: Is told how far it is.

    Raises:
        NodeFailed: Something in the body failed; says what.
        Cancelled: The run was stopped.
    """
    turns = _Turns(scope, step, body, reporter)
    given = {name: _slot(step.node_type.inputs[name], value) for name, value in inputs.items()}
    steer = given.pop(body.steered_by, None)
    settings = {name: slot for name, slot in given.items() if isinstance(slot, list) or slot.data is not None}
    match body.kind:
        case "flow":
            return _complete(step, turns.turn(settings))
        case "repeat" | "while_":
            return _complete(step, _loop(turns, settings, _data(steer)))
        case "for_each":
            return _for_each(turns, settings, _data(steer))
        case "grid":
            return _grid(turns, settings, _data(steer))


def _slot(port: Port, value: Value) -> Slot:
    if not port.type.many or value.data is None:
        return value
    return [Value(item, f"{value.digest}.{number}") for number, item in enumerate(value.data)]


def _data(steer: Slot | None) -> Any:
    return steer.data if isinstance(steer, Value) else None


def _complete(step: Step, outputs: Mapping[str, Slot]) -> Results:
    """Return a slot for every output: what was not made is nothing, or an empty list."""
    made: Results = {}
    for name, port in step.node_type.outputs.items():
        made[name] = outputs.get(name, [] if port.type.many else Value(None, "none"))
    return made


class _Turns:
    """Runs the body, turn by turn."""

    def __init__(self, scope: Scope, step: Step, body: Body, reporter: Reporter) -> None:
        self.scope, self.step, self.body, self.reporter = scope, step, body, reporter

    def turn(self, given: Mapping[str, Slot], item: tuple[int, int] | None = None) -> dict[str, Slot]:
        """Run the body once and return its outputs.

        Raises:
            NodeFailed: A node in it failed, or it cannot run.
        """
        from .scope import Scope

        scope, body = self.scope, self.body
        try:
            plan = make_plan(
                cast("Document", body.document),
                scope.run.registry,
                scope.plan.files,
                {},
                None,
                slots=given,
                part=f"{scope.plan.keys.part}{self.step.node}/{body.digest}",
                is_kept=scope.run.cache.has,
            )
        except FlowProblems as error:
            raise NodeFailed(f"the flow in it cannot run. {error.problems[0]}") from None
        is_once = scope.is_once and body.kind == "flow" and not self.reporter.is_of_an_item
        inner = Scope(scope.run, plan, f"{scope.prefix}{self.step.node}/", item, is_once=is_once)
        inner.on_usage = self.reporter.used
        inner.go()
        for failed in () if inner.is_complete else inner.errors.values():
            trace, partial = (failed.traceback, failed.partial) if isinstance(failed, NodeFailed) else ("", "")
            raise NodeFailed(str(failed), traceback=trace, partial=partial)
        return inner.outputs()

    def say(self, number: int, count: int, what: str = "") -> None:
        """Tell which turn begins."""
        self.reporter.progress(number / count, what or f"{number + 1} of {count}")

    def each(self, turns: list[dict[str, Slot]]) -> tuple[list[dict[str, Slot]], dict[int, PixelFlowError]]:
        """Run the body with each of several inputs; return (outputs, empty where it failed; why it failed)."""
        given: list[dict[str, Slot]] = []
        errors: dict[int, PixelFlowError] = {}
        for number, inputs in enumerate(turns):
            self.say(number, len(turns))
            try:
                given.append(self.turn(inputs, (number, len(turns))))
            except (NodeFailed, MediaError) as error:
                errors[number] = error
                given.append({})
                self.reporter.log(f"{number + 1} of {len(turns)} failed: {error}")
        return given, errors


def _loop(turns: _Turns, given: dict[str, Slot], most: int) -> dict[str, Slot]:
    """Run the body again and again; what goes out under the name of an input goes in there the next time."""
    body, node_type = turns.body, turns.step.node_type
    carried = [
        name
        for name, port in node_type.outputs.items()
        if name in node_type.inputs and node_type.inputs[name].type == port.type
    ]
    every: dict[str, list[Value]] = {listed: [] for listed in body.lists.values()}
    outputs: dict[str, Slot] = {}
    for number in range(most):
        turns.say(number, most)
        outputs = turns.turn(given, (number, most))
        for name, listed in body.lists.items():
            every[listed] += as_list(outputs[name]) if name in outputs else []
        given = {**given, **{name: outputs[name] for name in carried if name in outputs}}
        if body.kind == "while_" and not _goes_on(outputs):
            break
    else:
        if body.kind == "while_":
            turns.reporter.log(f"It would have gone on: it ended after {most} times, which is the most it may run.")
    return {**outputs, **every}


def _goes_on(outputs: Mapping[str, Slot]) -> bool:
    said = outputs.get(GO_ON)
    return isinstance(said, Value) and bool(said.data)


def _for_each(turns: _Turns, given: dict[str, Slot], rows: Any) -> Results:
    body, ports = turns.body, turns.step.node_type.inputs
    names = [str(column) for column in rows.columns if str(column) in ports and str(column) != body.steered_by]
    if not names and len(rows):
        columns = ", ".join(map(str, rows.columns)) or "none"
        raise NodeFailed(f"no column is named like an input. Columns: {columns}. Inputs: {', '.join(ports)}.")
    cells = [dict(zip(names, row, strict=True)) for row in rows[names].itertuples(index=False, name=None)]
    outputs, errors = turns.each([{**given, **_read_row(ports, cell, n)} for n, cell in enumerate(cells)])
    if errors:
        told = "; ".join(f"row {number + 1}: {error}" for number, error in list(errors.items())[:_MOST_TOLD])
        raise NodeFailed(f"{len(errors)} of {len(cells)} rows failed; the others are kept. {told}")
    made = {listed: [v for one in outputs for v in as_list(one.get(name, []))] for name, listed in body.lists.items()}
    table = turns_table(cells, [_plain(one) for one in outputs])
    return _complete(turns.step, {**made, body.table: _identified(PortType("table"), table)})


def _plain(outputs: Mapping[str, Slot]) -> dict[str, Any]:
    """Return the single values among the outputs of a turn."""
    return {name: slot.data for name, slot in outputs.items() if isinstance(slot, Value)}


def _read_row(ports: Mapping[str, Port], cell: Mapping[str, Any], number: int) -> dict[str, Slot]:
    """Return the values of a row as inputs; an empty cell leaves the input as it is."""
    found: dict[str, Slot] = {}
    for name, raw in cell.items():
        if is_empty(raw):
            continue
        raw = raw.item() if hasattr(raw, "item") else raw
        try:
            found[name] = _read(ports[name], raw)
        except MediaError as error:
            raise NodeFailed(f"row {number + 1}, column '{name}': {error}") from None
    return found


def _read(port: Port, raw: Any) -> Slot:
    """Return a value of a table or an axis as an input takes it; numbers may be written as text."""
    raw = read_cell(port.type.name, raw)
    if port.type.name == "model" and isinstance(raw, str):
        from ..media import Model

        raw = Model(raw)
    value = port.check(raw)
    if port.type.many:
        return [_identified(port.type.one, item) for item in value]
    return _identified(port.type, value)


def _identified(port_type: PortType, value: Any) -> Value:
    return Value(value, "none" if value is None else value_digest(port_type, value))


def _grid(turns: _Turns, given: dict[str, Slot], text: str) -> Results:
    ports = {name: port for name, port in turns.step.node_type.inputs.items() if name != turns.body.steered_by}
    try:
        axes = read_axes(text, ports)
        cells = crossed(axes)
        inputs = [{**given, **_read_cell(ports, given, cell)} for cell in cells]
    except MediaError as error:
        raise NodeFailed(str(error)) from None
    outputs, errors = turns.each(inputs)
    if len(errors) == len(cells):
        raise NodeFailed(f"every cell of the grid failed. The first: {next(iter(errors.values()))}")
    turns.reporter.is_whole = not errors
    ((shown, listed),) = turns.body.lists.items()
    pictures = [as_list(one[shown])[0] if shown in one and as_list(one[shown]) else None for one in outputs]
    sheet = contact_sheet(
        [None if picture is None else picture.data for picture in pictures],
        axes,
        errors={number: str(error) for number, error in errors.items()},
    )
    table = turns_table(
        cells, [_plain(one) for one in outputs], {number: str(error) for number, error in errors.items()}
    )
    images: list[Value] = [picture for picture in pictures if picture is not None]
    made = {"image": _identified(PortType("image"), sheet), listed: images}
    return _complete(turns.step, {**made, turns.body.table: _identified(PortType("table"), table)})


def _read_cell(ports: Mapping[str, Port], given: Mapping[str, Slot], cell: Mapping[str, str | None]) -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for name, text in cell.items():
        port = ports[name]
        if text is not None:
            try:
                found[name] = _read(port, text)
            except MediaError as error:
                raise MediaError(f"axis '{name}', value '{text[:40]}': {error}") from None
        elif port.optional:
            found[name] = Value(None, "none")
        else:
            raise MediaError(f"'none' is on the axis '{name}', which wants {port.type}. Write a value in its place.")
    return found
