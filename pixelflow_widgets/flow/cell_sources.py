"""The source of a function of the notebook with all that it needs: imports, helpers, classes, constants.

What a cell holds besides is left alone, and so is a value that is no plain constant, or is named like a secret: it
would leave the notebook with the flow.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import math
import re
import symtable
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..schema.code_digest import is_own

_MOST_CHARACTERS = 10_000
"""Of a constant; a longer one is data."""
_SECRET = re.compile(r"(^|_)(api_?key|key|token|secret|password|passwd|credentials?)($|_|s$)", re.IGNORECASE)
_CELL = re.compile(r"ipykernel_|ipython-input|^<")
_FUTURE = "from __future__ import annotations"


@dataclass(frozen=True)
class CellSource:
    """Is the source of a function of the notebook.

    Args:
        text: A module that defines it.
        missing: Names that it needs and that could not be carried.
    """

    text: str
    missing: tuple[str, ...] = ()


def source_of(function: Callable[..., Any]) -> CellSource | None:
    """Return the source of a function of the notebook with what it needs, or None where its text is not known."""
    written = inspect.unwrap(function)
    if not isinstance(written, types.FunctionType):
        return None
    if (ran := _ran.get(written.__code__.co_filename)) is not None:
        return CellSource(ran)
    gathered = _Gathered()
    if not gathered.add_function(written):
        return None
    text = gathered.text()
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    if not any(isinstance(step, ast.FunctionDef) and step.name == written.__name__ for step in tree.body):
        return None  # it was made by another function
    return CellSource(text, tuple(sorted(gathered.missing)))


_ran: dict[str, str] = {}
"""Texts that were run here, by the name of their file."""


def run_source(name: str, text: str, digest: str) -> None:
    """Run the source of a node type, which defines it; in a namespace of its own, as if it stood in a cell.

    Args:
        name: Of the node type.
        text: Its source.
        digest: Of the source.
    """
    file = f"<{name} {digest[:12]}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    _ran[file] = text
    exec(compile(text, file, "exec", dont_inherit=True), {"__name__": "__main__", "__builtins__": builtins})


class _Gathered:
    """Collects what a function needs, each after what it needs itself."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._imports: set[str] = set()
        self._pieces: list[str] = []
        self._seen: set[str] = set()

    def text(self) -> str:
        """Return all as one module."""
        future = [_FUTURE] if _FUTURE in self._imports else []
        brought = {line.rpartition(".")[0] for line in self._imports}  # `import a.b` binds a, too
        imports = sorted(self._imports.difference(future, brought), key=lambda line: (line.startswith("from"), line))
        constants = [piece for piece in self._pieces if _is_constant(piece)]
        blocks = ["\n".join(future), "\n".join(imports), "\n".join(constants)]
        head = "\n\n".join(block for block in blocks if block)
        return "\n\n\n".join([*([head] if head else []), *(one for one in self._pieces if one not in constants)]) + "\n"

    def add_function(self, function: types.FunctionType) -> bool:
        """Add a function with what it needs; return False where its text is not known."""
        try:
            text = textwrap.dedent(inspect.getsource(function)).rstrip()
            ast.parse(text)
        except (OSError, TypeError, SyntaxError):
            return False
        if function.__code__.co_flags & 0x1000000:  # CO_FUTURE_ANNOTATIONS
            self._imports.add(_FUTURE)
        self.missing.update(name for name in function.__code__.co_freevars if name != "__class__")
        self._add(text, function.__globals__, function.__code__.co_filename)
        return True

    def _add(self, text: str, names: dict[str, Any], file: str) -> None:
        for name in sorted(_needed(text)):
            if name in names and name not in self._seen:
                self._seen.add(name)
                self._resolve(name, names[name], names, file)
        for chain in _chains(text):
            self._import_parts(chain, names)
        if text not in self._pieces:
            self._pieces.append(text)

    def _resolve(self, name: str, value: Any, names: dict[str, Any], file: str) -> None:
        """Add what a name stands for."""
        literal = _literal(value)
        if literal is not None:
            if _SECRET.search(name):
                self.missing.add(name)
            else:
                self._pieces.append(f"{name} = {literal}")
            return
        if isinstance(value, types.ModuleType):
            own = value.__name__
            self._imports.add(f"import {own}" if own == name else f"import {own} as {name}")
            return
        function = inspect.unwrap(value) if callable(value) else value
        if isinstance(function, types.FunctionType) and is_own(function):
            if function.__name__ != name or not self.add_function(function):
                self.missing.add(name)
        elif (line := _import_of(name, value)) is not None:
            self._imports.add(line)
        elif isinstance(value, type) or _is_alias(value):
            if (text := _definition(name, file)) is None:
                self.missing.add(name)
            else:
                self._add(text, names, file)
        else:
            self.missing.add(name)

    def _import_parts(self, chain: list[str], names: dict[str, Any]) -> None:
        """Import the modules that are reached through another: `PIL.Image` of `import PIL.Image`."""
        module = names.get(chain[0])
        for part in chain[1:]:
            inner = getattr(module, part, None) if isinstance(module, types.ModuleType) else None
            if module is None or not isinstance(inner, types.ModuleType):
                return
            if inner.__name__ != f"{module.__name__}.{part}":
                return
            module = inner
            if chain[0] == inner.__name__.partition(".")[0]:
                self._imports.add(f"import {inner.__name__}")


