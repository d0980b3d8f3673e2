"""Words beside the code: docstrings cut to a sentence, comments without directives, errors that are named once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

import libcst as cst

_DIRECTIVE = re.compile(
    r"#\s*(?:type:\s*ignore(?:\[[^\]]*\])?|noqa(?::\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?|pyright:\s*[\w=, \[\]]+"
    r"|pylint:.*|pragma:.*|fmt:.*|isort:.*)"
)
_SENTENCE = re.compile(r".+?(?<!e\.g)(?<!i\.e)[.!?](?=\s|$)")


def sentence_of(text: str) -> str:
    """Return the first sentence of a text on one line."""
    paragraph = " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
    found = _SENTENCE.match(paragraph)
    return found[0] if found else paragraph


def first_sentence(body: cst.BaseSuite) -> cst.BaseSuite:
    """Return a body whose docstring is its first sentence, and that does not begin with an empty line."""
    if not isinstance(body, cst.IndentedBlock) or not body.body:
        return body
    first, *others = body.body
    value = first.body[0].value if _is_text(first) else None  # type: ignore[union-attr]
    if not isinstance(value, cst.SimpleString) or not isinstance(value.evaluated_value, str):
        return body.with_changes(body=[_unspaced(first), *others])
    text = sentence_of(value.evaluated_value).replace('"""', "'''")
    prefix = "r" if "\\" in text else ""
    docstring = cst.SimpleString(f'{prefix}"""{text}{" " if text.endswith(chr(34)) else ""}"""')
    line = cst.SimpleStatementLine([cst.Expr(docstring)]) if text else None
    rest = [_unspaced(others[0]), *others[1:]] if others and isinstance(others[0], cst.SimpleStatementLine) else others
    return body.with_changes(body=[*([line] if line else []), *rest] or [cst.parse_statement("pass")])


def _is_text(statement: Any) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and len(statement.body) == 1
        and isinstance(statement.body[0], cst.Expr)
    )


def _unspaced(statement: Any) -> Any:
    lines = list(getattr(statement, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines = lines[1:]
    return statement.with_changes(leading_lines=lines) if hasattr(statement, "leading_lines") else statement


def adjacent(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """Return the comments right above a statement; those above an empty line belong to more than it."""
    kept: list[cst.EmptyLine] = []
    for line in reversed(lines):
        if line.comment is None:
            break
        kept.insert(0, line)
    return kept


def described(text: str) -> Iterable[cst.EmptyLine]:
    """Return the text below a constant as a comment above it."""
    return [cst.EmptyLine(comment=cst.Comment(f"# {sentence_of(text)}"))] if text.strip() else []


def without_directives(comment: str) -> str:
    """Return a comment without what is said to checkers; empty where nothing is left."""
    if not _DIRECTIVE.search(comment):
        return comment
    left = _DIRECTIVE.sub("", comment).strip()
    return left if left.strip("# ") else ""


def without_repeated(statement: cst.Try) -> cst.Try:
    """Return a `try` that names each error once: several of ours are the same one in a script."""
    seen: set[str] = set()
    handlers = []
    for handler in statement.handlers:
        kept = _unseen(handler.type, seen)
        if handler.type is None or kept is not None:
            handlers.append(handler.with_changes(type=kept))
    return statement.with_changes(handlers=handlers)


def _unseen(kind: cst.BaseExpression | None, seen: set[str]) -> cst.BaseExpression | None:
    if isinstance(kind, cst.Tuple):
        kept = []
        for element in kind.elements:
            name = _word(element.value)
            if name not in seen:
                kept.append(element)
            seen.add(name)
        if len(kept) == 1 and len(kind.elements) > 1:
            return kept[0].value
        return kind.with_changes(elements=kept) if kept else None
    if kind is None or _word(kind) in seen:
        return None
    seen.add(_word(kind))
    return kind


def _word(value: cst.BaseExpression) -> str:
    return cst.Module([]).code_for_node(value)
