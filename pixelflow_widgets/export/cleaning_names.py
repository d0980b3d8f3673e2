"""What the names in a definition stand for, and what they are called in the script."""

# ruff: noqa: D102
# What libcst calls at each node is named after it, and says no more.

from __future__ import annotations

from typing import Any, Protocol

import libcst as cst
from libcst.metadata import BuiltinScope, GlobalScope, ImportAssignment, Scope

from ..errors import ExportError
from .sources_kinds import (
    Constant,
    Definition,
    Imported,
    Meaning,
    Own,
    Plain,
    Refused,
    Said,
    Silent,
    StandIn,
    Told,
    Unknown,
)
from .sources_meanings import imported, meaning_in, meaning_of
from .sources_modules import ImportLine, import_lines

_REFUSED = {
    "globals": "looks at all names at once",
    "locals": "looks at all names at once",
    "vars": "looks at all names at once",
    "exec": "runs text as code",
    "eval": "runs text as code",
    "__import__": "imports by text",
}


class Book(Protocol):
    """Gives the names that things have in the script, and copies them."""

    def name_of(self, meaning: Definition | StandIn | Constant, used: set[str]) -> str:
        """Return the name of what is copied, which is none of those that are used otherwise."""
        ...

    def need(self, line: ImportLine, used: set[str]) -> str:
        """Import something and return what it is called, which is none of those that are used otherwise."""
        ...