def _is_constant(piece: str) -> bool:
    """Return whether a piece needs nothing: `NAME = 3`, as `_resolve` writes it."""
    return not _needed(piece) and isinstance(ast.parse(piece).body[0], ast.Assign)


def _needed(text: str) -> set[str]:
    """Return the names that a definition takes from around it; no attribute and no local variable is among them."""
    found: set[str] = set()
    pending = [symtable.symtable(text, "cell", "exec")]
    while pending:
        table = pending.pop()
        is_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_global() if not is_top else symbol.is_referenced():
                found.add(symbol.get_name())
        pending += table.get_children()
    return found


def _chains(text: str) -> Iterator[list[str]]:
    """Yield the names of each `a.b.c` in a text."""
    for node in ast.walk(ast.parse(text)):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name):
            yield [node.id, *reversed(parts)]


def _import_of(name: str, value: Any) -> str | None:
    """Return the line that imports what another module defines, or None where that is not known."""
    own = getattr(value, "__name__", None) or getattr(value, "_name", None) or name
    for home in (getattr(value, "__module__", None), "typing", "pixelflow_widgets"):
        module = sys.modules.get(home) if isinstance(home, str) and home != "__main__" else None
        for known in dict.fromkeys((own, name)) if module is not None else ():
            if isinstance(known, str) and getattr(module, known, module) is value:
                return f"from {home} import {known}" + ("" if known == name else f" as {name}")
    return None


def _is_alias(value: Any) -> bool:
    """Return whether a value is a name for a type: `Literal["a", "b"]`, `list[int]`, `int | None`, a TypeVar."""
    return isinstance(value, types.GenericAlias | types.UnionType | typing.TypeVar | typing.NewType) or (
        type(value).__module__ == "typing" and typing.get_origin(value) is not None
    )


def _definition(name: str, file: str) -> str | None:
    """Return the text that defined a class or a name for a type, from the cell that did so last."""
    cells = [known for known in reversed(list(linecache.cache)) if _CELL.search(known) and known != file]
    for cell in (file, *cells):
        lines = linecache.getlines(cell)
        try:
            tree = ast.parse("".join(lines))
        except SyntaxError:  # a cell with a line of magic
            continue
        for step in reversed(tree.body):
            if _defines(step, name):
                first = min([step.lineno, *(one.lineno for one in getattr(step, "decorator_list", ()))])
                return "".join(lines[first - 1 : step.end_lineno]).rstrip()
    return None


def _defines(step: ast.stmt, name: str) -> bool:
    if isinstance(step, ast.ClassDef):
        return step.name == name
    if isinstance(step, ast.Assign) and len(step.targets) == 1:
        return isinstance(step.targets[0], ast.Name) and step.targets[0].id == name
    return isinstance(step, ast.AnnAssign) and isinstance(step.target, ast.Name) and step.target.id == name


def _literal(value: Any) -> str | None:
    """Return a plain constant as Python writes it, the same in every process; None for anything else."""
    try:
        text = _write(value)
    except (TypeError, RecursionError):
        return None
    return text if len(text) <= _MOST_CHARACTERS else None


def _write(value: Any) -> str:
    kind = type(value)
    if kind is float and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or kind in (bool, int, float, complex, str, bytes):
        return repr(value)
    if kind is dict:
        return "{" + ", ".join(f"{_write(key)}: {_write(item)}" for key, item in value.items()) + "}"
    if kind is list:
        return "[" + ", ".join(map(_write, value)) + "]"
    if kind is tuple:
        return "(" + ", ".join(map(_write, value)) + (",)" if len(value) == 1 else ")")
    if kind in (set, frozenset):
        items = ", ".join(sorted(map(_write, value)))
        return f"frozenset([{items}])" if kind is frozenset else f"set([{items}])"
    raise TypeError(kind)
