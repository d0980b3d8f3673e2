"""One node as cells of a notebook, to be looked into: its inputs as they are, and its code as in the script."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ExportError, PixelFlowError
from ..flow import document as doc
from ..flow.bindings import bound_ports, variable_of
from ..flow.document import Document
from ..flow.media_files import PLAIN
from ..flow.muting import is_muted
from ..flow.subflows import with_subflows
from ..schema import Port
from ..schema.literals import flat
from .arguments import argument_of
from .expressions import Expression
from .formatting import formatted_cell, without_unused
from .lowering import Lowering
from .names import Names
from .script import OVERLOOKED, Script, given_of

if TYPE_CHECKING:
    from .exportable import ExportableFlow

INPUTS = "inputs"
"""The variable that holds what comes into the node."""
_SHIPPED = re.compile(
    r"(?:^#.*\n)*^(\w+) = os\.environ\.get\(.*Path\(__file__\)\.parent / (\"[\w.-]+\")\)\)", re.MULTILINE
)
"""How a script finds a model that comes with this package, which a script cannot ask, and a cell can."""


class _Before(Lowering):
    """Knows what the nodes before one give: lists, or which models; what it writes is read by nobody."""

    is_as_it_stands = True

    def look(self, node: str) -> None:
        """Look at all that a node depends on."""
        for one in self._needed([node]):
            if one != node:
                self._look(one)
        for edge in self._graph.incoming[node]:  # those into lazy inputs, too
            for one in self._needed([edge.source], self.made):
                self._look(one)

    def _look(self, node: str) -> None:
        try:
            self.made[node] = self._write(node)
        except ExportError:  # it cannot be written, and need not be
            self.made[node] = self._declared(node)

    def _declared(self, node: str) -> dict[str, Expression]:
        node_type = self._type(node)
        is_mapped = any(
            self.made[edge.source][edge.output].type.many and not node_type.inputs[edge.input].type.many
            for edge in self._eager(node)
            if edge.source in self.made
        )
        return {
            name: Expression(name, port.type.listed if is_mapped and not port.type.many else port.type)
            for name, port in node_type.outputs.items()
        }


class _One(Lowering):
    """Writes one node, whose inputs are names.

    Attributes:
        inputs: What each input is called that is loaded, by port.
    """

    def write_one(self, node: str, before: _Before) -> dict[str, Expression]:
        """Write a node and return what it gives."""
        self.inputs: dict[str, str] = {}
        self._node = node
        self.made = dict(before.made)
        return self._write(node)

    def _input(self, node: str, port: Port) -> Expression:
        entry = self._entries[node]
        if node != self._node:
            return super()._input(node, port)
        if port.name in bound_ports(entry):
            return self._loaded(port.name, Expression("", port.type))
        stored = entry.get("values", {}).get(port.name)
        is_medium = stored is not None and port.type.name not in PLAIN
        is_joined = (
            any(edge.input == port.name for edge in self._graph.incoming[node]) or (node, port.name) in self._fed
        )
        if is_medium and not is_joined:
            return self._loaded(port.name, Expression("", port.type))
        code = super()._input(node, port)
        if not is_joined or code.type.name == "model":
            return code
        return self._loaded(port.name, code)

    def _loaded(self, port: str, code: Expression) -> Expression:
        """Return an input as the name that the first cell gives it."""
        if port not in self.inputs:
            self.inputs[port] = self.names.take(port.rpartition(".")[2])
        return replace(code, text=self.inputs[port], is_fixed=False, is_default=False)


def cells_of(flow: ExportableFlow, node: str, variable: str | None) -> list[str]:
    """Return a node as cells; see `Flow.to_cells`.

    Raises:
        ExportError: The node cannot be written, or has problems.
    """
    _check(flow, node)
    memory: dict[Hashable, dict[Hashable, None]] = {}
    try:
        cells = _written(flow, node, variable, memory)
        return _written(flow, node, variable, memory) if memory else cells
    except ExportError:
        raise
    except PixelFlowError as error:
        raise ExportError(str(error)) from error


def _check(flow: ExportableFlow, node: str) -> None:
    entry = doc.nodes(flow.document).get(node)
    if entry is None:
        raise ExportError(f"There is no node '{node[:60]}' in the flow.")
    node_type = with_subflows(flow.registry, flow.document).find(entry["type"])
    title = doc.title_of(flow.document, node, node_type.title if node_type else "")
    if is_muted(entry):
        raise ExportError(f"'{title}' is muted, and does nothing. Unmute it first.")
    if node_type is not None and node_type.is_static:
        raise ExportError(
            f"'{title}' only names a model: its code is part of every node that uses it. Open one of those."
        )
    wrong = [
        one for one in flow.problems() if one.node == node and one.severity == "error" and one.code not in OVERLOOKED
    ]
    if wrong:
        raise ExportError(f"What is wrong cannot be written. {' '.join(map(str, wrong[:5]))}")


def _written(
    flow: ExportableFlow, node: str, variable: str | None, memory: dict[Hashable, dict[Hashable, None]]
) -> list[str]:
    document, types = flow.document, with_subflows(flow.registry, flow.document)
    seeds = getattr(flow.last_run, "seeds", {})
    folder = f"{document['name']}.media"
    aside = Script(folder, {})
    given = {
        one.name: given_of(one) for one in (argument_of(entry, aside, flow.media) for entry in doc.inputs(document))
    }
    before = _Before(aside, document, types, flow.media, Names(outer=aside.names), given, {})
    before.look(node)
    script = Script(folder, memory)
    for name in {*_of_notebook(document), variable or "flow", "pf", INPUTS}:
        script.names.keep(name)
    one = _One(script, document, types, flow.media, Names(outer=script.names), given, seeds)
    made = one.write_one(node, before)
    loading = _loading(flow, node, variable, one.inputs)
    shown = [code.text for code in made.values() if code.text.isidentifier()]
    constants, shipped = _SHIPPED.subn(r"\1 = pf.models.card_of(\2).source", "\n".join(script.constants))
    imports = {*script.imports, *script.sources.imports, *(["import pixelflow_widgets as pf"] if shipped else [])}
    parts = ["\n".join(sorted(imports)), constants, *script.definitions]
    parts.append("\n".join([*one.lines, *([", ".join(shown)] if shown else [])]).strip("\n"))
    code = "\n\n\n".join(filter(None, parts))
    return [*loading, formatted_cell(without_unused(_with_media(flow, folder, code)))]


def _loading(flow: ExportableFlow, node: str, variable: str | None, inputs: Mapping[str, str]) -> list[str]:
    """Return the cell that takes what comes into the node, if anything does."""
    if not inputs:
        return []
    lines = []
    if variable is None:
        path = flow.path
        if path is None:
            raise ExportError("The flow has no file and no variable, by which a cell could find it. Save it first.")
        lines += ["import pixelflow_widgets as pf", "", f"flow = pf.edit({flat(str(path))})"]
    lines.append(f"{INPUTS} = {variable or 'flow'}.values_into({flat(node)})")
    lines += [f"{name} = {INPUTS}[{flat(port)}]" for port, name in inputs.items()]
    return [formatted_cell("\n".join(lines))]


def _of_notebook(document: Document) -> set[str]:
    """Return the variables of the notebook that the flow reads and writes: a cell must not take their place."""
    found = {name for entry in doc.nodes(document).values() for name in bound_ports(entry).values()}
    return {*found, *filter(None, map(variable_of, [*doc.inputs(document), *doc.outputs(document)]))}


def _with_media(flow: ExportableFlow, folder: str, code: str) -> str:
    """Return code that finds the flow's media wherever the notebook lies."""
    beside = f"Path(__file__).parent / {flat(folder)}"
    if beside not in code:
        return code
    if flow.media.folder is None:
        raise ExportError("The node holds media, and the flow has no file beside which they lie. Save it first.")
    return code.replace(beside, f"Path({flat(str(flow.media.folder))})")
