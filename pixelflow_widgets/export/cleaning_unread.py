"""What nobody reads any more: numbers of loops that only told how far they were, and parameters."""

from __future__ import annotations

from collections import Counter
from typing import Any

import libcst as cst


def without_unread(definition: Any) -> Any:
    """Return a definition whose loops count nothing that is not read: `for number, item in enumerate(items)`."""
    words = _Words()
    definition.visit(words)
    return definition.visit(_Uncounted(words.found))


def without_unread_parameters(definition: Any, before: Any) -> Any:
    """Return a function without the parameters that were read before it was cleaned, and are not any more."""
    words, others = _Words(), _Words()
    definition.body.visit(words)
    before.body.visit(others)
    params = definition.params
    kept = [one for one in params.params if words.found[one.name.value] or not others.found[one.name.value]]
    return definition.with_changes(params=params.with_changes(params=kept))


class _Words(cst.CSTVisitor):
    """Counts how often each name stands in a definition."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.found[node.value] += 1


class _Uncounted(cst.CSTTransformer):
    """Takes `enumerate` away where its number is not read.

    Args:
        found: How often each name stands there.
    """

    def __init__(self, found: Counter[str]) -> None:
        super().__init__()
        self._found = found

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:
        target, over = updated_node.target, updated_node.iter
        if not isinstance(target, cst.Tuple) or len(target.elements) != 2:
            return updated_node
        number, item = (element.value for element in target.elements)
        is_counted = isinstance(over, cst.Call) and getattr(over.func, "value", "") == "enumerate"
        if not is_counted or not isinstance(number, cst.Name) or self._found[number.value] > 1:
            return updated_node
        assert isinstance(over, cst.Call)
        return updated_node.with_changes(target=item, iter=over.args[0].value)
