"""The text of a script that is read and never run: parsed with care, and refused by line and column."""

from __future__ import annotations

import ast
import re
from typing import NoReturn

from ..errors import ExportError

MAX_CHARACTERS = 32 * 1024**2
_LINE_END = re.compile(r"\r\n|\r|\n")
_NO_DIALECT = "Only straight lines that place nodes are read, and nothing is run."
# What there is in Python and not in the dialect: what it is, and what to write instead.
_KINDS: dict[type[ast.AST], tuple[str, str]] = {
    ast.JoinedStr: ("An f-string", "Write the text itself, or place the node 'template'."),
    ast.FormattedValue: ("An f-string", "Write the text itself, or place the node 'template'."),
    ast.Lambda: ("A lambda", "Write a function with @pf.node in the notebook, and place it by flow.add."),
    ast.NamedExpr: ("An assignment inside an expression", "Write it on a line of its own."),
    ast.Starred: ("A star", "Write each argument out."),
    ast.BinOp: ("Arithmetic", "Write the number or the text that comes of it."),
    ast.UnaryOp: ("An operator", "Write the value that comes of it."),
    ast.BoolOp: ("'and' and 'or'", "Write the value that comes of it, or place the node 'switch'."),
    ast.Compare: ("A comparison", "Write the value that comes of it, or place a node that compares."),
    ast.IfExp: ("A choice by 'if'", "Place the node 'switch'."),
    ast.ListComp: ("A comprehension", "Write each item out, or connect a list: the node is mapped over it."),
    ast.SetComp: ("A comprehension", "Write each item out."),
    ast.DictComp: ("A comprehension", "Write each item out."),
    ast.GeneratorExp: ("A generator", "Write each item out."),
    ast.Set: ("A set", "Write a list."),
    ast.Await: ("'await'", "Take it out."),
    ast.Yield: ("'yield'", "Take it out."),
    ast.YieldFrom: ("'yield'", "Take it out."),
    ast.Slice: ("A slice", "Place a node that picks items."),
    ast.If: ("'if'", "Place the node 'switch'."),
    ast.For: ("A loop", "Write each node out, or place a subflow with flow.loop."),
    ast.While: ("A loop", "Place a subflow with flow.loop('while_', …)."),
    ast.FunctionDef: ("A function", "Define node functions in the notebook, and place them by flow.add."),
    ast.AsyncFunctionDef: ("A function", "Define node functions in the notebook, and place them by flow.add."),
    ast.ClassDef: ("A class", "Take it out."),
    ast.AugAssign: ("An assignment that computes", "Write the value that comes of it."),
    ast.AnnAssign: ("An annotation", "Write name = value."),
    ast.Delete: ("'del'", "Take it out."),
    ast.Try: ("'try'", "Take it out."),
    ast.Raise: ("'raise'", "Take it out."),
    ast.Assert: ("'assert'", "Take it out."),
    ast.Global: ("'global'", "Take it out."),
    ast.Nonlocal: ("'nonlocal'", "Take it out."),
    ast.Return: ("'return'", "Take it out."),
    ast.AsyncWith: ("'async with'", "Write 'with'."),
    ast.Match: ("'match'", "Place the node 'switch'."),
}


class Source:
    """Is the text of a script.

    Args:
        text: The script; bytes are UTF-8.

    Raises:
        ExportError: It is no text.
    """

    def __init__(self, text: str | bytes) -> None:
        if isinstance(text, bytes):
            try:
                text = text.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ExportError(f"This script is not UTF-8: byte {error.start} is not. Save it as UTF-8.") from None
        if not isinstance(text, str):
            raise ExportError(f"A script is text, not {type(text).__name__}. Write from_builder(path.read_text()).")
        if len(text) > MAX_CHARACTERS:
            raise ExportError(f"A script has at most {MAX_CHARACTERS >> 20} million characters.")
        self._text = text.removeprefix("\ufeff")

    def parse(self) -> list[ast.stmt]:
        """Return the statements; Python's own parser bounds how deep they nest.

        Raises:
            ExportError: It is no Python; names line and column.
        """
        if (at := self._text.find("\0")) >= 0:
            line = self._text.count("\n", 0, at) + 1
            raise ExportError(f"Line {line}: there is a null byte, which no Python has. Take it out.")
        try:
            return ast.parse(self._text).body
        except SyntaxError as error:
            where = f"Line {error.lineno or 1}, column {error.offset or 1}"
            raise ExportError(f"{where}: this is no Python: {str(error.msg)[:200]}.") from None
        except (ValueError, OverflowError) as error:  # half characters, numbers of thousands of digits
            raise ExportError(f"This script cannot be read: {str(error)[:200]}.") from None
        except (RecursionError, MemoryError):
            raise ExportError("This script is nested too deep to be read.") from None

    def refuse(self, node: ast.AST, sentence: str) -> NoReturn:
        """Raise the error that names line and column of what is refused."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        lines = _LINE_END.split(self._text)
        before = lines[line - 1].encode()[:offset] if line <= len(lines) else b""
        raise ExportError(f"Line {line}, column {len(before.decode(errors='ignore')) + 1}: {sentence}")

    def refuse_kind(self, node: ast.AST) -> NoReturn:
        """Refuse what is no part of the dialect."""
        what, remedy = _KINDS.get(type(node), ("This", "Take it out."))
        self.refuse(node, f"{what} is not read here. {_NO_DIALECT} {remedy}")
