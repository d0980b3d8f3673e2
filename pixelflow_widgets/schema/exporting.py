"""How a node type writes itself into a plain script: what its `export` function is given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NoReturn, Protocol

from .node_type import NodeType


class Unknown:
    """Stands for a value that is known only when the script runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Writing(Protocol):
    """Says what the inputs of a node are in the script, and takes the code that the node becomes.

    A node that is mapped over a list is written once, for one item. Everything is text of Python; a statement is one
    line, or several of them with their own indentation.
    """

    @property
    def node_type(self) -> NodeType:
        """Return the type of the node."""
        ...

    @property
    def title(self) -> str:
        """Return what the node is called on the canvas."""
        ...

    def is_set(self, port: str) -> bool:
        """Return whether an input has a value of its own or an edge, and is not at its default."""
        ...

    def known(self, port: str) -> Any:
        """Return the value of an input, as the executor checks it, or UNKNOWN.

        What comes from an input of the flow is known by its default: that decides how the call looks.
        """
        ...

    def is_fixed(self, port: str) -> bool:
        """Return whether the value of an input is known and cannot be another one when the script runs."""
        ...

    def code(self, port: str) -> str:
        """Return the expression of an input: a name, or a literal."""
        ...

    def local(self, wanted: str) -> str:
        """Return a free name for a variable of the function that is being written."""
        ...

    def reused(self, wanted: str) -> str:
        """Return a variable that every node may set anew, as people call what they need for one line: `pipe`."""
        ...

    def remember(self, key: Hashable, what: Hashable) -> None:
        """Tell other nodes something: which adapters this one wants of a model that they share."""
        ...

    def remembered(self, key: Hashable) -> tuple[Any, ...]:
        """Return what all nodes of the flow tell under a key, each thing once, in their order.

        The flow is written twice, so that the first node knows what the last one told.
        """
        ...

    def add_import(self, line: str) -> None:
        """Import something: "import torch", "from diffusers import UniPCMultistepScheduler"."""
        ...

    def number(self, value: float) -> str:
        """Return the expression of a number that a model's handle holds, which may be known only in the script."""
        ...

    def require(self, package: str) -> None:
        """Say that a package is needed, as pip calls it, which the script does not import itself."""
        ...

    def bring(self, function: Callable[..., Any]) -> str:
        """Copy a function or class of this package or the notebook, with all it uses, and return its name there."""
        ...

    def copy(self) -> None:
        """Write a call of the node's own function, which is copied: what a type without `export` does."""
        ...

    def define(self, key: Hashable, wanted: str, write: Callable[[str], str]) -> str:
        """Put a function or constant at the top of the script, once for each key, and return its name.

        Args:
            key: What it is; the second time nothing is written.
            wanted: How it should be called.
            write: Is given the name, and returns the source.
        """
        ...

    def line(self, *lines: str) -> None:
        """Write statements, in order."""
        ...

    def ahead(self, *lines: str) -> None:
        """Write statements that stand before the node's others, once even where it is mapped over a list."""
        ...

    def behind(self, *lines: str) -> None:
        """Write statements that stand behind all others of the node, once even where it is mapped over a list."""
        ...

    def block(self, port: str) -> tuple[list[str], str]:
        """Return (statements, expression) of what only a lazy input needs; they run where they are written."""
        ...

    def variable(self, output: str) -> str:
        """Return a free name for what an output gives, called as people call it there."""
        ...

    def is_read(self, output: str) -> bool:
        """Return whether anybody wants what an output gives."""
        ...

    def give(self, **codes: str) -> None:
        """Say which expression each output port is."""
        ...

    def settle(self, **values: Any) -> None:
        """Say what outputs are that are known already, a handle of a model say: nothing is written for the node.

        Inputs of the flow that feed only such nodes are no arguments of the script.
        """
        ...

    def refuse(self, why: str) -> NoReturn:
        """Say that this node cannot be written, and what to do.

        Raises:
            ExportError: Always; names the node.
        """
        ...


Export = Callable[[Writing], None]


def indented(lines: Iterable[str]) -> list[str]:
    """Return statements one level deeper."""
    return ["\n".join(f"    {part}" if part else part for part in line.split("\n")) for line in lines]


def items_of(code: str) -> list[str] | None:
    """Return the expressions of a list's items, where they stand in the code."""
    tree = ast.parse(code, mode="eval").body
    if not isinstance(tree, ast.List) or any(isinstance(item, ast.Starred) for item in tree.elts):
        return None
    return [ast.unparse(item) for item in tree.elts]


def assigned(variable: str, lines: Sequence[str], code: str) -> list[str]:
    """Return statements after which a variable is what they made: the last one makes it, where it can."""
    begin = f"{code} = "
    if lines and code.isidentifier() and lines[-1].startswith(begin) and "\n" not in lines[-1]:
        return [*lines[:-1], f"{variable} = {lines[-1].removeprefix(begin)}"]
    return [*lines, f"{variable} = {code}"]
