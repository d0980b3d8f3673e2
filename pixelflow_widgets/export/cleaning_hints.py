"""Annotations in plain terms: what the editor reads in them is left out, and media are what they are."""

# ruff: noqa: D102
# What libcst calls at each node is named after it, and says no more.

from __future__ import annotations

from typing import Any

import libcst as cst

from .cleaning_names import Naming
from .sources_kinds import Definition, Imported, Meaning, Silent, Told, Unknown


class Hinting(Naming):
    """Says annotations in plain terms."""

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def leave_Annotation(self, original_node: cst.Annotation, updated_node: cst.Annotation) -> Any:
        hint = self._hint(original_node.annotation)
        return cst.RemoveFromParent() if hint is None else updated_node.with_changes(annotation=hint)

    def _hint(self, hint: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return an annotation in plain terms, or None where there are none."""
        check = _Sayable(self)
        hint.visit(check)
        if not check.is_sayable:
            return None
        self._hinting += 1
        made = hint.visit(self)
        self._hinting -= 1
        assert isinstance(made, cst.BaseExpression)
        return made

    def alias(self, meaning: Meaning) -> tuple[Hinting, cst.BaseExpression] | None:
        """Return what a name of a type stands for where it is written out: `Length = Annotated[int, Number()]`."""
        statement = meaning.bound.statement if isinstance(meaning, Definition) else None
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if not isinstance(meaning, Definition) or not isinstance(small, cst.Assign | cst.AnnAssign) or not small.value:
            return None
        other = Hinting(meaning, self._book)
        is_short = isinstance(small.value, cst.Name | cst.Attribute)
        words = meaning.module.parsed.tree.code_for_node(small.value)
        return (other, small.value) if is_short or "Annotated[" in words else None

    def said(self, node: cst.BaseExpression, meaning: Meaning) -> cst.BaseExpression | None:
        """Return what is written for a name, here; None leaves it as it is."""
        return self._aliased(meaning) or self.say(node, meaning)

    def _aliased(self, meaning: Meaning) -> cst.BaseExpression | None:
        if not self._hinting or (found := self.alias(meaning)) is None:
            return None
        other, value = found
        made = other._hint(value)
        (self.late if self._deep else self.hinted).extend([*other.hinted, *other.early])
        return made

    def visit_Subscript(self, node: cst.Subscript) -> bool:
        return not (self._hinting and self.hint_kind(node) in ("Annotated", "Literal"))

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        kind = self.hint_kind(original_node) if self._hinting else ""
        if kind == "Annotated":
            made = first_of(original_node).visit(self)
            assert isinstance(made, cst.BaseExpression)
            return made
        if kind == "Literal":
            return updated_node.with_changes(value=original_node.value.visit(self))
        return updated_node

    def hint_kind(self, node: cst.Subscript) -> str:
        """Return "Annotated" or "Literal" where a subscript is one."""
        known = self.meaning(node.value)
        name = node.value.attr.value if isinstance(node.value, cst.Attribute) else ""
        if isinstance(known, Imported):
            name = known.lines[-1].name
        return name if name in ("Annotated", "Literal") else ""

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> Any:
        if not self._hinting:
            return updated_node
        made = cst.parse_expression(str(original_node.evaluated_value)).visit(self)
        assert isinstance(made, cst.BaseExpression)
        return made


class _Sayable(cst.CSTVisitor):
    """Looks whether an annotation can be said in plain terms.

    Args:
        cleaning: Knows what names stand for.
    """

    def __init__(self, cleaning: Hinting) -> None:
        super().__init__()
        self._cleaning = cleaning
        self.is_sayable = True

    def visit_Subscript(self, node: cst.Subscript) -> bool:
        kind = self._cleaning.hint_kind(node)
        if kind == "Annotated":
            first_of(node).visit(self)
        return not kind

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        cst.parse_expression(str(node.evaluated_value)).visit(self)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        self._look(node)
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self._look(node)

    def _look(self, node: cst.Name | cst.Attribute) -> None:
        meaning = self._cleaning.meaning(node)
        if isinstance(meaning, Told | Silent | Unknown):
            self.is_sayable = False
        elif (found := self._cleaning.alias(meaning)) is not None:
            other = _Sayable(found[0])
            found[1].visit(other)
            self.is_sayable &= other.is_sayable


def first_of(node: cst.Subscript) -> cst.BaseExpression:
    """Return what stands first between the brackets."""
    index = node.slice[0].slice
    assert isinstance(index, cst.Index)
    return index.value
