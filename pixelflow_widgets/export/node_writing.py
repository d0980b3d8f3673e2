"""One node as it is being written: what its inputs are called, and the code that it becomes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ExportError
from ..schema import NodeType, PortType
from ..schema.exporting import indented
from ..schema.literals import flat
from ..schema.port_types import options_of
from .expressions import Expression, fixed
from .names import identifier

if TYPE_CHECKING:
    from .lowering import Lowering


class NodeWriting:
    """Is what the `export` function of a node type is given; see `schema.exporting.Writing`.

    Args:
        flow: The flow that the node is part of, as far as that is written.
        node: Its id.
        node_type: Its type.
        inputs: What comes into it, but for lazy inputs.
    """

    def __init__(self, flow: Lowering, node: str, node_type: NodeType, inputs: Mapping[str, Expression]) -> None:
        self._flow, self._node = flow, node
        self.node_type, self.title = node_type, flow.title(node)
        self._inputs = dict(inputs)
        self._lines: list[str] = []
        self._ahead: list[str] = []
        self._behind: list[str] = []
        self._given: dict[str, str] = {}
        self._settled: dict[str, Any] = {}
        self._lists: set[str] = set()
        self.made = ""
        """The list in which a loop keeps what each turn gave."""

    # What the inputs are

    def is_set(self, port: str) -> bool:
        """Return whether an input has a value of its own or an edge; see `Writing.is_set`."""
        if self.node_type.inputs[port].lazy:
            return self._flow.is_joined(self._node, port)
        return port in self._inputs and not self._inputs[port].is_default

    def known(self, port: str) -> Any:
        """Return the value of an input, or UNKNOWN; see `Writing.known`."""
        return self._inputs[port].known

    def is_fixed(self, port: str) -> bool:
        """Return whether the value of an input can be no other; see `Writing.is_fixed`."""
        return self._inputs[port].is_fixed

    def code(self, port: str) -> str:
        """Return the expression of an input; see `Writing.code`."""
        return self._inputs[port].text

    # What it becomes

    def local(self, wanted: str) -> str:
        """Return a free name for a variable; see `Writing.local`."""
        return self._flow.names.take(wanted)

    def reused(self, wanted: str) -> str:
        """Return a variable that every node may set anew; see `Writing.reused`."""
        return self._flow.reused(wanted)

    def remember(self, key: Hashable, what: Hashable) -> None:
        """Tell other nodes something; see `Writing.remember`."""
        self._flow.script.memory.setdefault(key, {})[what] = None

    def remembered(self, key: Hashable) -> tuple[Any, ...]:
        """Return what all nodes tell under a key; see `Writing.remembered`."""
        return tuple(self._flow.script.memory.get(key, ()))

    def add_import(self, line: str) -> None:
        """Import something; see `Writing.add_import`."""
        self._flow.script.imports.add(line)

    def number(self, value: float) -> str:
        """Return the expression of a number in a handle; see `Writing.number`."""
        return self._flow.script.numbers.get(value) or repr(value)

    def require(self, package: str) -> None:
        """Say that a package is needed; see `Writing.require`."""
        self._flow.script.required.add(package)

    def bring(self, function: Callable[..., Any]) -> str:
        """Copy a function into the script; see `Writing.bring`."""
        try:
            return self._flow.script.sources.bring(function)
        except ExportError as error:
            self.refuse(str(error))

    def define(self, key: Hashable, wanted: str, write: Callable[[str], str]) -> str:
        """Put something at the top of the script; see `Writing.define`."""
        return self._flow.script.define(key, wanted, write)

    def line(self, *lines: str) -> None:
        """Write statements; see `Writing.line`."""
        self._lines += lines

    def ahead(self, *lines: str) -> None:
        """Write statements that stand before all others; see `Writing.ahead`."""
        self._ahead += lines

    def behind(self, *lines: str) -> None:
        """Write statements that stand behind all others; see `Writing.behind`."""
        self._behind += lines

    def block(self, port: str) -> tuple[list[str], str]:
        """Return (statements, expression) of what only a lazy input needs; see `Writing.block`."""
        lazy = [name for name, one in self.node_type.inputs.items() if one.lazy]
        shared = self._flow.shared(self._node, lazy)
        lines, code = self._flow.branch(self._node, self.node_type.inputs[port], shared)
        self._inputs[port] = code
        if code.type.many:
            self._lists.update(self.node_type.outputs)
        return lines, code.text

    def variable(self, output: str) -> str:
        """Return a free name for what an output gives."""
        return self._flow.variable(self._node, output)

    def is_read(self, output: str) -> bool:
        """Return whether anybody wants an output."""
        return self._flow.is_read(self._node, output)

    def give(self, **codes: str) -> None:
        """Say which expression each output is; see `Writing.give`."""
        self._given |= codes

    def settle(self, **values: Any) -> None:
        """Say what outputs are that are known already; see `Writing.settle`."""
        self._settled |= values
        self._flow.settled.add(self._node)

    def refuse(self, why: str) -> NoReturn:
        """Say that the node cannot be written; see `Writing.refuse`."""
        raise ExportError(f"'{self.title}' cannot be written as a script: {why}")

    # Writing

    def write(self) -> dict[str, Expression]:
        """Write the node and return what it gives."""
        flow = self._flow
        mapped = [
            name for name, code in self._inputs.items() if code.type.many and not self.node_type.inputs[name].type.many
        ]
        if mapped:
            return self._write_mapped(mapped)
        self._write_once()
        made = {}
        statements = list(self._lines)
        for name in self.node_type.outputs:
            text = self._given.get(name, "None")
            kind = self._kind(name)
            if name in self._settled:
                value = self._settled[name]
                made[name] = fixed(value, kind, None if isinstance(value, str) else "None")
                continue
            alias = next((code for code in self._inputs.values() if code.text == text and text != "None"), None)
            if alias is not None and alias.is_simple:
                made[name] = Expression(text, kind, alias.known, alias.is_fixed)
            elif text.isidentifier() or text == "None":
                made[name] = Expression(text, kind)
            else:
                variable = flow.variable(self._node, name)
                statements.append(f"{variable} = {text}")
                made[name] = Expression(variable, kind)
        self._put(statements)
        return made

    def _kind(self, output: str) -> PortType:
        """Return what an output carries; what goes through anything is what has come in."""
        declared = self.node_type.outputs[output].type
        name = declared.name
        if name == "any":
            passing = {
                code.type.name
                for port, code in self._inputs.items()
                if self.node_type.inputs[port].type.name == "any" and code.text != "None"
            }
            name = next(iter(passing)) if len(passing) == 1 else name
        return PortType(name, declared.many or output in self._lists, declared.choices)

    def _put(self, statements: list[str]) -> None:
        if self._ahead or statements:
            self._flow.lines += ["", f"# {_one_line(self.title)}", *self._ahead, *statements, *self._behind]

    def _write_once(self) -> None:
        node_type = self.node_type
        if node_type.export is not None:
            node_type.export(self)
        elif node_type.body is not None:
            from .bodies import write_body

            write_body(self, self._flow)
        else:
            self.copy()

    def _write_mapped(self, mapped: list[str]) -> dict[str, Expression]:
        """Write a node that runs once for each item of the lists that come in."""
        flow, lists = self._flow, {name: self._inputs[name] for name in mapped}
        items = {name: flow.names.take(_singular(code.text, name)) for name, code in lists.items()}
        for name, code in lists.items():
            self._inputs[name] = Expression(items[name], code.type.one)
        self._write_once()
        if len(mapped) == 1:
            over = f"for {items[mapped[0]]} in {lists[mapped[0]].text}"
        else:
            pairs = self._flow.script.paired()
            codes = ", ".join(code.text for code in lists.values())
            over = f"for {', '.join(items.values())} in {pairs}({codes})"
        made, statements, appended = {}, [], []
        for name, port in self.node_type.outputs.items():
            text = self._given.get(name, "None")
            if text.isidentifier() and not self.is_read(name):
                continue  # one of several, which nobody wants
            is_list = port.type.many or name in self._lists
            variable = flow.variable(self._node, f"{name}s")
            made[name] = Expression(variable, self._kind(name).listed)
            if not self._lines:
                inner = f"item {over} for item in {text}" if is_list else f"{text} {over}"
                statements.append(f"{variable} = [{inner}]")
            else:
                statements.append(f"{variable} = []")
                appended.append(f"{variable} += {text}" if is_list else f"{variable}.append({text})")
        if self._lines or not made:
            inside = [*self._lines, *appended]
            statements += [f"{over}:", *indented(inside or ["pass"])]
        self._put(statements)
        return made

    def copy(self) -> None:
        """Write a call of the node's own function, which is copied; see `Writing.copy`."""
        node_type = self.node_type
        function = inspect.unwrap(node_type.function)
        if node_type.ask or any(port.lazy for port in node_type.inputs.values()):
            self.refuse("it asks, or takes inputs that run later, and its type says no other way.")
        name = self.bring(function)
        choices, taken = _choices(function), self._flow.script.sources.parameters_of(name)
        arguments = [
            f"{port}={self._argument(port, choices.get(port))}"
            for port, code in self._inputs.items()
            if port in taken and not (code.is_default and code.is_fixed)
        ]
        call = f"{name}({', '.join(arguments)})"
        outputs = list(node_type.outputs)
        if not outputs:
            self.line(call)
        elif node_type.many_outputs is None:
            self.give(**{outputs[0]: call})
        else:
            variables = {output: self._flow.variable(self._node, output) for output in outputs}
            self.line(f"{', '.join(variables.values())} = {call}")
            self.give(**variables)

    def _argument(self, port: str, options: Mapping[str, Any] | None) -> str:
        code = self._inputs[port]
        if not options or all(isinstance(option, str) for option in options.values()):
            return code.text
        if code.is_fixed:
            return flat(options[code.known]) if code.known is not None else "None"
        table = self.define((identifier(self.title), port), port, lambda name: f"{name} = {flat(dict(options))}")
        return f"{table}[{code.text}]"


def _choices(function: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """Return what a function is given for each option of its choices, by parameter."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return {}
    return {name: found for name, hint in hints.items() if name != "return" and (found := options_of(hint))}


def _singular(listed: str, port: str) -> str:
    """Return what one item of a list is called: "prompts" holds a "prompt"."""
    if listed.isidentifier() and listed.endswith("s") and len(listed) > 2:
        return listed[:-1]
    return port.rpartition(".")[2]


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:80]
