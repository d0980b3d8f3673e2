"""Source of ours, or of a notebook, as somebody would have written it who knows nothing of this package."""

# ruff: noqa: D102
# What libcst calls at each node is named after it, and says no more.

from __future__ import annotations

from typing import Any

import libcst as cst

from ..errors import ExportError
from .cleaning_hints import Hinting
from .cleaning_names import Book
from .cleaning_unread import without_unread, without_unread_parameters
from .cleaning_words import adjacent, described, first_sentence, without_directives, without_repeated
from .sources_kinds import Definition, Meaning, Said, Silent, Told
from .sources_modules import Statement

_BRACED = (cst.IfExp, cst.BinaryOperation, cst.BooleanOperation, cst.Comparison, cst.UnaryOperation, cst.Lambda)
_OF_ERRORS = ("node", "traceback")
"""What our errors take, and Python's do not."""


class Cleaning(Hinting):
    """Cleans one definition; what it uses is copied on the way.

    What tells how far a node is has nobody to tell in a script, and is left out. The record of the flow that is written
    into files is empty there, and what hangs on it is left out, too.

    Args:
        definition: What is cleaned.
        book: Who gives names and copies.
    """

    def __init__(self, definition: Definition, book: Book) -> None:
        super().__init__(definition, book)
        self._told_of = definition.bound.told
        self._silenced: dict[tuple[int, str], Told] = {}
        """Parameters that are left out, by scope and name."""
        self._emptied: set[object] = set()

    def clean(self, name: str) -> Statement:
        """Return the definition as it stands in the script.

        Args:
            name: What a function or class is called there.

        Raises:
            ExportError: It uses something that cannot be there; says what.
        """
        made: Any = self._statement.visit(self)
        if self._silenced:
            made = without_unread(made)
        if any(told.is_empty for told in self._silenced.values()) and self._has_record():
            made = without_unread_parameters(made, self._statement)
        lines = adjacent(made.leading_lines)
        if isinstance(made, cst.SimpleStatementLine):
            return made.with_changes(leading_lines=[*lines, *described(self._told_of)])
        return made.with_changes(leading_lines=lines, name=cst.Name(name))

    # What is told how far a node is

    def tells(self, param: cst.Param) -> Told | None:
        """Return what a parameter is that is left out; None of one that stays."""
        if param.annotation is None:
            return None
        hint = param.annotation.annotation
        if isinstance(hint, cst.BinaryOperation):  # … | None
            hint = hint.left
        known = self.meaning(hint)
        if isinstance(known, Told):
            return known
        word = hint.value if isinstance(hint, cst.Subscript | cst.Name) else None
        word = word.value if isinstance(word, cst.Name) else word
        if self._module.is_ours and (param.name.value, word) in (("report", "Callable"), ("record", "str")):
            return Told(is_empty=word == "str")
        return None

    def told_parameters(self) -> int:
        """Return how many parameters of the function are left out."""
        statement = self._statement
        return len(_silent(self, statement.params)) if isinstance(statement, cst.FunctionDef) else 0

    def _has_record(self) -> bool:
        statement = self._statement
        params = statement.params.params if isinstance(statement, cst.FunctionDef) else ()
        return any(param.annotation and isinstance(self.meaning(param.annotation.annotation), Told) for param in params)

    def _silence(self, node: cst.CSTNode) -> Told | None:
        if not isinstance(node, cst.Name) or (scope := self._scopes.get(node)) is None:
            return None
        found = (self._silenced.get((id(one.scope), node.value)) for one in scope[node.value])
        return next(filter(lambda told: told is not None, found), None)

    def _is_empty(self, node: cst.BaseExpression) -> bool:
        """Return whether an expression hangs on the record of the flow, and is empty without one."""
        if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And):
            return self._is_empty(node.left) or self._is_empty(node.right)
        if isinstance(node, cst.IfExp):
            is_nothing = isinstance(node.orelse, cst.SimpleString) and not node.orelse.evaluated_value
            return self._is_empty(node.body) and (is_nothing or self._is_empty(node.orelse))
        if isinstance(node, cst.Call):
            known = self.meaning(node.func)
            return isinstance(known, Told) and known.is_empty
        told = self._silence(node)
        return told is not None and told.is_empty

    def _is_left_out(self, arg: cst.Arg) -> bool:
        return self._silence(arg.value) is not None or self._is_empty(arg.value)

    def said(self, node: cst.BaseExpression, meaning: Meaning) -> cst.BaseExpression | None:
        """Return what is written for a name, here; None leaves it as it is."""
        if self._silence(node) is not None and isinstance(node, cst.Name):
            raise ExportError(f"it hands '{node.value}' on to something that is not copied.")
        return super().said(node, meaning)

    # Functions and classes

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._kept.add(node.name)
        for param, told in _silent(self, node.params):
            if (scope := self._scopes.get(param.name)) is not None:
                self._silenced[id(scope), param.name.value] = told

    def visit_Param(self, node: cst.Param) -> bool:
        self._kept.add(node.name)
        return self._silence(node.name) is None

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> Any:
        return updated_node if self._silence(original_node.name) is None else cst.RemoveFromParent()

    def visit_Parameters(self, node: cst.Parameters) -> None:
        if all(self._silence(param.name) is not None for param in node.kwonly_params):
            self._emptied.add(node.star_arg)  # a star that nothing stands behind

    def leave_ParamStar(self, original_node: cst.ParamStar, updated_node: cst.ParamStar) -> Any:
        return cst.RemoveFromParent() if original_node in self._emptied else updated_node

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> Any:
        return updated_node.with_changes(body=first_sentence(updated_node.body))

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._kept.add(node.name)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> Any:
        return updated_node.with_changes(body=first_sentence(updated_node.body))

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return not self._is_silent(node)

    def leave_Decorator(self, original_node: cst.Decorator, updated_node: cst.Decorator) -> Any:
        return cst.RemoveFromParent() if self._is_silent(original_node) else updated_node

    def _is_silent(self, decorator: cst.Decorator) -> bool:
        what = decorator.decorator
        return isinstance(self.meaning(what.func if isinstance(what, cst.Call) else what), Silent)

    # Calls

    def visit_Expr(self, node: cst.Expr) -> bool:
        return not self._is_telling(node.value)

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> Any:
        return cst.RemoveFromParent() if self._is_telling(original_node.value) else updated_node

    def _is_telling(self, value: cst.BaseExpression) -> bool:
        if not isinstance(value, cst.Call):
            return False
        func = value.func
        return self._silence(func.value if isinstance(func, cst.Attribute) else func) is not None

    def visit_Arg(self, node: cst.Arg) -> bool:
        if node.keyword is not None:
            self._kept.add(node.keyword)
        return not self._is_left_out(node)

    def visit_Call(self, node: cst.Call) -> bool:
        handed = [arg for arg in node.args if not arg.star and self._is_left_out(arg)]
        if handed and not self._takes_told(node.func, len(handed)):
            raise ExportError("it hands on what tells how far it is, to something that is not copied.")
        return not self._is_identity(node)

    def _takes_told(self, func: cst.BaseExpression, count: int) -> bool:
        known = self.meaning(func)
        if isinstance(known, Definition):
            return Cleaning(known, self._book).told_parameters() >= count
        return isinstance(func, cst.Name) and func.value in self._used(func)  # a function inside this one

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if self._is_identity(original_node):
            made = original_node.args[0].value.visit(self)
            assert isinstance(made, cst.BaseExpression)
            return _braced(made)
        is_error = isinstance(self.meaning(original_node.func), Said)
        args = [
            arg
            for arg, before in zip(updated_node.args, original_node.args, strict=True)
            if not self._is_left_out(before)
            and not (is_error and before.keyword and before.keyword.value in _OF_ERRORS)
        ]
        return updated_node.with_changes(args=args) if len(args) < len(updated_node.args) else updated_node

    def _is_identity(self, node: cst.Call) -> bool:
        known = self.meaning(node.func)
        return isinstance(known, Said) and known.is_identity and len(node.args) == 1

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(value=_bare(original_node.value, updated_node.value))

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        if original_node.value is None or updated_node.value is None:
            return updated_node
        return updated_node.with_changes(value=_bare(original_node.value, updated_node.value))

    # What never comes

    def visit_IfExp(self, node: cst.IfExp) -> bool:
        return not self._is_empty(node.test)

    def leave_IfExp(self, original_node: cst.IfExp, updated_node: cst.IfExp) -> cst.BaseExpression:
        if not self._is_empty(original_node.test):
            return updated_node
        made = original_node.orelse.visit(self)
        assert isinstance(made, cst.BaseExpression)
        return made

    def visit_If(self, node: cst.If) -> bool:
        return not self._is_empty(node.test)

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> Any:
        if self._is_empty(original_node.test):
            other = original_node.orelse
            if other is None:
                return cst.RemoveFromParent()
            made: Any = other.visit(self)
            if isinstance(other, cst.If):
                return made
            return cst.FlattenSentinel(made.body.body) if isinstance(made, cst.Else) else cst.RemoveFromParent()
        is_empty = updated_node.body in self._emptied and updated_node.orelse is None
        return cst.RemoveFromParent() if is_empty else updated_node

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> Any:
        if updated_node.body:
            return updated_node
        empty = updated_node.with_changes(body=[cst.parse_statement("pass")])
        self._emptied.add(empty)
        return empty

    def leave_Else(self, original_node: cst.Else, updated_node: cst.Else) -> Any:
        return cst.RemoveFromParent() if updated_node.body in self._emptied else updated_node

    def leave_Try(self, original_node: cst.Try, updated_node: cst.Try) -> Any:
        self._trying -= 1
        return without_repeated(updated_node)

    def leave_Comment(self, original_node: cst.Comment, updated_node: cst.Comment) -> Any:
        text = without_directives(updated_node.value)
        return updated_node.with_changes(value=text) if text else cst.RemoveFromParent()


def _silent(cleaning: Cleaning, parameters: cst.Parameters) -> list[tuple[cst.Param, Told]]:
    """Return the parameters that are left out, and what they are."""
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return [(param, told) for param in every if (told := cleaning.tells(param)) is not None]


def _braced(value: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, _BRACED) and not value.lpar:
        return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return value


def _bare(before: cst.BaseExpression, value: cst.BaseExpression) -> cst.BaseExpression:
    """Return a value without the brackets that took the place of a call."""
    if isinstance(before, cst.Call) and isinstance(value, _BRACED) and len(value.lpar) == 1:
        return value.with_changes(lpar=[], rpar=[])
    return value
