"""What an expression of a builder script stands for: literals, names, ports, calls of our own verbs. Nothing is run."""

from __future__ import annotations

import ast
import operator
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import nearest
from ..flow.editing import is_file_name
from ..flow.handles import FlowInput, InputPort, Node, OutputPort
from ..flow.stated import StatedFlow
from ..media import Adapter, Model
from ..schema import NodeType, Registry
from .builder_dialect import NODES, PACKAGE, TYPES, VERBS, record
from .builder_source import Source

MOST_DEEP = 80
"""How many expressions stand inside each other."""
MOST_REPEATED = 16 * 1024**2
"""How many characters and items come in by names: a list of a list of a list grows faster than its script."""
_BUILT_IN: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
_TYPING: dict[str, Any] = {"Any": Any, "Literal": typing.Literal}
_NUMBERS = ("inf", "-inf", "nan")


class FlowClass:
    """Stands for `pf.Flow`, which only `with` may call."""


class Package:
    """Stands for the package or for its nodes."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True)
class Function:
    """Stands for the function of a node.

    Args:
        node_type: Its type.
    """

    node_type: NodeType


@dataclass
class Scope:
    """Knows the names of a script, and the flows that are open.

    Args:
        source: The script.
        registry: Which node types there are.
        names: What each name stands for.
        flows: The flows that are open, the innermost last.
        flow: The flow of the script, once it has begun.
        repeated: How much came in by names so far.
        sizes: How large a list or mapping is, with itself, by its id.
    """

    source: Source
    registry: Registry
    names: dict[str, Any] = field(default_factory=dict)
    flows: list[StatedFlow] = field(default_factory=list)
    flow: StatedFlow | None = None
    repeated: int = 0
    sizes: dict[int, tuple[Any, int]] = field(default_factory=dict)

    def member(self, node: ast.AST, package: str, name: str) -> Any:
        """Return what is imported from one of the modules that may be imported from."""
        if package == PACKAGE:
            found = {**TYPES, "Adapter": Adapter, "Flow": FlowClass(), "nodes": Package(NODES)}.get(name)
        elif package == "typing":
            found = _TYPING.get(name)
        else:
            found = self._function(name)
        if found is None:
            self.source.refuse(node, f"'{package}' has no '{name[:80]}' that is read here.")
        return found

    def _function(self, name: str) -> Function | None:
        from .. import nodes

        node_type = self.registry.find(name) if name in nodes.__all__ else None
        return Function(node_type) if node_type is not None else None

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return what an expression stands for.

        Raises:
            ExportError: It is not in the dialect, or cannot be done; names line and column.
        """
        if depth > MOST_DEEP:
            self.source.refuse(node, "This is nested too deep.")
        match node:
            case ast.Constant(value=str() | bool() | int() | float() | None):
                return node.value
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() as number)):
                return -number if isinstance(node.op, ast.USub) else number
            case ast.Name():
                return self._named(node)
            case ast.List():
                return [self.value(each, depth + 1) for each in node.elts]
            case ast.Tuple():
                return tuple(self.value(each, depth + 1) for each in node.elts)
            case ast.Dict():
                return self._mapping(node, depth)
            case ast.Attribute():
                return self._attribute(node, depth)
            case ast.Subscript():
                return self._subscript(node, depth)
            case ast.Call():
                return self._call(node, depth)
        self.source.refuse_kind(node)

    def _named(self, node: ast.Name) -> Any:
        if node.id in self.names:
            value = self.names[node.id]
            self.repeated += self._size(value)
            if self.repeated > MOST_REPEATED:
                self.source.refuse(node, "What stands behind the names of this script is too large. Write less of it.")
            return value
        if node.id in _BUILT_IN:
            return _BUILT_IN[node.id]
        known = nearest(node.id, self.names)
        self.source.refuse(node, f"Nothing is called '{node.id[:80]}' here.{known} Only names of this script are read.")

    def _size(self, value: Any) -> int:
        if not isinstance(value, list | tuple | dict):
            return len(value) if isinstance(value, str) else 1
        if id(value) not in self.sizes:
            each = value.values() if isinstance(value, dict) else value
            self.sizes[id(value)] = value, 1 + sum(map(self._size, each))
        return self.sizes[id(value)][1]

    def _mapping(self, node: ast.Dict, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, each in zip(node.keys, node.values, strict=True):
            if key is None:
                self.source.refuse(each, "A star is not read here. Write each entry out.")
            name = self.value(key, depth + 1)
            if not isinstance(name, str):
                self.source.refuse(key, "A name in braces is text.")
            if name in made:
                self.source.refuse(key, f"'{name[:80]}' stands twice in these braces. Take one out.")
            made[name] = self.value(each, depth + 1)
        return made

    def _attribute(self, node: ast.Attribute, depth: int) -> Any:
        inside, name = self.value(node.value, depth + 1), node.attr
        if name.startswith("_"):
            self.source.refuse(node, f"'{name[:80]}' is an inside of Python, which is not read here.")
        if isinstance(inside, Package):
            return self.member(node, inside.name, name)
        if isinstance(inside, StatedFlow) and name in ("nodes", "inputs"):
            return getattr(inside, name)
        if isinstance(inside, Node) and name in ("inputs", "outputs"):
            return self._done(node, getattr, [inside, name])
        if isinstance(inside, tuple) and name in getattr(inside, "_fields", ()):
            return getattr(inside, name)
        self.source.refuse(node, f"{_words(inside)} has no '.{name[:80]}' that is read here.{_use(inside)}")

    def _subscript(self, node: ast.Subscript, depth: int) -> Any:
        inside = self.value(node.value, depth + 1)
        if isinstance(node.slice, ast.Slice | ast.Starred):
            self.source.refuse_kind(node.slice)
        key = self.value(node.slice, depth + 1)
        if inside is typing.Literal:
            options = key if isinstance(key, tuple) else (key,)
            if not all(isinstance(option, str) for option in options):
                self.source.refuse(node, "The options of a Literal are texts here.")
            return self._done(node, operator.getitem, [typing.Literal, options])
        if inside is list:
            return list[key]
        if isinstance(inside, Node | Mapping) and isinstance(key, str):
            return self._done(node, operator.getitem, [inside, key])
        self.source.refuse(node, f"{_words(inside)} is not read with brackets here.{_use(inside)}")

    def _call(self, node: ast.Call, depth: int) -> Any:
        verb = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        on = self.value(node.func.value, depth + 1) if isinstance(node.func, ast.Attribute) else None
        if isinstance(on, StatedFlow):
            self._check_verb(node, on, verb)
            positional, keywords = self._arguments(node, depth)
            if verb == "add" and positional and is_file_name(positional[0]):
                words = "A script that is only read opens no file. Put that flow into a subflow of this one first."
                self.source.refuse(node.args[0], words)
            return self._done(node, getattr(on, verb), positional, keywords)
        if isinstance(on, Model) and verb in ("with_adapter", "with_options"):
            return self._done(node, getattr(on, verb), *self._arguments(node, depth))
        if not isinstance(node.func, ast.Name | ast.Attribute):
            self.source.refuse(node, "Only functions of nodes and verbs of the flow are called here, by their names.")
        called = self.value(node.func, depth + 1)
        if called is float and len(node.args) == 1 and not node.keywords:
            number = self.value(node.args[0], depth + 1)
            if number in _NUMBERS:
                return float(number)
        if called is Model or called is Adapter:
            return self._done(node, called, *self._arguments(node, depth))
        if isinstance(called, Function):
            return self._record(node, called.node_type, depth)
        if isinstance(called, FlowClass):
            self.source.refuse(node, 'A script builds one flow: write with pf.Flow("name") as flow: once, around it.')
        self.source.refuse(node, f"{_words(called)} is not called here. Call functions of nodes and verbs of the flow.")

    def _record(self, node: ast.Call, node_type: NodeType, depth: int) -> Any:
        positional, keywords = self._arguments(node, depth)
        if not self.flows:
            self.source.refuse(node, "A node is placed inside of 'with pf.Flow(…) as flow:'. Move it there.")
        return self._done(node, record, [self.flows[-1], node_type, positional, keywords])

    def _check_verb(self, node: ast.Call, flow: StatedFlow, verb: str) -> None:
        if verb == "subflow":
            self.source.refuse(node, 'Write with flow.subflow("name") as name: and place nodes in it.')
        if verb not in VERBS:
            known = nearest(verb, VERBS)
            self.source.refuse(node, f"flow.{verb[:80]}(…) does not build a flow, and nothing is run here.{known}")
        if flow is not (self.flows[-1] if self.flows else self.flow):
            self.source.refuse(node, "This belongs to another flow than the one that is open here. Move it there.")

    def _arguments(self, node: ast.Call, depth: int) -> tuple[list[Any], dict[str, Any]]:
        positional = [self._argument(each, depth) for each in node.args]
        keywords: dict[str, Any] = {}
        for each in node.keywords:
            if each.arg is None:
                self.source.refuse(each.value, "A star is not read here. Write each argument out.")
            keywords[each.arg] = self._argument(each.value, depth)
        return positional, keywords

    def _argument(self, node: ast.expr, depth: int) -> Any:
        value = self.value(node, depth + 1)
        if isinstance(value, StatedFlow | Package | FlowClass):
            self.source.refuse(node, f"{_words(value)} is not given to anything here.")
        return value.node_type if isinstance(value, Function) else value

    def _done(
        self, node: ast.AST, what: Callable[..., Any], positional: list[Any], keywords: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return what(*positional, **(keywords or {}))
        except Exception as error:  # what strangers give to our verbs may make them stumble anywhere
            words = error.args[0] if isinstance(error, KeyError) and error.args else error
            self.source.refuse(node, f"{str(words)[:500]}")


def _words(value: Any) -> str:
    if isinstance(value, StatedFlow):
        return "The flow"
    if isinstance(value, Node):
        return f"The node '{value.id}'"
    if isinstance(value, OutputPort | InputPort | FlowInput):
        return f"'{value!s}'"
    if isinstance(value, Package):
        return f"'{value.name}'"
    if isinstance(value, Function):
        return f"The function '{value.node_type.name}'"
    return f"What stands here ({type(value).__name__})"


def _use(value: Any) -> str:
    if isinstance(value, OutputPort | FlowInput):
        return " It is only known when the flow runs: give it to a node."
    if isinstance(value, Node):
        return ' Its outputs are node["name"].'
    return ""
