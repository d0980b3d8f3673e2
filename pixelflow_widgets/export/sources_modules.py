"""Python that somebody wrote, parsed: modules, and the cells of a notebook, with what each name in them is bound to."""

from __future__ import annotations

import builtins
import functools
import importlib.util
import io
import linecache
import re
import sys
import tokenize
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider, Scope, ScopeProvider

from ..errors import ExportError

PACKAGE = __name__.partition(".")[0]
Statement = cst.FunctionDef | cst.ClassDef | cst.SimpleStatementLine
Scopes = Mapping[cst.CSTNode, Scope | None]


class ImportLine(NamedTuple):
    """Is one name that is imported.

    Args:
        module: "PIL.Image".
        name: What is taken out of it; empty takes the module itself.
        alias: What it is called here; empty is what Python calls it.
    """

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """Return the name that it makes."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def text(self) -> str:
        """Return the statement."""
        behind = f" as {self.alias}" if self.alias and self.alias != (self.name or self.module) else ""
        return f"from {self.module} import {self.name}{behind}" if self.name else f"import {self.module}{behind}"


class Bound(NamedTuple):
    """Is a statement that binds names.

    Args:
        statement: The statement.
        names: What it binds.
        told: The text that stands behind it and says what it is.
    """

    statement: Statement
    names: tuple[str, ...]
    told: str = ""


class Parsed:
    """Is a text as libcst sees it.

    Args:
        source: The text.
        package: What relative imports start from.
    """

    def __init__(self, source: str, package: str) -> None:
        self.tree = cst.parse_module(source)
        self.package = package
        self.bound: dict[str, Bound] = {}
        self.imports: dict[str, list[ImportLine]] = {}
        self._scopes: dict[cst.CSTNode, Scopes] = {}
        self._read(self.tree.body)

    def scopes_of(self, statement: Statement) -> Scopes:
        """Return the scope of each name in a statement as if that stood alone: what is around it is bound nowhere."""
        if statement not in self._scopes:
            self._scopes[statement] = {}
            if not isinstance(statement, cst.SimpleStatementLine) or self._has_variables(statement):
                alone = MetadataWrapper(cst.Module([statement]), unsafe_skip_copy=True)
                self._scopes[statement] = alone.resolve(ScopeProvider)
                statement.visit(_Captures(self._scopes[statement]))
        return self._scopes[statement]

    def _has_variables(self, line: cst.SimpleStatementLine) -> bool:
        """Return whether a line binds names for itself: in a lambda, or a comprehension."""
        return re.search(r"\b(lambda|for)\b|:=", self.tree.code_for_node(line)) is not None

    @functools.cached_property
    def words(self) -> frozenset[str]:
        """Return every identifier that stands anywhere in it."""
        lines = io.StringIO(self.tree.code).readline
        return frozenset(token.string for token in tokenize.generate_tokens(lines) if token.type == tokenize.NAME)

    def line_of(self, node: cst.CSTNode) -> int:
        """Return the number of the line on which a node begins."""
        return self._lines[node].start.line

    def function_at(self, name: str, line: int) -> cst.FunctionDef | None:
        """Return the function that begins on a line, with its first decorator or with `def`."""
        for node in self._lines:
            if isinstance(node, cst.FunctionDef) and node.name.value == name:
                first = node.decorators[0] if node.decorators else node
                if line in (self.line_of(first), self.line_of(node)):
                    return node
        return None

    @functools.cached_property
    def _lines(self) -> Mapping[cst.CSTNode, Any]:
        return MetadataWrapper(self.tree, unsafe_skip_copy=True).resolve(PositionProvider)

    def _read(self, body: Any) -> None:
        for number, statement in enumerate(body):
            if isinstance(statement, cst.FunctionDef | cst.ClassDef):
                self.bound[statement.name.value] = Bound(statement, (statement.name.value,))
            elif isinstance(statement, cst.SimpleStatementLine):
                behind = body[number + 1] if number + 1 < len(body) else None
                self._read_line(statement, _text_of(behind))
            elif isinstance(statement, cst.If | cst.Try):
                for block in (statement.body, getattr(statement.orelse, "body", None)):
                    if isinstance(block, cst.IndentedBlock):
                        self._read(block.body)

    def _read_line(self, statement: cst.SimpleStatementLine, told: str) -> None:
        for small in statement.body:
            if isinstance(small, cst.ImportFrom) and isinstance(small.names, cst.ImportStar):
                continue
            if isinstance(small, cst.Import | cst.ImportFrom):
                for line in import_lines(small, self.package):
                    self.imports.setdefault(line.bound, []).append(line)
                continue
            targets: list[cst.BaseExpression] = []
            if isinstance(small, cst.Assign):
                targets = [target.target for target in small.targets]
            elif isinstance(small, cst.AnnAssign) and small.value is not None:
                targets = [small.target]
            names = tuple(name for target in targets for name in _names_in(target))
            for name in names:
                self.bound[name] = Bound(statement, names, told)


class _Captures(cst.CSTVisitor):
    """Makes variables of what `match` binds, which libcst overlooks.

    Args:
        scopes: The scope of each name.
    """

    def __init__(self, scopes: Scopes) -> None:
        super().__init__()
        self._scopes = scopes

    def _bind(self, name: cst.Name | None) -> None:
        if name is not None and (scope := self._scopes.get(name)) is not None:
            scope.record_assignment(name.value, name)

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        self._bind(node.name)

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        self._bind(node.name)

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:
        self._bind(node.rest)


def _names_in(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _names_in(element.value)


def _text_of(statement: Any) -> str:
    """Return the text of a statement that is nothing but a text."""
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Expr):
        value = statement.body[0].value
        if isinstance(value, cst.SimpleString) and isinstance(value.evaluated_value, str):
            return value.evaluated_value
    return ""


def import_lines(statement: cst.Import | cst.ImportFrom, package: str) -> list[ImportLine]:
    """Return what an import statement binds; relative modules are made absolute.

    Raises:
        ExportError: It imports everything.
    """
    module = ""
    if isinstance(statement.names, cst.ImportStar):
        raise ExportError("it imports everything (import *). Name what it uses.")
    if isinstance(statement, cst.ImportFrom):
        module = get_full_name_for_node(statement.module) or "" if statement.module else ""
        if level := len(statement.relative):
            parts = package.split(".")
            module = ".".join([*parts[: len(parts) - level + 1], *filter(None, [module])])
    lines = []
    for alias in statement.names:
        name = get_full_name_for_node(alias.name) or ""
        other = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else ""
        lines.append(ImportLine(module, name, other) if module else ImportLine(name, "", other))
    return lines


@dataclass(eq=False)
class Module:
    """Is where something was written.

    Args:
        name: The module's name; "__main__" of a notebook.
        parsed: Its text.
        key: Tells it from all others.
        live: The names of a notebook, or those around a function inside another; None where the text says it all.
    """

    name: str
    parsed: Parsed
    key: str
    live: Mapping[str, Any] | None = None
    own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        root = self.name.partition(".")[0]
        self.own = frozenset([PACKAGE] if self.live is not None or root == "__main__" else [PACKAGE, root])

    @property
    def is_ours(self) -> bool:
        """Return whether it is part of this package."""
        return self.live is None and self.name.partition(".")[0] == PACKAGE

    def is_own(self, module: str) -> bool:
        """Return whether what is imported from there is copied."""
        return module.partition(".")[0] in self.own


@functools.lru_cache(maxsize=256)
def _parsed(source: str, package: str) -> Parsed:
    return Parsed(source, package)


def parsed(source: str, package: str, who: str) -> Parsed:
    """Return a text parsed; each is parsed once.

    Raises:
        ExportError: It is no Python.
    """
    try:
        return _parsed(source, package)
    except cst.ParserSyntaxError as error:
        raise ExportError(f"the source of {who} cannot be read: {error.message}.") from error


_found: dict[str, tuple[Path, str]] = {}


def module_named(name: str) -> Module | None:
    """Return the module of a name, from its file; None where there is none that is written in Python."""
    if name not in _found:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return None
        package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
        _found[name] = Path(spec.origin), package
    path, package = _found[name]
    return Module(name, _parsed_file(path, path.stat().st_mtime_ns, package), name)


@functools.lru_cache(maxsize=256)
def _parsed_file(path: Path, changed: int, package: str) -> Parsed:
    return parsed(path.read_text(encoding="utf-8"), package, path.name)


def is_live(function: types.FunctionType) -> bool:
    """Return whether a function was written in a notebook, a script, or inside another function."""
    return function.__module__ not in sys.modules or function.__module__ == "__main__" or "<" in function.__qualname__


def cell_of(function: types.FunctionType) -> Module:
    """Return the cell in which a function was written, with the names that it sees.

    Raises:
        ExportError: Its source is not known.
    """
    place = function.__code__.co_filename
    source = "".join(linecache.getlines(place, function.__globals__))
    if not source:
        raise ExportError(f"the source of {function.__name__}() is not known.")
    around = inspect_closure(function)
    package = str(function.__globals__.get("__package__") or "")
    name = function.__module__ or "__main__"
    return Module(name, parsed(source, package, f"{function.__name__}()"), place, {**function.__globals__, **around})


def inspect_closure(function: types.FunctionType) -> dict[str, Any]:
    """Return what a function sees of the function around it."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found


def cells() -> Iterator[tuple[str, str]]:
    """Yield (name, source) of every cell that ran, the newest first."""
    for place, entry in reversed(list(linecache.cache.items())):
        if len(entry) == 4 and entry[1] is None:  # of no file that is on disk
            yield place, "".join(entry[2])


def is_builtin(name: str) -> bool:
    """Return whether Python itself knows a name."""
    return hasattr(builtins, name)