class Naming(cst.CSTTransformer):
    """Gives the names in a definition those that they have in the script; what they stand for is copied on the way.

    Args:
        definition: What is looked at.
        book: Who gives names and copies.
    """

    def __init__(self, definition: Definition, book: Book) -> None:
        super().__init__()
        self._module, self._book = definition.module, book
        self._statement = definition.bound.statement
        self._scopes = self._module.parsed.scopes_of(self._statement)
        self._kept: set[cst.CSTNode] = set()
        """Nodes that are no references: attributes, keywords, parameters."""
        self._chains: dict[cst.CSTNode, str] = {}
        self._deep = self._hinting = self._trying = 0
        self.early: list[str] = []
        """What is needed when the definition itself is run."""
        self.hinted: list[str] = []
        """What its annotations need then."""
        self.late: list[str] = []

    # What names stand for

    def meaning(self, node: cst.BaseExpression) -> Meaning:
        """Return what a name, or a part of a module, stands for."""
        if isinstance(node, cst.Attribute):
            base = self.meaning(node.value)
            return meaning_in(base.module, node.attr.value) if isinstance(base, Own) else Plain()
        if not isinstance(node, cst.Name):
            return Plain()
        scope = self._scopes.get(node)
        inner = [] if scope is None else [one for one in scope[node.value] if _is_inner(one.scope)]
        if not inner:
            return meaning_of(self._module, node.value)
        for one in inner:
            if isinstance(one, ImportAssignment) and isinstance(one.node, cst.Import | cst.ImportFrom):
                lines = [line for line in import_lines(one.node, self._module.parsed.package) if line.bound == one.name]
                known = imported(self._module, lines)
                return Plain() if isinstance(known, Imported) and one.node in self._kept else known
        return Plain()

    def _used(self, node: cst.BaseExpression) -> set[str]:
        """Return the names that something nearer is bound to where a node stands."""
        while isinstance(node, cst.Attribute):
            node = node.value
        found: set[str] = set()
        scope = self._scopes.get(node)
        while scope is not None and _is_inner(scope):
            imports = {one.name for one in scope.assignments if isinstance(one, ImportAssignment)}
            found |= {one.name for one in scope.assignments} - imports
            scope = scope.parent
        return found

    def said(self, node: cst.BaseExpression, meaning: Meaning) -> cst.BaseExpression | None:
        """Return what is written for a name, here; None leaves it as it is."""
        return self.say(node, meaning)

    def say(self, node: cst.BaseExpression, meaning: Meaning) -> cst.BaseExpression | None:
        """Return what is written for a name; None leaves it as it is."""
        word = node.value if isinstance(node, cst.Name) else self._module.parsed.tree.code_for_node(node)
        used = self._used(node)
        if isinstance(meaning, Definition | StandIn | Constant):
            name = self._book.name_of(meaning, used)
            (self.late if self._deep else self.hinted if self._hinting else self.early).append(name)
            return cst.Name(name)
        if isinstance(meaning, Imported):
            return cst.Name(self._book.need(_chosen(meaning.lines, self._chains.get(node, str(word))), used))
        if isinstance(meaning, Said):
            if meaning.line is not None:
                self._book.need(meaning.line, used)
            return cst.parse_expression(meaning.text)
        if isinstance(meaning, Refused):
            raise ExportError(f"it uses '{word}', which {meaning.why}.")
        if isinstance(meaning, Own):
            raise ExportError(f"it uses the module '{word}' as a value, and not a part of it.")
        if isinstance(meaning, Told | Silent):
            raise ExportError(f"it uses '{word}', which says something to the editor only.")
        if isinstance(meaning, Unknown):
            raise ExportError(f"it uses '{word}', which is defined nowhere that can be seen.")
        if word in _REFUSED and not self._used(node) & {str(word)}:
            raise ExportError(f"it uses '{word}', which {_REFUSED[str(word)]}.")
        if word == "__file__":
            raise ExportError("it uses '__file__', which is another one in a script.")
        return None

    # Names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if original_node in self._kept:
            return updated_node
        meaning = self.meaning(original_node)
        said = self.said(original_node, meaning)
        return updated_node if said is None else with_parens(said, updated_node)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        self._kept.add(node.attr)
        chain, root = [node.attr.value], node.value
        while isinstance(root, cst.Attribute):
            chain, root = [root.attr.value, *chain], root.value
        if isinstance(root, cst.Name):
            self._chains.setdefault(root, ".".join([root.value, *chain]))
        return not isinstance(self.meaning(node.value), Own)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        if not isinstance(self.meaning(original_node.value), Own):
            return updated_node
        meaning = self.meaning(original_node)
        said = self.said(original_node, meaning)
        return updated_node if said is None else with_parens(said, updated_node)

    def visit_MatchKeywordElement(self, node: cst.MatchKeywordElement) -> None:
        self._kept.add(node.key)

    def visit_Global(self, node: cst.Global) -> None:
        raise ExportError(f"it changes '{node.names[0].name.value}', which is the module's.")

    def visit_NameItem(self, node: cst.NameItem) -> None:
        self._kept.add(node.name)

    # Imports inside functions

    def visit_Try(self, node: cst.Try) -> None:
        self._trying += 1

    def visit_Import(self, node: cst.Import) -> bool:
        if self._trying:
            self._kept.add(node)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        if self._trying:
            self._kept.add(node)
        return False

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> Any:
        return self._lifted(original_node, updated_node)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> Any:
        return self._lifted(original_node, updated_node)

    def _lifted(self, original: cst.Import | cst.ImportFrom, updated: Any) -> Any:
        lines = import_lines(original, self._module.parsed.package)
        stays = self._trying and not any(self._module.is_own(line.module) for line in lines)
        return updated if stays else cst.RemoveFromParent()

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        return updated_node if updated_node.body else cst.RemoveFromParent()

    # What is run later

    def visit_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self._deep += 1

    def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self._deep -= 1

    def visit_Lambda_body(self, node: cst.Lambda) -> None:
        self._deep += 1

    def leave_Lambda_body(self, node: cst.Lambda) -> None:
        self._deep -= 1


def _is_inner(scope: Scope) -> bool:
    return not isinstance(scope, GlobalScope | BuiltinScope)


def _chosen(lines: tuple[ImportLine, ...], chain: str) -> ImportLine:
    """Return the import that a chain of names goes through: PIL.Image.new goes through PIL.Image."""
    through = [line for line in lines if not line.name and not line.alias and f"{chain}.".startswith(f"{line.module}.")]
    return max(through, key=lambda line: len(line.module)) if through else lines[-1]


def with_parens(said: cst.BaseExpression, before: cst.BaseExpression) -> cst.BaseExpression:
    return said.with_changes(lpar=before.lpar, rpar=before.rpar)
